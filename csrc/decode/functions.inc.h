/* The table of what is above it, which comes last. */
const decode_functions CPU_NAME(decode_with) = {
    entry_utf8, entry_utf8_at, entry_utf8_items, CPU_NAME(decode_utf8_events), CPU_NAME(typed_decode),
    entry_str,  entry_str_at};

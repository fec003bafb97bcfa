/* The table of what is above it, which comes last. */
const decode_functions CPU_NAME(decode_with) = {entry_utf8,   entry_utf8_at, entry_utf8_items, UTF8_EVENTS,
                                                TYPED_DECODE, entry_str,     entry_str_at};

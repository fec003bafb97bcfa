/* json.decoder.scanstring: for the baseline only. Few call it, and its three copies of read_string are 11 KB. */
PyObject *decode_scanstring(decode_state *state, const decode_options *options, PyObject *text, Py_ssize_t *index) {
    decoder d;
    first_space space;
    decoder_start(&d, state, options, text, &space);
    int width = PyUnicode_KIND(text);
    const uint8_t *data = PyUnicode_DATA(text), *p = data + *index * width;
    d.end = data + PyUnicode_GET_LENGTH(text) * width;
    PyObject *result = width == 1   ? read_string(&d, &p, TEXT_LATIN1)
                       : width == 2 ? read_string(&d, &p, TEXT_UCS2)
                                    : read_string(&d, &p, TEXT_UCS4);
    *index = (Py_ssize_t)scan_characters((size_t)(p - data), width);
    decoder_end(&d);
    return result;
}

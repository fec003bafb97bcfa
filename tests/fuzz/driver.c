/* libFuzzer with an interpreter in it: hands each input to check(bytes) of tests/fuzz/module.py. The extension is the
 * one on PYTHONPATH, compiled with -fsanitize=fuzzer-no-link: its coverage counters are found by this program.
 *
 * CYJSON_FUZZ_PYTHON names the interpreter whose environment counts. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

static PyObject *module, *check;

static void give_up(const char *what) {
    fprintf(stderr, "%s\n", what);
    if (PyErr_Occurred()) PyErr_Print();
    abort();
}

static void tell_calls(void) {
    PyObject *calls = PyObject_GetAttrString(module, "calls");
    fprintf(stderr, "calls compared: %ld\n", calls == NULL ? -1 : PyLong_AsLong(calls));
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc, (void)argv;
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    const char *python = getenv("CYJSON_FUZZ_PYTHON");
    if (python == NULL) give_up("CYJSON_FUZZ_PYTHON isn't set");
    PyStatus status = PyConfig_SetBytesString(&config, &config.program_name, python);
    config.install_signal_handlers = 0;
    if (!PyStatus_Exception(status)) status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    if (PyStatus_Exception(status)) give_up(status.err_msg);
    module = PyImport_ImportModule("module");
    check = module == NULL ? NULL : PyObject_GetAttrString(module, "check");
    if (check == NULL) give_up("tests/fuzz/module.py isn't on PYTHONPATH");
    atexit(tell_calls);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    PyObject *input = PyBytes_FromStringAndSize((const char *)data, (Py_ssize_t)size);
    PyObject *result = input == NULL ? NULL : PyObject_CallOneArg(check, input);
    if (result == NULL) give_up("a difference");
    Py_DECREF(result);
    Py_DECREF(input);
    return 0;
}

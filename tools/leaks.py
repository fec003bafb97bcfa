"""What tools/sanitize.py runs under LeakSanitizer: every call of tests/test_memory.py, and with --leak a lost str.

    python tools/leaks.py TESTS [--leak]

Objects that the cyclic collector tracks are always reachable from the interpreter, so LeakSanitizer sees the loss of
others: str, bytes, numbers, raw memory. tests/test_memory.py counts all of them.
"""

import ctypes
import sys

sys.path.insert(0, sys.argv[1])

import test_memory  # noqa: E402

import cyjson  # noqa: E402

assert cyjson.backend == "c"
for call in test_memory.ENTRIES.values():
    for _ in range(3):
        test_memory.attempt(call)
if "--leak" in sys.argv:
    for n in range(100):  # of a few, addresses stay behind on stacks and in registers
        lost = cyjson.loads(f'["a text that is lost {n}"]')[0]
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(lost))
    del lost

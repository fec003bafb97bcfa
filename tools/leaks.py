"""Look for what the calls of tests/test_memory.py lose: run by tools/sanitize.py and tools/debug.py.

    python tools/leaks.py TESTS [--leak]     under LeakSanitizer; with --leak a str is lost as well
    python tools/leaks.py TESTS --totals     on a debug interpreter, which counts all references that there are

Objects that the cyclic collector tracks are always reachable from the interpreter, so LeakSanitizer sees the loss of
others: str, bytes, numbers, raw memory. tests/test_memory.py counts all of them. The totals tell also of a reference
too many, or too few, to an object that lives on anyway, as most of a module's do.
"""

import ctypes
import gc
import sys

sys.path.insert(0, sys.argv[1])

import test_memory  # noqa: E402

import cyjson  # noqa: E402

CALLS = 50
ROUNDS = 6


def lose(value):
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(value))


def changes(name, call):
    """By how many the references changed in rounds of calls, until a round that left them as they were."""
    calls = test_memory.rounds_of(name, CALLS)
    for _ in range(20_000 if name == "loads new keys" else 10):  # caches fill up
        test_memory.attempt(call)
    changed = []
    while len(changed) < ROUNDS and 0 not in changed:
        before = test_memory.settled(sys.gettotalrefcount)
        for _ in range(calls):
            test_memory.attempt(call)
        after = test_memory.settled(sys.gettotalrefcount)
        changed.append(after - before)
    return changed


def totals():
    gc.freeze()  # the collector comes often, and need not look at what was there before
    found = {name: changed for name, call in test_memory.ENTRIES.items() if 0 not in (changed := changes(name, call))}
    for name, changed in found.items():
        print(f"leaks: {name}: references changed by {changed} in rounds of {CALLS} calls")
    # In place of the leak that might be there, one that is.
    made = changes("made", lambda: lose(test_memory.VALUE))
    if set(made[1:]) != {CALLS}:
        return f"leaks: a reference that was lost in each call wasn't found: {made}"
    print(f"leaks: {len(test_memory.ENTRIES)} calls, {len(found)} of them wrong; a reference that was lost was found")
    return len(found) > 0


assert cyjson.backend == "c"
if "--totals" in sys.argv:
    sys.exit(totals())
for call in test_memory.ENTRIES.values():
    for _ in range(3):
        test_memory.attempt(call)
if "--leak" in sys.argv:
    for n in range(100):  # of a few, addresses stay behind on stacks and in registers
        lose(cyjson.loads(f'["a text that is lost {n}"]')[0])

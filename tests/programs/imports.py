"""Let each allocation fail in turn while the extension is set up, each in a child of its own. Run by test_failures.py.

The Python modules have been imported already, with the fallback, so that what fails is ours and not the interpreter's
import system; from 3.12 on the module's own code has run as well, for there the interpreter crashes on an exception
that it lost.
"""

import _testcapi
import os
import sys

os.environ["CYJSON_PURE"] = "1"
import cyjson  # noqa: E402
import cyjson._in_python  # noqa: E402  (which only the extension imports)

NAME = "cyjson._native"
LATE = sys.version_info >= (3, 12)
# 3.13 crashes where memory is out while it makes a type with many members, a class with twelve __slots__ as well: there
# the types are made before.
MAKES_TYPES_SAFELY = sys.version_info[:2] != (3, 13)


def works(module):
    """Whether what the set-up took from json is there: these calls lead to it."""
    wrong = [
        lambda: module.loads(5),
        lambda: module.loads("nul"),
        lambda: module.loads("", bogus=1),
        lambda: module.dumps([], bogus=1),
        lambda: module.dump([], bogus=1),
        lambda: module.dumps([1j]),
        lambda: module.dumps(float("nan"), allow_nan=False),
        lambda: module.encode_basestring(5),
        lambda: module.encode_basestring_ascii(5),
        lambda: module.scanstring(5, 0),
    ]
    for call in wrong:
        try:
            call()
        except (TypeError, ValueError):
            continue
        return False
    return module.loads("[1]".encode("utf-16")) == [1] and module.dumps([1]) == "[1]"


def child(start):
    """Set up with one allocation failing: 0 where that raised MemoryError, 1 where it went well, 2 for all else."""
    from importlib import machinery, util

    folder = os.path.dirname(cyjson.__file__)
    spec = machinery.PathFinder.find_spec(NAME, [folder])
    module = None
    if LATE:
        module = util.module_from_spec(spec)
        spec.loader.exec_module(module)
    made = None if MAKES_TYPES_SAFELY else module.make_core()
    _testcapi.set_nomemory(start, start + 1)
    try:
        if not LATE:
            module = util.module_from_spec(spec)
            try:
                spec.loader.exec_module(module)
            except (ImportError, SystemError):
                return 0  # a module taken for missing, an exception that the interpreter lost: refused all the same
        if made is None:
            made = module.make_core()
        module.set_up(cyjson.JSONEncoder, cyjson.JSONDecoder)
    except MemoryError:
        return 0
    except BaseException:
        return 2
    finally:
        _testcapi.remove_mem_hooks()
    return 1 if works(module) and works(made) else 2


def main():
    in_a_row = start = failed = 0
    while in_a_row < 40:  # a cache that can't be filled is no failure
        start += 1
        pid = os.fork()
        if pid == 0:
            status = 3
            try:
                status = child(start)
            finally:
                os._exit(status)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if status not in (0, 1):
            sys.exit(f"allocation {start}: the child ended with {status}")
        failed += status == 0
        in_a_row = in_a_row + 1 if status else 0
    print(f"import: {failed} of {start} allocations failed it")


if __name__ == "__main__":
    main()

"""What goes wrong around a call, in memory, hooks, signals or the stack: the right exception, nothing lost."""

import gc
import json
import os
import platform
import signal
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import pytest
from kernels import build
from support.compare import PYPY, native_only, outcome, same
from support.mutants import dicts_with_own_items, lists_with_own_iteration

import cyjson

PROGRAMS = Path(__file__).parent / "programs"


def run(program, *arguments, timeout=600, **variables):
    environment = {**os.environ, "PYTHONPATH": str(Path(cyjson.__file__).parents[1]), **variables}
    command = [sys.executable, str(PROGRAMS / program), *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=timeout)
    assert ran.returncode == 0, f"ended with {ran.returncode}\n{ran.stdout[-3000:]}{ran.stderr[-3000:]}"
    return ran.stdout


# Memory

sanitized = pytest.mark.skipif("CYJSON_SANITIZED" in os.environ, reason="its allocator isn't the interpreter's")


@pytest.fixture
def testcapi():
    pytest.importorskip("_testcapi", reason="this interpreter comes without _testcapi.set_nomemory")


def calls():
    program = (PROGRAMS / "allocations.py").read_text()
    names = program.partition("CALLS = {")[2].partition("\n}\n")[0]
    return [line.split('"')[1] for line in names.splitlines() if line.startswith('    "')]


# Calls in which Python code makes lists: without memory for one, 3.13t frees another's array (cpython#152125), and
# _parts.py crashes it without the extension, too.
MAKES_LISTS = {"decode natives", "lazy all", "lazy unchecked", "lines.loads pick", "lines.loads threads"}
MAKES_LISTS |= {"pick", "pick bytearray", "pick escaped"}


def test_calls_are_found():
    assert len(calls()) > 30
    assert set(calls()) > MAKES_LISTS


@native_only
@sanitized
@pytest.mark.parametrize("name", calls())
def test_each_allocation_fails(name, testcapi):
    if name in MAKES_LISTS and hasattr(sys, "_is_gil_enabled") and not sys._is_gil_enabled():
        pytest.skip("where memory is short 3.13t crashes while it makes a list (cpython#152125)")
    told = run("allocations.py", name)
    assert int(told.rpartition(":")[2].split()[0]) >= 1


@native_only
@sanitized
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_each_allocation_of_the_import_fails(testcapi):
    told = run("imports.py")
    least = 2 if sys.version_info[:2] == (3, 13) else 50  # 3.13's types are made before: see imports.py
    assert int(told.split()[1]) > least, told


@native_only
@sanitized
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="mallocs.c stands before glibc's functions")
def test_each_malloc_of_arrow_columns_fails(tmp_path):
    """Those of csrc/columns and module/arrow.c, which aren't the interpreter's."""
    if build.compiler() is None:
        pytest.skip("no C compiler here")
    library = tmp_path / "mallocs.so"
    flags = ["-std=c11", "-O1", "-fno-builtin", "-shared", "-fPIC"]
    build.run([*build.compiler(), *flags, str(PROGRAMS / "mallocs.c"), "-o", str(library)])
    told = run("mallocs.py", str(library), LD_PRELOAD=str(library))
    counts = [int(line.rpartition(":")[2].split()[0]) for line in told.splitlines()]
    assert len(counts) >= 9 and sum(counts) > 1000, told


# Hooks that raise, at each of their calls


class Refused(Exception):
    pass


TEXT = json.dumps([{"a": [1, 2.5, {"b": [None, -3, 1e300]}], "é": {}}, {"c": float("nan")}, [], {"a": {"d": 4}}] * 3)


class Odd:
    pass


def readers():
    hooks = ["object_hook", "object_pairs_hook", "parse_int", "parse_float", "parse_constant"]
    hooks += ["array_hook"] if cyjson.backend == "c" else []
    for name in hooks:
        yield name, lambda hook, name=name: cyjson.loads(TEXT, **{name: hook})
        yield f"{name} of bytes", lambda hook, name=name: cyjson.loads(TEXT.encode(), **{name: hook})


def writers():
    class Items(dict):
        def items(self):
            return self.hook(super().items())

    class List(list):
        def __iter__(self):
            return self.hook(super().__iter__())

    class Key(str):
        def __lt__(self, other):
            return self.hook(str.__lt__(self, other))

        __hash__ = str.__hash__

    def given(kind, hook, *arguments):
        made = kind(*arguments)
        made.hook = hook
        return made

    value = [Odd(), {"a": Odd(), "é": [Odd()]}, [[Odd()] * 3], "中"]
    for indent in None, 1:
        yield f"default {indent}", lambda hook, indent=indent: cyjson.dumps(value, default=hook, indent=indent)
        yield (
            f"items {indent}",
            lambda hook, indent=indent: cyjson.dumps([given(Items, hook, {"a": 1, "b": [2]})] * 5, indent=indent),
        )
        yield (
            f"iter {indent}",
            lambda hook, indent=indent: cyjson.dumps({"k": [given(List, hook, [1, "é"])] * 5}, indent=indent),
        )
    yield "default of encode", lambda hook: cyjson.encode(value, default=hook)
    yield "keys", lambda hook: cyjson.dumps([{given(Key, hook, each): [each] for each in "dcba"}], sort_keys=True)


CALLS = dict([*readers(), *writers()])


def counted(call, at, raising):
    """The outcome where the hook's at-th call raises, and how often it was called."""
    count = 0

    def hook(*arguments):
        nonlocal count
        count += 1
        if count == at:
            raising()
        return "made" if isinstance(arguments[0], Odd) else arguments[0]

    try:
        return call(hook), count
    except (Refused, KeyboardInterrupt) as exc:
        return type(exc), count


def refuse():
    raise Refused


def interrupt():
    """As ^C does: the handler raises once the interpreter looks, which it does before the hook returns."""
    signal.raise_signal(signal.SIGINT)
    for _ in range(100):
        pass


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("raising", [refuse, interrupt])
def test_hooks_that_raise(name, raising):
    call = CALLS[name]
    expected, total = counted(call, 0, raising)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        for at in range(1, total + 1):
            told, count = counted(call, at, raising)
            assert told is (Refused if raising is refuse else KeyboardInterrupt)
            assert count == at  # and none is called after it
            assert counted(call, 0, raising) == (expected, total)
    finally:
        signal.signal(signal.SIGINT, before)


def blocks():
    if not hasattr(sys, "getallocatedblocks"):
        pytest.skip("this interpreter counts no blocks")
    while gc.collect():  # until its result is no block: see programs/allocations.py
        pass
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        getattr(sys, "_clear_type_cache", int)()  # it holds names that were looked up
    return sys.getallocatedblocks()


def loses_nothing(all_of_them):
    """Assert that there is a time at which no more blocks are in use than before; caches fill up until then."""
    grown = []
    for _ in range(20):
        before = blocks()
        all_of_them()
        grown.append(blocks() - before)
        if grown[-1] <= 0:
            return
    pytest.fail(f"{grown} blocks more each time")


@pytest.mark.parametrize("name", CALLS)
def test_hooks_that_raise_lose_nothing(name):
    call = CALLS[name]
    _, total = counted(call, 0, refuse)
    loses_nothing(lambda: [counted(call, at, refuse) for at in range(1, total + 1)] and None)


ODD = dicts_with_own_items() + lists_with_own_iteration()


@pytest.mark.parametrize("index", range(len(ODD)), ids=lambda index: ODD[index].__name__)
def test_odd_containers_lose_nothing(index):
    """Items that aren't pairs, iterators that fail, items() that gives no iterable."""

    class File:
        def write(self, text):
            pass

    def all_of_them():
        for options in {}, {"indent": 1}, {"sort_keys": True}, {"ensure_ascii": False, "indent": 1}:
            for _ in range(5):
                value = ODD[index]({"k": 1} if issubclass(ODD[index], dict) else [1, [2]])
                outcome(lambda module: module.dumps([value, {"a": value}], **options), cyjson)
                outcome(lambda module: module.dump(value, File(), **options), cyjson)
                outcome(lambda module: module.encode(value, indent=1), cyjson)

    loses_nothing(all_of_them)


# The stack


def at_depth(depth, call):
    return call() if depth == 0 else at_depth(depth - 1, call)


class Nested(json.JSONEncoder):
    def default(self, o):
        return [cyjson.dumps(1)]


NEAR_THE_END = {
    "loads": lambda: cyjson.loads(TEXT),
    "loads bytes": lambda: cyjson.loads(TEXT.encode()),
    "loads wrong": lambda: cyjson.loads(TEXT[:-1]),
    "loads hook": lambda: cyjson.loads(TEXT, object_hook=lambda found: [found]),
    "loads cls": lambda: cyjson.loads(TEXT, cls=json.JSONDecoder),
    "dumps": lambda: cyjson.dumps([[[{"a": [1.5, {"b": "é"}]}]]]),
    "dumps indent": lambda: cyjson.dumps([[[{"a": [1.5, {"b": "é"}]}]]], indent=1),
    "dumps default": lambda: cyjson.dumps([Odd(), {"a": Odd()}], default=lambda obj: [1]),
    "dumps cls": lambda: cyjson.dumps([Odd(), {"a": Odd()}], cls=Nested),
    "dumps wrong": lambda: cyjson.dumps([[{"a": Odd()}]]),
    "encode": lambda: cyjson.encode([[[{"a": [1.5, {"b": "é"}]}]]]),
    "encode wrong": lambda: cyjson.encode([["\ud800"]]),
}


@pytest.mark.skipif(PYPY, reason="its limit isn't one on levels")
@pytest.mark.parametrize("name", NEAR_THE_END)
def test_near_the_end_of_the_stack(name):
    """From every depth at which Python's own limit is near: RecursionError, or what the call gives."""
    call = NEAR_THE_END[name]
    usual = outcome(lambda module: call(), cyjson)
    limit = sys.getrecursionlimit()
    seen = set()
    sys.setrecursionlimit(220)
    try:
        for depth in range(1, 220):
            try:
                told = at_depth(depth, lambda: outcome(lambda module: call(), cyjson))
            except RecursionError:
                told = "exception", RecursionError
            assert told == usual or told == ("exception", RecursionError)
            seen.add(told[1] if told[0] == "exception" else "result")
    finally:
        sys.setrecursionlimit(limit)
    assert RecursionError in seen
    assert outcome(lambda module: call(), cyjson) == usual


def in_thread(size, call):
    """The outcome in a thread with a stack of ``size`` bytes."""
    told = []
    before = threading.stack_size(size)
    try:
        thread = threading.Thread(target=lambda: told.append(outcome(lambda module: call(), cyjson)))
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
    return told[0]


@native_only
@pytest.mark.skipif("CYJSON_SANITIZED" in os.environ, reason="frames are several times as large there")
def test_threads_with_small_stacks():
    """A usual document takes little of the stack, however many items it has."""
    records = [{"id": n, "text": f"é {n}", "list": [n, [n / 7, {"deep": [[["x"]]]}]]} for n in range(3000)]
    text = json.dumps(records)
    for call in (
        lambda: cyjson.loads(text),
        lambda: cyjson.loads(text, object_hook=dict),
        lambda: cyjson.dumps(records),
        lambda: cyjson.dumps(records, indent=1, sort_keys=True),
        lambda: cyjson.encode(records),
    ):
        assert in_thread(128 * 1024, call)[0] == "result"


# Objects whose methods lie


def test_hash_and_equality_that_lie():
    """A str subclass as key, in a dict that is decoded into, written or sorted."""

    class Liar(str):
        def __hash__(self):
            return 7

        def __eq__(self, other):
            return True

        def __len__(self):
            return 10**9

        def __str__(self):
            return 5

        def __iter__(self):
            raise Refused

    for options in {}, {"sort_keys": True}, {"indent": 1}, {"ensure_ascii": False}:
        for value in {Liar("a"): Liar("é")}, [Liar("中")], {"x": {Liar(""): 1}}:
            expected = outcome(lambda module: module.dumps(value, **options), json)
            assert outcome(lambda module: module.dumps(value, **options), cyjson) == expected
    # json's decoder asks len() how long the text is, and so does ours of a class that has one of its own.
    assert outcome(lambda module: module.loads(Liar(TEXT)), json)[0] == "exception" or PYPY
    same(lambda module: module.loads(Liar(TEXT)))


def test_buffers_that_lie():
    class Bytes(bytes):
        def decode(self, *arguments):
            return "[1, 2]"

        def __len__(self):
            return 3

        def __getitem__(self, index):
            return 0x5B

        def startswith(self, prefix):
            return False

    class NotText(bytes):
        def decode(self, *arguments):
            return 5

    for each in Bytes(b"[3]"), NotText(b"[3]"):
        told = [outcome(lambda module: module.loads(each), module) for module in (json, cyjson)]
        assert told[0][0] == told[1][0]
        assert told[0] == told[1] or told[1][1] is TypeError


def test_indices_that_lie():
    class Index:
        def __index__(self):
            raise Refused

    class Huge:
        def __index__(self):
            return 2**80

    for indent in Index(), Huge(), 2.5, True, object():
        for value in [], [1], "a", {"k": Odd()}:
            call = lambda module: module.dumps(value, indent=indent)  # noqa: E731
            expected = outcome(call, json)
            assert outcome(call, cyjson)[:2] == expected[:2]
    for idx in Index(), Huge(), -1, 2**62, 10**30:
        for make in (
            lambda module: module.decoder.scanstring('abc"', idx),
            lambda module: module.JSONDecoder().raw_decode("[1]", idx),
            lambda module: module.JSONDecoder().scan_once("[1]", idx),
        ):
            assert outcome(make, cyjson)[:2] == outcome(make, json)[:2]

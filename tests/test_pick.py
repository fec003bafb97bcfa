"""pick: what it gives is what looking up in loads' result gives, and what it raises is what loads raises."""

import gc
import json
import mmap
import os
import random
import subprocess
import sys
import threading

import pytest
from support.compare import PYPY, counts_levels, native_only
from support.parts import FILES, changed, inputs, outcome, random_document, same, with_files

import cyjson
from cyjson import stream

ABSENT = object()


def look_up(value, path):
    """The plainest way: ``path`` is a sequence of names and indices, or of texts that may be both."""
    for each in path:
        if isinstance(value, dict) and isinstance(each, str) and each in value:
            value = value[each]
        elif isinstance(value, list) and type(each) is int and 0 <= each < len(value):
            value = value[each]
        else:
            return ABSENT
    return value


def paths_in(value, path=()):
    yield path
    if isinstance(value, dict):
        for name, each in value.items():
            yield from paths_in(each, (*path, name))
    elif isinstance(value, list):
        for i, each in enumerate(value):
            yield from paths_in(each, (*path, i))


def pointer_of(path):
    return "".join("/" + str(each).replace("~", "~0").replace("/", "~1") for each in path)


def follow(value, pointer):
    """Where a pointer leads: each part is a name or an index, whichever the value has."""
    for part in pointer.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        is_index = isinstance(value, list) and part.isascii() and part.isdigit() and str(int(part)) == part
        value = look_up(value, [int(part) if is_index else part])
    return value


def check(text, paths):
    """Each path alone, all at once, and some that lead nowhere, in each type of input."""
    value = json.loads(text)
    for data in inputs(text):
        for path in paths:
            expected = look_up(value, path)
            for checked in True, False:
                assert same(cyjson.pick(data, path, default=ABSENT, check=checked), expected), (text[:200], path)
                got = cyjson.pick(data, pointer_of(path), default=ABSENT, check=checked)
                assert same(got, follow(value, pointer_of(path))), (text[:200], path)
        if len(paths) > 1:
            expected = tuple(look_up(value, path) for path in paths)
            assert same(cyjson.pick(data, *paths, default=ABSENT), expected), text[:200]


DOCUMENTS = [
    '{"a": 1}',
    '{"a": {"b": [10, {"c": null}, "x"]}, "d": true}',
    "[[1, 2], [3, [4, 5]], {}]",
    '{"": 0, "/": 1, "~": 2, "m~n": 3, "0": {"1": "one"}, "\\u0061b": 4, "q\\"uote": 5}',
    '{"\u00e9": 1, "\u4e2d": [2], "\U0001f600": {"x": 3}, "a\\u00e9": 4, "\\ud83d\\ude00!": 5}',
    '{"x": NaN, "y": -Infinity, "z": [Infinity, 1e400, -0.0, 0, -0, 12345678901234567890123, 1.5e-7]}',
    ' [ "a\\nb" , "\\ud800" , "" , [ ] , { } ] ',
    '{"\\ud800": 1, "\\udc00x": [2]}',
    '"text"',
    "12",
    " null ",
    '{"many": ' + json.dumps({f"k{i}": [i] for i in range(40)}) + "}",
    json.dumps([list(range(100)), {"deep": [[[[[[1]]]]]]}]),
]


@pytest.mark.parametrize("text", DOCUMENTS)
def test_values(text):
    nowhere = [("nowhere",), (9999,), ("a", "nowhere"), (0, 0, 0, 0)]
    check(text, [*paths_in(json.loads(text)), *nowhere])


def test_equal_names():
    for text in (
        '{"a": 1, "a": 2}',
        '{"a": {"x": 1}, "a": {"y": 2}}',
        '{"a": {"x": 1}, "a": 3}',
        '{"a": 3, "a": {"x": {"z": 1}, "x": {"z": 2}}}',
        '{"a": [1, 2], "\\u0061": [3]}',
    ):
        value = json.loads(text)
        for path in ("a",), ("a", "x"), ("a", "y"), ("a", "x", "z"), ("a", 0), ("a", 1):
            assert same(cyjson.pick(text, path, default=ABSENT), look_up(value, path)), (text, path)
            assert same(cyjson.pick(text.encode(), path, ("a",), default=ABSENT)[0], look_up(value, path)), (text, path)


def test_several():
    data = b'{"a": [1, 2, 3], "b": {"c": "x"}}'
    assert cyjson.pick(data, "/a/1", "/b/c", "/a", "", "/nowhere") == (
        2,
        "x",
        [1, 2, 3],
        {"a": [1, 2, 3], "b": {"c": "x"}},
        None,
    )
    assert cyjson.pick(data, "/a/1", "/a/1", ["a", 1]) == (2, 2, 2)
    assert cyjson.pick(data, "/a/0", "/nowhere", default="d") == (1, "d")
    many = {f"name{i}": i for i in range(300)}
    assert cyjson.pick(json.dumps(many), *(f"/{name}" for name in many)) == tuple(range(300))
    assert cyjson.pick(json.dumps([*range(300)]), *(f"/{i}" for i in reversed(range(300)))) == tuple(range(300))[::-1]


def test_what_an_element_means():
    assert cyjson.pick('{"0": "name"}', "/0") == "name"
    assert cyjson.pick('["index"]', "/0") == "index"
    assert cyjson.pick('{"0": "name"}', ["0"]) == "name"
    assert cyjson.pick('["index"]', ["0"]) is None
    assert cyjson.pick('{"0": "name"}', [0]) is None
    assert cyjson.pick('["index"]', (0,)) == "index"
    assert cyjson.pick("[1, 2]", "/01", "/-", "/+1", "/1 ", "/\u0661") == (None,) * 5
    assert cyjson.pick('{"0": {"1": 5}}', "/0/1", ["0", "1"], [0, 1]) == (5, 5, None)
    assert cyjson.pick('[["a", "b"]]', stream.pointer("/0/1"), "/0/1", [0, 1]) == ("b", "b", "b")
    assert cyjson.pick('{"a": 1}', iter(["a"])) == 1


@pytest.mark.parametrize(
    "pointer, error",
    [
        ("a", ValueError),
        ("/a~", ValueError),
        ("/~2", ValueError),
        ([-1], ValueError),
        ([10**18], ValueError),
        (5, TypeError),
        (None, TypeError),
        (b"/a", TypeError),
        ([True], TypeError),
        ([1.0], TypeError),
        ([None], TypeError),
    ],
)
def test_wrong_pointers(pointer, error):
    for data in '{"a": 1}', "not json", 5:
        with pytest.raises(error):
            cyjson.pick(data, pointer)
    cyjson.pick("[1]", (1,))
    with pytest.raises(error):  # though an equal one is remembered, as (1,) is
        cyjson.pick("[1]", "", pointer)


def test_wrong_calls():
    for call in (
        lambda: cyjson.pick(),
        lambda: cyjson.pick("{}"),
        lambda: cyjson.pick("{}", "", wrong=1),
        lambda: cyjson.pick(data="{}"),
        lambda: cyjson.pick(5, ""),
        lambda: cyjson.pick(None, ""),
        lambda: cyjson.pick(["{}"], ""),
    ):
        with pytest.raises(TypeError):
            call()
    assert outcome(cyjson.pick, 5, "") == outcome(json.loads, 5)


BROKEN = [
    *"""{ [ [1 [1, [1,] {"a" {"a": {"a":1 {"a":1, {"a":1,} {a:1} {"a":1] [} [1]] ["a ["a\\ ["\\x"] ["\\u12"] [01] [1.]
    [.5] [1e] [+1] [-] [tru] [nul] [Nan] [-Infinit] [1,,2] {"a":1,"a"} ] x " """.split(),
    *["", " ", '{"a" 1}', "[1 2]", "{} x", '["\t"]', "[\x0c]", "[1\x1a2]", "\ufeff[1]", '{"a":"' + "\\" * 131 + '"}'],
    *["[" + "9" * 5000 + "]", "[" + "9" * 700 + "]"],
]
DEEP = ["[" * 100_000, "[" * 2000 + "]" * 2000, '{"a":' * 3000 + "1" + "}" * 3000]
BROKEN += [pytest.param(text, marks=counts_levels) for text in DEEP]


@pytest.mark.parametrize("text", BROKEN, ids=lambda text: repr(text[:20]))
def test_errors(text):
    expected = outcome(json.loads, text)
    if expected[0] == "value":
        expected = "value", look_up(expected[1], ("a",))
    assert outcome(cyjson.pick, text, "/a", default=ABSENT) == expected
    data = text.encode()
    by_bytes = outcome(json.loads, data)
    if by_bytes[0] != "value":
        assert outcome(cyjson.pick, data, "/a", default=ABSENT) == by_bytes
        assert outcome(cyjson.pick, memoryview(data), "/a", default=ABSENT) == by_bytes
        assert outcome(cyjson.pick, bytearray(data), "/a", default=ABSENT) == by_bytes


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "utf-32-be"])
def test_encodings(encoding):
    assert cyjson.pick('{"\u00e9": [1, 2]}'.encode(encoding), "/\u00e9/1") == 2


def test_surrogates():
    data = b'{"a": "\xed\xa0\x80", "\xed\xa0\x80": 1}'  # json decodes with surrogatepass
    assert cyjson.pick(data, "/a", "/\ud800") == ("\ud800", 1)
    assert cyjson.pick('{"a": "\ud800", "\ud800": 1}', "/a", "/\ud800") == ("\ud800", 1)
    for data in b'{"a": "\xff"}', b'{"a": "\xc3"}', b'{"\xe4\xb8": 1}':
        assert outcome(cyjson.pick, data, "/a") == outcome(json.loads, data)


@native_only
def test_unchecked():
    pick = cyjson.pick
    assert pick(b'{"a": 1, broken', "/a", check=False) == 1
    assert pick(b'{"x": [nonsense, {"y": }], "a": [1, 2]} and more', "/a/1", check=False) == 2
    assert pick('[1, "two", ', "/1", check=False) == "two"
    assert pick(b'{"a": 1}', "/b", check=False) is None
    for data in (
        b'{"a": 1.}', b'{"a": 12', b'{"a": "open', b'{"a": [1,,2]}', b'{"a": nul}', b'{"a" 1}', b'{"b": [}, "a": 1',
        b'{"b": "', b'{"b"', b"{", b"", b'{"a": 1x}', b'{"a":', b'{"a": 1e}', b'{"a": "\\x"}', b"[",
    ):  # fmt: skip
        with pytest.raises(json.JSONDecodeError):
            pick(data, "/a", check=False)
    assert pick(b"12", "", check=False) == 12
    large = b'{"first": 1, "rest": [' + b"1," * 1_000_000
    assert pick(large, "/first", check=False) == 1


def test_depth():
    limit = sys.getrecursionlimit()
    for depth in 10, 200, limit - 200, limit + 500:
        text = '{"a":' + "[" * depth + "]" * depth + ', "b": 1}'
        expected = outcome(json.loads, text)
        assert outcome(cyjson.pick, text, "/b") == (("value", 1) if expected[0] == "value" else expected)
    path = ["a"] * 2000
    text = '{"a":' * 100 + "1" + "}" * 100
    assert cyjson.pick(text, path) is None
    assert cyjson.pick(text, ["a"] * 100) == 1
    assert cyjson.pick(text, path, "/a" * 99) == (None, {"a": 1})


def test_digits():
    limit = getattr(sys, "get_int_max_str_digits", lambda: 0)()
    for n in 10, 600, 641, 700, 4300, 4301, 6000:
        text = '{"long": ' + "7" * n + ', "b": 1}'
        expected = outcome(json.loads, text)
        assert (expected[0] == "value") == (limit == 0 or n <= limit)
        assert outcome(cyjson.pick, text, "/b") == (("value", 1) if expected[0] == "value" else expected)
        fraction = '{"long": ' + "7" * n + '.5, "b": 1}'
        assert cyjson.pick(fraction, "/b") == 1


def test_mmap(tmp_path):
    path = tmp_path / "document.json"
    for size in 4096, 5000:  # a whole page: nothing is behind it
        text = '{"a": "' + "x" * (size - 20) + '", "b": 1}'
        path.write_text(text.ljust(size))
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            assert cyjson.pick(mapped, "/b") == 1
            assert cyjson.pick(mapped, "/b", check=False) == 1
            assert len(cyjson.pick(mapped, "/a")) == size - 20
            assert cyjson.pick(memoryview(mapped), "/b") == 1


def test_views_of_memory():
    data = b'{"a": [1, "x"]}'
    assert cyjson.pick(memoryview(data + b"garbage")[: len(data)], "/a/1") == "x"
    assert cyjson.pick(memoryview(b" " + data)[1:], "/a") == [1, "x"]
    assert cyjson.pick(memoryview(bytes(byte for each in data for byte in (each, 0)))[::2], "/a/0") == 1
    number = memoryview(b"[12345]")[:4]
    assert outcome(cyjson.pick, number, "/0") == outcome(json.loads, b"[123")
    assert cyjson.pick(memoryview(b"12345")[:3], "") == 123


class Resizing:
    """Resizes a bytearray whenever it gets to run."""

    def __init__(self, data):
        self.data = data
        self.refused = 0

    def __del__(self):
        try:
            self.data.clear()
        except BufferError:
            self.refused += 1


def test_resized_meanwhile():
    text = json.dumps([[f"text {i}", {"k": [i]}] for i in range(2000)]).encode()
    for _ in range(5):
        data = bytearray(text)
        for _ in range(50):
            each = Resizing(data)
            each.circle = each
        del each
        picked = cyjson.pick(data, "/1999/0", "", "/0") if data else None
        gc.collect()
        if picked:
            assert picked[0] == "text 1999" and len(picked[1]) == 2000


def test_changed_meanwhile():
    """Whatever another thread writes into the buffer, what comes of it is a value or an exception."""
    text = json.dumps({"a": [[f"text {i}", {"k": [i, None, 1.5]}] for i in range(300)], "b": 1}).encode()
    data = bytearray(text)
    done = threading.Event()

    def write():
        source = random.Random(1)
        while not done.is_set():
            at = source.randrange(len(text))
            data[at] = source.choice(b'{}[]",:\\1e\xff')
            if source.random() < 0.3:
                data[:] = text

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for i in range(400):
            try:
                cyjson.pick(data, "/a/299/0", "/b", "/a", check=bool(i % 2))
            except ValueError:
                pass
            except RecursionError:
                pass
    finally:
        done.set()
        writer.join()


def test_threads():
    text = json.dumps({f"k{i}": [i] for i in range(50)}).encode()
    wrong = []

    def work(seed):
        source = random.Random(seed)
        for _ in range(2000):
            i, k = source.randrange(50), source.randrange(50)
            if cyjson.pick(text, f"/k{i}/0", ["k" + str(k), 0]) != (i, k):
                wrong.append((i, k))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert not wrong


class Name(str):
    """Whose methods answer wrongly."""

    def encode(self, *arguments):
        return 42

    def replace(self, *arguments):
        return self

    def startswith(self, *arguments):
        return True

    def split(self, *arguments):
        return ["", Name("nowhere")]

    def __str__(self):
        return self


@pytest.mark.skipif(PYPY, reason="its index() of an int's subclass goes by the class's own operators")
def test_classes_of_pointers():
    class Index(int):
        def __int__(self):
            return -(10**30)

        def __le__(self, other):
            return True

        __ge__ = __le__

    assert cyjson.pick('{"a": [1, 2]}', [Name("a")], Name("/a")) == ([1, 2], [1, 2])
    assert cyjson.pick('{"a": [1, 2]}', ["a", Index(1)]) == 2
    with pytest.raises(ValueError):
        cyjson.pick("[1]", [Index(-1)])


def test_iterators():
    """They give their elements once, and a document that isn't plain has the pointers asked for again."""
    for data in '{"a": 1}', '{"a": 1}'.encode("utf-16"), '{"a": 1, "b": "\ud800"}':
        assert cyjson.pick(data, iter(["a"]), (each for each in ["b"]), default=7)[0] == 1
        assert cyjson.pick(data, iter(["c"]), default=iter("x")).__next__() == "x"
    with pytest.raises(TypeError):
        cyjson.pick("[1]", iter([None]))


@native_only
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs another process that writes to the same memory")
def test_brackets_changed_meanwhile():
    program = (
        "import mmap, os, signal, time\n"
        "import cyjson\n"
        "text = b'[1, 2, [3], {\"a\": []}]'\n"
        "memory = mmap.mmap(-1, len(text))\n"
        "memory[:] = text\n"
        "child = os.fork()\n"
        "while not child:\n"
        "    for other in b']}-5 ':\n"
        "        memory[0] = other\n"
        "        memory[0] = 0x5B\n"
        "end = time.monotonic() + 1\n"
        "while time.monotonic() < end:\n"
        "    for check in True, False:\n"
        "        try:\n"
        "            cyjson.pick(memory, '/0', '/2/0', '/3/a', check=check)\n"
        "        except ValueError:\n"
        "            pass\n"
        "os.kill(child, signal.SIGKILL)\n"
        "os.waitpid(child, 0)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


@pytest.mark.skipif(PYPY, reason="counts no references")
def test_default_is_held():
    default = object()
    before = sys.getrefcount(default)
    found = [cyjson.pick(b"{}", "/a", "/b", default=default) for _ in range(100)]
    assert all(each == (default, default) for each in found)
    del found
    assert sys.getrefcount(default) == before


@pytest.mark.parametrize("seed", range(12))
def test_random_documents(seed):
    source = random.Random(seed)
    for _ in range(40):
        value = random_document(source, 4, 8)
        indent = source.choice([None, None, 1, 4])
        text = json.dumps(value, ensure_ascii=source.random() < 0.5, indent=indent)
        paths = list(paths_in(value))
        chosen = source.sample(paths, min(len(paths), 5))
        chosen += [(*source.choice(paths), source.choice(["a", 0, "0", "nowhere"])) for _ in range(3)]
        check(text, chosen)


@pytest.mark.parametrize("seed", range(12))
def test_random_changes(seed):
    """Documents with bytes changed: the same value, or the same exception, as loads and looking up."""
    source = random.Random(seed)
    for _ in range(300):
        value = random_document(source, 3, 8)
        data = json.dumps(value, ensure_ascii=source.random() < 0.5).encode()
        path = source.choice([*paths_in(value)])
        for _ in range(source.randrange(1, 3)):
            data = changed(source, data)
        expected = outcome(json.loads, data)
        if expected[0] == "value":
            expected = "value", look_up(expected[1], path)
        assert repr(outcome(cyjson.pick, data, path, default=ABSENT)) == repr(expected), data
        outcome(cyjson.pick, data, path, check=False)  # a value or an exception


@with_files
def test_files():
    for file in FILES:
        data = file.read_bytes()
        expected = outcome(json.loads, data)
        if expected[0] != "value":
            assert outcome(cyjson.pick, data, "/0") == expected, file.name
            continue
        source = random.Random(file.name)
        paths = list(paths_in(expected[1]))
        for path in source.sample(paths, min(len(paths), 12)):
            value = look_up(expected[1], path)
            assert same(cyjson.pick(data, path), value), (file.name, path)
            if "duplicated_key" not in file.name:
                assert same(cyjson.pick(data, path, check=False), value), (file.name, path)

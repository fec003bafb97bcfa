"""Threads that share what is written, read or iterated: no crash, no deadlock, and a result that makes sense.

With the GIL, threads take turns (often ones: the interval is made short), and calls that run no Python code are not
interrupted. Without it (free-threaded builds) they run at once.
"""

import io
import json
import os
import subprocess
import sys
import sysconfig
import threading
import time
from pathlib import Path

import pytest
from support.amount import amount, long
from support.compare import native_only

import cyjson
from cyjson import lines, stream

SECONDS = amount(0.1, 0.4, 5.0)
THREADS = 4
FREE = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))

pytestmark = long


@pytest.fixture(autouse=True)
def short_turns():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def together(*functions):
    """Call each function in a thread of its own, once and then until the time is up; the first exception is raised."""
    barrier = threading.Barrier(len(functions))
    failures = []
    end = time.monotonic() + SECONDS

    def run(function):
        try:
            barrier.wait(30)
            function()
            while time.monotonic() < end and not failures:
                function()
        except BaseException as exc:
            failures.append(exc)

    threads = [threading.Thread(target=run, args=(each,), daemon=True) for each in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads), "a thread hangs"
    if failures:
        raise failures[0]


# Containers that others change are for the extension only. The fallback has json's encoder, whose generator writes
# no JSON of a list that is emptied meanwhile, and which isn't safe without a GIL up to 3.13.

# What is put into shared containers: str of each kind, numbers, words, containers that don't change.
VALUES = [
    *["text", "é" * 5, "中文", "😀", '"\\\n', "x" * 3000],
    *[0, -1, 2**40, 2**80, 1.5, True, False, None],
    *[[], {}, [1, [2, "three"]], {"k": {"l": [None]}}],
]
SPELT = {json.dumps(value) for value in VALUES}
KEYS = [f"key{n}" for n in range(40)] + ["ключ", "键", "k" * 100]

WRITERS = {
    "dumps": lambda obj: cyjson.dumps(obj),
    "ensure_ascii": lambda obj: cyjson.dumps(obj, ensure_ascii=False),
    "indent": lambda obj: cyjson.dumps(obj, indent=2),
    "sort_keys": lambda obj: cyjson.dumps(obj, sort_keys=True, separators=(",", ":")),
    "sort_keys indent": lambda obj: cyjson.dumps(obj, sort_keys=True, indent="\t", ensure_ascii=False),
    "unchecked": lambda obj: cyjson.dumps(obj, check_circular=False, skipkeys=True),
    "encode": lambda obj: cyjson.encode(obj),
    "encode sorted": lambda obj: cyjson.encode(obj, sort_keys=True, indent=1),
    "dump": lambda obj: written(cyjson.dump, io.StringIO(), obj),
    "dump_bytes": lambda obj: written(cyjson.dump_bytes, io.BytesIO(), obj),
    "cls": lambda obj: cyjson.dumps(obj, cls=Subclass),
    "default": lambda obj: cyjson.dumps(obj, default=made),
    "default indent": lambda obj: cyjson.dumps(obj, default=made, indent=1),
    "default sort_keys": lambda obj: cyjson.dumps(obj, default=made, sort_keys=True),
    "default encode": lambda obj: cyjson.encode(obj, default=made),
    "default dump": lambda obj: written(lambda obj, file: cyjson.dump(obj, file, default=made), io.StringIO(), obj),
    "iterencode": lambda obj: "".join(cyjson.JSONEncoder().iterencode(obj)),
    "default iterencode": lambda obj: "".join(cyjson.JSONEncoder(default=made, sort_keys=True).iterencode(obj)),
    "lines": lambda obj: lines.dumps([obj]),
}


class Odd:
    pass


def made(odd):
    return ["made"]


class Subclass(cyjson.JSONEncoder):
    def default(self, o):
        return made(o)


def values_for(name):
    """The values, and what they are written as; some that default() makes where the writer has one."""
    odd = name.startswith(("default", "cls"))
    return (VALUES + [Odd()], SPELT | {json.dumps(made(None))}) if odd else (VALUES, SPELT)


def written(dump, file, obj):
    dump(obj, file)
    return file.getvalue()


def read(write, obj):
    """What a writer wrote of an object that others change, or None where it gave up as json may."""
    try:
        text = write(obj)
    except RuntimeError as exc:
        assert "changed" in str(exc) and not isinstance(exc, RecursionError), exc
        return None
    return json.loads(text)


def changes_of_a_list(items, values):
    """Functions that keep a list at some 60 items."""
    count = iter(range(1 << 60))

    def grow():
        for _ in range(20):
            items.append(values[next(count) % len(values)])
        items.insert(3, values[next(count) % len(values)])
        if len(items) > 60:
            del items[20:]

    def shrink():
        for _ in range(10):
            try:
                items.pop(0)
                items.pop()
            except IndexError:
                pass
        items[:2] = [VALUES, "newer"] if next(count) % 8 else []
        items[:2] = []

    def replace():
        for index in range(50):
            try:
                items[index] = values[(index + next(count)) % len(values)]
            except IndexError:
                break
        if next(count) % 64 == 0:
            items.clear()
        items.reverse()

    return grow, shrink, replace


@native_only
@pytest.mark.parametrize("name", sorted(WRITERS))
def test_lists_that_others_change(name):
    values, known = values_for(name)
    items = values * 3
    known = known | {json.dumps(VALUES), json.dumps("newer")}

    def write():
        found = read(WRITERS[name], items)
        assert isinstance(found, list)
        for each in found:
            assert json.dumps(each) in known

    # A list that changes under several names at once, and within others.
    outer = {"a": items, "b": [items, {"c": items}]}

    def write_nested():
        found = read(WRITERS[name], outer)
        for each in found["a"] + found["b"][0] + found["b"][1]["c"]:
            assert json.dumps(each) in known

    together(write, write_nested, *changes_of_a_list(items, values))


def changes_of_a_dict(items, values):
    count = iter(range(1 << 60))

    def replace():
        for key in KEYS:
            items[key] = values[next(count) % len(values)]

    def remove():
        for key in KEYS[next(count) % 3 :: 3]:
            items.pop(key, None)

    def rebuild():
        if next(count) % 16 == 0:
            items.clear()
        items.update((key, [key, {"made": "here"}]) for key in KEYS[::4])
        try:
            items.popitem()
        except KeyError:
            pass

    return replace, remove, rebuild


@native_only
@pytest.mark.parametrize("name", sorted(WRITERS))
def test_dicts_that_others_change(name):
    values, known = values_for(name)
    items = dict.fromkeys(KEYS, 1)
    known = known | {json.dumps(1), *(json.dumps([key, {"made": "here"}]) for key in KEYS)}

    def check(found):
        for key, value in found.items():
            assert key in KEYS
            assert json.dumps(value) in known

    def write():
        found = read(WRITERS[name], items)
        if found is not None:
            check(found)

    outer = [items, {"in": [items]}]

    def write_nested():
        found = read(WRITERS[name], outer)
        if found is not None:
            check(found[0])
            check(found[1]["in"][0])

    together(write, write_nested, *changes_of_a_dict(items, values))


@native_only
def test_dict_is_written_as_it_was_at_one_moment():
    """What runs no Python code takes its members all at once. One key after the other is replaced by a new one, before
    the old one is removed: at each moment they are consecutive."""
    items = dict.fromkeys(map(str, range(30)), "x" * 50)
    newest = iter(range(30, 1 << 60))

    def change():
        n = next(newest)
        items[str(n)] = "y" * (n % 100)
        del items[str(n - 30)]

    def write():
        for options in {}, {"sort_keys": True}, {"indent": 1}:
            found = sorted(map(int, json.loads(cyjson.dumps(items, **options))))
            assert found == list(range(found[0], found[0] + len(found))) and len(found) in (30, 31)

    together(write, write, change)


@native_only
def test_large_dict_is_written_as_it_was_at_one_moment():
    """As many members as make it likely that threads on one core change places meanwhile."""
    items = {"a": 0, **dict.fromkeys((f"m{n:05}" for n in range(20_000)), "x"), "z": 0}
    newest = iter(range(1, 1 << 60))

    def change():
        n = next(newest)
        items["a"] = n
        items["z"] = n

    def write():
        for options in {}, {"sort_keys": True}, {"sort_keys": True, "indent": 1}:
            text = cyjson.dumps(items, **options)
            first = int(text[text.index(":") + 1 : text.index(",")])
            assert first - int(text[text.rindex(":") + 1 : -1]) in (0, 1)

    together(write, write, change)


@native_only
def test_objects_end_while_they_are_written():
    """Finalisers run wherever the last reference is given up, which may be the writer's."""
    items = []

    class Ending:
        def __init__(self):
            self.shared = items

        def __del__(self):
            self.shared.append("x" * 10)
            del self.shared[:1]

    def change():
        items.append([Ending(), {"deep": Ending()}])
        items.append("y")
        del items[:-5]

    def write():
        for each in json.loads(cyjson.dumps(items, default=lambda o: "made")):
            assert each in ("x" * 10, "y", ["made", {"deep": "made"}])

    together(write, write, change)


DOCUMENT = json.dumps(
    {"records": [{"id": n, "name": f"n{n % 7}", f"k{n}": [n / 3, None], "é": "中\n"} for n in range(60)]}
)


@pytest.mark.parametrize(
    "convert", [str, str.encode, lambda text: bytearray(text.encode())], ids=["str", "bytes", "array"]
)
def test_decoding_at_once(convert):
    document, expected = convert(DOCUMENT), json.loads(DOCUMENT)

    def call():
        assert cyjson.loads(document) == expected

    together(*[call] * THREADS)


def test_decoding_with_hooks():
    """Hooks decode in turn, so that calls in one thread are within one another."""
    inner = '{"id": 1, "name": [2]}'
    expected = json.loads(DOCUMENT, object_hook=lambda found: [*found.items(), json.loads(inner)])

    def call():
        found = cyjson.loads(DOCUMENT, object_hook=lambda found: [*found.items(), cyjson.loads(inner)])
        assert found == [*expected] or json.dumps(found) == json.dumps(expected)

    pairs = json.loads(DOCUMENT, object_pairs_hook=list)

    def call_pairs():
        assert cyjson.loads(DOCUMENT, object_pairs_hook=list) == pairs

    together(call, call, call_pairs, call_pairs)


def test_decoding_in_many_threads():
    """More threads than places for the caches of keys, each with keys of its own."""
    failures = []
    barrier = threading.Barrier(100)

    def work(number):
        barrier.wait(60)
        for n in range(20):
            document = json.dumps([{f"key{number % 3}.{n}": {"shared": n, "é": number}}] * 3)
            if cyjson.loads(document) != json.loads(document):
                failures.append(document)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures


def test_errors_at_once():
    def refuse():
        for wrong in "[1, }", '{"a": nul}', '["\\x"]':
            with pytest.raises(json.JSONDecodeError) as caught:
                cyjson.loads(wrong)
            assert caught.value.doc == wrong

    def circular():
        items = [1]
        items.append({"a": items})
        with pytest.raises(ValueError, match="Circular"):
            cyjson.dumps(items)

    together(refuse, refuse, circular, circular)


def test_one_encoder_and_decoder_for_all():
    encoder = cyjson.JSONEncoder(indent=1, default=lambda o: ["made"], sort_keys=True)
    decoder = cyjson.JSONDecoder(object_hook=lambda found: found, parse_float=str, strict=False)
    value = [{"b": Odd(), "a": 1.5, "ü": [[], {}]}] * 10
    text = json.dumps(value, indent=1, default=lambda o: ["made"], sort_keys=True)
    decoded = json.loads(text, parse_float=str)

    def encode():
        assert encoder.encode(value) == text
        assert "".join(encoder.iterencode(value)) == text

    def decode():
        assert decoder.decode(text) == decoded
        assert decoder.raw_decode(text) == (decoded, len(text))

    together(encode, encode, decode, decode)


RUNNING = "already running|already executing"


def drain(iterator, taken, *, close=False):
    """Take what an iterator gives that others take from too. While one of them is at it, it refuses."""
    while True:
        try:
            for each in iterator:
                taken.append(each)
            if close:
                iterator.close()
            return
        except ValueError as exc:
            if not any(words in str(exc) for words in RUNNING.split("|")):
                raise


def shared_iterators():
    values = [{"n": n, "text": "é" * (n % 50), "list": [n] * (n % 9)} for n in range(2000)]
    array = json.dumps(values).encode()
    text = "".join(json.dumps(value) + "\n" for value in values).encode()
    return {
        "items": (lambda: stream.items(io.BytesIO(array), "item"), values),
        "items with hook": (lambda: stream.items(io.BytesIO(array), "item", object_hook=lambda found: found), values),
        "kvitems": (
            lambda: stream.kvitems(io.BytesIO(array), "item"),
            [pair for value in values for pair in value.items()],
        ),
        "basic": (lambda: stream.basic_parse(io.BytesIO(array)), list(stream.basic_parse(io.BytesIO(array)))),
        "lines": (lambda: lines.load(io.BytesIO(text)), values),
        "lines with hook": (lambda: lines.load(io.BytesIO(text), object_hook=lambda found: found), values),
    }


@native_only
@pytest.mark.parametrize("name", sorted(shared_iterators()))
@pytest.mark.parametrize("close", [False, True], ids=["", "closed"])
def test_one_iterator_for_all(name, close):
    """Each value goes to one of the threads."""
    make, expected = shared_iterators()[name]
    end = time.monotonic() + SECONDS
    while True:
        iterator, taken = make(), [[] for _ in range(THREADS)]
        threads = [threading.Thread(target=drain, args=(iterator, each), kwargs={"close": close}) for each in taken]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in threads), "a thread hangs"
        assert sorted(repr(value) for each in taken for value in each) == sorted(map(repr, expected))
        if time.monotonic() > end:
            break


@native_only
@pytest.mark.parametrize("name", ["items", "kvitems", "lines", "pieces"])
def test_an_iterator_in_use_refuses_others(name):
    """Another thread that comes while a hook runs is refused, and disturbs nothing."""
    told = []

    def hook(found):
        if not told:
            other = threading.Thread(target=ask)
            other.start()
            other.join(60)
            assert told
        return found if name != "pieces" else "made"

    def ask():
        try:
            told.append(next(iterator))
        except ValueError as exc:
            told.append(str(exc))

    data = b'{"a": {"b": 1}}'
    iterator = {
        "items": lambda: stream.items(b"[" + data + b"]", "item", object_hook=hook),
        "kvitems": lambda: stream.kvitems(data, "", object_hook=hook),
        "lines": lambda: lines.loads(data, object_hook=hook),
        "pieces": lambda: cyjson.JSONEncoder(default=hook).iterencode([Odd()]),
    }[name]()
    value = {"a": {"b": 1}}
    expected = {"items": [value], "kvitems": list(value.items()), "lines": [value], "pieces": ['["made"]']}
    assert list(iterator) == expected[name]
    assert any(words in told[0] for words in RUNNING.split("|"))


@native_only
def test_closed_by_another():
    text = b'{"a": 1}\n' * 5000
    array = b"[" + b'{"a": 1}, ' * 5000 + b"1]"

    def call():
        for iterator in lines.load(io.BytesIO(text)), stream.items(io.BytesIO(array), "item"):
            taken = []
            taker = threading.Thread(target=drain, args=(iterator, taken))
            taker.start()
            while taker.is_alive():
                try:
                    iterator.close()
                    break
                except ValueError as exc:
                    assert any(words in str(exc) for words in RUNNING.split("|")), exc
            taker.join(60)
            assert not taker.is_alive() and len(taken) <= 5001

    together(call, call)


@native_only
def test_positions_that_others_ask_for():
    text = b'{"a": 1}\n' * 5000
    reader = lines.loads(text)

    def read():
        nonlocal reader
        for _ in reader:
            pass
        reader = lines.loads(text)

    def ask():
        asked, before = reader, (0, 0)
        for _ in range(100):
            lineno, offset = now = asked.lineno, asked.offset
            assert before[0] <= lineno <= 5000 and before[1] <= offset <= len(text)
            before = now

    together(read, ask, ask)


@native_only
@pytest.mark.skipif(not FREE, reason="about free-threaded builds")
def test_the_gil_stays_off():
    program = (
        "import sys, cyjson, cyjson.lines, cyjson.stream, cyjson.tool; print(cyjson.backend, sys._is_gil_enabled())"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(cyjson.__file__).parents[1]), "PYTHON_GIL": ""}
    command = [sys.executable, "-W", "error", "-c", program]
    ran = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert ran.stdout.strip() == "c False", ran.stderr

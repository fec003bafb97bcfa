"""cyjson.install(): json is cyjson, in every way that programs come to it, and json again afterwards."""

import importlib
import inspect
import io
import json
import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from unittest import mock

import pytest
from support.compare import fallback_only, frozen, native_only, parameters

import cyjson

pytestmark = pytest.mark.thread_unsafe

SOURCE = str(Path(cyjson.__file__).parents[1])
SUITE = Path(__file__).parent / "programs" / "installed_suite.py"

# As a program that was imported before has them.
from json import JSONDecoder, JSONEncoder, dump, dumps, load, loads  # noqa: E402


class Before(json.JSONEncoder):
    def default(self, o):
        return [str(o)]


class DecoderBefore(json.JSONDecoder):
    pass


PARTS = {name: importlib.import_module(name) for name in ("json", "json.encoder", "json.decoder", "json.scanner")}
VALUES = [
    {"b": [1, 2.5, "é\ud800", None], "a": {"x": (), "y": {}}},
    [float("nan")],
    {1: 2, None: 3, 1.5: 4},
    [1j],
    {(1,): 1},
    "text",
    10**5000,
]
OPTIONS = [
    {},
    {"indent": 2},
    {"sort_keys": True, "separators": (",", ":")},
    {"ensure_ascii": False, "allow_nan": False},
    {"default": str},
    {"cls": Before},
    {"skipkeys": True},
    {"check_circular": False},
    {"separators": (1, 2)},
    {"unknown": 1},
]
TEXTS = [
    '{"a": [1, 2.5, "é", NaN], "a": 1}',
    "[1,]",
    "",
    '"\n"',
    "[1] 2",
    "\ufeff1",
    b'{"a": 1}',
    b"\xff",
    "1" * 5000,
    1,
]
READING = [{}, {"parse_float": str}, {"object_hook": len}, {"object_pairs_hook": tuple}, {"strict": False},
           {"cls": DecoderBefore}, {"unknown": 1}]  # fmt: skip


def run(program, *arguments, **environment):
    environment = {**os.environ, "PYTHONPATH": SOURCE, "CYJSON_REQUIRE_NATIVE": "0", **environment}
    return subprocess.run([sys.executable, *arguments, program], capture_output=True, text=True, env=environment)


def told_by(program, **environment):
    ran = run(program, "-c", **environment)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def outcome(call, *arguments, **options):
    try:
        return "result", frozen(call(*arguments, **options))
    except RecursionError:
        return (RecursionError,)
    except Exception as error:
        told = {name: getattr(error, name, None) for name in ("msg", "doc", "pos", "lineno", "colno")}
        return type(error), str(error), told


def written(call, value, **options):
    file = io.StringIO()
    call(value, file, **options)
    return file.getvalue()


def all_of_it():
    """What every way to json's functions gives."""
    told = []
    for value in VALUES:
        for options in OPTIONS:
            told += [outcome(json.dumps, value, **options), outcome(dumps, value, **options)]
            told += [outcome(written, each, value, **options) for each in (json.dump, dump)]
        for kind in json.JSONEncoder, JSONEncoder, Before:
            told += [outcome(kind().encode, value), outcome(lambda: "".join(kind(indent=1).iterencode(value)))]
        told.append(outcome(json._default_encoder.encode, value))
    for text in TEXTS:
        for options in READING:
            told += [outcome(json.loads, text, **options), outcome(loads, text, **options)]
            told += [outcome(each, mock.Mock(read=lambda: text), **options) for each in (json.load, load)]
        for kind in json.JSONDecoder, JSONDecoder, DecoderBefore:
            told += [outcome(kind().decode, text), outcome(kind().raw_decode, text)]
        told += [outcome(json._default_decoder.decode, text), outcome(json._default_decoder.raw_decode, text)]
        told += [outcome(json.decoder.scanstring, text, 1), outcome(json.encoder.encode_basestring_ascii, text)]
    return told


@pytest.fixture
def as_it_was():
    """What every name of json's modules and classes holds; afterwards, too."""

    def held():
        owners = [*map(vars, PARTS.values()), vars(json.JSONEncoder), vars(json.JSONDecoder)]
        owners += [vars(json._default_encoder), vars(json._default_decoder), vars(importlib.import_module("_json"))]
        return [[(name, value) for name, value in owner.items()] for owner in owners]

    before = held()
    modules = [each.__module__ for each in (json.dumps, json.loads, json.decoder.scanstring)]
    yield held
    cyjson.uninstall()
    for then, now in zip(before, held(), strict=True):
        assert [name for name, _ in then] == [name for name, _ in now]
        for (name, value), (_, other) in zip(then, now, strict=True):
            assert value is other, name
    assert modules == [each.__module__ for each in (json.dumps, json.loads, json.decoder.scanstring)]


# What is the same


@native_only
def test_every_way_gives_the_same(as_it_was):
    expected = all_of_it()
    for _ in range(2):
        with cyjson.install():
            assert json.loads is not loads
            assert all_of_it() == expected
            with mock.patch.object(cyjson._install, "_put_there", None):  # nor do cyjson's own functions change
                assert cyjson.dumps([1]) == "[1]"
        assert json.loads is loads
        assert all_of_it() == expected


@native_only
def test_cyjson_s_own_functions_are_as_before(as_it_was):
    def told():
        found = []
        for value in VALUES:
            for options in OPTIONS:
                found += [outcome(cyjson.dumps, value, **options), outcome(written, cyjson.dump, value, **options)]
            found += [outcome(cyjson.encode, value), outcome(cyjson.encode, value, cls=Before)]
            found.append(outcome(cyjson.JSONEncoder(allow_nan=False).encode, value))
        for text in TEXTS:
            found += [outcome(cyjson.loads, text, **options) for options in READING]
            found += [outcome(cyjson.JSONDecoder(parse_int=str).decode, text)]
        return found

    expected = told()
    with cyjson.install():
        assert told() == expected
        assert not cyjson._native.methods_go_by_name()
    assert told() == expected


@native_only
def test_nothing_of_json_runs(as_it_was):
    """... for what is right: that it is fast is shown by json's own being away."""
    real = json.encoder._make_iterencode, json.decoder.JSONDecoder.raw_decode
    functions = json.dump, json.dumps, json.load, json.loads
    with cyjson.install():
        seen = []

        def profile(frame, event, argument):
            if event == "call" and frame.f_code in codes:
                seen.append(frame.f_code.co_name)

        codes = {each.__code__ for each in (*real, *functions)}
        value = {"a": [1, 2.5, Before]}
        sys.setprofile(profile)
        try:
            json.dumps(value, cls=Before, indent=1)
            Before().encode(value)
            "".join(Before().iterencode(value))
            json.loads('{"a": [1]}')
            json.loads('{"a": [1]}', parse_int=str)
            json.load(io.StringIO("[1]"))
            json.dump(value, io.StringIO(), cls=Before)
            json.dumps([1])
            json.JSONDecoder().decode("[1]")
            DecoderBefore(parse_int=str).decode("[1]")
            JSONEncoder(indent=1).encode([1])
        finally:
            sys.setprofile(None)
        assert seen == []


@native_only
def test_c_make_encoder_taken_from_json(as_it_was):
    """As classes call it that have an iterencode of their own."""

    def encoders(make):
        for indent in None, *((1, "\t") if sys.version_info >= (3, 13) else ()):
            for checks in False, True:
                for escape in json.encoder.encode_basestring_ascii, json.encoder.encode_basestring, lambda s: f"<{s}>":
                    yield make({} if checks else None, str, escape, indent, ": ", ", ", True, False, True)

    def told():
        return [
            outcome(lambda: "".join(encoder(value, 0)))
            for value in VALUES  # an error leaves json's own unfit for more
            for encoder in encoders(json.encoder.c_make_encoder)
        ]

    expected = told()
    theirs = json.encoder.c_make_encoder
    with cyjson.install():
        assert json.encoder.c_make_encoder is not theirs
        assert told() == expected
        with pytest.raises(TypeError):
            json.encoder.c_make_encoder(1, str, None, None, ": ", ", ", True, False, True)
        made = json.encoder.c_make_encoder({}, str, json.encoder.encode_basestring_ascii, None, ":", ",", 0, 0, 0)
        assert (made.key_separator, made.item_separator, made.indent) == (":", ",", None)
        loop = []
        loop.append(loop)
        with pytest.raises(ValueError, match="Circular"):
            made(loop, 0)


# What is seen


@native_only
def test_installed(as_it_was):
    assert cyjson.installed() == ()
    cyjson.install()
    names = cyjson.installed()
    assert names == tuple(sorted(names))
    assert {"json.dump", "json.dumps", "json.load", "json.loads"} < set(names)
    assert {"json.encoder.JSONEncoder.encode", "json.decoder.JSONDecoder.decode"} < set(names)
    assert {"json.encoder.c_make_encoder", "json.scanner.make_scanner", "json.decoder.scanstring"} < set(names)
    assert "json._default_decoder.scan_once" in names
    with mock.patch.object(json, "loads", loads):
        assert "json.loads" not in cyjson.installed()
    cyjson.uninstall()
    assert cyjson.installed() == ()


@native_only
def test_it_can_be_asked_for_again(as_it_was):
    first = cyjson.install()
    ours = json.dumps
    cyjson.install()
    assert json.dumps is ours
    with cyjson.install():
        assert json.dumps is ours
    assert json.dumps is ours
    assert "names" in repr(first)
    cyjson.uninstall()
    assert json.dumps is dumps
    cyjson.uninstall()
    with cyjson.install():
        assert json.dumps is ours
        with cyjson.install():
            pass
        assert json.dumps is ours
    assert json.dumps is dumps
    with pytest.raises(LookupError), cyjson.install():
        raise LookupError
    assert json.dumps is dumps
    scope = cyjson.install()
    with scope:
        cyjson.uninstall()
        assert json.dumps is dumps
        cyjson.install()
    assert json.dumps is ours  # by the one that came after


@native_only
def test_classes_stay_what_they_are(as_it_was):
    encoder, decoder = Before(indent=1), DecoderBefore()
    with cyjson.install():
        assert json.JSONEncoder is JSONEncoder and json.JSONDecoder is JSONDecoder
        assert isinstance(encoder, json.JSONEncoder) and isinstance(decoder, json.JSONDecoder)
        assert issubclass(Before, json.JSONEncoder) and issubclass(cyjson.JSONEncoder, json.JSONEncoder)
        assert encoder.encode([1j]) == '[\n [\n  "1j"\n ]\n]'
        assert decoder.decode("[1]") == [1]
        assert json.JSONDecodeError is cyjson.JSONDecodeError
        assert json.decoder.JSONDecodeError is json.JSONDecodeError

        class After(json.JSONEncoder):
            def encode(self, o):
                return f"<{super().encode(o)}>"

        assert json.dumps([1], cls=After) == "<[1]>"
    assert json.dumps([1], cls=After) == "<[1]>"


@native_only
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickles(as_it_was, protocol):
    def objects():
        return [
            *(json.dump, json.dumps, json.load, json.loads, json.JSONEncoder, json.JSONDecoder, json.JSONDecodeError),
            *(json.decoder.scanstring, json.encoder.encode_basestring, json.encoder.encode_basestring_ascii),
        ]

    def pickled(each):
        return pickle.dumps(each, protocol)

    before = objects()
    expected = [pickled(each) for each in before]
    encoder = Before(indent=1)
    with cyjson.install():
        during = objects()
        assert [pickled(each) for each in during] == expected  # json's names, in json's modules
        assert [pickle.loads(each) for each in expected] == during
        assert [pickle.loads(pickled(each)) for each in before] == before  # which a program has had since before
        assert pickle.loads(pickled(encoder)).encode([1j]) == encoder.encode([1j])
        error = pickle.loads(pickled(json.JSONDecodeError("message", "[1", 2)))
        assert (error.msg, error.doc, error.pos) == ("message", "[1", 2)
        of_during = [pickled(each) for each in before]
    assert [pickled(each) for each in before] == expected
    assert [pickle.loads(each) for each in expected] == before
    assert [pickle.loads(pickled(each)) for each in during] == during  # which a program still has
    assert [pickle.loads(each) for each in of_during] == before
    program = f"import pickle, json; {expected!r}\nprint(all(pickle.loads(each)('[1]') for each in [{of_during[3]!r}]))"
    assert told_by(program) == "True"


@native_only
def test_inspect(as_it_was):
    functions = ["dump", "dumps", "load", "loads"]
    expected = {name: parameters(getattr(json, name)) for name in functions}
    methods = ["JSONEncoder.encode", "JSONEncoder.iterencode", "JSONDecoder.decode"]
    of_methods = {path: str(inspect.signature(eval(f"json.{path}"))) for path in methods}
    sources = {path: inspect.getsource(eval(f"json.{path}")) for path in methods}
    with cyjson.install():
        for name in functions:
            function = getattr(json, name)
            assert parameters(function) == expected[name]
            assert (function.__name__, function.__qualname__, function.__module__) == (name, name, "json")
            assert function.__doc__ and inspect.getmodule(function) is json
        for path in methods:
            method = eval(f"json.{path}")
            assert inspect.isfunction(method)
            assert str(inspect.signature(method)) == of_methods[path]
            assert inspect.getsource(method) == sources[path]
            assert method.__qualname__ == path and method.__doc__
        assert json.scanner.make_scanner.__module__ == "_json"
        assert json.encoder.c_make_encoder.__module__ == "_json"
        assert repr(json.dumps) == "<built-in function dumps>"


# Names that programs replace


@native_only
def test_what_a_program_had_replaced_stays(as_it_was):
    mine = Before(indent=1)
    with mock.patch.object(json, "_default_encoder", mine), mock.patch.object(json, "loads", lambda s: "mine"):
        with cyjson.install():
            assert json.dumps([1j]) == '[\n [\n  "1j"\n ]\n]'
            assert json.loads("[1]") == "mine"
            assert "json.loads" not in cyjson.installed()
        assert json.loads("[1]") == "mine"
    with (
        mock.patch.object(json.encoder, "c_make_encoder", None),
        mock.patch.object(json.encoder, "FLOAT_REPR", lambda o: format(o, ".2f"), create=True),
    ):
        expected = json.dumps([1.5])
        with cyjson.install():
            assert json.encoder.c_make_encoder is None
            assert json.dumps([1.5]) == expected
    with mock.patch.object(json._default_decoder, "scan_once", lambda s, idx: ("mine", len(s))):
        with cyjson.install():
            assert json.loads("[1]") == "mine"
    with mock.patch.object(json.JSONEncoder, "encode", lambda self, o: "mine"):
        with cyjson.install():
            assert json.dumps([1]) == Before().encode([1]) == "mine"
    assert json.dumps([1]) == "[1]"


@native_only
def test_what_a_program_replaces_then_counts(as_it_was):
    with cyjson.install():
        with mock.patch.object(json, "_default_encoder", Before()):
            assert json.dumps([1j]) == '[["1j"]]'
        with mock.patch.object(json.JSONEncoder, "default", lambda self, o: "mine"):
            assert json.dumps([1j]) == json.JSONEncoder().encode([1j]) == '["mine"]'
        ours = json.JSONEncoder.encode
        with mock.patch.object(json.JSONEncoder, "encode", lambda self, o: f"<{ours(self, o)}>"):
            assert json.dumps([1]) == Before().encode([1]) == "<[1]>"
        with mock.patch.object(json.encoder, "encode_basestring_ascii", lambda s: f"<{s}>"):
            assert json.dumps(["x"]) == json.JSONEncoder().encode(["x"]) == "[<x>]"
        with mock.patch.object(json.scanner, "make_scanner", json.scanner.py_make_scanner):
            with mock.patch.object(
                json.decoder, "scanstring", lambda s, end, strict=True: ("mine", s.index('"', end) + 1)
            ):
                assert json.loads('["x"]', parse_int=str) == ["mine"]
        with mock.patch.object(json._default_decoder, "scan_once", lambda s, idx: ("mine", len(s))):
            assert json.loads('["x"]') == "mine"
        with mock.patch.object(json, "detect_encoding", lambda data: "latin-1"):
            assert json.loads(b'"\xc3\xa9"') == "\u00c3\u00a9"
        assert json.dumps([1, "x"]) == '[1, "x"]'
        theirs = json.dumps
        json.dumps = lambda *a, **k: "mine"
        cyjson.uninstall()
        assert json.dumps([1]) == "mine"  # it isn't ours to take away
        json.dumps = theirs
        assert json.dumps([1]) == "[1]"
    json.dumps = dumps


def test_simplejson_is_left_alone(as_it_was):
    simplejson = pytest.importorskip("simplejson")
    before = dict(vars(simplejson))
    with cyjson.install() if cyjson.backend == "c" else mock.MagicMock():
        assert all(vars(simplejson)[name] is value for name, value in before.items())
        assert simplejson.loads(simplejson.dumps([1])) == [1]


# Modules imported anew


@native_only
@pytest.mark.parametrize("what", ["json", "json.encoder", "json.decoder", "json.scanner"])
def test_reloaded(what):
    program = f"""
import importlib, json, sys, cyjson
def check():
    value = {{"a": [1, 2.5, "\\u00e9"]}}
    assert json.loads(json.dumps(value)) == value and json.dumps([1], indent=1) == "[\\n 1\\n]"
    assert json.JSONEncoder(sort_keys=True).encode(value) and json.JSONDecoder(parse_int=str).decode("[1]") == ["1"]
    assert cyjson.loads(cyjson.dumps(value)) == value
    for module in json, cyjson:
        for text in "[1 2]", "{{", "nope":
            for call in module.loads, module.JSONDecoder().decode, module.JSONDecoder(parse_float=str).decode:
                try:
                    call(text)
                except ValueError as error:
                    assert type(error).__name__ == "JSONDecodeError" and error.doc == text
                else:
                    raise AssertionError
        for options in {{}}, {{"indent": 1}}:
            try:
                module.dumps([float("nan")], allow_nan=False, **options)
            except ValueError as error:
                assert str(error).startswith("Out of range")
            else:
                raise AssertionError
cyjson.install()
check()
importlib.reload(sys.modules[{what!r}])
check()
cyjson.install()
check()
assert "json.loads" in cyjson.installed(), cyjson.installed()
ours = json.loads
importlib.reload(json)
check()
cyjson.install()
check()
cyjson.uninstall()
check()
assert cyjson.installed() == () and json.loads is not ours and type(json.loads).__name__ == "function"
print("right")
"""
    assert told_by(program) == "right"


@native_only
@pytest.mark.parametrize(
    "removed",
    [
        *("name.startswith('cyjson')", "name.startswith('json')", "name.startswith(('json', 'cyjson'))"),
        *("name == 'cyjson'", "name == 'json'"),
    ],
)
def test_imported_anew(removed):
    program = f"""
import sys, json, cyjson
import json.encoder, json.decoder, json.scanner
dumps, firsts = json.dumps, (json, cyjson)
cyjson.install()
for name in [name for name in sys.modules if {removed}]:
    del sys.modules[name]
import json, cyjson
def check(json, cyjson):
    value = {{"a": [1, 2.5, "\\u00e9"]}}
    for module in json, cyjson:
        assert module.loads(module.dumps(value)) == value and module.loads(module.dumps(value, indent=1)) == value
        for call in module.loads, module.JSONDecoder().decode, module.JSONDecoder(parse_float=str).decode:
            try:
                call("[1 2]")
            except ValueError as error:
                assert error.pos == 3
            else:
                raise AssertionError
        try:
            module.dumps([float("nan")], allow_nan=False)
        except ValueError as error:
            assert str(error).startswith("Out of range")
for turn in range(2):
    check(json, cyjson)
    check(*firsts)
    cyjson.install()
    check(json, cyjson)
    check(*firsts)
    assert "json.loads" in cyjson.installed()
    assert json.loads.__class__ is cyjson.loads.__class__
    assert cyjson.encoder.c_make_encoder.__class__ is type and cyjson.encoder.c_make_encoder.__name__ != "make_encoder"
    cyjson.uninstall()
    assert cyjson.installed() == ()
    assert firsts[0].dumps is dumps
    assert type(json.loads).__name__ == "function"
    check(json, cyjson)
    check(*firsts)
print("right")
"""
    assert told_by(program) == "right"


# Threads, interpreters, the command, the fallback


@native_only
def test_threads(as_it_was):
    has_gil = not hasattr(sys, "_is_gil_enabled") or sys._is_gil_enabled()
    turns = 60 if has_gil else 3  # 3.13t makes who changes names wait for who uses them: up to seconds a turn
    wrong = []
    ends = threading.Event()

    def use():
        while not ends.is_set():
            if (
                json.loads('{"a": [1, 2.5]}') != {"a": [1, 2.5]}
                or json.dumps([1, None], indent=1) != "[\n 1,\n null\n]"
            ):
                wrong.append("result")
            for call, argument in (json.loads, "[1,]"), (json.JSONEncoder(allow_nan=False).encode, [float("nan")]):
                try:
                    call(argument)
                except ValueError:
                    pass
                else:
                    wrong.append("no error")

    def change():
        for turn in range(turns):
            with cyjson.install():
                if type(json.loads).__name__ != "builtin_function_or_method":
                    wrong.append("not installed")
            if turn % 7 == 0:
                cyjson.installed()

    users = [threading.Thread(target=use) for _ in range(2)]
    changers = [threading.Thread(target=change) for _ in range(3)]
    for thread in users + changers:
        thread.start()
    for thread in changers:
        thread.join()
    ends.set()
    for thread in users:
        thread.join()
    assert wrong == []
    assert cyjson.installed() == ()
    assert json.loads is loads


@native_only
@pytest.mark.skipif(sys.version_info < (3, 12), reason="before 3.12 interpreters share one GIL")
def test_in_a_subinterpreter():
    program = """
try:
    import _interpreters as api
except ImportError:
    import _xxsubinterpreters as api
import json, cyjson
made = api.create()
script = '''
import json, cyjson
own = json.loads
cyjson.install()
assert json.loads is not own and json.loads("[1]") == [1]
try:
    json.loads("[1,]")
except json.JSONDecodeError:
    pass
assert cyjson.installed()
'''
assert api.run_string(made, script) is None
assert cyjson.installed() == () and type(json.loads).__name__ == "function"
cyjson.install()
assert api.run_string(made, "cyjson.uninstall(); assert json.loads is own") is None
assert cyjson.installed() and type(json.loads).__name__ != "function"
api.destroy(made)
assert json.loads("[1]") == [1]
print("right")
"""
    assert told_by(program) == "right"


@fallback_only
def test_the_fallback_says_so():
    before = json.dumps, json.loads
    with pytest.warns(RuntimeWarning, match="does nothing"):
        made = cyjson.install()
    with made:
        assert cyjson.installed() == ()
        assert (json.dumps, json.loads) == before
    cyjson.uninstall()
    assert (json.dumps, json.loads) == before


PROGRAM = """
import json, pickle, sys
import __main__
class Point:
    pass
assert pickle.loads(pickle.dumps(Point())).__class__ is Point is __main__.Point
assert json.loads("[1]") == [1]
print(__name__, type(json.loads).__name__, sys.argv[1:], sys.path[0], json.dumps("x"))
sys.exit(int(sys.argv[1]))
"""


def test_a_script(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(PROGRAM)
    kind = "builtin_function_or_method" if cyjson.backend == "c" else "function"
    expected = f"__main__ {kind} ['3', '-m'] {tmp_path} \"x\"\n"
    environment = {"PYTHONPATH": SOURCE}
    command = [sys.executable, "-m", "cyjson.run", str(script), "3", "-m"]
    ran = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})
    assert (ran.returncode, ran.stdout) == (3, expected), ran.stderr
    # As a module, a package, a folder and a program on the command line.
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text(PROGRAM)
    for arguments in ["-m", "script"], ["-m", "package"], [str(package)], ["-c", PROGRAM]:
        command = [sys.executable, "-m", "cyjson.run", *arguments, "3", "-m"]
        ran = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env={**os.environ, **environment})
        assert ran.returncode == 3, ran.stderr
        assert ran.stdout.startswith(f"__main__ {kind} ['3', '-m']"), ran.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [([], 2, "usage"), (["--help"], 0, "usage"), (["-m"], 1, "argument expected"), (["-x"], 1, "unknown option -x"),
     (["-m", "no.such"], 1, "no module named no.such"), (["missing.py"], 1, "can't open file 'missing.py'")],
)  # fmt: skip
def test_wrong_commands(arguments, code, words):
    command = [sys.executable, "-m", "cyjson.run", *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": SOURCE})
    assert ran.returncode == code
    assert words in ran.stdout + ran.stderr
    assert "Traceback" not in ran.stderr


# CPython's own tests


@native_only
@pytest.mark.parametrize("arguments", [[], ["again"]], ids=["installed", "again"])
def test_the_interpreter_s_own_suite(arguments):
    pytest.importorskip("test.test_json")
    command = [sys.executable, str(SUITE), *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": SOURCE})
    assert ran.returncode == 0, ran.stderr
    *failed, last = ran.stdout.splitlines()
    # Which wants json without C, where it is json's Python that is asserted to be there.
    assert set(failed) <= {"test.test_json.TestPyTest.test_pyjson"}, ran.stderr
    assert int(last.split()[0]) > 100

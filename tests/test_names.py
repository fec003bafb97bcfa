"""Names that programs replace, in json's modules and classes: what json makes of it, cyjson makes of it too."""

import io
import json
import sys
from contextlib import ExitStack
from unittest import mock

import pytest
from support.compare import native_only, outcome

import cyjson

pytestmark = [native_only, pytest.mark.thread_unsafe]

VALUES = ["é", {"b": [1, 1.23456, {}], "a": None}, [{1}, 2], [1.5, float("nan")], 1.23456, {(1,): 1}]
TEXTS = ['{"a": [1, 1.25, "é"], "b": NaN}', " [1.5] ", "[1,]", "", '"text"', "\ufeff1"]


class Sub:
    """Made anew for each module, whose class it derives from."""

    @staticmethod
    def encoder(json):
        return type("Encoder", (json.JSONEncoder,), {"default": lambda self, o: f"sub {type(o).__name__}"})

    @staticmethod
    def decoder(json):
        return type("Decoder", (json.JSONDecoder,), {})


def written(json, value, **options):
    file = io.StringIO()
    json.dump(value, file, **options)
    return file.getvalue()


ENCODING = {
    "dumps": lambda json, value: json.dumps(value),
    "dumps obj=": lambda json, value: json.dumps(obj=value),
    "dumps indent": lambda json, value: json.dumps(value, indent=1),
    "dumps ensure_ascii": lambda json, value: json.dumps(value, ensure_ascii=False),
    "dumps default": lambda json, value: json.dumps(value, default=lambda o: "argument"),
    "dumps cls": lambda json, value: json.dumps(value, cls=Sub.encoder(json)),
    "dumps cls JSONEncoder": lambda json, value: json.dumps(value, cls=json.encoder.JSONEncoder),
    "dump": lambda json, value: written(json, value),
    "dump sort_keys": lambda json, value: written(json, value, sort_keys=True),
    "encode": lambda json, value: json.encoder.JSONEncoder().encode(value),
    "encode of a subclass": lambda json, value: Sub.encoder(json)().encode(value),
    "iterencode": lambda json, value: "".join(json.encoder.JSONEncoder(indent=2).iterencode(value)),
    "iterencode, one shot": lambda json, value: "".join(json.encoder.JSONEncoder().iterencode(value, _one_shot=True)),
    "default encoder": lambda json, value: json._default_encoder.encode(value),
}
DECODING = {
    "loads": lambda json, text: json.loads(text),
    "loads bytes": lambda json, text: json.loads(text.encode()),
    "loads UTF-16": lambda json, text: json.loads(text.encode("utf-16")),
    "loads parse_int": lambda json, text: json.loads(text, parse_int=str),
    "loads cls": lambda json, text: json.loads(text, cls=Sub.decoder(json)),
    "loads cls JSONDecoder": lambda json, text: json.loads(text, cls=json.decoder.JSONDecoder),
    "load": lambda json, text: json.load(io.StringIO(text)),
    "load object_hook": lambda json, text: json.load(io.StringIO(text), object_hook=len),
    "decode": lambda json, text: json.decoder.JSONDecoder().decode(text),
    "decode of a subclass": lambda json, text: Sub.decoder(json)().decode(text),
    "raw_decode": lambda json, text: json.decoder.JSONDecoder().raw_decode(text),
    "default decoder": lambda json, text: json._default_decoder.decode(text),
}


class TwoDigits(float):
    __repr__ = staticmethod(lambda x: format(x, ".2f"))


def overriding(method, **members):
    return type("Replaced", (method,), members)


def replaced_encode(json):
    original = json.JSONEncoder.encode
    return lambda self, o: f"<{original(self, [o])}>"


def replaced_iterencode(json):
    original = json.JSONEncoder.iterencode
    return lambda self, o, _one_shot=False: ["<", *original(self, [o], _one_shot), ">"]


def replaced_init(json):
    original = json.JSONEncoder.__init__
    return lambda self, **options: original(self, **{**options, "ensure_ascii": False, "sort_keys": True})


def replaced_decode(json):
    original = json.JSONDecoder.decode
    return lambda self, s, **more: ["decoded", original(self, s, **more)]


def replaced_raw_decode(json):
    original = json.JSONDecoder.raw_decode
    return lambda self, s, idx=0: (["raw"], original(self, s, idx)[1])


def scanner_in_python(json):
    return json.scanner.py_make_scanner


# (where, name, what takes its place: a function of the module); several at once are replaced one after the other.
ENCODERS = {
    "_default_encoder": [("", "_default_encoder", lambda json: Sub.encoder(json)(separators=(",", ":")))],
    "_default_encoder of json's class": [("", "_default_encoder", lambda _: Sub.encoder(json)(indent=1))],
    "_default_encoder that is no encoder": [("", "_default_encoder", lambda _: None)],
    "default of _default_encoder": [("_default_encoder", "default", lambda json: lambda o: "instance")],
    "indent of _default_encoder": [("_default_encoder", "indent", lambda json: 1)],
    "ensure_ascii of _default_encoder": [("_default_encoder", "ensure_ascii", lambda json: False)],
    "item_separator of _default_encoder": [("_default_encoder", "item_separator", lambda json: ";")],
    "encode of _default_encoder": [("_default_encoder", "encode", lambda json: lambda o: "instance")],
    "iterencode of _default_encoder": [("_default_encoder", "iterencode", lambda json: lambda o, **more: ["inst"])],
    "JSONEncoder": [("", "JSONEncoder", Sub.encoder)],
    "JSONEncoder and _default_encoder": [
        ("", "JSONEncoder", Sub.encoder),
        ("", "_default_encoder", lambda json: json.JSONEncoder()),
    ],
    "JSONEncoder of encoder": [("encoder", "JSONEncoder", Sub.encoder)],
    "JSONEncoder.default": [("JSONEncoder", "default", lambda json: lambda self, o: "class")],
    "JSONEncoder.default, static": [("JSONEncoder", "default", lambda json: staticmethod(lambda o: "static"))],
    "JSONEncoder.encode": [("JSONEncoder", "encode", replaced_encode)],
    "JSONEncoder.iterencode": [("JSONEncoder", "iterencode", replaced_iterencode)],
    "JSONEncoder.default and iterencode": [
        ("JSONEncoder", "default", lambda json: lambda self, o: "class"),
        ("JSONEncoder", "iterencode", replaced_iterencode),
    ],
    "JSONEncoder.__init__": [("JSONEncoder", "__init__", replaced_init)],
    "JSONEncoder's separators": [
        ("JSONEncoder", "item_separator", lambda json: ","),
        ("JSONEncoder", "key_separator", lambda json: ":"),
    ],
    "a property of JSONEncoder": [("JSONEncoder", "sort_keys", lambda json: property(lambda self: True, lambda *_: 0))],
    "c_make_encoder": [("encoder", "c_make_encoder", lambda json: None)],
    # 3.15's json looks for this name at each value, and then knows no float as one; ours goes on as before.
    **(
        {
            "c_make_encoder and float": [
                ("encoder", "c_make_encoder", lambda json: None),
                ("encoder", "float", lambda json: TwoDigits),
            ],
        }
        if sys.version_info < (3, 15)
        else {}
    ),
    "c_make_encoder and FLOAT_REPR": [
        ("encoder", "c_make_encoder", lambda json: None),
        ("encoder", "FLOAT_REPR", lambda json: lambda o: format(o, ".2f")),
    ],
    "FLOAT_REPR": [("encoder", "FLOAT_REPR", lambda json: lambda o: format(o, ".2f"))],
    "INFINITY": [("encoder", "INFINITY", lambda json: 1.23456)],
    "INFINITY in Python": [
        ("encoder", "c_make_encoder", lambda json: None),
        ("encoder", "INFINITY", lambda json: 1.23456),
    ],
    "_make_iterencode": [("encoder", "_make_iterencode", lambda json: lambda *_: lambda o, level: ["made"])],
    "encode_basestring_ascii": [("encoder", "encode_basestring_ascii", lambda json: lambda s: f"'{s}'")],
    "encode_basestring": [("encoder", "encode_basestring", lambda json: lambda s: f"'{s}'")],
    "Python's strings": [("encoder", "encode_basestring_ascii", lambda json: json.encoder.py_encode_basestring_ascii)],
    "another ESCAPE_DCT": [("encoder", "ESCAPE_DCT", lambda json: {})],
}
DECODERS = {
    "_default_decoder": [("", "_default_decoder", lambda json: json.JSONDecoder(object_hook=len))],
    "_default_decoder of json's class": [("", "_default_decoder", lambda _: json.JSONDecoder(parse_float=str))],
    "_default_decoder that is no decoder": [("", "_default_decoder", lambda _: 1)],
    "scan_once of _default_decoder": [("_default_decoder", "scan_once", lambda json: lambda s, idx: ("own", len(s)))],
    "decode of _default_decoder": [("_default_decoder", "decode", lambda json: lambda s: "own")],
    "JSONDecoder": [("", "JSONDecoder", lambda json: overriding(json.JSONDecoder, decode=lambda self, s: "replaced"))],
    "JSONDecoder.decode": [("JSONDecoder", "decode", replaced_decode)],
    "JSONDecoder.raw_decode": [("JSONDecoder", "raw_decode", replaced_raw_decode)],
    "detect_encoding": [("", "detect_encoding", lambda json: lambda data: "latin-1")],
    "loads": [("", "loads", lambda json: lambda s, **options: ["loads", s, sorted(options)])],
    "make_scanner": [("scanner", "make_scanner", scanner_in_python)],
    "make_scanner and _default_decoder": [
        ("scanner", "make_scanner", scanner_in_python),
        ("", "_default_decoder", lambda json: json.JSONDecoder()),
    ],
    "c_make_scanner": [("scanner", "c_make_scanner", lambda json: None)],
    "scanstring": [("decoder", "scanstring", lambda json: lambda s, end, strict=True: ("scanned", len(s)))],
    "JSONArray in Python": [
        ("scanner", "make_scanner", scanner_in_python),
        ("decoder", "JSONArray", lambda json: lambda s_and_end, scan_once: (["array"], len(s_and_end[0]))),
        ("", "_default_decoder", lambda json: json.JSONDecoder()),
    ],
    "scanstring in Python, for keys too": [
        ("scanner", "make_scanner", scanner_in_python),
        ("decoder", "scanstring", lambda json: lambda s, end, strict=True: ("scanned", s.index('"', end) + 1)),
        ("", "_default_decoder", lambda json: json.JSONDecoder()),
    ],
    "float of decoder": [("decoder", "float", lambda json: str)],
    "_CONSTANTS": [("decoder", "_CONSTANTS", lambda json: {"NaN": "not a number"})],
}
ALL = {**ENCODERS, **DECODERS}
CLASSES = [name for name, changes in ALL.items() if changes[0][0] in ("JSONEncoder", "JSONDecoder")]


def at(module, path):
    return getattr(module, path) if path else module


def told(module, calls, values, changes, where=None):
    """What each call gives before, with the changes made (in ``where``, or in the module itself), and after."""

    def all_of_them():
        return [repr(outcome(lambda _: call(module, value), module)[:3]) for call in calls.values() for value in values]

    where = where or module
    before = all_of_them()
    with ExitStack() as stack:
        for path, name, value in changes:
            stack.enter_context(mock.patch.object(at(where, path), name, value(where), create=True))
        during = all_of_them()
        again = all_of_them()
    assert all_of_them() == before
    assert during == again
    return [each.replace("cyjson.", "json.") for each in before + during]


def compare(calls, values, expected, actual):
    for index, (theirs, ours) in enumerate(zip(expected, actual)):
        call, value = divmod(index % (len(calls) * len(values)), len(values))
        assert ours == theirs, (list(calls)[call], values[value])
    assert len(actual) == len(expected)


@pytest.mark.parametrize("changes", ENCODERS.values(), ids=list(ENCODERS))
def test_encoders(changes):
    ours, theirs = (told(module, ENCODING, VALUES, changes) for module in (cyjson, json))
    compare(ENCODING, VALUES, theirs, ours)


@pytest.mark.parametrize("changes", DECODERS.values(), ids=list(DECODERS))
def test_decoders(changes):
    ours, theirs = (told(module, DECODING, TEXTS, changes) for module in (cyjson, json))
    compare(DECODING, TEXTS, theirs, ours)


@pytest.mark.parametrize("name", CLASSES)
def test_json_s_own_classes(name):
    """What is replaced in json's class counts for cyjson's, which derives from it."""
    changes = ALL[name]
    calls, values = (ENCODING, VALUES) if name in ENCODERS else (DECODING, TEXTS)
    ours, theirs = (told(module, calls, values, changes, where=json) for module in (cyjson, json))
    compare(calls, values, theirs, ours)


def test_names_that_come_and_go():
    """Each change counts from the next call on, also a change of what was changed, by whatever means."""
    encoder = cyjson._default_encoder
    try:
        for turn in range(3):
            cyjson._default_encoder = cyjson.JSONEncoder(indent=turn)
            assert cyjson.dumps([1]) == json.dumps([1], indent=turn)
            vars(cyjson)["_default_encoder"] = cyjson.JSONEncoder(default=lambda o: turn)
            assert cyjson.dumps([1j]) == f"[{turn}]"
            cyjson._default_encoder = encoder
            assert cyjson.dumps([1]) == "[1]"
            vars(encoder)["indent"] = turn
            assert cyjson.dumps([1]) == json.dumps([1], indent=turn)
            encoder.indent = None
            assert cyjson.dumps([1]) == "[1]"
            encoder.more = turn
            assert cyjson.dumps([1]) == "[1]"
            del encoder.more
            del cyjson._default_encoder
            with pytest.raises(NameError):
                cyjson.dumps([1])
            cyjson._default_encoder = encoder
            assert cyjson.dumps([1]) == "[1]"
    finally:
        cyjson._default_encoder = encoder
        encoder.indent = None


def test_names_of_its_own_are_not_json_s():
    """What is new here asks for no name but JSONEncoder.default."""
    with mock.patch.object(cyjson, "_default_encoder", None), mock.patch.object(cyjson.encoder, "c_make_encoder", None):
        assert cyjson.encode({"a": [1, 2.5]}) == b'{"a":[1,2.5]}'
    with mock.patch.object(cyjson, "_default_decoder", None):
        assert cyjson.dumps([1]) == "[1]"
    with mock.patch.object(json.JSONEncoder, "default", lambda self, o: "class"):
        assert cyjson.encode([1j]) == b'["class"]'


def test_what_replaces_may_replace_again():
    """... while it is called, and raise."""
    encoder = cyjson._default_encoder

    class Once:
        def encode(self, o):
            cyjson._default_encoder = encoder
            raise LookupError(o)

    cyjson._default_encoder = Once()
    try:
        with pytest.raises(LookupError):
            cyjson.dumps(1)
        assert cyjson.dumps(1) == "1"
    finally:
        cyjson._default_encoder = encoder


@pytest.mark.skipif(sys.version_info < (3, 12), reason="dicts can be watched from 3.12 on")
def test_without_a_watcher_to_be_had():
    testcapi = pytest.importorskip("_testcapi")
    import subprocess

    if not hasattr(testcapi, "add_dict_watcher"):
        pytest.skip("no add_dict_watcher")
    program = """
import _testcapi, json
try:
    while True:
        _testcapi.add_dict_watcher(0)
except RuntimeError:
    pass
import cyjson
assert cyjson.dumps([1]) == "[1]"
cyjson._default_encoder = cyjson.JSONEncoder(indent=1)
assert cyjson.dumps([1]) == json.dumps([1], indent=1)
"""
    subprocess.run([sys.executable, "-c", program], check=True)

"""Every public name of json, with its signature, attributes and overridable methods."""

import copy
import inspect
import io
import json
import json.tool
import pickle

import pytest
from support.compare import PYPY, Record, frozen, native_only, outcome, parameters, same

import cyjson
import cyjson.tool

SUBMODULES = ["encoder", "decoder", "scanner"]


# Names


def test_module_names():
    names = {name for name in dir(json) if not name.startswith("__")} - {"tool", "_pypyjson"}
    assert names <= set(dir(cyjson))
    new = {"backend", "detect_encoding", "dump_bytes", "encode", "open_document", "save"}
    new |= {"Codec", "Mismatch", "Raw", "ValidationError", "decode", "register"}
    new |= {"LazyArray", "LazyObject", "lazy", "pick"}
    new |= {"install", "installed", "uninstall"}
    assert set(cyjson.__all__) == {*json.__all__, *new}
    assert cyjson.backend in ("c", "python")
    assert isinstance(cyjson.__version__, str)
    assert cyjson.__doc__


@pytest.mark.parametrize("name", SUBMODULES)
def test_submodule_names(name):
    ours, theirs = getattr(cyjson, name), getattr(json, name)
    assert ours.__name__ == f"cyjson.{name}"
    public = {each for each in dir(theirs) if not each.startswith("__")}
    assert public <= set(dir(ours))
    assert getattr(ours, "__all__", None) == getattr(theirs, "__all__", None)


def test_star_import():
    names = {}
    exec("from cyjson import *", names)
    assert set(names) - {"__builtins__"} == set(cyjson.__all__)


def test_same_objects():
    assert cyjson.JSONDecodeError is json.JSONDecodeError is cyjson.decoder.JSONDecodeError
    assert cyjson.detect_encoding is json.detect_encoding
    assert cyjson.encoder.c_make_encoder is json.encoder.c_make_encoder
    assert cyjson.encoder.py_encode_basestring is json.encoder.py_encode_basestring
    assert cyjson.encoder.py_encode_basestring_ascii is json.encoder.py_encode_basestring_ascii
    assert cyjson.decoder.py_scanstring is json.decoder.py_scanstring
    assert cyjson.scanner.py_make_scanner is json.scanner.py_make_scanner
    assert cyjson.encoder.INFINITY == float("inf")
    assert cyjson.encoder.ESCAPE is json.encoder.ESCAPE
    assert cyjson.decoder.WHITESPACE is json.decoder.WHITESPACE
    assert cyjson.scanner.NUMBER_RE is json.scanner.NUMBER_RE


def test_one_object_under_all_its_names():
    assert cyjson.encoder.JSONEncoder is cyjson.JSONEncoder
    assert cyjson.decoder.JSONDecoder is cyjson.JSONDecoder
    assert cyjson.decoder.scanner is cyjson.scanner
    for module, name in [
        ("encoder", "encode_basestring"),
        ("encoder", "encode_basestring_ascii"),
        ("decoder", "scanstring"),
        ("scanner", "make_scanner"),
    ]:
        ours, theirs = getattr(cyjson, module), getattr(json, module)
        written_in = "py_" if getattr(theirs, f"c_{name}") is None else "c_"  # PyPy's json is without C
        assert getattr(ours, name) is getattr(ours, written_in + name)


@native_only
def test_native_names_are_the_extension_s():
    assert cyjson.loads is cyjson._native.loads
    assert cyjson.dumps is cyjson._native.dumps
    assert cyjson.decoder.scanstring is not json.decoder.scanstring
    assert cyjson.encoder.encode_basestring is not json.encoder.encode_basestring
    assert cyjson.scanner.make_scanner is not json.scanner.make_scanner


def test_classes_derive_from_json_s():
    assert issubclass(cyjson.JSONEncoder, json.JSONEncoder)
    assert issubclass(cyjson.JSONDecoder, json.JSONDecoder)
    assert isinstance(cyjson._default_encoder, cyjson.JSONEncoder)
    assert isinstance(cyjson._default_decoder, cyjson.JSONDecoder)


@pytest.mark.parametrize(
    "path",
    ["dump", "dumps", "load", "loads", "detect_encoding", "JSONDecodeError", "JSONEncoder", "JSONDecoder", "tool.main"]
    + [f"JSONEncoder.{name}" for name in ("__init__", "default", "encode", "iterencode")]
    + [f"JSONDecoder.{name}" for name in ("__init__", "decode", "raw_decode")],
)
def test_signatures(path):
    def at(module):
        for name in path.split("."):
            module = getattr(module, name)
        return module

    assert parameters(at(cyjson)) == parameters(at(json))
    assert at(cyjson).__name__ == at(json).__name__
    assert at(cyjson).__doc__ or not at(json).__doc__ or path.endswith("__")


def test_signature_of_encode():
    assert str(inspect.signature(cyjson.encode)) == (
        "(obj, *, default=None, sort_keys=False, indent=None, skipkeys=False, separators=None, check_circular=True, "
        "cls=None)"
    )


def test_signature_of_decode():
    assert str(inspect.signature(cyjson.decode)) == "(data, type=Ellipsis, *, errors='all')"


# Attributes


def test_attributes_of_an_encoder():
    def attributes(json):
        encoder = json.JSONEncoder(skipkeys=True, indent=2, separators=("a", "b"), sort_keys=True, allow_nan=False)
        return vars(encoder), vars(json.JSONEncoder())

    same(attributes)
    same(lambda json: (json.JSONEncoder.item_separator, json.JSONEncoder.key_separator))
    same(lambda json: (json.JSONEncoder(indent=1).item_separator, json.JSONEncoder(indent=1).key_separator))
    assert cyjson.JSONEncoder(default=len).default is len


def test_attributes_of_a_decoder():
    def attributes(json):
        return [
            {name: value for name, value in vars(decoder).items() if name not in ("scan_once", "array_hook")}
            for decoder in (
                json.JSONDecoder(parse_constant=len),
                json.JSONDecoder(object_hook=len, strict=False, parse_constant=len),
                json.JSONDecoder(object_pairs_hook=len, parse_float=str, parse_int=float, parse_constant=len),
            )
        ]

    ours, theirs = attributes(cyjson), attributes(json)
    for our, their in zip(ours, theirs):
        assert set(our) == set(their)
        for name in set(our) - {"parse_string"}:
            assert our[name] == their[name], name
        assert our["parse_string"] is cyjson.decoder.scanstring
    assert cyjson.JSONDecoder().array_hook is None
    assert cyjson.JSONDecoder(array_hook=len).array_hook is len
    decoder = cyjson.JSONDecoder()
    assert [decoder.parse_constant(name) for name in ("Infinity", "-Infinity")] == [float("inf"), -float("inf")]
    assert decoder.scan_once("[1]", 0) == ([1], 3)
    assert decoder.memo == {}


def test_attributes_set_on_an_encoder_later_count():
    def call(json):
        encoder = json.JSONEncoder()
        texts = []
        for name, value in [
            ("item_separator", ";"),
            ("key_separator", "="),
            ("ensure_ascii", False),
            ("sort_keys", True),
            ("indent", 1),
            ("skipkeys", True),
            ("default", repr),
        ]:
            setattr(encoder, name, value)
            texts.append(encoder.encode({"é": [1, 2], "b": {}, **({(1,): len} if encoder.skipkeys else {})}))
        encoder.allow_nan = False
        texts.append(outcome(lambda _: encoder.encode([float("nan")]), json))
        return texts

    same(call)


@pytest.mark.parametrize(
    "name", ["object_hook", "object_pairs_hook", "parse_int", "parse_float", "strict", "parse_string"]
)
def test_attributes_set_on_a_decoder_later_do_not_count(name):
    """The scanner reads a decoder's attributes once, when the decoder is made."""

    def call(json):
        decoder = json.JSONDecoder()
        setattr(decoder, name, None if name == "strict" else lambda *_: "changed")
        return outcome(lambda _: decoder.decode('{"a": [1, 1.5, "\t"]}'), json), decoder.decode('{"a": [1, 1.5, "x"]}')

    same(call)


# array_hook, which json has from 3.15


def test_array_hook():
    calls = Record()
    text = '[1, [2, []], {"a": [3]}, "[]"]'
    expected = (1, (2, ()), {"a": (3,)}, "[]")
    assert cyjson.loads(text, array_hook=calls.of("array", tuple)) == expected
    arguments = [[], [2, ()], [3], [1, (2, ()), {"a": (3,)}, "[]"]]
    assert calls == [("array", frozen(each)) for each in arguments]
    assert cyjson.loads(text.encode("utf-16"), array_hook=tuple) == expected
    assert cyjson.JSONDecoder(array_hook=tuple).decode(text) == expected
    assert cyjson.JSONDecoder(array_hook=tuple).raw_decode(text + " and more") == (expected, len(text))
    assert cyjson.loads(text, cls=cyjson.JSONDecoder, array_hook=tuple) == expected
    assert cyjson.loads(text, array_hook=None) == json.loads(text)


def test_array_hook_with_the_others():
    calls = Record()
    result = cyjson.loads(
        '[{"a": [1, 2.5, NaN]}, {}]',
        array_hook=calls.of("array", tuple),
        object_hook=calls.of("object", len),
        parse_int=calls.of("int", str),
        parse_float=calls.of("float", str),
        parse_constant=calls.of("constant", str),
    )
    assert result == (1, 0)
    assert [name for name, _ in calls] == ["int", "float", "constant", "array", "object", "object", "array"]
    assert cyjson.loads('[{"a": []}]', array_hook=tuple, object_pairs_hook=tuple) == ((("a", ()),),)


def test_array_hook_that_raises():
    def refuse(items):
        raise LookupError(items)

    with pytest.raises(LookupError) as told:
        cyjson.loads("[1, [2], 3]", array_hook=refuse)
    assert told.value.args == ([2],)
    with pytest.raises(TypeError):
        cyjson.loads("[1]", array_hook=3)
    assert cyjson.loads("{}", array_hook=refuse) == {}


@pytest.mark.parametrize(
    "text", ["[１]", "[1１]", "[1.１]", "[1,]", "[", "[1 2]", '["\t"]', "[nul]", "[]]", "[\x00]", "[-]"]
)
def test_array_hook_changes_no_error(text):
    """... even where it makes the fallback use another scanner."""

    def call(module):
        return cyjson.loads(text, array_hook=tuple) if module is cyjson else json.loads(text)

    told, expected = outcome(call, cyjson), outcome(call, json)
    assert told[:2] == expected[:2] == ("exception", json.JSONDecodeError)
    assert told == expected or PYPY  # whose json has other words, and with a hook takes any digits


# Pickling and copying


@pytest.mark.parametrize(
    "name", ["dump", "dumps", "load", "loads", "encode", "decode", "detect_encoding", "JSONEncoder", "JSONDecoder"]
)
def test_functions_and_classes_pickle(name):
    function = getattr(cyjson, name)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(function, protocol)) is function
    assert copy.copy(function) is copy.deepcopy(function) is function


def test_instances_copy():
    encoder = copy.copy(cyjson.JSONEncoder(indent=1, sort_keys=True))
    assert encoder.encode({"b": 1, "a": []}) == json.dumps({"b": 1, "a": []}, indent=1, sort_keys=True)
    assert pickle.loads(pickle.dumps(encoder)).encode({"b": 1}) == json.dumps({"b": 1}, indent=1)
    assert copy.copy(cyjson.JSONDecoder(parse_int=float)).decode("[1]") == [1.0]


def test_errors_pickle():
    with pytest.raises(json.JSONDecodeError) as told:
        cyjson.loads("[1,\n2,")
    again = pickle.loads(pickle.dumps(told.value))
    assert (type(again), again.args, vars(again)) == (json.JSONDecodeError, told.value.args, vars(told.value))


class Lying(str):
    """A str that is written, in some versions and some paths of json's, as what its methods say."""

    def __str__(self):
        return "STR"

    def __mul__(self, times):
        return f"<{times}>"

    __rmul__ = __mul__


@pytest.mark.parametrize("ensure_ascii", [True, False])
@pytest.mark.parametrize("options", [{"separators": (Lying(","), Lying(":"))}, {"indent": Lying(" ")}], ids=list)
def test_pieces_of_a_subclass(options, ensure_ascii):
    value = {"a": [1, 2, {"b": [3, 4]}], "c": 1}
    for call in (
        lambda json: json.dumps(value, ensure_ascii=ensure_ascii, **options),
        lambda json: json.JSONEncoder(ensure_ascii=ensure_ascii, **options).encode(value),
        lambda json: "".join(json.JSONEncoder(ensure_ascii=ensure_ascii, **options).iterencode(value)),
        lambda json: written(json, value, ensure_ascii=ensure_ascii, **options),
    ):
        assert same(call)[0] == "result"
    encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, **{"separators": (",", ": "), **options})
    assert cyjson.encode(value, **options) == encoder.encode(value).encode()


def written(json, value, **options):
    file = io.StringIO()
    json.dump(value, file, **options)
    return file.getvalue()

"""Every public name of json, with its signature, attributes and overridable methods."""

import copy
import functools
import inspect
import io
import json
import json.tool
import pickle
import sys
import types
import weakref
from unittest import mock

import pytest
from compare import PYPY, Record, frozen, native_only, outcome, same

import cyjson
import cyjson.tool

SUBMODULES = ["encoder", "decoder", "scanner"]


# Names


def test_module_names():
    names = {name for name in dir(json) if not name.startswith("__")} - {"tool", "_pypyjson"}
    assert names <= set(dir(cyjson))
    new = {"backend", "detect_encoding", "dump_bytes", "encode", "open_document", "save"}
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


# Signatures


def parameters(function):
    """Name, kind and default of each parameter, without the one that is new in 3.15."""
    return [
        (each.name, each.kind, each.default)
        for each in inspect.signature(function).parameters.values()
        if each.name != "array_hook"
    ]


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


# Subclasses overriding each method


def encoder_classes(base):
    class Default(base):
        def default(self, o):
            return f"<{type(o).__name__}>"

    class DefaultAskingSuper(base):
        def default(self, o):
            if isinstance(o, bytes):
                return o.decode()
            return super().default(o)

    class Encode(base):
        def encode(self, o):
            return "E" + super().encode([o])

    class Iterencode(base):
        def iterencode(self, o, _one_shot=False):
            yield f"I{_one_shot}"
            yield from super().iterencode([o], _one_shot)

    class IterencodeWithoutHint(base):
        def iterencode(self, o):
            return iter(["J", *super().iterencode(o)])

    class Init(base):
        def __init__(self, *, word="none", **options):
            options["sort_keys"] = True
            super().__init__(**options)
            self.word = word

        def default(self, o):
            return self.word

    class ClassSeparators(base):
        item_separator = ";"
        key_separator = "="

    class PropertySeparators(base):
        @property
        def item_separator(self):
            return "|"

    class StaticDefault(base):
        default = staticmethod(lambda o: "static")

    class Grandchild(Default):
        item_separator = "/"

    class Slots(base):
        __slots__ = ("extra",)

    return list(filter(lambda each: isinstance(each, type) and each is not base, locals().values()))


ENCODERS = [
    pytest.param(index, origin, id=f"{each.__name__} of {origin}")
    for index, each in enumerate(encoder_classes(json.JSONEncoder))
    for origin in ("json", "same")
]
SAMPLES = [
    {"b": [1, 2.5, None, {}], "a": {"é": (1, [])}},
    [b"bytes", {"k": {1}}],
    "text é",
    b"alone",
    [],
    {"d": b"1"},
    1.5,
]


@pytest.mark.parametrize("index, origin", ENCODERS)
@pytest.mark.parametrize(
    "options", [{}, {"indent": 2}, {"separators": (",", ":")}, {"ensure_ascii": False}, {"default": repr}]
)
def test_encoder_subclasses(index, origin, options):
    """Subclasses of json's class work alike in cyjson, and those of cyjson's class work as json's do in json."""

    def cls(module):
        return encoder_classes(json.JSONEncoder if origin == "json" else module.JSONEncoder)[index]

    for sample in SAMPLES:
        same(lambda json: json.dumps(sample, cls=cls(json), **options))
        same(lambda json: cls(json)(**options).encode(sample))
        same(lambda json: "".join(cls(json)(**options).iterencode(sample)))


def test_encoder_subclass_with_keywords_of_its_own():
    def call(json):
        class Words(json.JSONEncoder):
            def __init__(self, *args, word, **options):
                super().__init__(*args, **options)
                self.word = word

            def default(self, o):
                return self.word

        return json.dumps([len], cls=Words, word="ours"), outcome(lambda json: json.dumps(1, cls=Words), json)[1:3]

    same(call)


def test_what_a_class_gets_from_dumps():
    """cls may be anything that can be called and gives something with encode."""
    record = Record()

    class Anything:
        def __init__(self, **options):
            record.append(options)

        def encode(self, o):
            return ("encoded", o)

        def iterencode(self, o):
            return ["iter", "encoded"]

    assert same(lambda json: json.dumps(1, cls=Anything, sort_keys=True, own=2))[0] == "result"
    assert record[0] == record[1]
    assert list(record[0]) == list(record[1])
    same(lambda json: json.dumps(1, cls=lambda **options: Anything(**options)))


def test_instance_attributes_made_in_init():
    """An instance may set default and its flags itself, after the constructor."""

    def call(json):
        class Own(json.JSONEncoder):
            def __init__(self, **options):
                super().__init__(**options)
                self.default = lambda o: "own"
                self.item_separator = " ; "
                self.ensure_ascii = False
                self.sort_keys = True

        return json.dumps({"é": len, "a": 1}, cls=Own)

    same(call)


def decoder_classes(base):
    class Decode(base):
        def decode(self, s):
            return ["decode", super().decode(s)]

    class RawDecode(base):
        def raw_decode(self, s, idx=0):
            value, end = super().raw_decode(s, idx)
            return ["raw", value], end

    class ScanOnce(base):
        def __init__(self, **options):
            super().__init__(**options)
            scan_once = self.scan_once
            self.scan_once = lambda s, idx: (["scan", scan_once(s, idx)[0]], scan_once(s, idx)[1])

    class PythonScanner(base):
        def __init__(self, **options):
            super().__init__(**options)
            self.parse_array = lambda s_and_end, scan_once: ("array", len(s_and_end[0]))
            self.scan_once = json.scanner.py_make_scanner(self)

    class PythonStrings(base):
        def __init__(self, **options):
            super().__init__(**options)
            self.parse_string = lambda s, end, strict: ("string", json.decoder.scanstring(s, end, strict)[1])
            self.scan_once = json.scanner.py_make_scanner(self)

    class PythonObjects(base):
        def __init__(self, **options):
            super().__init__(**options)
            self.parse_object = lambda s_and_end, *rest: ("object", len(s_and_end[0]))
            self.scan_once = json.scanner.py_make_scanner(self)

    class SameScannerAgain(base):
        def __init__(self, **options):
            super().__init__(**options)
            self.parse_int = lambda text: f"int {text}"
            self.scan_once = json.scanner.make_scanner(self)

    class ObjectHook(base):
        def __init__(self, **options):
            super().__init__(object_hook=self.found, **options)

        def found(self, obj):
            return sorted(obj)

    class Slots(base):
        __slots__ = ("extra",)

    return list(filter(lambda each: isinstance(each, type) and each is not base, locals().values()))


DECODERS = [
    pytest.param(index, origin, id=f"{each.__name__} of {origin}")
    for index, each in enumerate(decoder_classes(json.JSONDecoder))
    for origin in ("json", "same")
]


@pytest.mark.parametrize("index, origin", DECODERS)
@pytest.mark.parametrize("options", [{}, {"parse_float": str}, {"object_pairs_hook": len}, {"strict": False}])
def test_decoder_subclasses(index, origin, options):
    def cls(module):
        return decoder_classes(json.JSONDecoder if origin == "json" else module.JSONDecoder)[index]

    for text in ['{"b": [1, 2.5], "a": {"c": "x"}}', " [] ", '"text"', "1", "[1,]", "", '{"a":}', '["\t"]', "[1] 2"]:
        same(lambda json: json.loads(text, cls=cls(json), **options))
        same(lambda json: json.loads(text.encode(), cls=cls(json), **options))
        same(lambda json: cls(json)(**options).decode(text))
        same(lambda json: cls(json)(**options).raw_decode(text))


def test_what_a_class_gets_from_loads():
    record = Record()

    class Anything:
        def __init__(self, **options):
            record.append(options)

        def decode(self, s):
            return ("decoded", s)

    same(lambda json: json.loads(b"[1", cls=Anything, parse_int=float, own=2))
    same(lambda json: json.loads("\ufeff[1]", cls=Anything))
    assert record[0] == record[1] == {"own": 2, "parse_int": float}


# encode and decode, which are C where nothing is unusual


METHODS = [("JSONEncoder", "encode"), ("JSONDecoder", "decode")]


@pytest.mark.parametrize("cls, name", METHODS)
def test_methods_look_like_functions(cls, name):
    ours, theirs = (getattr(getattr(module, cls), name) for module in (cyjson, json))
    assert isinstance(ours, types.FunctionType)
    assert inspect.isfunction(ours)
    assert inspect.isroutine(ours)
    assert inspect.getfullargspec(ours).args == inspect.getfullargspec(theirs).args
    assert (ours.__name__, ours.__qualname__, ours.__annotations__) == (name, f"{cls}.{name}", {})
    defining = next(each for each in getattr(cyjson, cls).__mro__ if name in vars(each))
    assert ours.__module__ == defining.__module__
    assert ours.__doc__
    assert f"def {name}(" in inspect.getsource(ours)
    assert repr(ours).startswith(f"<function {cls}.{name} at ")
    assert vars(defining)[name] is ours
    assert hash(ours) == hash(ours)
    assert callable(ours)
    instance = getattr(cyjson, cls)()
    bound = getattr(instance, name)
    assert inspect.ismethod(bound)
    assert bound.__self__ is instance
    assert bound.__func__ is ours
    assert bound == getattr(instance, name)
    assert parameters(bound)[:1] == parameters(ours)[1:2]
    assert functools.wraps(ours)(lambda *args: None).__wrapped__ is ours


@pytest.mark.parametrize("cls, name", METHODS)
def test_methods_pickle_and_copy(cls, name):
    function = getattr(getattr(cyjson, cls), name)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        # Python's pickler asks in another way.
        for dumps in (pickle.dumps, pickle._dumps):
            assert pickle.loads(dumps(function, protocol)) is function
    assert copy.copy(function) is copy.deepcopy(function) is function
    assert pickle.loads(pickle.dumps(cyjson.JSONEncoder(sort_keys=True).encode))({"b": 1, "a": 2}) == '{"a": 2, "b": 1}'


@pytest.mark.thread_unsafe
@pytest.mark.parametrize("cls, name", METHODS)
def test_methods_have_weak_references_and_attributes(cls, name):
    function, instance = getattr(getattr(cyjson, cls), name), getattr(cyjson, cls)()
    assert weakref.ref(function)() is function
    assert weakref.WeakMethod(getattr(instance, name))() == getattr(instance, name)
    assert weakref.WeakKeyDictionary({function: 1})[function] == 1
    function.mark = 1
    assert function.mark == function.__dict__["mark"] == getattr(instance, name).mark == 1
    del function.mark
    assert not hasattr(function, "mark")
    for odd in 10**30, b"__name__", None:
        with pytest.raises(TypeError):
            type(function).__getattribute__(function, odd)


@pytest.mark.thread_unsafe
def test_methods_are_replaced_as_functions_are():
    def call(json):
        with mock.patch.object(json.JSONEncoder, "encode", autospec=True, return_value="mocked") as encode:
            encoder = json.JSONEncoder()
            told = [encoder.encode([1]), encode.call_count, outcome(lambda _: encoder.encode(), json)[1]]
        with mock.patch.object(json.JSONDecoder, "decode", lambda self, s: ["patched", s]):
            told.append(json.JSONDecoder().decode("[1]"))
        return [*told, json.JSONEncoder().encode([1]), json.JSONDecoder().decode("[1]")]

    same(call)


CALLS = [
    lambda method, instance, argument: method(),
    lambda method, instance, argument: method(instance),
    lambda method, instance, argument: method(instance, argument, argument, argument),
    lambda method, instance, argument: method(instance, o=argument),
    lambda method, instance, argument: method(instance, s=argument),
    lambda method, instance, argument: method(instance, argument, o=argument),
    lambda method, instance, argument: method(instance, argument, s=argument),
    lambda method, instance, argument: method(instance, x=argument),
    lambda method, instance, argument: method(self=instance, o=argument),
    lambda method, instance, argument: method(self=instance, s=argument),
    lambda method, instance, argument: method(None, argument),
    lambda method, instance, argument: method(object(), argument),
    lambda method, instance, argument: method(types.SimpleNamespace(), argument),
    lambda method, instance, argument: method([], argument),
    lambda method, instance, argument: method(type(instance), argument),
    lambda method, instance, argument: method(instance, argument),
    lambda method, instance, argument: method.__get__(instance)(argument),
    lambda method, instance, argument: method.__get__(instance, type(instance))(argument),
    lambda method, instance, argument: method.__get__(None, type(instance))(instance, argument),
    lambda method, instance, argument: method.__call__(instance, argument),
    lambda method, instance, argument: functools.partial(method, instance)(argument),
    lambda method, instance, argument: list(map(method, [instance], [argument])),
]


@pytest.mark.parametrize("cls, name", METHODS)
@pytest.mark.parametrize("index", range(len(CALLS)))
def test_methods_called_rightly_and_wrongly(cls, name, index):
    for argument in ("[1]", '"', [1], b"[1]", 1, None, {1}):
        same(lambda json: CALLS[index](getattr(getattr(json, cls), name), getattr(json, cls)(), argument))


BOUND_CALLS = [
    lambda method, argument: method(),
    lambda method, argument: method(argument),
    lambda method, argument: method(*[argument] * 3),
    lambda method, argument: method(o=argument),
    lambda method, argument: method(s=argument),
    lambda method, argument: method(argument, o=argument),
    lambda method, argument: method(argument, x=argument),
    lambda method, argument: method(argument, self=argument),
    lambda method, argument: method(*[argument], **{}),
]


@pytest.mark.parametrize("cls, name", METHODS)
@pytest.mark.parametrize("index", range(len(BOUND_CALLS)))
def test_bound_methods_called_rightly_and_wrongly(cls, name, index):
    for argument in ("[1]", '"', [1], b"[1]", 1, None, {1}):
        same(lambda json: BOUND_CALLS[index](getattr(getattr(json, cls)(), name), argument))


def test_methods_of_other_objects():
    """Called with an object that has what they look for, they do what they can."""

    def call(json):
        class Encoder:
            item_separator, key_separator, iterencode = ", ", ": ", json.JSONEncoder.iterencode
            default = json.JSONEncoder.default

        class Decoder:
            raw_decode = json.JSONDecoder.raw_decode

        encoder, decoder = Encoder(), Decoder()
        told = [outcome(lambda _: json.JSONEncoder.encode(encoder, [1]), json)[1]]
        told.append(outcome(lambda _: json.JSONDecoder.decode(decoder, "[1]"), json))
        vars(encoder).update(vars(json.JSONEncoder()))
        vars(decoder).update(vars(json.JSONDecoder()))
        return *told, json.JSONEncoder.encode(encoder, [1]), json.JSONDecoder.decode(decoder, "[1]")

    same(call)


class Odd(str):
    """A str that is equal to another but isn't an interned one."""

    __slots__ = ()


def set_all(**values):
    def change(instance):
        for name, value in values.items():
            setattr(instance, name, value)

    return change


def set_under_another_key(name, value):
    def change(instance):
        vars(instance).pop(name, None)
        vars(instance)[Odd(name)] = value

    return change


ENCODER_CHANGES = {
    "default": set_all(default=lambda o: "set"),
    "default not callable": set_all(default=3),
    "default None": set_all(default=None),
    "iterencode": set_all(iterencode=lambda o, _one_shot=False: ["set", str(_one_shot)]),
    "iterencode of another": lambda encoder: set_all(iterencode=type(encoder)(indent=1).iterencode)(encoder),
    "default of another": lambda encoder: set_all(default=type(encoder)(default=repr).default)(encoder),
    "encode": set_all(encode=lambda o: "set"),
    "indent": set_all(indent=2),
    "indent 0": set_all(indent=0),
    "indent False": set_all(indent=False),
    "indent text": set_all(indent="--"),
    "indent odd": set_all(indent=1.5),
    "sort_keys 1": set_all(sort_keys=1),
    "sort_keys None": set_all(sort_keys=None),
    "sort_keys text": set_all(sort_keys="yes"),
    "skipkeys 1": set_all(skipkeys=1),
    "skipkeys": set_all(skipkeys=True),
    "ensure_ascii": set_all(ensure_ascii=False),
    "ensure_ascii 0": set_all(ensure_ascii=0),
    "allow_nan": set_all(allow_nan=False),
    "allow_nan 0": set_all(allow_nan=0),
    "check_circular": set_all(check_circular=False),
    "check_circular []": set_all(check_circular=[]),
    "separators": set_all(item_separator=";", key_separator="="),
    "separators é": set_all(item_separator="é", key_separator="\ud800"),
    "separators None": set_all(item_separator=None),
    "separators bytes": set_all(key_separator=b":"),
    "more": set_all(more=1, other=[]),
    "many more": set_all(**{f"more{i}": i for i in range(50)}),
    "under an odd key": set_under_another_key("sort_keys", True),
    "default under an odd key": set_under_another_key("default", lambda o: "odd"),
    "iterencode under an odd key": set_under_another_key("iterencode", lambda o, _one_shot=False: ["odd"]),
    "indent under an odd key": set_under_another_key("indent", 3),
    "a key that isn't text": lambda encoder: vars(encoder).__setitem__(1, 2),
    "another __dict__": set_all(__dict__={**vars(json.JSONEncoder()), "sort_keys": True}),
    "in another order": lambda encoder: set_all(__dict__=dict(reversed(vars(encoder).items())))(encoder),
    "no __dict__ left": lambda encoder: vars(encoder).clear(),
}
for each in ["skipkeys", "ensure_ascii", "check_circular", "allow_nan", "sort_keys", "indent", "item_separator"]:
    ENCODER_CHANGES[f"del {each}"] = lambda encoder, each=each: delattr(encoder, each)


@pytest.mark.parametrize("change", ENCODER_CHANGES.values(), ids=list(ENCODER_CHANGES))
def test_instances_of_encoders_changed(change):
    values = ["é", {"b": [1, 1.5], "a": {}}, [float("nan")], {(1,): 1, "x": None}, [{1}], {1}, 1, 1e400, [], {}]

    def call(json, value, used_before):
        encoder = json.JSONEncoder(separators=(", ", ": "))
        if used_before:
            encoder.encode(value if isinstance(value, str) else [1])
        change(encoder)
        return encoder.encode(value), "".join(encoder.iterencode(value))

    for value in values:
        for used_before in (False, True):
            same(lambda json: call(json, value, used_before))


DECODER_CHANGES = {
    "raw_decode": set_all(raw_decode=lambda s, idx=0: (["set", idx], len(s))),
    "raw_decode not callable": set_all(raw_decode=None),
    "scan_once": set_all(scan_once=lambda s, idx: (["set", idx], len(s))),
    "scan_once not callable": set_all(scan_once=None),
    "scan_once of another": lambda decoder: set_all(scan_once=type(decoder)(parse_int=str).scan_once)(decoder),
    "raw_decode of another": lambda decoder: set_all(raw_decode=type(decoder)(parse_int=str).raw_decode)(decoder),
    "decode": set_all(decode=lambda s: "set"),
    "more": set_all(more=1, other=[]),
    "raw_decode under an odd key": set_under_another_key("raw_decode", lambda s, idx=0: ("odd", len(s))),
    "scan_once under an odd key": set_under_another_key("scan_once", lambda s, idx: ("odd", len(s))),
    "a key that isn't text": lambda decoder: vars(decoder).__setitem__(1, 2),
    "del scan_once": lambda decoder: delattr(decoder, "scan_once"),
    "del strict": lambda decoder: delattr(decoder, "strict"),
}


@pytest.mark.parametrize("change", DECODER_CHANGES.values(), ids=list(DECODER_CHANGES))
def test_instances_of_decoders_changed(change):
    def call(json, text, used_before):
        decoder = json.JSONDecoder()
        if used_before:
            decoder.decode("[1]")
        change(decoder)
        return decoder.decode(text)

    for text in ("[1]", ' {"a": 1.5} ', "", "[1,]", "1 2", b"[1]", None):
        for used_before in (False, True):
            same(lambda json: call(json, text, used_before))


def changed_encoders(base):
    """Changes of a class, each of which must count from the next call on."""
    prop = property(lambda self: True)
    yield "item_separator", "-"
    yield "key_separator", "-"
    yield "item_separator", Odd(";")
    yield "item_separator", property(lambda self: "|")
    yield "skipkeys", prop
    yield "ensure_ascii", property(lambda self: False)
    yield "sort_keys", prop
    yield "indent", property(lambda self: 1)
    yield "check_circular", prop
    yield "allow_nan", property(lambda self: False)
    yield "skipkeys", True  # an instance's own comes first
    yield "default", lambda self, o: "class"
    yield "default", staticmethod(lambda o: "static")
    yield "default", classmethod(lambda cls, o: cls.__name__)
    yield "default", property(lambda self: lambda o: "property")
    yield "default", lambda o: "no self"
    yield "default", functools.partial(lambda o: "partial")
    yield "default", None
    yield "iterencode", lambda self, o, _one_shot=False: ["class"]
    yield "iterencode", staticmethod(lambda o, _one_shot=False: ["static"])
    yield "encode", lambda self, o: f"E{base.encode(self, o)}"
    yield "__getattribute__", lambda self, name: True if name == "sort_keys" else object.__getattribute__(self, name)
    yield "__getattr__", lambda self, name: 1 / 0
    yield "__slots__", ()


@pytest.mark.parametrize("parent", [False, True])
@pytest.mark.parametrize("index", range(len(list(changed_encoders(json.JSONEncoder)))))
def test_classes_of_encoders_changed(index, parent):
    values = [{"b": [1, 1.5], "a": {}, "é": "é"}, {(1,): 1}, [float("nan")], [{1}, (2,)], "é"]

    def call(json):
        class Parent(json.JSONEncoder):
            pass

        class Encoder(Parent):
            pass

        instances = [Encoder(), Encoder(default=repr), Encoder()]
        vars(instances[2])["default"] = lambda o: "instance"
        name, attribute = list(changed_encoders(json.JSONEncoder))[index]

        def told():
            return [outcome(lambda _: each.encode(value), json)[:3] for each in instances for value in values]

        before = told()
        changed_class = Parent if parent else Encoder
        setattr(changed_class, name, attribute)
        changed = told()
        delattr(changed_class, name)
        assert told() == before
        return [repr(each) for each in before + changed]

    same(call)


@pytest.mark.thread_unsafe
def test_json_s_own_default_replaced():
    """What many do, so that all that is encoded knows their types."""

    def call(json):
        import json as stdlib

        encoder = json.JSONEncoder()
        told = [outcome(lambda _: encoder.encode([{1}]), json)[:3]]
        with mock.patch.object(stdlib.JSONEncoder, "default", lambda self, o: "replaced"):
            told.append(outcome(lambda _: encoder.encode([{1}]), json)[:3])
        return repr([*told, outcome(lambda _: encoder.encode([{1}]), json)[:3]])

    same(call)


def test_classes_of_decoders_changed():
    changes = [
        ("raw_decode", lambda self, s, idx=0: ("class", len(s))),
        ("raw_decode", staticmethod(lambda s, idx=0: ("static", len(s)))),
        ("raw_decode", property(lambda self: lambda s, idx=0: ("property", len(s)))),
        ("scan_once", property(lambda self: lambda s, idx: ("property", len(s)))),
        ("scan_once", None),
        ("decode", lambda self, s: "class"),
        ("__getattribute__", lambda self, name: 1 / 0),
    ]

    def call(json):
        class Parent(json.JSONDecoder):
            pass

        class Decoder(Parent):
            pass

        decoder, told = Decoder(), []
        for name, attribute in changes:
            for cls in (Decoder, Parent):
                told.append(decoder.decode("[1]"))
                setattr(cls, name, attribute)
                told.append(outcome(lambda _: decoder.decode("[1]"), json)[:3])
                delattr(cls, name)
        return [repr(each) for each in [*told, decoder.decode("[1]")]]

    same(call)


def test_an_instance_s_class_and_a_class_s_bases_changed():
    def call(json):
        class Plain(json.JSONEncoder):
            pass

        class Other(json.JSONEncoder):
            def default(self, o):
                return "other"

        class Semicolons(json.JSONEncoder):
            item_separator = ";"

        class Below(Plain):
            pass

        encoder, below = Plain(), Below()
        told = [encoder.encode([1, 2]), below.encode([1, 2])]
        encoder.__class__ = Other
        told.append(encoder.encode([1, {2}]))
        encoder.__class__ = Semicolons
        told.append(encoder.encode([1, 2]))
        Below.__bases__ = (Other,)
        told.append(below.encode([1, {2}]))
        Below.__bases__ = (Semicolons,)
        return [*told, below.encode([1, 2])]

    same(call)


def test_classes_of_a_metaclass():
    def call(json):
        class Meta(type):
            item_separator = "meta"

            def __getattribute__(cls, name):
                return ";" if name == "key_separator" else super().__getattribute__(name)

        class Encoder(json.JSONEncoder, metaclass=Meta):
            pass

        class Decoder(json.JSONDecoder, metaclass=Meta):
            pass

        return Encoder().encode({"a": [1, 2]}), Decoder().decode("[1]")

    same(call)


@pytest.mark.skipif(not hasattr(sys, "_clear_type_cache"), reason="types' versions stay what they are")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.thread_unsafe
def test_versions_of_types_given_out_again():
    """sys._clear_type_cache() may do that, so that another class has the version that one without overrides had."""

    def make(name, **members):
        return type(name, (cyjson.JSONEncoder,), members)

    sys._clear_type_cache()
    plain = [make(f"Plain{i}") for i in range(3)]
    assert [each().encode([1]) for each in plain] == ["[1]"] * 3
    sys._clear_type_cache()
    others = [make(f"Other{i}", iterencode=lambda self, o, _one_shot=False: ["other"]) for i in range(2000)]
    assert {each().encode([1]) for each in others} == {"other"}


def test_a_key_of_an_instance_s_dict_that_takes_out_another():
    """The scanner must live as long as it is used."""

    class Key(str):
        def __hash__(self):
            return hash("raw_decode")

        def __eq__(self, other):
            vars(decoder).pop("scan_once", None)
            return False

    decoder = cyjson.JSONDecoder()
    vars(decoder)[Key("x")] = 1
    with pytest.raises(AttributeError):
        decoder.decode("[1]")
    vars(decoder).clear()


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
    "name", ["dump", "dumps", "load", "loads", "encode", "detect_encoding", "JSONEncoder", "JSONDecoder"]
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

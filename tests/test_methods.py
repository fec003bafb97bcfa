"""JSONEncoder and JSONDecoder: subclasses, methods called in every way, instances and classes changed later."""

import copy
import functools
import inspect
import json
import json.tool
import math
import pickle
import sys
import types
import weakref
from unittest import mock

import pytest
from support.compare import Record, outcome, parameters, same
from support.writers import WRITERS

import cyjson
import cyjson.tool

# Subclasses overriding each method


def classes_in(names, base):
    return [each for each in names.values() if isinstance(each, type) and each is not base]


def of_both(classes):
    """The index of each, and whether json's class is to be its base or that of the module called."""
    return [
        pytest.param(index, origin, id=f"{each.__name__} of {origin}")
        for index, each in enumerate(classes)
        for origin in ("json", "same")
    ]


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

    return classes_in(locals(), base)


ENCODERS = of_both(encoder_classes(json.JSONEncoder))
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

    return classes_in(locals(), base)


DECODERS = of_both(decoder_classes(json.JSONDecoder))


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


@pytest.mark.parametrize("default", [str.upper, int.__add__, object.__repr__, dict.fromkeys, len, functools.cache(id)])
def test_a_default_that_is_no_python_function(default):
    """It is bound before anything is encoded, which fails for a method of another type."""
    for value in [1], [[None]], "text":
        same(lambda json: type("Encoder", (json.JSONEncoder,), {"default": default})().encode(value))
        same(lambda json: "".join(type("Encoder", (json.JSONEncoder,), {"default": default})().iterencode(value)))


@pytest.mark.parametrize("text", ["[1]", b"[1]", 1, None])
def test_attributes_that_raise_are_read_in_json_s_order(text):
    def decode(json, name):
        unreadable = property(lambda self: 1 / 0, lambda self, value: None)
        return type("Decoder", (json.JSONDecoder,), {name: unreadable})().decode(text)

    same(lambda json: decode(json, "scan_once"))
    same(lambda json: decode(json, "raw_decode"))


@pytest.mark.skipif(sys.version_info < (3, 13), reason="asks for indent first")
def test_an_encoder_without_attributes_asked_for_one_piece():
    same(lambda json: json.JSONEncoder.iterencode(object(), [1], True))


@pytest.mark.parametrize("name", ["parse_float", "parse_int", "parse_constant"])
def test_a_scanner_calls_none(name):
    """Which stands for the default where a decoder is made, and for nothing afterwards."""

    def scan(json, text):
        decoder = json.JSONDecoder()
        setattr(decoder, name, None)
        return json.scanner.make_scanner(decoder)(text, 0)

    for text in "1", "1.5", "NaN", "[-Infinity]", "[1, nul]":
        same(lambda json: scan(json, text))


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


class Fickle:
    """As true as the answers have it, one after another; then it raises."""

    def __init__(self, answers):
        self.answers = iter(answers)

    def __bool__(self):
        return next(self.answers)


FLAGS = ["skipkeys", "ensure_ascii", "check_circular", "allow_nan", "sort_keys"]
FLAG_VALUES = {
    "fickle": lambda: Fickle([False, True, False, True]),
    "true once": lambda: Fickle([True]),
    "raising": lambda: Fickle([]),
    "int subclass": lambda: Number(1),
    "float": lambda: 0.0,
    "list": lambda: [0],
    "str": lambda: "",
    "int": lambda: 2,
}


class Number(int):
    pass


@pytest.mark.parametrize("value", FLAG_VALUES)
@pytest.mark.parametrize("flag", FLAGS)
def test_flags_that_run_python_code(flag, value):
    """Each function of json's asks for a flag's truth where it needs it, and as often."""
    for document in "text", 1, [], [math.nan, "é"], {2: {3: [{1: 2, 0: 1}]}, (1,): 1}, {"b": 1, "a": {}}:
        for options in {}, {"indent": 1}, {"indent": 1.5}, {"separators": (1, 2)}:
            for write in WRITERS.values():

                def call(json, write=write, options=options, document=document):
                    return write(json, document, **{flag: FLAG_VALUES[value]()}, **options)

                same(call, notes=False)

"""What json and its modules export: of what kind it is, how it is pickled, and how wrong calls are refused."""

import copy
import functools
import inspect
import json
import pickle
import pydoc
import re
import types
import typing
import weakref
from unittest import mock

import pytest
from support.compare import PYPY, native_only

import cyjson
from cyjson import lines, stream

MODULES = ["", "encoder", "decoder", "scanner"]


def at(module, path):
    for name in filter(None, path.split(".")):
        module = getattr(module, name)
    return module


EXPORTS = [
    f"{module}.{name}".lstrip(".")
    for module in MODULES
    for name, value in sorted(vars(at(json, module)).items())
    if not name.startswith("__") and not isinstance(value, types.ModuleType) and value is not None
]
CALLABLES = [path for path in EXPORTS if callable(at(json, path))]
METHODS = ["encode", "iterencode", "default", "decode", "raw_decode", "scan_once", "__init__"]


# Kind, names, signature


@pytest.mark.parametrize("path", EXPORTS)
def test_kinds(path):
    ours, theirs = at(cyjson, path), at(json, path)
    assert callable(ours) == callable(theirs)
    assert inspect.isroutine(ours) == inspect.isroutine(theirs)
    assert inspect.isclass(ours) == inspect.isclass(theirs)
    for name in "__name__", "__qualname__":
        assert getattr(ours, name, None) == getattr(theirs, name, None)
    module = getattr(theirs, "__module__", None)
    if ours is not theirs and isinstance(module, str) and not isinstance(theirs, type):
        told = {"json": "cyjson", "json.decoder": "cyjson.decoder", "json.encoder": "cyjson.encoder"}.get(module)
        assert ours.__module__ in (module, told, "cyjson." + path.partition(".")[0])
        if callable(ours):
            assert getattr(__import__(ours.__module__, fromlist=["x"]), ours.__name__) is ours or PYPY


@pytest.mark.parametrize("path", CALLABLES)
def test_signatures_where_json_has_one(path):
    def parameters(function):
        return [
            (p.name, p.kind, p.default)
            for p in inspect.signature(function).parameters.values()
            if p.name != "array_hook"
        ]

    try:
        theirs = parameters(at(json, path))
    except (TypeError, ValueError):
        return
    assert parameters(at(cyjson, path)) == theirs


# Pickling and copying


@pytest.mark.parametrize("path", CALLABLES)
def test_functions_and_classes_pickle_by_reference(path):
    """What json pickles so, so do we; and the other backend finds what this one wrote."""
    theirs, ours = at(json, path), at(cyjson, path)
    try:
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            assert pickle.loads(pickle.dumps(theirs, protocol)) is theirs
    except pickle.PicklingError:
        return
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(ours, protocol)) is ours
    assert copy.copy(ours) is copy.deepcopy(ours) is ours
    assert b"_native" not in pickle.dumps(ours) and b"_pure" not in pickle.dumps(ours)


@pytest.mark.parametrize("name", [each for each in cyjson.__all__ if callable(getattr(cyjson, each))])
def test_new_functions_pickle_by_reference(name):
    function = getattr(cyjson, name)
    assert pickle.loads(pickle.dumps(function)) is function
    assert b"_native" not in pickle.dumps(function) and b"_pure" not in pickle.dumps(function)


@pytest.mark.parametrize("module", [lines, stream], ids=lambda module: module.__name__)
def test_functions_of_new_modules_pickle_by_reference(module):
    for name in module.__all__:
        value = getattr(module, name)
        assert pickle.loads(pickle.dumps(value)) is value or not callable(value)


def told(call, module):
    """What a call gives, or how it is refused, in words that are the same for both modules."""
    try:
        result = call(module)
    except Exception as error:
        message = str(error).replace("cyjson._native.", "_json.")
        return type(error), re.sub("0x[0-9a-f]+", "0x", message)  # PyPy's addresses
    return "result", type(result).__name__


INSTANCES = {
    "a decoder": lambda module: module.JSONDecoder(),
    "a decoder with a hook": lambda module: module.JSONDecoder(object_hook=len, strict=False),
    "an encoder": lambda module: module.JSONEncoder(indent=1),
    "a scanner": lambda module: module.JSONDecoder().scan_once,
    "decode": lambda module: module.JSONDecoder().decode,
    "raw_decode": lambda module: module.JSONDecoder().raw_decode,
    "encode": lambda module: module.JSONEncoder().encode,
    "iterencode": lambda module: module.JSONEncoder().iterencode,
    "the default decoder": lambda module: module._default_decoder,
    "the default encoder": lambda module: module._default_encoder,
    "an error": lambda module: module.JSONDecodeError("msg", "doc", 1),
}


@pytest.mark.parametrize("name", INSTANCES)
def test_instances_pickle_or_refuse_as_json_s(name):
    make = INSTANCES[name]
    calls = [
        lambda module, p=p: pickle.loads(pickle.dumps(make(module), p)) for p in range(pickle.HIGHEST_PROTOCOL + 1)
    ]
    for call in [*calls, lambda module: copy.copy(make(module)), lambda module: copy.deepcopy(make(module))]:
        assert told(call, cyjson) == told(call, json)


# Refusals


class NoTruth:
    def __bool__(self):
        raise LookupError("no truth")


class Text(str):
    pass


CONTEXT = {
    "strict": True,
    "object_hook": None,
    "object_pairs_hook": None,
    "parse_float": float,
    "parse_int": int,
    "parse_constant": float,
}
VALUES = [None, 1, -1, 10**30, 1.5, "x", '"x"', 'x"', b"x", Text('a"'), [], {}, True, len, object]
ONE = [((), {}), ((), {"s": "x"}), ((), {"string": "x"}), (("x", "y"), {}), (("x",), {"s": 1})] + [
    ((v,), {}) for v in VALUES
]
STRING = (
    [((), {}), (('a"',), {}), (('a"', 0, True, 1), {}), ((), {"s": 'a"', "end": 0}), (('a"', 0), {"strict": False})]
    + [(('a"',), {"end": 0}), ((), {"string": 'a"', "end": 0}), ((), {"unknown": 1})]
    + [each for v in VALUES for each in [((v, 0), {}), (('a"', v), {}), (('a\t"', 0, v), {})]]
    + [(('a"', end), {}) for end in (-5, 0, 1, 2, 3, 10)]
    + [(('a"', 0, NoTruth()), {})]
)
SCANNER = (
    [((), {}), ((), {"context": types.SimpleNamespace(**CONTEXT)}), ((types.SimpleNamespace(**CONTEXT),), {})]
    + [((types.SimpleNamespace(**CONTEXT), 1), {}), ((), {"ctx": 1}), ((1,), {"context": 1}), ((None,), {})]
    + [((types.SimpleNamespace(**{k: v for k, v in CONTEXT.items() if k != less}),), {}) for less in CONTEXT]
    + [((types.SimpleNamespace(**{**CONTEXT, "strict": NoTruth()}),), {})]
)
CLASSES = [
    ((1,), {}),
    ((1, 2), {}),
    ((), {"unknown": 1}),
    ((), {"object_hok": 1}),
    ((), {"indnt": 1}),
    ((), {"strict": NoTruth()}),
    ((), {"separators": 1}),
    ((), {"separators": (1,)}),
    ((), {"separators": (1, 2, 3)}),
    ((), {"default": 1}),
    ((), {"parse_float": NoTruth()}),
]
CALLS = [
    ((), {}),
    ((1, 2, 3, 4), {}),
    ((), {"o": 1}),
    ((), {"s": "1"}),
    ((), {"s": "1", "idx": 0}),
    ((), {"string": "1", "idx": 0}),
    (("1",), {"unknown": 1}),
    (("[1]",), {}),
    ((1,), {}),
    ((None,), {}),
    ((b"1",), {}),
    ((bytearray(b"1"),), {}),
    (("[1]", -1), {}),
    (("[1]", 5), {}),
    (("1", "0"), {}),
    (("1",), {"o": 1}),
    (("1",), {"s": "1"}),
    (([len],), {}),
]
FUNCTIONS = [
    ((), {}),
    ((1, 2), {}),
    ((1, 2, 3), {}),
    ((1, 2, 3, 4), {}),
    ((1, 2), {"indent": 1}),
    ((1, 2, 3), {"indent": 1, "strict": 0}),
    ((1,), {"obj": 1}),
    ((1, 2), {"fp": 1}),
    ((), {"obj": 1}),
    ((), {"fp": 1}),
    ((), {"obj": 1, "fp": 1}),
    ((), {"s": "1"}),
    ((1,), {"unknown": 1}),
    (("1",), {"cls": 1}),
    (("1",), {"cls": dict}),
    (("1",), {"cls": object}),
    ((1,), {"separators": 1}),
    (([1],), {"indent": 1.5}),
    ((len,), {}),
    (([len],), {"default": 1}),
    (("[]",), {"object_hook": 1}),
    (("{}",), {"object_hook": 1}),
    (("{}",), {"object_pairs_hook": 1}),
    (("1",), {"parse_int": 1}),
    (("NaN",), {"parse_constant": 1}),
    (("1",), {"strict": NoTruth()}),
    (({},), {"sort_keys": NoTruth()}),
    (({(1,): 1},), {}),
]
REFUSALS = {
    **{f"encoder.{each}": ONE for each in ("encode_basestring", "encode_basestring_ascii")},
    **{f"encoder.c_{each}": ONE for each in ("encode_basestring", "encode_basestring_ascii")},
    **{f"decoder.{each}": STRING for each in ("scanstring", "c_scanstring")},
    **{f"scanner.{each}": SCANNER for each in ("make_scanner", "c_make_scanner")},
    **dict.fromkeys(("JSONEncoder", "JSONDecoder"), CLASSES),
    **{f"{cls}.{method}": CALLS for cls in ("JSONEncoder", "JSONDecoder") for method in METHODS},
    **{f"{cls}().{method}": CALLS for cls in ("JSONEncoder", "JSONDecoder") for method in METHODS},
    **dict.fromkeys(("dump", "dumps", "load", "loads"), FUNCTIONS),
    "detect_encoding": ONE,
}


@pytest.mark.parametrize("path", REFUSALS)
def test_refusals(path):
    def found(module):
        cls, instance, method = path.partition("()")
        return at(at(module, cls)(), method) if instance else at(module, path)

    for args, keywords in REFUSALS[path]:
        ours, theirs = (told(lambda module: found(module)(*args, **keywords), each) for each in (cyjson, json))
        if "iterencode" in path and ours[0] == theirs[0] == "result":
            continue  # ours is no generator
        assert ours == theirs, (args, keywords)


# Functions as functions, where that costs nothing


@pytest.mark.parametrize("name", ["dump", "dumps", "load", "loads", "encode", "dump_bytes"])
def test_functions_tell_of_themselves(name):
    function = getattr(cyjson, name)
    assert inspect.isroutine(function)
    assert function.__module__ in ("cyjson", "json")  # the fallback may have json's own
    assert function.__qualname__ == function.__name__ == name
    assert inspect.signature(function).parameters
    assert inspect.getdoc(function)
    assert typing.get_type_hints(function) == {}
    with pytest.raises(TypeError):
        inspect.signature(function).bind()
    assert name in pydoc.render_doc(function, renderer=pydoc.plaintext)
    assert weakref.ref(function)() is function and {function: 1}[function] == 1

    @functools.wraps(function)
    def wrapped(*args, **kwargs):
        return function(*args, **kwargs)

    assert (wrapped.__name__, wrapped.__doc__) == (name, function.__doc__)
    assert inspect.signature(wrapped) == inspect.signature(function)


@pytest.mark.parametrize("name", ["dumps", "encode"])
def test_functions_as_attributes_of_classes(name):
    """As the README says: on the native backend they become methods by way of a function only."""
    function = getattr(cyjson, name)

    class Members(dict):
        text = function
        told = functools.partialmethod(function, sort_keys=True)

        def written(self):
            return function(self)

    expected = function({"b": 1})
    assert Members(b=1).written() == Members(b=1).told() == expected
    if cyjson.backend == "python":
        assert Members(b=1).text() == expected
    else:
        with pytest.raises(TypeError):
            Members(b=1).text()
        assert Members().text({"b": 1}) == expected


@pytest.mark.parametrize("path", ["JSONEncoder.encode", "JSONDecoder.decode"])
def test_autospec_of_methods(path):
    """Which refuses calls that the method would refuse."""
    cls, name = path.split(".")
    spec = mock.create_autospec(getattr(cyjson, cls))
    with pytest.raises(TypeError):
        getattr(spec(), name)()
    method = mock.create_autospec(at(cyjson, path))
    with pytest.raises(TypeError):
        method()


@native_only
def test_methods_are_functions_to_all_but_type():
    for ours, theirs in [
        (cyjson.JSONEncoder.encode, json.JSONEncoder.encode),
        (cyjson.JSONDecoder.decode, json.JSONDecoder.decode),
    ]:
        assert isinstance(ours, types.FunctionType) and inspect.isfunction(ours)
        for name in set(dir(theirs)) - {"__closure__"}:
            assert hasattr(ours, name), name
        assert ours.__defaults__ == theirs.__defaults__ and ours.__kwdefaults__ == theirs.__kwdefaults__

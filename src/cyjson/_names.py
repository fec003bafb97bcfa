"""Names that programs replace where they mean to change how json works, and which count here as they do there.

``json`` looks names up at each call: ``json._default_encoder = …``, ``json.JSONEncoder.item_separator = ","`` or
``json.encoder.c_make_encoder = None`` change what ``json.dumps`` gives. The extension asks for none of them. It watches
the dicts that hold them, and where one isn't what it was, runs json's own functions with cyjson's names.
"""

import builtins
import json
import sys
from types import CodeType, FunctionType

MISSING = object()

# What a class may have that changes what a plain call does. JSONEncoder.default isn't among it: that one is asked for.
OF_CLASSES = ("__call__", "__getattr__", "__getattribute__", "__init__", "__new__", "__setattr__")
OF_ENCODERS = (
    *("encode", "iterencode", "item_separator", "key_separator", "skipkeys", "ensure_ascii", "check_circular"),
    *("allow_nan", "sort_keys", "indent", *OF_CLASSES),
)
OF_DECODERS = (
    *("decode", "raw_decode", "scan_once", "object_hook", "object_pairs_hook", "array_hook", "parse_float"),
    *("parse_int", "parse_constant", "strict", *OF_CLASSES),
)


def original(value):
    """What was in ``json`` before ``cyjson.install`` put ``value`` there; any other value as it is."""
    native = vars(sys).get("_cyjson", {}).get(f"{__package__}._native")
    return value if native is None else native.originals.get(id(value), value)


def globals_of(module, *functions):
    """The names of a json module, and of builtins, that its functions look up."""
    found, left = set(), [getattr(original(function), "__code__", None) for function in functions]
    while left:
        code = left.pop()
        if code is not None:
            found.update(code.co_names)
            left += [each for each in code.co_consts if isinstance(each, CodeType)]
    return found & (vars(module).keys() | vars(builtins).keys())


def named(function, names):
    """A function of json's with ``names`` for its globals; what somebody has put in its place as it is."""
    function = original(function)
    if type(function) is not FunctionType or function.__globals__ is names:
        return function
    copy = FunctionType(
        function.__code__.replace(), names, function.__name__, function.__defaults__, function.__closure__
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


def watch(package, impl):
    """Have the extension see what is replaced in these modules, in the default instances, and in the classes."""
    encoder, decoder, scanner = package.encoder, package.decoder, package.scanner
    theirs = json.JSONEncoder
    for instance in package._default_encoder, package._default_decoder:
        instance.__dict__ = {**vars(instance)}  # which holds the values itself: only of such a dict are changes seen
    of_methods = globals_of(json.encoder, theirs.encode, theirs.iterencode)
    groups = [
        [
            (vars(package), globals_of(json, json.dumps, json.dump)),
            (vars(package._default_encoder), None),
            (package.JSONEncoder, OF_ENCODERS),
            (theirs, OF_ENCODERS),
            (vars(encoder), of_methods),
        ],
        [
            (vars(package), globals_of(json, json.loads, json.load)),
            (vars(package._default_decoder), None),
            (package.JSONDecoder, OF_DECODERS),
            (json.JSONDecoder, OF_DECODERS),
            (vars(decoder), globals_of(json.decoder, json.JSONDecoder.__init__)),
            (vars(scanner), ("make_scanner",)),
        ],
        [(vars(encoder), of_methods), (theirs, ("encode", "iterencode"))],
    ]
    functions = [named(getattr(json, name), vars(package)) for name in ("dumps", "dump", "loads", "load")]
    impl.watch(*watched(groups), (*functions, encoder._encode_by_name, encoder._iterencode_by_name))


def watched(groups, usual=lambda owner, name, value: value):
    """What the extension's ``watch`` takes, of groups of pairs: an owner of names, and the names (None: all that are
    there). ``usual``: what a name held before it was replaced, if it was.
    """

    def held(owner, names):
        attributes = vars(owner) if isinstance(owner, type) else owner
        names = list(attributes) if names is None else names
        return {name: original(attributes.get(name, MISSING)) for name in names}

    before = [
        [{name: usual(owner, name, value) for name, value in held(owner, names).items()} for owner, names in group]
        for group in groups
    ]

    def find_replaced(group):
        for (owner, names), then in zip(groups[group], before[group], strict=True):
            now = held(owner, names)
            if now.keys() != then.keys() or any(now[name] is not value for name, value in then.items()):
                return True
        return False

    return tuple(tuple(owner for owner, _ in group) for group in groups), find_replaced

"""How ``encode`` writes the instances of classes: a plan for each class, made here for both backends.

Imported where ``encode`` meets the first object that is none of the exact basic types (None, bool, int, float, str,
list, tuple, dict). Nothing is imported for the classes that it knows: an instance of theirs shows that their module is
there, and it is found in ``sys.modules``.

``plan_of(cls, policy)`` returns the plan of a class: a tuple, whose first item is its kind:

    (UNKNOWN,)                     nothing knows it: ``default``, or TypeError with the note ``advice(cls)``
    (BASIC, which)                 a subclass of a basic type, written as json does; which: BASIC_STR, ...
    (OBJECT, fields, unset)        a JSON object; see below
    (ARRAY_OF_FIELDS, fields, unset)  their values as a JSON array (msgspec's array_like)
    (CALL, function)               function(obj), then by ``result_plan_of``
    (JSON_METHOD,)                 obj.__json__() of the type, then by ``result_plan_of``
    (RAW_METHOD,)                  obj.__raw_json__() of the type: a str (or bytes), which is one JSON text; is checked
    (RAW,)                         the bytes of a Raw as they are
    (PYDANTIC,)                    type(obj).__pydantic_serializer__.to_json(obj), where the document is written
                                   compact, without sort_keys; else loads of that, written in the document's style
    (DATETIME, format)             ISO, Z, UNIX or UNIX_MS
    (DATE, format)                 the same
    (TIME,)                        a str: isoformat(), of exact datetime.time
    (ISOFORMAT,)                   a str: obj.isoformat(), of subclasses of the three
    (TIMEDELTA, format)            ISO or SECONDS
    (UUID, format)                 CANONICAL or HEX
    (ENUM, attribute)              the value of that attribute ("_value_", "value", "_name_" or "name"), written as any
                                   object is, by hooks too; where a name is None: ValueError
    (DECIMAL, format)              AS_STRING or AS_NUMBER (NaN and infinities: as those of float)
    (STRING,)                      str(obj)
    (BYTES, format)                BASE64, HEX or UTF8; any exporter of a buffer, in C order
    (ARRAY,)                       what iter(obj) gives, as it comes
    (MAPPING,)                     obj.items() gives its members
    (NUMPY_ARRAY,)                 see ``numpy_values``
    (NUMPY_SCALAR,)                see ``numpy_value``
    (INDEX,)                       operator.index(obj); of hooks' results only
    (FLOAT,)                       float(obj); of hooks' results only

A field is a tuple (attribute, name, rule, value): the value of the attribute (a str) is written under the name (a str,
encoded as any str), or not, by the rule:

    FIELD_ALWAYS                   value: None
    FIELD_OMIT_NONE                omitted where it is None
    FIELD_OMIT_DEFAULT             omitted where it is ``value``, or of the same type and equal (==)
    FIELD_OMIT_FACTORY             the same with value(), called for each instance
    FIELD_REST                     "**": the members of a dict or Mapping are written in place; None: none. A member
                                   whose name is among ``value`` (a frozenset of the other fields' names): ValueError
    FIELD_CONSTANT                 ``value`` itself is written (the tag of a msgspec Struct); attribute: None

``unset`` is a tuple: a field whose value is its only item (msgspec.UNSET) is omitted; () where there is none.

The order in which a class is decided: Codec.types, register, copyreg's table, ``__json__``, ``__raw_json__``, natives,
subclasses of basic types. ``result_plan_of`` decides what a hook returned: natives, subclasses of basic types, then by
``__index__``, ``__float__``, ``keys`` with ``__getitem__`` and ``items``, ``__iter__`` (PEP 837); UNKNOWN is a
TypeError there, but for what ``default`` returned, which is given to ``default`` again. ``key_plan_of`` decides a key
that isn't of the exact basic types: BASIC as json, natives that are scalars, hooks; UNKNOWN is json's TypeError, or
skipped.

The plans don't refer to the class where it can be helped. They are to be made again where the class has changed (its
version; here: ``_marks``), where ``generation()`` gives another number (``register`` was called), where
``abc.get_cache_token()`` does, and where copyreg's table has another function for the class.
"""

import sys
from _collections_abc import Mapping, MappingView, Sequence, Set
from abc import get_cache_token
from itertools import count
from weakref import ref

from ._codec import Raw

# Kinds
UNKNOWN = 0
BASIC = 1
OBJECT = 2
ARRAY_OF_FIELDS = 3
CALL = 4
JSON_METHOD = 5
RAW_METHOD = 6
RAW = 7
PYDANTIC = 8
DATETIME = 9
DATE = 10
TIME = 11
ISOFORMAT = 12
TIMEDELTA = 13
UUID = 14
ENUM = 15
DECIMAL = 16
STRING = 17
BYTES = 18
ARRAY = 19
MAPPING = 20
NUMPY_ARRAY = 21
NUMPY_SCALAR = 22
INDEX = 23
FLOAT = 24

# Formats, 0 being the one without a policy
ISO, Z, UNIX, UNIX_MS = 0, 1, 2, 3
SECONDS = 1
CANONICAL, HEX_DIGITS = 0, 1
AS_STRING, AS_NUMBER = 0, 1
BASE64, HEX, UTF8 = 0, 1, 2

# Which basic type a class is a subclass of
BASIC_STR, BASIC_INT, BASIC_FLOAT, BASIC_LIST, BASIC_TUPLE, BASIC_DICT = 0, 1, 2, 3, 4, 5

# Rules of fields
FIELD_ALWAYS = 0
FIELD_OMIT_NONE = 1
FIELD_OMIT_DEFAULT = 2
FIELD_OMIT_FACTORY = 3
FIELD_REST = 4
FIELD_CONSTANT = 5

_EXACT = (type(None), bool, int, float, str, list, tuple, dict)
_BASICS = ((str, BASIC_STR), (int, BASIC_INT), (float, BASIC_FLOAT), (list, BASIC_LIST), (tuple, BASIC_TUPLE))
_BASICS += ((dict, BASIC_DICT),)
MISSING = object()

_mro_of = type.__dict__["__mro__"].__get__

# Class name: modules that may say they are the class's own, kind. Of these, subclasses are written too.
_NATIVES = {
    "datetime": (("datetime",), DATETIME),
    "date": (("datetime",), DATE),
    "time": (("datetime",), TIME),
    "timedelta": (("datetime",), TIMEDELTA),
    "UUID": (("uuid",), UUID),
    "Decimal": (("decimal", "_decimal", "_pydecimal"), DECIMAL),
    "Fraction": (("fractions",), STRING),
    "ZoneInfo": (("zoneinfo", "zoneinfo._zoneinfo"), STRING),
    "PurePath": (("pathlib", "pathlib._local"), STRING),
    "IPv4Address": (("ipaddress",), STRING),
    "IPv6Address": (("ipaddress",), STRING),
    "IPv4Network": (("ipaddress",), STRING),
    "IPv6Network": (("ipaddress",), STRING),
    "UserString": (("collections",), STRING),
    "bytes": (("builtins",), BYTES),
    "bytearray": (("builtins",), BYTES),
    "memoryview": (("builtins",), BYTES),
    "array": (("array",), ARRAY),
    "ndarray": (("numpy",), NUMPY_ARRAY),
    "generic": (("numpy",), NUMPY_SCALAR),
}

# What Codec.types may name for a kind
FORMATS = {
    DATETIME: {"iso": ISO, "z": Z, "unix": UNIX, "unix_ms": UNIX_MS},
    DATE: {"iso": ISO, "z": Z, "unix": UNIX, "unix_ms": UNIX_MS},
    TIMEDELTA: {"iso": ISO, "seconds": SECONDS},
    UUID: {"canonical": CANONICAL, "hex": HEX_DIGITS},
    DECIMAL: {"string": AS_STRING, "number": AS_NUMBER},
    BYTES: {"base64": BASE64, "hex": HEX, "utf8": UTF8},
    ENUM: {"value": "value", "name": "name"},
    OBJECT: {"array": False, "object": True},  # NamedTuple
    FLOAT: {"error": False, "null": True},
}


class Policy:
    """What a Codec says about writing. Nothing changes it once it is made; plans are kept in it.

    float_null: whether NaN and infinities are written as null; hooks, decoders: {id(cls): (cls, function)}, formats:
    {id(cls): (cls, (kind, format))}, of exact classes; enum_name ("value", "name" or False where nothing is said),
    named_tuple_object ("array", "object" or False): of all that derive from Enum and NamedTuple; rename: None or a
    function of an attribute's name; omit: None, "none" or "default"; plans: what ``kept_plan`` keeps; native: the
    extension's Plans.
    """

    __slots__ = ("float_null", "hooks", "decoders", "formats", "enum_name", "named_tuple_object", "rename", "omit")
    __slots__ += ("plans", "native", "__weakref__")

    def __init__(self):
        self.float_null = self.enum_name = self.named_tuple_object = False
        self.hooks = {}
        self.decoders = {}
        self.formats = {}
        self.rename = self.omit = None
        self.plans = ({}, {}, {})
        self.native = None


DEFAULT = Policy()


# register


_count = count(1).__next__  # a number of its own for each call, in whichever thread
_registered = {}  # id(cls): (a weak reference to cls, encode, decode)
_generation = 0
_latest = [_generation]  # where the extension's decode finds it without a look-up


def generation():
    """A number that changes when ``register`` is called: plans that were made before may be wrong."""
    return _generation


def registered(cls):
    """What ``register`` was given for a class: (encode, decode), each None where there is none."""
    found = _registered.get(id(cls))
    return found[1:] if found is not None and found[0]() is cls else (None, None)


def keep_registered(cls, encode, decode):
    """Keep two functions for a class, or forget those that are there where both are None."""
    global _generation
    key = id(cls)

    def forget(dead):
        found = _registered.get(key)
        if found is not None and found[0] is dead:
            _registered.pop(key, None)

    if encode is None and decode is None:
        _registered.pop(key, None)
    else:
        _registered[key] = ref(cls, forget), encode, decode
    _generation = _latest[0] = _count()


def _in_copyreg(cls):
    """The function that copyreg's JSON table (PEP 837) has for exactly this class, or None."""
    table = getattr(sys.modules.get("copyreg"), "json_dispatch_table", None)
    if table is None:
        return None
    try:
        return table.get(cls)
    except TypeError:  # a metaclass without a hash
        return None


# Plans


def plan_of(cls, policy=None):
    """Return the plan by which ``encode`` writes instances of exactly this class: see the module.

    Raises TypeError where the class's own fields or metadata contradict themselves, ValueError where two fields would
    have one name.
    """
    policy = policy or DEFAULT
    hook = policy.hooks.get(id(cls))
    if hook is not None:
        return CALL, hook[1]
    named = _named(cls, policy)
    if named is None:
        function = registered(cls)[0] or _in_copyreg(cls)
        if function is not None:
            return CALL, function
        if lookup(cls, "__json__") is not None:
            return (JSON_METHOD,)
        if lookup(cls, "__raw_json__") is not None:
            return (RAW_METHOD,)
    return named or _native(cls, policy) or _basic(cls) or _collection(cls) or (UNKNOWN,)


def result_plan_of(cls, policy=None):
    """Return the plan for what a hook returned: hooks are not asked again."""
    policy = policy or DEFAULT
    plan = _named(cls, policy) or _native(cls, policy) or _basic(cls) or _collection(cls)
    if plan is None:
        for names, kind in _STRUCTURAL:
            if all(lookup(cls, name) is not None for name in names):
                return (kind,)
    return plan or (UNKNOWN,)


_STRUCTURAL = (
    (("__raw_json__",), RAW_METHOD),
    (("__index__",), INDEX),
    (("__float__",), FLOAT),
    (("keys", "items", "__getitem__"), MAPPING),
    (("__iter__",), ARRAY),
)

_KEYS = frozenset([BASIC, CALL, JSON_METHOD, DATETIME, DATE, TIME, ISOFORMAT, TIMEDELTA, UUID, ENUM, DECIMAL, STRING])
_KEYS |= {BYTES, NUMPY_SCALAR, INDEX, FLOAT}


def key_plan_of(cls, policy=None, hooked=False):
    """Return the plan for a key of a class that isn't an exact basic type; ``hooked``: for what a hook returned."""
    policy = policy or DEFAULT
    if not hooked and (id(cls) in policy.hooks or _named(cls, policy)):
        plan = plan_of(cls, policy)
    else:
        plan = _basic(cls)
        if plan is None or plan[1] >= BASIC_LIST:
            plan = (result_plan_of if hooked else plan_of)(cls, policy)
    return plan if plan[0] in _KEYS and (plan[0] != BASIC or plan[1] < BASIC_LIST) else (UNKNOWN,)


def is_exact(cls):
    """Whether a class is one of the basic types, whose instances are written without a plan."""
    return any(cls is each for each in _EXACT)


def lookup(cls, name):
    """What the type has under a name, as the interpreter looks up special methods; None where that is None too."""
    for each in _mro_of(cls):
        found = each.__dict__.get(name, MISSING)
        if found is not MISSING:
            return found
    return None


def native_kind(cls):
    """The kind of the natives without fields that a class is, or derives from, and whether it is exactly that class;
    (None, False) where it is none."""
    if issubclass(cls, Raw):
        return RAW, cls is Raw
    for each in _mro_of(cls):
        name = type.__getattribute__(each, "__name__")
        found = _NATIVES.get(name)
        if found is None:
            if name == "Enum" and each is getattr(sys.modules.get("enum"), "Enum", None):
                return ENUM, False
            continue
        for module in found[0]:
            if getattr(sys.modules.get(module), name, None) is each or (
                module == "builtins" and each in (bytes, bytearray, memoryview)
            ):
                return found[1], each is cls
    return None, False


def is_named_tuple(cls):
    """Whether a class is what ``namedtuple`` or ``NamedTuple`` makes, or derives from one."""
    fields = lookup(cls, "_fields") if issubclass(cls, tuple) else None
    return type(fields) is tuple and all(type(each) is str for each in fields)


def _named(cls, policy):
    """The plan where Codec.types names a format for this class; None where it doesn't."""
    found = policy.formats.get(id(cls))
    if found is None:
        if policy.enum_name is not False and native_kind(cls)[0] == ENUM:
            return ENUM, _enum_attribute(cls, policy.enum_name)
        if policy.named_tuple_object is not False and is_named_tuple(cls):
            return _named_tuple(cls, policy, policy.named_tuple_object == "object")
        return None
    kind, format = found[1]
    if kind == ENUM:
        return ENUM, _enum_attribute(cls, format)
    if kind == OBJECT:
        return _named_tuple(cls, policy, format)
    return kind, format


def _named_tuple(cls, policy, as_object):
    if not as_object:
        return BASIC, BASIC_TUPLE
    defaults = lookup(cls, "_field_defaults") or {}
    found = [(name, {}, defaults.get(name, MISSING), MISSING) for name in lookup(cls, "_fields")]
    return OBJECT, _fields(cls, found, policy), ()


def _enum_attribute(cls, name):
    """``_value_`` or ``_name_``, which cost less, where the class hasn't a ``value`` or ``name`` of its own."""
    enum = sys.modules["enum"].Enum
    return f"_{name}_" if lookup(cls, name) is enum.__dict__.get(name) is not None else name


def _native(cls, policy):
    kind, exact = native_kind(cls)
    if kind == ENUM:
        return ENUM, _enum_attribute(cls, "value")
    if lookup(cls, "__pydantic_serializer__") is not None and "pydantic_core" in sys.modules:
        return (PYDANTIC,)
    plan = _class_with_fields(cls, policy)
    if plan is not None:
        return plan
    if kind is None or (kind == NUMPY_SCALAR and issubclass(cls, str)):
        return None
    if not exact:
        if kind in (DATETIME, DATE, TIME):
            return (ISOFORMAT,)
        if kind in (UUID, DECIMAL):
            return (STRING,)
    return (kind, 0) if kind in FORMATS else (kind,)


def _basic(cls):
    for basic, which in _BASICS:
        if issubclass(cls, basic):
            return BASIC, which
    return None


def _collection(cls):
    try:
        if issubclass(cls, Mapping):
            return (MAPPING,)
        if issubclass(cls, (Set, Sequence, MappingView)):
            return (ARRAY,)
    except TypeError:  # a metaclass without a hash
        pass
    if lookup(cls, "__next__") is not None and lookup(cls, "__iter__") is not None:
        return (ARRAY,)
    return None


# Classes with fields


def _class_with_fields(cls, policy):
    """The plan of a dataclass, an attrs class or a msgspec Struct; None for any other."""
    unset = getattr(sys.modules.get("msgspec"), "UNSET", MISSING)
    unset = () if unset is MISSING else (unset,)
    found = _of_struct(cls)
    if found is not None:
        found, config = found
        fields = _fields(cls, found, policy, "default" if config.omit_defaults else policy.omit)
        if config.tag is not None:
            tag = None, config.tag_field, FIELD_CONSTANT, config.tag
            fields = (tag, *fields)
        return (ARRAY_OF_FIELDS if config.array_like else OBJECT), fields, unset
    found = _of_attrs(cls)
    if found is None:
        found = _of_dataclass(cls)
    if found is None:
        return None
    return OBJECT, _fields(cls, found, policy), unset


def _of_struct(cls):
    core = sys.modules.get("msgspec")
    if core is None or not issubclass(cls, core.Struct) or lookup(cls, "__struct_fields__") is None:
        return None
    names, defaults = cls.__struct_fields__, cls.__struct_defaults__
    written = cls.__struct_encode_fields__
    config = cls.__struct_config__
    factory_class = getattr(sys.modules.get("msgspec._core"), "Factory", ())
    found = []
    for at, name in enumerate(names):
        default = defaults[at - len(names)] if len(names) - at <= len(defaults) else core.NODEFAULT
        factory = MISSING
        if default is core.NODEFAULT:
            default = MISSING
        elif factory_class and isinstance(default, factory_class):
            default, factory = MISSING, default.factory
        found.append((name, {} if written[at] == name else {"json": written[at]}, default, factory))
    return found, config


def _of_attrs(cls):
    fields = lookup(cls, "__attrs_attrs__")
    module = sys.modules.get("attr")
    if module is None or not isinstance(fields, tuple):
        return None
    found = []
    for field in fields:
        default, factory = field.default, MISSING
        if default is module.NOTHING:
            default = MISSING
        elif isinstance(default, module.Factory):
            default, factory = MISSING, MISSING if default.takes_self else default.factory
        found.append((field.name, field.metadata, default, factory))
    return found


def _of_dataclass(cls):
    fields = lookup(cls, "__dataclass_fields__")
    module = sys.modules.get("dataclasses")
    if module is None or not isinstance(fields, dict):
        return None
    missing, ordinary = module.MISSING, module._FIELD
    found = []
    for field in fields.values():
        if field._field_type is ordinary:
            default = MISSING if field.default is missing else field.default
            factory = MISSING if field.default_factory is missing else field.default_factory
            found.append((field.name, field.metadata, default, factory))
    return found


def _fields(cls, found, policy, omit=MISSING):
    """The fields of a plan, from (attribute, metadata, default, factory) of each."""
    omit = policy.omit if omit is MISSING else omit
    fields, rest = [], None
    names = {}
    for attribute, metadata, default, factory in found:
        name = metadata.get("json", MISSING)
        if name is None:
            continue
        if name is MISSING:
            name = attribute if policy.rename is None else policy.rename(attribute)
            if name is None:
                name = attribute
        if not isinstance(name, str):
            raise TypeError(
                f"{cls.__name__}.{attribute}: its name in JSON must be a str, or None for none, not "
                f"{type(name).__name__}"
            )
        if name == "**" and "json" in metadata:
            if rest is not None:
                raise TypeError(f'{cls.__name__}: only one field may be "**", not both {rest} and {attribute}')
            rest = attribute
            fields.append((attribute, name, FIELD_REST, None))
            continue
        if name in names:
            raise ValueError(f"{cls.__name__}: {names[name]} and {attribute} have the same name in JSON, {name!r}")
        names[name] = attribute
        rule, value = FIELD_ALWAYS, None
        if omit == "none":
            rule = FIELD_OMIT_NONE
        elif omit == "default" and default is not MISSING:
            rule, value = FIELD_OMIT_DEFAULT, default
        elif omit == "default" and factory is not MISSING:
            rule, value = FIELD_OMIT_FACTORY, factory
        fields.append((attribute, str(name), rule, value))
    if rest is not None:
        others = frozenset(names)
        fields = [(*each[:3], others) if each[2] == FIELD_REST else each for each in fields]
    return tuple(fields)


# Plans that are kept, by the fallback


def _marks(cls):
    """What shows that a class has changed since its plan was made, first which of _LOOKED_UP it lacks. It keeps nothing
    of the class alive."""
    fields = lookup(cls, "__dataclass_fields__")
    if isinstance(fields, dict):
        fields = (id(fields), *fields, *map(id, fields.values()))
    return (
        tuple(lookup(cls, name) is None for name in _LOOKED_UP),
        _generation,
        get_cache_token(),
        _in_copyreg(cls),
        "msgspec" in sys.modules,
        fields,
        id(lookup(cls, "__attrs_attrs__")),
        tuple(map(id, _mro_of(cls))),
    )


_LOOKED_UP = ("__json__", "__raw_json__", "__pydantic_serializer__", "__next__", "__iter__", "__index__", "__float__")
_LOOKED_UP += ("keys", "items", "__getitem__", "_fields")
_MAKERS = plan_of, result_plan_of, key_plan_of
OF_OBJECTS, OF_RESULTS, OF_KEYS = 0, 1, 2


def kept_plan(cls, policy, purpose):
    """Return the plan of a class from those that the policy keeps, made anew where the class has changed; ``purpose``:
    OF_OBJECTS, OF_RESULTS or OF_KEYS."""
    plans = policy.plans[purpose]
    key = id(cls)
    marks = _marks(cls)
    found = plans.get(key)
    if found is not None and found[0]() is cls and found[1] == marks:
        return found[2]

    def forget(dead):
        found = plans.get(key)
        if found is not None and found[0] is dead:
            plans.pop(key, None)

    plan = _MAKERS[purpose](cls, policy)
    # Another thread may have changed the class while the plan was made, and even changed it back.
    lacks_json, lacks_raw_json, *_ = marks[0]
    stands = not (plan[0] == JSON_METHOD and lacks_json or plan[0] == RAW_METHOD and lacks_raw_json)
    if stands and _marks(cls) == marks:
        plans[key] = ref(cls, forget), marks, plan
    return plan


def advice(cls):
    """The note for a class that nothing knows."""
    return (
        f"to write {cls.__name__}, give encode a default=, call cyjson.register({cls.__name__}, encode=…), or give the "
        f"class a method __json__"
    )


from ._natives import field_values, replacement  # noqa: E402, F401  (for the extension, which looks for all of it here)

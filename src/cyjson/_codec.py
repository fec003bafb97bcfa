"""``Codec``, ``register`` and ``Raw``: how programs say what becomes of their classes."""

from types import GenericAlias, MappingProxyType

from . import _impl

__all__ = ["Codec", "Raw", "register"]

_ANY = object()  # what type=Any is until somebody imports typing
_type = type


class Raw(bytes):
    """One JSON text in UTF-8 (RFC 8259), which ``encode`` writes as it is.

    ``Raw(data)`` checks ``data``, which is bytes, bytearray, memoryview or str: JSONDecodeError where it isn't JSON,
    NaN and Infinity included, UnicodeDecodeError where it isn't UTF-8, RecursionError where it is too deeply nested.
    """

    __slots__ = ()
    __module__ = "cyjson"

    def __new__(cls, data):
        if isinstance(data, str):
            text, data = data, data.encode()
        elif isinstance(data, (bytes, bytearray, memoryview)):
            data = bytes(data)
            text = data.decode()
        else:
            raise TypeError(f"data must be bytes, bytearray, memoryview or str, not {_type(data).__name__}")
        # Numbers aren't made: those of many digits would be refused.
        _impl.loads(text, parse_int=str, parse_float=str, parse_constant=_no_constant(text))
        return bytes.__new__(cls, data)

    def decode(self, type=object):
        """Return what the text holds, as ``cyjson.decode`` gives it: an instance of ``type``, or by a Codec."""
        from ._decoding import decode

        return decode(bytes(self), type, "all")

    def __repr__(self):
        return f"{_type(self).__name__}({bytes.__repr__(self)})"

    __str__ = __repr__


def _no_constant(text):
    def refuse(name):
        from json import JSONDecodeError

        raise JSONDecodeError(f"{name} isn't JSON (RFC 8259)", text, text.find(name))

    return refuse


def register(cls, encode=None, decode=None):
    """Have ``encode`` and ``decode`` ask these functions for instances of exactly this class, in the whole process.

    encode: a function of an instance, whose result is written in its place; decode: a function of what stands in the
    document, which returns an instance. A call replaces what was registered for the class before; with neither, nothing
    is registered any more. A ``Codec``'s ``types`` goes before what is registered.

    Raises TypeError where ``cls`` isn't a class, where a function can't be called, and where ``encode`` is given for
    None, bool, int, float, str, list, tuple or dict, whose instances are always written as json does.
    """
    from . import _instances

    if not _is_class(cls):
        raise TypeError(f"cls must be a class, not {type(cls).__name__}")
    for name, function in (("encode", encode), ("decode", decode)):
        if function is not None and not callable(function):
            raise TypeError(f"{name} must be a function or None, not {type(function).__name__}")
    if encode is not None and _instances.is_exact(cls):
        raise TypeError(f"encode can't be registered for {cls.__name__}, whose instances are written as json does")
    _instances.keep_registered(cls, encode, decode)


class Codec:
    """How classes are written and read: what ``encode`` and ``decode`` do, by other rules. It never changes, and may be
    shared between threads.

    type: what ``decode`` makes of a document.

    types: a mapping of classes to what becomes of their instances: the name of a format, a function of an instance,
    whose result is written in its place, or a pair of two functions (encode, decode), one of which may be None. The
    formats: datetime and date ``"iso"``, ``"z"`` (as ``"iso"``, an offset of 0 as Z), ``"unix"`` (seconds since 1970,
    with a fraction where there is one), ``"unix_ms"`` (whole milliseconds); timedelta ``"iso"``, ``"seconds"``; Enum
    ``"value"``, ``"name"``; UUID ``"canonical"``, ``"hex"``; Decimal ``"string"``, ``"number"``; bytes, bytearray,
    memoryview ``"base64"``, ``"hex"``, ``"utf8"``; float ``"error"``, ``"null"`` (of NaN and the infinities);
    NamedTuple ``"array"``, ``"object"``. Those for Enum and NamedTuple hold for all that derive from them, any other
    for exactly that class.

    rename: the names of classes' fields in JSON: ``"camel"``, ``"pascal"``, ``"kebab"``, ``"upper"``, a mapping, or a
    function of the attribute's name. ``field(metadata={"json": name})`` goes before it.

    omit: which fields aren't written: None, ``"none"`` (those that are None) or ``"default"`` (those that have their
    default).

    extra: what becomes of unknown members on reading, ``"ignore"`` or ``"error"``; errors: ``"all"`` or ``"first"``;
    names: a mapping in which annotations are looked up.

    Raises TypeError and ValueError, which name the argument, what was given and what is accepted.
    """

    __slots__ = ("type", "types", "rename", "omit", "extra", "errors", "names", "_policy", "_encode")
    __slots__ += ("_reading", "_plan", "__weakref__")
    __module__ = "cyjson"
    __class_getitem__ = classmethod(GenericAlias)  # Codec[User] in annotations

    def __init__(self, type=_ANY, *, types=None, rename=None, omit=None, extra="ignore", errors="all", names=None):
        from . import _instances

        keep = object.__setattr__
        if type is _ANY:
            from typing import Any as type
        types = _copy("types", types)
        if names is not None:
            names = _copy("names", names)
        for name, value, accepted in (
            ("omit", omit, (None, "none", "default")),
            ("extra", extra, ("ignore", "error")),
            ("errors", errors, ("all", "first")),
        ):
            if value not in accepted:
                raise ValueError(f"{name} must be {_one_of(accepted)}, not {value!r}")
        policy = _instances.Policy()
        for cls, rule in types.items():
            _add_rule(_instances, policy, cls, rule)
        if _is_mapping(rename):
            rename = _copy("rename", rename)
        policy.rename, policy.omit = _renaming(rename), omit
        given = {"type": type, "types": types, "rename": rename, "omit": omit, "extra": extra, "errors": errors}
        for name, value in given.items():
            keep(self, name, value)
        keep(self, "names", names)
        policy = policy if types or rename is not None or omit is not None else _instances.DEFAULT
        keep(self, "_policy", policy)
        keep(self, "_encode", _encoder(policy))
        keep(self, "_reading", None)  # what decode knows of this codec, from the first call on
        keep(self, "_plan", None)  # the last Plan of its type

    def encode(self, obj, **options):
        """Return ``obj`` as ``cyjson.encode`` does, with its options, by this codec's rules."""
        return self._encode(obj, **options)

    def decode(self, data):
        """Return the document in ``data`` as ``cyjson.decode`` does, by this codec's rules, as its ``type``."""
        return _impl.decode(data, self)

    def schema(self):
        """Return the JSON Schema (draft 2020-12) of the documents that ``decode`` takes, as a dict."""
        from ._decoding import plan_by
        from ._schema import schema_of

        return schema_of(plan_by(self), self.encode)

    def __setattr__(self, name, value):
        raise AttributeError(f"a Codec never changes: make another one to have another {name}")

    def __delattr__(self, name):
        raise AttributeError("a Codec never changes")

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def __reduce__(self):
        options = {name: getattr(self, name) for name in _OPTIONS}
        plain = {name: dict(value) if _is_mapping(value) else value for name, value in options.items()}
        return _codec, (_type(self), self.type, plain)

    def __repr__(self):
        given = [self.type.__qualname__ if isinstance(self.type, _type) else repr(self.type)]
        for name, default in _OPTIONS.items():
            value = getattr(self, name)
            if _is_mapping(value):
                value = dict(value)
            if value != default:
                given.append(f"{name}={value!r}")
        return f"Codec({', '.join(given)})"


_OPTIONS = {"types": {}, "rename": None, "omit": None, "extra": "ignore", "errors": "all", "names": None}


def _codec(cls, type, options):
    return cls(type, **options)


def _one_of(accepted):
    *others, last = map(repr, accepted)
    return f"{', '.join(others)} or {last}"


def _is_class(value):
    return issubclass(_type(value), _type)  # isinstance takes list[int] for a class, up to 3.10


def _is_mapping(value):
    return hasattr(_type(value), "keys") and hasattr(_type(value), "__getitem__")


def _copy(name, mapping):
    """A copy of a mapping argument that can't be changed, None being an empty one."""
    if mapping is None:
        mapping = {}
    if not _is_mapping(mapping):
        raise TypeError(f"{name} must be a mapping or None, not {_type(mapping).__name__}")
    return MappingProxyType(dict(mapping))


def _encoder(policy):
    """The function that encodes by a policy."""
    if hasattr(_impl, "Plans"):
        return _impl.Plans(policy).encode
    from functools import partial

    from ._pure import encode_policy

    return partial(encode_policy, policy)


# The rules of Codec.types


def _is_named_tuple_itself(cls):
    from sys import modules

    return cls is getattr(modules.get("typing"), "NamedTuple", None)


def _add_rule(instances, policy, cls, rule):
    """Have a policy follow what Codec.types says of a class."""
    whole = _is_named_tuple_itself(cls)
    if not whole and not _is_class(cls):
        raise TypeError(f"types must have classes as keys, not {cls!r}")
    called = f"types[{cls.__name__}]"
    if isinstance(rule, str):
        _add_format(instances, policy, cls, rule, called)
        return
    pair = rule if isinstance(rule, tuple) and len(rule) == 2 else (rule, None)
    if any(each is not None and not callable(each) for each in pair) or pair == (None, None):
        raise TypeError(
            f"{called} must be the name of a format, a function, or a pair of functions (encode, decode), not {rule!r}"
        )
    encode, decode = pair
    if whole or cls is getattr(instances.sys.modules.get("enum"), "Enum", None):
        raise TypeError(f"{called} must be the name of a format, not a function: those are of exact classes")
    if encode is not None and instances.is_exact(cls):
        raise TypeError(
            f"{called} can't have a function for writing: instances of {cls.__name__} are written as json does"
        )
    if encode is not None:
        policy.hooks[id(cls)] = cls, encode
    if decode is not None:
        policy.decoders[id(cls)] = cls, decode


def _add_format(instances, policy, cls, name, called):
    if _is_named_tuple_itself(cls):
        kind, each = instances.OBJECT, "named_tuple_object"
    elif cls is float:
        kind, each = instances.FLOAT, "float_null"
    elif isinstance(cls, type) and cls is getattr(instances.sys.modules.get("enum"), "Enum", None):
        kind, each = instances.ENUM, "enum_name"
    else:
        kind, each = instances.native_kind(cls)[0], None
        if kind is None and instances.is_named_tuple(cls):
            kind = instances.OBJECT
    formats = instances.FORMATS.get(kind)
    if formats is None:
        raise ValueError(
            f"{called} must be a function or a pair of functions, not {name!r}: no formats have names for this class"
        )
    if name not in formats:
        raise ValueError(f"{called} must be {_one_of(formats)}, not {name!r}")
    if each == "enum_name" or each == "named_tuple_object":
        setattr(policy, each, name)
    elif each:
        setattr(policy, each, formats[name])
    else:
        policy.formats[id(cls)] = cls, (kind, formats[name])


_RENAMED = {
    "camel": lambda first, *others: first + "".join(each[:1].upper() + each[1:] for each in others),
    "pascal": lambda *parts: "".join(each[:1].upper() + each[1:] for each in parts),
    "kebab": lambda *parts: "-".join(parts),
    "upper": None,
}


def _renaming(rename):
    """The function of an attribute's name that gives its name in JSON, or None; None where names stay."""
    if rename is None:
        return None
    if isinstance(rename, str):
        if rename not in _RENAMED:
            raise ValueError(f"rename must be {_one_of(_RENAMED)}, a mapping, a function or None, not {rename!r}")
        if rename == "upper":
            return str.upper
        joined = _RENAMED[rename]

        def renamed(name):
            """Underscores before the name stay, but for kebab; those after it go."""
            bare = name.strip("_")
            if not bare:
                return name
            before = "" if rename == "kebab" else "_" * (len(name) - len(name.lstrip("_")))
            return before + joined(*bare.split("_"))

        return renamed
    if _is_mapping(rename):
        return rename.get
    if callable(rename):
        return rename
    raise TypeError(f"rename must be {_one_of(_RENAMED)}, a mapping, a function or None, not {type(rename).__name__}")


register.__module__ = "cyjson"  # where pickles should look for it

"""Plans of classes with fields: dataclasses, attrs, Structs, NamedTuples, TypedDicts, pydantic, annotated ``__init__``.

No library is imported to know its classes: each leaves its mark on them.
"""

import sys
import types
from collections import ChainMap, OrderedDict, UserDict, UserList, UserString, defaultdict, deque
from functools import partial
from typing import Any, get_args, get_origin

from . import _reading as r

Node, Field, Object, Scope = r.Node, r.Field, r.Object, r.Scope


def of_class(planner, cls, arguments, scope, policy):
    """The Node of a class with its type arguments."""
    arguments = tuple(planner.substituted(each, scope) for each in arguments)
    key = (cls, arguments)
    try:
        node = planner.made.get(key)
    except TypeError:
        node = None
    if node is not None:
        return node
    if dict in cls.__mro__ and hasattr(cls, "__required_keys__"):
        return _plan(planner, r.TYPED_DICT, cls, arguments, scope, _typed_dict)
    if tuple in cls.__mro__ and hasattr(cls, "_fields"):
        return _plan(planner, r.NAMED_TUPLE, cls, arguments, scope, _named_tuple)
    if hasattr(cls, "__pydantic_validator__") and hasattr(cls, "__pydantic_core_schema__"):
        return _pydantic(cls, arguments)
    if getattr(cls, "__abstractmethods__", None):
        raise planner.refusal(cls, scope, ": it is abstract")
    if (generated := _generated(cls)) is not None:
        kind = r.NAMED_TUPLE if generated is _struct and cls.__struct_config__.array_like else r.OBJECT
        return _plan(planner, kind, cls, arguments, scope, generated)
    if _signature_of(cls) is not None and not getattr(cls, "_is_protocol", False):
        return _plan(planner, r.OBJECT, cls, arguments, scope, _called)
    node = r._reading_types.derived(planner, cls, policy)
    if node is not None:
        return node
    base = _basic(cls)
    if base is not None:
        inner = planner.node(_as_base(planner, cls, base, arguments), scope)
        return Node(r.CONVERTED, cls, (inner,), partial(cls, None) if base is defaultdict else cls)
    raise planner.refusal(cls, scope, ": it has no fields, and its __init__ no annotations; register(cls, decode=...)")


def _plan(planner, kind, cls, arguments, scope, fill):
    made = Object(cls)
    node = Node(kind, dict if kind == r.TYPED_DICT else cls, (), made)
    planner.made[cls, arguments] = node
    fill(planner, cls, Owner(planner, cls, arguments), made)
    node.items = tuple(field.node for field in made.fields)
    return node


# Annotations


class Owner:
    """A class whose fields are planned: their annotations, each with the scope that it was written in."""

    def __init__(self, planner, cls, arguments):
        self.planner = planner
        self.cls = cls
        self.bindings = _bindings(planner, cls, arguments)
        if dict in cls.__mro__:  # a TypedDict has the annotations of its bases, which aren't among its __mro__
            self.bindings = {cls: {name: tp for each in reversed(self.bindings.values()) for name, tp in each.items()}}
        self.self_type = cls[arguments] if arguments else cls
        self.annotations = {}  # name: (annotation, the class that has it)
        for base in reversed(cls.__mro__):
            for name, annotation in annotations_of(base).items():
                self.annotations[name] = annotation, base

    def scope(self, base, field):
        module = sys.modules.get(base.__module__)
        names = {} if module is None else vars(module)
        bindings = self.bindings.get(base)
        return Scope(base, field, names, vars(base), bindings, self.self_type)

    def node(self, field, annotation=r.MISSING):
        """The Node of a field, by its annotation or by the one given."""
        found, base = self.annotations.get(field, (Any, self.cls))
        if annotation is not r.MISSING:
            found = annotation
        return self.planner.node(found, self.scope(base, field))

    def name(self, field, metadata=None):
        """A field's name in documents; None where it has none."""
        if metadata is not None and "json" in metadata:
            name = metadata["json"]
            if name is not None and not isinstance(name, str):
                raise TypeError(f"{self.cls.__qualname__}.{field}: the name in metadata must be str, not {name!r}")
            return name
        rename = self.planner.policy.rename if self.planner.policy is not None else None
        name = None if rename is None else rename(field)
        if name is not None and not isinstance(name, str):
            raise TypeError(f"{self.cls.__qualname__}.{field}: rename must give a str or None, not {name!r}")
        return field if name is None else name


def annotations_of(base):
    """A class's own annotations."""
    if sys.version_info >= (3, 14):
        if "__annotations__" not in vars(base) and getattr(base, "__annotate__", None) is None:
            return {}
        try:
            found = base.__annotations__
        except Exception:
            import annotationlib

            found = annotationlib.get_annotations(base, format=annotationlib.Format.FORWARDREF)
    else:
        found = vars(base).get("__annotations__")
    return found if isinstance(found, dict) else {}


def _bindings(planner, cls, arguments):
    """What type variables stand for in each base of a class."""
    found = {cls: planner.bindings_of(cls, arguments)}
    if not hasattr(cls, "__orig_bases__"):
        return found
    left = [cls]
    while left:
        each = left.pop()
        scope = Scope(bindings=found[each])
        for base in vars(each).get("__orig_bases__", each.__bases__):
            origin = get_origin(base) or base
            if isinstance(origin, type) and origin not in found:
                given = tuple(planner.substituted(argument, scope) for argument in get_args(base))
                found[origin] = planner.bindings_of(origin, given)
                left.append(origin)
    return found


# dataclasses, attrs, Structs


def _generated(cls):
    """The function that plans a class by its fields; None where it has none, or an __init__ that somebody wrote."""
    if hasattr(cls, "__dataclass_fields__") and hasattr(cls, "__dataclass_params__"):
        return _dataclass if _writes_init(cls, "__dataclass_fields__") else None
    if hasattr(cls, "__attrs_attrs__"):
        return _attrs if _writes_init(cls, "__attrs_attrs__") else None
    if hasattr(cls, "__struct_fields__") and hasattr(cls, "__struct_config__"):
        return _struct if not hasattr(cls.__init__, "__code__") else None
    return None


def _writes_init(cls, mark):
    """Whether a class's __init__ is the one that its library wrote, for the fields that the class has."""
    for base in cls.__mro__:
        init = vars(base).get("__init__")
        if init is not None:
            if vars(base).get(mark) is not getattr(cls, mark) or not isinstance(init, types.FunctionType):
                return False
            code = init.__code__
            if code.co_filename.startswith("<attrs generated"):
                return True
            # dataclasses' is made by a function of this name, which versions before 3.11 don't keep.
            if hasattr(code, "co_qualname"):
                return code.co_qualname == "__create_fn__.<locals>.__init__"
            return code.co_filename == "<string>" and code.co_firstlineno == 2 and "return" in init.__annotations__
    return False


def _said_by(init):
    """The names that a generated __init__ mentions: of attributes and methods, and in strings."""
    code = init.__code__
    return {*code.co_names, *(each for each in code.co_consts if isinstance(each, str))}


def _has_defaults(init, defaults):
    """Whether the defaults of a generated __init__ are those of its fields: {parameter: default}."""
    code = init.__code__
    names = code.co_varnames[: code.co_argcount]
    given = init.__defaults__ or ()
    found = dict(zip(names[len(names) - len(given) :], given, strict=True)) | (init.__kwdefaults__ or {})
    return all(found.get(name, r.MISSING) is default for name, default in defaults.items())


def _is_direct(cls):
    """Whether a class with a generated __init__ makes instances in no way of its own."""
    return type(cls).__call__ is type.__call__ and cls.__new__ is object.__new__


def _no_descriptors(cls, names):
    for name in names:
        for base in cls.__mro__:
            if name in vars(base):
                found = vars(base)[name]
                if not isinstance(found, types.MemberDescriptorType) and hasattr(type(found), "__set__"):
                    return False
                break
    return True


def _dataclass(planner, cls, owner, made):
    import dataclasses

    missing = dataclasses.MISSING
    fields, past, assigned = [], [], []
    params, defaults = cls.__dataclass_params__, {}
    said = _said_by(cls.__init__)
    direct = _is_direct(cls)
    for each in cls.__dataclass_fields__.values():
        kind = each._field_type.name
        if kind == "_FIELD_CLASSVAR":
            continue
        name = owner.name(each.name, each.metadata)
        if kind == "_FIELD_INITVAR":
            direct = False
        if not each.init:
            if name is not None:
                past.append(name)
            field = Field(name, each.name, None, False, r.NOT_PASSED)
        else:
            required = each.default is missing and each.default_factory is missing
            if name is None:
                if required:
                    raise TypeError(f"{cls.__qualname__}.{each.name}: it is not read, and has no default")
                field = Field(None, each.name, None, False, r.NOT_PASSED)
            else:
                field = Field(name, each.name, owner.node(each.name), required)
        if each.default is not missing:
            field.default = each.default
        elif each.default_factory is not missing:
            field.factory = each.default_factory
        if each.init and each.default is not missing:
            defaults[each.name] = each.default
        if not each.init and each.default is not missing and each.name not in said:
            field.default = r.MISSING  # the class attribute stays
        assigned.append(field)
        if field.node is not None and name == "**":
            _keep_rest(cls, made, field)
        elif field.node is not None:
            fields.append(field)
    _finish(planner, cls, owner, made, fields, past)
    made.assigned = tuple(assigned)
    made.post_init = "__post_init__" in said  # which it has, or had when its __init__ was written
    plain = cls.__setattr__ is object.__setattr__ or params.frozen
    direct = direct and plain and (hasattr(cls, "__post_init__") or not made.post_init)
    direct = direct and _has_defaults(cls.__init__, defaults)
    made.direct = direct and _no_descriptors(cls, [field.attribute for field in assigned])


def _attrs(planner, cls, owner, made):
    nothing = sys.modules["attr"].NOTHING
    fields, past, assigned = [], [], []
    said, defaults = _said_by(cls.__init__), {}
    # A hash that is kept is an attribute beside the fields.
    direct = _is_direct(cls) and not said & {"__attrs_pre_init__", "__attrs_post_init__", "_attrs_cached_hash"}
    for each in cls.__attrs_attrs__:
        name = owner.name(each.name, each.metadata)
        argument = getattr(each, "alias", None) or each.name.lstrip("_")
        required = each.default is nothing
        if each.converter is not None or each.validator is not None:
            direct = False
        if not each.init or name is None:
            if each.init and required:
                raise TypeError(f"{cls.__qualname__}.{each.name}: it is not read, and has no default")
            if name is not None:
                past.append(name)
            field = Field(name, each.name, None, False, r.NOT_PASSED)
        else:
            node = _attrs_node(owner, each)
            field = Field(name, each.name, node, required, r.KEYWORD, argument)
        if hasattr(each.default, "takes_self"):
            field.factory = each.default.factory
            direct = direct and not each.default.takes_self
        elif not required:
            field.default = each.default
            if each.init:
                defaults[argument] = each.default
        assigned.append(field)
        if field.node is not None and name == "**":
            _keep_rest(cls, made, field)
        elif field.node is not None:
            fields.append(field)
    _finish(planner, cls, owner, made, fields, past)
    made.assigned = tuple(assigned)
    direct = direct and not issubclass(cls, BaseException) and _sets_plainly(cls)
    direct = direct and _has_defaults(cls.__init__, defaults)
    made.direct = direct and _no_descriptors(cls, [field.attribute for field in assigned])


def _sets_plainly(cls):
    """Whether a class of attrs has no __setattr__ but attrs' own, past which its __init__ goes."""
    code = getattr(cls.__setattr__, "__code__", None)
    return cls.__setattr__ is object.__setattr__ or (
        code is not None and code.co_filename == sys.modules["attr._make"].attrs.__code__.co_filename
    )


def _attrs_node(owner, attribute):
    if attribute.converter is None:
        if attribute.name in owner.annotations:
            return owner.node(attribute.name)
        return owner.node(attribute.name, Any if attribute.type is None else attribute.type)
    # What the converter takes, which its annotation says, or nothing does.
    init = owner.cls.__init__
    argument = getattr(attribute, "alias", None) or attribute.name.lstrip("_")
    return owner.node(attribute.name, getattr(init, "__annotations__", {}).get(argument, Any))


def _struct(planner, cls, owner, made):
    config = cls.__struct_config__
    names, encoded, defaults = cls.__struct_fields__, cls.__struct_encode_fields__, cls.__struct_defaults__
    fields = []
    nodefault = sys.modules["msgspec"].NODEFAULT
    first = len(names) - len(defaults)
    for index, (name, shown) in enumerate(zip(names, encoded, strict=True)):
        required = index < first or defaults[index - first] is nodefault
        if shown == name:
            shown = owner.name(name)
        fields.append(Field(shown, name, owner.node(name), required))
    if config.tag is not None and config.tag_field not in encoded:
        values = r.Values()
        values.add(config.tag, config.tag)
        tag = Field(config.tag_field, None, Node(r.LITERAL, None, (), values), config.array_like, r.NOT_PASSED, r.TAG)
        fields.insert(0, tag)
    _finish(planner, cls, owner, made, fields, ())
    if config.forbid_unknown_fields:
        made.extra = "error"
    made.is_open = made.extra is None


def _keep_rest(cls, made, field):
    if made.rest is not None:
        raise TypeError(f'{cls.__qualname__}: {made.rest.attribute} and {field.attribute} are both named "**"')
    made.rest = field


def _finish(planner, cls, owner, made, fields, past):
    try:
        made.set_fields(fields, past)
    except TypeError as error:
        raise TypeError(f"{cls.__qualname__}: {error}") from None
    if made.rest is not None and made.rest.node.kind not in (r.DICT, r.ANY):
        raise TypeError(f'{cls.__qualname__}.{made.rest.attribute}: what is named "**" must be a dict')
    if planner.policy is not None and planner.policy.extra == "error" and made.extra is None:
        made.extra = "error"


# TypedDict and NamedTuple


def _typed_dict(planner, cls, owner, made):
    required = _required_keys(cls, owner)
    fields = []
    for name in owner.annotations if sys.version_info < (3, 14) else {**owner.annotations}:
        fields.append(Field(name, name, owner.node(name), name in required))  # encode doesn't rename dicts' keys
    _finish(planner, cls, owner, made, fields, ())
    closed, extra, base = _extra_items(cls)
    if extra is not None:
        scope = owner.scope(base, "extra_items")
        scope.bindings = owner.bindings[cls]
        made.extra = planner.node(extra, scope)
    elif closed:
        made.extra = "error"


def _extra_items(cls):
    """Whether a TypedDict is closed, the type of its extra items or None, and which of its bases says so (PEP 728)."""
    extra = vars(cls).get("__extra_items__")
    if extra is not None and not _is_no_extra(extra):
        return False, extra, cls
    closed = vars(cls).get("__closed__")
    if closed is None:
        for base in getattr(cls, "__orig_bases__", ()):
            base = get_origin(base) or base
            if isinstance(base, type) and hasattr(base, "__required_keys__"):
                found = _extra_items(base)
                if found[2] is not None:
                    return found
        return False, None, None
    return closed, None, cls


def _is_no_extra(extra):
    name = getattr(extra, "_name", None) or getattr(extra, "__name__", None) or repr(extra)
    return name in ("Never", "NoReturn") or "NoExtraItems" in name


def _required_keys(cls, owner):
    """The names that a TypedDict requires. Annotations that are strings hide Required and NotRequired from typing."""
    required = set(cls.__required_keys__)
    for base in getattr(cls, "__orig_bases__", ()):
        base = get_origin(base) or base
        if isinstance(base, type) and hasattr(base, "__required_keys__") and base is not cls:
            inherited = _required_keys(base, Owner(owner.planner, base, ()))
            known = {*base.__required_keys__, *base.__optional_keys__}
            required = required - known | inherited
    for name, annotation in annotations_of(cls).items():
        text = annotation if isinstance(annotation, str) else getattr(annotation, "__forward_arg__", None)
        if text is not None and ("Required" in text):
            scope = owner.scope(cls, name)
            tp = annotation
            while (is_text := isinstance(tp, str)) or hasattr(tp, "__forward_arg__"):
                tp = owner.planner.evaluate(tp, scope) if is_text else owner.planner.evaluate_reference(tp, scope)
            while (mark := getattr(get_origin(tp), "_name", None)) in ("Required", "NotRequired", "ReadOnly") or (
                hasattr(tp, "__metadata__")
            ):
                if mark == "Required":
                    required.add(name)
                elif mark == "NotRequired":
                    required.discard(name)
                tp = tp.__origin__ if hasattr(tp, "__metadata__") else get_args(tp)[0]
    return required


def _named_tuple(planner, cls, owner, made):
    defaults = cls._field_defaults
    fields = []
    for name in cls._fields:
        annotation, base = owner.annotations.get(name, (Any, cls))
        field = Field(owner.name(name), name, owner.node(name), name not in defaults, r.POSITIONAL)
        field.default = defaults.get(name, r.MISSING)
        fields.append(field)
    _finish(planner, cls, owner, made, fields, ())


# pydantic


def _pydantic(cls, arguments):
    if arguments and hasattr(cls, "__pydantic_generic_metadata__"):
        cls = cls[arguments]
    return Node(r.PYDANTIC, cls, (), cls.__pydantic_validator__)


# Other classes: the parameters of their __init__, or of their __new__


def _signature_of(cls):
    """The function whose parameters a call of a class takes, where it has annotations."""
    for name in "__init__", "__new__":
        for base in cls.__mro__:
            if name in vars(base):
                function = vars(base)[name]
                if isinstance(function, staticmethod):
                    function = function.__func__
                if base.__module__ == "builtins" or not isinstance(function, types.FunctionType):
                    break
                function = _decorated(function)
                if not _takes_anything(function) and _parameters(function) == 0 or _is_annotated(cls, function):
                    return base, function
                break
    return None


def _is_annotated(cls, function):
    """Whether a function of a class has annotations, or its parameters have the names of annotated attributes."""
    if _annotations(function):
        return True
    code = function.__code__
    names = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
    return any(name in annotations_of(base) for base in cls.__mro__ for name in names)


def _parameters(function):
    return function.__code__.co_argcount + function.__code__.co_kwonlyargcount - 1


def _takes_anything(function):
    """Whether a function has no parameters but *args or **kwargs, after self: it may be a decorator's."""
    return _parameters(function) <= 0 and function.__code__.co_flags & 0x0C  # inspect.CO_VARARGS, CO_VARKEYWORDS


def _decorated(function):
    """What a decorator, which itself takes anything, was given (functools.wraps)."""
    while _takes_anything(function) and isinstance(wrapped := getattr(function, "__wrapped__", None), type(function)):
        function = wrapped
    return function


def _annotations(function):
    if sys.version_info >= (3, 14):
        import annotationlib

        return annotationlib.get_annotations(function, format=annotationlib.Format.FORWARDREF)
    return function.__annotations__


def _called(planner, cls, owner, made):
    import inspect

    base, function = _signature_of(cls)
    annotations = _annotations(function)
    parameters = [*inspect.signature(function, follow_wrapped=False).parameters.values()][1:]
    fields = []
    scope = owner.scope(base, None)
    scope.globals = function.__globals__
    if function.__closure__:
        cells = dict(zip(function.__code__.co_freevars, function.__closure__, strict=True))
        scope.namespace = {**scope.namespace, **{name: c.cell_contents for name, c in cells.items() if _is_full(c)}}
    for each in parameters:
        if each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD):
            continue
        required = each.default is each.empty
        name = owner.name(each.name)
        scope.field = each.name
        if each.name not in annotations:
            if each.name in owner.annotations:  # of the class, where a dataclass has its own __init__
                node = owner.node(each.name)
            elif required:
                raise TypeError(f"{cls.__qualname__}.{each.name}: the parameter has no annotation")
            else:
                node = planner.node(Any, scope)
        else:
            inner = Scope(
                scope.owner, each.name, scope.globals, scope.namespace, owner.bindings.get(base), owner.self_type
            )
            node = planner.node(annotations[each.name], inner)
        passing = r.POSITIONAL if each.kind == each.POSITIONAL_ONLY else r.KEYWORD
        field = Field(name, each.name, node, required, passing)
        field.default = r.MISSING if required else each.default
        fields.append(field)
    _finish(planner, cls, owner, made, fields, _read_past(cls, fields))


def _read_past(cls, fields):
    """The fields of a class whose own __init__ doesn't take them."""
    known = {field.attribute for field in fields}
    return [name for name in getattr(cls, "__dataclass_fields__", ()) if name not in known]


def _is_full(cell):
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True


# Subclasses of the basic types


def _basic(cls):
    """The first base whose values a class takes in its place; None where it has none."""
    for base in cls.__mro__:
        if base in (str, int, float, list, tuple, dict, set, frozenset, bytes, bytearray):
            return base
        if base in (OrderedDict, defaultdict, deque) or base in _LIKE:
            return base
    return None


_LIKE = {UserList: list, UserDict: dict, UserString: str, ChainMap: dict, types.MappingProxyType: dict}


def _as_base(planner, cls, base, arguments):
    """The base with the arguments that a class gives it: list[int] for ``class Numbers(list[int])``."""
    like = _LIKE.get(base, dict if base is defaultdict else base)
    if cls is base:
        return like[arguments] if arguments else like
    bindings = _bindings(planner, cls, arguments)
    for each in cls.__mro__:
        for original in vars(each).get("__orig_bases__", ()):
            if get_origin(original) is base:
                found = planner.substituted(original, Scope(bindings=bindings.get(each)))
                return found if like is base else like[get_args(found)]
    return like

"""Plans: what ``decode`` has to know of a type, made once and executed for each document.

``plan_of(type, policy=None)`` returns a ``Plan``. Its ``root`` is a ``Node``; nodes hold nodes, those of a recursive
type themselves. ``_decoding`` executes plans in Python, the extension in C; neither asks an annotation again. A Node
has four attributes: ``kind`` (an int, below), ``cls`` (the class that is made), ``items`` (a tuple of Nodes), ``data``.

=============== ================ ======================================================================================
kind            items            cls; data
=============== ================ ======================================================================================
ANY                              what ``loads`` gives
NULL BOOL INT   -                that kind of JSON value alone; INT: neither fraction nor exponent
STR
FLOAT           -                any number, as float; data: None, or ``"null"`` where null stands for NaN
LITERAL         -                data: Values
ENUM            -                cls: the class; data: Values. A value that isn't among them: see ``Values.call``
LIST TUPLE SET  (item,)          cls: list, tuple, set, frozenset, collections.deque
FROZENSET DEQUE
FIXED_TUPLE     one a place      cls: tuple
DICT            (key, value)     cls: dict, OrderedDict, defaultdict (data: its factory or None) or Counter. Made as
                                 cls(), or defaultdict(data), and then filled. How a key is read: below
OBJECT          -                cls: the class; data: Object
TYPED_DICT      -                cls: dict; data: Object; members in the document's order, named by Field.attribute
NAMED_TUPLE     -                cls: the class; data: Object. From an array by place, from an object by name
UNION           all              data: Choices
DATETIME DATE   -                data: a format's name, None for RFC 3339: "unix", "unix_ms" (numbers), "z" (as None)
TIME TIMEDELTA  -                TIMEDELTA's data: None (ISO 8601) or "seconds" (a number)
UUID DECIMAL    -                UUID: 8-4-4-4-12 or 32 hex digits. DECIMAL: string or number, exact digits
FRACTION        -                string, made by cls(string)
ZONEINFO PATH
ADDRESS
BYTES           -                cls: bytes, bytearray or memoryview; data: None (base64), "hex", "utf8"
CONSTRAINED     (inner,)         data: tuple of pairs (constraint, argument): GT ... PATTERN below. None as value passes
CONVERTED       (inner,)         data: called with what inner gives; its ValueError, TypeError and AssertionError are
                                 mismatches
PYDANTIC        -                cls: the class; data: its validator, whose validate_json gets the value's text
NDARRAY         -                cls: numpy.ndarray; data: the dtype, None: numpy's choice
RAW             -                cls: Raw, made of the value's text as UTF-8
=============== ================ ======================================================================================

``Object``: see its docstring; so for ``Field``, ``Values`` and ``Choices``.

A *key* is a member's name, read by a scalar's node: STR as it is; INT, FLOAT, BOOL, NULL as the JSON text of such a
value; LITERAL, ENUM by a string among the values, then by the text of an int or constant; DATETIME ... BYTES as the
string; CONSTRAINED and CONVERTED by inner; UNION by the first that takes it, STR last.

Mismatches are counted in the order in which values end. An executor that meets one may start again with
``_decoding.decode_text``, which gives the errors: what it says is the definition.

Plans are kept: of a class in the class itself (``__cyjson_plan__``, so that it goes with it), of other types by
equality, at most 256. Those of a Codec are kept by it. A plan isn't made anew when a class changes, only when
``register`` was called since.
"""

import sys
import threading
import types
import typing
from typing import Annotated, Any, ForwardRef, Literal, TypeVar, Union, get_args, get_origin

from . import _instances

ANY, NULL, BOOL, INT, FLOAT, STR, LITERAL, ENUM = range(8)
LIST, TUPLE, SET, FROZENSET, DEQUE, FIXED_TUPLE, DICT = range(8, 15)
OBJECT, TYPED_DICT, NAMED_TUPLE, UNION = range(15, 19)
DATETIME, DATE, TIME, TIMEDELTA, UUID, DECIMAL, FRACTION, ZONEINFO, PATH, ADDRESS, BYTES = range(19, 30)
CONSTRAINED, CONVERTED, PYDANTIC, NDARRAY, RAW = range(30, 35)
PENDING = 35  # only while a plan is made

# Constraints
GT, GE, LT, LE, MULTIPLE_OF, MIN_LENGTH, MAX_LENGTH, TIMEZONE, PREDICATE, NOT, PATTERN = range(11)

# Field.passing
POSITIONAL, KEYWORD, NOT_PASSED = range(3)

TAG = " tag"  # no parameter is named so

MISSING = type("Missing", (), {"__repr__": lambda self: "MISSING"})()

MOST_PLANS = 256

# Kinds of JSON values, as a set of bits
K_NULL, K_BOOL, K_INT, K_FLOAT, K_STR, K_ARRAY, K_OBJECT = (1 << n for n in range(7))
K_NUMBER = K_INT | K_FLOAT
K_ALL = (1 << 7) - 1


class Node:
    """A type, or a part of one: see the module."""

    __slots__ = ("cls", "data", "items", "kind")

    def __init__(self, kind, cls=None, items=(), data=None):
        self.kind = kind
        self.cls = cls
        self.items = items
        self.data = data


class Plan:
    """How to read a type.

    root: its Node; type: the annotation; stamp: how often ``register`` had been called, or -1: not to be kept; ordered:
    whether the order of a union's members counts (typing takes unions of the same members for equal); exact: whether
    the digits of numbers count (there is a DECIMAL or a number of seconds); compiled: for the extension.
    """

    __slots__ = ("__weakref__", "compiled", "exact", "ordered", "root", "stamp", "type")

    def __init__(self, tp, planner):
        stamp = _instances.generation()
        self.root = planner.plan(tp)
        self.stamp = -1 if planner.is_local and planner.policy is None else stamp
        self.type = tp
        self.ordered = planner.ordered
        self.exact = planner.exact
        self.compiled = None

    def __reduce__(self):
        return type(None), ()  # cloudpickle writes classes with all that they have


class Values:
    """JSON values and what they stand for, by the kind of the value: 1, 1.0 and true are three.

    strings, ints, floats: dicts; constants: {True: ..., False: ..., None: ...} of those that are there; others: pairs
    (value as ``loads`` gives it, member) of an Enum's values that are arrays or objects; call: a function of the value
    that is asked where nothing is found (of an Enum with ``_missing_``, a Flag), or None. It refuses a value that is
    equal to one of another kind, and anything but an int where the class is a Flag.
    """

    __slots__ = ("call", "constants", "floats", "ints", "others", "strings")

    def __init__(self):
        self.strings, self.ints, self.floats, self.constants = {}, {}, {}, {}
        self.others = []
        self.call = None

    def add(self, value, result):
        """Add a value; False where no JSON value is it."""
        kind = type(value)
        if value is None or kind is bool:
            self.constants.setdefault(value, result)
        elif isinstance(value, str):
            self.strings.setdefault(str(value), result)
        elif isinstance(value, int):
            self.ints.setdefault(int(value), result)
        elif isinstance(value, float):
            self.floats.setdefault(float(value), result)
        elif isinstance(value, (list, tuple, dict)):
            self.others.append((list(value) if isinstance(value, tuple) else value, result))
        else:
            return False
        return True

    def kinds(self):
        """The kinds of JSON values that are among them."""
        kinds = 0
        kinds |= K_STR if self.strings else 0
        kinds |= K_INT if self.ints else 0
        kinds |= K_FLOAT if self.floats else 0
        kinds |= K_NULL if None in self.constants else 0
        kinds |= K_BOOL if True in self.constants or False in self.constants else 0
        for value, _ in self.others:
            kinds |= K_OBJECT if isinstance(value, dict) else K_ARRAY
        return kinds

    def is_disjoint(self, other):
        """Whether no value is among both."""
        return not (
            self.strings.keys() & other.strings.keys()
            or self.ints.keys() & other.ints.keys()
            or self.floats.keys() & other.floats.keys()
            or self.constants.keys() & other.constants.keys()
        )


class Field:
    """A member of an object.

    name: in the document; attribute: of the instance; argument: the parameter's name; node; required; default and
    factory: MISSING, or what stands for an absent member (for direct making: a call is left to find its own); passing:
    POSITIONAL, KEYWORD, or NOT_PASSED. Among ``Object.fields`` the last is the tag of a Struct (attribute None,
    argument TAG), which is read and dropped; elsewhere a field with ``init=False``.
    """

    __slots__ = ("argument", "attribute", "default", "factory", "name", "node", "passing", "required")

    def __init__(self, name, attribute, node, required, passing=KEYWORD, argument=None):
        self.name = name
        self.attribute = attribute
        self.argument = attribute if argument is None else argument
        self.node = node
        self.required = required
        self.passing = passing
        self.default = self.factory = MISSING


class Object:
    """What an object's members are and how the instance is made.

    cls: the class, of a TypedDict too; fields: those that are read, in order; by_name: {JSON name: Field, or None where
    the member is read past}; extra: None (unknown members are ignored), ``"error"``, or for a TypedDict the Node that
    reads them; rest: the Field (of a dict) that takes unknown members, or None; is_open: whether items of an array
    after the last field's are read past.

    direct: whether cls(...) is no more than: ``object.__new__(cls)``; for each Field of ``assigned``, in order, its
    attribute is set, past ``__setattr__``, to the member's value, else to factory() or default, else (NOT_PASSED with
    neither) not at all; then ``__post_init__()`` where post_init is True. Otherwise the instance is cls(*positional,
    **keywords) with the members that are there.
    """

    __slots__ = ("assigned", "by_name", "cls", "direct", "extra", "fields", "is_open", "post_init", "required", "rest")

    def __init__(self, cls):
        self.cls = cls
        self.fields = ()
        self.by_name = {}
        self.extra = None
        self.rest = None
        self.direct = self.is_open = False
        self.post_init = False
        self.assigned = ()
        self.required = ()

    def set_fields(self, fields, past=()):
        self.fields = tuple(fields)
        self.by_name = {field.name: field for field in self.fields}
        if len(self.by_name) < len(self.fields):
            names = [field.name for field in self.fields]
            twice = next(name for name in names if names.count(name) > 1)
            raise TypeError(f"two fields are named {twice!r} in documents")
        for name in past:
            self.by_name.setdefault(name, None)
        self.required = tuple(field for field in self.fields if field.required)


class Choices:
    """Which member of a union reads a value.

    null, bool, int, float, str: a tuple of Nodes for that kind of JSON value; the first that takes it reads it. The
    tuple may be empty. array: a Node, None, or {length: Node}. object: a Node, None, or Members.
    """

    __slots__ = ("array", "bool", "float", "int", "null", "object", "str")

    def __init__(self):
        self.null = self.bool = self.int = self.float = self.str = ()
        self.array = self.object = None


class Members:
    """Which Node of several reads an object.

    tag: the JSON name of the member whose value says it, or None; tags: Values, whose results are the Nodes; nodes:
    tuples (Node, frozenset of the required members' names, frozenset of the known ones', whether the tag may be absent)
    in order; otherwise: the Node (a DICT, TYPED_DICT or ANY) for an object of which nothing is known, or None.

    With a tag that is present: the Node of its value, else otherwise, else a mismatch at the tag. With the tag absent:
    of the nodes where it may be, and without a tag, of all nodes: those whose required members are present; of them the
    one with the most known members present, of those the first. Where there is none: otherwise, else a mismatch.
    """

    __slots__ = ("nodes", "otherwise", "tag", "tags")

    def __init__(self, tag, tags, nodes, otherwise):
        self.tag = tag
        self.tags = tags
        self.nodes = nodes
        self.otherwise = otherwise


class Policy:
    """What a Codec says about reading.

    types: {class: a format's name, or a function that makes the instance of what ``loads`` gives}; rename: a function
    from a field's name to the document's (None: the same), or None; extra: "ignore" or "error"; names: a mapping to
    look annotations up in, or None; is_default: whether there is nothing of it; plans: of this policy, by type.
    """

    __slots__ = ("extra", "is_default", "names", "plans", "rename", "types")

    def __init__(self, types=None, rename=None, extra="ignore", names=None):
        self.types = types or {}
        self.rename = rename
        self.extra = extra
        self.names = names
        self.is_default = not (types or rename or names) and extra == "ignore"
        self.plans = {}


def policy_of(codec):
    """Return the Policy of a Codec."""
    rules = {}
    for cls, rule in codec.types.items():
        if isinstance(rule, str):
            rules[cls] = rule
        elif isinstance(rule, tuple) and rule[1] is not None:
            rules[cls] = rule[1]
    return Policy(rules, codec._policy.rename, codec.extra, codec.names)


_plans = {}
_lock = threading.Lock()


def plan_of(tp, policy=None):
    """Return the Plan of a type; TypeError where it has none."""
    is_class = isinstance(tp, type) and type(tp) is not types.GenericAlias
    if policy is not None:
        plan = _found(policy.plans, tp)
    elif is_class:
        plan = vars(tp).get("__cyjson_plan__")
        if plan is None or plan.type is not tp:  # one copied along with the namespace of another class
            plan = _found(_plans, tp)
    else:
        plan = _found(_plans, tp)
    if plan is not None and plan.stamp == _instances.generation():
        return plan
    plan = Plan(tp, Planner(policy))
    if plan.stamp < 0:
        return plan
    if policy is None and is_class:
        try:
            type.__setattr__(tp, "__cyjson_plan__", plan)
            return plan
        except TypeError:  # a built-in class
            pass
    _keep(_plans if policy is None else policy.plans, tp, plan)
    return plan


def _found(plans, tp):
    try:
        plan = plans.get(tp)
    except TypeError:  # Annotated with a list
        return None
    if plan is not None and plan.type is not tp and plan.ordered and not _same(plan.type, tp):
        return None
    return plan


def _keep(plans, tp, plan):
    try:
        hash(tp)
    except TypeError:
        return
    with _lock:
        plans.pop(tp, None)
        while len(plans) >= MOST_PLANS:
            plans.pop(next(iter(plans)))
        plans[tp] = plan


def _same(a, b):
    """Whether two types that are equal are so in the order of their unions, too."""
    mine, others = get_args(a), get_args(b)
    return len(mine) == len(others) and all(
        _same(x, y) if hasattr(x, "__args__") else x == y for x, y in zip(mine, others, strict=True)
    )


class Scope:
    """Where a type was written: what its names and type variables mean there."""

    __slots__ = ("bindings", "field", "globals", "namespace", "owner", "self_type")

    def __init__(self, owner=None, field=None, globals=None, namespace=None, bindings=None, self_type=None):
        self.owner = owner
        self.field = field
        self.globals = {} if globals is None else globals
        self.namespace = {} if namespace is None else namespace
        self.bindings = bindings or {}
        self.self_type = self_type

    def __str__(self):
        if self.owner is None:
            return "the type"
        name = getattr(self.owner, "__qualname__", repr(self.owner))
        return f"{name}.{self.field}" if self.field else name


_SCALARS = {
    Any: ANY,
    object: ANY,
    None: NULL,
    type(None): NULL,
    bool: BOOL,
    int: INT,
    float: FLOAT,
    str: STR,
}
_nodes = {tp: Node(kind) for tp, kind in _SCALARS.items()}  # of scalars, shared


_OPTIMIZED = 1  # inspect.CO_OPTIMIZED: of a function, whose f_locals is a copy that the frame keeps from then on


def caller():
    """The frame of the function that called cyjson; None where there is none."""
    frame = sys._getframe(1)
    while frame is not None and (
        frame.f_globals.get("__name__", "").partition(".")[0] == __package__
        or (not frame.f_code.co_flags & _OPTIMIZED and isinstance(frame.f_locals, _Names))  # eval's, of an annotation
    ):
        frame = frame.f_back
    return frame


class Planner:
    """Makes the Nodes of one type."""

    def __init__(self, policy=None):
        self.policy = policy
        self.types = policy.types if policy is not None else {}
        self.made = {}  # of classes and aliases, by type and bindings
        self.unfinished = []  # what waits until all classes are known
        self.ordered = self.exact = False
        self.is_local = False  # whether names were looked up where decode was called, so that they may differ elsewhere
        self._caller = None

    def plan(self, tp):
        scope = Scope()
        if isinstance(tp, (str, ForwardRef)) or "'" in repr(tp):
            frame = self.caller()
            scope.globals = {} if frame is None else frame.f_globals
        try:
            node = self.node(tp, scope)
            while self.unfinished:
                self.unfinished.pop()()
            return node
        finally:
            self._caller = None

    def caller(self):
        if self._caller is None:
            self._caller = caller()
        return self._caller

    def node(self, tp, scope):
        """The Node of a type."""
        try:
            node = _nodes.get(tp)
        except TypeError:
            node = None
        if node is not None and tp not in self.types and _instances.registered(tp)[1] is None:
            return node
        if type(tp) is type:
            return self.klass(tp, (), scope)
        if isinstance(tp, str):
            return self.referred(self.evaluate(tp, scope), scope)
        if isinstance(tp, ForwardRef):
            return self.referred(self.evaluate_reference(tp, scope), scope)
        if type(tp) is TypeVar:
            return self.node(self.bound(tp, scope), scope)
        origin = get_origin(tp)
        if origin is None:
            return self.plain(tp, scope)
        if origin is Annotated:
            return self.annotated(tp, scope)
        return self.generic(tp, origin, scope)

    # Names

    def evaluate(self, text, scope):
        """What an annotation given as a string means."""
        self.is_local = self.is_local or scope.owner is None
        if text == "typing.Any":  # make_dataclass's for a field of which it has the name alone
            return Any
        if text.isidentifier():
            try:
                return _Names(self, scope)[text]
            except KeyError:
                raise self.unknown(text, scope, f"name {text!r} is not defined") from None
        try:
            code = compile(text.strip(), "<annotation>", "eval")
        except SyntaxError:
            raise TypeError(f"{scope}: the annotation {text!r} isn't an expression") from None
        names = _Names(self, scope)
        try:
            return eval(code, {**scope.globals} if scope.globals else {}, names)
        except NameError as error:
            raise self.unknown(text, scope, error) from error
        except Exception as error:
            raise TypeError(f"{scope}: the annotation {text!r} can't be evaluated: {error}") from error

    @staticmethod
    def unknown(text, scope, why):
        return TypeError(
            f"{scope}: the annotation {text!r} can't be evaluated: {why}; Codec(names=...) says where to look"
        )

    def evaluate_reference(self, reference, scope):
        self.is_local = self.is_local or scope.owner is None
        evaluate = getattr(reference, "evaluate", None)  # from 3.14 on: it knows the cells of the class
        if evaluate is not None:
            try:
                return evaluate(globals=scope.globals or None, locals=_Names(self, scope), owner=scope.owner)
            except Exception:
                pass
        module = getattr(reference, "__forward_module__", None)
        if module is not None:
            module = sys.modules.get(module) if isinstance(module, str) else module
            scope = Scope(scope.owner, scope.field, vars(module), scope.namespace, scope.bindings, scope.self_type)
        return self.evaluate(reference.__forward_arg__, scope)

    def bound(self, variable, scope):
        """What a type variable stands for."""
        if variable in scope.bindings:
            return scope.bindings[variable]
        default = getattr(variable, "__default__", None)
        if default is not None and default is not getattr(typing, "NoDefault", None):
            if "NoDefault" not in type(default).__name__:
                return default
        if variable.__constraints__:
            return Union[variable.__constraints__]  # noqa: UP007
        return Any if variable.__bound__ is None else variable.__bound__

    def substituted(self, tp, scope):
        """A generic type with what its type variables stand for."""
        if type(tp) is TypeVar:
            return self.bound(tp, scope)
        parameters = getattr(tp, "__parameters__", ())
        if not isinstance(parameters, tuple) or not parameters or isinstance(tp, type) and get_origin(tp) is None:
            return tp
        arguments = []
        for each in parameters:
            if type(each) is TypeVar:
                arguments.append(self.bound(each, scope))
            elif type(each).__name__ == "TypeVarTuple":
                arguments.extend(scope.bindings.get(each, (Any, ...)))
            else:
                arguments.append(Any)
        try:
            return tp[tuple(arguments)]
        except TypeError:
            return tp

    def bindings_of(self, origin, arguments):
        """What the parameters of a generic class or alias stand for."""
        if not arguments:
            return {}
        parameters = getattr(origin, "__parameters__", ()) or getattr(origin, "__type_params__", ())
        bindings, given = {}, list(arguments)
        for index, each in enumerate(parameters):
            if type(each).__name__ == "TypeVarTuple":
                count = max(len(given) - (len(parameters) - index - 1), 0)
                bindings[each] = tuple(given[:count])
                del given[:count]
            elif given:
                bindings[each] = given.pop(0)
        return bindings

    # Types without arguments

    def plain(self, tp, scope):
        if isinstance(tp, type):
            return self.klass(tp, (), scope)
        if (supertype := getattr(tp, "__supertype__", None)) is not None:  # NewType
            return self.node(supertype, scope)
        if type(tp).__name__ == "TypeAliasType":
            return self.alias(tp, (), scope)
        name = getattr(tp, "_name", None) or getattr(tp, "__name__", None)
        if name == "Self" and scope.self_type is not None:
            return self.node(scope.self_type, scope)
        if name == "LiteralString":
            return self.node(str, scope)
        if name == "Final":
            return self.node(Any, scope)
        if type(tp).__name__ == "InitVar":
            return self.node(tp.type, scope)
        raise self.refusal(tp, scope)

    def refusal(self, tp, scope, why=""):
        shown = tp.__qualname__ if isinstance(tp, type) else repr(tp)
        return TypeError(f"{scope}: no document can be decoded into {shown}{why}")

    def alias(self, alias, arguments, scope):
        """``type Alias[T] = ...``"""
        inner = self.scope_of_alias(alias, arguments, scope)
        return self.once((alias, arguments), alias, lambda: self.node(self.alias_value(alias, inner), inner), scope)

    def referred(self, tp, scope):
        """The Node of what an annotation in quotes stands for, in which it may stand again: ``list["Numbers"]``."""
        if get_origin(tp) is None:
            return self.node(tp, scope)
        key = (tp, scope.owner, id(scope.globals), *(scope.bindings or {}).items())
        return self.once(key, tp, lambda: self.node(tp, scope), scope)

    def once(self, key, tp, make, scope):
        """The Node that was made under a key, or is being made, or what ``make`` gives."""
        try:
            node = self.made.get(key)
        except TypeError:
            return make()
        if node is not None:
            return node
        node = self.made[key] = Node(PENDING, tp)
        made = make()
        if made.kind == PENDING:
            raise self.refusal(tp, scope, ": it stands for itself")
        node.kind, node.cls, node.items, node.data = made.kind, made.cls, made.items, made.data
        return node

    @staticmethod
    def alias_value(alias, scope):
        try:
            return alias.__value__
        except NameError as error:
            raise TypeError(f"{scope}: the alias {alias} can't be evaluated: {error}") from error

    def scope_of_alias(self, alias, arguments, scope):
        module = sys.modules.get(getattr(alias, "__module__", None))
        names = {} if module is None else vars(module)
        return Scope(scope.owner, scope.field, names, {}, self.bindings_of(alias, arguments), scope.self_type)

    def annotated(self, tp, scope):
        """``Annotated[tp, ...]``: constraints of annotated_types and the like, and re.Pattern."""
        inner = self.node(tp.__origin__, scope)
        constraints = _reading_types.constraints_of(tp.__metadata__)
        return Node(CONSTRAINED, None, (inner,), constraints) if constraints else inner

    def generic(self, tp, origin, scope):
        if origin is Literal:
            return _reading_types.literal(self, tp, scope)
        if origin is Union or origin is types.UnionType:
            return _reading_unions.union(self, get_args(tp), scope)
        if type(origin).__name__ == "TypeAliasType":
            return self.alias(origin, tuple(self.substituted(each, scope) for each in get_args(tp)), scope)
        if getattr(origin, "_name", None) in ("Final", "Required", "NotRequired", "ReadOnly", "ClassVar"):
            return self.node(get_args(tp)[0], scope)
        if isinstance(origin, type):
            arguments = get_args(tp)
            if origin is tuple and not arguments and type(tp) is not type(typing.Tuple):  # noqa: UP006
                arguments = _reading_types.EMPTY
            return self.klass(origin, arguments, scope)
        raise self.refusal(tp, scope)

    # Classes

    def klass(self, cls, arguments, scope):
        rule = self.types.get(cls)
        hook = (_instances.registered(cls)[1] if rule is None else rule) if not isinstance(rule, str) else None
        if hook is not None:
            return Node(CONVERTED, cls, (_nodes[Any],), hook)
        if cls in _nodes and rule is None:
            return _nodes[cls]
        return _reading_types.of_class(self, cls, arguments, scope, rule)


class _Names(dict):
    """The names that an annotation may use: of the module (in eval's globals), the class, ``names=``, the caller."""

    def __init__(self, planner, scope):
        self.planner = planner
        self.scope = scope

    def __missing__(self, name):
        scope = self.scope
        if name in scope.globals:
            return scope.globals[name]
        builtins = scope.globals.get("__builtins__", __builtins__)
        builtins = builtins if isinstance(builtins, dict) else vars(builtins)
        if name in builtins:  # a field may be called "list", and have a default
            return builtins[name]
        if name in scope.namespace:
            return scope.namespace[name]
        for each in getattr(scope.owner, "__type_params__", ()):
            if each.__name__ == name:
                return each
        if scope.owner is not None and name == getattr(scope.owner, "__name__", None):
            return scope.owner
        names = self.planner.policy.names if self.planner.policy is not None else None
        if names is not None:
            names = names if hasattr(names, "keys") else vars(names)
            if name in names:
                return names[name]
        frame = self.planner.caller()
        if frame is None:
            raise KeyError(name)
        return frame.f_locals[name]


# Last, for they need what is above.
from . import _reading_types, _reading_unions  # noqa: E402

"""Plans of unions: which member reads a value, decided by the value's JSON kind, without trying one after the other."""

from types import UnionType
from typing import Union, get_args, get_origin

from . import _reading as r

Node = r.Node
_STRINGS = {
    *(r.DATETIME, r.DATE, r.TIME, r.TIMEDELTA, r.UUID, r.DECIMAL, r.FRACTION, r.ZONEINFO, r.PATH, r.ADDRESS, r.BYTES),
}
_ARRAYS = {r.LIST, r.TUPLE, r.SET, r.FROZENSET, r.DEQUE, r.FIXED_TUPLE, r.NDARRAY}
_CLASSES = {r.OBJECT, r.TYPED_DICT, r.NAMED_TUPLE, r.PYDANTIC}
_SIMPLE = {
    r.NULL: r.K_NULL,
    r.BOOL: r.K_BOOL,
    r.INT: r.K_INT,
    r.FLOAT: r.K_NUMBER,
    r.STR: r.K_STR,
    r.DECIMAL: r.K_STR | r.K_NUMBER,
    r.DICT: r.K_OBJECT,
    r.OBJECT: r.K_OBJECT,
    r.TYPED_DICT: r.K_OBJECT,
    r.NAMED_TUPLE: r.K_ARRAY | r.K_OBJECT,
    r.ANY: r.K_ALL,
    r.RAW: r.K_ALL,
}


def kinds_of(node):
    """The kinds of JSON values that a Node may take."""
    kind = node.kind
    if kind in _SIMPLE:
        return _SIMPLE[kind] | (r.K_NULL if kind == r.FLOAT and node.data == "null" else 0)
    if kind in _STRINGS:
        return r.K_NUMBER if node.data in ("unix", "unix_ms", "seconds") else r.K_STR
    if kind in _ARRAYS:
        return r.K_ARRAY
    if kind in (r.LITERAL, r.ENUM):
        return _kinds_of_values(node)
    if kind in (r.CONSTRAINED, r.CONVERTED):
        return kinds_of(node.items[0])
    if kind == r.UNION:
        kinds = 0
        for each in node.items:
            kinds |= kinds_of(each)
        return kinds
    if kind == r.PYDANTIC:
        return r.K_ALL if getattr(node.cls, "__pydantic_root_model__", False) else r.K_OBJECT
    raise TypeError("a type that stands for itself can't be a member of its own union")


def _kinds_of_values(node):
    kinds = node.data.kinds()
    if node.data.call is not None and not kinds:
        return r.K_ALL
    if node.data.call is not None:  # _missing_ may make a member of any value of these kinds
        kinds |= r.K_FLOAT if node.data.floats else 0
    return kinds


def union(planner, members, scope):
    """The Node of ``Union[members]``."""
    flat = []
    _flatten(planner, members, scope, flat)
    nodes = tuple(planner.node(each, inside) for each, inside in flat)
    nodes = tuple(dict.fromkeys(nodes))
    if len(nodes) == 1:
        return nodes[0]
    choices = r.Choices()
    node = Node(r.UNION, None, nodes, choices)
    # The classes among them may not be known yet.
    planner.unfinished.insert(0, lambda: _decide(planner, node, scope))
    return node


def _flatten(planner, members, scope, found, seen=()):
    """Add the members of a union, those of unions among them too, each as (type, scope)."""
    for each in members:
        tp, inside, within = _resolved(planner, each, scope, seen)
        if get_origin(tp) is Union or get_origin(tp) is UnionType:
            _flatten(planner, get_args(tp), inside, found, within)
        elif not (isinstance(tp, type) and tp.__name__ == "UnsetType" and tp.__module__.startswith("msgspec")):
            found.append((each, scope))


def _resolved(planner, tp, scope, seen):
    """What names, type variables, aliases and NewTypes stand for, and the scope of that."""
    while True:
        origin = get_origin(tp)
        if isinstance(tp, (str, r.ForwardRef)):
            tp = planner.evaluate(tp, scope) if isinstance(tp, str) else planner.evaluate_reference(tp, scope)
            if get_origin(tp) is not None:
                if tp in seen:
                    raise planner.refusal(tp, scope, ": it stands for itself")
                seen = (*seen, tp)
        elif type(tp) is r.TypeVar:
            tp = planner.bound(tp, scope)
        elif type(tp).__name__ == "TypeAliasType" or type(origin).__name__ == "TypeAliasType":
            alias = tp if origin is None else origin
            if alias in seen:
                raise planner.refusal(alias, scope, ": the alias stands for itself")
            seen = (*seen, alias)
            arguments = tuple(planner.substituted(each, scope) for each in get_args(tp))
            scope = planner.scope_of_alias(alias, arguments, scope)
            tp = planner.alias_value(alias, scope)
        elif origin is None and getattr(tp, "__supertype__", None) is not None and not isinstance(tp, type):
            tp = tp.__supertype__
        else:
            return tp, scope, seen


def _decide(planner, node, scope):
    choices = node.data
    if choices.null or choices.bool or choices.int or choices.str or choices.array or choices.object:
        return
    nodes = node.items
    kinds = {each: kinds_of(each) for each in nodes}
    general = [each for each in nodes if kinds[each] == r.K_ALL]
    special = [each for each in nodes if kinds[each] != r.K_ALL]
    if len(general) > 1:
        raise _refusal(scope, general)
    for kind, name in (
        (r.K_NULL, "null"),
        (r.K_BOOL, "bool"),
        (r.K_INT, "int"),
        (r.K_FLOAT, "float"),
        (r.K_STR, "str"),
    ):
        able = [each for each in special if kinds[each] & kind]
        breadth = _breadth_of_strings if kind == r.K_STR else _breadth
        able.sort(key=breadth)
        if len({*map(breadth, able)}) < len(able):
            planner.ordered = True
        setattr(choices, name, (*able, *general))
    arrays = [each for each in special if kinds[each] & r.K_ARRAY]
    objects = [each for each in special if kinds[each] & r.K_OBJECT]
    if len(arrays) > 1:
        choices.array = _by_length(arrays, scope)
    else:
        choices.array = arrays[0] if arrays else general[0] if general else None
    if len(objects) > 1 or objects and general and inner(objects[0]).kind in _CLASSES:
        planner.ordered = True
        choices.object = _members(objects, general, scope)
    else:
        choices.object = objects[0] if objects else general[0] if general else None


# The order in which Nodes for one kind of scalar are tried: what takes all of them comes last.
_ORDER = {r.INT: 1, r.FLOAT: 2, r.DECIMAL: 2, r.DATETIME: 2, r.DATE: 2, r.TIMEDELTA: 2, r.STR: 3}


def _breadth(node):
    return _ORDER.get(node.kind, 0)


def _breadth_of_strings(node):
    return node.kind == r.STR


def _refusal(scope, nodes, why="can't be told apart"):
    names = " and ".join(_shown(each) for each in nodes)
    return TypeError(f"{scope}: in a union {names} {why}")


def _shown(node):
    from ._words import expected

    name = expected(node)
    cls = inner(node).cls
    return cls.__qualname__ if isinstance(cls, type) and cls not in (dict, list, tuple, set) else name


def inner(node):
    """The Node below constraints."""
    while node.kind == r.CONSTRAINED:
        node = node.items[0]
    return node


def _by_length(arrays, scope):
    lengths = {}
    for each in arrays:
        node = inner(each)
        if node.kind == r.FIXED_TUPLE:
            counts = [len(node.items)]
        elif node.kind == r.NAMED_TUPLE:
            counts = range(len(node.data.required), len(node.data.fields) + 1)
        else:
            raise _refusal(scope, arrays)
        for count in counts:
            if count in lengths:
                raise _refusal(scope, arrays)
            lengths[count] = each
    return lengths


def _members(objects, general, scope):
    classes = [each for each in objects if inner(each).kind in _CLASSES]
    others = [each for each in objects if each not in classes]
    if len(others) > 1:
        raise _refusal(scope, others)
    otherwise = others[0] if others else general[0] if general else None
    tables = [_table(each, scope) for each in classes]
    tag, tags = _tag(classes, tables)
    nodes, untagged = [], {}
    for node, members in zip(classes, tables, strict=True):
        required = frozenset(name for name, (needed, _) in members.items() if needed and name != tag)
        absent = tag is not None and not members.get(tag, (False,))[0]
        nodes.append((node, required, frozenset(members), absent))
        if tag not in members:
            other = untagged.setdefault(nodes[-1][1:3], node)
            if other is not node:
                raise _refusal(scope, [other, node], "have the same members, and no tag")
    return r.Members(tag, tags, tuple(nodes), otherwise)


def _table(node, scope):
    """{JSON name: (required, Values or None)} of a class's members."""
    node = inner(node)
    if node.kind == r.PYDANTIC:
        return _pydantic_table(node)
    return {
        # msgspec writes a Struct's tag always, and reads it where there is a union.
        field.name: (field.required or field.attribute is None, _values(field.node))
        for field in node.data.fields
    }


def _values(node):
    node = inner(node)
    if node.kind == r.LITERAL or (node.kind == r.ENUM and not node.data.others):
        return node.data
    return None


def _pydantic_table(node):
    found = {}
    planner = r.Planner()
    for name, field in node.cls.model_fields.items():
        values = None
        if getattr(get_origin(field.annotation), "_name", "") == "Literal":
            values = planner.node(field.annotation, r.Scope()).data
        names = _pydantic_names(node.cls, name, field)
        for each in names:
            found[each] = (field.is_required() and len(names) == 1, values)
    return found


def _pydantic_names(cls, name, field):
    """The members by which a pydantic model takes a field."""
    config = cls.model_config
    by_name = config.get("populate_by_name") or config.get("validate_by_name")
    alias = getattr(field, "validation_alias", None) or field.alias
    if alias is None or config.get("validate_by_alias") is False:
        return [name]
    choices = getattr(alias, "choices", [alias])  # AliasChoices'
    names = [each if isinstance(each, str) else each.path[0] for each in choices]  # or AliasPath's
    return list(dict.fromkeys([*names, name] if by_name else names))


def _tag(classes, tables):
    """The member that tells the most classes apart by its value, and those classes by that value."""
    best, most = (None, None), 1
    for name in dict.fromkeys(name for table in tables for name in table):
        tagged = [(node, table[name][1]) for node, table in zip(classes, tables, strict=True) if name in table]
        values = [each for _, each in tagged]
        if len(tagged) <= most or None in values:
            continue
        if all(a.is_disjoint(b) for index, a in enumerate(values) for b in values[:index]):
            tags, most = r.Values(), len(tagged)
            for node, each in tagged:
                for value in (*each.strings, *each.ints, *each.floats, *each.constants):
                    tags.add(value, node)
            best = name, tags
    return best

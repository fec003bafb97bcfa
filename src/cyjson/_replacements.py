"""What the extension's writer of instances leaves to Python, values that are rare, and keys; the fallback uses it too.

indent: None, or what the encoder has: by which of json's writers NaN is refused in a key, and so in which words.
"""

from json import JSONEncoder

from . import _instances as plans
from . import _natives
from ._codec import Raw
from ._instances import advice
from ._natives import Literal, call_special, field_values, plain_value

__all__ = [
    "advice",
    "by_method",
    "by_text",
    "field_values",
    "in_order",
    "key_text",
    "members_of_rest",
    "refuse_result",
    "replacement",
    "text_or_refuse",
]

_BASIC_KEYS = (str, int, float, type(None))


def by_method(obj):
    """What ``__json__`` of the object's type returns; the module of plans where another thread took it away."""
    method = plans.lookup(type(obj), "__json__")
    if method is None:
        return plans
    bind = getattr(type(method), "__get__", None)
    return method() if bind is None else bind(method, obj, type(obj))()


def refuse_result(obj):
    """Raise the TypeError for an object that a hook returned, and nothing knows."""
    error = TypeError(f"Object of type {type(obj).__name__} is not JSON serializable")
    if hasattr(error, "add_note"):
        error.add_note("a hook returned it, and what one returns isn't given to another")
    raise error


def replacement(obj, plan, compact):
    """What is written in the place of an object: see ``_natives.replacement``. A pydantic model is taken apart where
    the document isn't compact."""
    value = _natives.replacement(obj, plan)
    return Raw.decode(value) if plan[0] == plans.PYDANTIC and not compact else value


def _float_text(value, policy, indent):
    if value - value != 0:  # NaN, infinities
        if policy is not None and policy.float_null:
            return "null"
        JSONEncoder(allow_nan=False, indent=indent).encode(value + 0.0)
    return float.__repr__(value)


def key_text(key, policy, purpose=plans.OF_KEYS, indent=None):
    """A key's text, without quotes; None where nothing knows it."""
    cls = type(key)
    if cls is str:
        return key
    if cls is int:
        return int.__repr__(key)
    if cls is float:
        return _float_text(key, policy, indent)
    if cls is bool or key is None:
        return "null" if key is None else "true" if key else "false"
    if cls is Literal:
        return str(key)
    if purpose == plans.OF_KEYS:
        plan = plans.kept_plan(cls, policy or plans.DEFAULT, plans.OF_KEYS)
    else:
        plan = plans.key_plan_of(cls, policy, hooked=True)
    kind = plan[0]
    if kind == plans.BASIC:
        which = plan[1]
        if which == plans.BASIC_STR:
            return str.__str__(key)
        return int.__repr__(key) if which == plans.BASIC_INT else _float_text(key, policy, indent)
    if kind == plans.CALL or kind == plans.JSON_METHOD:
        key = plan[1](key) if kind == plans.CALL else call_special(key, "__json__")
        return key_text(key, policy, plans.OF_RESULTS, indent)
    if kind == plans.UNKNOWN:
        return None
    value = plain_value(key, plan)
    return None if value is NotImplemented else key_text(value, policy, indent=indent)


def text_or_refuse(key, policy, skipkeys, indent=None):
    """A key's text, without quotes. Of a key that nothing knows None where it is to be skipped; TypeError otherwise."""
    text = key_text(key, policy, indent=indent)
    if text is None and not skipkeys:
        raise TypeError(f"keys must be str, int, float, bool or None, not {key.__class__.__name__}")
    return text


# Without comprehensions that use an argument: 3.11 crashes where it finds no memory for the cell of one.
def in_order(members, policy, skipkeys, indent=None):
    """Members, or pairs of their keys' texts and values, sorted by what is written: as json sorts them, where all keys
    are json's."""
    members = list(members)
    policy = policy or plans.DEFAULT
    for key, _ in members:
        if not isinstance(key, _BASIC_KEYS) and plans.key_plan_of(type(key), policy)[0] != plans.UNKNOWN:
            break
    else:
        return sorted(members)
    texts = []
    for key, value in members:
        text = text_or_refuse(key, policy, skipkeys, indent)
        if text is not None:
            texts.append((text, value))
    return by_text(texts)


def _first(pair):
    return pair[0]


def by_text(members):
    """Pairs of texts and values, sorted by their texts alone: two may be equal."""
    return sorted(members, key=_first)


def members_of_rest(obj, attribute, value, others, policy, skipkeys, indent=None):
    """The members that a field "**" has written in its place, as a list of pairs of str and value."""
    if value is None:
        return []
    if not isinstance(value, plans.Mapping):
        raise TypeError(f'{type(obj).__name__}.{attribute} is "**" and must be a dict, not {type(value).__name__}')
    members = []
    for member, each in list(value.items()):
        key = text_or_refuse(member, policy, skipkeys, indent)
        if key in others:
            raise ValueError(f"{type(obj).__name__}.{attribute} has a member {key!r}, which is a field's name too")
        if key is not None:
            members.append((key, each))
    return members

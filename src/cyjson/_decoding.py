"""The execution of plans in Python: what the fallback does, and the definition of what the extension does.

A document is decoded by ``loads``, and what comes of it is made into instances, depth first, in the order of the
document. A function for each kind of Node returns the object, or _BAD after it has noted a mismatch; what holds a bad
value goes on with the next one and is bad itself.
"""

import sys
from json import JSONDecodeError, detect_encoding

from . import _backend, _formats
from . import _reading as r
from ._codec import Codec
from ._constraints import HOOK_ERRORS, first_failed
from ._validation import Mismatch, ValidationError
from ._values import is_of_enum_itself, look_up
from ._words import KIND_NAMES, Exact, MinusZero, expected, kind_name, list_of, shown

MOST_ERRORS = 100
MOST_CHARACTERS = 2**20

_impl = _backend.implementation()[0]


def decode(data, type, errors):
    """``cyjson.decode``."""
    check_errors(errors)
    if isinstance(type, Codec):
        return execute(data, plan_by(type), type.errors if errors == "all" else errors)
    return execute(data, r.plan_of(type), errors)


def decoder_of(type):
    """Return the function of a text that decodes it as a type, or by a Codec."""
    is_codec = isinstance(type, Codec)
    plan, errors = (plan_by(type), type.errors) if is_codec else (r.plan_of(type), "all")
    return lambda data: execute(data, plan, errors)


def plan_by(codec):
    """Return the Plan of a Codec's type."""
    reading = codec._reading
    if reading is None:
        reading = r.policy_of(codec)
        object.__setattr__(codec, "_reading", reading)
    plan = r.plan_of(codec.type) if reading.is_default and not reading.plans else None
    if plan is None or plan.stamp < 0:
        plan = r.plan_of(codec.type, reading)  # kept by the codec, also where it has names in strings
    object.__setattr__(codec, "_plan", plan)
    return plan


def check_errors(errors):
    """ValueError where an argument ``errors`` is wrong."""
    if errors != "all" and errors != "first":
        raise ValueError(f'errors must be "all" or "first", not {errors!r}')


class _Bad:
    def __repr__(self):
        return "_BAD"


_BAD = _Bad()


class _Enough(Exception):
    """There are as many mismatches as are wanted."""


class _Constant(Exception):
    """NaN, Infinity or -Infinity, which are no JSON."""


def _exact(text):
    number = Exact(text)
    number.text = text
    return number


def _exact_int(text):
    return MinusZero() if text == "-0" else int(text)


def _refuse_constant(text):
    raise _Constant


def distinct(pairs):
    """Return an object's members; ValueError where a name is there more than once."""
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("equal names")
    return members


def decode_text(data, plan, errors="all"):
    """Return what a plan makes of a document; the exception of ``loads`` where that isn't JSON, else ValidationError.

    data: str, bytes, bytearray or memoryview; plan: a Plan; errors: "all" or "first".
    """
    if isinstance(data, memoryview):
        data = data.tobytes()
    elif isinstance(data, bytearray):
        data = bytes(data)
    elif not isinstance(data, (str, bytes)):
        raise TypeError(f"data must be str, bytes, bytearray or memoryview, not {type(data).__name__}")
    root = plan.root
    options = {"parse_float": _exact, "parse_int": _exact_int} if plan.exact else {}
    try:
        value = _impl.loads(data, parse_constant=_refuse_constant, **options)
    except _Constant:
        from ._places import first_constant

        text = _text_of(data)
        raise JSONDecodeError("Expecting value", text, first_constant(text)) from None
    except JSONDecodeError:
        _impl.loads(data)  # whose words may be others where there are hooks, as in PyPy's json
        raise
    run = _Run(data, 1 if errors == "first" else MOST_ERRORS, plan.exact)
    try:
        result = READERS[root.kind](run, root, value)
    except _Enough:
        result = _BAD
    except BaseException:
        run.errors.clear()  # as below
        raise
    if run.errors:
        error = run.exception()
        run.errors.clear()  # the frames of a hook's exception hold the run: it would be a circle
        try:
            raise error
        finally:
            del error, run
    return result


# The extension's, which asks decode_text where a document isn't of the type, or a Node isn't one of those it knows.
execute = getattr(_impl, "decode_by_plan", decode_text)


def _text_of(data):
    return data if isinstance(data, str) else data.decode(detect_encoding(data), "surrogatepass")


class _Run:
    """The decoding of one document."""

    __slots__ = ("data", "errors", "exact", "most", "path", "spans")

    def __init__(self, data, most, exact):
        self.data = data
        self.most = most
        self.exact = exact
        self.path = []
        self.errors = []
        self.spans = None

    def mismatch(self, message, path=(), cause=None, at_name=False):
        """Note a mismatch at the current path, or below it; _BAD."""
        self.errors.append(((*self.path, *path), message, cause, at_name))
        if len(self.errors) >= self.most:
            raise _Enough
        return _BAD

    def wrong(self, node, value):
        """Note that a value is of another kind."""
        return self.mismatch(f"expected {expected(node)}, got {kind_name(value)}")

    def text(self):
        """The text of the current value."""
        if self.spans is None:
            from ._places import Spans

            self.spans = Spans(_text_of(self.data))
        return self.spans.text_at(self.path)

    def exception(self):
        from ._places import path_of, places_of, pointer_of

        text = _text_of(self.data)
        places = places_of(text, [path for path, _, _, _ in self.errors])
        found, cause, size = [], None, 0
        for path, message, because, at_name in self.errors:
            pos = places[path][0 if at_name else 1]
            lineno = text.count("\n", 0, pos) + 1
            colno = pos - text.rfind("\n", 0, pos)
            found.append(Mismatch(path_of(path), pointer_of(path), message, pos, lineno, colno))
            cause = cause or because
            size += len(found[-1].path) + len(message)
            if size > MOST_CHARACTERS:  # names may be as long as the document
                break
        error = ValidationError(found, text)
        error.__cause__ = cause
        return error


# Scalars


def _any(run, node, value):
    return _plain(value) if run.exact else value


def _plain(value):
    """A value without the texts of its numbers."""
    kind = type(value)
    if kind is list:
        return [_plain(each) for each in value]
    if kind is dict:
        return {name: _plain(each) for name, each in value.items()}
    return float(value) if kind is Exact else 0 if kind is MinusZero else value


def _null(run, node, value):
    return None if value is None else run.wrong(node, value)


def _bool(run, node, value):
    return value if value is True or value is False else run.wrong(node, value)


def _int(run, node, value):
    kind = type(value)
    return value if kind is int else 0 if kind is MinusZero else run.wrong(node, value)


def _float(run, node, value):
    kind = type(value)
    if kind is float:
        return value
    if kind is int:
        try:
            return float(value)
        except OverflowError:  # what its text with an exponent would be
            return float("inf") if value > 0 else -float("inf")
    if kind is Exact:
        return float(value)
    if kind is MinusZero:
        return 0.0
    if value is None and node.data == "null":
        return float("nan")
    return run.wrong(node, value)


def _str(run, node, value):
    return value if type(value) is str else run.wrong(node, value)


def _literal(run, node, value):
    found = look_up(node.data, value)
    if found is r.MISSING:
        return run.mismatch(f"expected {expected(node)}, got {shown(value)}")
    return found


def _enum(run, node, value):
    found = look_up(node.data, value)
    if found is not r.MISSING:
        return found
    if node.data.call is not None:
        try:
            return node.data.call(_plain(value))
        except HOOK_ERRORS as error:
            cause = None if is_of_enum_itself(error) else error
            return run.mismatch(f"expected {expected(node)}, got {shown(value)}", cause=cause)
    return run.mismatch(f"expected {expected(node)}, got {shown(value)}")


def _formatted(run, node, value):
    kind = type(value)
    try:
        if kind is str and node.data not in _NUMBERS:
            return _formats.READERS[node.kind](value, node)
        if node.data in _NUMBERS and (isinstance(value, (int, float)) and kind is not bool):
            return _formats.of_number(value, node)
        if node.kind == r.DECIMAL and isinstance(value, (int, float)) and kind is not bool:
            return node.cls(value if kind is int else value.text)
    except _formats.REFUSALS:
        name = _formats.NAMES[node.kind] if node.data in _NUMBERS else expected(node)
        return run.mismatch(f"expected {name}, got {shown(value)}")
    return run.wrong(node, value)


_NUMBERS = {"unix", "unix_ms", "seconds"}


# Arrays


def _items(run, node, value, add):
    """Read the values of an array by one Node, and hand each to add; whether all were good."""
    (item,) = node.items
    read, path = READERS[item.kind], run.path
    good = True
    path.append(0)
    for index, each in enumerate(value):
        path[-1] = index
        each = read(run, item, each)
        if each is _BAD:
            good = False
        elif good:
            try:
                add(each)
            except TypeError as error:  # in a set, what can't be hashed
                run.mismatch(str(error), cause=error)
                good = False
    path.pop()
    return good


def _list(run, node, value):
    if type(value) is not list:
        return run.wrong(node, value)
    made = []
    return made if _items(run, node, value, made.append) else _BAD


def _tuple(run, node, value):
    made = _list(run, node, value)
    return _BAD if made is _BAD else tuple(made)


def _set(run, node, value):
    if type(value) is not list:
        return run.wrong(node, value)
    made = set()
    if not _items(run, node, value, made.add):
        return _BAD
    return made if node.kind == r.SET else frozenset(made)


def _deque(run, node, value):
    made = _list(run, node, value)
    return _BAD if made is _BAD else node.cls(made)


def _fixed_tuple(run, node, value):
    if type(value) is not list:
        return run.wrong(node, value)
    if len(value) != len(node.items):
        return run.mismatch(f"expected array of {len(node.items)}, got array of {len(value)}")
    made = _places(run, node.items, value)
    return _BAD if made is _BAD else tuple(made)


def _places(run, nodes, value):
    made, path = [], run.path
    path.append(0)
    for index, each in enumerate(value):
        path[-1] = index
        made.append(READERS[nodes[index].kind](run, nodes[index], each))
    path.pop()
    return _BAD if any(each is _BAD for each in made) else made


def _ndarray(run, node, value):
    if type(value) is not list:
        return run.wrong(node, value)
    value = _any(run, node, value)
    wrong = _formats.wrong_leaf(value, node)
    if wrong is not None:
        return run.mismatch(wrong[1], path=wrong[0])
    try:
        return _formats.numpy_array(value, node)
    except HOOK_ERRORS as error:
        return run.mismatch(str(error))


# Objects


def _dict(run, node, value):
    if type(value) is not dict:
        return run.wrong(node, value)
    made = node.cls(node.data) if node.data is not None else node.cls()
    return made if _members(run, node, value, made) else _BAD


def _members(run, node, value, made):
    """Read the members of an object into a dict; whether all were good."""
    key, item = node.items
    read, path = READERS[item.kind], run.path
    by_name = key.kind == r.STR
    good = True
    path.append("")
    for name, each in value.items():
        path[-1] = name
        if not by_name:
            name = _key(run, key, name)
        each = read(run, item, each)
        if each is _BAD or name is _BAD:
            good = False
        else:
            try:
                made[name] = each
            except TypeError as error:
                run.mismatch(str(error), cause=error, at_name=True)
                good = False
    path.pop()
    return good


def _key(run, node, name):
    """Read the name of a member."""
    found = read_key(node, name)
    if isinstance(found, _Refused):
        message = found.message or f"expected {expected(node)} as key, got {shown(name)}"
        return run.mismatch(message, cause=found.cause, at_name=True)
    return found


class _Refused:
    def __init__(self, message=None, cause=None):
        self.message = message
        self.cause = cause


def read_key(node, name):
    """What a member's name stands for; _Refused."""
    kind = node.kind
    if kind in (r.STR, r.ANY):
        return name
    if kind in (r.LITERAL, r.ENUM):
        found = node.data.strings.get(name, r.MISSING)
        if found is r.MISSING:
            try:
                found = look_up(node.data, _scalar(name))
            except (ValueError, LookupError):
                pass
        if found is r.MISSING and kind == r.ENUM and node.data.call is not None:
            run = _Run(name, 2, False)
            found = _enum(run, node, _scalar_or_name(name, node))
            return _Refused(cause=run.errors[0][2]) if found is _BAD else found
        return _Refused() if found is r.MISSING else found
    if kind in _formats.READERS:
        try:
            if node.data in _NUMBERS:
                number = _scalar(name)
                return _formats.of_number(_exact(name) if type(number) is float else number, node)
            return _formats.READERS[kind](name, node)
        except _formats.REFUSALS:
            return _Refused()
    if kind == r.CONSTRAINED:
        found = read_key(node.items[0], name)
        if not isinstance(found, _Refused):
            failed = first_failed(node.data, found)
            if failed is not None:
                return _Refused(*failed)
        return found
    if kind == r.CONVERTED:
        found = read_key(node.items[0], name)
        if isinstance(found, _Refused):
            return found
        try:
            return node.data(found)
        except HOOK_ERRORS as error:
            return _Refused(_said(error), error)
    if kind == r.UNION:
        for each in sorted(node.items, key=lambda each: each.kind == r.STR):
            found = read_key(each, name)
            if not isinstance(found, _Refused):
                return found
        return _Refused()
    try:
        value = _scalar(name)
    except (ValueError, LookupError):
        return _Refused()
    run = _Run(name, 2, False)
    found = READERS[kind](run, node, value)
    return _Refused() if found is _BAD else found


def _scalar(text):
    """The number or constant that a text is, exactly; ValueError or LookupError."""
    if text[:1] in "-0123456789" and text == text.strip():
        value = _impl.loads(text, parse_constant=_no_constant)
    else:
        value = {"true": True, "false": False, "null": None}[text]
    return value


def _no_constant(text):
    raise ValueError(text)


def _scalar_or_name(name, node):
    if node.data.strings:
        return name
    try:
        return _scalar(name)
    except (ValueError, LookupError):
        return name


def _object(run, node, value):
    if type(value) is not dict:
        return run.wrong(node, value)
    read = _fields(run, node.data, value)
    if read is _BAD:
        return _BAD
    positional, keywords = read
    try:
        return node.cls(*positional, **keywords)
    except HOOK_ERRORS as error:
        return run.mismatch(_said(error), cause=error)


def _said(error):
    """What an exception says, for a message: the first argument of several, as attrs' validators give them."""
    arguments = error.args
    if len(arguments) > 1 and isinstance(arguments[0], str) and type(error).__str__ == BaseException.__str__:
        return arguments[0] or type(error).__name__
    return str(error) or type(error).__name__


def _fields(run, made, value):
    """The arguments that an object's members are for the call of its class, or _BAD."""
    keywords, rest, path = {}, {}, run.path
    good = True
    path.append("")
    for name, each in value.items():
        field = made.by_name.get(name, r.MISSING)
        if field is None:
            continue
        path[-1] = name
        if field is not r.MISSING:
            each = READERS[field.node.kind](run, field.node, each)
            if each is _BAD:
                good = False
            keywords[field.argument] = each
        elif made.rest is not None:
            good = _unknown(run, made.rest.node, name, each, rest) and good
        elif made.extra == "error":
            run.mismatch("unknown member", at_name=True)
            good = False
    path.pop()
    for field in made.required:
        if field.argument not in keywords:
            run.mismatch(f"missing member {shown(field.name)}")
            good = False
    if not good:
        return _BAD
    if made.rest is not None:
        keywords[made.rest.argument] = rest
    keywords.pop(r.TAG, None)
    return _positional(made, keywords), keywords


def _unknown(run, node, name, value, rest):
    """Read a member for the dict that takes the unknown ones."""
    if node.kind == r.ANY:
        rest[name] = _any(run, node, value)
        return True
    key = _key(run, node.items[0], name)
    value = READERS[node.items[1].kind](run, node.items[1], value)
    if key is _BAD or value is _BAD:
        return False
    rest[key] = value
    return True


def _positional(made, keywords):
    """Take the positional arguments out of the keywords."""
    positional, held = [], []
    for field in made.fields:
        if field.passing == r.POSITIONAL:
            # A default only counts where a later argument is there.
            if field.argument in keywords:
                positional += held
                held = []
                positional.append(keywords.pop(field.argument))
            else:
                held.append(field.default)
    return positional


def _typed_dict(run, node, value):
    if type(value) is not dict:
        return run.wrong(node, value)
    made, path = node.data, run.path
    result, good = {}, True
    path.append("")
    for name, each in value.items():
        field = made.by_name.get(name, r.MISSING)
        path[-1] = name
        if field is not r.MISSING:
            reader, key = field.node, field.attribute
        elif isinstance(made.extra, r.Node):
            reader, key = made.extra, name
        else:
            if made.extra == "error":
                run.mismatch("unknown member", at_name=True)
                good = False
            continue
        result[key] = each = READERS[reader.kind](run, reader, each)
        good = good and each is not _BAD
    path.pop()
    for field in made.required:
        if field.attribute not in result:
            run.mismatch(f"missing member {shown(field.name)}")
            good = False
    return result if good else _BAD


def _named_tuple(run, node, value):
    made = node.data
    if type(value) is dict:
        return _object(run, node, value)
    if type(value) is not list:
        return run.wrong(node, value)
    least, most = len(made.required), len(made.fields)
    if made.is_open:
        value = value[:most]
    if not least <= len(value) <= most:
        count = least if least == most else f"{least} to {most}"
        return run.mismatch(f"expected array of {count}, got array of {len(value)}")
    read = _places(run, node.items, value)
    if read is _BAD:
        return _BAD
    keywords = {field.argument: each for field, each in zip(made.fields, read, strict=False)}
    keywords.pop(r.TAG, None)
    positional = _positional(made, keywords)
    try:
        return node.cls(*positional, **keywords)
    except HOOK_ERRORS as error:
        return run.mismatch(_said(error), cause=error)


# Unions


def _union(run, node, value):
    choices, kind = node.data, type(value)
    if kind is dict:
        found = choices.object
        if type(found) is r.Members:
            found = _choose(run, node, found, value)
            if found is _BAD:
                return _BAD
    elif kind is list:
        found = choices.array
        if type(found) is dict:
            by_length, found = found, found.get(len(value))
            if found is None:
                counts = list_of(map(str, sorted(by_length)))
                return run.mismatch(f"expected array of {counts}, got array of {len(value)}")
    else:
        able = getattr(choices, KIND_NAMES[kind])
        if len(able) != 1:
            return _first_of(run, node, able, value)
        (found,) = able
    if found is None:
        return run.wrong(node, value)
    return READERS[found.kind](run, found, value)


def _first_of(run, node, able, value):
    """Read a scalar by the first Node that takes it."""
    if not able:
        return run.wrong(node, value)
    errors, most = run.errors, run.most
    for each in able:
        run.errors, run.most = [], sys.maxsize
        try:
            found = READERS[each.kind](run, each, value)
            said = run.errors
        finally:
            run.errors, run.most = errors, most
        if found is not _BAD:
            return found
    if each.kind in (r.CONSTRAINED, r.CONVERTED) and said:
        return run.mismatch(said[0][1], cause=said[0][2])
    return run.mismatch(f"expected {list_of(expected(each) for each in able)}, got {shown(value)}")


def _choose(run, node, members, value):
    """The Node for an object, or _BAD."""
    nodes = members.nodes
    if members.tag is not None:
        tag = value.get(members.tag, r.MISSING)
        if tag is not r.MISSING:
            found = look_up(members.tags, tag)
            if found is not r.MISSING:
                return found
            if members.otherwise is not None:
                return members.otherwise
            values = members.tags
            every = (*values.strings, *values.ints, *values.floats, *values.constants)
            return run.mismatch(f"expected {list_of(map(shown, every))}, got {shown(tag)}", path=(members.tag,))
        nodes = [each for each in nodes if each[3]]
    best, most = members.otherwise, -1
    names = value.keys()
    for each, required, known, _ in nodes:
        if required <= names:
            count = sum(name in known for name in names) if len(names) < len(known) else len(known & names)
            if count > most:
                best, most = each, count
    if best is None:
        if members.tag is not None and not nodes:
            return run.mismatch(f"missing member {shown(members.tag)}")
        lacking = list_of(", ".join(map(shown, sorted(required - names))) for _, required, _, _ in nodes)
        return run.mismatch(f"missing members: {lacking}")
    return best


# Constraints and hooks


def _constrained(run, node, value):
    (inner,) = node.items
    result = READERS[inner.kind](run, inner, value)
    if result is _BAD:
        return _BAD
    failed = first_failed(node.data, result)
    if failed is None:
        return result
    message, cause = failed
    return run.mismatch(message, cause=cause)


def _converted(run, node, value):
    (inner,) = node.items
    result = READERS[inner.kind](run, inner, value)
    if result is _BAD:
        return _BAD
    try:
        return node.data(result)
    except HOOK_ERRORS as error:
        return run.mismatch(_said(error), cause=error)


def _pydantic(run, node, value):
    try:
        return node.data.validate_json(run.text())
    except ValueError as error:
        details = getattr(error, "errors", None)
        if not callable(details):
            return run.mismatch(_said(error), cause=error)
        for each in details():
            message = each["msg"]
            if each["type"] == "missing":  # whose path isn't there
                message += f": {shown(each['loc'][-1])}"
            run.mismatch(message, path=_steps(value, each["loc"]), cause=error)
        return _BAD
    except HOOK_ERRORS as error:
        return run.mismatch(_said(error), cause=error)


def _steps(value, location):
    """The part of pydantic's location that leads into the document: it also names union members and the like."""
    steps = []
    for step in location:
        if isinstance(value, dict) and step in value or isinstance(value, list) and step in range(len(value)):
            steps.append(step)
            value = value[step]
    return steps


def _raw(run, node, value):
    return node.cls(run.text().encode("utf-8", "surrogatepass"))


READERS = [None] * r.PENDING
for _kind, _reader in {
    r.ANY: _any,
    r.NULL: _null,
    r.BOOL: _bool,
    r.INT: _int,
    r.FLOAT: _float,
    r.STR: _str,
    r.LITERAL: _literal,
    r.ENUM: _enum,
    r.LIST: _list,
    r.TUPLE: _tuple,
    r.SET: _set,
    r.FROZENSET: _set,
    r.DEQUE: _deque,
    r.FIXED_TUPLE: _fixed_tuple,
    r.DICT: _dict,
    r.OBJECT: _object,
    r.TYPED_DICT: _typed_dict,
    r.NAMED_TUPLE: _named_tuple,
    r.UNION: _union,
    **dict.fromkeys(_formats.READERS, _formatted),
    r.CONSTRAINED: _constrained,
    r.CONVERTED: _converted,
    r.PYDANTIC: _pydantic,
    r.NDARRAY: _ndarray,
    r.RAW: _raw,
}.items():
    READERS[_kind] = _reader

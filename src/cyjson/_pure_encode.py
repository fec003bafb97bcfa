"""The fallback's writer of documents with instances of classes in them: what it writes, the extension writes too.

One function, ``write``, calls itself once for each level of a document. What was written gathers in a list; where it
goes to a file, the list is emptied now and then, so that iterators may give more than memory holds.
"""

import sys
from json import JSONEncoder, dumps
from json.encoder import encode_basestring

from . import _instances as plans
from ._natives import (
    Literal,
    call_special,
    field_values,
    is_omitted,
    numpy_values,
    plain_value,
    pydantic_text,
    raw_value,
)
from ._replacements import by_text, in_order, members_of_rest, refuse_result, text_or_refuse

__all__ = ["encode_document"]

CHUNK = 65536  # characters that are gathered before they are written to a file
MOST_PIECES = 4096  # of which the list is emptied
MOST_NAMES = 4096  # that are remembered
MOST_STEPS = 64  # of a path that are told

# Where all keys are skipped, some versions of json have begun a line already.
_OPENS_EARLY = dumps({(): 0}, skipkeys=True, indent=1) != "{}"


def encode_document(obj, policy, encoder, sink=None):
    """Return ``obj`` as text; or hand it to ``sink`` in pieces (str) of some 64 Ki characters, and return None.

    encoder: a JSONEncoder that has the options, and whose ``default`` is called for what nothing else knows.
    """
    indent, item_separator, key_separator = encoder.indent, encoder.item_separator, encoder.key_separator
    if indent is not None and not isinstance(indent, str):
        indent = " " * indent
    if _C_INDENTS and issubclass(type(indent), str):
        indent = str.__getitem__(indent, slice(None))  # as json's C encoder writes a subclass of str: by its characters
    compact = indent is None and not encoder.sort_keys and (item_separator, key_separator) == (",", ":")
    document = _Document(policy or plans.DEFAULT, encoder, sink)
    write, end = _writer(document, encoder, indent, item_separator, key_separator, compact)
    try:
        write(obj, 0, plans.OF_OBJECTS)
        if sink is None:
            return "".join(document.pieces)
        document.flush(True)
    except StopIteration as error:
        if document.of_sink or (sink is None and not document.as_generator):
            document.say_where(error)
            raise
        instead = RuntimeError("generator raised StopIteration")
        document.say_where(instead)
        raise instead from error
    except BaseException as error:
        if isinstance(error, TypeError) and str(error).startswith("couldn't record exception context"):
            # PyPy's, where the stack ends while the end of the stack is handled.
            raise RecursionError("maximum recursion depth exceeded") from None
        if document.stopped is not None and error.__cause__ is document.stopped:
            if sink is None and not document.as_generator:
                error = document.stopped
        document.say_where(error)
        raise error
    finally:
        end()
    return None


# Up to 3.12 json writes indented documents by a generator: dicts are then walked as they are, not as a copy of theirs.
_C_INDENTS = sys.version_info >= (3, 13)


class _Document:
    """One document being written: its pieces, and where in it an error happened."""

    def __init__(self, policy, encoder, sink):
        self.policy = policy
        self.encoder = encoder
        self.sink = sink
        self.as_generator = encoder.indent is not None and not _C_INDENTS
        self.pieces = []
        self.gathered = []
        self.size = 0
        self.of_sink = False
        self.stopped = None  # the StopIteration of an attribute, which can't leave the generator that asks for it
        self.steps = []  # of the path to an error, the last one first
        self.plans = ({}, {}, {})  # by class, for this document: whether a class has changed is asked once

    def plan(self, cls, purpose):
        kept = self.plans[purpose]
        found = kept.get(id(cls))
        if found is None:
            # With the class, which may die while the document is being written, and another be made in its place.
            found = kept[id(cls)] = cls, plans.kept_plan(cls, self.policy, purpose)
        return found[1]

    def flush(self, last=False):
        """Hand on what was written, if it is enough."""
        text = "".join(self.pieces)
        self.pieces.clear()
        self.gathered.append(text)
        self.size += len(text)
        if self.size >= CHUNK or (last and self.size):
            text = "".join(self.gathered)
            self.gathered.clear()
            self.size = 0
            try:
                self.sink(text)
            except BaseException:
                self.of_sink = True
                raise

    def say_where(self, error):
        """Add the note that says where in the document an error happened."""
        if (
            not self.steps
            or self.of_sink
            or not isinstance(error, Exception)
            or isinstance(error, (MemoryError, RecursionError))
            or not hasattr(BaseException, "add_note")
        ):
            return
        steps = self.steps[:MOST_STEPS]
        if len(self.steps) > MOST_STEPS:
            steps.append("...")
        BaseException.add_note(error, f"while encoding ${''.join(reversed(steps))}")


def _step(key):
    """The step of a path to a member, by the text of its key."""
    return f".{key}" if key.isidentifier() else f"[{key!r}]"


def quote(text):
    """A str as JSON; UnicodeEncodeError where it has a lone surrogate."""
    if not text.isascii():
        str.encode(text)
    return encode_basestring(text)


def _true_or_false(value):
    return "true" if value else "false"


def _null(value):
    return "null"


def _writer(document, encoder, indent, item_separator, key_separator, compact):
    """The function write(obj, level, purpose), which adds an object to a document's pieces, and end(), which drops what
    they hold.

    level: how many containers the object is in; purpose: see ``kept_plan``.
    """
    put = document.pieces.append
    pieces, steps, plan_for, policy = document.pieces, document.steps, document.plan, document.policy
    most_pieces = sys.maxsize if document.sink is None else MOST_PIECES
    markers = {} if encoder.check_circular else None
    sort_keys, skipkeys = bool(encoder.sort_keys), bool(encoder.skipkeys)
    names = {}
    indented, as_generator = indent is not None, document.as_generator
    lines = []  # what each begins with, by level

    def line(level):
        if not indented:
            return ""
        while level >= len(lines):
            lines.append("\n" + indent * len(lines))  # as json does it: a subclass of str may multiply in its own way
        return lines[level]

    def float_text(value):
        if value - value != 0:  # NaN, infinities
            if policy.float_null:
                return "null"
            JSONEncoder(allow_nan=False, indent=encoder.indent).encode(value)
        return float.__repr__(value)

    leaves = {str: quote, int: int.__repr__, float: float_text, bool: _true_or_false, type(None): _null, Literal: str}
    leaf_of = {id(cls): function for cls, function in leaves.items()}.get  # not every metaclass's classes have a hash

    def key_text(key):
        return text_or_refuse(key, policy, skipkeys, encoder.indent)

    def fields_of(obj, plan):
        """The members of an instance, each read when it is asked for; but where sort_keys has to see them all."""
        fields, unset = plan[1], plan[2]
        if sort_keys and plan[0] == plans.OBJECT:
            if any(field[2] == plans.FIELD_REST for field in fields):
                return iter(by_text(fields_in_order(obj, fields, unset)))
            fields = sorted(fields, key=_second)
        return fields_in_order(obj, fields, unset)

    def fields_in_order(obj, fields, unset):
        for attribute, name, rule, given in fields:
            try:
                if rule == plans.FIELD_CONSTANT:
                    value = given
                else:
                    value = getattr(obj, attribute)
                    if unset and value is unset[0]:
                        continue
                    if rule and is_omitted(value, rule, given):
                        continue
                if rule == plans.FIELD_REST:
                    value = members_of_rest(obj, attribute, value, given, policy, skipkeys, encoder.indent)
            except BaseException as error:
                steps.append(_step(name if rule != plans.FIELD_REST else attribute))
                if isinstance(error, StopIteration):
                    document.stopped = error
                raise
            if rule == plans.FIELD_REST:
                yield from value
            else:
                yield name, value

    def refuse(obj, purpose):
        """What ``default`` makes of an object that nothing knows; TypeError where there is none, or where it was a hook
        that returned it."""
        if purpose == plans.OF_RESULTS:
            refuse_result(obj)
        try:
            return encoder.default(obj)
        except TypeError as error:
            if getattr(encoder.default, "__func__", None) is JSONEncoder.default:
                _add_note(error, plans.advice(type(obj)))
            raise

    def write(obj, level, purpose):
        cls = type(obj)
        leaf = leaf_of(id(cls))
        if leaf is not None:
            put(leaf(obj))
            return
        members = items = kind = None
        if cls is list or cls is tuple:
            items = obj
        elif cls is dict:
            if not obj:
                put("{}")
                return
            members = obj.items() if as_generator else list(obj.items())
        else:
            plan = plan_for(cls, _OF_RESULTS if purpose else purpose)
            kind = plan[0]
            if kind == plans.OBJECT:
                pass
            elif kind == plans.ARRAY_OF_FIELDS:
                items = field_values(obj, plan)
            elif kind == plans.BASIC:
                which = plan[1]
                if which == plans.BASIC_STR:
                    put(quote(str.__str__(obj)))
                    return
                if which == plans.BASIC_INT:
                    put(int.__repr__(obj))
                    return
                if which == plans.BASIC_FLOAT:
                    put(float_text(obj))
                    return
                if which == plans.BASIC_DICT:
                    if not dict.__len__(obj):
                        put("{}")
                        return
                    members = obj.items() if as_generator else list(obj.items())
                else:
                    items = iter(obj) if as_generator else list(obj)  # as json asks subclasses
            elif kind == plans.RAW:
                put(bytes.decode(obj))
                return
            elif kind == plans.PYDANTIC:
                text = pydantic_text(obj)
                if compact:
                    put(text.decode())
                    return
                from ._codec import Raw

                obj = Raw(text).decode()
                write(obj, level, plans.OF_OBJECTS)
                return
            elif kind == plans.ARRAY:
                items = obj
            elif kind == plans.MAPPING:
                members = obj.items()
            elif kind not in _HOOKS and kind != plans.NUMPY_ARRAY:
                value = plain_value(obj, plan)
                if value is not NotImplemented:
                    leaf = leaf_of(id(type(value)))
                    if leaf is not None:
                        put(leaf(value))
                        return
                    kind = plans.ENUM  # whose value is any object
                else:
                    kind = plans.UNKNOWN

        mark = id(obj)
        if markers is not None:
            if mark in markers:
                raise ValueError("Circular reference detected")
            markers[mark] = obj

        if members is None and items is None and kind != plans.OBJECT:
            # Something else is written in its place.
            if kind == plans.NUMPY_ARRAY:
                value = numpy_values(obj)
                if value is NotImplemented:
                    value = refuse(obj, purpose)
                    purpose = _OF_DEFAULT
                else:
                    purpose = plans.OF_OBJECTS
            elif kind == plans.CALL:
                value = plan[1](obj)
                purpose = plans.OF_RESULTS
            elif kind == plans.JSON_METHOD:
                value = call_special(obj, "__json__")
                purpose = plans.OF_RESULTS
            elif kind == plans.ENUM:
                purpose = plans.OF_OBJECTS
            elif kind == plans.RAW_METHOD:
                value = raw_value(call_special(obj, "__raw_json__"))
                purpose = plans.OF_OBJECTS
            else:
                value = refuse(obj, purpose)
                purpose = _OF_DEFAULT
            write(value, level, purpose)
        elif items is not None:
            between = "[" + line(level + 1)
            at = 0
            try:
                for each in items:
                    put(between)
                    leaf = leaf_of(id(type(each)))
                    if leaf is not None:
                        put(leaf(each))
                    else:
                        write(each, level + 1, plans.OF_OBJECTS)
                    if at == 0:
                        between = item_separator + line(level + 1) if indented else item_separator
                    at += 1
                    if len(pieces) > most_pieces:
                        document.flush()
            except BaseException:
                steps.append(f"[{at}]")
                raise
            put(line(level) + "]" if at else "[]")
        else:
            if members is None:
                members, is_object = fields_of(obj, plan), True
            else:
                is_object = False
                if sort_keys:
                    members = in_order(members, policy, skipkeys, encoder.indent)
            between = "{" + line(level + 1)
            written = False
            at = None
            try:
                for key, value in members:
                    name = key if type(key) is str else key_text(key)
                    if name is None:
                        continue
                    text = names.get(name)
                    if text is None:
                        if len(names) >= MOST_NAMES:
                            names.clear()
                        text = names[name] = quote(name) + key_separator
                    at = name
                    put(between)
                    put(text)
                    leaf = leaf_of(id(type(value)))
                    if leaf is not None:
                        put(leaf(value))
                    else:
                        write(value, level + 1, plans.OF_OBJECTS)
                    if not written:
                        written = True
                        between = item_separator + line(level + 1) if indented else item_separator
                    at = None
                    if len(pieces) > most_pieces:
                        document.flush()
            except BaseException:
                if at is not None:
                    steps.append(_step(at))
                raise
            if written:
                put(line(level) + "}")
            elif indented and _OPENS_EARLY and not is_object and kind in (None, plans.BASIC):
                put(between + line(level) + "}")
            else:
                put("{}")
        if markers is not None:
            del markers[mark]

    def end():
        """Drop what the functions hold: they hold each other, so that only the collector would free them."""
        nonlocal write
        write = None
        pieces.clear()
        names.clear()
        if markers is not None:
            markers.clear()

    return write, end


_OF_RESULTS = plans.OF_RESULTS
_OF_DEFAULT = 3  # the same plans, and ``default`` is asked again
_HOOKS = frozenset([plans.CALL, plans.JSON_METHOD, plans.RAW_METHOD, plans.UNKNOWN])


def _second(field):
    return field[1]


def _add_note(error, note):
    if hasattr(error, "add_note"):
        BaseException.add_note(error, note)

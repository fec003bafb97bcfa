"""Where in a text the values are: the second scan, which only errors and raw texts need."""

import re
from json import JSONDecoder
from json.decoder import WHITESPACE, scanstring

_space = WHITESPACE.match
# Numbers aren't made: one may have too many digits for an int.
_skip = JSONDecoder(parse_int=str, parse_float=str, parse_constant=str).scan_once
_word = re.compile(r'"(?:[^"\\]|\\.)*"|-?Infinity|NaN', re.DOTALL)


def path_of(parts):
    """``$.addrs[1].zip`` of ("addrs", 1, "zip"), as encode's notes have it."""
    path = "$"
    for part in parts:
        path += f".{part}" if isinstance(part, str) and part.isidentifier() else f"[{part!r}]"
    return path


def pointer_of(parts):
    """The JSON Pointer of a path (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def first_constant(text):
    """The index of the first NaN, Infinity or -Infinity of a text that is JSON up to it."""
    return next(found.start() for found in _word.finditer(text) if found[0][0] != '"')


def places_of(text, paths):
    """{path: (index of the member's name or of the value, index of the value)} for paths (tuples) in a text.

    A path that isn't there has the place of the longest part of it that is. Of members with the same name the last
    counts.
    """
    needed = {}
    for path in paths:
        level = needed
        for part in path:
            level = level.setdefault(part, {})
    found = {}
    begin = _space(text, 0).end()
    found[()] = begin, begin
    if needed:
        _walk(text, begin, needed, (), found)
    places = {}
    for path in paths:
        known = path
        while known not in found:
            known = known[:-1]
        places[path] = found[known]
    return places


def _walk(text, at, needed, path, found):
    """Note the places of what is needed within the value at ``at``, and return the index of its end."""
    opening = text[at]
    if opening not in "[{":
        return _skip(text, at)[1]
    at = _space(text, at + 1).end()
    if text[at] in "]}":
        return at + 1
    index = 0
    while True:
        place, part = at, index
        if opening == "{":
            part, at = scanstring(text, at + 1, True)
            at = _space(text, _space(text, at).end() + 1).end()  # past the colon
        else:
            index += 1
        inner = needed.get(part)
        if inner is None:
            at = _skip(text, at)[1]
        else:
            here = (*path, part)
            if here in found:  # a member with the same name
                for other in [each for each in found if each[: len(here)] == here]:
                    del found[other]
            found[here] = place, at
            at = _walk(text, at, inner, here, found) if inner else _skip(text, at)[1]
        at = _space(text, at).end()
        if text[at] != ",":
            return at + 1
        at = _space(text, at + 1).end()


class Spans:
    """The beginnings and ends of all values of a text."""

    def __init__(self, text):
        self.text = text
        self.root = _spans(text, _space(text, 0).end())

    def text_at(self, path):
        """The text of the value at a path."""
        span = self.root
        for part in path:
            span = span[2][part]
        return self.text[span[0] : span[1]]


def _spans(text, start):
    """(start, end, the spans of its values or members, or None)."""
    opening = text[start]
    if opening not in "[{":
        return start, _skip(text, start)[1], None
    inner = {}
    at = _space(text, start + 1).end()
    if text[at] in "]}":
        return start, at + 1, inner
    while True:
        part = len(inner)
        if opening == "{":
            part, at = scanstring(text, at + 1, True)
            at = _space(text, _space(text, at).end() + 1).end()
        inner[part] = span = _spans(text, at)
        at = _space(text, span[1]).end()
        if text[at] != ",":
            return start, at + 1, inner
        at = _space(text, at + 1).end()

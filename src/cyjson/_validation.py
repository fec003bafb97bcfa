"""What ``decode`` raises where a document is JSON, and not of the type."""

from collections import namedtuple
from json import JSONDecodeError

__all__ = ["Mismatch", "ValidationError"]


class Mismatch(namedtuple("Mismatch", ("path", "pointer", "message", "pos", "lineno", "colno"))):
    """One place of a document that isn't of the type.

    path: as ``$.addrs[1].zip``; pointer: the same as a JSON Pointer (RFC 6901), ``/addrs/1/zip``; message: what is
    wrong there; pos: the index in the text where the value begins; lineno, colno: its line and column, counted from 1.
    """

    __module__ = "cyjson"
    __slots__ = ()

    def __str__(self):
        return f"{self.path}: {self.message}: line {self.lineno} column {self.colno} (char {self.pos})"


class ValidationError(JSONDecodeError):
    """A document that is JSON, and not of the type that ``decode`` was given.

    errors: a tuple of Mismatch, in the order in which the values end, at most 100. msg, pos, lineno and colno are the
    first one's, doc is the text. Where a hook, ``__init__`` or ``__post_init__`` raised one of them, that exception is
    ``__cause__``. From Python 3.11 on the mismatches after the first are notes.
    """

    __module__ = "cyjson"

    def __init__(self, errors, doc):
        self.errors = tuple(errors)
        first = self.errors[0]
        ValueError.__init__(self, str(first))
        self.msg = first.message
        self.doc = doc
        self.pos = first.pos
        self.lineno = first.lineno
        self.colno = first.colno
        if hasattr(self, "add_note"):
            for each in self.errors[1:]:
                self.add_note(str(each))

    def __reduce__(self):
        return type(self), (self.errors, self.doc)

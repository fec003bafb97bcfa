"""What the tests of pick and lazy share: documents, ways to give them, and what came of a call."""

from array import array
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[3] / "shared"
FILES = sorted(FOLDER.glob("conformance/*/*.json")) + sorted(FOLDER.glob("corpora/*.json"))
with_files = pytest.mark.skipif(not FILES, reason="the corpora aren't beside the checkout")
ODD = b'{}[]",:\\ 01.eE-+tfnNI\x00\x1f\x80\xff\xe4u'  # bytes that make a difference


def outcome(function, *args, **options):
    try:
        return "value", function(*args, **options)
    except RecursionError as error:
        return type(error), "whose message tells of the level at which it was raised"
    except (ValueError, TypeError) as error:
        return type(error), str(error)


def same(a, b):
    """Equal, of the same types, with NaN equal to itself."""
    return repr(a) == repr(b)


def inputs(text):
    """The document in each type that is taken."""
    yield text
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return
    yield data
    yield bytearray(data)
    yield memoryview(data)
    yield array("B", data)


def random_document(source, depth=4, most=30):
    """``source``: a random.Random; ``most``: members of an object, which there may be more of than names."""
    kind = source.randrange(7) if depth else source.randrange(4)
    if kind == 0:
        return source.choice([None, True, False, 0, -1, 12345, 1.5, -0.25, 1e300, 10**25])
    if kind < 4:
        letters = 'ab"\\/\n\u00e9\u4e2d\U0001f600 {}[],:'
        return "".join(source.choice(letters) for _ in range(source.choice([0, 1, 3, 8, 70])))
    if kind < 6:
        names = ["a", "b", "", "\u00e9", "long name " * 8, "~/", "\n", *map(str, range(most))]
        size = source.choice([0, 2, 5, most])
        return {source.choice(names): random_document(source, depth - 1, most) for _ in range(size)}
    return [random_document(source, depth - 1, most) for _ in range(source.choice([0, 1, 2, 5, most]))]


def changed(source, data):
    """``data`` with a byte replaced, or one put in."""
    data = bytearray(data)
    at = source.randrange(len(data))
    data[at : at + source.randrange(2)] = bytes([source.choice(ODD)])
    return bytes(data)

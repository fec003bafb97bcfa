"""Documents that end with the last byte of a page, after which nothing can be read: loads, dumps and encode on bytes
and str objects that were put there. A read beyond the end ends the process. Run by test_pages.py, for each level.

An object is put there as a copy of one that the interpreter made, header and all: its characters end with it.
"""

import ctypes
import json
import mmap
import sys

import cyjson

PAGE = mmap.PAGESIZE
ROOM = 16 * PAGE
REFERENCES = 1 << 28  # it never comes to be freed


class Guarded:
    """Memory that ends before a page that can't be touched."""

    def __init__(self):
        self.memory = mmap.mmap(-1, ROOM + PAGE)
        self.start = ctypes.addressof(ctypes.c_char.from_buffer(self.memory))
        mprotect = ctypes.CDLL(None, use_errno=True).mprotect
        if mprotect(ctypes.c_void_p(self.start + ROOM), ctypes.c_size_t(PAGE), 0):
            raise OSError(ctypes.get_errno(), "mprotect")

    def put(self, original):
        """A copy of a bytes or str object, to be let go before the next one is put there."""
        size = original.__sizeof__()
        address = self.start + ROOM - size
        if sys.version_info >= (3, 14):  # whose references use the lowest bits: one length in eight is exact
            address &= -8
        ctypes.memmove(address, id(original), size)
        ctypes.c_ssize_t.from_address(address).value = REFERENCES
        copy = ctypes.cast(address, ctypes.py_object).value
        assert copy == original and id(copy) == address
        return copy


def ends():
    """What a document may end with, and with what it may be cut off."""
    for n in range(70):
        yield '"' + "x" * n + '"'
        yield '"' + "x" * n
        yield '{"' + "k" * n + '":' + "1" * (n % 25 + 1)
        yield "[" + " " * n
        yield "1" * (n + 1)
        yield "-0." + "1234567890"[: n % 10 + 1] * (n // 10 + 1) + "e-5"[: n % 4]
        yield '["' + "x" * n + "\\u00e9\\n\\ud83d\\ude00"[: n % 24]
        yield '["' + "\\n" * n + '"]'
        yield "[" * n
        yield '["' + "é" * n
        yield '["' + "é" * n + '"]'
        yield '["' + "中" * n + '"]'
        yield '["' + "中x" * n + "\\"
        yield '["' + "😀" * n + '"]'
        yield "[" + "null,true,false,NaN,-Infinity"[:n]
    for n in (127, 128, 129, 255, 256, 257, 1000):
        for c in "xé中😀\n":
            yield '"' + c * n + '"'
            yield '"' + c * n


def strings():
    """What a string that is written may be."""
    for n in [*range(140), 255, 256, 257, 1023, 1024, 1025]:
        for c in "xé中😀":
            yield c * n
            yield c * n + "\n"
            yield '"' + c * n
            yield c * (n // 2) + "\\" + "a" * (n // 2)


def told(call):
    try:
        return repr(call())
    except Exception as exc:
        return f"{type(exc)} {exc}"


def check(call, expected, what):
    actual = told(call)
    if actual != expected:
        sys.exit(f"{what}: {actual[:300]} in place of {expected[:300]}")


def main():
    guarded, count = Guarded(), 0
    for text in ends():
        data = text.encode()
        for original in text, data, data[: len(data) - 1]:
            if len(original) < 2:
                continue  # those are the interpreter's own
            wanted = told(lambda: json.loads(original))
            copy = guarded.put(original)
            check(lambda: cyjson.loads(copy), wanted, repr(original))
            if isinstance(original, str):
                check(lambda: cyjson.loads(copy, object_pairs_hook=dict), wanted, repr(original))
                scanned = told(lambda: json.decoder.scanstring(original, 1))
                check(lambda: cyjson.decoder.scanstring(copy, 1), scanned, repr(original))
            copy = None
            count += 1
    for text in strings():
        if len(text) < 2:
            continue
        for options in {}, {"ensure_ascii": False}, {"indent": 1}:
            wanted = told(lambda: json.dumps(text, **options)), told(lambda: json.dumps({text: text}, **options))
            # A copy each: one that was asked for its UTF-8 or its hash keeps it.
            copy = guarded.put(text)
            check(lambda: cyjson.dumps(copy, **options), wanted[0], repr(text))
            check(lambda: cyjson.dumps({text: copy}, **options), wanted[1], repr(text))
            copy = None
        copy = guarded.put(text)
        check(lambda: cyjson.encode([copy]), repr(json.dumps([text], ensure_ascii=False).encode()), repr(text))
        copy = None
        count += 1
    print(f"{count} objects at the end of a page, level {cyjson._impl.cpu}")


if __name__ == "__main__":
    main()

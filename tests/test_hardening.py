"""The extension as setup.py builds it on Linux: relocations read-only, functions bound at once, no code on the stack,
frames and copies checked."""

import importlib.metadata
import os
import platform
import re
import struct
import sys
from pathlib import Path

import pytest
from support.compare import native_only

import cyjson

GNU_STACK, GNU_RELRO, DYNAMIC = 0x6474E551, 0x6474E552, 2
FLAGS, FLAGS_1 = 30, 0x6FFFFFFB


def installed():
    """Whether this cyjson was built and installed as users do it, not put together by hand."""
    try:
        found = importlib.metadata.distribution("cyjson").locate_file("cyjson")
    except importlib.metadata.PackageNotFoundError:
        return False
    return Path(found).resolve() == Path(cyjson.__file__).resolve().parent


pytestmark = [
    native_only,
    pytest.mark.skipif(sys.platform != "linux" or sys.maxsize < 2**32, reason="reads 64-bit ELF"),
    pytest.mark.skipif(not installed(), reason="this extension wasn't built by setup.py"),
]


@pytest.fixture(scope="module")
def segments():
    """type -> (flags, contents) of the program headers."""
    data = Path(cyjson._impl.__file__).read_bytes()
    order = "<" if data[5] == 1 else ">"
    start, size, count = struct.unpack_from(f"{order}Q14xHH", data, 32)
    found = {}
    for at in range(start, start + size * count, size):
        kind, flags, offset, _, _, length = struct.unpack_from(f"{order}IIQQQQ", data, at)
        found[kind] = flags, data[offset : offset + length], order
    return found


def test_relocations_are_read_only(segments):
    assert GNU_RELRO in segments


def test_functions_are_bound_at_once(segments):
    _, contents, order = segments[DYNAMIC]
    entries = dict(struct.iter_unpack(f"{order}QQ", contents[: len(contents) // 16 * 16]))
    assert entries.get(FLAGS, 0) & 8 or entries.get(FLAGS_1, 0) & 1


@pytest.mark.skipif("CYJSON_SANITIZED" in os.environ, reason="a sanitizer watches the stack itself")
def test_stacks_are_protected():
    """-fstack-protector-strong: an array's function ends here where its frame was written over."""
    assert b"\0__stack_chk_fail\0" in Path(cyjson._impl.__file__).read_bytes()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="checked copies are glibc's")
@pytest.mark.skipif("CYJSON_SANITIZED" in os.environ, reason="a sanitizer checks more than they do")
def test_copies_are_checked():
    """-D_FORTIFY_SOURCE: at least one copy of a length that varies, into room of a known size, knows that size."""
    assert re.search(rb"\0__mem(cpy|move|set)_chk\0", Path(cyjson._impl.__file__).read_bytes())


def test_the_stack_holds_no_code(segments):
    assert segments[GNU_STACK][0] & 1 == 0

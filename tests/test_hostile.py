"""Input made to hurt: very deep, very long, full of collisions. json's outcome, and no more than that."""

import contextlib
import io
import json
import sys
import sysconfig

import pytest
from support.compare import counts_levels, outcome, same
from support.conformance import DOCUMENTS
from support.conformance import document as document_of

import cyjson

MILLION = 1_000_000


# Depth


@pytest.mark.parametrize("wider", ["", "é", "中", "😀"])
@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":[', "[[],", '{"a":{},"b":'])
@counts_levels
def test_a_million_levels(opening, wider):
    text = f'["{wider}", ' + opening * (MILLION // len(opening))
    assert same(lambda json: json.loads(text))[0] == "exception"
    assert same(lambda json: json.loads(text.encode()))[0] == "exception"
    assert same(lambda json: json.loads(text, parse_int=str))[0] == "exception"
    same(lambda json: json.JSONDecoder().raw_decode(text))


@counts_levels
def test_a_million_levels_that_end():
    for text in "[" * MILLION + "]" * MILLION, '{"a":' * MILLION + "1" + "}" * MILLION:
        assert same(lambda json: json.loads(text))[1] is RecursionError
        assert same(lambda json: json.loads(text.encode()))[1] is RecursionError


@counts_levels
def test_a_million_levels_written():
    nested = []
    for n in range(MILLION):
        nested = [nested] if n % 2 else {"a": nested}
    for options in {}, {"indent": 1}, {"check_circular": False}, {"sort_keys": True, "ensure_ascii": False}:
        assert outcome(lambda module: module.dumps(nested, **options), cyjson) == ("exception", RecursionError)
    assert outcome(lambda module: module.encode(nested), cyjson) == ("exception", RecursionError)
    while nested:  # its end would recurse too
        nested = nested.pop() if isinstance(nested, list) else nested.pop("a")


# Length


def test_a_string_of_100_megabytes():
    text = "x" * 100 * MILLION
    document = f'"{text}"'
    assert cyjson.dumps(text) == document
    assert cyjson.loads(document) == text
    data = document.encode()
    del document
    assert cyjson.encode(text) == data
    assert cyjson.loads(data) == text


@pytest.mark.parametrize("character", ["é", "中", "😀", "\n", "\x00", '"'])
def test_long_strings(character):
    text = "x" * 3 * MILLION + character * 3 * MILLION
    for ensure_ascii in True, False:
        document = json.dumps([text], ensure_ascii=ensure_ascii)
        assert cyjson.dumps([text], ensure_ascii=ensure_ascii) == document
        assert cyjson.loads(document) == [text]
        assert cyjson.loads(document.encode()) == [text]
    assert cyjson.encode([text]) == document.encode().replace(b", ", b",")


def test_long_numbers():
    digits = "1234567890" * MILLION
    for text in digits, f"-{digits}", f"[{digits}]", f'{{"a": {digits}}}', f'["中", {digits}]':
        expected = same(lambda json: json.loads(text))
        assert expected[1] is ValueError or not getattr(sys, "get_int_max_str_digits", int)()
        same(lambda json: json.loads(text, parse_int=len))
        same(lambda json: json.loads(text.encode()))
    for text in f"0.{digits}", f"{digits}.5", f"{digits}e-9999999", f"0.{'0' * 10 * MILLION}1e10000001", f"1e{digits}":
        same(lambda json: json.loads(text))
        same(lambda json: json.loads(text.encode()))
        same(lambda json: json.loads(f'["中", {text}]'))


def test_an_integer_with_many_digits_written():
    if not getattr(sys, "get_int_max_str_digits", int)():
        pytest.skip("no limit on digits is in force")
    for value in 1 << 4 * MILLION, [-(1 << 4 * MILLION)], {1 << 4 * MILLION: 1}:
        assert same(lambda json: json.dumps(value))[1] is ValueError


@contextlib.contextmanager
def address_space(limit):
    """No more of it than that: without a GIL the allocator asks for addresses, which systems give by the terabyte."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def test_indentation_beyond_memory():
    """As wide as an index goes, at two levels: an error, no overflow."""
    with address_space(1 << 39) if sysconfig.get_config_var("Py_GIL_DISABLED") else contextlib.nullcontext():
        for indent in sys.maxsize, sys.maxsize // 2, sys.maxsize // 64, 1 << 40:
            for value in [1], [[1]], {"a": {"b": 1}}:
                told = outcome(lambda module: module.dumps(value, indent=indent), cyjson)
                assert told[0] == "exception" and told[1] in (MemoryError, OverflowError)
    separators = ("," * MILLION, ":" * MILLION)
    assert same(lambda json: json.dumps({"a": [1, 2], "b": 3}, separators=separators))[0] == "result"


# Keys


def colliding(count):
    """One place in the key cache, which looks at the ends and the middle of a key of 64 characters."""
    return [f"{'a' * 8}{n:020d}{'b' * 8}{'c' * 20}{'d' * 8}" for n in range(count)]


def test_keys_that_collide():
    keys = colliding(3000)
    for document in (
        json.dumps(dict.fromkeys(keys, 1)),
        json.dumps([{key: n} for n, key in enumerate(keys)] * 2),
        json.dumps([dict.fromkeys(keys[n : n + 5], n) for n in range(0, 3000, 3)]),
    ):
        same(lambda json: json.loads(document))
        same(lambda json: json.loads(document.encode()))
        same(lambda json: json.loads(document, object_pairs_hook=list))


def test_integers_that_collide_as_keys():
    value = {n * sys.hash_info.modulus: n for n in range(1000)}
    same(lambda json: json.dumps(value))
    same(lambda json: json.dumps(value, sort_keys=True))


def test_more_keys_than_caches_hold():
    document = json.dumps([{f"{'k' * (n % 90)}{n}": n} for n in range(50_000)], ensure_ascii=False)
    for _ in range(2):
        assert same(lambda json: json.loads(document))[0] == "result"


# Every entry point, in every encoding

ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "latin-1"]


class Subclass(json.JSONDecoder):
    def decode(self, s, **options):
        return [super().decode(s, **options)]


def every_entry(text):
    """Reading this text: calls on a module."""
    yield lambda json: json.loads(text)
    yield lambda json: json.load(io.StringIO(text))
    yield lambda json: json.loads(text, strict=False)
    yield lambda json: json.loads(text, cls=Subclass)
    for hook in "object_hook", "object_pairs_hook", "parse_int", "parse_float", "parse_constant":
        yield lambda json: json.loads(text, **{hook: repr})
    yield lambda json: json.JSONDecoder().decode(text)
    yield lambda json: json.JSONDecoder(strict=False, object_pairs_hook=tuple).decode(text)
    for index in 0, 1, 2:
        yield lambda json: json.JSONDecoder().raw_decode(text, index)
        yield lambda json: json.JSONDecoder().scan_once(text, index)
        yield lambda json: json.decoder.scanstring(text, index)
    for encoding in ENCODINGS:
        try:
            data = text.encode(encoding, "surrogatepass" if encoding.startswith("utf") else "strict")
        except UnicodeEncodeError:
            continue
        yield lambda json: json.loads(data)
        yield lambda json: json.loads(bytearray(data))
        yield lambda json: json.load(io.BytesIO(data))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_document_through_every_entry(name):
    data = document_of(name)
    for given in data, bytearray(data), data[:-1], data + b"\x00", b"\xef\xbb\xbf" + data:
        told = same(lambda json: json.loads(given))
    told = same(lambda json: json.loads(data))
    text = data.decode("utf-8", "replace")
    for given in text, f'[{text}, "é"]', f'[{text}, "中"]', f'[{text}, "😀"]':
        for call in every_entry(given):
            same(call)
    if told[0] == "result":
        value = json.loads(data)
        for options in {}, {"indent": 2}, {"sort_keys": True}, {"ensure_ascii": False}, {"allow_nan": False}:
            same(lambda json: json.dumps(value, **options))

"""Strings of many lengths up to 200 with every special character at every offset: the borders of vector blocks.

The expectation is json's, for text and for UTF-8, in both directions, as values and as keys.
"""

import itertools
import json
import random

import pytest
from support.compare import WORDED, outcome, same

import cyjson

LENGTHS = range(71)
LONG = 95, 96, 97, 127, 128, 129, 130, 131, 191, 192, 193, 200
FILLS = {"ascii": "a", "latin": "é", "bmp": "中", "astral": "😀"}
SPECIALS = {
    "quote": '"',
    "backslash": "\\",
    "nul": "\x00",
    "newline": "\n",
    "unit separator": "\x1f",
    "delete": "\x7f",
    "latin": "é",
    "bmp": "中",
    "astral": "😀",
    "surrogate": "\udc80",
}
EACH = pytest.mark.parametrize(
    "fill, special",
    [
        pytest.param(fill, special, id=f"{special_name} in {fill_name}")
        for (fill_name, fill), (special_name, special) in itertools.product(FILLS.items(), SPECIALS.items())
    ],
)


def strings(fill, special):
    longest = fill * LONG[-1]
    positions = [(length, offset) for length in (*LENGTHS, *LONG) for offset in range(length)]
    made = [longest[:offset] + special + longest[offset + 1 : length] for length, offset in positions]
    return list(dict.fromkeys(["", *made]))


def first_difference(expected, actual):
    assert len(actual) == len(expected)
    for index, (left, right) in enumerate(zip(expected, actual)):
        assert ascii(right) == ascii(left), f"at {index}"
        assert right == left, f"equal to look at, not equal, at {index}: {left!a}"


@EACH
def test_dumps(fill, special):
    values = strings(fill, special)
    for options in {}, {"ensure_ascii": False}:
        first_difference(
            [json.dumps(value, **options) for value in values], [cyjson.dumps(value, **options) for value in values]
        )
        assert cyjson.dumps(values, **options) == json.dumps(values, **options)
        keyed = dict.fromkeys(values, 1)
        assert cyjson.dumps(keyed, **options) == json.dumps(keyed, **options)


@EACH
def test_encode(fill, special):
    values = strings(fill, special)
    if special == "\udc80":
        for value in values[1:]:
            with pytest.raises(UnicodeEncodeError) as told:
                cyjson.encode(value)
            assert told.value.object[told.value.start] == special
        return
    first_difference(
        [json.dumps(value, ensure_ascii=False).encode() for value in values], [cyjson.encode(value) for value in values]
    )
    keyed = dict.fromkeys(values, 1)
    assert cyjson.encode(keyed) == json.dumps(keyed, ensure_ascii=False, separators=(",", ":")).encode()


@EACH
def test_loads(fill, special):
    values = strings(fill, special)
    for ensure_ascii in True, False:
        texts = [json.dumps(value, ensure_ascii=ensure_ascii) for value in values]
        data = [text.encode("utf-8", "surrogatepass") for text in texts]
        first_difference(values, [cyjson.loads(text) for text in texts])
        first_difference(values, [cyjson.loads(text) for text in data])
        first_difference(values, [cyjson.loads(f"[{text}]")[0] for text in texts])
        first_difference(values, [next(iter(cyjson.loads(b"{%b:0}" % text))) for text in data])
        together = json.dumps(values, ensure_ascii=ensure_ascii)
        first_difference(values, cyjson.loads(together))
        first_difference(values, cyjson.loads(together.encode("utf-8", "surrogatepass")))
        keyed = json.dumps(dict.fromkeys(values, 1), ensure_ascii=ensure_ascii)
        first_difference(values, list(cyjson.loads(keyed)))
        first_difference(values, list(cyjson.loads(keyed.encode("utf-8", "surrogatepass"))))


@pytest.mark.parametrize("fill", FILLS.values(), ids=FILLS)
@pytest.mark.parametrize(
    "flaw", ["\x00", "\x1f", "\n", '"', "\\x", "\\", "\\u12", "\\u12G4", "\\ud800\\u12", "\\ud800\\udc0"], ids=ascii
)
def test_broken_strings(fill, flaw):
    """A string broken at any offset is reported at the same place, in the same words."""
    for length in range(0, 70, 3):
        for offset in range(length):
            text = '["' + fill * offset + flaw + fill * (length - offset) + '"]'
            same(lambda json: json.loads(text))
            same(lambda json: json.loads(text.encode()))
            same(lambda json: json.loads(text, strict=False))


@pytest.mark.parametrize("fill", FILLS.values(), ids=FILLS)
def test_unterminated_strings(fill):
    for length in LENGTHS:
        for text in '"' + fill * length, '["' + fill * length, '{"' + fill * length + '\\"':
            assert same(lambda json: json.loads(text))[0] == "exception"
            assert same(lambda json: json.loads(text.encode()))[0] == "exception"
            same(lambda json: json.loads(text, strict=False))
            same(lambda json: json.loads(text.encode(), strict=False))
            same(lambda json: json.decoder.scanstring(text, 1, False))


BROKEN_UTF8 = ["ff", "80", "c0af", "c3", "e282", "e09fbf", "f09f98", "f08fbfbf", "f4908080", "f8888080", "f09f9880bf"]


@pytest.mark.parametrize("fill", ["a", "é", "aé中😀"])
@pytest.mark.parametrize("bad", BROKEN_UTF8)
def test_broken_utf8(bad, fill):
    """Bytes that are no UTF-8, at any offset of a string, give the decoder's own exception."""
    for length in LENGTHS:
        for offset in {*range(length), length}:
            data = b'"%b%b%b"' % ((fill * offset).encode(), bytes.fromhex(bad), (fill * (length - offset)).encode())
            assert same(lambda json: json.loads(data))[1] is UnicodeDecodeError


def test_mixed_lengths_of_utf8():
    """Characters at the borders of what takes one byte, two, three and four, in any order, after some ASCII."""
    draw = random.Random(1)
    borders = "a\x7f\x80ÿĀ\u07ff\u0800\ud7ff\ue000\uffff\U00010000\U0001f600\U0010ffff"
    for length in *LENGTHS, *LONG:
        for choice in (*borders, borders, borders[:4], borders[:6], borders[:10], borders[6:], "a" * 9 + borders):
            for before in 0, draw.randrange(64):
                value = "a" * before + "".join(draw.choices(choice, k=length)) + draw.choice(borders)
                data = json.dumps([value], ensure_ascii=False)
                assert cyjson.loads(data.encode()) == cyjson.loads(data) == [value]


@pytest.mark.parametrize("fill", ["é", "中", "aé中", "中😀", "😀", "aé中😀", "a"])
def test_wrong_byte_in_long_text(fill):
    """Any byte of a long text put in the place of any other."""
    data = f'["{fill * 70}"]'.encode()
    for offset in range(2, min(len(data), 210)):
        for wrong in b'\x00\x1fa"\\\x80\xbf\xc0\xc1\xc3\xdf\xe0\xe4\xed\xef\xf0\xf4\xf5\xff':
            broken = data[:offset] + bytes([wrong]) + data[offset + 1 :]
            same(lambda json: json.loads(broken))


def test_surrogates_in_utf8_pass():
    """bytes.decode(..., 'surrogatepass') is what json does, so an encoded surrogate is no error."""
    for length in LENGTHS:
        data = ('"' + "é" * length + '\ud800"').encode("utf-8", "surrogatepass")
        assert same(lambda json: json.loads(data)) == outcome(lambda json: "é" * length + "\ud800", json)


# Characters of which a byte or a half is another's: space, line feed, digits, a letter, a quote, a point.
LOOKALIKES = "Ġ†Ċ\u0a0a\u3031ı１\uff31ſ\u2222Į\u2e2e\u8031\U00010020\U0001000a\U00010031\U00018031\U0001f6ff\U0010ffff"


PAIRS = ["\\ud83d\\ude00", "\\ud83d", "\\ude00", "\\ud83d\\u0041", "\\ud83d\\ud83d", "\\ud83d\\ude0g"]
ODD_ESCAPES = ["", "x", " ", "é", "中", "😀", '\\"', "\\\\u", "\\n", *PAIRS]
WRONG_ESCAPES = ["\\u00g1", "\\u 001", "\\u-001", "\\u00", "\\U0041", "\\u00é1", "\\u0x1F", "\\u１２３４"]


@pytest.mark.parametrize("unit", ["\\u0041", "\\u00e9", "\\u4E2d"])
@pytest.mark.parametrize("fill", ["", *FILLS.values()], ids=["nothing", *FILLS])
def test_escaped_runs(fill, unit):
    """Runs of escapes \\uXXXX, up to twice what the widest vectors take, with something else among them."""
    for length in range(24):
        for odd in ODD_ESCAPES + WRONG_ESCAPES:
            for offset in sorted({0, length // 2, length}):
                text = f'"{fill}{unit * offset}{odd}{unit * (length - offset)}{fill}"'
                documents = [text, text.encode()]
                if length < 12:
                    documents.append(f'{{{text}:[{text},"{odd}"]}}')
                for document in documents:
                    same(lambda m, document=document: m.loads(document, **WORDED))


@pytest.mark.parametrize("fill", FILLS.values(), ids=FILLS)
@pytest.mark.parametrize("space", [" ", "\n", "\t", "\r", " \n\t\r"])
def test_white_space_runs(space, fill):
    for length in LENGTHS:
        run = (space * length)[:length]
        text = f'{run}[{run}1{run},{run}{{{run}"{fill}"{run}:{run}null{run}}}{run}]{run}'
        assert same(lambda json: json.loads(text))[0] == "result"
        assert same(lambda json: json.loads(text.encode()))[0] == "result"
        for wrong in "x" + (LOOKALIKES if length % 7 == 0 else ""):
            for broken in text + wrong, run + wrong + text, text.replace(",", run + wrong + run + ","):
                assert same(lambda json: json.loads(broken))[0] == "exception"


NUMBERS = [
    "0",
    "-0",
    "7",
    "-12",
    "1.5",
    "-0.25",
    "1e5",
    "2E-3",
    "3.25e+10",
    "-Infinity",
    "NaN",
    "01",
    "1.",
    "-",
    "1e",
    "1e+",
    "1.e5",
]
NUMBERS += ["123456789012345678901234567890123456789012345678901234567890"[:length] for length in range(1, 61)]
NUMBERS += ["-0." + "1234567890" * 6, *(f"-{'9' * n}.{'8' * (40 - n)}" for n in range(1, 40))]
NUMBERS += [f"{'1' * n}e{'0' * m}1" for n in (1, 20, 26, 27, 28, 29, 30) for m in (0, 1, 2, 3, 30)]
NUMBERS += [f"{'1' * n}.{sign}" for n in range(24, 36) for sign in ("", "5", "5e", "5e+", "5e-7")]


@pytest.mark.parametrize("fill", FILLS.values(), ids=FILLS)
def test_numbers_in_text_of_each_width(fill):
    """Numbers of every length, near the text's end and far from it, with a fraction before them or none."""
    for before, number, behind in itertools.product(
        ("", "1.25, "), NUMBERS, (0, 5, 28, 29, 30, 31, 32, 33, 47, 48, 49, 60)
    ):
        text = f'["{fill}", {before}{number}{" " * behind}]'
        same(lambda json: json.loads(text))


@pytest.mark.parametrize("wrong", LOOKALIKES + "é\x80\xff", ids=ascii)
def test_lookalikes(wrong):
    """A character that is a digit, a quote or ASCII at all only in a part of its bits."""
    for n in range(40):
        digits = ("12345678901234567890." * 2)[:n]
        for text in (
            f"[1{digits}{wrong}, 2{' ' * 64}]",
            f'{{"{"k" * n}{wrong}": "{"v" * n}{wrong}", "{wrong}{"k" * n}": "{wrong}{"v" * n}"}}',
        ):
            same(lambda json: json.loads(text))

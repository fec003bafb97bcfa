"""Decimals of ``lines.to_arrow`` and of ``cyjson.engines``: the same numbers and strings, each with its exact value."""

import decimal
import json
import random

import pytest
from support import arrow
from support.amount import amount
from support.compare import PYPY

from cyjson import lines

pytestmark = pytest.mark.skipif(PYPY, reason="Arrow's capsules need CPython")

# What decimal.Decimal, or float, takes, and JSON doesn't.
NO_NUMBERS = [
    "1_000", "1_0.5", "٣", "1٣", "1.٣", "１", " 1 ", "1 ", "\t1", ".5", "1.", "+1", "1e", "e5", "1e5_0", "1e٣", "00",
    "01", "-01", "- 1", "--1", "", "-", "Infinity", "-Infinity", "inf", "NaN", "nan", "sNaN1", "0x10", "1,5", "1\0",
]  # fmt: skip


def number(text, precision=10, scale=2):
    """What to_arrow makes of a value, spelt in JSON; the message where that is refused."""
    refused = []
    line = b'{"a":%s}' % text.encode()
    given = lines.to_arrow(line, schema={"a": f"decimal128({precision}, {scale})"}, errors=refused.append)
    rows = arrow.stream_rows(given)[1]
    return refused[0].msg.removeprefix("$.a: ") if refused else rows[0]["a"]


def expected(text, precision, scale):
    """The value of a JSON number; None where the type doesn't hold it."""
    value = decimal.Context(prec=10**6).create_decimal(text)
    digits = value.as_tuple().digits if value else (0,)
    exponent = value.as_tuple().exponent if value else 0
    zeros = len(digits) - len("".join(map(str, digits)).rstrip("0") or "0")
    whole = value == 0 or len(digits) + exponent <= precision - scale and -(exponent + zeros) <= scale
    return value if whole else None


@pytest.mark.parametrize(
    "text, value",
    [
        ("1e0000000000005", "100000"), ("1e+0000000000005", "100000"), ("100e-0000000000004", "0.01"),
        ("1e000000000000000000000000000000", "1"), ("0e99999999999999999999", "0"), ("-5.0E000000000000001", "-50"),
    ],
)  # fmt: skip
def test_exponents_with_zeros(text, value):
    assert number(text) == number(f'"{text}"') == decimal.Decimal(value)


def test_exponents_of_many_digits():
    zeros = "0" * 5000
    assert number(f'"0.{zeros}1e{zeros}5001"') == number(f'"1{zeros}e-{zeros}5000"') == 1
    for exponent in "1000000000000", "99999999999999999999", "9" * 5000:
        assert number(f'"1e{exponent}"') == "a number past decimal128(10, 2)"
        assert number(f'"1e-{exponent}"') == "more digits after the point than decimal128(10, 2) has"


def test_random_spellings():
    rng = random.Random(7)
    for _ in range(amount(3000, 20000)):
        precision = rng.choice([1, 5, 10, 19, 38])
        scale = rng.randint(0, precision)
        whole = rng.choice(["0", str(rng.randrange(1, 10 ** rng.randint(1, 12)))]) + "0" * rng.choice([0, 0, 0, 1, 9])
        whole = "0" if whole.startswith("0") else whole
        digits = "".join(rng.choices("00123", k=rng.randint(1, 15))) + "0" * rng.choice([0, 0, 3])
        zeros = "0" * rng.choice([0, 0, 1, 5, 11, 12, 13, 20])
        exponent = f"{rng.choice('eE')}{rng.choice(['', '+', '-'])}{zeros}{rng.randint(0, rng.choice([3, 30]))}"
        text = rng.choice(["", "-"]) + whole + rng.choice(["", f".{digits}"]) + rng.choice(["", exponent])
        wanted = expected(text, precision, scale)
        for spelt in text, f'"{text}"':
            found = number(spelt, precision, scale)
            assert (None if isinstance(found, str) else found) == wanted, (spelt, precision, scale, found)


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_strings_that_are_none(text):
    assert (
        number(json.dumps(text))
        == number(json.dumps(text, ensure_ascii=False))
        == ("a string that is no decimal number")
    )


@pytest.mark.parametrize("options", [{}, {"parse_float": decimal.Decimal}], ids=["", "by rows"])
def test_engines_take_the_same(tmp_path, options):
    pa = pytest.importorskip("pyarrow")
    from cyjson import _columns, _engines

    texts = [json.dumps(each) for each in NO_NUMBERS]
    texts += ['"NaN"', "1e0000000000005", '"1e0000000000005"', "1e99999999999999999999", '"1e-400"', "12.345", "-0.50"]
    texts += ["123456789", '"123456789.00"', "0e5", "true", "[]", "7"]
    path = tmp_path / "lines"
    path.write_text("".join(f'{{"a":{each}}}\n' for each in texts))
    for type in pa.decimal128(10, 2), pa.decimal256(10, 2):
        refused = []
        columns = _columns.Columns(_engines.Source(errors=refused.append, options=options), pa.schema([("a", type)]))
        batches = list(columns.batches(_engines.Part(str(path), 0, path.stat().st_size, 0, None)))
        found = iter([value for batch in batches for value in batch["a"].to_pylist()])
        words = iter(refused)
        for text in texts:
            wanted = number(text)
            if isinstance(wanted, decimal.Decimal):
                assert str(next(found)) == str(wanted.quantize(decimal.Decimal("0.01"))), text
            else:
                message = next(words).msg
                assert message.startswith(f"a must be {type}: "), message
                if text not in ("true", "[]"):
                    assert message.endswith(wanted.replace("decimal128(10, 2)", str(type))), (text, message)
        assert next(found, None) is None and next(words, None) is None


def test_engines_decimals_of_negative_scale():
    pa = pytest.importorskip("pyarrow")
    from cyjson import _columns

    values = [1200, "-3e4", 0, None]
    made = _columns.fitted(values, pa.decimal128(5, -2), "a", pa)
    assert pa.array(made, pa.decimal128(5, -2)).to_pylist() == [1200, -30000, 0, None]
    for value in 150, "1", 10**7:
        with pytest.raises(_columns.Misfit, match="decimal128"):
            _columns.fitted([value], pa.decimal128(5, -2), "a", pa)

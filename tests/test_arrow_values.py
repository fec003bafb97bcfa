"""``lines.to_arrow``: values at the edges of their types, by Python's own numbers."""

import datetime
import decimal
import json
import math
import random
from fractions import Fraction

import pytest
from support import arrow
from support.amount import amount
from support.compare import PYPY, frozen

import cyjson
from cyjson import lines

pytestmark = pytest.mark.skipif(PYPY, reason="Arrow's capsules need CPython")


def values(texts, type):
    """Those that a column of this type has of JSON texts; the others are left out."""
    data = "".join([f'{{"a":{text}}}\n' for text in texts]).encode()
    reader = lines.to_arrow(data, schema={"a": type}, errors="skip")
    return [row["a"] for row in arrow.stream_rows(reader)[1]]


@pytest.mark.parametrize("unit, digits", [("s", 0), ("ms", 3), ("us", 6), ("ns", 9)])
def test_the_whole_range_of_timestamps(unit, digits):
    """Those that int64 has, and no others, by Python's integers."""
    power, numbers = 10**digits, random.Random(digits)
    first, last = (
        (datetime.datetime(*day) - datetime.datetime(1970, 1, 1)) // datetime.timedelta(seconds=1) * power
        for day in ((1, 1, 1), (9999, 12, 31, 23, 59, 59))
    )
    edges = [-(2**63), 2**63 - 1, first, last + power - 1, 0]
    wanted = {edge + step for edge in edges for step in (-power, -power + 1, -2, -1, 0, 1, 2, power - 1, power)}
    wanted |= {numbers.randrange(edge - 3 * power, edge + 3 * power) for edge in edges for _ in range(amount(20, 500))}
    wanted = sorted(each for each in wanted if first <= each < last + power)
    texts = []
    for each in wanted:
        seconds, rest = divmod(each, power)
        day = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)
        texts.append(f"{day.isoformat()}{f'.{rest:0{digits}}' if digits else ''}")
    good = [each for each in wanted if -(2**63) <= each < 2**63]
    for zone, end in ("", ""), (", UTC", "Z"):
        assert values([json.dumps(text + end) for text in texts], f"timestamp[{unit}{zone}]") == good
    # Where an offset leads out of the years that dates have, the number is there nevertheless.
    given = values(['"0001-01-01T00:00:00+23:59"'], f"timestamp[{unit}, UTC]")
    assert given == ([] if unit == "ns" else [first - (23 * 60 + 59) * 60 * power])


def nearest_float(text):
    """The float32 nearest to a number's text, by fractions; None where that is past the largest."""
    number = Fraction(text)
    exponent = -149
    while abs(number) >= Fraction(2) ** (exponent + 24):
        exponent += 1
    whole = round(number / Fraction(2) ** exponent)  # to even
    found = whole * Fraction(2) ** exponent
    return math.copysign(found, float(text)) if abs(found) < 2**128 else None


def near_halves(numbers, count):
    """Texts of numbers halfway between two floats, and of those a tiny bit from there, however they are spelled."""
    for _ in range(count):
        whole, exponent = numbers.choice([numbers.getrandbits(24), 2**24 - 1, 2**23, 1]), numbers.randrange(-149, 104)
        if numbers.random() < 0.3:
            whole, exponent = numbers.getrandbits(numbers.randrange(1, 24)), -149  # subnormal
        with decimal.localcontext() as context:
            context.prec = 400
            half = (decimal.Decimal(whole) + decimal.Decimal("0.5")) * decimal.Decimal(2) ** exponent
            step = abs(half) * decimal.Decimal(10) ** -numbers.choice([16, 17, 18, 20, 30, 130, 300])
            for each in (half, half + step, half - step):
                each = numbers.choice([each, -each])
                is_negative, digits, power = each.as_tuple()
                sign, digits = "-" * is_negative, "".join(map(str, digits))
                yield numbers.choice(
                    [
                        f"{each:f}" if "." in f"{each:f}" else f"{each:f}.0",
                        f"{sign}{digits[0]}.{digits[1:] or 0}e{power + len(digits) - 1}",
                        f"{sign}{digits}E{power:+}",
                        f"{sign}0.{'0' * 25}{digits}00e{power + 25 + len(digits)}",
                    ]
                )


def test_float32_is_the_nearest():
    assert values(["1.000000059604644775390625001"], "float32") == [1.0000001192092896]
    texts = [*near_halves(random.Random(5), amount(300, 3000))]
    past = "340282356779733661637539395458142568447"  # with .9999 nearer to the largest than to 2**128
    texts += [f"{past}.{'9' * 40}", f"{past}.9", f"{past[:-1]}8.0", f"{past[:-1]}8.{'0' * 30}1", f"-{past}.99"]
    texts += ["1.401298464324817e-45", "7.006492321624085e-46", "7.0064923216240853e-46", "1e-400", "0.0", "-0.0"]
    expected = [each for each in map(nearest_float, texts) if each is not None]
    found = values(texts, "float32")
    assert frozen(found) == frozen(expected)
    assert len(expected) < len(texts) and any(0 < abs(each) < 2**-126 for each in expected)
    # Among equal names as alone, or not at all.
    assert values(['2.5,"a":1.000000059604644775390625001'], "float32") == [1.0000001192092896]
    again = values(['"x","a":1.0000000596046447753906249'], "float32")
    assert again == ([] if cyjson.backend == "c" else [1.0])
    assert values(['"x","a":0.1'], "float32") == [nearest_float("0.1")]

"""``lines.to_arrow``: values at the edges of their types, by Python's own numbers."""

import datetime
import json
import random

import pytest
from support import arrow
from support.amount import amount
from support.compare import PYPY

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

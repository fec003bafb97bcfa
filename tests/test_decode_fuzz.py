"""``decode`` by the extension and by the executor in Python: random types, documents made of parts of others, and what
such documents brought up. See tests/fuzz/typed.py."""

import datetime as dt
import json
import random
import uuid
from dataclasses import dataclass, field
from typing import TypedDict, Union

import pytest
from fuzz import typed
from support.amount import amount, long
from support.compare import native_only

from cyjson import JSONDecodeError, ValidationError, decode

UPPER, LOWER, OTHER = (
    "6F1C7B2A-0C1D-4E5F-8A9B-0C1D2E3F4A5B",
    "6f1c7b2a-0c1d-4e5f-8a9b-0c1d2e3f4a5b",
    str(uuid.UUID(int=1)),
)


@native_only
@long
def test_random_types():
    checker = typed.Checker()
    for seed in range(1, amount(20, 60, 400)):
        typed.check_type(checker, seed, amount(60, 200, 2000))
    assert checker.answered > checker.left / 10 and checker.left


@native_only
def test_differences_are_seen():
    """An executor that isn't the extension's twin doesn't pass."""
    checker = typed.Checker()
    plan = typed._reading.plan_of(list[int])
    checker.check(plan, b"[1]")
    for wrong in lambda *arguments: [1.0], lambda *arguments: 1 / 0:
        with pytest.MonkeyPatch.context() as patch, pytest.raises(typed.Difference):
            patch.setattr(typed._decoding, "decode_text", wrong)
            checker.check(plan, b"[1]")


@pytest.mark.parametrize("union", [False, True])
def test_equal_keys_of_names_that_differ(union):
    """Of equal names the last counts, where the first stood; of names for equal keys then the last."""
    tp = dict[uuid.UUID, int]
    tp = Union[int, tp] if union else tp
    lower, other = uuid.UUID(LOWER), uuid.UUID(OTHER)
    for names, expected in [
        ((LOWER, UPPER), {lower: 1}),
        ((LOWER, UPPER, LOWER), {lower: 1}),
        ((LOWER, OTHER, LOWER), {lower: 2, other: 1}),
        ((OTHER, UPPER, LOWER, OTHER), {other: 3, lower: 2}),
    ]:
        text = "{" + ",".join(f'"{name}":{n}' for n, name in enumerate(names)) + "}"
        made = decode(text, tp)
        assert made == expected and list(made) == list(expected)
    dates = '{"2026-01-02":1,"2026-01-03":2,"2026-01-02":3}'
    assert decode(dates, dict[dt.date, int]) == {dt.date(2026, 1, 2): 3, dt.date(2026, 1, 3): 2}


class Refused(Exception):
    pass


@dataclass
class Refusing:
    a: int

    def __post_init__(self):
        if self.a == 7:
            raise Refused(self.a)


@dataclass
class Holder:
    x: Refusing
    y: int = 0


def test_exceptions_of_values_that_do_not_count():
    with pytest.raises(Refused):
        decode('{"x":{"a":7}}', Holder)
    assert decode('{"x":{"a":7},"x":{"a":1}}', Holder) == Holder(Refusing(1))
    assert decode('{"x":{"a":7,"a":8}}', Holder) == Holder(Refusing(8))
    with pytest.raises(ValidationError):
        decode('{"x":{"a":7},"y":1,"x":"no"}', Holder)
    with pytest.raises(Refused):
        decode('{"x":{"a":1},"y":1,"x":{"a":7}}', Holder)


@dataclass
class Rest:
    a: int = 0
    others: dict = field(default_factory=dict, metadata={"json": "**"})


class Open(TypedDict, total=False):
    a: int


@pytest.mark.parametrize("cls", [Holder, Rest, Refusing, Open])
@pytest.mark.parametrize(
    "text", ['{"zz":1{"a":2}', '{"a":1{"a":2}', '{"zz":1,,"a":2}', '{"a":1,}', '{,"a":1}', '{{"a":1}']
)
@pytest.mark.parametrize("space", ["", " ", " " * 20])
def test_what_stands_between_members(cls, text, space):
    """A name is looked for together with what stands before it."""
    with pytest.raises(JSONDecodeError) as refused:
        decode(text.replace("1", f"1{space}") + " " * 30, cls)
    assert type(refused.value) is json.JSONDecodeError


@dataclass
class Ends:
    s: str
    a_name_of_more_than_sixteen: str = ""


@pytest.mark.parametrize("before", [0, 1, 40])
def test_strings_near_the_end(before):
    """The last bytes of a text are looked at together with some that come before them."""
    for n in range(40):
        for last in "x", "é", '\\"', "\\n":
            for end in '"}', '"} ', '"}' + " " * 17:
                text = "{" + " " * before + f'"s":"{"y" * n}{last}{end}'
                for given in text, text.encode():
                    assert decode(given, Ends) == Ends("y" * n + json.loads(f'"{last}"'))
                with pytest.raises(JSONDecodeError):
                    decode(text.replace('"}', "}"), Ends)
        text = f'{{"s":"","a_name_of_more_than_sixteen":"{"y" * n}"}}'
        assert decode(text, Ends) == Ends("", "y" * n)


def test_short_floats():
    """What has a few digits is read by a way of its own."""
    source, digits = random.Random(5), "0123456789"
    texts = [
        "0.0",
        "0.5",
        "22.23",
        "123456.7",
        "1.23456",
        "1.234567",
        "0.000001",
        "999999.9",
        "9.99999",
        "1.5e3",
        "1.5E-7",
    ]
    for _ in range(amount(500, 2000, 100_000)):
        whole = source.choice(
            ["0", source.choice("123456789") + "".join(source.choices(digits, k=source.randrange(6)))]
        )
        texts.append(
            whole + "." + "".join(source.choices(digits, k=source.randrange(1, 8))) + source.choice(["", "", "e5"])
        )
    texts += [f"-{text}" for text in texts]
    for space in "", " ", " " * 9:
        made = decode(f"[{space}" + f"{space},{space}".join(texts) + f"{space}]", list[float])
        assert [*map(repr, made)] == [repr(float(text)) for text in texts]
    for text in texts[:60]:
        assert repr(decode(text, float)) == repr(float(text))
    for wrong in "00.5", "01.5", "1.", "1.e5", ".5", "1.5.5", "1.5e", "1.5x", "1..5", "1.-5", "1,5", "0x1.5":
        for text in f"[{wrong}]", f"[{wrong}          ]", wrong:
            if text != "[1,5]" and "1,5 " not in text:
                with pytest.raises(JSONDecodeError):
                    decode(text, list[float])

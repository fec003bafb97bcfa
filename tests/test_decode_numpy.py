"""``decode(data, NDArray[...])`` by the extension: the arrays that numpy makes of the same lists, without the lists."""

import gc
import json
import random
import warnings
from typing import Annotated, Dict, List, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.amount import amount
from support.compare import native_only

import cyjson
from cyjson import _decoding, _reading

np = pytest.importorskip("numpy")
NDArray = pytest.importorskip("numpy.typing").NDArray

pytestmark = native_only

TYPES = {
    name: NDArray[getattr(np, name)]
    for name in ("bool_", *("int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64".split()))
}
TYPES["any"] = np.ndarray
TYPES["str"] = NDArray[np.str_]
TYPES["complex"] = NDArray[np.complex128]


def outcome(call):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # older versions warn of what doesn't fit
        try:
            value = call()
        except Exception as error:
            return type(error), str(error), getattr(error, "errors", None)
    return shown(value)


def shown(value):
    if not isinstance(value, np.ndarray):
        return type(value), repr(value)
    return type(value), value.dtype, value.dtype.char, value.shape, value.strides, str(value.flags), value.tobytes()


def compare(document, tp):
    assert outcome(lambda: cyjson.decode(document, tp)) == outcome(
        lambda: _decoding.decode_text(document, _reading.plan_of(tp))
    )


numbers = st.one_of(
    *(st.integers(-3, 3), st.integers(-(2**70), 2**70), st.booleans(), st.none(), st.text(max_size=2)),
    *(st.integers(120, 260), st.integers(2**63 - 2, 2**64), st.floats(), st.floats(width=32), st.just(-0.0)),
    *(st.integers(2**k - 2, 2**k + 2) for k in (7, 8, 15, 16, 31, 32)),
)


@st.composite
def arrays(draw):
    """Nested lists, of one shape mostly, whose items are mostly of one kind."""
    shape = draw(st.lists(st.integers(0, 3), min_size=1, max_size=4))
    items = draw(
        st.sampled_from([st.integers(-3, 300), st.booleans(), st.floats(), numbers, st.integers(0, 2) | st.floats()])
    )

    def make(lengths):
        if not lengths:
            return draw(items)
        return [make(lengths[1:]) for _ in range(lengths[0])]

    made = make(shape)
    if draw(st.integers(0, 5)) == 0 and made:
        made[draw(st.integers(0, len(made) - 1))] = draw(numbers | st.lists(numbers, max_size=2))
    return made


@given(arrays(), st.sampled_from(sorted(TYPES)), st.sampled_from([None, 1]))
def test_as_numpy_makes_them(value, name, indent):
    compare(json.dumps(value, indent=indent), TYPES[name])
    compare(json.dumps({"a": value, "b": value[:1]}, indent=indent).encode(), Dict[str, TYPES[name]])


def test_damaged_texts():
    source = random.Random(20)
    for _ in range(amount(300, 3000, 100_000)):
        text = bytearray(source.choice([b"[[1, 2.5], [3, -4e2]]", b"[true,false]", b"[ [ ] , [ ] ]", b"[1,20,-300]"]))
        for _ in range(source.randrange(1, 3)):
            text[source.randrange(len(text))] = source.choice(b'[],.-+eE0129 tfn"{}\x00\xff')
        compare(bytes(text), TYPES[source.choice(sorted(TYPES))])


GOOD = {
    "bool_": ["[true, false]", "[]", "[[], []]"],
    "int8": ["[-128, 127, 0]"],
    "uint8": ["[[0], [255]]"],
    "int16": ["[-32768, 32767]"],
    "uint16": ["[65535]"],
    "int32": ["[-2147483648, 2147483647]"],
    "uint32": ["[4294967295]"],
    "int64": ["[-9223372036854775808, 9223372036854775807, -0]"],
    "uint64": ["[9223372036854775807]"],
    "float32": ["[1.1, 3e38, 3.5e38, 1e-46, 16777217, -0, -0.0, 9007199254740993]"],
    "float64": ["[1, 2.5, 1e400, 9007199254740993, 4.9e-324]", "[[[1, 2], [3, 4]], [[5, 6], [7, 8]]]", " [ [ ] ] "],
    "any": ["[1, 2]", "[1, 2.5]", "[2.5, 1]", "[true]", "[]", "[[[]], [[]]]", "[9007199254740993, 0.5]"],
}


@pytest.mark.parametrize("name", GOOD)
def test_the_extension_reads(name, monkeypatch):
    tp = TYPES[name]
    for document in GOOD[name]:
        expected = outcome(lambda: _decoding.decode_text(document, _reading.plan_of(tp)))
        with monkeypatch.context() as patch:
            patch.setattr(_decoding, "READERS", [None] * len(_decoding.READERS))
            for data in document, document.encode():
                assert outcome(lambda: cyjson.decode(data, tp)) == expected
                assert outcome(lambda: cyjson.decode(data, Optional[tp])) == expected
        assert expected[0] is np.ndarray


def test_arrays_are_their_own():
    array = cyjson.decode("[1.5, 2]", NDArray[np.float64])
    assert array.base is None and array.flags.owndata and array.flags.writeable
    array[0] = 7
    assert cyjson.decode("[1.5, 2]", NDArray[np.float64])[0] == 1.5


def test_large_arrays_and_many():
    source = random.Random(21)
    rows = [[source.random() for _ in range(7)] for _ in range(5000)]
    assert (cyjson.decode(json.dumps(rows), NDArray[np.float64]) == np.array(rows)).all()
    whole = [[source.randrange(-(2**31), 2**31) for _ in range(3)] for _ in range(5000)]
    assert (cyjson.decode(json.dumps(whole), NDArray[np.int32]) == np.array(whole)).all()
    made = cyjson.decode(json.dumps(whole), List[NDArray[np.int64]])
    assert [each.tolist() for each in made] == whole


def test_depth():
    for depth in 1, 31, 32, 33, 64, 65, 500, 100_000:
        for inner in "", "1", "1.5":
            compare("[" * depth + inner + "]" * depth, TYPES["any"])
            compare("[" * depth + inner + "]" * depth, TYPES["float64"])


def test_constraints():
    at_least_two = Annotated[NDArray[np.int64], lambda array: len(array) > 1, slice(2, None)]
    assert cyjson.decode("[1, 2]", at_least_two).tolist() == [1, 2]
    with pytest.raises(cyjson.ValidationError):
        cyjson.decode("[1]", at_least_two)


def test_nothing_is_left_of_what_is_refused():
    tracemalloc = pytest.importorskip("tracemalloc", reason="this interpreter counts no memory")
    documents = "[" + "1," * 1000 + "null]", "[[1, 2], [3]]", "[1, 2", "[300]", "[" + "1.5," * 1000 + "true]"

    def refuse_all():
        for document in documents:
            for name in "int8", "any":
                outcome(lambda document=document, name=name: cyjson.decode(document, TYPES[name]))

    tracemalloc.start()
    try:
        for _ in range(20):  # until caches have what they keep
            refuse_all()
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(20):
            refuse_all()
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] - before < 20_000  # one array of numbers less than in each round
    finally:
        tracemalloc.stop()

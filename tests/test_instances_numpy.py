"""NumPy's arrays and scalars are written as nested arrays of what tolist() gives, float32 with its own digits."""

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.instances import knows_instances, notes_of, told_at, written

import cyjson

numpy = pytest.importorskip("numpy")
pytestmark = knows_instances

INTEGERS = ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]


def plain(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


@st.composite
def arrays(draw, kinds):
    kind = draw(st.sampled_from(kinds))
    shape = draw(st.lists(st.integers(0, 4), max_size=4))
    count = int(numpy.prod(shape))
    size = int(kind[1:])
    data = draw(st.binary(min_size=count * size, max_size=count * size))
    array = numpy.frombuffer(data, kind).reshape(shape)
    if draw(st.booleans()):
        array = array.astype(array.dtype.newbyteorder(">"))
    if draw(st.booleans()):
        array = array.T
    if draw(st.booleans()):
        array = array[tuple(slice(None, None, draw(st.sampled_from([1, 2, -1]))) for _ in array.shape)]
    if draw(st.booleans()):
        array = numpy.asfortranarray(array)
    return array


@given(arrays(INTEGERS))
def test_integers(array):
    assert cyjson.encode(array) == plain(array.tolist())
    assert cyjson.encode([array], indent=1) == cyjson.encode([array.tolist()], indent=1)


@given(arrays(["f8"]))
def test_floats(array):
    array = numpy.nan_to_num(array)
    assert cyjson.encode(array) == plain(array.tolist())


@given(arrays(["f2", "f4"]))
def test_shorter_floats_have_their_own_digits(array):
    array = numpy.nan_to_num(array)
    found = json.loads(cyjson.encode(array))
    again = numpy.array(found, array.dtype).reshape(array.shape)
    assert numpy.array_equal(again, array)
    for value in array.ravel().tolist():
        value = array.dtype.type(value)
        assert cyjson.encode(value) == plain(float(numpy.format_float_scientific(value)))


@pytest.mark.parametrize(
    "value, expected",
    [
        (numpy.float32(0.1), b"0.1"),
        (numpy.float32(3.4028235e38), b"3.4028235e+38"),
        (numpy.float32(1e-45), b"1e-45"),
        (numpy.float32(16777216), b"16777216.0"),
        (numpy.float16(0.1), b"0.1"),
        (numpy.float16(65504), b"65500.0"),
        (numpy.float64(0.1), b"0.1"),
        (numpy.float32(-0.0), b"-0.0"),
        (numpy.longdouble(0.5), b"0.5"),
        (numpy.int8(-128), b"-128"),
        (numpy.uint64(2**64 - 1), b"18446744073709551615"),
        (numpy.bool_(True), b"true"),
        (numpy.str_("é"), '"é"'.encode()),
        (numpy.bytes_(b"abc"), b'"YWJj"'),
        (numpy.datetime64("2026-11-29"), b'"2026-11-29"'),
        (numpy.datetime64("2026-11-29T01:02:03.5"), b'"2026-11-29T01:02:03.500"'),
        (numpy.datetime64("2026-11-29T01:02:03", "ns"), b'"2026-11-29T01:02:03.000000000"'),
        (numpy.timedelta64(90061, "s"), b'"P1DT3661S"'),
        (numpy.timedelta64(-1500, "ms"), b'"-PT1.5S"'),
        (numpy.timedelta64(1, "as"), b'"PT0.000000000000000001S"'),
        (numpy.timedelta64(2, "W"), b'"P14D"'),
    ],
    ids=repr,
)
def test_scalars(value, expected):
    assert written(value) == expected
    if not isinstance(value, (str, bytes)):
        assert written(numpy.array(value)) == expected
        assert written(numpy.array([[value], [value]])) == b"[[%b],[%b]]" % (expected, expected)


@given(arrays(["u1"]))
def test_bools(array):
    array = array > 127
    assert cyjson.encode(array) == plain(array.tolist())


@pytest.mark.parametrize("kind", ["?", *INTEGERS, "f4", "f8"])
def test_long_rows(kind):
    """Numbers of all lengths in all places of what is written at once."""
    places = numpy.arange(5000)
    values = (10.0 ** (places * 7 % 20) * (1 + places % 9)) % 2.0**62
    array = (places * 7 % 11 > 5) if kind == "?" else values.astype("i8").astype(kind)
    for each in (
        array,
        -array if kind != "?" else ~array,
        array[::3],
        array[::-1],
        array.astype(array.dtype.newbyteorder()),
    ):
        expected = each.tolist() if kind != "f4" else [float(str(value)) for value in each]
        assert cyjson.encode(each) == plain(expected)
    for n in range(70):
        assert cyjson.encode(array[n : 2 * n]) == plain(
            [*map(float, map(str, array[n : 2 * n]))] if kind == "f4" else array[n : 2 * n].tolist()
        )
    wide = array[:600].reshape(200, 3)
    assert [*json.loads(cyjson.encode(wide))] == [json.loads(cyjson.encode(row)) for row in wide]


def test_bools_of_other_bytes():
    array = numpy.frombuffer(bytes([0, 1, 2, 255, 1, 0, 0, 1, 128, 0, 1, 1, 1, 1, 1, 1, 1, 0, 4]), numpy.bool_)
    assert cyjson.encode(array) == plain([byte != 0 for byte in array.tobytes()])


@given(st.lists(st.text(max_size=5).map(lambda text: text.rstrip("\0")), max_size=5))
def test_strings(texts):
    assert cyjson.encode(numpy.array(texts, "U5")) == plain(texts)


@given(st.lists(st.datetimes(), min_size=1))
def test_datetimes(moments):
    array = numpy.array(moments, "M8[us]")
    assert cyjson.encode(array) == plain([str(each) for each in array])
    assert [dt.datetime.fromisoformat(each) for each in json.loads(cyjson.encode(array))] == moments


@given(st.lists(st.timedeltas(dt.timedelta(-(10**6)), dt.timedelta(10**6))))
def test_timedeltas(values):
    assert cyjson.encode(numpy.array(values, "m8[us]")) == cyjson.encode(values)


def test_shapes():
    cube = numpy.arange(24).reshape(2, 3, 4)
    for array in (
        cube,
        cube.T,
        cube[:, ::-1],
        cube[:, :, 1],
        cube[0],
        cube[..., None],
        numpy.broadcast_to(numpy.arange(3), (2, 3)),
        numpy.zeros((0,)),
        numpy.zeros((0, 3)),
        numpy.zeros((3, 0)),
        numpy.zeros((2, 0, 2)),
        numpy.array(5),
        numpy.lib.stride_tricks.as_strided(numpy.arange(9), (3, 2), (16, 8)),
    ):
        assert written(array) == plain(array.tolist())
    unaligned = numpy.frombuffer(b"\0" + bytes(16), numpy.uint8)[1:].view("i8")
    assert written(unaligned) == b"[0,0]"
    read_only = numpy.arange(3)
    read_only.flags.writeable = False
    assert written(read_only) == b"[0,1,2]"


def test_subclasses():
    class Own(numpy.ndarray):
        pass

    assert written(numpy.arange(3).view(Own)) == b"[0,1,2]"
    assert written(numpy.ma.masked_array([1, 2], [False, True])) == b"[1,null]"


def test_arrays_of_objects():
    array = numpy.array([dt.date(2026, 1, 1), None, {"a": {1}}, "x", 2**70], object)
    assert written(array) == b'["2026-01-01",null,{"a":[1]},"x",%d]' % 2**70
    assert cyjson.encode(numpy.array([1j], object), default=str) == b'["1j"]'
    array = numpy.array([None], object)
    array[0] = array
    with pytest.raises(ValueError, match="Circular reference detected"):
        cyjson.encode(array)


@pytest.mark.parametrize("kind", ["f2", "f4", "f8", "g"])
@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
def test_not_finite(kind, number):
    array = numpy.array([1, number], kind)
    told_at("$.k[1]", lambda: cyjson.encode({"k": array}), ValueError, "Out of range float values")
    codec = cyjson.Codec(types={float: "null"})
    assert codec.encode(array) == b"[1.0,null]"
    assert codec.encode(array[1]) == b"null"


def test_no_time():
    for kind in "M8[s]", "m8[ns]":
        array = numpy.array(["NaT"], kind)
        told_at("$[0]", lambda array=array: cyjson.encode(array), ValueError, "Out of range float values")
        assert cyjson.Codec(types={float: "null"}).encode(array) == b"[null]"


@pytest.mark.parametrize(
    "value",
    [
        numpy.array([1j]),
        numpy.complex128(1j),
        numpy.zeros(2, [("a", "i4")]),
        numpy.zeros(2, [("a", "i4")])[0],
        numpy.array([1], "m8[M]"),
    ],
    ids=repr,
)
def test_kinds_without_a_form(value):
    notes = notes_of(lambda: cyjson.encode([value]), TypeError, f"Object of type {type(value).__name__} is not JSON")
    assert notes is None or "while encoding $[0]" in notes
    assert cyjson.encode([value], default=lambda obj: "made") == b'["made"]'


def test_keys():
    keys = {numpy.int64(5): 1, numpy.float32(0.1): 2, numpy.bool_(True): 3, numpy.datetime64("2026-01-01"): 4}
    keys |= {numpy.float64(1.5): 5, numpy.str_("s"): 6, numpy.uint8(7): 7}
    assert cyjson.encode(keys) == b'{"5":1,"0.1":2,"true":3,"2026-01-01":4,"1.5":5,"s":6,"7":7}'
    with pytest.raises(TypeError, match="keys must be str"):
        cyjson.encode({numpy.complex128(1): 1})


def test_an_array_that_changes():
    array = numpy.array([None, 1, 2], object)

    class Meddler:
        def __json__(self):
            array.resize((0,), refcheck=False)
            return "m"

    array[0] = Meddler()
    assert cyjson.encode([array]).startswith(b'[["m"')

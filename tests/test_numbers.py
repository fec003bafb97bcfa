"""Every double and every integer: written as repr writes it, read as float and int read it, to the last bit."""

import array
import ctypes
import decimal
import itertools
import json
import math
import os
import random
import struct
import subprocess
import sys
import sysconfig

import pytest
from kernels import build
from support.amount import amount, long
from support.compare import native_only, same

import cyjson

BATCH = 50_000
# The fallback reads and writes numbers by json itself.
COUNT = amount(200_000, 1_000_000, 20_000_000) if cyjson.backend == "c" else BATCH * 2
if os.environ.get("CYJSON_CPU") and COUNT > BATCH:  # of the best instruction set the most
    COUNT = max(BATCH, COUNT // 4)


def bits(values):
    return array.array("d", values).tobytes()


def check_both_ways(values):
    """The doubles go out as their repr and come back with the same bits."""
    text = "[" + ", ".join(map(repr, values)) + "]"
    written = cyjson.dumps(values)
    if written != text:
        wrong = [(a, b) for a, b in zip(text[1:-1].split(", "), written[1:-1].split(", ")) if a != b]
        pytest.fail(f"repr, cyjson.dumps: {wrong[:5]}")
    assert cyjson.encode(values) == text.replace(" ", "").encode()
    for source in text, text.encode():
        read = cyjson.loads(source)
        if bits(read) != bits(values):
            wrong = [(a.hex(), b) for a, b in zip(values, read) if type(b) is not float or bits([a]) != bits([b])]
            pytest.fail(f"float, cyjson.loads: {wrong[:5]}")


def check_read(texts):
    """The texts are read as float() reads them."""
    document = f"[{','.join(texts)}]"
    for source in document, document.encode():
        read = cyjson.loads(source)
        if bits(read) != bits(map(float, texts)):
            wrong = [(text, b) for text, b in zip(texts, read) if bits([float(text)]) != bits([b])]
            pytest.fail(f"text, cyjson.loads: {wrong[:5]}")
    assert all(type(each) is float for each in read)


def neighbours(value, reach=3):
    """``value`` and the doubles around it, with their negatives."""
    around = [value]
    for direction in -math.inf, math.inf:
        step = value
        for _ in range(reach):
            step = math.nextafter(step, direction)
            around.append(step)
    return [sign * each for each in around if math.isfinite(each) for sign in (1, -1)]


@long
def test_random_bit_patterns():
    source = random.Random(20240229)
    for _ in range(COUNT // BATCH):
        doubles = struct.unpack(f"{BATCH}d", source.randbytes(8 * BATCH))
        check_both_ways([each for each in doubles if math.isfinite(each)])


def test_everyday_doubles():
    """Few digits, near one: what documents hold and random bits hardly ever give."""
    source = random.Random(1)
    for digits in range(1, 18):
        check_both_ways([round(source.uniform(-1000, 1000), digits) for _ in range(5000)])
    check_both_ways([n / 100 for n in range(-30000, 30000)])
    check_both_ways([float(n) for n in range(-5000, 5000)])
    check_both_ways([source.random() for _ in range(20000)])
    check_both_ways([struct.unpack("f", struct.pack("I", source.randrange(0x7F800000)))[0] for _ in range(20000)])


def test_powers_of_two():
    check_both_ways([each for power in range(-1074, 1024) for each in neighbours(2.0**power)])


def test_powers_of_ten():
    check_both_ways([each for power in range(-323, 309) for each in neighbours(float(f"1e{power}"))])
    multiples = [float(f"{digit}e{power}") for digit in range(2, 10) for power in range(-323, 308)]
    check_both_ways([each for value in multiples for each in neighbours(value, 1)])


def test_boundaries():
    edges = [0.0, sys.float_info.min, sys.float_info.max, 5e-324, sys.float_info.epsilon]
    edges += [1e-5, 1e-4, 9.999e-5, 1e15, 1e16, 9999999999999998.0, 1e17, 123456789012345680.0, 1e21, 1e22, 1e23]
    edges += [float(2**power + step) for power in (24, 31, 32, 52, 53, 54, 62, 63, 64) for step in (-1, 0, 1)]
    check_both_ways([each for edge in edges for each in neighbours(edge, 20)])
    subnormals = [
        struct.unpack("d", struct.pack("Q", n))[0] for n in [*range(1, 3000), *range(2**52 - 2000, 2**52 + 2000)]
    ]
    check_both_ways(subnormals)


def test_signed_zero():
    assert math.copysign(1, cyjson.loads("-0.0")) == -1
    for text in (
        "0",
        "-0",
        "0.0",
        "-0.0",
        "0e0",
        "-0e5",
        "0E-5",
        "-0.000e400",
        "0e99999999999999999999",
        "-0e-99999999999",
    ):
        same(lambda json: json.loads(text))
    for value in 0.0, -0.0:
        same(lambda json: json.dumps([value, {value: value}]))


# Reading: forms that repr never gives


@long
def test_random_decimal_texts():
    source = random.Random(7)
    texts = []
    for _ in range(COUNT // 5):
        digits = str(source.getrandbits(source.choice([10, 30, 52, 53, 64, 65, 70, 90, 120])))
        point = source.randrange(len(digits) + 1)
        whole, fraction = digits[:point] or "0", digits[point:]
        if whole != "0":
            whole = whole.lstrip("0") or "0"
        form = source.randrange(4)
        text = source.choice(["", "-"]) + whole
        text += f".{fraction or 0}" if form != 1 else ""
        if form:
            text += (
                source.choice("eE")
                + source.choice(["", "+", "-"])
                + str(source.choice([source.randrange(30), source.randrange(345)]))
            )
        texts.append(text)
        if len(texts) == BATCH:
            check_read(texts)
            texts.clear()
    check_read(texts)


def halfway(value):
    """The exact decimal expansion of the point halfway from ``value`` to the next double."""
    with decimal.localcontext() as context:
        context.prec = 1200
        if value == sys.float_info.max:
            return decimal.Decimal(value) + (decimal.Decimal(value) - decimal.Decimal(math.nextafter(value, 0))) / 2
        return (decimal.Decimal(value) + decimal.Decimal(math.nextafter(value, math.inf))) / 2


def test_halfway_points():
    """The hardest texts to round: exactly between two doubles, and a hair below or above, up to 770 digits long."""
    source = random.Random(3)
    values = [abs(struct.unpack("d", source.randbytes(8))[0]) for _ in range(3000)]
    values += [2.0**power for power in range(-1074, 1024, 7)] + [5e-324, 0.0, sys.float_info.max, sys.float_info.min]
    values += [struct.unpack("d", struct.pack("Q", n))[0] for n in (1, 2, 3, 2**51, 2**52 - 1, 2**52)]
    values += [float(n) for n in (2**53, 2**53 + 2, 2**54 + 4, 2**60, 10**22, 10**23)]
    texts = []
    for value in filter(math.isfinite, values):
        exact = format(halfway(value), "f")
        exact += "" if "." in exact else ".0"
        below = exact.rstrip("0").rstrip(".")
        below = below[:-1] + str(int(below[-1]) - 1) + "9" if below[-1] != "0" else below
        texts += [exact, exact + "0" * 30, exact + "0" * 800 + "1", below if "." in below else below + ".0"]
        texts += [f"{halfway(value):e}".replace("e", "E").replace("E+", "e"), f"-{exact}1"]
    check_read(texts)


def test_long_and_extreme_texts():
    ones = [
        "1" * n for n in (1, 15, 16, 17, 18, 19, 20, 21, 38, 39, 100, 308, 309, 310, 400, 767, 768, 769, 770, 800, 2000)
    ]
    texts = [f"{each}.0" for each in ones] + [f"0.{each}" for each in ones] + [f"{each}e-{len(each)}" for each in ones]
    texts += [f"0.{'0' * n}1" for n in (1, 15, 19, 20, 100, 300, 307, 308, 322, 323, 324, 325, 400, 1000)]
    texts += [
        f"0.{'0' * n}1e{n + shift}" for n in (1, 19, 20, 300, 400, 1000, 5000) for shift in (-5, 0, 1, 5, 308, 310)
    ]
    texts += [
        f"1{'0' * n}e{-n - shift}" for n in (1, 19, 20, 300, 400, 1000, 5000) for shift in (-5, 0, 1, 5, 308, 330)
    ]
    texts += [
        f"1{sign}{exponent}"
        for sign in ("e", "e+", "e-", "E-0", "E+00")
        for exponent in (0, 1, 22, 23, 307, 308, 309, 323, 324, 325, 400)
    ]
    huge = (10**9, 2**31, 2**32, 2**63, 2**64, 10**30)
    texts += [f"{digits}e{sign}{n}" for digits in ("1", "0", "-0", "9.99", "0.0") for sign in ("", "-") for n in huge]
    texts += ["1.7976931348623157e308", "1.7976931348623158e308", "1.7976931348623159e308", "-1.797693134862315807e308"]
    texts += [
        "2.2250738585072014e-308",
        "2.2250738585072011e-308",
        "2.2250738585072012e-308",
        "4.9e-324",
        "2.4703282292062327e-324",
    ]
    texts += [
        "2.4703282292062328e-324",
        "2.47e-324",
        "9007199254740993.0",
        "9007199254740992.999999999999",
        "9007199254740993.00000000001",
    ]
    texts += ["7.2057594037927933e16", "1.00000000000000011102230246251565404", "1.00000000000000033306690738754696213"]
    check_read(texts)
    for text in texts:
        same(lambda json: json.loads(text))
        same(lambda json: json.loads(text.encode()))


# Integers

LIMIT = sys.get_int_max_str_digits() if hasattr(sys, "get_int_max_str_digits") else 0
LONGEST = LIMIT or 4300


def check_integers(values):
    text = "[" + ", ".join(map(repr, values)) + "]"
    assert cyjson.dumps(values) == text
    assert cyjson.encode(values) == text.replace(" ", "").encode()
    for source in text, text.encode():
        read = cyjson.loads(source)
        assert read == values
        assert {type(each) for each in read} <= {int}


def test_small_integers():
    check_integers(list(range(-70_000, 70_000)))


def test_integers_around_powers_of_two():
    check_integers([sign * (2**power + step) for power in range(0, 200) for step in range(-3, 4) for sign in (1, -1)])


def test_random_integers():
    source = random.Random(11)
    check_integers([source.choice([1, -1]) * source.getrandbits(source.randrange(1, 130)) for _ in range(200_000)])


def test_integers_of_every_length():
    """Smallest, largest and a random one of each number of digits, up to the interpreter's limit."""
    source = random.Random(5)
    lengths = [*range(1, 700), *range(700, LONGEST, 97), LONGEST - 1, LONGEST]
    for some in (lengths[start : start + 200] for start in range(0, len(lengths), 200)):
        values = []
        for length in some:
            low, high = 10 ** (length - 1), 10**length - 1
            values += [low, -low, high, -high, source.randrange(low, high)]
        check_integers(values)


def test_integers_past_the_limit():
    if not LIMIT:
        pytest.skip("this interpreter has no digit limit in force")
    for text in "1" * (LIMIT + 1), "-" + "9" * (LIMIT + 1), "1" * (LIMIT * 3):
        for document in text, f"[{text}]", f'{{"a": [1, {text}, 2]}}':
            assert same(lambda json: json.loads(document))[1] is ValueError
            assert same(lambda json: json.loads(document.encode()))[1] is ValueError
        same(lambda json: json.loads(f"[{text}", parse_int=len))
    for value in 10**LIMIT, -(10**LIMIT), 10 ** (LIMIT * 3):
        for document in value, [value], {"a": value}, {value: 1}:
            assert same(lambda json: json.dumps(document))[1] is ValueError
    # A float of so many digits is no matter.
    same(lambda json: json.loads("1" * (LIMIT + 1) + ".5"))


@pytest.mark.skipif(not hasattr(sys, "set_int_max_str_digits"), reason="this interpreter has no digit limit")
@pytest.mark.parametrize("limit", [0, 640, 5000])
def test_another_limit(limit):
    """The limit in force at the time of the call counts."""
    before = sys.get_int_max_str_digits()
    try:
        sys.set_int_max_str_digits(limit)
        for length in 639, 640, 641, 4299, 4300, 4301, 5000, 5001, 6000:
            text = "7" * length
            kind = same(lambda json: json.loads(text))[0]
            assert (kind == "exception") == (0 < limit < length)
            same(lambda json: json.loads(f"[-{text}]".encode()))
            value = 10 ** (length - 1)
            kind = same(lambda json: json.dumps([value, {-value: -value}]))[0]
            assert (kind == "exception") == (0 < limit < length)
    finally:
        sys.set_int_max_str_digits(before)


def test_forms_of_numbers():
    """Every short string over the characters of numbers: number or not, as json decides."""
    for length in range(1, 6):
        for characters in itertools.product("-+01.e", repeat=length):
            text = "".join(characters)
            same(lambda json: json.loads(text))
    for characters in itertools.product("-10.eE,] ", repeat=4):
        text = "[" + "".join(characters)
        same(lambda json: json.loads(text.encode()))


def test_numbers_as_keys():
    source = random.Random(13)
    values = [0.0, -0.0, 1.5, 1e16, 1e-7, float("nan"), float("inf"), 1, -1, 2**64, -(2**70), True, False, None]
    values += [struct.unpack("d", source.randbytes(8))[0] for _ in range(2000)]
    values += [source.getrandbits(80) for _ in range(2000)]
    for value in values:
        same(lambda json: json.dumps({value: value}))


# The kernel alone: see test_kernels.py, too


@long
@native_only
def test_kernel_against_repr(tmp_path):
    """As the kernel of this run's instruction set writes doubles, so does float.__repr__: 10^7 patterns and boundaries.

    10^9 patterns were run once: see docs/reliability.md.
    """
    if os.name != "posix" or build.compiler() is None:
        pytest.skip("no C compiler here, or not the kernels' C sources beside these tests")
    library = tmp_path / "repr.so"
    level = {"avx2": ["-DLEVEL_AVX2"], "avx512": ["-DLEVEL_AVX512"]}.get(cyjson._impl.cpu, [])
    tables = [f"kernels/tables/{name}.c" for name in ("scale", "small", "pow10")]
    sources = [str(build.HERE / "repr.c"), *(str(build.CSRC / name) for name in tables)]
    folders = ["-I", str(build.CSRC), "-I", sysconfig.get_path("include")]
    command = [*build.compiler(), "-std=c11", "-O2", "-shared", "-fPIC", *level, *folders, *sources]
    undefined = ["-undefined", "dynamic_lookup"] if sys.platform == "darwin" else []
    built = subprocess.run([*command, *undefined, "-o", str(library)], capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    checks = ctypes.PyDLL(str(library))
    checks.check_boundaries.restype = checks.check_random.restype = ctypes.c_longlong
    checks.check_random.argtypes = [ctypes.c_ulonglong, ctypes.c_ulonglong, ctypes.POINTER(ctypes.c_double)]
    differs = ctypes.c_double()
    assert checks.check_boundaries(ctypes.byref(differs)) > 2_000_000, differs.value.hex()
    start = random.SystemRandom().getrandbits(64)
    most = amount(2_000_000, 10_000_000)
    count = most // 10 if os.environ.get("CYJSON_CPU") else most  # of the best instruction set the most
    compared = checks.check_random(start, count + count // 500, ctypes.byref(differs))  # one in 1,000 is not finite
    assert compared > count, (start, differs.value.hex())


def test_json_agrees():
    """What these tests take for granted: json itself writes repr and reads float."""
    values = [0.1, 1e16, -0.0, 5e-324, 123456789.125]
    assert json.dumps(values) == "[" + ", ".join(map(repr, values)) + "]"
    assert bits(json.loads(json.dumps(values))) == bits(values)

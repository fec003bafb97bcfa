"""Exceptions: type, message, position, arguments and the document they carry, as json's."""

import io
import json
import sys

import pytest
from support.compare import PYPY, Record, counts_levels, outcome, same

import cyjson

NOTES = sys.version_info >= (3, 14)  # before, dump says in a note what json doesn't
BROKEN = [
    "", " ", "\n\n", "[", "]", "{", "}", ",", ":", "[1", "[1,", "[1,]", "[1, ]", "[,1]", "[1 2]", "[1,,2]", "[1]]",
    "[1] x", '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":1,}', '{"a":1, }', '{"a" 1}', '{"a":,}', "{,}",
    '{"a":1 "b":2}', "{1:2}", "{a:1}", "{'a':1}", '{"a":1}}', '{"a":1,,}', '{"a"::1}', '{"a":}', '{"a', '"', '"a',
    '"\\', '"\\x"', '"\\u"', '"\\u12"', '"\\u12G4"', '"\\ud800\\u"', '"\\ud800\\uZZZZ"', '"\\u 123"', '"\\u+123"',
    '"\\u0x12"', '"\\u1_23"', '"\n"', '"\t"', '"\x00"', '"a\x1fb"', "'a'", "tru", "truE", "True", "nul", "None",
    "fals", "nan", "Na", "Infinit", "-", "-a", "--1", "+1", ".5", "1.", "1.e5", "1e", "1e+", "01", "-01", "00",
    "0x1", "1_000", "1a", "-Infinit", "-NaN", "1.5.5", "1e5e5", "１", "[1１]", "\x00", "[\x00]", "\u00a0[]",
    "[]\u00a0", "[1]\x0b", "\u2028", "//", "[1/**/]", "\ufeff[]", "[]\ufeff", "😀", '["😀" x]', '[\n1,\n\n  x]',
    '{"a":\r\n\tx}', '{"é": [1, {"中": x}]}', '"a" "b"',
]  # fmt: skip


@pytest.mark.parametrize("text", BROKEN, ids=ascii)
def test_syntax_errors(text):
    """From text, from bytes in each encoding, from any entry point; ``doc`` is always the decoded text."""
    told = same(lambda json: json.loads(text))
    assert told[1] is json.JSONDecodeError
    assert told[4]["doc"] == text
    same(lambda json: json.JSONDecoder().decode(text))
    same(lambda json: json.JSONDecoder().raw_decode(text))
    same(lambda json: json.loads(text, strict=False))
    same(lambda json: json.loads(text, parse_int=float, object_hook=len, object_pairs_hook=list))
    same(lambda json: json.load(io.StringIO(text)))
    for encoding in "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "utf-32-be":
        data = text.encode(encoding)
        told = same(lambda json: json.loads(data))
        same(lambda json: json.loads(bytearray(data)))
        same(lambda json: json.load(io.BytesIO(data)))
        if encoding == "utf-8" and text[:1] not in ("\x00", "\ufeff"):
            assert told[4]["doc"] == text


@pytest.mark.parametrize("text", BROKEN, ids=ascii)
def test_syntax_errors_far_into_a_document(text):
    """Line and column are counted in characters, whatever precedes."""
    before = '[{"k": ["é中😀", 1.5e3, "\\n", true]},\n' * 40
    told = same(lambda json: json.loads(before + text))
    assert told[1] is json.JSONDecodeError
    same(lambda json: json.loads((before + text).encode()))
    same(lambda json: json.JSONDecoder().raw_decode(before + text, len(before)))


@pytest.mark.parametrize(
    "data",
    [b"\xff", b'"\xff"', b'["\xe9"]', b"[1]\x80", b"\xef\xbb\xbf", b"\xef\xbb\xbf\xff", b"\xff\xfe", b"\xff\xfe1"]
    + [
        b"\xfe\xff\x00",
        b"\x00\x00\xfe\xff\x00",
        b"[\x00\x00",
        b"1\x00\x00",
        b"\x001\x00",
        b"\x00\x00\x001\x00",
        b"",
        b"\x00",
        b"\x00\x00",
    ]
    + [b'"\xed\xa0\x80"', b'"\xed\xa0"', b'"\xf0\x9f\x98"', b'"\xf5\x80\x80\x80"', b'"\xc1\x81"', b'"\xe0\x80\x80"'],
    ids=ascii,
)
def test_undecodable_bytes(data):
    same(lambda json: json.loads(data))
    same(lambda json: json.loads(bytearray(data)))
    same(lambda json: json.load(io.BytesIO(data)))


# Wrong arguments


def bad_calls():
    class NoDecode:
        pass

    return [
        lambda json: json.loads(),
        lambda json: json.loads("1", "2"),
        lambda json: json.loads(1),
        lambda json: json.loads(None),
        lambda json: json.loads([1]),
        lambda json: json.loads(memoryview(b"1")),
        lambda json: json.loads(1, bogus=2),
        lambda json: json.loads("1", bogus=2),
        lambda json: json.loads("1", encoding="utf-8"),
        lambda json: json.loads("1", s="2"),
        lambda json: json.loads(s="1"),
        lambda json: json.loads("[", bogus=2),
        lambda json: json.loads("1", cls=3),
        lambda json: json.loads("1", cls=NoDecode),
        lambda json: json.loads("1", cls=dict, own=2),
        lambda json: json.loads("{}", object_hook=3),
        lambda json: json.loads("{}", object_pairs_hook="x"),
        lambda json: json.loads("[1]", parse_int=3),
        lambda json: json.loads("[1.5]", parse_float="x"),
        lambda json: json.loads("[NaN]", parse_constant=3),
        lambda json: json.loads("[1, 1.5, NaN]", parse_int=0, parse_float="", parse_constant=()),
        lambda json: json.loads("[1]", object_hook=0),
        lambda json: json.loads("{}", object_hook=0),
        lambda json: json.loads("{}", object_pairs_hook=False),
        lambda json: json.loads("[]", strict="yes"),
        lambda json: json.load(),
        lambda json: json.load(1),
        lambda json: json.load("[1]"),
        lambda json: json.load(io.StringIO("1"), 2),
        lambda json: json.load(io.StringIO("1"), bogus=2),
        lambda json: json.load(fp=io.StringIO("1")),
        lambda json: json.dumps(),
        lambda json: json.dumps(1, 2),
        lambda json: json.dumps(1, bogus=2),
        lambda json: json.dumps(obj=1),
        lambda json: json.dumps(1, obj=1),
        lambda json: json.dumps(1, encoding="utf-8"),
        lambda json: json.dumps(1, cls=3),
        lambda json: json.dumps(1, cls=dict),
        lambda json: json.dumps([1], separators=(",",)),
        lambda json: json.dumps([1], separators=(",", ":", ";")),
        lambda json: json.dumps([1], separators=3),
        lambda json: json.dumps([1], separators=""),
        lambda json: json.dumps([1, 2], separators=(1, 2)),
        lambda json: json.dumps([1, 2], separators=(b",", b":")),
        lambda json: json.dumps("text", separators=(1, 2)),
        lambda json: json.dumps({"a": 1, "b": 2}, separators=(None, None)),
        lambda json: json.dumps([1], indent=2.5),
        lambda json: json.dumps([1], indent=b"  "),
        lambda json: json.dumps([1], indent=[]),
        lambda json: json.dumps([], indent=2.5),
        lambda json: json.dumps("text", indent=2.5),
        lambda json: json.dumps([object()], default=3),
        lambda json: json.dumps([1], default=3),
        lambda json: json.dumps([object], default=lambda: None),
        lambda json: json.dump(1),
        lambda json: json.dump(),
        lambda json: json.dump(1, io.StringIO(), 2),
        lambda json: json.dump(1, None),
        lambda json: json.dump(1, io.BytesIO()),
        lambda json: json.dump(1, io.StringIO(), bogus=2),
        lambda json: json.dump(obj=1, fp=io.StringIO()),
        lambda json: json.JSONEncoder(1),
        lambda json: json.JSONEncoder(bogus=1),
        lambda json: json.JSONEncoder().encode(),
        lambda json: json.JSONEncoder().encode(1, 2),
        lambda json: json.JSONEncoder().encode(o=1),
        lambda json: json.JSONEncoder().default(),
        lambda json: json.JSONEncoder().default(1j),
        lambda json: json.JSONEncoder().iterencode(),
        lambda json: json.JSONDecoder(1),
        lambda json: json.JSONDecoder(bogus=1),
        lambda json: json.JSONDecoder().decode(),
        lambda json: json.JSONDecoder().decode(1),
        lambda json: json.JSONDecoder().decode(b"1"),
        lambda json: json.JSONDecoder().raw_decode(),
        lambda json: json.JSONDecoder().raw_decode(1),
        lambda json: json.JSONDecoder().raw_decode(b"1"),
        lambda json: json.JSONDecoder().raw_decode("1", "0"),
        lambda json: json.JSONDecoder().raw_decode("1", -1),
        lambda json: json.JSONDecoder().raw_decode("1", 1),
        lambda json: json.JSONDecoder().raw_decode("1", 100),
        lambda json: json.JSONDecoder().raw_decode("1", 2**70),
        lambda json: json.JSONDecoder().raw_decode(s="[1]", idx=1),
        lambda json: json.decoder.scanstring(),
        lambda json: json.decoder.scanstring("a"),
        lambda json: json.decoder.scanstring(1, 1),
        lambda json: json.decoder.scanstring(b'a"', 0),
        lambda json: json.decoder.scanstring('a"', "0"),
        lambda json: json.decoder.scanstring('a"', -1),
        lambda json: json.decoder.scanstring('a"', 100),
        lambda json: json.decoder.scanstring('a"', 2**70),
        lambda json: json.decoder.scanstring('a"', 0, True, 1),
        lambda json: json.encoder.encode_basestring(1),
        lambda json: json.encoder.encode_basestring(b"x"),
        lambda json: json.encoder.encode_basestring_ascii(None),
        lambda json: json.encoder.encode_basestring_ascii(b"x"),
        lambda json: json.scanner.make_scanner(),
        lambda json: json.scanner.make_scanner(1),
        lambda json: json.scanner.make_scanner(json.JSONDecoder())(),
        lambda json: json.scanner.make_scanner(json.JSONDecoder())("1"),
        lambda json: json.scanner.make_scanner(json.JSONDecoder())("1", "0"),
        lambda json: json.scanner.make_scanner(json.JSONDecoder())(1, 0),
        lambda json: json.scanner.make_scanner(json.JSONDecoder())("1", -1),
        lambda json: json.scanner.make_scanner(json.JSONDecoder())("x", 0),
    ]


@pytest.mark.parametrize("number", range(len(bad_calls())))
def test_wrong_arguments(number):
    same(bad_calls()[number], notes=False)


@pytest.mark.parametrize("name", ["encode_basestring", "encode_basestring_ascii"])
def test_wrong_arguments_of_functions_whose_message_names_their_module(name):
    for arguments in (), ("x", "y"):
        told = [outcome(lambda json: getattr(json.encoder, name)(*arguments), module) for module in (json, cyjson)]
        assert told[0][1] is told[1][1] is TypeError
        assert told[0][2].rpartition(".")[2] == told[1][2].rpartition(".")[2]
    named = [outcome(lambda json: json.decoder.scanstring(s='a"', end=0), module) for module in (json, cyjson)]
    assert named[0][:2] == named[1][:2]
    assert named[1][:2] == ("exception", TypeError) or PYPY  # whose scanstring is Python


# Values that cannot be encoded


class Odd:
    pass


@pytest.mark.parametrize(
    "value",
    [
        Odd(),
        b"x",
        bytearray(b"x"),
        {1},
        2j,
        Odd,
        len,
        iter([]),
        range(3),
        {}.keys(),
        memoryview(b"x"),
        NotImplemented,
        ...,
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("place", ["alone", "list", "dict", "deep", "tuple"])
@pytest.mark.parametrize("options", [{}, {"indent": 1}, {"sort_keys": True}, {"check_circular": False}])
def test_not_serializable(value, place, options):
    document = {
        "alone": value,
        "list": [1, value, 2],
        "dict": {"a": 1, "é": value},
        "deep": [{"a": [[], {"b": (1, value)}]}],
        "tuple": ((value,),),
    }[place]
    assert same(lambda json: json.dumps(document, **options))[1] is TypeError
    same(lambda json: json.dump(document, io.StringIO(), **options), notes=NOTES)
    same(lambda json: json.JSONEncoder(**options).encode(document))


@pytest.mark.parametrize("key", [b"x", (1, 2), Odd, 2j, frozenset(), ...], ids=repr)
@pytest.mark.parametrize(
    "options", [{}, {"indent": 1}, {"sort_keys": True}, {"skipkeys": True}, {"skipkeys": True, "indent": 1}]
)
def test_bad_keys(key, options):
    for document in {key: 1}, {"a": 1, key: 2}, {key: 1, "a": 2}, [{"x": {key: {}}}], {key: Odd()}, {key: {}, 1: {}}:
        same(lambda json: json.dumps(document, **options))
        same(lambda json: json.dump(document, io.StringIO(), **options), notes=NOTES)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("indent", [None, 1])
def test_allow_nan(value, indent):
    for document in value, [value], {"a": value}, {value: 1}, ({"a": [value]},):
        assert same(lambda json: json.dumps(document, allow_nan=False, indent=indent))[1] is ValueError
        same(lambda json: json.dumps(document, indent=indent))
        same(lambda json: json.dumps(document, allow_nan=0, skipkeys=True, sort_keys=True, indent=indent))


def test_keys_that_cannot_be_sorted():
    for document in (
        {"a": 1, 1: 2},
        {1: 1, None: 2},
        {"b": {2j: 1, "a": 1}},
        {True: 1, "x": 2, 1.5: 3},
        {b"a": 1, "a": 2},
    ):
        for options in {}, {"skipkeys": True}, {"indent": 1}:
            told = same(lambda json: json.dumps(document, sort_keys=True, **options))
            # PyPy's json sorts what skipkeys leaves.
            assert told[1] is TypeError or (options.get("skipkeys") and PYPY)


# Circular references


def circular():
    alone = []
    alone.append(alone)
    by_dict = {}
    by_dict["self"] = by_dict
    long_way = [{"a": ({},)}]
    long_way[0]["a"][0]["back"] = long_way
    return [alone, by_dict, long_way, [alone], {"k": [1, by_dict]}]


@pytest.mark.parametrize("index", range(5))
@pytest.mark.parametrize("options", [{}, {"indent": 1}, {"sort_keys": True}, {"skipkeys": True}])
def test_circular_references(index, options):
    document = circular()[index]
    told = same(lambda json: json.dumps(document, **options))
    assert told[1:3] == (ValueError, "Circular reference detected")
    same(lambda json: json.dump(document, io.StringIO(), **options), notes=NOTES)


@pytest.mark.parametrize("depth", [0, 1, 30, 60, 61, 62, 63, 64, 65, 66, 67, 100, 130, 250])
def test_circular_references_far_down(depth):
    """However long the way back, and wherever it leads to."""
    for end in [], {}:
        for target in range(0, depth + 1, 1 + depth // 4):
            chain = [[] if n % 3 else {} for n in range(depth)] + [end]
            for outer, inner in zip(chain, [*chain[1:], chain[target]]):
                if isinstance(outer, list):
                    outer += [1, inner]
                else:
                    outer.update(a=1, b=inner)
            for options in {}, {"indent": 0}:
                told = same(lambda json: json.dumps(chain[0], **options))
                assert told[1:3] == (ValueError, "Circular reference detected")
            chain[-1].clear()
            assert same(lambda json: json.dumps([chain[0], chain[0], chain]))[0] == "result"


def test_circular_references_through_default():
    odd = Odd()
    for default in lambda obj: obj, lambda obj: [obj], lambda obj: {"a": [obj]}, lambda obj: [1, {"x": (obj,)}]:
        told = same(lambda json: json.dumps([odd], default=default))
        assert told[1:3] == (ValueError, "Circular reference detected")


def test_repeated_objects_are_no_circle():
    shared, odd = [1], Odd()
    document = [shared, {"a": shared, "b": [shared, shared]}, (shared, odd, odd)]
    assert same(lambda json: json.dumps(document, default=lambda obj: shared))[0] == "result"


def test_objects_made_and_dropped_by_default_are_no_circle():
    """Their addresses come again while the call lasts."""
    assert same(lambda json: json.dumps([Odd() for _ in range(100)], default=lambda obj: [[]]))[0] == "result"


@counts_levels
@pytest.mark.parametrize("options", [{}, {"indent": 0}, {"sort_keys": True}])
def test_unchecked_circular_references(options):
    for document in circular():
        assert outcome(lambda json: json.dumps(document, check_circular=False, **options), cyjson)[1] is RecursionError


# Deep nesting. Later versions go by the size of the stack, which takes more levels.

DEPTH = 100_000 if sys.version_info < (3, 14) else 300_000


@pytest.mark.parametrize(
    "opening, closing", [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]"), ("[[],", "]"), ('{"b":[],"a":', "}")]
)
@pytest.mark.parametrize("options", [{}, {"parse_int": float}, {"object_hook": len}, {"array_hook": len}], ids=str)
@counts_levels
def test_deep_texts(opening, closing, options):
    for text in opening * DEPTH, opening * DEPTH + "1" + closing * DEPTH, (opening * DEPTH).replace("[", " [ "):
        with pytest.raises(RecursionError):
            cyjson.loads(text, **options)
        with pytest.raises(RecursionError):
            cyjson.loads(text.encode(), **options)
    with pytest.raises(RecursionError):
        cyjson.JSONDecoder(**options).raw_decode(text.lstrip())


@pytest.mark.parametrize("wrap", [lambda v: [v], lambda v: (v,), lambda v: {"a": v}, lambda v: [{"a": (v,)}, 1]])
# An indent of 0: the white space of any other would grow with the square of the depth.
@pytest.mark.parametrize("options", [{}, {"indent": 0}, {"sort_keys": True}, {"check_circular": False}], ids=str)
@counts_levels
def test_deep_values(wrap, options):
    value = 1
    for _ in range(DEPTH):
        value = wrap(value)
    with pytest.raises(RecursionError):
        cyjson.dumps(value, **options)
    with pytest.raises(RecursionError):
        cyjson.encode(value, **options)
    with pytest.raises(RecursionError):
        cyjson.JSONEncoder(**options).encode(value)
    with pytest.raises(RecursionError):
        cyjson.dump(value, io.StringIO(), **options)


@counts_levels
def test_words_of_a_recursion_error():
    def of_reading(json):
        return [str(outcome_error(json.loads, opening * DEPTH)) for opening in ("[", '{"a":')]

    def of_writing(json):
        nested = []
        for _ in range(DEPTH):
            nested = [nested]
        return str(outcome_error(json.dumps, nested))

    assert of_reading(cyjson) == of_reading(json)
    assert of_writing(cyjson) == of_writing(json)


def outcome_error(function, argument):
    with pytest.raises(RecursionError) as told:
        function(argument)
    return told.value


@pytest.mark.parametrize("check_circular", [True, False])
@counts_levels
def test_endless_default(check_circular):
    for default in lambda obj: Odd(), lambda obj: [Odd()], lambda obj: {"a": Odd()}:
        for options in {}, {"indent": 0}:
            with pytest.raises(RecursionError):
                cyjson.dumps(Odd(), default=default, check_circular=check_circular, **options)


def deepest(call):
    """A depth that ``call(depth)`` takes and that 5/4 of it, or a million, is too much for."""
    depth = 100
    while depth < 1_000_000:
        try:
            call(depth * 5 // 4)
        except RecursionError:
            break
        depth = depth * 5 // 4
    return depth


def nested(opening, closing, depth):
    """The text, and the value built without a decoder."""
    value = 1
    for _ in range(depth):
        value = [value] if opening == "[" else {"a": value}
    return opening * depth + "1" + closing * depth, value


@pytest.mark.parametrize("opening, closing", [("[", "]"), ('{"a":', "}")])
@counts_levels
def test_depth_within_json_s_reach(opening, closing):
    """What json can read and write is not too deep for cyjson."""
    depth = deepest(lambda depth: json.loads(nested(opening, closing, depth)[0])) * 9 // 10
    text, value = nested(opening, closing, depth)
    cyjson.loads(text)
    cyjson.loads(text.encode())
    depth = deepest(lambda depth: json.dumps(nested(opening, closing, depth)[1])) * 9 // 10
    text, value = nested(opening, closing, depth)
    assert cyjson.dumps(value, separators=(",", ":")) == text
    assert cyjson.dumps(value, separators=(",", ":"), ensure_ascii=False) == text
    assert cyjson.encode(value) == text.encode()


# Exceptions raised by hooks pass through


class Refused(Exception):
    pass


def refuse(*arguments):
    raise Refused(*arguments)


@pytest.mark.parametrize("name", ["object_hook", "object_pairs_hook", "parse_int", "parse_float", "parse_constant"])
def test_errors_of_decoding_hooks(name):
    told = same(lambda json: json.loads('[{"a": [1, 1.5, NaN]}]', **{name: refuse}))
    assert told[1] is Refused
    for error in (
        StopIteration(3),
        KeyError("x"),
        ValueError("no"),
        json.JSONDecodeError("m", "doc", 1),
        GeneratorExit("g"),
    ):

        def fail(argument):
            raise error

        try:
            json.loads('[{"a": [1, 1.5, NaN]}]', **{name: fail})
        except BaseException as exc:
            expected = type(exc), str(exc)
        with pytest.raises(expected[0]) as told:
            cyjson.loads('[{"a": [1, 1.5, NaN]}]', **{name: fail})
        assert str(told.value) == expected[1]


def test_errors_of_default():
    for document in Odd(), [Odd()], {"a": [Odd()]}:
        for options in {}, {"indent": 1}:
            assert same(lambda json: json.dumps(document, default=lambda obj: refuse("why"), **options))[1] is Refused


def test_the_error_is_the_hook_s_own_object():
    error = Refused("this one")

    def fail(argument):
        raise error

    with pytest.raises(Refused) as told:
        cyjson.loads("[1]", parse_int=fail)
    assert told.value is error
    with pytest.raises(Refused) as told:
        cyjson.dumps([Odd()], default=fail)
    assert told.value is error


def test_keyboard_interrupt_passes():
    def interrupt(argument):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cyjson.loads("[1]", parse_int=interrupt)
    with pytest.raises(KeyboardInterrupt):
        cyjson.dumps([Odd()], default=interrupt)


def test_hooks_run_before_a_later_error():
    """json calls hooks as it goes: those before a syntax error have been called once, those after it never."""

    def call(json):
        record = Record()
        hooks = {name: record.of(name, str) for name in ("parse_int", "parse_float", "parse_constant", "object_hook")}
        told = outcome(lambda json: json.loads('[1, {"a": 2.5}, NaN, {"b": 3] , 4, {}]', **hooks), json)
        return told, record

    same(call)
    assert len(call(cyjson)[1]) == 5


@pytest.mark.skipif(sys.version_info < (3, 14), reason="json adds notes from 3.14 on")
def test_notes():
    told = same(lambda json: json.dumps({"a": [1, {"b": (Odd(),)}]}))
    assert told[4]["__notes__"] == [
        "when serializing tuple item 0",
        "when serializing dict item 'b'",
        "when serializing list item 1",
        "when serializing dict item 'a'",
    ]
    same(lambda json: json.dumps([Odd()], default=lambda obj: {"k": 2j} if isinstance(obj, Odd) else refuse(obj)))
    same(lambda json: json.dumps({"a": [float("nan")]}, allow_nan=False))
    same(lambda json: json.dumps(circular()[2]))
    same(lambda json: json.dumps([{(1,): 2}]))


@pytest.mark.skipif(sys.version_info < (3, 14), reason="json adds notes from 3.14 on")
@pytest.mark.parametrize("options", [{}, {"indent": 1}])
def test_notes_that_cannot_be_made(options):
    class Interrupting(str):
        def __repr__(self):
            raise KeyboardInterrupt

    class Choosy(Exception):
        def add_note(self, note):
            raise Refused(note)

    def choose(obj):
        raise Choosy

    def both(call):
        """The error, that which it replaced, and the notes of either."""

        def told(dumps):
            try:
                call(dumps)
            except BaseException as error:
                chain = [error, error.__context__]
                return [(type(each), str(each), getattr(each, "__notes__", None)) for each in chain]

        assert told(cyjson.dumps) == told(json.dumps)
        assert told(lambda v, **more: cyjson.dump(v, io.StringIO(), **more)) == told(
            lambda v, **more: json.dump(v, io.StringIO(), **more)
        )

    both(lambda dumps: dumps({Interrupting("a"): [Odd()]}, **options))
    both(lambda dumps: dumps([{"a": Odd()}], default=choose, **options))

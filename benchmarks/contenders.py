"""What is raced: the operations, and each contender's own best call for each of them.

A call is kept as source text, so that what is timed is also what is shown (``python -m benchmarks --calls``). It is an
expression for a function of one argument, in which ``m`` is the contender's module; an operation that writes to a file
takes a function of two, the object and the file. Where a contender can't do the work, the cell is empty and the reason
is shown in its place.

The rules: a contender that has only ``bytes`` (or only ``str``) decodes (or encodes) its result, as its users do and
as its documentation says; nobody's work is done by another library; nobody is slowed down by an option that the work
doesn't need. Texts may differ in white space where a contender has no option for it, and such differences are reported
with the figures (``answers.py``).
"""

from __future__ import annotations

import functools
import io
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType
from typing import Any, NamedTuple

import cyjson
import cyjson.lines  # so that m.lines and m.stream are there
import cyjson.stream

BASELINE = "json"
OURS = "cyjson"
FALLBACK = "cyjson-fallback"
REPEATED = 4_000_000  # bytes

# Contender -> module and distribution, in the order of the tables.
NAMES: dict[str, tuple[str, str | None]] = {
    BASELINE: ("json", None),
    OURS: ("cyjson", "cyjson"),
    FALLBACK: ("cyjson._pure", "cyjson"),
    "orjson": ("orjson", "orjson"),
    "msgspec": ("msgspec", "msgspec"),
    "ssrjson": ("ssrjson", "ssrjson"),
    "fastsimdjson": ("fastsimdjson", "fastsimdjson"),
    "strata": ("strata", "strata-plf"),
    "jiter": ("jiter", "jiter"),
    "ujson": ("ujson", "ujson"),
    "rapidjson": ("rapidjson", "python-rapidjson"),
    "simplejson": ("simplejson", "simplejson"),
    "ijson": ("ijson", "ijson"),
}


class Boxed:
    """A value of a type that no codec knows: it has to ask ``default``."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


def unbox(boxed: Any) -> Any:
    return boxed.value


def boxed(value: Any) -> Any:
    """A copy of ``value`` in which every fourth string and number is boxed."""
    count = 0

    def copy(item: Any) -> Any:
        nonlocal count
        if isinstance(item, dict):
            return {key: copy(member) for key, member in item.items()}
        if isinstance(item, list):
            return [copy(member) for member in item]
        count += 1
        return Boxed(item) if count % 4 == 0 else item

    return copy(value)


def rows(value: Any) -> list[Any]:
    """The parts of a document that JSON Lines would have on lines of their own.

    The items of its longest list of objects, or else of lists. If there are fewer than ten: its members, or a scalar
    itself.
    """
    best: dict[type, list[Any]] = {dict: [], list: []}
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, list):
            for kind, longest in best.items():
                if len(each) > len(longest) and all(isinstance(item, kind) for item in each):
                    best[kind] = each
        if isinstance(each, dict | list):
            left += each.values() if isinstance(each, dict) else each
    longest = best[dict] if len(best[dict]) >= 10 else best[list]
    if len(longest) >= 10:
        return longest
    return [*value.values()] if isinstance(value, dict) else value if isinstance(value, list) else [value]


def unchanged(value: Any) -> Any:
    return value


def counted(items: Iterable[Any]) -> Any:
    """The number of items and the last one; none is kept meanwhile."""
    count, last = 0, None
    for item in items:
        count, last = count + 1, item
    return [count, last]


@dataclass(frozen=True)
class Document:
    """One JSON text in every form that an operation starts from."""

    name: str
    raw: bytes
    text: str
    value: Any

    @classmethod
    def parse(cls, name: str, raw: bytes) -> Document:
        return cls(name, raw, raw.decode(), json.loads(raw))

    @functools.cached_property
    def boxed(self) -> Any:
        return boxed(self.value)

    @functools.cached_property
    def rows(self) -> list[Any]:
        return rows(self.value)

    @functools.cached_property
    def lines(self) -> bytes:
        """The rows as JSON Lines."""
        return "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in self.rows).encode()

    def length(self, takes: str) -> int:
        """The bytes of UTF-8 that a call reads."""
        return len(getattr(self, takes if takes in ("lines", "repeated") else "raw"))

    @functools.cached_property
    def repeated(self) -> bytes:
        """An array of this document again and again, so that it takes many blocks to read."""
        return b"[" + b",\n".join([self.raw] * max(1, REPEATED // len(self.raw))) + b"]"

    def fresh(self) -> Any:
        """The value once more, from strings whose UTF-8 form nobody has asked for.

        By the standard library: its keys are new for each document, where other decoders remember some.
        """
        return json.loads(self.raw)


class Call(NamedTuple):
    """What is timed: ``function(argument)``; or, with ``fresh``, ``function(fresh())`` less the time for ``fresh``."""

    function: Callable[[Any], Any]
    argument: Any
    fresh: Callable[[], Any] | None = None


@dataclass(frozen=True)
class Operation:
    title: str
    takes: str  # what the calls start from: the attribute of Document
    calls: Mapping[str, str]
    empty: Mapping[str, str]
    file: Callable[[], Any] | None = None  # makes the file that the calls write to
    small: bool = False  # also raced on the small messages

    @property
    def reads(self) -> bool:
        """Whether throughput counts the text that is read, rather than the text that is written."""
        return self.takes in ("raw", "text", "lines", "repeated")


def _stdlib_like(call: str, **others: str) -> dict[str, str]:
    """The stdlib's functions are cyjson's too: one call for all three."""
    return {BASELINE: call, OURS: call, FALLBACK: call, **others}


_COMPACT = "ensure_ascii=False, separators=(',', ':')"
_UJSON = "escape_forward_slashes=False"
_ENCODE = {
    BASELINE: f"lambda obj: m.dumps(obj, {_COMPACT}).encode()",
    OURS: "m.encode",
    FALLBACK: "m.encode",
    "orjson": "m.dumps",
    "msgspec": "m.json.Encoder().encode",
    "ssrjson": "m.dumps_to_bytes",
    "fastsimdjson": "m.dumpb",
    "strata": "lambda obj: m.dumps(obj, return_type='bytes')",
    "ujson": f"lambda obj: m.dumps(obj, ensure_ascii=False, {_UJSON}).encode()",
    "rapidjson": "lambda obj: m.dumps(obj, ensure_ascii=False).encode()",
    "simplejson": f"lambda obj: m.dumps(obj, {_COMPACT}).encode()",
}
_DECODE = _stdlib_like(
    "m.loads",
    orjson="m.loads",
    msgspec="m.json.Decoder().decode",
    ssrjson="m.loads",
    fastsimdjson="m.loads",
    strata="m.loads",
    ujson="m.loads",
    rapidjson="m.loads",
    simplejson="m.loads",
)
# In one process cyjson.lines has one backend, and that is the extension's.
_LINES = {"cyjson-fallback": "cyjson.lines takes the backend of its process: CYJSON_PURE=1 make bench races it"}
_NO_ASCII = "writes UTF-8 only: it has no option to escape what is not ASCII"

OPERATIONS: dict[str, Operation] = {
    "decode-bytes": Operation(
        "decode from UTF-8 bytes: loads(bytes)", "raw", {**_DECODE, "jiter": "m.from_json"}, {}, small=True
    ),
    "decode-str": Operation(
        "decode from str: loads(str)",
        "text",
        {**_DECODE, "jiter": "lambda text: m.from_json(text.encode())"},
        {},
        small=True,
    ),
    "encode": Operation(
        "encode to compact UTF-8 bytes, the same objects again and again", "value", _ENCODE, {}, small=True
    ),
    "encode-fresh": Operation("encode to compact UTF-8 bytes, objects never encoded before", "fresh", _ENCODE, {}),
    "dumps": Operation(
        "encode to an ASCII str: dumps(obj)",
        "value",
        _stdlib_like(
            "m.dumps",
            fastsimdjson="m.dumps",
            ujson=f"lambda obj: m.dumps(obj, separators=(', ', ': '), {_UJSON})",
            rapidjson="m.dumps",
            simplejson="m.dumps",
        ),
        dict.fromkeys(("orjson", "msgspec", "ssrjson", "strata"), _NO_ASCII),
        small=True,
    ),
    "dumps-utf8": Operation(
        "encode to a str: dumps(obj, ensure_ascii=False)",
        "value",
        _stdlib_like(
            "lambda obj: m.dumps(obj, ensure_ascii=False)",
            orjson="lambda obj: m.dumps(obj).decode()",
            msgspec="lambda obj, encode=m.json.Encoder().encode: encode(obj).decode()",
            ssrjson="m.dumps",
            fastsimdjson="lambda obj: m.dumps(obj, ensure_ascii=False)",
            strata="m.dumps",
            ujson=f"lambda obj: m.dumps(obj, ensure_ascii=False, separators=(', ', ': '), {_UJSON})",
            rapidjson="lambda obj: m.dumps(obj, ensure_ascii=False)",
            simplejson="lambda obj: m.dumps(obj, ensure_ascii=False)",
        ),
        {},
    ),
    "indent": Operation(
        "encode to an indented str: dumps(obj, indent=2, ensure_ascii=False)",
        "value",
        _stdlib_like(
            "lambda obj: m.dumps(obj, indent=2, ensure_ascii=False)",
            orjson="lambda obj: m.dumps(obj, option=m.OPT_INDENT_2).decode()",
            msgspec="lambda obj, encode=m.json.Encoder().encode: m.json.format(encode(obj), indent=2).decode()",
            ssrjson="lambda obj: m.dumps(obj, indent=2)",
            fastsimdjson="lambda obj: m.dumps(obj, indent=2, ensure_ascii=False)",
            ujson=f"lambda obj: m.dumps(obj, indent=2, ensure_ascii=False, separators=(',', ': '), {_UJSON})",
            rapidjson="lambda obj: m.dumps(obj, indent=2, ensure_ascii=False)",
            simplejson="lambda obj: m.dumps(obj, indent=2, ensure_ascii=False)",
        ),
        {"strata": "has no option to indent"},
    ),
    "sort": Operation(
        "encode to a sorted str: dumps(obj, sort_keys=True, ensure_ascii=False)",
        "value",
        _stdlib_like(
            "lambda obj: m.dumps(obj, sort_keys=True, ensure_ascii=False)",
            orjson="lambda obj: m.dumps(obj, option=m.OPT_SORT_KEYS).decode()",
            msgspec="lambda obj, encode=m.json.Encoder(order='deterministic').encode: encode(obj).decode()",
            fastsimdjson="lambda obj: m.dumps(obj, sort_keys=True, ensure_ascii=False)",
            ujson=f"lambda obj: m.dumps(obj, sort_keys=True, ensure_ascii=False, separators=(', ', ': '), {_UJSON})",
            rapidjson="lambda obj: m.dumps(obj, sort_keys=True, ensure_ascii=False)",
            simplejson="lambda obj: m.dumps(obj, sort_keys=True, ensure_ascii=False)",
        ),
        {"ssrjson": "has no option to sort: sort_keys is ignored", "strata": "has no option to sort"},
    ),
    "dump-text": Operation(
        "write to a text file object: dump(obj, fp)",
        "value",
        _stdlib_like(
            "m.dump",
            fastsimdjson="m.dump",
            ujson=f"lambda obj, fp: m.dump(obj, fp, separators=(', ', ': '), {_UJSON})",
            rapidjson="m.dump",
            simplejson="m.dump",
        ),
        {
            "orjson": "has no dump, and " + _NO_ASCII,
            "msgspec": "has no dump, and " + _NO_ASCII,
            "ssrjson": "has no dump, and " + _NO_ASCII,
            "strata": "writes to paths only",
        },
        file=io.StringIO,
    ),
    "iterencode": Operation(
        "encode to an iterator of pieces: JSONEncoder().iterencode(obj), joined",
        "value",
        _stdlib_like(
            "lambda obj, pieces=m.JSONEncoder().iterencode: ''.join(pieces(obj))",
            simplejson="lambda obj, pieces=m.JSONEncoder().iterencode: ''.join(pieces(obj))",
        ),
        dict.fromkeys(
            ("orjson", "msgspec", "ssrjson", "fastsimdjson", "strata", "ujson", "rapidjson"),
            "gives no document piece by piece",
        ),
    ),
    # json.dump takes no binary file, and cyjson's follows it: each writes the bytes that it encodes.
    "dump-binary": Operation(
        "write to a binary file object: fp.write(the encoded bytes)",
        "value",
        {
            BASELINE: f"lambda obj, fp: fp.write(m.dumps(obj, {_COMPACT}).encode())",
            OURS: "lambda obj, fp: fp.write(m.encode(obj))",
            FALLBACK: "lambda obj, fp: fp.write(m.encode(obj))",
            "orjson": "lambda obj, fp: fp.write(m.dumps(obj))",
            "msgspec": "lambda obj, fp, encode=m.json.Encoder().encode: fp.write(encode(obj))",
            "ssrjson": "lambda obj, fp: fp.write(m.dumps_to_bytes(obj))",
            "fastsimdjson": "lambda obj, fp: fp.write(m.dumpb(obj))",
            "strata": "lambda obj, fp: fp.write(m.dumps(obj, return_type='bytes'))",
            "ujson": f"lambda obj, fp: fp.write(m.dumps(obj, ensure_ascii=False, {_UJSON}).encode())",
            "rapidjson": "lambda obj, fp: m.dump(obj, fp, ensure_ascii=False)",
            "simplejson": f"lambda obj, fp: fp.write(m.dumps(obj, {_COMPACT}).encode())",
        },
        {},
        file=io.BytesIO,
    ),
    "object-hook": Operation(
        "decode with a Python function per object: loads(str, object_hook=f)",
        "text",
        _stdlib_like(
            "lambda text: m.loads(text, object_hook=unchanged)",
            rapidjson="lambda text: m.loads(text, object_hook=unchanged)",
            simplejson="lambda text: m.loads(text, object_hook=unchanged)",
        ),
        {
            "orjson": "has no hooks for decoding",
            "msgspec": "has no hook for objects without a type",
            "ssrjson": "object_hook is accepted and ignored",
            **dict.fromkeys(("fastsimdjson", "strata", "jiter"), "has no hooks for decoding"),
            "ujson": "has no hooks for decoding",
        },
    ),
    "pairs-hook": Operation(
        "decode with a hook per object: loads(str, object_pairs_hook=dict)",
        "text",
        _stdlib_like(
            "lambda text: m.loads(text, object_pairs_hook=dict)",
            simplejson="lambda text: m.loads(text, object_pairs_hook=dict)",
        ),
        {
            "orjson": "has no hooks for decoding",
            "msgspec": "has no hook for objects without a type",
            "ssrjson": "object_pairs_hook is accepted and ignored",
            **dict.fromkeys(("fastsimdjson", "strata", "jiter"), "has no hooks for decoding"),
            "ujson": "has no hooks for decoding",
            "rapidjson": "has no object_pairs_hook: only methods of a Decoder subclass that fill a container",
        },
    ),
    "parse-float": Operation(
        "decode floats as Decimal: loads(str, parse_float=Decimal)",
        "text",
        _stdlib_like(
            "lambda text: m.loads(text, parse_float=Decimal)",
            msgspec="m.json.Decoder(float_hook=Decimal).decode",
            rapidjson="lambda text: m.loads(text, number_mode=m.NM_DECIMAL)",
            jiter="lambda text: m.from_json(text.encode(), float_mode='decimal')",
            simplejson="lambda text: m.loads(text, parse_float=Decimal)",
        ),
        {
            "orjson": "has no hooks for decoding",
            "ssrjson": "parse_float is accepted and ignored",
            "fastsimdjson": "has no hooks for decoding",
            "strata": "has no hooks for decoding",
            "ujson": "has no hooks for decoding",
        },
    ),
    "lines-read": Operation(
        "decode JSON Lines from UTF-8 bytes to a list",
        "lines",
        {
            **dict.fromkeys(
                (BASELINE, "orjson", "ssrjson", "strata", "ujson", "rapidjson", "simplejson"),
                "lambda data: [m.loads(line) for line in data.splitlines()]",
            ),
            OURS: "lambda data: list(m.lines.loads(data))",
            "msgspec": "m.json.Decoder().decode_lines",
            "fastsimdjson": "lambda data: list(m.loads_many(data))",
            "jiter": "lambda data: [m.from_json(line) for line in data.splitlines()]",
        },
        _LINES,
    ),
    "lines-write": Operation(
        "encode a list to JSON Lines in UTF-8 bytes",
        "rows",
        {
            BASELINE: f"lambda rows: ''.join([m.dumps(row, {_COMPACT}) + '\\n' for row in rows]).encode()",
            OURS: "m.lines.encode",
            "orjson": "lambda rows: b''.join([m.dumps(row, option=m.OPT_APPEND_NEWLINE) for row in rows])",
            "msgspec": "m.json.Encoder().encode_lines",
            "ssrjson": "lambda rows: b''.join([m.dumps_to_bytes(row) + b'\\n' for row in rows])",
            "fastsimdjson": "m.dumpb_many",
            "strata": "lambda rows: b''.join([m.dumps(row, return_type='bytes') + b'\\n' for row in rows])",
            "ujson": "lambda rows: "
            f"''.join([m.dumps(row, ensure_ascii=False, {_UJSON}) + '\\n' for row in rows]).encode()",
            "rapidjson": "lambda rows: ''.join([m.dumps(row, ensure_ascii=False) + '\\n' for row in rows]).encode()",
            "simplejson": f"lambda rows: ''.join([m.dumps(row, {_COMPACT}) + '\\n' for row in rows]).encode()",
        },
        _LINES,
    ),
    "stream-items": Operation(
        "the items of an array of documents, one by one, from a binary file",
        "repeated",
        {
            BASELINE: "lambda raw: counted(m.load(BytesIO(raw)))",
            OURS: "lambda raw: counted(m.stream.items(BytesIO(raw), 'item'))",
            "ijson": "lambda raw: counted(m.items(BytesIO(raw), 'item', use_float=True))",
        },
        {
            FALLBACK: "cyjson.stream is one module, of the backend that runs",
            **{name: "reads it whole" for name in NAMES if name not in (BASELINE, OURS, FALLBACK, "ijson")},
        },
    ),
    "default": Operation(
        "encode to bytes, every fourth string or number left to default=",
        "boxed",
        {
            BASELINE: f"lambda obj: m.dumps(obj, default=unbox, {_COMPACT}).encode()",
            OURS: "lambda obj: m.encode(obj, default=unbox)",
            FALLBACK: "lambda obj: m.encode(obj, default=unbox)",
            "orjson": "lambda obj: m.dumps(obj, default=unbox)",
            "msgspec": "m.json.Encoder(enc_hook=unbox).encode",
            "fastsimdjson": "lambda obj: m.dumpb(obj, default=unbox)",
            "strata": "lambda obj: m.dumps_with_default(obj, unbox, return_type='bytes')",
            "ujson": f"lambda obj: m.dumps(obj, default=unbox, ensure_ascii=False, {_UJSON}).encode()",
            "rapidjson": "lambda obj: m.dumps(obj, default=unbox, ensure_ascii=False).encode()",
            "simplejson": f"lambda obj: m.dumps(obj, default=unbox, {_COMPACT}).encode()",
        },
        {"ssrjson": "default is accepted and ignored"},
    ),
}

OPERATIONS = {
    name: replace(
        about,
        empty={
            contender: why
            for contender, why in {"ijson": "is for streams", "jiter": "decodes only", **about.empty}.items()
            if contender not in about.calls
        },
    )
    for name, about in OPERATIONS.items()
}


@functools.cache
def installed() -> dict[str, ModuleType]:
    """The contenders that are here, by name."""
    found = {}
    for name, (module, _) in NAMES.items():
        if name == OURS and cyjson.backend != "c":
            continue
        try:
            found[name] = import_module(module)
        except ImportError:
            pass
    return found


def absent() -> dict[str, str]:
    """The contenders that are not here, with the reason."""
    return {
        name: "the extension isn't built, or CYJSON_PURE is set" if name == OURS else "not installed"
        for name in NAMES
        if name not in installed()
    }


def versions() -> dict[str, str]:
    """The version of each contender that is here; the standard library has the interpreter's."""
    found = {}
    for name in installed():
        distribution = NAMES[name][1]
        if distribution is not None:
            try:
                found[name] = cyjson.__version__ if distribution == "cyjson" else version(distribution)
            except PackageNotFoundError:
                found[name] = "unknown"
    return found


def function(operation: str, contender: str) -> Callable[..., Any]:
    """The contender's function for the operation; KeyError where it has none."""
    scope = {"m": installed()[contender], "BytesIO": io.BytesIO, "Decimal": Decimal}
    scope |= {"counted": counted, "unbox": unbox, "unchanged": unchanged}
    made: Callable[..., Any] = eval(OPERATIONS[operation].calls[contender], scope)
    return made


def shown(operation: str, contender: str) -> str:
    """The source of the contender's call, as its users would write it."""
    return OPERATIONS[operation].calls[contender].replace("m.", NAMES[contender][0] + ".")


def calls(operation: str, document: Document) -> dict[str, Call]:
    """Each installed contender's call for ``operation`` on ``document``, by contender; the baseline first."""
    about = OPERATIONS[operation]
    found = {}
    for name in installed():
        if name in about.calls:
            made = function(operation, name)
            if about.file is not None:
                made = _with_file(made, about.file)
            if about.takes == "fresh":
                found[name] = Call(made, None, document.fresh)
            else:
                found[name] = Call(made, getattr(document, about.takes))
    return found


def _with_file(write: Callable[[Any, Any], Any], new: Callable[[], Any]) -> Callable[[Any], Any]:
    def call(value: Any) -> Any:
        file = new()
        write(value, file)
        return file

    return call

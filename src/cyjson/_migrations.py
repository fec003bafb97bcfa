"""What calls of other JSON modules become: for migrate.py, and the tables of docs/migrate.md say the same.

For each module its names, and for each: what it becomes in cyjson (None: nothing does the same), and what changes.
"""

SAME = "the same"

_JSON = {
    name: (f"cyjson.{name}", SAME)
    for name in (
        *("dump", "dumps", "load", "loads", "JSONEncoder", "JSONDecoder", "JSONDecodeError", "detect_encoding"),
        *("encoder", "decoder", "scanner", "tool"),
    )
}
_NAN = "allow_nan=False is its default"
_COMPACT = 'pass separators=(",", ":")'

MODULES = {
    "json": {"": ("import cyjson as json", "the same names; or cyjson.install(), and no line changes"), **_JSON},
    "simplejson": {
        "": ("import cyjson as json", "Decimal, named tuples and bytes differ"),
        "dump": ("cyjson.dump", f"{_NAN}; Decimal needs default=, a named tuple is an array, bytes are refused"),
        "dumps": ("cyjson.dumps", f"{_NAN}; Decimal needs default=, a named tuple is an array, bytes are refused"),
        "load": ("cyjson.load", "NaN is accepted: parse_constant= can refuse it"),
        "loads": ("cyjson.loads", "NaN is accepted: parse_constant= can refuse it"),
        "JSONEncoder": ("cyjson.JSONEncoder", f"{_NAN}; fewer arguments"),
        "JSONDecoder": ("cyjson.JSONDecoder", "NaN is accepted; fewer arguments"),
        "JSONDecodeError": ("cyjson.JSONDecodeError", "no end, endlineno, endcolno"),
        "errors": ("cyjson", "JSONDecodeError is there"),
        "OrderedDict": ("collections.OrderedDict", SAME),
        "RawJSON": ("cyjson.Raw", "in cyjson.encode; checked, so it must be JSON"),
        "simple_first": (None, "a key for item_sort_key, which there isn't"),
    },
    "ujson": {
        "": ("import cyjson as json", "spaces and slashes are written otherwise"),
        "dumps": ("cyjson.dumps", f"{_COMPACT}; / isn't escaped; NaN is allowed"),
        "dump": ("cyjson.dump", f"{_COMPACT}; / isn't escaped; NaN is allowed"),
        "encode": ("cyjson.dumps", f"{_COMPACT}; / isn't escaped; NaN is allowed"),
        "loads": ("cyjson.loads", "the errors are json's"),
        "load": ("cyjson.load", "the errors are json's"),
        "decode": ("cyjson.loads", "the errors are json's"),
        "JSONDecodeError": ("cyjson.JSONDecodeError", "with msg, doc, pos, lineno, colno"),
    },
    "orjson": {
        "": ("from cyjson import orjson", "the same; no other line changes; below: cyjson's own functions"),
        "dumps": ("cyjson.encode", "NaN is an error, not null; 1e-7 is 1e-07; default= comes later"),
        "loads": (
            "cyjson.loads",
            "NaN and lone surrogates are accepted, integers aren't made floats; no memoryview; UnicodeDecodeError",
        ),
        "JSONDecodeError": ("cyjson.JSONDecodeError", "json's own words"),
        "JSONEncodeError": ("TypeError", "and ValueError, for NaN and circles"),
        "Fragment": ("cyjson.Raw", "checked, so it must be JSON"),
    },
    "msgspec.json": {
        "": ("import cyjson", "other names"),
        "encode": ("cyjson.encode", "NaN is an error, not null; enc_hook= is default="),
        "decode": ("cyjson.loads", "with type= cyjson.decode(x, T); the errors are json's; NaN is accepted by loads"),
        "format": ("cyjson.dumps", "of cyjson.loads(text), with indent="),
        "Encoder": ("cyjson.Codec", "its rules are arguments; encode_lines: cyjson.lines.dump"),
        "Decoder": ("cyjson.Codec", "of the type; without one cyjson.loads; decode_lines: cyjson.lines.loads"),
        "schema": ("cyjson.Codec", "Codec(T).schema()"),
        "schema_components": ("cyjson.Codec", "Codec(T).schema() has them in $defs"),
    },
    "rapidjson": {
        "": ("import cyjson as json", "output without spaces, and modes in place of arguments"),
        "dumps": ("cyjson.dumps", f"{_COMPACT}; escapes are in lower case"),
        "dump": ("cyjson.dump", f"{_COMPACT}; escapes are in lower case"),
        "loads": ("cyjson.loads", "the errors are json's, with msg, doc and pos"),
        "load": ("cyjson.load", "the errors are json's, with msg, doc and pos"),
        "JSONDecodeError": ("cyjson.JSONDecodeError", "with msg, doc, pos, lineno, colno"),
        "Encoder": ("cyjson.JSONEncoder", "default() is the same; no start_object and the like"),
        "Decoder": ("cyjson.JSONDecoder", "hooks are arguments, not methods"),
        "RawJSON": ("cyjson.Raw", "in cyjson.encode; checked, so it must be JSON"),
        "Validator": (None, "no schemas"),
        "ValidationError": (None, "no schemas"),
    },
}
_OPTIONS = {
    "OPT_INDENT_2": ("indent=2", SAME),
    "OPT_SORT_KEYS": ("sort_keys=True", SAME),
    "OPT_APPEND_NEWLINE": ('… + b"\\n"', SAME),
    "OPT_NON_STR_KEYS": ("nothing", "keys may be numbers, dates, UUIDs and the like"),
    "OPT_STRICT_INTEGER": (None, "integers of any size are written"),
    "OPT_SERIALIZE_NUMPY": ("nothing", "NumPy's arrays are written as they are"),
    **{f"OPT_SERIALIZE_{kind}": ("nothing", "it has no effect in orjson") for kind in ("DATACLASS", "UUID")},
    **{
        f"OPT_PASSTHROUGH_{kind}": (None, "a Codec with types= of one's own")
        for kind in ("DATACLASS", "DATETIME")
    },
    "OPT_PASSTHROUGH_SUBCLASS": (None, "subclasses of str, int, dict and list are written as what they are"),
    **{
        f"OPT_{name}": (None, "dates are written by isoformat()")
        for name in ("NAIVE_UTC", "UTC_Z", "OMIT_MICROSECONDS")
    },
}  # fmt: skip
MODULES["orjson"].update(_OPTIONS)

# Modules that cyjson has whole: what is imported from one may come from there as it is.
WHOLE = {"orjson": "cyjson.orjson"}

# Arguments that aren't json's: what each becomes, for each function of a module that has it.
ARGUMENTS = {
    "simplejson": {
        "use_decimal": "of loads: parse_float=decimal.Decimal; of dumps: default=",
        "namedtuple_as_object": "default= isn't asked for tuples: call _asdict()",
        "tuple_as_array": "tuples always are",
        "bigint_as_string": "none: convert before",
        "int_as_string_bitcount": "none: convert before",
        "item_sort_key": "none; sort_keys=True sorts by key",
        "for_json": "default=lambda o: o.for_json()",
        "ignore_nan": "none: NaN is written, or an error with allow_nan=False",
        "iterable_as_array": "default=list",
        "encoding": "none: bytes are refused by dumps; loads takes UTF-8, UTF-16, UTF-32",
    },
    "ujson": {
        "escape_forward_slashes": "none: / isn't escaped, as with False",
        "encode_html_chars": "none: replace <, > and & in the text",
        "reject_bytes": "bytes are refused, as with True",
        "double_precision": "none: the shortest digits that read back the same",
        "precise_float": "always",
    },
    "orjson": {"option": "see each OPT_ name"},
    "msgspec.json": {
        "enc_hook": "default=",
        "dec_hook": "cyjson.Codec(T, types=...) or cyjson.register(cls, decode=...)",
        "type": "cyjson.decode(x, T)",
        "order": 'sort_keys=True for "sorted" and "deterministic"',
        "strict": "none: always",
    },
    "rapidjson": {
        "number_mode": "NM_DECIMAL: parse_float=decimal.Decimal, parse_int=decimal.Decimal",
        "datetime_mode": "default=, object_hook=",
        "uuid_mode": "default=, object_hook=",
        "write_mode": "indent=",
        "bytes_mode": "default=",
        "iterable_mode": "default=list",
        "mapping_mode": "default=dict",
        "parse_mode": "none: no comments, no trailing commas",
        "chunk_size": "none: 64 Ki characters",
    },
}

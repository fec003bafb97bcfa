"""The native backend: what csrc/ does in C, and the two classes on top of it.

The classes are Python, so that subclasses and wrong calls behave in every detail as the standard library's do.
"""

from json import JSONDecoder as _JSONDecoder
from json import JSONEncoder as _JSONEncoder
from json.decoder import WHITESPACE, JSONArray, JSONObject

from ._native import (
    Scanner,
    constant,
    dump,
    dumps,
    encode,
    encode_basestring,
    encode_basestring_ascii,
    encode_with,
    load,
    loads,
    scanstring,
    set_up,
)

__all__ = [
    "JSONDecoder",
    "JSONEncoder",
    "dump",
    "dumps",
    "encode",
    "encode_basestring",
    "encode_basestring_ascii",
    "load",
    "loads",
    "make_scanner",
    "scanstring",
]

make_scanner = Scanner
_match = WHITESPACE.match
_raw_decode = _JSONDecoder.raw_decode


class JSONDecoder(_JSONDecoder):
    """Decodes JSON documents: ``json.JSONDecoder``, with ``array_hook`` on every version.

    The hooks are those of ``loads``. ``strict=False`` allows control characters in strings.
    """

    __module__ = "cyjson.decoder"

    def __init__(
        self,
        *,
        object_hook=None,
        parse_float=None,
        parse_int=None,
        parse_constant=None,
        strict=True,
        object_pairs_hook=None,
        array_hook=None,
    ):
        # The inherited __init__ would make a scanner of the standard library's as well.
        self.object_hook = object_hook
        self.parse_float = parse_float or float
        self.parse_int = parse_int or int
        self.parse_constant = parse_constant or constant
        self.strict = strict
        self.object_pairs_hook = object_pairs_hook
        self.array_hook = array_hook
        self.parse_object = JSONObject
        self.parse_array = JSONArray
        self.parse_string = scanstring
        self.memo = {}
        self.scan_once = Scanner(self)

    def decode(self, s, _w=_match):
        """Return the value of the JSON document ``s`` (str), which may have white space around it.

        Raises JSONDecodeError.
        """
        scan_once = self.scan_once
        if (
            type(scan_once) is Scanner
            and type(s) is str
            and _w is _match
            and getattr(self.raw_decode, "__func__", None) is _raw_decode
        ):
            return scan_once.decode(s)
        return super().decode(s, _w)


class JSONEncoder(_JSONEncoder):
    """Encodes JSON documents: ``json.JSONEncoder``, with a native ``encode``."""

    __module__ = "cyjson.encoder"

    def encode(self, o):
        """Return ``o`` as a JSON document (str).

        Raises TypeError, ValueError and RecursionError as ``dumps`` does.
        """
        return encode_with(self, o)


def _unpack_pair(pair):
    key, value = pair
    return key, value


set_up(JSONEncoder, JSONDecoder, _unpack_pair)

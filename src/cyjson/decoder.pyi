import json
from collections.abc import Callable
from json import JSONDecodeError as JSONDecodeError
from re import Pattern, RegexFlag
from typing import Any

from . import scanner as scanner

__all__ = ["JSONDecoder", "JSONDecodeError"]

BACKSLASH: dict[str, str]
FLAGS: RegexFlag
NaN: float
NegInf: float
PosInf: float
STRINGCHUNK: Pattern[str]
WHITESPACE: Pattern[str]
WHITESPACE_STR: str

def py_scanstring(s: str, end: int, strict: bool = True) -> tuple[str, int]: ...
def scanstring(string: str, end: int, strict: bool = True, /) -> tuple[str, int]: ...

JSONArray: Callable[..., tuple[Any, int]]
JSONObject: Callable[..., tuple[Any, int]]
c_scanstring: Callable[..., tuple[str, int]] | None

class JSONDecoder(json.JSONDecoder):
    array_hook: Callable[[list[Any]], Any] | None
    parse_object: Callable[..., tuple[Any, int]]
    parse_array: Callable[..., tuple[Any, int]]
    parse_string: Callable[..., tuple[str, int]]
    memo: dict[str, str]
    scan_once: Callable[[str, int], tuple[Any, int]]

    def __init__(
        self,
        *,
        object_hook: Callable[[dict[str, Any]], Any] | None = None,
        parse_float: Callable[[str], Any] | None = None,
        parse_int: Callable[[str], Any] | None = None,
        parse_constant: Callable[[str], Any] | None = None,
        strict: bool = True,
        object_pairs_hook: Callable[[list[tuple[str, Any]]], Any] | None = None,
        array_hook: Callable[[list[Any]], Any] | None = None,
    ) -> None: ...

import codecs as codecs
import json
import os
from collections.abc import Callable
from json import JSONDecodeError as JSONDecodeError
from json import detect_encoding as detect_encoding
from typing import Any, Literal, Protocol

from . import decoder as decoder
from . import encoder as encoder
from . import scanner as scanner
from .decoder import JSONDecoder as JSONDecoder
from .encoder import JSONEncoder as JSONEncoder

__all__ = [
    "JSONDecodeError",
    "JSONDecoder",
    "JSONEncoder",
    "backend",
    "detect_encoding",
    "dump",
    "dump_bytes",
    "dumps",
    "encode",
    "load",
    "loads",
    "open_document",
    "save",
]

__version__: str
backend: Literal["c", "python"]
_default_decoder: json.JSONDecoder
_default_encoder: json.JSONEncoder

class _SupportsRead(Protocol):
    def read(self) -> str | bytes | bytearray: ...

class _SupportsWrite(Protocol):
    def write(self, s: str, /) -> object: ...

class _SupportsWriteBytes(Protocol):
    def write(self, data: bytes, /) -> object: ...

def dump(
    obj: Any,
    fp: _SupportsWrite,
    *,
    skipkeys: bool = False,
    ensure_ascii: bool = True,
    check_circular: bool = True,
    allow_nan: bool = True,
    cls: type[json.JSONEncoder] | None = None,
    indent: int | str | None = None,
    separators: tuple[str, str] | None = None,
    default: Callable[[Any], Any] | None = None,
    sort_keys: bool = False,
    **kw: Any,
) -> None: ...
def dumps(
    obj: Any,
    *,
    skipkeys: bool = False,
    ensure_ascii: bool = True,
    check_circular: bool = True,
    allow_nan: bool = True,
    cls: type[json.JSONEncoder] | None = None,
    indent: int | str | None = None,
    separators: tuple[str, str] | None = None,
    default: Callable[[Any], Any] | None = None,
    sort_keys: bool = False,
    **kw: Any,
) -> str: ...
def encode(
    obj: Any,
    *,
    default: Callable[[Any], Any] | None = None,
    sort_keys: bool = False,
    indent: int | str | None = None,
    skipkeys: bool = False,
    separators: tuple[str, str] | None = None,
    check_circular: bool = True,
    cls: type[json.JSONEncoder] | None = None,
) -> bytes: ...
def dump_bytes(
    obj: Any,
    fp: _SupportsWriteBytes,
    *,
    default: Callable[[Any], Any] | None = None,
    sort_keys: bool = False,
    indent: int | str | None = None,
    skipkeys: bool = False,
    separators: tuple[str, str] | None = None,
    check_circular: bool = True,
    cls: type[json.JSONEncoder] | None = None,
) -> None: ...
def load(
    fp: _SupportsRead,
    *,
    cls: type[json.JSONDecoder] | None = None,
    object_hook: Callable[[dict[str, Any]], Any] | None = None,
    parse_float: Callable[[str], Any] | None = None,
    parse_int: Callable[[str], Any] | None = None,
    parse_constant: Callable[[str], Any] | None = None,
    object_pairs_hook: Callable[[list[tuple[str, Any]]], Any] | None = None,
    array_hook: Callable[[list[Any]], Any] | None = None,
    **kw: Any,
) -> Any: ...
def loads(
    s: str | bytes | bytearray,
    *,
    cls: type[json.JSONDecoder] | None = None,
    object_hook: Callable[[dict[str, Any]], Any] | None = None,
    parse_float: Callable[[str], Any] | None = None,
    parse_int: Callable[[str], Any] | None = None,
    parse_constant: Callable[[str], Any] | None = None,
    object_pairs_hook: Callable[[list[tuple[str, Any]]], Any] | None = None,
    array_hook: Callable[[list[Any]], Any] | None = None,
    **kw: Any,
) -> Any: ...
def open_document(
    path: str | os.PathLike[str] | os.PathLike[bytes],
    *,
    mmap: bool = False,
    cls: type[json.JSONDecoder] | None = None,
    object_hook: Callable[[dict[str, Any]], Any] | None = None,
    parse_float: Callable[[str], Any] | None = None,
    parse_int: Callable[[str], Any] | None = None,
    parse_constant: Callable[[str], Any] | None = None,
    object_pairs_hook: Callable[[list[tuple[str, Any]]], Any] | None = None,
    array_hook: Callable[[list[Any]], Any] | None = None,
    **options: Any,
) -> Any: ...
def save(
    obj: Any,
    path: str | os.PathLike[str] | os.PathLike[bytes],
    *,
    default: Callable[[Any], Any] | None = None,
    sort_keys: bool = False,
    indent: int | str | None = None,
    skipkeys: bool = False,
    separators: tuple[str, str] | None = None,
    check_circular: bool = True,
    cls: type[json.JSONEncoder] | None = None,
) -> None: ...

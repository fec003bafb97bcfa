import os
from collections.abc import Callable, Iterable
from json import JSONDecodeError, JSONDecoder
from types import GenericAlias, TracebackType
from typing import Any, Final, Generic, Literal, Protocol, TypeAlias, TypeVar, final

from typing_extensions import Self

__all__ = ["ITEM", "Reader", "StreamDecodeError", "basic_parse", "items", "kvitems", "parse", "pointer"]

_T_co = TypeVar("_T_co", covariant=True)

class _SupportsRead(Protocol):
    def read(self, n: int, /) -> bytes | bytearray | memoryview: ...

class _Item: ...

ITEM: Final[_Item]
BUF_SIZE: int

_Source_: TypeAlias = str | os.PathLike[str] | bytes | bytearray | memoryview | _SupportsRead
_Path: TypeAlias = str | Iterable[str | int | _Item]
_Event: TypeAlias = Literal[
    "start_map", "map_key", "end_map", "start_array", "end_array", "string", "number", "boolean", "null"
]

class StreamDecodeError(JSONDecodeError):
    offset: int | None
    def __init__(self, msg: str, doc: str, pos: int, lineno: int, colno: int, offset: int | None) -> None: ...

@final
class Reader(Generic[_T_co]):
    def __class_getitem__(cls, item: Any, /) -> GenericAlias: ...
    def __iter__(self) -> Self: ...
    def __next__(self) -> _T_co: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None: ...
    def close(self) -> None: ...

def pointer(text: str) -> tuple[str, ...]: ...
def items(
    source: _Source_,
    prefix: _Path = "",
    *,
    buf_size: int = 65536,
    cls: type[JSONDecoder] | None = None,
    object_hook: Callable[[dict[str, Any]], Any] | None = None,
    parse_float: Callable[[str], Any] | None = None,
    parse_int: Callable[[str], Any] | None = None,
    parse_constant: Callable[[str], Any] | None = None,
    object_pairs_hook: Callable[[list[tuple[str, Any]]], Any] | None = None,
    array_hook: Callable[[list[Any]], Any] | None = None,
    **options: Any,
) -> Reader[Any]: ...
def kvitems(
    source: _Source_,
    prefix: _Path = "",
    *,
    buf_size: int = 65536,
    cls: type[JSONDecoder] | None = None,
    object_hook: Callable[[dict[str, Any]], Any] | None = None,
    parse_float: Callable[[str], Any] | None = None,
    parse_int: Callable[[str], Any] | None = None,
    parse_constant: Callable[[str], Any] | None = None,
    object_pairs_hook: Callable[[list[tuple[str, Any]]], Any] | None = None,
    array_hook: Callable[[list[Any]], Any] | None = None,
    **options: Any,
) -> Reader[tuple[str, Any]]: ...
def basic_parse(
    source: _Source_,
    *,
    buf_size: int = 65536,
    parse_float: Callable[[str], Any] | None = None,
    parse_int: Callable[[str], Any] | None = None,
    parse_constant: Callable[[str], Any] | None = None,
    **options: Any,
) -> Reader[tuple[_Event, Any]]: ...
def parse(
    source: _Source_,
    *,
    buf_size: int = 65536,
    parse_float: Callable[[str], Any] | None = None,
    parse_int: Callable[[str], Any] | None = None,
    parse_constant: Callable[[str], Any] | None = None,
    **options: Any,
) -> Reader[tuple[str, _Event, Any]]: ...

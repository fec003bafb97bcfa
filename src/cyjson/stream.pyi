import builtins
import os
from collections.abc import Awaitable, Callable, Iterable
from json import JSONDecodeError, JSONDecoder
from types import GenericAlias, TracebackType
from typing import Any, Final, Generic, Literal, Protocol, TypeAlias, TypeVar, final, overload

from typing_extensions import Self, TypeForm

from . import Codec

__all__ = [
    "ITEM",
    "AsyncReader",
    "Reader",
    "StreamDecodeError",
    "basic_parse",
    "basic_parse_async",
    "items",
    "items_async",
    "kvitems",
    "kvitems_async",
    "parse",
    "parse_async",
    "pointer",
]

_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)

_Block: TypeAlias = bytes | bytearray | memoryview | str

class _SupportsRead(Protocol):
    def read(self, n: int, /) -> _Block: ...

class _SupportsAsyncRead(Protocol):
    def read(self, n: int, /) -> Awaitable[_Block]: ...

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

class AsyncReader(Generic[_T_co]):
    def __class_getitem__(cls, item: Any, /) -> GenericAlias: ...
    def __init__(self, mode: str, path: _Path, source: _SupportsAsyncRead, buf_size: int, *options: Any) -> None: ...
    def __aiter__(self) -> Self: ...
    async def __anext__(self) -> _T_co: ...
    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *exc_info: object) -> None: ...
    async def aclose(self) -> None: ...

def pointer(text: str) -> tuple[str, ...]: ...
@overload
def items(
    source: _Source_,
    prefix: _Path = "",
    *,
    type: TypeForm[_T] | Codec[_T],
    buf_size: int = 65536,
    multiple_values: bool = False,
) -> Reader[_T]: ...
@overload
def items(
    source: _Source_,
    prefix: _Path = "",
    *,
    type: object = None,
    buf_size: int = 65536,
    use_float: bool | None = None,
    multiple_values: bool = False,
    cls: builtins.type[JSONDecoder] | None = None,
    object_hook: Callable[[dict[str, Any]], Any] | None = None,
    parse_float: Callable[[str], Any] | None = None,
    parse_int: Callable[[str], Any] | None = None,
    parse_constant: Callable[[str], Any] | None = None,
    object_pairs_hook: Callable[[list[tuple[str, Any]]], Any] | None = None,
    array_hook: Callable[[list[Any]], Any] | None = None,
    **options: Any,
) -> Reader[Any]: ...
@overload
def kvitems(
    source: _Source_,
    prefix: _Path = "",
    *,
    type: TypeForm[_T] | Codec[_T],
    buf_size: int = 65536,
    multiple_values: bool = False,
) -> Reader[tuple[str, _T]]: ...
@overload
def kvitems(
    source: _Source_,
    prefix: _Path = "",
    *,
    type: object = None,
    buf_size: int = 65536,
    use_float: bool | None = None,
    multiple_values: bool = False,
    cls: builtins.type[JSONDecoder] | None = None,
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
    use_float: bool | None = None,
    multiple_values: bool = False,
    parse_float: Callable[[str], Any] | None = None,
    parse_int: Callable[[str], Any] | None = None,
    parse_constant: Callable[[str], Any] | None = None,
    **options: Any,
) -> Reader[tuple[_Event, Any]]: ...
def parse(
    source: _Source_,
    *,
    buf_size: int = 65536,
    use_float: bool | None = None,
    multiple_values: bool = False,
    parse_float: Callable[[str], Any] | None = None,
    parse_int: Callable[[str], Any] | None = None,
    parse_constant: Callable[[str], Any] | None = None,
    **options: Any,
) -> Reader[tuple[str, _Event, Any]]: ...
@overload
def items_async(
    source: _SupportsAsyncRead,
    prefix: _Path = "",
    *,
    type: TypeForm[_T] | Codec[_T],
    buf_size: int = 65536,
    multiple_values: bool = False,
) -> AsyncReader[_T]: ...
@overload
def items_async(
    source: _SupportsAsyncRead,
    prefix: _Path = "",
    *,
    type: object = None,
    buf_size: int = 65536,
    use_float: bool | None = None,
    multiple_values: bool = False,
    cls: builtins.type[JSONDecoder] | None = None,
    object_hook: Callable[[dict[str, Any]], Any] | None = None,
    parse_float: Callable[[str], Any] | None = None,
    parse_int: Callable[[str], Any] | None = None,
    parse_constant: Callable[[str], Any] | None = None,
    object_pairs_hook: Callable[[list[tuple[str, Any]]], Any] | None = None,
    array_hook: Callable[[list[Any]], Any] | None = None,
    **options: Any,
) -> AsyncReader[Any]: ...
@overload
def kvitems_async(
    source: _SupportsAsyncRead,
    prefix: _Path = "",
    *,
    type: TypeForm[_T] | Codec[_T],
    buf_size: int = 65536,
    multiple_values: bool = False,
) -> AsyncReader[tuple[str, _T]]: ...
@overload
def kvitems_async(
    source: _SupportsAsyncRead,
    prefix: _Path = "",
    *,
    type: object = None,
    buf_size: int = 65536,
    use_float: bool | None = None,
    multiple_values: bool = False,
    cls: builtins.type[JSONDecoder] | None = None,
    object_hook: Callable[[dict[str, Any]], Any] | None = None,
    parse_float: Callable[[str], Any] | None = None,
    parse_int: Callable[[str], Any] | None = None,
    parse_constant: Callable[[str], Any] | None = None,
    object_pairs_hook: Callable[[list[tuple[str, Any]]], Any] | None = None,
    array_hook: Callable[[list[Any]], Any] | None = None,
    **options: Any,
) -> AsyncReader[tuple[str, Any]]: ...
def basic_parse_async(
    source: _SupportsAsyncRead,
    *,
    buf_size: int = 65536,
    use_float: bool | None = None,
    multiple_values: bool = False,
    parse_float: Callable[[str], Any] | None = None,
    parse_int: Callable[[str], Any] | None = None,
    parse_constant: Callable[[str], Any] | None = None,
    **options: Any,
) -> AsyncReader[tuple[_Event, Any]]: ...
def parse_async(
    source: _SupportsAsyncRead,
    *,
    buf_size: int = 65536,
    use_float: bool | None = None,
    multiple_values: bool = False,
    parse_float: Callable[[str], Any] | None = None,
    parse_int: Callable[[str], Any] | None = None,
    parse_constant: Callable[[str], Any] | None = None,
    **options: Any,
) -> AsyncReader[tuple[str, _Event, Any]]: ...

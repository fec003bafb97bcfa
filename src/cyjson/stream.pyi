import os
from collections.abc import Callable, Iterable, Iterator
from json import JSONDecodeError, JSONDecoder
from types import TracebackType
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

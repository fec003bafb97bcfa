import builtins
import codecs
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from json import JSONDecodeError
from types import TracebackType
from typing import Any, Final, Generic, Literal, Protocol, TypeVar, final, overload, type_check_only

from typing_extensions import Self, TypeForm

from . import Codec

__all__ = ["MAX_LINE", "LineError", "Reader", "dump", "dumps", "encode", "load", "loads", "map", "to_arrow"]

_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)
_Path = str | os.PathLike[str] | os.PathLike[bytes]
_Pointer = str | Sequence[str | int]
_Errors = Literal["raise", "skip"] | Callable[[LineError], object]

class _SupportsRead(Protocol):
    def read(self, n: int, /) -> str | bytes | bytearray | memoryview | None: ...

class _SupportsWriteBytes(Protocol):
    def write(self, data: bytes, /) -> object: ...

class _SupportsWriteText(Protocol):
    @property
    def encoding(self) -> str | None: ...
    def write(self, data: str, /) -> object: ...

MAX_LINE: Final = 67108864

class LineError(JSONDecodeError):
    offset: int
    truncated: bool
    path: str | None
    def __init__(
        self,
        msg: str,
        doc: str,
        pos: int,
        lineno: int = 1,
        offset: int = 0,
        truncated: bool = False,
        path: str | None = None,
    ) -> None: ...

@final
class Reader(Iterator[_T_co], Generic[_T_co]):
    @property
    def lineno(self) -> int: ...
    @property
    def offset(self) -> int: ...
    def __iter__(self) -> Self: ...
    def __next__(self) -> _T_co: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...
    def __del__(self) -> None: ...
    def close(self) -> None: ...

@overload
def load(
    source: _Path | _SupportsRead,
    *,
    type: TypeForm[_T] | Codec[_T],
    start: int | None = None,
    stop: int | None = None,
    errors: _Errors = "raise",
    max_line: int | None = 67108864,
    threads: int | None = None,
    storage_options: Mapping[str, Any] | None = None,
) -> Reader[_T]: ...
@overload
def load(
    source: _Path | _SupportsRead,
    *,
    type: object = None,
    start: int | None = None,
    stop: int | None = None,
    errors: _Errors = "raise",
    max_line: int | None = 67108864,
    pick: str | Sequence[_Pointer] | None = None,
    lazy: bool = False,
    check: bool = True,
    threads: int | None = None,
    storage_options: Mapping[str, Any] | None = None,
    cls: builtins.type[json.JSONDecoder] | None = None,
    object_hook: Callable[[dict[str, Any]], Any] | None = None,
    parse_float: Callable[[str], Any] | None = None,
    parse_int: Callable[[str], Any] | None = None,
    parse_constant: Callable[[str], Any] | None = None,
    object_pairs_hook: Callable[[list[tuple[str, Any]]], Any] | None = None,
    array_hook: Callable[[list[Any]], Any] | None = None,
    **options: Any,
) -> Reader[Any]: ...
@overload
def loads(
    data: str | bytes | bytearray | memoryview,
    *,
    type: TypeForm[_T] | Codec[_T],
    errors: _Errors = "raise",
    max_line: int | None = 67108864,
    threads: int | None = None,
) -> Reader[_T]: ...
@overload
def loads(
    data: str | bytes | bytearray | memoryview,
    *,
    type: object = None,
    errors: _Errors = "raise",
    max_line: int | None = 67108864,
    pick: str | Sequence[_Pointer] | None = None,
    lazy: bool = False,
    check: bool = True,
    threads: int | None = None,
    cls: builtins.type[json.JSONDecoder] | None = None,
    object_hook: Callable[[dict[str, Any]], Any] | None = None,
    parse_float: Callable[[str], Any] | None = None,
    parse_int: Callable[[str], Any] | None = None,
    parse_constant: Callable[[str], Any] | None = None,
    object_pairs_hook: Callable[[list[tuple[str, Any]]], Any] | None = None,
    array_hook: Callable[[list[Any]], Any] | None = None,
    **options: Any,
) -> Reader[Any]: ...
def map(
    function: Callable[[Any], Any],
    source: _Path | _SupportsRead | bytes | bytearray | memoryview,
    *,
    type: object = None,
    pick: str | Sequence[_Pointer] | None = None,
    lazy: bool = False,
    check: bool = True,
    threads: int | None = None,
    ordered: bool = True,
    start: int | None = None,
    stop: int | None = None,
    errors: _Errors = "raise",
    max_line: int | None = 67108864,
    storage_options: Mapping[str, Any] | None = None,
    cls: builtins.type[json.JSONDecoder] | None = None,
    object_hook: Callable[[dict[str, Any]], Any] | None = None,
    parse_float: Callable[[str], Any] | None = None,
    parse_int: Callable[[str], Any] | None = None,
    parse_constant: Callable[[str], Any] | None = None,
    object_pairs_hook: Callable[[list[tuple[str, Any]]], Any] | None = None,
    array_hook: Callable[[list[Any]], Any] | None = None,
    **options: Any,
) -> Reader[Any]: ...

class _HasArrowSchema(Protocol):
    def __arrow_c_schema__(self) -> object: ...

_Type = str | Mapping[str, _Type] | list[_Type] | _HasArrowSchema

@type_check_only
class _Batch(Protocol):
    def __len__(self) -> int: ...
    def __arrow_c_schema__(self) -> object: ...
    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]: ...

@type_check_only
class _ArrowReader(Iterator[_Batch], Protocol):
    @property
    def lineno(self) -> int: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...
    def close(self) -> None: ...
    def __arrow_c_schema__(self) -> object: ...
    def __arrow_c_stream__(self, requested_schema: object = None) -> object: ...

def to_arrow(
    source: _Path | _SupportsRead | bytes | bytearray | memoryview,
    *,
    schema: Mapping[str, _Type] | _HasArrowSchema | None = None,
    pick: str | Sequence[_Pointer] | Mapping[str, _Pointer] | None = None,
    batch: int = 65536,
    threads: int | None = None,
    start: int | None = None,
    stop: int | None = None,
    errors: _Errors = "raise",
    max_line: int | None = 67108864,
) -> _ArrowReader: ...
def dump(
    documents: Iterable[Any],
    target: _Path | _SupportsWriteBytes | _SupportsWriteText | codecs.StreamWriter | codecs.StreamReaderWriter,
    *,
    append: bool = False,
    storage_options: Mapping[str, Any] | None = None,
    default: Callable[[Any], Any] | None = None,
    sort_keys: bool = False,
    skipkeys: bool = False,
    separators: tuple[str, str] | None = None,
    check_circular: bool = True,
    cls: type[json.JSONEncoder] | None = None,
) -> int: ...
def encode(
    documents: Iterable[Any],
    *,
    default: Callable[[Any], Any] | None = None,
    sort_keys: bool = False,
    skipkeys: bool = False,
    separators: tuple[str, str] | None = None,
    check_circular: bool = True,
    cls: type[json.JSONEncoder] | None = None,
) -> bytes: ...
def dumps(
    documents: Iterable[Any],
    *,
    default: Callable[[Any], Any] | None = None,
    sort_keys: bool = False,
    skipkeys: bool = False,
    separators: tuple[str, str] | None = None,
    check_circular: bool = True,
    cls: type[json.JSONEncoder] | None = None,
) -> str: ...

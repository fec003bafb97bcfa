import builtins
import codecs as codecs
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from json import JSONDecodeError as JSONDecodeError
from json import detect_encoding as detect_encoding
from types import GenericAlias, MappingProxyType, TracebackType
from typing import Any, Generic, Literal, NamedTuple, Protocol, SupportsIndex, TypeVar, final, overload

from typing_extensions import Buffer, Self, TypeForm

from . import decoder as decoder
from . import encoder as encoder
from . import scanner as scanner
from .decoder import JSONDecoder as JSONDecoder
from .encoder import JSONEncoder as JSONEncoder

__all__ = [
    "Codec",
    "JSONDecodeError",
    "JSONDecoder",
    "JSONEncoder",
    "LazyArray",
    "LazyObject",
    "Mismatch",
    "Raw",
    "ValidationError",
    "backend",
    "decode",
    "detect_encoding",
    "dump",
    "dump_bytes",
    "dumps",
    "encode",
    "install",
    "installed",
    "lazy",
    "load",
    "loads",
    "open_document",
    "pick",
    "register",
    "save",
    "uninstall",
]

__version__: str
backend: Literal["c", "python"]
_default_decoder: json.JSONDecoder
_default_encoder: json.JSONEncoder

class _SupportsRead(Protocol):
    def read(self) -> str | bytes | bytearray: ...

class _SupportsWrite(Protocol):
    def write(self, s: str, /) -> object: ...

@final
class _Installation:
    def __enter__(self) -> _Installation: ...
    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc: BaseException | None = None,
        traceback: TracebackType | None = None,
        /,
    ) -> None: ...

class _SupportsWriteBytes(Protocol):
    def write(self, data: bytes, /) -> object: ...

_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)
_Encode = Callable[[Any], object]
_Decode = Callable[[Any], Any]
_Rule = str | _Encode | tuple[_Encode | None, _Decode | None]
_Rename = Literal["camel", "pascal", "kebab", "upper"] | Mapping[str, str] | Callable[[str], str | None]
_Text = str | bytes | bytearray | memoryview

class Mismatch(NamedTuple):
    path: str
    pointer: str
    message: str
    pos: int
    lineno: int
    colno: int

class ValidationError(JSONDecodeError):
    errors: tuple[Mismatch, ...]
    def __init__(self, errors: Iterable[Mismatch], doc: str) -> None: ...

class Raw(bytes):
    def __new__(cls, data: bytes | bytearray | memoryview | str) -> Self: ...
    @overload  # type: ignore[override]
    def decode(self, type: TypeForm[_T] | Codec[_T]) -> _T: ...
    @overload
    def decode(self, type: object = ...) -> Any: ...  # pyright: ignore[reportIncompatibleMethodOverride]

class Codec(Generic[_T_co]):
    def __class_getitem__(cls, item: Any, /) -> GenericAlias: ...
    @property
    def type(self) -> Any: ...
    @property
    def types(self) -> MappingProxyType[Any, _Rule]: ...
    @property
    def rename(self) -> _Rename | None: ...
    @property
    def omit(self) -> Literal["none", "default"] | None: ...
    @property
    def extra(self) -> Literal["ignore", "error"]: ...
    @property
    def errors(self) -> Literal["all", "first"]: ...
    @property
    def names(self) -> MappingProxyType[str, Any] | None: ...
    @overload
    def __init__(
        self: Codec[_T],
        type: TypeForm[_T],
        *,
        types: Mapping[Any, _Rule] | None = None,
        rename: _Rename | None = None,
        omit: Literal["none", "default"] | None = None,
        extra: Literal["ignore", "error"] = "ignore",
        errors: Literal["all", "first"] = "all",
        names: Mapping[str, Any] | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: Codec[Any],
        type: object = ...,
        *,
        types: Mapping[Any, _Rule] | None = None,
        rename: _Rename | None = None,
        omit: Literal["none", "default"] | None = None,
        extra: Literal["ignore", "error"] = "ignore",
        errors: Literal["all", "first"] = "all",
        names: Mapping[str, Any] | None = None,
    ) -> None: ...
    def encode(
        self,
        obj: Any,
        *,
        default: Callable[[Any], Any] | None = None,
        sort_keys: bool = False,
        indent: int | str | None = None,
        skipkeys: bool = False,
        separators: tuple[str, str] | None = None,
        check_circular: bool = True,
        cls: builtins.type[json.JSONEncoder] | None = None,
    ) -> bytes: ...
    def decode(self, data: _Text) -> _T_co: ...
    def schema(self) -> dict[str, Any]: ...
    def __copy__(self) -> Self: ...
    def __deepcopy__(self, memo: dict[int, Any]) -> Self: ...

def register(cls: type[_T], encode: Callable[[_T], object] | None = None, decode: _Decode | None = None) -> None: ...
@overload
def decode(data: _Text, type: TypeForm[_T], *, errors: Literal["all", "first"] = "all") -> _T: ...
@overload
def decode(data: _Text, type: Codec[_T], *, errors: Literal["all", "first"] = "all") -> _T: ...
@overload
def decode(data: _Text, type: object = ..., *, errors: Literal["all", "first"] = "all") -> Any: ...
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
@overload
def open_document(
    path: str | os.PathLike[str] | os.PathLike[bytes], *, mmap: bool = False, type: TypeForm[_T] | Codec[_T]
) -> _T: ...
@overload
def open_document(
    path: str | os.PathLike[str] | os.PathLike[bytes],
    *,
    mmap: bool = False,
    type: object = None,
    cls: builtins.type[json.JSONDecoder] | None = None,
    object_hook: Callable[[dict[str, Any]], Any] | None = None,
    parse_float: Callable[[str], Any] | None = None,
    parse_int: Callable[[str], Any] | None = None,
    parse_constant: Callable[[str], Any] | None = None,
    object_pairs_hook: Callable[[list[tuple[str, Any]]], Any] | None = None,
    array_hook: Callable[[list[Any]], Any] | None = None,
    **options: Any,
) -> Any: ...

@final
class LazyObject(Mapping[str, Any]):
    def __getitem__(self, name: str, /) -> Any: ...
    def __iter__(self) -> Iterator[str]: ...
    def __len__(self) -> int: ...
    def get(self, name: str, default: Any = None, /) -> Any: ...
    def value(self) -> dict[str, Any]: ...
    def at(self, pointer: str | Sequence[str | int], /) -> Any: ...
    @property
    def raw(self) -> bytes: ...

@final
class LazyArray(Sequence[Any]):
    @overload
    def __getitem__(self, index: SupportsIndex, /) -> Any: ...
    @overload
    def __getitem__(self, index: slice, /) -> list[Any]: ...
    def __len__(self) -> int: ...
    def count(self, value: Any) -> int: ...
    def index(self, value: Any, start: int = 0, stop: int | None = None) -> int: ...
    def value(self) -> list[Any]: ...
    def at(self, pointer: str | Sequence[str | int], /) -> Any: ...
    @property
    def raw(self) -> bytes: ...

def lazy(data: str | Buffer, /, *, check: bool = True) -> Any: ...
@overload
def pick(
    data: str | Buffer, pointer: str | Sequence[str | int], /, *, default: Any = None, check: bool = True
) -> Any: ...
@overload
def pick(
    data: str | Buffer,
    pointer: str | Sequence[str | int],
    another: str | Sequence[str | int],
    /,
    *others: str | Sequence[str | int],
    default: Any = None,
    check: bool = True,
) -> tuple[Any, ...]: ...
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
def install() -> _Installation: ...
def uninstall() -> None: ...
def installed() -> tuple[str, ...]: ...

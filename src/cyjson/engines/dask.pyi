# pyright: reportMissingImports=false
import builtins
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

import dask.bag
import dask.dataframe
import pyarrow

from cyjson.lines import LineError

_Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]
_Pointer = str | Sequence[str | int]
_Errors = Literal["raise", "skip"] | Callable[[LineError], object]

__all__ = ["read_frame", "read_lines", "write_lines"]

def read_lines(
    paths: _Paths,
    *,
    blocksize: int | str = "64MiB",
    pick: str | Sequence[_Pointer] | None = None,
    type: object = None,
    errors: _Errors = "raise",
    include_path: bool = False,
    storage_options: Mapping[str, Any] | None = None,
    compression: Literal["infer", "gzip", "zstd"] | None = "infer",
    max_line: int | None = 67108864,
    **loads_options: Any,
) -> dask.bag.Bag: ...
def read_frame(
    paths: _Paths,
    *,
    schema: pyarrow.Schema | Mapping[str, pyarrow.DataType] | None = None,
    pick: str | Sequence[_Pointer] | Mapping[str, _Pointer] | None = None,
    blocksize: int | str = "64MiB",
    errors: _Errors = "raise",
    include_path: bool | str = False,
    storage_options: Mapping[str, Any] | None = None,
    compression: Literal["infer", "gzip", "zstd"] | None = "infer",
    sample: int | str = "1MiB",
    dtype_backend: Literal["pyarrow", "numpy_nullable"] = "pyarrow",
    max_line: int | None = 67108864,
    **loads_options: Any,
) -> dask.dataframe.DataFrame: ...
def write_lines(
    collection: dask.bag.Bag | dask.dataframe.DataFrame,
    folder: str | os.PathLike[str],
    *,
    compression: Literal["gzip", "zstd"] | None = None,
    storage_options: Mapping[str, Any] | None = None,
    compute: bool = True,
    default: Callable[[Any], Any] | None = None,
    sort_keys: bool = False,
    skipkeys: bool = False,
    separators: tuple[str, str] | None = None,
    check_circular: bool = True,
    cls: builtins.type[Any] | None = None,
) -> Any: ...

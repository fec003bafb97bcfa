# pyright: reportMissingImports=false
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

import pyarrow
import ray.data
from ray.data.datasource import Datasink, Datasource

from cyjson.lines import LineError

_Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]
_Pointer = str | Sequence[str | int]

__all__ = ["LinesDatasink", "LinesDatasource", "read_lines", "write_lines"]

class LinesDatasource(Datasource): ...

class LinesDatasink(Datasink[str | None]):
    paths: list[str]
    def __init__(
        self,
        folder: str | os.PathLike[str],
        compression: Literal["gzip", "zstd"] | None = None,
        storage_options: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None: ...

def read_lines(
    paths: _Paths,
    *,
    schema: pyarrow.Schema | Mapping[str, pyarrow.DataType] | None = None,
    pick: str | Sequence[_Pointer] | Mapping[str, _Pointer] | None = None,
    blocksize: int | str = "64MiB",
    errors: Literal["raise", "skip"] | Callable[[LineError], object] = "raise",
    include_path: bool | str = False,
    storage_options: Mapping[str, Any] | None = None,
    compression: Literal["infer", "gzip", "zstd"] | None = "infer",
    sample: int | str = "1MiB",
    max_line: int | None = 67108864,
    override_num_blocks: int | None = None,
    concurrency: int | None = None,
    ray_remote_args: dict[str, Any] | None = None,
    **loads_options: Any,
) -> ray.data.Dataset: ...
def write_lines(
    dataset: ray.data.Dataset,
    folder: str | os.PathLike[str],
    *,
    compression: Literal["gzip", "zstd"] | None = None,
    storage_options: Mapping[str, Any] | None = None,
    concurrency: int | None = None,
    **options: Any,
) -> list[str]: ...

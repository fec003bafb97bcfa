# pyright: reportMissingImports=false
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

from pyspark import RDD, SparkContext
from pyspark.sql import SparkSession
from pyspark.sql.datasource import DataSource

from cyjson.lines import LineError

_Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]
_Pointer = str | Sequence[str | int]

__all__ = ["LinesDataSource", "read_rdd", "register", "write_rdd"]

class LinesDataSource(DataSource): ...

def register(spark: SparkSession) -> None: ...
def read_rdd(
    context: SparkContext,
    paths: _Paths,
    *,
    blocksize: int | str = "64MiB",
    pick: str | Sequence[_Pointer] | None = None,
    type: object = None,
    errors: Literal["raise", "skip"] | Callable[[LineError], object] = "raise",
    include_path: bool = False,
    storage_options: Mapping[str, Any] | None = None,
    compression: Literal["infer", "gzip", "zstd"] | None = "infer",
    max_line: int | None = 67108864,
    **loads_options: Any,
) -> RDD[Any]: ...
def write_rdd(
    rdd: RDD[Any],
    folder: str | os.PathLike[str],
    *,
    compression: Literal["gzip", "zstd"] | None = None,
    storage_options: Mapping[str, Any] | None = None,
    **options: Any,
) -> list[str]: ...

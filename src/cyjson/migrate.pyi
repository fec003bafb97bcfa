from collections.abc import Sequence
from typing import Final, NamedTuple

__all__ = ["Place", "main", "places"]

USAGE: Final[str]
SKIPPED: Final[tuple[str, ...]]

class Place(NamedTuple):
    path: str
    line: int
    column: int
    used: str
    becomes: str | None
    note: str

def places(source: str | bytes, path: str = "<string>") -> list[Place]: ...
def main(arguments: Sequence[str] | None = None) -> int: ...

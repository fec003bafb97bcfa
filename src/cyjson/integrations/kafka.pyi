from typing import Any

from cyjson import dumps as dumps
from cyjson import loads as loads

__all__ = ["deserialize", "dumps", "loads", "serialize", "serializer"]

def serialize(value: Any) -> bytes | None: ...
def deserialize(data: bytes | None) -> Any: ...
def serializer() -> Any: ...

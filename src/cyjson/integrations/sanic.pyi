from typing import Any

from cyjson import loads as loads

__all__ = ["dumps", "loads"]

def dumps(obj: Any, **kwargs: Any) -> str: ...

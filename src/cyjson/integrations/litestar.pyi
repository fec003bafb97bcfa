# pyright: reportMissingImports=false
from collections.abc import Callable
from typing import Any

from litestar import Response

class JSONResponse(Response[Any]):
    def render(self, content: Any, media_type: str, enc_hook: Callable[[Any], Any] = ...) -> bytes: ...

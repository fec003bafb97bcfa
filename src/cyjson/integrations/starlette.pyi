# pyright: reportMissingImports=false
from typing import Any

import starlette.responses

class JSONResponse(starlette.responses.JSONResponse):
    def render(self, content: Any) -> bytes: ...

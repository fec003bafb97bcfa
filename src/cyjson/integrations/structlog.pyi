# pyright: reportMissingImports=false
from typing import Any

import structlog.processors

class JSONRenderer(structlog.processors.JSONRenderer):
    def __init__(self, **dumps_kw: Any) -> None: ...

class JSONBytesRenderer(structlog.processors.JSONRenderer):
    def __init__(self, **encode_kw: Any) -> None: ...

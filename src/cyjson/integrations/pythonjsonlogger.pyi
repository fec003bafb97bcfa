# pyright: reportMissingImports=false
from collections.abc import Callable
from typing import Any

import pythonjsonlogger.json

class JsonFormatter(pythonjsonlogger.json.JsonFormatter):
    def __init__(self, *args: Any, json_serializer: Callable[..., str] = ..., **kwargs: Any) -> None: ...

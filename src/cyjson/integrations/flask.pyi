# pyright: reportMissingImports=false
from typing import Any

from flask.json.provider import DefaultJSONProvider

class JSONProvider(DefaultJSONProvider):
    def dumps(self, obj: Any, **kwargs: Any) -> str: ...
    def loads(self, s: str | bytes, **kwargs: Any) -> Any: ...

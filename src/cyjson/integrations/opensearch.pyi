# pyright: reportMissingImports=false
from typing import Any

import opensearchpy.serializer

class JSONSerializer(opensearchpy.serializer.JSONSerializer):
    def loads(self, s: str) -> Any: ...
    def dumps(self, data: Any) -> Any: ...

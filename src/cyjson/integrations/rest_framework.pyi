# pyright: reportMissingImports=false
from collections.abc import Mapping
from typing import Any, BinaryIO

from rest_framework import parsers, renderers
from rest_framework.utils import encoders

import cyjson

class JSONEncoder(encoders.JSONEncoder, cyjson.JSONEncoder):  # pyright: ignore[reportIncompatibleMethodOverride]
    ...
class JSONRenderer(renderers.JSONRenderer): ...

class JSONParser(parsers.JSONParser):
    def parse(
        self, stream: BinaryIO, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any: ...

# pyright: reportMissingImports=false
import json
from typing import Any

import django.http
from django.core.serializers.json import DjangoJSONEncoder

import cyjson
from cyjson import JSONDecoder as JSONDecoder

__all__ = ["JSONDecoder", "JSONEncoder", "JsonResponse"]

class JSONEncoder(DjangoJSONEncoder, cyjson.JSONEncoder): ...

class JsonResponse(django.http.JsonResponse):
    def __init__(self, data: Any, encoder: type[json.JSONEncoder] = ..., **kwargs: Any) -> None: ...

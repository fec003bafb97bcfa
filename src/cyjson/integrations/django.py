"""Django: ``JsonResponse``, and ``JSONEncoder`` and ``JSONDecoder`` for ``models.JSONField``."""

import django.http
from django.core.serializers.json import DjangoJSONEncoder

import cyjson
from cyjson import JSONDecoder

__all__ = ["JSONDecoder", "JSONEncoder", "JsonResponse"]


class JSONEncoder(DjangoJSONEncoder, cyjson.JSONEncoder):
    """``DjangoJSONEncoder`` on cyjson's: dates, Decimal, UUID and lazy texts as Django writes them."""


class JsonResponse(django.http.JsonResponse):
    """``django.http.JsonResponse`` whose encoder is cyjson's, unless another one is given."""

    def __init__(self, data, encoder=JSONEncoder, **kwargs):
        super().__init__(data, encoder=encoder, **kwargs)

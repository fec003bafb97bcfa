"""Elasticsearch 8 and newer: ``Elasticsearch(url, serializers=serializers())``."""

from elasticsearch.serializer import JsonSerializer as _JsonSerializer
from elasticsearch.serializer import NdjsonSerializer as _NdjsonSerializer

from cyjson import dumps, loads


class _Cyjson:
    def json_dumps(self, data):
        """Return ``data`` as compact JSON (bytes)."""
        text = dumps(data, default=self.default, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "surrogatepass")

    def json_loads(self, data):
        """Return the value of a JSON document (bytes)."""
        return loads(data)


class JsonSerializer(_Cyjson, _JsonSerializer):
    """The client's serializer, with its types, on cyjson's functions."""


class NdjsonSerializer(_Cyjson, _NdjsonSerializer):
    """The client's serializer for bulk requests, on cyjson's functions."""


class CompatibleJsonSerializer(JsonSerializer):
    """For the media type that the client asks for."""

    mimetype = "application/vnd.elasticsearch+json"


class CompatibleNdjsonSerializer(NdjsonSerializer):
    """For the media type of bulk requests that the client sends."""

    mimetype = "application/vnd.elasticsearch+x-ndjson"


def serializers():
    """Return a serializer for each of JSON's media types: a dict."""
    made = [JsonSerializer(), NdjsonSerializer(), CompatibleJsonSerializer(), CompatibleNdjsonSerializer()]
    return {each.mimetype: each for each in made}

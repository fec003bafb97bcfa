"""OpenSearch: ``OpenSearch(hosts, serializer=JSONSerializer())``."""

import opensearchpy.serializer
from opensearchpy.exceptions import SerializationError

from cyjson import dumps, loads


class JSONSerializer(opensearchpy.serializer.JSONSerializer):
    """The client's serializer, with its types, on cyjson's functions."""

    def loads(self, s):
        """Return the value of a JSON document (str); SerializationError where it isn't one."""
        try:
            return loads(s)
        except (ValueError, TypeError) as error:
            raise SerializationError(s, error) from error

    def dumps(self, data):
        """Return ``data`` as compact JSON (str), a str or bytes as it is; SerializationError where it can't be."""
        if isinstance(data, (str, bytes)):
            return data
        try:
            return dumps(data, default=self.default, ensure_ascii=False, separators=(",", ":"))
        except (ValueError, TypeError) as error:
            raise SerializationError(data, error) from error

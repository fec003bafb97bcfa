"""python-json-logger: ``JsonFormatter``, also as ``"()": "cyjson.integrations.pythonjsonlogger.JsonFormatter"`` in
``logging.config``.
"""

import pythonjsonlogger.json

from cyjson import dumps


class JsonFormatter(pythonjsonlogger.json.JsonFormatter):
    """``pythonjsonlogger.json.JsonFormatter(…)``, written by ``cyjson.dumps``."""

    def __init__(self, *args, json_serializer=dumps, **kwargs):
        super().__init__(*args, json_serializer=json_serializer, **kwargs)

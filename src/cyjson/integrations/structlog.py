"""structlog: ``JSONRenderer`` for loggers of text, ``JSONBytesRenderer`` with ``structlog.BytesLoggerFactory()``."""

import structlog.processors

from cyjson import dumps, encode


class JSONRenderer(structlog.processors.JSONRenderer):
    """``structlog.processors.JSONRenderer(…)``, written by ``cyjson.dumps``; the arguments are those of ``dumps``."""

    def __init__(self, **dumps_kw):
        super().__init__(serializer=dumps, **dumps_kw)


class JSONBytesRenderer(structlog.processors.JSONRenderer):
    """The same as compact UTF-8 bytes, by ``cyjson.encode``, which writes dates and other instances before structlog
    is asked to; the arguments are those of ``encode``."""

    def __init__(self, **encode_kw):
        super().__init__(serializer=encode, **encode_kw)

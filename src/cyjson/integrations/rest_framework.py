"""Django REST framework: ``JSONRenderer`` and ``JSONParser``, for ``DEFAULT_RENDERER_CLASSES`` and
``DEFAULT_PARSER_CLASSES``.
"""

from codecs import getreader

from django.conf import settings
from rest_framework import parsers, renderers
from rest_framework.exceptions import ParseError
from rest_framework.utils.json import strict_constant

import cyjson


class JSONEncoder(renderers.JSONRenderer.encoder_class, cyjson.JSONEncoder):
    """REST framework's encoder, with its types, on cyjson's."""


class JSONRenderer(renderers.JSONRenderer):
    """REST framework's renderer, with its settings, whose encoder is cyjson's."""

    encoder_class = JSONEncoder


class JSONParser(parsers.JSONParser):
    """REST framework's parser, with its settings, on cyjson's ``loads``."""

    renderer_class = JSONRenderer

    def parse(self, stream, media_type=None, parser_context=None):
        """Return the value of the document that a binary stream has; ParseError where it isn't JSON."""
        encoding = (parser_context or {}).get("encoding", settings.DEFAULT_CHARSET)
        try:
            text = getreader(encoding)(stream).read()
            return cyjson.loads(text, parse_constant=strict_constant if self.strict else None)
        except ValueError as error:
            raise ParseError(f"JSON parse error - {error}") from error

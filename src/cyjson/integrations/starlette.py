"""Starlette, and FastAPI: ``JSONResponse``."""

import starlette.responses

from cyjson import encode


class JSONResponse(starlette.responses.JSONResponse):
    """``starlette.responses.JSONResponse``, encoded by ``cyjson.encode``: class instances, too."""

    def render(self, content):
        """Return ``content`` as compact UTF-8; ValueError for NaN and the infinities, as Starlette has it."""
        return encode(content)

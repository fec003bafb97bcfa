"""Litestar: ``response_class=JSONResponse`` for an app, a router or a handler."""

from functools import partial

import msgspec
from litestar import Response
from litestar.serialization import default_serializer

from cyjson import dumps


class JSONResponse(Response):
    """``litestar.Response`` whose JSON is written by ``cyjson.dumps``.

    Litestar writes by msgspec, which is fast: expect a gain for large plain values only. What isn't JSON's
    (dataclasses, Structs, dates) is converted by ``msgspec.to_builtins`` first.
    """

    def render(self, content, media_type, enc_hook=default_serializer):
        """Return ``content`` as bytes of this media type, as Litestar does."""
        if media_type.split(";")[0].strip() == "application/json" and type(content) in (dict, list):
            try:
                convert = partial(msgspec.to_builtins, enc_hook=enc_hook)
                text = dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=convert)
                return text.encode()
            except (TypeError, ValueError):
                pass  # Litestar's answer counts: NaN is null there
        return super().render(content, media_type, enc_hook)

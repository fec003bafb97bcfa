"""Falcon: ``JSONHandler``, for an app's ``req_options`` and ``resp_options``; ``JSONHandlerWS``, for ``ws_options``."""

from functools import partial

import falcon.media

from cyjson import dumps, loads

_dumps = partial(dumps, ensure_ascii=False)  # as Falcon does


class JSONHandler(falcon.media.JSONHandler):
    """``falcon.media.JSONHandler`` on cyjson's functions, unless others are given."""

    def __init__(self, dumps=_dumps, loads=loads):
        super().__init__(dumps=dumps, loads=loads)


class JSONHandlerWS(falcon.media.JSONHandlerWS):
    """``falcon.media.JSONHandlerWS`` on cyjson's functions, unless others are given."""

    def __init__(self, dumps=_dumps, loads=loads):
        super().__init__(dumps=dumps, loads=loads)

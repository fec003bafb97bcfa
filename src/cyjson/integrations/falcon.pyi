# pyright: reportMissingImports=false
from collections.abc import Callable
from typing import Any

import falcon.media

class JSONHandler(falcon.media.JSONHandler):
    def __init__(self, dumps: Callable[[Any], str | bytes] = ..., loads: Callable[[str], Any] = ...) -> None: ...

class JSONHandlerWS(falcon.media.JSONHandlerWS):
    def __init__(self, dumps: Callable[[Any], str] = ..., loads: Callable[[str], Any] = ...) -> None: ...

"""Sanic: ``Sanic(name, dumps=dumps, loads=loads)``."""

from functools import partial

import cyjson
from cyjson import loads

__all__ = ["dumps", "loads"]

dumps = partial(cyjson.dumps, separators=(",", ":"))  # as Sanic does where there is no ujson

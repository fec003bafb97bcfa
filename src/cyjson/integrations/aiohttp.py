"""aiohttp, both sides: responses, ``session``, and ``read`` for what has a ``.json()``."""

import aiohttp
from aiohttp import web

from cyjson import dumps, encode, loads


def json_response(data, **kwargs):
    """Return ``aiohttp.web.json_response(data, …)``, written by ``cyjson.dumps``."""
    return web.json_response(data, dumps=dumps, **kwargs)


def json_bytes_response(data, **kwargs):
    """Return a response with compact UTF-8 as its body, written by ``cyjson.encode``. The arguments are those of
    ``aiohttp.web.Response``, without body and text.
    """
    kwargs.setdefault("content_type", "application/json")
    return web.Response(body=encode(data), **kwargs)


def session(**kwargs):
    """Return ``aiohttp.ClientSession(…)`` whose ``json=`` is written by ``cyjson.dumps``."""
    return aiohttp.ClientSession(json_serialize=dumps, **kwargs)


def session_of_bytes(**kwargs):
    """Return ``aiohttp.ClientSession(…)`` whose ``json=`` is written as compact UTF-8 by ``cyjson.encode``.

    aiohttp 3.14 or newer.
    """
    return aiohttp.ClientSession(json_serialize_bytes=encode, **kwargs)


async def read(message, **kwargs):
    """Return ``await message.json(…)`` of a request, a response or a web socket, read by ``cyjson.loads``."""
    return await message.json(loads=loads, **kwargs)

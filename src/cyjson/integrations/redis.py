"""redis-py: ``json(client)`` in place of ``client.json()``."""

from cyjson import JSONDecoder, JSONEncoder


def json(client):
    """Return ``client.json()`` of a client, blocking or asyncio's, that writes and reads by cyjson's classes."""
    return client.json(encoder=JSONEncoder(), decoder=JSONDecoder())

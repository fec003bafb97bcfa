"""Jupyter: ``pack`` and ``unpack``, in a configuration of ``jupyter_client.session.Session``::

c.Session.packer = "cyjson.integrations.jupyter.pack"
c.Session.unpacker = "cyjson.integrations.jupyter.unpack"
"""

from jupyter_client.jsonutil import json_default
from jupyter_client.session import json_packer

from cyjson import dumps, loads


def pack(obj):
    """Return a message's part as JSON (bytes), as ``jupyter_client``'s own packer does."""
    try:
        text = dumps(obj, default=json_default, ensure_ascii=False, allow_nan=False)
        return text.encode("utf8", errors="surrogateescape")
    except (TypeError, ValueError):
        return json_packer(obj)  # which cleans it and warns, or raises


def unpack(s):
    """Return the value of a message's part (str or bytes)."""
    return loads(s.decode("utf8", "replace") if isinstance(s, bytes) else s)

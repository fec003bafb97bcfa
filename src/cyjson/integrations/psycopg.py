"""psycopg 3: ``register()`` for all connections, or for one connection or cursor."""

from psycopg.types.json import set_json_dumps, set_json_loads

from cyjson import dumps, loads


def register(context=None):
    """Have ``Json`` and ``Jsonb`` written, and columns of type json and jsonb read, by cyjson.

    ``context``: a connection, a cursor or an adapters map; None: everything that is opened from now on.
    """
    set_json_dumps(dumps, context)
    set_json_loads(loads, context)

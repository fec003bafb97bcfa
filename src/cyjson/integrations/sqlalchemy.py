"""SQLAlchemy: ``create_engine`` and ``create_async_engine``, whose JSON columns are written and read by cyjson."""

import sqlalchemy

from cyjson import dumps, loads


def create_engine(url, **kwargs):
    """Return ``sqlalchemy.create_engine(url, …)`` with cyjson for columns of type JSON."""
    kwargs.setdefault("json_serializer", dumps)
    kwargs.setdefault("json_deserializer", loads)
    return sqlalchemy.create_engine(url, **kwargs)


def create_async_engine(url, **kwargs):
    """Return ``sqlalchemy.ext.asyncio.create_async_engine(url, …)`` with cyjson for columns of type JSON."""
    from sqlalchemy.ext.asyncio import create_async_engine

    kwargs.setdefault("json_serializer", dumps)
    kwargs.setdefault("json_deserializer", loads)
    return create_async_engine(url, **kwargs)

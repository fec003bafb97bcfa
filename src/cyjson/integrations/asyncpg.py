"""asyncpg: ``await register(connection)``, or ``create_pool(…, init=register)``."""

from cyjson import encode, loads


def _encode_jsonb(value):
    return b"\x01" + encode(value)  # the format's version, and the text


def _decode_jsonb(data):
    if data[:1] != b"\x01":
        raise ValueError(f"jsonb in version {data[0]} of its binary format; 1 is known")
    return loads(data[1:])


async def register(connection):
    """Have columns of type json and jsonb written and read as Python values, which asyncpg leaves as str.

    Both go as UTF-8 bytes, in PostgreSQL's binary format.
    """
    codec = {"schema": "pg_catalog", "format": "binary"}
    await connection.set_type_codec("json", encoder=encode, decoder=loads, **codec)
    await connection.set_type_codec("jsonb", encoder=_encode_jsonb, decoder=_decode_jsonb, **codec)

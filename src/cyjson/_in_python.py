"""What the extension leaves to Python functions, whose errors have the running interpreter's words."""


def unpack_pair(pair):
    """Return the two values of a pair; raise what unpacking raises."""
    first, second = pair
    return first, second


# Called with the arguments of wrong calls, which they refuse.


def encode(obj, *, default=0, sort_keys=0, indent=0, skipkeys=0, separators=0, check_circular=0, cls=0):
    """Have the signature of ``cyjson.encode``."""


def dump_bytes(obj, fp, *, default=0, sort_keys=0, indent=0, skipkeys=0, separators=0, check_circular=0, cls=0):
    """Have the signature of ``cyjson.dump_bytes``."""


def decoding():
    """Import what the extension's ``decode`` needs, at its first call."""
    from . import _codec, _constraints, _decode, _decoding, _formats, _instances, _reading

    return (
        _decode.decode,
        _decoding.decode_text,
        _reading.plan_of,
        _reading._plans,
        _reading.Plan,
        _codec.Codec,
        _instances._latest,
        _formats.READERS,
        _constraints.first_failed,
        _reading.MISSING,
        _decoding.distinct,
    )

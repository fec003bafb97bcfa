"""``decode``: class instances from text. What it needs is imported at the first call."""

__all__ = ["decode"]


def decode(data, type=..., *, errors="all"):
    """Return the document in ``data`` as an instance of ``type``: text straight into the program's own classes.

    ``data`` is bytes, bytearray or memoryview (UTF-8), or str. ``type`` is a class with annotations (a dataclass, of
    attrs, a TypedDict, a NamedTuple, any class whose ``__init__`` has them), any type made of such classes and of the
    standard library's (``list[User]``, ``dict[str, datetime]``, ``int | None``), or a Codec. ``object``, ``Any`` and
    none are what ``loads`` gives. Instances are what calling the class with the members of the object gives.

    Text that isn't JSON (RFC 8259, so no NaN) raises what ``loads`` raises. JSON that isn't of the type raises
    ValidationError, which lists all mismatches, at most 100, each with its path and position; with ``errors="first"``
    only the first. TypeError for a type that can't be decoded, or anything but text.
    """
    from ._decoding import decode

    return decode(data, object if type is ... else type, errors)


decode.__module__ = "cyjson"  # where pickles should look for it

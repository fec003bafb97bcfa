"""The standard library's ``json``, made fast: ``import cyjson as json``.

Every function, class, argument, hook, output byte, exception, message and position is the running interpreter's own.
New here: ``encode`` and ``dump_bytes`` (compact UTF-8), ``save`` and ``open_document`` (a document in a file), the
module ``cyjson.lines``, ``array_hook`` on every version, and ``backend``, which is ``"c"`` where the extension runs and
``"python"`` where the fallback over the standard library does. ``CYJSON_PURE=1`` in the environment asks for the
fallback.
"""

import codecs  # noqa: F401  (json.codecs is a name that callers can reach)
import os
from json import JSONDecodeError, detect_encoding

__version__ = "0.1.0"
__all__ = [
    "JSONDecodeError",
    "JSONDecoder",
    "JSONEncoder",
    "backend",
    "detect_encoding",
    "dump",
    "dump_bytes",
    "dumps",
    "encode",
    "load",
    "loads",
    "open_document",
    "save",
]

backend = "python" if os.environ.get("CYJSON_PURE", "0") not in ("", "0") else "c"
if backend == "c":
    try:
        from . import _native as _impl
    except ImportError:
        backend = "python"
if backend == "python":
    from . import _pure as _impl

# As json's, these are there without an import of their own. A module __getattr__ that loads them on demand would be
# paid at every cyjson.loads: the interpreter doesn't specialise attribute reads on a module that has one.
from . import decoder, encoder, scanner  # noqa: E402, F401
from ._files import open_document, save  # noqa: E402

JSONDecoder = decoder.JSONDecoder
JSONEncoder = encoder.JSONEncoder
if backend == "c":
    _impl.set_up(JSONEncoder, JSONDecoder, encoder._unpack_pair)
dump = _impl.dump
dump_bytes = _impl.dump_bytes
dumps = _impl.dumps
encode = _impl.encode
load = _impl.load
loads = _impl.loads

_default_decoder = JSONDecoder()
_default_encoder = JSONEncoder()

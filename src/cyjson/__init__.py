"""The standard library's ``json``, made fast: ``import cyjson as json``.

Every function, class, argument, hook, output byte, exception, message and position is the running interpreter's own.
New here: ``encode`` and ``dump_bytes`` (compact UTF-8), ``save`` and ``open_document`` (a document in a file), the
module ``cyjson.lines``, ``install`` (cyjson in the place of ``json``), ``array_hook`` on every version, and
``backend``, which is ``"c"`` where the extension runs and ``"python"`` where the fallback over the standard library
does. ``CYJSON_PURE=1`` in the environment asks for the fallback.
"""

import codecs  # noqa: F401  (json.codecs is a name that callers can reach)
from json import JSONDecodeError, detect_encoding
from sys import modules as _modules  # dir() shows what json's does, and what is new

from . import _backend, _names

__version__ = "0.1.0"
__all__ = [
    "Codec",
    "JSONDecodeError",
    "JSONDecoder",
    "JSONEncoder",
    "LazyArray",
    "LazyObject",
    "Mismatch",
    "Raw",
    "ValidationError",
    "backend",
    "decode",
    "detect_encoding",
    "dump",
    "dump_bytes",
    "dumps",
    "encode",
    "install",
    "installed",
    "lazy",
    "load",
    "loads",
    "open_document",
    "pick",
    "register",
    "save",
    "uninstall",
]

_impl, backend = _backend.choose()

# As json's, these are there without an import of their own. A module __getattr__ that loads them on demand would be
# paid at every cyjson.loads: the interpreter doesn't specialise attribute reads on a module that has one.
from . import _parts, decoder, encoder, scanner  # noqa: E402, F401
from ._codec import Codec, Raw, register  # noqa: E402
from ._files import open_document, save  # noqa: E402
from ._install import install, installed, uninstall  # noqa: E402
from ._validation import Mismatch, ValidationError  # noqa: E402

JSONDecoder = decoder.JSONDecoder
JSONEncoder = encoder.JSONEncoder
if backend == "c":
    _impl.set_up(JSONEncoder, JSONDecoder)
    LazyObject, LazyArray = _impl.set_parts(_parts.compile_paths, _parts.pick, _parts.at, _parts.open_text)
    _parts.adopt(LazyObject, LazyArray)
    _backend.keep()
else:
    LazyObject, LazyArray = _parts.LazyObject, _parts.LazyArray
decode = _impl.decode
dump = _impl.dump
dump_bytes = _impl.dump_bytes
dumps = _impl.dumps
encode = _impl.encode
load = _impl.load
loads = _impl.loads
lazy = _impl.lazy if backend == "c" else _parts.lazy
pick = _impl.pick if backend == "c" else _parts.pick

_default_decoder = JSONDecoder()
_default_encoder = JSONEncoder()
if backend == "c":
    _names.watch(_modules[__name__], _impl)

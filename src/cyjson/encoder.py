"""``json.encoder`` with cyjson's names in place of the standard library's."""

from json import encoder as _stdlib

from . import _impl, backend

# Whatever the running version's module has: no name can be missing, none can drift.
globals().update((k, v) for k, v in vars(_stdlib).items() if k == "__all__" or not k.startswith("__"))

JSONEncoder = _impl.JSONEncoder
encode_basestring = _impl.encode_basestring
encode_basestring_ascii = _impl.encode_basestring_ascii
if backend == "c":
    c_encode_basestring = encode_basestring
    c_encode_basestring_ascii = encode_basestring_ascii

"""``json.scanner`` with cyjson's names in place of the standard library's."""

from json import scanner as _stdlib

from ._backend import implementation as _implementation
from ._names import original as _original

_impl, backend = _implementation()

# Whatever the running version's module has: no name can be missing, none can drift.
globals().update((k, _original(v)) for k, v in vars(_stdlib).items() if k == "__all__" or not k.startswith("__"))

make_scanner = _impl.make_scanner
if backend == "c":
    c_make_scanner = make_scanner

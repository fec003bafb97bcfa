"""``json.decoder`` with cyjson's names in place of the standard library's."""

from json import decoder as _stdlib

from . import _impl, backend

# Whatever the running version's module has: no name can be missing, none can drift.
globals().update((k, v) for k, v in vars(_stdlib).items() if k == "__all__" or not k.startswith("__"))

from . import scanner  # noqa: E402, F401  (in place of json.scanner)

JSONDecoder = _impl.JSONDecoder
scanstring = _impl.scanstring
if backend == "c":
    c_scanstring = scanstring

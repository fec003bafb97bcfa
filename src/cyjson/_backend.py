"""Which implementation runs: the C extension, or the fallback where that isn't built or isn't wanted."""

import os
import sys

# What decides between the two when it is executed, or has classes that the extension knows.
PARTS = ("scanner", "decoder", "encoder")

_chosen = None  # what choose() gave last


def _asks(variable):
    return os.environ.get(variable, "0") not in ("", "0")


def _fits(module, part, name):
    """Whether a part that was imported before is of this backend, and of the json that is there now."""
    if getattr(getattr(module, "__spec__", None), "_initializing", False):
        return True  # another thread imports it, and asks implementation()
    return module is not None and module.backend == name and module._stdlib is sys.modules[f"json.{part}"]


def _native():
    """The extension; None where it isn't built."""
    name = f"{__package__}._native"
    # An interpreter loads an extension once: whoever takes it out of sys.modules gets the same again.
    kept = vars(sys).get("_cyjson", {})
    if name in kept:
        sys.modules.setdefault(name, kept[name])
    try:
        # Not `from . import _native`: its error doesn't say whether the module is missing or broken.
        from ._native import set_up  # noqa: F401
    except ModuleNotFoundError as error:
        if error.name != name or name in sys.modules:  # None in there forbids the import
            raise
        if _asks("CYJSON_REQUIRE_NATIVE"):
            raise ImportError(
                "CYJSON_REQUIRE_NATIVE is set, and this installation of cyjson is the fallback, without the C "
                "extension. With a C compiler and Python's headers there, build it anew, past pip's cache: "
                "CYJSON_REQUIRE_NATIVE=1 pip install --force-reinstall --no-cache-dir cyjson",
                name=error.name,
            ) from error
        return None
    return sys.modules[name]


def choose():
    """Choose between the extension and the fallback, which runs where the extension isn't built or CYJSON_PURE asks for
    it: the module, and ``"c"`` or ``"python"``.

    Raises ImportError where the extension is there but can't be loaded, or isn't and CYJSON_REQUIRE_NATIVE asks for it.
    """
    global _chosen
    native = None if _asks("CYJSON_PURE") else _native()
    if native is None:
        from ._pure import loads  # noqa: F401

        _chosen = sys.modules[f"{__package__}._pure"], "python"
    else:
        _chosen = native, "c"
    kept = vars(sys).get("_cyjson", {})
    for part in PARTS:
        name = f"{__package__}.{part}"
        module = sys.modules.get(name)
        if not _fits(module, part, _chosen[1]):
            if module is not None:  # or it could be one that another thread has just begun to import
                sys.modules.pop(name, None)
            if native is not None and _fits(kept.get(name), part, "c"):
                sys.modules.setdefault(name, kept[name])
    return _chosen


def implementation():
    """What ``choose`` chose, for the parts.

    They don't ask the package: where one thread imports that and another one a part, the two would wait for each other,
    and Python would let the part go on with a package that is still empty.
    """
    return _chosen or choose()


def module(part):
    """The module of a part. ``from . import`` would wait for the package."""
    __import__(f"{__package__}.{part}", fromlist=["backend"])
    return sys.modules[f"{__package__}.{part}"]


def keep():
    """Have ``choose`` find the extension, and the modules whose classes it knows, as long as this interpreter lives."""
    names = [f"{__package__}.{part}" for part in ("_native", *PARTS)]
    sys._cyjson = {name: sys.modules[name] for name in names}

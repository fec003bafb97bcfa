"""Where pickles look for ``json``'s own functions, while ``install`` has others in their place."""

import json

from ._names import original


def __getattr__(name):
    from ._install import FUNCTIONS, OF_C

    if name in FUNCTIONS:
        return original(getattr(json, name))
    if name in OF_C:
        return original(getattr(json.decoder if name == "scanstring" else json.encoder, name))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

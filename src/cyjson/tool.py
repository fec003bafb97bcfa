"""``python -m cyjson.tool``: ``python -m json.tool``'s interface over cyjson."""

import sys
from importlib.util import find_spec
from types import FunctionType

import cyjson

__all__ = ["main"]


def _over_cyjson():
    """The running interpreter's ``json.tool.main``, finding cyjson under the name ``json``."""
    # A fresh copy, because json.tool itself must go on using json.
    namespace = {"__name__": "cyjson.tool", "__builtins__": __builtins__}
    exec(find_spec("json.tool").loader.get_code("json.tool"), namespace)
    namespace["json"] = cyjson
    code = namespace["main"].__code__
    # Before 3.14 the usage text names the module in a constant.
    constants = tuple("python -m cyjson.tool" if c == "python -m json.tool" else c for c in code.co_consts)
    return FunctionType(code.replace(co_consts=constants), namespace, "main")


main = _over_cyjson()

if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError as exc:
        sys.exit(exc.errno)

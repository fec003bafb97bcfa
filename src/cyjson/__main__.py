"""``python -m cyjson``: as ``python -m cyjson.tool``, since Python 3.14 has ``python -m json``."""

import sys

from .tool import main

if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError as exc:
        sys.exit(exc.errno)

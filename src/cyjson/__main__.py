"""``python -m cyjson``: as ``python -m cyjson.tool``, since Python 3.14 has ``python -m json``."""

from .tool import run

if __name__ == "__main__":
    run()

"""One task in a process of its own, for what only the operating system knows: ``python -m benchmarks.probe``.

Arguments: a contender, ``decode``, ``dump-text`` or ``dump-binary``, a size in bytes, and ``do`` or ``rest``. With
``rest`` all is made ready but the call is left out: that is the baseline. Prints the most memory that the process ever
had, in bytes.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from . import contenders, documents


def peak() -> int:
    """The most memory (resident set) that this process had, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux's ru_maxrss counts what the parent had when it forked
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def main() -> None:
    contender, task, size, how = sys.argv[1:]
    if task == "decode":
        decode = contenders.function("decode-bytes", contender)
        data = Path(size).read_bytes()  # a file: making the document takes memory too
        held = decode(data) if how == "do" else None
    else:
        dump = contenders.function(task, contender)
        value = documents.growing_value(int(size))
        held = None
        if how == "do":
            if task == "dump-text":
                with open(os.devnull, "w", encoding="utf-8") as text:
                    dump(value, text)
            else:
                with open(os.devnull, "wb") as binary:
                    dump(value, binary)
    print(peak())
    del held


if __name__ == "__main__":
    main()

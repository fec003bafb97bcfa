"""What tools/sanitize_threads.py runs under ThreadSanitizer to see that it finds a race: one that is made.

    python tools/races.py

A reader of lines copies, in C, the bytearray that read() gives, and another thread writes to it meanwhile.
"""

import threading
import time

import cyjson
from cyjson import lines

assert cyjson.backend == "c"
block = bytearray(b'{"a": 1}\n' * 100)
end = time.monotonic() + 2


class File:
    def read(self, size):
        return block if time.monotonic() < end else b""


def write():
    while time.monotonic() < end:
        block[0] = 0x7B


writer = threading.Thread(target=write)
writer.start()
for _ in lines.load(File()):
    pass
writer.join()

"""Write megabytes of data (MB) with each function that writes piece by piece, and print by how much the peak of
resident memory was above what was there before, in bytes: a line for each function and file. Run by test_memory.py in
its own process.

    python large_dump.py FOLDER MB     FOLDER: for a file of the document's size; "-" where there is no room for one
"""

import gc
import os
import sys

import cyjson


class Nowhere:
    size = 0

    def write(self, piece):
        Nowhere.size += len(piece)


def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmHWM"))


def iterencode(document, file):
    for piece in cyjson.JSONEncoder().iterencode(document):
        file.write(piece)


def main(folder, megabytes):
    document = {  # of 500 MB: 380, each str in many pieces; 110; 60
        "texts": [f"text {n} " * 100_000 for n in range(megabytes * 9 // 10)],
        "letters": [f"é{n:06}\n" * 1000 for n in range(megabytes * 28)],
        "records": [{"id": n, "name": f"name {n}", "at": [n / 7, None], "é": True} for n in range(megabytes * 200)],
    }
    held = sum(map(sys.getsizeof, document["texts"])) + sum(map(sys.getsizeof, document["letters"]))
    held += sum(map(size_of, document["records"]))
    assert held >= megabytes * 1_000_000, held
    path = os.path.join(folder, "large.json")
    for function, mode in (cyjson.dump, "w"), (iterencode, "w"), (cyjson.dump_bytes, "wb"):
        files = [Nowhere] if folder == "-" else [Nowhere, lambda mode=mode: open(path, mode)]
        for make in files:
            file = make()
            function([1, "é"], file)
            gc.collect()
            with open("/proc/self/clear_refs", "w") as reset:
                reset.write("5")
            before = peak()
            function(document, file)
            print(function.__name__, type(file).__name__, peak() - before)
            if make is not Nowhere:
                assert file.tell() > megabytes * 1_000_000 * (mode == "w")
                file.close()


def size_of(value):
    total = sys.getsizeof(value)
    if type(value) is dict:
        total += sum(map(size_of, value.values()))
    elif type(value) is list:
        total += sum(map(size_of, value))
    return total


main(sys.argv[1], int(sys.argv[2]))

"""Subinterpreters with a GIL of their own, made, used and destroyed in threads, many at once: see test_interpreters.py.

    python interpreters.py MODULE THREADS ROUNDS

MODULE is cyjson or, to compare with, json. Prints how many bytes each interpreter of the second half left behind.
"""

import os
import sys
import threading

try:
    import _interpreters as api
except ImportError:
    import _xxsubinterpreters as api

SCRIPT = """
import {module} as json
records = [{{"id": n, "key {number}": "text é 中 %d" % n, "list": [n / 7, None, True]}} for n in range(50)]
for options in {{}}, {{"indent": 1}}, {{"sort_keys": True, "ensure_ascii": False}}:
    text = json.dumps(records, **options)
    assert json.loads(text) == records
    assert json.loads(text.encode()) == records
assert json.loads(text, object_hook=len) == [3] * 50
assert json.dumps([object()], default=lambda o: ["made"]) == '[["made"]]'
for wrong in "[1, }}", "nul", '"\\\\x"':
    try:
        json.loads(wrong)
    except json.JSONDecodeError as exc:
        assert exc.doc == wrong
    else:
        raise AssertionError(wrong)
decoder = json.JSONDecoder(parse_float=str)
assert decoder.decode("[1.5]") == ["1.5"]
class Encoder(json.JSONEncoder):
    def default(self, o):
        return str(o)
assert json.dumps({{"a": 1j}}, cls=Encoder) == '{{"a": "1j"}}'
# What a key cache that isn't given back would keep: some 400 KB.
json.loads("[" + ", ".join('{{"%064d": 1, "%063dé": 2}}' % (n, n) for n in range(4000)) + "]")
"""


def resident():
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


creating = threading.Lock()


def create():
    """An interpreter. 3.12 and 3.13 sometimes fail where several come at once, before they import anything."""
    for _ in range(5):
        with creating:
            try:
                return api.create()
            except Exception as exc:  # its class differs from version to version
                failure = exc
    raise failure


def use(module, number):
    interpreter = create()
    try:
        wrong = api.run_string(interpreter, SCRIPT.format(module=module, number=number))
        if wrong is not None:  # up to 3.12 it raises instead
            raise RuntimeError(str(wrong))
    finally:
        api.destroy(interpreter)


def main(module, threads, rounds):
    failures = []

    def work(index, count):
        try:
            for n in range(count):
                use(module, f"{index}.{n % 5}")
        except BaseException as exc:
            failures.append(f"{type(exc).__name__}: {exc}")

    def all_of_them(count):
        running = [threading.Thread(target=work, args=(index, count)) for index in range(threads)]
        for each in running:
            each.start()
        for each in running:
            each.join()

    __import__(module)
    all_of_them(rounds)
    before = resident()
    all_of_them(rounds)
    if failures:
        sys.exit("\n".join(failures))
    print((resident() - before) // (threads * rounds))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))

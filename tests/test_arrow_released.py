"""What Arrow's consumers release while an exception is on its way: it is released, and the exception comes through."""

import pytest
from support.compare import PYPY
from support.program import run

pytestmark = pytest.mark.skipif(PYPY, reason="Arrow's capsules need CPython")

# In a process of its own: where a structure isn't released, pyarrow ends it.
PROGRAM = """
import cyjson
from cyjson import lines
import gc, pyarrow as pa, sys, weakref

GOOD = b'{"a":1,"b":[{"c":"x"}],"d":{}}\\n' * 3

def of_types(line, type):
    return lines.to_arrow(line, schema={"a": type})

def batch():
    return next(lines.to_arrow(GOOD))

class Source:
    def __init__(self, calls):
        self.calls = calls
    def read(self, size):
        self.calls -= 1
        if self.calls < 0:
            raise OSError(5, "as it was raised")
        return GOOD

def fails(*arguments):
    {}[arguments[0].__class__.__name__]

def call(function):
    try:
        function()
    except BaseException as error:
        kind, text = type(error).__name__, str(error)
        while error.__cause__ is not None or error.__context__ is not None:
            error = error.__cause__ or error.__context__
        return kind, text, error
    raise AssertionError("nothing was raised")

def within(function):
    try:
        raise EOFError("handled")
    except EOFError:
        function()

CASES = [
    ("ArrowInvalid", "decimal", lambda: pa.RecordBatchReader.from_stream(
        of_types(b'{"a":"NaN"}\\n', "decimal128(10, 2)")).read_all()),
    ("ArrowInvalid", "string", lambda: pa.table(of_types(b'{"a":"x"}\\n', "int8"))),
    ("ArrowInvalid", "LineError", lambda: pa.table(lines.to_arrow(b'{"a":1}\\n{"a":'))),
    ("OSError", "as it was raised", lambda: pa.table(lines.to_arrow(Source(1), schema={"a": "int8"}))),
    ("KeyError", "RecordBatchReader", lambda: fails(pa.RecordBatchReader.from_stream(lines.to_arrow(GOOD)))),
    ("KeyError", "RecordBatch", lambda: fails(pa.record_batch(batch()))),
    ("KeyError", "Table", lambda: fails(pa.table(lines.to_arrow(GOOD)))),
    ("KeyError", "StructArray", lambda: fails(pa.array(batch()))),
    ("KeyError", "nope", lambda: pa.record_batch(batch())["nope"]),
    ("AttributeError", "nope", lambda: pa.record_batch(batch()).nope),
    ("AttributeError", "nope", lambda: pa.RecordBatchReader.from_stream(lines.to_arrow(GOOD)).nope),
    ("AttributeError", "nope", lambda: pa.schema(batch()).nope),
    ("AttributeError", "nope", lambda: pa.record_batch(batch()).column("b").flatten().field("c").nope),
]

def check():
    for kind, text, function in CASES:
        got = call(function)
        assert got[0] == kind and text in got[1], (kind, got)
        got = call(lambda: within(function))
        assert got[0] == kind and text in got[1] and str(got[2]) == "handled", (kind, got)

unraised = []
sys.unraisablehook = unraised.append
for _ in range(60):  # 3.11 has its own code for what is called often
    check()
reader = lines.to_arrow(GOOD)
gone = weakref.ref(reader)
call(lambda: fails(pa.RecordBatchReader.from_stream(reader)))
del reader
gc.collect()
if cyjson.backend == "python":
    from cyjson import _arrow_c, _pure_arrow
    _arrow_c._sweep()
    assert not _pure_arrow._held and not _arrow_c._capsules, (_pure_arrow._held, _arrow_c._capsules)
assert gone() is None
assert not unraised, unraised
print("done")
"""


def test_an_exception_that_is_on_its_way():
    pytest.importorskip("pyarrow")
    ran = run(PROGRAM)
    assert (ran.stdout, ran.stderr, ran.returncode) == ("done\n", "", 0)

"""RFC 8259, document by document: the stdlib-shaped functions give json's verdict and result on each.

Names say what the RFC wants: see support/conformance.py. json takes a few n_ documents (NaN and the like), and so do
we.
"""

import pytest
from support.compare import outcome, same
from support.conformance import DOCUMENTS, WRITTEN, document

import cyjson

TAKEN = {"n_nan", "n_infinity", "n_minus_infinity"}  # of our own: by json, as its documentation says


@pytest.mark.parametrize("name", DOCUMENTS)
def test_parsing(name):
    data = document(name)
    result = same(lambda json: json.loads(data))
    assert result == outcome(lambda json: json.loads(bytearray(data)), cyjson)
    if name.startswith("y_") or name in TAKEN:
        assert result[0] == "result"
    elif name.startswith("n_") and name in WRITTEN:
        assert result[0] == "exception"
    try:
        text = data.decode()
    except UnicodeDecodeError:
        assert result[0] == "exception" or name.startswith("i_")
    else:
        same(lambda json: json.loads(text))
        if result[0] == "result":
            same(lambda json: json.dumps(json.loads(text)))

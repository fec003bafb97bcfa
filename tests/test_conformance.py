"""JSONTestSuite: the stdlib-shaped functions give json's verdict and result on each of its files.

A folder of test_parsing files is read from CYJSON_CONFORMANCE, or from ../shared beside the checkout. Their names say
what RFC 8259 wants: y_ must parse, n_ must not, i_ is free. json takes a few n_ files (NaN and the like), and so do we.
"""

import os
from pathlib import Path

import pytest
from compare import outcome, same

import cyjson

FOLDER = os.environ.get("CYJSON_CONFORMANCE") or Path(__file__).parents[2] / "shared" / "conformance" / "test_parsing"
FILES = sorted(Path(FOLDER).glob("*.json"))

if not FILES:
    pytest.skip("no JSONTestSuite files here: CYJSON_CONFORMANCE names no folder of them", allow_module_level=True)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_parsing(path):
    data = path.read_bytes()
    told = same(lambda json: json.loads(data))
    assert told == outcome(lambda json: json.loads(bytearray(data)), cyjson)
    if path.name.startswith("y_"):
        assert told[0] == "result"
    try:
        text = data.decode()
    except UnicodeDecodeError:
        assert told[0] == "exception" or path.name.startswith("i_")
    else:
        same(lambda json: json.loads(text))
        if told[0] == "result":
            same(lambda json: json.dumps(json.loads(text)))


def test_all_kinds_are_there():
    assert {path.name[:2] for path in FILES} >= {"y_", "n_", "i_"}

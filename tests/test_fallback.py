"""The fallback: asked for with CYJSON_PURE, it is the standard library's own json and nothing less."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.compare import fallback_only

import cyjson
from cyjson import _pure

SOURCE = str(Path(cyjson.__file__).parents[1])
NEW_IN_3_15 = "array_hook" in json.loads.__kwdefaults__


def told_by(program, **environment):
    environment = {**os.environ, "PYTHONPATH": SOURCE, "CYJSON_REQUIRE_NATIVE": "0", **environment}
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


@pytest.mark.parametrize("value", ["1", "yes", "true"])
def test_asked_for(value):
    program = "import cyjson; print(cyjson.backend, cyjson._impl.__name__)"
    assert told_by(program, CYJSON_PURE=value) == "python cyjson._pure"


@pytest.mark.parametrize("value", ["", "0"])
def test_not_asked_for(value):
    available = told_by("try: import cyjson._native; print('c')\nexcept ImportError: print('python')", CYJSON_PURE="1")
    assert told_by("import cyjson; print(cyjson.backend)", CYJSON_PURE=value) == available


def test_the_extension_is_not_loaded():
    assert told_by("import cyjson, sys; print('cyjson._native' in sys.modules)", CYJSON_PURE="1") == "False"


def test_backend_of_this_process():
    expected = "python" if os.environ.get("CYJSON_PURE", "0") not in ("", "0") else None
    expected = os.environ.get("CYJSON_EXPECT_BACKEND", expected)
    if expected is None:
        pytest.skip("neither CYJSON_PURE nor CYJSON_EXPECT_BACKEND says which backend this run is to test")
    assert cyjson.backend == expected


def test_both_have_the_same_names():
    """The classes apart, which the native backend has in decoder.py and encoder.py."""
    for name in set(_pure.__all__) - {"JSONDecoder", "JSONEncoder"}:
        assert callable(getattr(_pure, name))
        assert callable(getattr(cyjson._impl, name))


@fallback_only
def test_public_names_are_the_fallback_s():
    for name in "loads", "dumps", "load", "dump", "dump_bytes", "encode", "JSONEncoder", "JSONDecoder":
        assert getattr(cyjson, name) is getattr(_pure, name)


def test_json_s_own_objects():
    assert _pure.dumps is json.dumps
    assert _pure.JSONEncoder is json.JSONEncoder
    assert _pure.scanstring is json.decoder.scanstring
    assert _pure.make_scanner is json.scanner.make_scanner
    assert _pure.encode_basestring is json.encoder.encode_basestring
    assert _pure.encode_basestring_ascii is json.encoder.encode_basestring_ascii


@pytest.mark.skipif(not NEW_IN_3_15, reason="before 3.15 json's functions know no array_hook")
def test_json_s_own_functions_for_reading():
    assert _pure.loads is json.loads
    assert _pure.load is json.load
    assert _pure.JSONDecoder is json.JSONDecoder


@pytest.mark.skipif(NEW_IN_3_15, reason="from 3.15 they are json's very objects")
def test_json_s_own_code_for_reading():
    """... with our decoder class where json's would be made; a plain call makes neither."""
    assert _pure.loads.__code__ == json.loads.__code__
    assert _pure.load.__code__ == json.load.__code__
    assert _pure.loads.__kwdefaults__ == json.loads.__kwdefaults__
    assert _pure.loads.__doc__ == json.loads.__doc__
    assert _pure.JSONDecoder.decode is json.JSONDecoder.decode
    assert _pure.JSONDecoder.raw_decode is json.JSONDecoder.raw_decode
    assert type(_pure.JSONDecoder().scan_once) is type(json.JSONDecoder().scan_once)
    assert _pure.loads.__globals__["_default_decoder"] is json._default_decoder


def test_tool_in_the_fallback():
    environment = {**os.environ, "PYTHONPATH": SOURCE, "CYJSON_PURE": "1"}
    ran = subprocess.run(
        [sys.executable, "-m", "cyjson.tool", "--compact"],
        input="[1, 2]",
        capture_output=True,
        text=True,
        env=environment,
    )
    assert (ran.returncode, ran.stdout) == (0, "[1,2]\n")


def test_import_needs_nothing_heavy():
    """What cyjson imports beyond json is its own."""
    program = "import sys, json; before = set(sys.modules); import cyjson; print(*sorted(set(sys.modules) - before))"
    for pure in "0", "1":
        names = told_by(program, CYJSON_PURE=pure).split()
        assert {name for name in names if not name.lstrip("_").startswith(("cyjson", "cython"))} == set()

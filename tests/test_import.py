"""Importing cyjson: which backend comes, what is refused, and what a second import gives."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.compare import native_only

import cyjson

SOURCE = str(Path(cyjson.__file__).parents[1])

WORKS = """
def works(json):
    import json as stdlib
    value = {"a": [1, 2.5, None, "é"]}
    assert json.loads(json.dumps(value)) == json.loads(json.encode(value)) == value
    assert json.JSONEncoder(indent=1).encode(value) == stdlib.dumps(value, indent=1)
    assert json.JSONDecoder(parse_int=str).decode("[1]") == ["1"]
    assert json.dumps([1j], default=str) == '["1j"]'
    assert json.encoder.JSONEncoder is json.JSONEncoder and json.decoder.JSONDecoder is json.JSONDecoder
    try:
        json.loads("[1,]")
    except json.JSONDecodeError:
        assert json.JSONDecodeError is stdlib.JSONDecodeError
        return json
"""


def run(program, **environment):
    environment = {**os.environ, "PYTHONPATH": SOURCE, "CYJSON_PURE": "0", "CYJSON_REQUIRE_NATIVE": "0", **environment}
    return subprocess.run([sys.executable, "-c", WORKS + program], capture_output=True, text=True, env=environment)


def told_by(program, **environment):
    ran = run(program, **environment)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


# As where it isn't built.
MISSING = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name == "cyjson._native":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
"""


# CYJSON_REQUIRE_NATIVE where the extension is missing


def test_without_the_extension_the_fallback_comes():
    for value in "", "0":
        assert told_by(MISSING + "import cyjson; print(works(cyjson).backend)", CYJSON_REQUIRE_NATIVE=value) == "python"


@pytest.mark.parametrize("value", ["1", "yes"])
@pytest.mark.parametrize("name", ["cyjson", "cyjson.lines", "cyjson.encoder", "cyjson.tool"])
def test_the_extension_required_and_missing(value, name):
    program = MISSING + f"try:\n    import {name}\nexcept ImportError as error:\n    print(type(error).__name__, error)"
    told = told_by(program, CYJSON_REQUIRE_NATIVE=value)
    assert told.startswith("ImportError CYJSON_REQUIRE_NATIVE is set")
    assert "pip install" in told
    assert "--no-cache-dir" in told


def test_in_a_folder_without_the_extension(tmp_path):
    """As a wheel of the fallback is installed."""
    target = tmp_path / "cyjson"
    target.mkdir()
    for path in Path(cyjson.__file__).parent.glob("*.py"):
        (target / path.name).write_bytes(path.read_bytes())
    program = "import cyjson; print(works(cyjson).backend)"
    assert told_by(program, PYTHONPATH=str(tmp_path)) == "python"
    ran = run(program, PYTHONPATH=str(tmp_path), CYJSON_REQUIRE_NATIVE="1")
    assert ran.returncode == 1
    assert "\nImportError: CYJSON_REQUIRE_NATIVE is set" in ran.stderr


@native_only
def test_the_extension_required_and_there():
    assert told_by("import cyjson; print(works(cyjson).backend)", CYJSON_REQUIRE_NATIVE="1") == "c"


def test_the_fallback_asked_for_and_the_extension_required():
    """Who asks for the fallback gets it: only what comes unasked is refused."""
    for program in "import cyjson", MISSING + "import cyjson":
        told = told_by(program + "; print(works(cyjson).backend)", CYJSON_PURE="1", CYJSON_REQUIRE_NATIVE="1")
        assert told == "python"


# An extension that is there and can't be loaded


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("raise ImportError('undefined symbol')", "ImportError: undefined symbol"),
        ("import a_module_that_is_missing", "ModuleNotFoundError: No module named 'a_module_that_is_missing'"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("", "ImportError: cannot import name 'set_up'"),
    ],
)
@pytest.mark.parametrize("required", ["0", "1"])
def test_a_broken_extension(tmp_path, content, error, required):
    target = tmp_path / "cyjson"
    target.mkdir()
    for path in Path(cyjson.__file__).parent.glob("*.py"):
        (target / path.name).write_bytes(path.read_bytes())
    (target / "_native.py").write_text(content)
    ran = run("import cyjson", PYTHONPATH=str(tmp_path), CYJSON_REQUIRE_NATIVE=required)
    assert ran.returncode == 1
    assert error in ran.stderr.splitlines()[-1]
    told = told_by("import cyjson; print(works(cyjson).backend)", PYTHONPATH=str(tmp_path), CYJSON_PURE="1")
    assert told == "python"


@native_only
def test_a_file_that_is_no_library(tmp_path):
    target = tmp_path / "cyjson"
    target.mkdir()
    for path in Path(cyjson.__file__).parent.glob("*.py"):
        (target / path.name).write_bytes(path.read_bytes())
    (target / Path(cyjson._native.__file__).name).write_bytes(b"not a library")
    ran = run("import cyjson", PYTHONPATH=str(tmp_path))
    assert ran.returncode == 1
    assert "ImportError" in ran.stderr.splitlines()[-1]


# By several threads at once

RACE = """
import sys, threading
sys.setswitchinterval(1e-6)
import json
wrong, failures = [], []
def go(name):
    barrier.wait()
    try:
        __import__(name)
        part = sys.modules[name]
        if name == "cyjson.decoder":
            assert part.JSONDecoder(parse_int=str).decode("[1]") == ["1"] and part.scanstring('x"', 0) == ("x", 2)
        elif name == "cyjson.encoder":
            assert part.JSONEncoder(separators=iter((",", ":"))).encode({"a": [1]}) == '{"a":[1]}'
            assert "".join(part.JSONEncoder().iterencode({"a": [1]})) == '{"a": [1]}'
        elif name == "cyjson.scanner":
            assert part.make_scanner(json.JSONDecoder())("[1]", 0) == ([1], 3)
    except BaseException as error:
        failures.append(repr(error))
for turn in range(TURNS):
    for name in [name for name in sys.modules if name.startswith("cyjson") and name != "cyjson._native"]:
        del sys.modules[name]
    vars(sys).pop("_cyjson", None)  # as the first import finds it
    barrier = threading.Barrier(len(NAMES))
    threads = [threading.Thread(target=go, args=(name,)) for name in NAMES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if not any("_DeadlockError" in failure for failure in failures):
        wrong += failures
    failures.clear()
    import cyjson
    works(cyjson)
print(wrong)
"""


@pytest.mark.parametrize(
    "names",
    [
        ["cyjson", "cyjson.decoder"],
        ["cyjson.encoder", "cyjson"],
        ["cyjson.scanner", "cyjson"],
        ["cyjson.lines", "cyjson", "cyjson.stream", "cyjson.decoder", "cyjson.tool", "cyjson.encoder"],
    ],
    ids=len,
)
@pytest.mark.parametrize("pure", ["0", "1"])
def test_imported_by_threads_at_once(names, pure):
    """Python itself takes turns for a deadlock where a thread asks for ``json.decoder`` just before another one begins
    to import ``json``, or the same of cyjson: then an import fails with that."""
    program = RACE.replace("NAMES", repr(names)).replace("TURNS", "40")
    assert told_by(program, CYJSON_PURE=pure) == "[]"
    for _ in range(3):  # with the extension's own import
        assert told_by(program.replace("range(40)", "range(1)"), CYJSON_PURE=pure) == "[]"


# Imported again

REMOVALS = {
    "the package": "name == 'cyjson'",
    "the package and its modules": "name.startswith('cyjson')",
    "all but the extension": "name.startswith('cyjson') and name != 'cyjson._native'",
    "the extension": "name in ('cyjson', 'cyjson._native')",
    "the classes' modules": "name in ('cyjson', 'cyjson.encoder', 'cyjson.decoder', 'cyjson.scanner')",
    "all that an import brought": "name not in before",  # json too
    "json as well": "name.startswith(('cyjson', 'json')) and name != 'cyjson.encoder'",
}


@pytest.mark.parametrize("removed", REMOVALS.values(), ids=list(REMOVALS))
@pytest.mark.parametrize("pure", ["0", "1"])
def test_imported_again(removed, pure):
    program = f"""
import sys
before = {{*sys.modules}}
import cyjson, cyjson.lines, cyjson.stream
backend = cyjson.backend
firsts = [cyjson]
for _ in range(3):
    for name in [name for name in sys.modules if {removed}]:
        del sys.modules[name]
    import cyjson
    assert works(cyjson).backend == backend, cyjson.backend
    assert all(cyjson is not each for each in firsts)
    firsts.append(cyjson)
from cyjson import lines
assert list(lines.loads(b"[1]")) == [[1]]
for each in firsts if "json" in before else [firsts[-1]]:
    works(each)
print(backend)
"""
    expected = told_by("import cyjson; print(cyjson.backend)", CYJSON_PURE=pure)
    assert told_by(program, CYJSON_PURE=pure) == expected


@native_only
def test_imported_again_with_the_other_backend():
    program = """
import os, sys
def again(pure):
    os.environ["CYJSON_PURE"] = pure
    for name in [name for name in sys.modules if SELECTED(name)]:
        del sys.modules[name]
    import cyjson
    assert cyjson.encoder.backend == cyjson.decoder.backend == cyjson.scanner.backend == cyjson.backend
    return works(cyjson).backend
print([again(pure) for pure in "01101001"])
"""
    for selected in ["name.startswith('cyjson')", "name == 'cyjson'"]:
        told = told_by(program.replace("SELECTED(name)", selected))
        assert told == str([{"0": "c", "1": "python"}[pure] for pure in "01101001"])


def test_an_extension_that_is_refused():
    """None in sys.modules refuses an import: that isn't to run something else without a word."""
    refused = "import sys; sys.modules['cyjson._native'] = None\n"
    ran = run(refused + "import cyjson")
    assert ran.returncode == 1
    assert "cyjson._native" in ran.stderr.splitlines()[-1]
    assert "None in sys.modules" in ran.stderr.splitlines()[-1]
    assert told_by(refused + "import cyjson; print(works(cyjson).backend)", CYJSON_PURE="1") == "python"


@native_only
def test_an_extension_that_is_refused_after_it_was_there():
    program = """
import os, sys, cyjson
for name in [name for name in sys.modules if name.startswith("cyjson")]:
    del sys.modules[name]
sys.modules["cyjson._native"] = None
try:
    import cyjson
except ModuleNotFoundError as error:
    print(error.name)
os.environ["CYJSON_PURE"] = "1"
import cyjson
print(works(cyjson).backend, cyjson.encoder.backend)
"""
    assert told_by(program) == "cyjson._native\npython python"


@native_only
@pytest.mark.parametrize("how", ["reload", "again"])
def test_imported_many_times_it_keeps_nothing(how):
    """Blocks that stay taken: none by each of 50 imports, but for what the interpreter itself is slow to give back."""
    program = f"""
import gc, importlib, sys
import cyjson
def reload():
    importlib.reload(cyjson)
def again():
    global cyjson
    for name in [name for name in sys.modules if name == "cyjson" or name.startswith("cyjson.")]:
        del sys.modules[name]
    import cyjson
def left():
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(50):
        {how}()
    gc.collect()
    return sys.getallocatedblocks() - before
print(min(left() for _ in range(10)))
assert works(cyjson)
"""
    assert int(told_by(program)) < 100  # it was 30 a turn


@native_only
@pytest.mark.skipif(sys.version_info < (3, 12), reason="before 3.12 interpreters share one GIL")
def test_imported_again_in_a_subinterpreter():
    program = """
try:
    import _interpreters as api
except ImportError:
    import _xxsubinterpreters as api
import sys
SCRIPT = WORKS + '''
import sys
for _ in range(3):
    import cyjson
    assert works(cyjson).backend == "c"
    for name in [name for name in sys.modules if name.startswith("cyjson")]:
        del sys.modules[name]
'''
import cyjson
for _ in range(3):
    made = api.create()
    wrong = api.run_string(made, SCRIPT)
    assert wrong is None, wrong
    api.destroy(made)
for name in [name for name in sys.modules if name.startswith("cyjson")]:
    del sys.modules[name]
import cyjson
print(works(cyjson).backend)
"""
    assert told_by(f"WORKS = {WORKS!r}\n{program}") == "c"

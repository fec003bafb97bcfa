"""The running interpreter's own ``test.test_json``, test by test, with cyjson in the place of json.

Its base classes ``CTest`` and ``PyTest`` hold the module under test: both get cyjson, which has one implementation at
a time. The tests of ``json.tool`` start processes: those are pointed at ``cyjson.tool``.
"""

import importlib
import os
import pkgutil
import subprocess
import types
import unittest
from pathlib import Path

import pytest

import cyjson

try:
    import test.test_json as suite
    from test.support import script_helper
except ImportError:
    pytest.skip("this installation comes without the test.test_json package", allow_module_level=True)

MODULE_NAMES = "asserts that the functions' __module__ is literally '_json' or 'json.*'"
EXCLUDED = {"test.test_json.TestPyTest.test_pyjson": MODULE_NAMES}
if cyjson.backend == "c":
    EXCLUDED |= {
        "test.test_json.TestCTest.test_cjson": MODULE_NAMES,
        "test.test_json.test_speedups.TestSpeedups.test_scanstring": MODULE_NAMES,
        "test.test_json.test_speedups.TestSpeedups.test_encode_basestring_ascii": MODULE_NAMES,
    }

for base in (suite.CTest, suite.PyTest):
    base.json = cyjson
    base.loads = staticmethod(cyjson.loads)
    base.dumps = staticmethod(cyjson.dumps)
    base.JSONDecodeError = staticmethod(cyjson.JSONDecodeError)


def pointed_at_cyjson(arguments):
    names = {"json": "cyjson", "json.tool": "cyjson.tool"}
    return [names.get(argument, argument) for argument in arguments]


def point_at_cyjson(tool_tests):
    """Let ``test_tool`` start cyjson's tool, with the cyjson that is being tested on the path."""
    path = str(Path(cyjson.__file__).parents[1])

    def started(start):
        def starter(arguments, **options):
            return start(pointed_at_cyjson(arguments), env={**os.environ, "PYTHONPATH": path}, **options)

        return starter

    def assert_python_ok(*arguments, **environment):
        environment["__isolated"] = False
        return script_helper.assert_python_ok(*pointed_at_cyjson(arguments), **environment, PYTHONPATH=path)

    tool_tests.subprocess = types.SimpleNamespace(
        PIPE=subprocess.PIPE, Popen=started(subprocess.Popen), run=started(subprocess.run)
    )
    tool_tests.assert_python_ok = assert_python_ok


def cases():
    modules = [suite]
    for entry in pkgutil.iter_modules(suite.__path__):
        if entry.name.startswith("test_"):
            modules.append(importlib.import_module(f"{suite.__name__}.{entry.name}"))
    for module in modules:
        if module.__name__.endswith(".test_tool"):
            point_at_cyjson(module)
        for test_class in vars(module).values():
            if isinstance(test_class, type) and issubclass(test_class, unittest.TestCase):
                if test_class.__module__ == module.__name__:
                    for name in unittest.defaultTestLoader.getTestCaseNames(test_class):
                        yield test_class(name)


CASES = {case.id(): case for case in cases()}


@pytest.mark.parametrize("name", [name for name in CASES if name not in EXCLUDED])
def test_stdlib(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    case = CASES[name]
    if isinstance(case, (suite.CTest, suite.PyTest)):
        assert case.json is cyjson
    result = unittest.TestResult()
    case.run(result)
    assert result.testsRun == 1
    if result.skipped:
        pytest.skip(result.skipped[0][1])
    assert not result.errors + result.failures, "\n".join(text for _, text in result.errors + result.failures)


def test_exclusions_name_tests_that_exist():
    assert set(EXCLUDED) <= set(CASES)
    assert len(CASES) > 100

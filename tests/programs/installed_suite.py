"""The interpreter's own test.test_json, run against ``json`` itself with cyjson installed: prints what failed.

Its base classes hold the module under test, imported anew for each: here that is ``json`` as programs have it.
"""

import json
import sys
import unittest

import cyjson

cyjson.install()
if "again" in sys.argv:
    cyjson.uninstall()
    cyjson.install()

import test.test_json as suite  # noqa: E402

assert json.loads is not suite.CTest.loads
for base in suite.CTest, suite.PyTest:
    base.json = json
    base.loads = staticmethod(json.loads)
    base.dumps = staticmethod(json.dumps)
    base.JSONDecodeError = staticmethod(json.JSONDecodeError)

names = sys.argv[1:] if len(sys.argv) > 1 and sys.argv[1] != "again" else ["test.test_json"]
tests = unittest.defaultTestLoader.loadTestsFromNames(names)
result = unittest.TestResult()
tests.run(result)
for case, text in result.errors + result.failures:
    print(case.id())
    print(text, file=sys.stderr)
print(result.testsRun, "tests", len(result.skipped), "skipped")
assert json.loads is not cyjson.loads and json.loads.__module__ == "json"
assert "json.loads" in cyjson.installed()

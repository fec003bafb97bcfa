"""cyjson.migrate: the places that it lists, and what they become, are so."""

import importlib
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

import cyjson.orjson
from cyjson import _migrations, migrate

SOURCE = """\
import json
import simplejson as sj, os
from orjson import dumps as fast, OPT_SORT_KEYS, loads
import msgspec
import msgspec.json as mj
try:
    import ujson as quick
except ImportError:
    import json as quick
from . import json as mine
from rapidjson import *
def f(x):
    json.dumps(x, indent=2)
    sj.loads(x, use_decimal=True)
    fast(x, f, option=OPT_SORT_KEYS)
    msgspec.json.decode(x, type=int)
    mj.encode(x)
    quick.loads(x)
    mine.loads(x), os.path, x.json.dumps
    try:
        loads(x)
    except json.decoder.JSONDecodeError:
        json.nothing
class E(json.JSONEncoder):
    dumps = json
"""


def test_places():
    found = [(each.line, each.used, each.becomes) for each in migrate.places(SOURCE)]
    assert found == [
        (1, "import json", "import cyjson as json"),
        (2, "import simplejson", "import cyjson as json"),
        (3, "from orjson import dumps", "from cyjson.orjson import dumps"),
        (3, "from orjson import OPT_SORT_KEYS", "from cyjson.orjson import OPT_SORT_KEYS"),
        (3, "from orjson import loads", "from cyjson.orjson import loads"),
        (5, "import msgspec.json", "import cyjson"),
        (7, "import ujson", "import cyjson as json"),
        (9, "import json", "import cyjson as json"),
        (11, "from rapidjson import *", None),
        (13, "json.dumps", "cyjson.dumps"),
        (14, "simplejson.loads", "cyjson.loads"),
        (14, "simplejson.loads(use_decimal=)", None),
        (15, "orjson.dumps", "cyjson.encode"),
        (15, "orjson.dumps(…, default)", "default="),
        (15, "orjson.dumps(option=)", None),
        (15, "orjson.OPT_SORT_KEYS", "sort_keys=True"),
        (16, "msgspec.json.decode", "cyjson.loads"),
        (16, "msgspec.json.decode(type=)", None),
        (17, "msgspec.json.encode", "cyjson.encode"),
        (18, "ujson.loads", "cyjson.loads"),
        (18, "json.loads", "cyjson.loads"),
        (21, "orjson.loads", "cyjson.loads"),
        (22, "json.decoder.JSONDecodeError", "cyjson.decoder.JSONDecodeError"),
        (23, "json.nothing", None),
        (24, "json.JSONEncoder", "cyjson.JSONEncoder"),
    ]
    columns = {(each.line, each.used): each.column for each in migrate.places(SOURCE)}
    assert columns[15, "orjson.OPT_SORT_KEYS"] == SOURCE.splitlines()[14].index("OPT_SORT_KEYS") + 1
    assert {each.path for each in migrate.places(SOURCE, "app.py")} == {"app.py"}
    assert migrate.places(b"# coding: latin-1\nx = '\xe9'\nimport json\n")[0].line == 3
    assert migrate.places("") == []
    with pytest.raises(SyntaxError):
        migrate.places("import")


def test_orjson_s_own_module_is_suggested():
    found = migrate.places(
        "import orjson\nfrom orjson import dumps, OPT_STRICT_INTEGER, nothing\nfrom orjson import *\n"
    )
    assert [(each.becomes, each.note) for each in found] == [
        ("from cyjson import orjson", _migrations.MODULES["orjson"][""][1]),
        (
            "from cyjson.orjson import dumps",
            "the same; or cyjson.encode: NaN is an error, not null; 1e-7 is 1e-07; default= comes later",
        ),
        ("from cyjson.orjson import OPT_STRICT_INTEGER", "the same"),
        (None, "not known here: see docs/migrate.md"),
        ("from cyjson.orjson import *", "the same"),
    ]
    for name in _migrations.MODULES["orjson"]:
        assert not name or hasattr(cyjson.orjson, name)


def test_what_they_become_is_there():
    for rules in _migrations.MODULES.values():
        for becomes, note in rules.values():
            assert note
            if becomes and becomes.startswith("cyjson."):
                *module, name = becomes.split(".")
                if name == "tool":
                    importlib.import_module(becomes)
                else:
                    assert hasattr(importlib.import_module(".".join(module)), name), becomes


@pytest.mark.parametrize("module", sorted(_migrations.MODULES))
def test_the_names_are_the_module_s(module):
    """None is missed among what the real module exports, and none invented."""
    real = pytest.importorskip(module)
    rules = _migrations.MODULES[module].keys() - {""}
    allowed = {"json": {"tool"}, "rapidjson": set(), "ujson": {"encode", "decode"}}.get(module, set())
    assert {name for name in rules if not hasattr(real, name)} <= allowed
    public = set(getattr(real, "__all__", None) or dir(real))
    missed = {name for name in public - rules if not name.startswith("_") and callable(getattr(real, name, None))}
    assert missed <= ({"Any"} if module in ("msgspec.json", "json") else {"c_encode"}), missed


def test_notes_on_output():
    """What the notes say of others' output, where they are installed."""
    value = {"a": [1, "/", 1.5]}
    orjson = pytest.importorskip("orjson")
    assert orjson.dumps(value) == cyjson.encode(value)
    assert (orjson.dumps([1e-7, 1e-5]), cyjson.encode([1e-7, 1e-5])) == (b"[1e-7,0.00001]", b"[1e-07,1e-05]")
    assert orjson.dumps([float("nan")]) == b"[null]"
    pretty = orjson.dumps({"b": [1], "a": {}}, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
    assert pretty == cyjson.encode({"b": [1], "a": {}}, indent=2, sort_keys=True)
    with pytest.raises(ValueError):
        cyjson.encode([float("nan")])
    ujson = pytest.importorskip("ujson")
    assert ujson.dumps([1, {"a": 2}]) == cyjson.dumps([1, {"a": 2}], separators=(",", ":"))
    assert ujson.dumps("/") == '"\\/"'
    simplejson = pytest.importorskip("simplejson")
    with pytest.raises(ValueError):
        simplejson.dumps(float("nan"))
    assert simplejson.dumps(Decimal("1.50")) == "1.50"
    assert simplejson.loads("1.50", use_decimal=True) == cyjson.loads("1.50", parse_float=Decimal) == Decimal("1.50")
    rapidjson = pytest.importorskip("rapidjson")
    assert rapidjson.dumps([1, {"a": "é"}]).lower() == cyjson.dumps([1, {"a": "é"}], separators=(",", ":"))


def run(*arguments):
    command = [sys.executable, "-m", "cyjson.migrate", *map(str, arguments)]
    environment = {**__import__("os").environ, "PYTHONPATH": str(Path(cyjson.__file__).parents[1])}
    environment["PYTHONIOENCODING"] = "utf-8"
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=environment)


def test_command(tmp_path):
    (tmp_path / "package").mkdir()
    (tmp_path / ".hidden").mkdir()
    good, other = tmp_path / "a.py", tmp_path / "package" / "b.py"
    good.write_text("import json\njson.loads('1')\n")
    other.write_text("import orjson\norjson.Fragment(b'')\n")
    (tmp_path / ".hidden" / "c.py").write_text("import json")
    (tmp_path / "notes.txt").write_text("import json")
    ran = run(tmp_path)
    assert ran.returncode == 0
    assert ran.stdout.splitlines() == [
        f"{good}:1:1: import json -> import cyjson as json: {_migrations.MODULES['json'][''][1]}",
        f"{good}:2:1: json.loads -> cyjson.loads: the same",
        f"{other}:1:1: import orjson -> from cyjson import orjson: {_migrations.MODULES['orjson'][''][1]}",
        f"{other}:2:1: orjson.Fragment -> cyjson.Raw: checked, so it must be JSON",
        "1 places stay the same, 3 have something to look at",
    ]
    assert good.read_text() == "import json\njson.loads('1')\n"
    assert len(run("--changes", good).stdout.splitlines()) == 2
    broken = tmp_path / "broken.py"
    broken.write_text("import")
    ran = run(broken, tmp_path / "missing.py", good)
    assert ran.returncode == 1
    assert "broken.py" in ran.stderr and "missing.py" in ran.stderr and "json.loads" in ran.stdout
    assert run().returncode == run("--unknown", good).returncode == 2
    assert run("--help").returncode == 0

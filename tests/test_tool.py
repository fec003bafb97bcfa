"""``python -m cyjson.tool`` from end to end, against ``python -m json.tool``."""

import json
import json.tool
import os
import subprocess
import sys
from pathlib import Path

import pytest

import cyjson
import cyjson.tool

DOCUMENT = '{"b": [1, 2.50, "é中", {}], "a": {"c": null},\n "n": NaN}'
LINES = '{"a": 1}\n[2, "é"]\n"x"\n'
SOURCE = str(Path(cyjson.__file__).parents[1])


def run(module, arguments, text, cwd):
    environment = {**os.environ, "PYTHONPATH": SOURCE, "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1"}
    ran = subprocess.run(
        [sys.executable, "-m", module, *arguments], input=text.encode(), capture_output=True, cwd=cwd, env=environment
    )
    return ran.returncode, ran.stdout, ran.stderr.replace(b"cyjson.tool", b"json.tool")


@pytest.mark.parametrize(
    "text, arguments",
    [
        (DOCUMENT, []),
        (DOCUMENT, ["--sort-keys", "--no-ensure-ascii"]),
        (DOCUMENT, ["--compact"]),
        (DOCUMENT, ["--indent", "1"]),
        (DOCUMENT, ["--tab"]),
        (DOCUMENT, ["--no-indent"]),
        (LINES, ["--json-lines"]),
        (LINES, []),
        ("[1,]", []),
        ("", []),
        (DOCUMENT, ["-"]),
        ("", ["missing.json"]),
        (DOCUMENT, ["--indent", "x"]),
        (DOCUMENT, ["--compact", "--tab"]),
    ],
    ids=str,
)
def test_same_as_json_tool(text, arguments, tmp_path):
    def of(module):
        code, out, err = run(module, arguments, text, tmp_path)
        return code, out, err.splitlines()[-1:] if code == 1 else b"".join(err.split())

    assert of("cyjson.tool") == of("json.tool")


def test_files(tmp_path):
    (tmp_path / "in.json").write_text(DOCUMENT, encoding="utf-8")
    assert run("cyjson.tool", ["in.json", "ours.json"], "", tmp_path) == (0, b"", b"")
    assert run("json.tool", ["in.json", "theirs.json"], "", tmp_path) == (0, b"", b"")
    assert (tmp_path / "ours.json").read_bytes() == (tmp_path / "theirs.json").read_bytes()


def test_help_names_the_module():
    environment = {**os.environ, "PYTHONPATH": SOURCE, "COLUMNS": "200", "NO_COLOR": "1"}
    ran = subprocess.run([sys.executable, "-m", "cyjson.tool", "-h"], capture_output=True, text=True, env=environment)
    assert ran.returncode == 0
    assert "-m cyjson.tool [-h]" in ran.stdout
    assert " json.tool" not in ran.stdout


def test_runs_over_cyjson(monkeypatch, capsys, tmp_path):
    """main reads and writes with cyjson's functions; json.tool goes on with json's."""
    path = tmp_path / "in.json"
    path.write_text(DOCUMENT)
    monkeypatch.setattr(sys, "argv", ["tool", str(path)])
    monkeypatch.setattr(cyjson, "load", lambda file: ["from cyjson"])
    monkeypatch.setattr(sys.stdout, "close", lambda: None)
    cyjson.tool.main()
    assert capsys.readouterr().out == '[\n    "from cyjson"\n]\n'
    assert json.tool.json is json
    json.tool.main()
    assert json.loads(capsys.readouterr().out)["b"] == [1, 2.5, "é中", {}]

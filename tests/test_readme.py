"""The examples in README.md do what they say."""

import doctest
import re
from pathlib import Path

import pytest

import cyjson

README = Path(__file__).resolve().parents[1] / "README.md"
pytestmark = pytest.mark.skipif(not README.exists(), reason="README.md is not beside the tests")


def blocks(language):
    """The text of each block in that language, with the number of the line before it."""
    text = README.read_text(encoding="utf-8")
    for found in re.finditer(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield text.count("\n", 0, found.start()) + 1, found[1]


def test_python_examples(tmp_path, monkeypatch):
    """One after another, as a reader would run them: a later one may use an earlier one's names and files."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["script.py"])
    names = {}
    count = 0
    for line, code in blocks("python"):
        exec(compile("\n" * line + code, str(README), "exec"), names)
        count += 1
    assert count >= 6


def test_sessions():
    for line, code in blocks("pycon"):
        code = code.replace("\n'c'\n", f"\n{cyjson.backend!r}\n")
        session = doctest.DocTestParser().get_doctest(code, {}, README.name, str(README), line)
        failed, tried = doctest.DocTestRunner(verbose=False).run(session)
        assert (failed, tried > 0) == (0, True)

"""The pages do what they say: examples run, links lead somewhere, and the map names what is in the sources."""

import ast
import doctest
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import cyjson

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
pytestmark = pytest.mark.skipif(not README.exists(), reason="README.md is not beside the tests")
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md")), ROOT / "benchmarks" / "README.md"]
PAGES = [page for page in PAGES if page.exists()]
RESULTS = ROOT / "benchmarks" / "results"
CHECKOUT = (ROOT / ".github").exists()
NOT_IN_AN_SDIST = (".github/", "benchmarks/", "tools/")  # MANIFEST.in
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": str(Path(cyjson.__file__).parents[1]),
    "PYTHONIOENCODING": "utf-8",
    "NO_COLOR": "1",
    "COLUMNS": "80",
}
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def name_of(page):
    return page.relative_to(ROOT).as_posix()


def blocks(language):
    """Each block in that language: its page, the number of the line before it, and its text."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for block in FENCE.finditer(text):
            if block[1] == language:
                line = text.count("\n", 0, block.start()) + 1
                found.append(pytest.param(page, line, block[2], id=f"{name_of(page)}:{line}"))
    return found


def run(command, folder):
    return subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=60)


def packages(code):
    """What an example imports."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from (each.name.split(".")[0] for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module.split(".")[0]


@pytest.mark.parametrize("page, line, code", blocks("python"))
def test_python_examples(page, line, code, tmp_path):
    """Each alone, in an empty folder, as a reader would run it. Those of some modules need other packages."""
    missing = [name for name in packages(code) if name not in sys.modules and importlib.util.find_spec(name) is None]
    if missing and page.name in ("integrations.md", "engines.md"):
        pytest.skip(f"{', '.join(missing)} is not here")
    program, folder = tmp_path / "program.py", tmp_path / "empty"
    program.write_text("\n" * line + code, encoding="utf-8")
    folder.mkdir()
    ran = run([sys.executable, str(program)], folder)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


def test_there_are_examples():
    assert len(blocks("python")) >= 100
    assert len(blocks("pycon")) >= 1
    assert len(blocks("console")) >= 2


@pytest.mark.parametrize("page, line, code", blocks("pycon"))
def test_sessions(page, line, code):
    code = code.replace("\n'c'\n", f"\n{cyjson.backend!r}\n")
    session = doctest.DocTestParser().get_doctest(code, {}, page.name, str(page), line)
    failed, tried = doctest.DocTestRunner(verbose=False).run(session)
    assert (failed, tried > 0) == (0, True)


@pytest.mark.skipif(os.name == "nt", reason="the examples are for a POSIX shell")
@pytest.mark.parametrize("page, line, code", blocks("console"))
def test_shell_sessions(page, line, code, tmp_path):
    steps = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", code, re.MULTILINE)
    assert len(steps) == code.count("$ ")
    for command, expected in steps:
        ran = run(["sh", "-c", command.replace("python -m", f'"{sys.executable}" -m')], tmp_path)
        assert ran.stdout + ran.stderr == expected


def anchors(page):
    """What a link within a page may name: its headings, as GitHub spells them."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page):
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not CHECKOUT and f"{name_of(target)}/".startswith(NOT_IN_AN_SDIST):
            continue
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.skipif(not RESULTS.exists(), reason="no results here")
def test_published_figures_are_those_of_the_results():
    """In README.md and in benchmarks/README.md."""
    ran = run([sys.executable, "-m", "benchmarks.figures", "--check"], ROOT)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


# The map of the sources

MAP = ROOT / "docs" / "architecture.md"
PATH = r"`(?P<file>[\w/.-]+\.(?:c|h|py|pxi|md|toml))`"
NAMES = r"(?P<names>`\w+`(?:(?:, | and )`\w+`)*)"
ITS_FILE = [rf"^\| {NAMES} \| {PATH} \|", rf"{NAMES} \({PATH}\)", rf"{PATH}: {NAMES}"]  # names and where they are


def found_files(name):
    """The files or folders that the map calls so: from the checkout on, from csrc/ on, or in src/cyjson/."""
    found = [path for folder in (ROOT, ROOT / "csrc", ROOT / "src" / "cyjson") for path in folder.glob(name.strip("/"))]
    return found or [*(ROOT / "csrc" / "levels").glob(name)]


def words_of(path):
    return set(re.findall(r"\w+", path.read_text(encoding="utf-8")))


@pytest.mark.skipif(not (ROOT / "csrc").exists(), reason="the sources are not here")
def test_the_map_names_what_is_there():
    """Each `path` in docs/architecture.md exists, each `word` is in the sources, and in the file that it is said of."""
    text = FENCE.sub("", MAP.read_text(encoding="utf-8"))
    patterns = ("csrc/**/*.[ch]", "src/cyjson/*.p[yx]*", "tests/kernels/*.[ch]", "setup.py", "Makefile")
    words = set().union(*(words_of(path) for pattern in patterns for path in ROOT.glob(pattern)))
    wrong = set()
    for name in re.findall(r"`([^`\n]+)`", text):
        if re.fullmatch(r"[\w/*.-]*\w(/|\.(c|h|py|pyi|pxi|md|toml))", name):
            absent = not CHECKOUT and name.startswith(NOT_IN_AN_SDIST)
            wrong |= set() if name in ("Python.h", ".inc.h") or absent or found_files(name) else {name}
        elif re.fullmatch(r"[a-zA-Z]\w+", name) and name not in words:
            wrong.add(name)
    for pattern in ITS_FILE:
        for found in re.finditer(pattern, text, re.MULTILINE):
            (path,) = found_files(found["file"])
            missing = set(re.findall(r"\w+", found["names"])) - words_of(path)
            wrong |= {f"{name} in {path.name}" for name in missing}
    assert not sorted(wrong)


@pytest.mark.skipif(not (ROOT / "csrc").exists(), reason="the sources are not here")
def test_environment_variables_are_documented():
    page = (ROOT / "docs" / "environment.md").read_text(encoding="utf-8")
    used = set()
    for pattern in (
        "src/cyjson/*.p[yx]*",
        "tests/**/*.py",
        "tests/**/*.c",
        "tools/*.py",
        "setup.py",
        "Makefile",
        "csrc/**/*.c",
    ):
        for path in ROOT.glob(pattern):
            text = path.read_text(encoding="utf-8")
            used |= set(
                re.findall(r"getenv\(\"(\w+)", text) if path.suffix == ".c" else re.findall(r"\bCYJSON_[A-Z_]+", text)
            )
    known = set(re.findall(r"\bCYJSON_[A-Z_]+", page))
    assert sorted(used - known) == []
    if CHECKOUT:
        assert sorted(known - used) == []  # some are the tools'

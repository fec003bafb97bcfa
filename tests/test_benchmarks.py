"""The benchmarks measure what they say: the documents' shapes, their bytes, and the contenders' answers."""

import hashlib
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from benchmarks import answers, contenders, documents, figures, frameworks, lines_threads
from benchmarks.contenders import BASELINE, FALLBACK, OPERATIONS, OURS, Document
from benchmarks.results import COMMITTED, Results
from benchmarks.steadiness import TURNS, Steadiness

CORPORA = Path(__file__).resolve().parents[2] / "shared" / "corpora"
# The generated document and the classic one that it takes after.
MODELS = {
    "social": "twitter",
    "social_escaped": "twitterescaped",
    "social_page": "twitter_api_compact_response",
    "catalog": "citm_catalog",
    "geo": "canada",
    "events": "github_events",
    "mesh": "mesh",
}
POINTS = 10
SHA256 = {
    "rpc": "e034e6f72daf4947b2f6c8044c7c4a8b2d247a521501269265482e8ffb4a03bc",
    "social_page": "6776c46c64024e71de7af1ac9bd58c496eb573b5bd2591ce2d08a5b800be4fa7",
    "events": "6688e3a0c891bfc8e9999a3d453b53e8f871c3e0961cb0f533d51b1dfcb8be0b",
    "social_escaped": "007b5fdfd10bd7186b875fe800b44cba1d76ec74d100b1157b1cb5a5c2f2fcbc",
    "social": "ddcb3e01121953065f34fc8b8a3d1a606a2c889646cd1e0685bcefb4b2aba52c",
    "mesh": "c282b4a4f8bcb2299b62674994381241211754bf89df83145d8cb75062eb6dba",
    "catalog": "85650947561766b555c8e29ceaebdccc84b778a6185542fbc67d787231522e59",
    "geo": "d0363de98eb194cf1da4bc4f876c2ea7333054e3d9069ccfb51661fa46f05cfa",
    "messages": "bce8d0ddfa05839086cea8c66f7c4ff5c49cd6f24c5deccdb06c5c9a65672774",
    "growing": "fc70e842306f6b67886911e6d6dffa1d8945ca032b75d1fb2cc07a11c57ccde4",
}


@pytest.fixture(scope="module")
def made():
    return documents.documents()


def shares(text):
    """Per cent of the UTF-8 bytes that are in strings (keys included, with their quotes), in numbers, in structure
    (everything else that is not white space), and in white space."""
    counts = Counter()
    for token in answers.TOKEN.finditer(text):
        counts["structure" if token.lastgroup == "other" else token.lastgroup] += len(token[0].encode())
    total = sum(counts.values())
    return {kind: 100 * counts[kind] / total for kind in ("strings", "numbers", "structure", "space")}


def test_the_same_bytes_everywhere(made):
    messages = documents.messages().values()
    found = {name: hashlib.sha256(raw).hexdigest() for name, raw in made.items()}
    found["messages"] = hashlib.sha256(b"\n".join(messages)).hexdigest()
    found["growing"] = hashlib.sha256(documents.growing(300_000)).hexdigest()
    assert found == SHA256


def test_the_same_bytes_again(made):
    assert documents.documents() == made


def test_growing_documents():
    for size in (1000, 50_000):
        assert size <= len(documents.growing(size)) < size + 1000
        assert documents.growing_value(size) == json.loads(documents.growing(size))


@pytest.mark.skipif(not CORPORA.is_dir(), reason="the classic documents are not here")
@pytest.mark.parametrize("name", MODELS)
def test_shape(made, name):
    """Near the classic document's, in how its bytes are shared out."""
    path = CORPORA / f"{MODELS[name]}.json"
    if not path.exists():
        pytest.skip(f"no {path.name}")
    mine, model = shares(made[name].decode()), shares(path.read_text(encoding="utf-8"))
    assert all(abs(mine[kind] - model[kind]) <= POINTS for kind in mine), (mine, model)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_answers(made, operation):
    """cyjson and its fallback answer as json does, to the byte; the peers that are here give equal values."""
    raws = {name: made[name] for name in ("rpc", "social_page", "events")}
    for name, raw in {**raws, **documents.messages()}.items():
        differences, errors, _ = answers.check(contenders.calls(operation, Document.parse(name, raw)))
        assert not errors
        assert not [what for what in differences.values() if what.startswith("other values")]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_cell_has_a_call_or_a_reason(operation):
    about = OPERATIONS[operation]
    assert not about.calls.keys() & about.empty.keys()
    assert about.calls.keys() | about.empty.keys() == contenders.NAMES.keys()


def test_the_fallback_is_not_the_native_module():
    if OURS in contenders.installed():
        native, fallback = (contenders.installed()[name] for name in (OURS, FALLBACK))
        assert native.dumps is not fallback.dumps
        assert native.loads is not fallback.loads


@pytest.mark.parametrize(
    ("got", "expected", "what"),
    [
        ([1], [1], None),
        ([1], [True], "other values: $[0] is '1', not 'True'"),
        ({"a": [0.0]}, {"a": [-0.0]}, "other values: $.a[0] is '0.0', not '-0.0'"),
        ([float("nan")], [float("nan")], None),
        ('{"a":1}', '{"a": 1}', "white space"),
        ("[1E22]", "[1e+22]", "spelling of numbers"),
        ('[ "\\u00E9"]', '["\\u00e9"]', "white space, escapes in strings"),
        (b"[1]", b"[2]", "other values: $[0] is '1', not '2'"),
    ],
)
def test_differences_are_told(got, expected, what):
    assert answers.difference(got, expected) == what


def test_a_wrong_answer_of_ours_is_an_error():
    calls = {BASELINE: contenders.Call(json.loads, "[1]"), OURS: contenders.Call(lambda text: [1.0], "[1]")}
    with pytest.raises(AssertionError, match="cyjson differs"):
        answers.check(calls)


COMMANDS = ["figures", "frameworks", "instructions", "lines_threads"]


@pytest.mark.parametrize("module", [f"benchmarks.{name}" for name in COMMANDS])
def test_commands_start(module):
    subprocess.run([sys.executable, "-m", module, "--help"], check=True, capture_output=True, cwd=figures.README.parent)


@pytest.mark.skipif(not COMMITTED.exists() or not figures.README.exists(), reason="no results here")
def test_readme_has_the_committed_figures():
    before, begin, rest = figures.README.read_text(encoding="utf-8").partition(figures.BEGIN)
    if not begin:
        pytest.skip("README.md has no figures")
    assert rest.partition(figures.END)[0].strip() == figures.figures(Results.load(COMMITTED)).strip()


STEADY = [1.0, 1.01, 1.02, 1.03] * 10
SHAKY = [1.0, 1.0, 1.5, 2.0] * 10


@pytest.mark.parametrize(
    ("wall", "cpu", "loads", "cpu_time", "told"),
    [
        (STEADY, STEADY, [1.0, 1.2], False, []),
        (STEADY, STEADY, [], False, []),
        ([], [], [], False, []),
        ([1.0], [1.0], [1.0], False, []),
        (SHAKY, SHAKY, [1.0], False, ["loop"]),
        (SHAKY, STEADY, [1.0], False, ["loop", "waited"]),
        (SHAKY, STEADY, [6.0] * 3, False, ["loop", "waited", "load was 6.0 on 2 cores"]),
        ([2 * each for each in STEADY], STEADY, [1.0], False, ["waited for the processor 50 %"]),
        (STEADY, STEADY, [0.5, 6.0, 6.1], False, ["load was 6.0"]),
        (STEADY, STEADY, [6.0, 1.0, 1.0], False, []),  # what ran before
        (SHAKY, STEADY, [6.0], True, []),
        (STEADY, SHAKY, [1.0], True, ["loop"]),
        (STEADY, [1.1 * each for each in STEADY], [1.0], False, []),  # two clocks, of which none is perfect
    ],
)
def test_a_busy_machine_is_noticed(tmp_path, capsys, wall, cpu, loads, cpu_time, told):
    tables = pytest.importorskip("benchmarks.tables")
    steadiness = Steadiness(cores=2, cpu_time=cpu_time, wall=wall, cpu=cpu, loads=loads)
    warnings = steadiness.warnings()
    assert len(warnings) == len(told)
    for line, word in zip(warnings, told):
        assert word in line
    about = dict.fromkeys(("processor", "system", "python", "extension", "date", "command"), "x")
    results = Results(about, steadiness={**steadiness.figures(), "warnings": warnings})
    results.save(tmp_path / "results.json")
    again = Results.load(tmp_path / "results.json")
    assert again.warnings() == warnings
    assert again.steadiness["turns"] == len(wall)
    tables.warn(again)
    printed = capsys.readouterr().out
    assert ("WARNING" in printed) == bool(told)
    assert all(line in printed for line in warnings)
    assert ("The machine was busy" in figures.figures(again)) == bool(told)


def test_the_machine_is_looked_at():
    turns = []
    steadiness = Steadiness()
    steadiness.look(lambda: turns.append(1))
    steadiness.look(lambda: turns.append(1))
    assert len(turns) == len(steadiness.wall) == len(steadiness.cpu) == 2 * TURNS
    assert steadiness.figures().keys() >= {"spread", "waiting", "turns", "cores"}


def test_results_of_before_have_no_warnings():
    assert Results({}).warnings() == []


def test_charts_are_the_same_again(tmp_path):
    pytest.importorskip("matplotlib")
    from benchmarks import charts

    about = dict.fromkeys(("processor", "system", "python", "extension", "date", "command"), "x")
    races = [
        {"operation": "dumps", "document": "rpc", "contender": name, "bytes": 1, "seconds": 1.0, "ratio": ratio,
         "quartiles": [1.0, 2.0]}
        for name, ratio in ((BASELINE, 1.0), (OURS, 9.0))
    ]  # fmt: skip
    growth = [
        {"operation": operation, "contender": OURS, "bytes": size, "seconds": size * 1e-9}
        for operation in ("decode-bytes", "encode")
        for size in (1000, 4000)
    ]
    drawn = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        folder.mkdir()
        paths = charts.draw(Results(about, {OURS: "1"}, races, measures={"growth": growth}), folder)
        assert [path.name for path in paths] == ["dumps.svg", "growth.svg"]
        drawn.append([path.read_text(encoding="utf-8") for path in paths])
    assert drawn[0] == drawn[1]
    assert all("prefers-color-scheme: dark" in text for text in drawn[0])


@pytest.mark.parametrize("what", ["pick", "lazy", "decode"])
def test_lines_threads(what, tmp_path):
    path = tmp_path / "lines.ndjson"
    lines_threads.write_events(str(path), 1)
    count = path.read_bytes().count(b"\n")
    command = [sys.executable, "-m", "benchmarks.lines_threads", "--what", what, "--file", str(path), "--rounds", "1"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=figures.README.parent)
    assert [line.split()[1] for line in done.stdout.splitlines() if f" {count} lines" in line] == [
        "threads=1:", "threads=2:",
    ]  # fmt: skip


def test_frameworks():
    """Every recipe whose package is there has its rows: it is compared, and measured."""
    command = [sys.executable, "-m", "benchmarks.frameworks", "--rounds", "1"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=figures.README.parent)
    rows = [line.strip("| ").split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")]
    assert all(float(gain) > 0 for row in rows[1:] for gain in row[2:5])
    absent = {line.partition(":")[0] for line in done.stderr.splitlines()}
    known = set(frameworks.RECIPES) - absent - {"requests"}  # which may take simplejson
    assert {row[0].rpartition(" ")[0] for row in rows[1:]} - {"requests"} == known


def test_frameworks_compares_first():
    with pytest.raises(AssertionError, match="cyjson differs"):
        frameworks.race(frameworks.Pair("x", lambda: 1, lambda: 2), 1)

"""``python -m cyjson.tool`` from end to end, against ``python -m json.tool``, and what it adds."""

import contextlib
import io
import json
import json.tool
import os
import re
import subprocess
import sys
import textwrap
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.amount import amount, long
from support.compare import PYPY, WORDED, frees_at_once
from support.shell import QUIET, run

import cyjson
import cyjson.tool
from cyjson._terminal import excerpt

DOCUMENT = '{"b": [1, 2.50, "é中", {}], "a": {"c": null},\n "n": NaN}'
LINES = '{"a": 1}\n[2, "é"]\n"x"\n'


@pytest.mark.parametrize(
    "text, arguments",
    [
        (DOCUMENT, []),
        (DOCUMENT, ["--sort-keys", "--no-ensure-ascii"]),
        (DOCUMENT, ["--compact"]),
        (DOCUMENT, ["--indent", "1"]),
        (DOCUMENT, ["--indent", "0"]),
        (DOCUMENT, ["--indent=-1"]),
        (DOCUMENT, ["--tab"]),
        (DOCUMENT, ["--no-indent"]),
        ('{"a": 1, "b": 2, "a": 3}', []),
        ('["\\ud800", 1e400, -0, 1.0e2]', []),
        ('["\\ud800"]', ["--no-ensure-ascii"]),
        (LINES, ["--json-lines"]),
        (LINES, ["--json-lines", "--compact"]),
        (LINES.replace("\n", "\r\n"), ["--json-lines"]),
        (LINES + "\n", ["--json-lines"]),
        (LINES + "{", ["--json-lines"]),
        ("", ["--json-lines"]),
        (LINES, []),
        ("[1,]", []),
        ("", []),
        ("\ufeff[]", []),
        ("[\r\n1,\r\n x]", []),
        (b'["\xff"]', []),
        (b'["\xed\xa0\x80"]', []),
        ("[1]".encode("utf-16"), []),
        ("1" * 5000, []),
        (DOCUMENT, ["-"]),
        (DOCUMENT, ["--indent", "x"]),
        (DOCUMENT, ["--compact", "--tab"]),
        (DOCUMENT, ["--nonsense"]),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_same_as_json_tool(text, arguments, tmp_path):
    def of(module):
        code, out, err = run(module, arguments, text, tmp_path)
        return code, out, err.splitlines()[-1:]

    assert of("cyjson.tool") == of("json.tool")


@pytest.mark.skipif(sys.version_info < (3, 13), reason="json.tool opened files by argparse")
def test_missing_files(tmp_path):
    """The same last line and exit status, without a traceback."""
    for arguments in ["missing.json"], ["-", "no/such/folder.json"]:
        code, out, err = run("cyjson.tool", arguments, "[]", tmp_path)
        expected = run("json.tool", arguments, "[]", tmp_path)
        assert (code, out, err.splitlines()) == (*expected[:2], expected[2].splitlines()[-1:])


def test_files(tmp_path):
    (tmp_path / "in.json").write_text(DOCUMENT, encoding="utf-8")
    assert run("cyjson.tool", ["in.json", "ours.json"], "", tmp_path) == (0, b"", b"")
    assert run("json.tool", ["in.json", "theirs.json"], "", tmp_path) == (0, b"", b"")
    assert (tmp_path / "ours.json").read_bytes() == (tmp_path / "theirs.json").read_bytes()


@pytest.mark.parametrize("module", ["cyjson", "cyjson.tool"])
def test_help_names_the_module(module):
    environment = {**os.environ, **QUIET, "COLUMNS": "200"}
    ran = subprocess.run([sys.executable, "-m", module, "-h"], capture_output=True, text=True, env=environment)
    assert ran.returncode == 0
    assert f"-m {module} [-h]" in ran.stdout
    assert " json.tool" not in ran.stdout
    for option in (
        "--sort-keys",
        "--no-ensure-ascii",
        "--json-lines",
        "--indent",
        "--tab",
        "--no-indent",
        "--compact",
        "--validate",
        "--get",
        "--stream",
    ):
        assert ran.stdout.count(option) >= 2, option


def test_runs_over_cyjson(monkeypatch, capsys, tmp_path):
    """main reads and writes with cyjson's functions; json.tool goes on with json's."""
    path = tmp_path / "in.json"
    path.write_text(DOCUMENT)
    monkeypatch.setattr(sys, "argv", ["tool", str(path)])
    monkeypatch.setattr(cyjson, "loads", lambda text: ["from cyjson"])
    monkeypatch.setattr(sys.stdout, "close", lambda: None)
    cyjson.tool.main()
    assert capsys.readouterr().out == '[\n    "from cyjson"\n]\n'
    assert json.tool.json is json
    json.tool.main()
    assert json.loads(capsys.readouterr().out)["b"] == [1, 2.5, "é中", {}]


# Colours


SHADES = {"definition": 1, "string": 32, "number": 33, "keyword": "1;34"}


def uncoloured(text):
    return re.sub("\x1b\\[[0-9;]*m", "", text)


def test_colours(tmp_path):
    text = '{"k\\"ey:": ["a: b", -1.5e+30, NaN, -Infinity], "": {"n": null, "t": true}}'
    code, out, err = run("cyjson.tool", ["--compact"], text, tmp_path, NO_COLOR="", FORCE_COLOR="1")
    parts = {
        '"k\\"ey:"': "definition",
        '"a: b"': "string",
        "-1.5e+30": "number",
        "NaN": "number",
        "-Infinity": "number",
        '""': "definition",
        '"n"': "definition",
        "null": "keyword",
        '"t"': "definition",
        "true": "keyword",
    }
    expected = re.sub(
        "|".join(map(re.escape, sorted(parts, key=len, reverse=True))),
        lambda part: f"\x1b[{SHADES[parts[part[0]]]}m{part[0]}\x1b[0m",
        json.dumps(json.loads(text), separators=(",", ":")),
    )
    assert (code, out.decode(), err) == (0, expected + "\n", b"")
    assert run("cyjson.tool", ["--compact", "--stream"], text, tmp_path, NO_COLOR="", FORCE_COLOR="1") == (
        code,
        out,
        err,
    )


@pytest.mark.skipif(sys.version_info < (3, 14), reason="json.tool has no colours")
def test_colours_are_json_tool_s(tmp_path):
    for environment in {"FORCE_COLOR": "1"}, {"PYTHON_COLORS": "1"}, {"PYTHON_COLORS": "0", "FORCE_COLOR": "1"}, {}:
        ours, theirs = (
            run(m, [], DOCUMENT, tmp_path, **{"NO_COLOR": "", **environment}) for m in ("cyjson.tool", "json.tool")
        )
        assert ours == theirs


@pytest.mark.parametrize(
    "environment, coloured",
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"PYTHON_COLORS": "1", "NO_COLOR": "1"}, True),
        ({"PYTHON_COLORS": "0", "FORCE_COLOR": "1"}, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True),
    ],
    ids=str,
)
def test_who_decides_on_colours(environment, coloured, tmp_path):
    _, out, _ = run("cyjson.tool", [], "[1]", tmp_path, **{"NO_COLOR": "", **environment})
    assert (b"\x1b" in out) is coloured


# Long documents


def dumped(value, **options):
    return json.dumps(value, **options) + "\n"


@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text('ab\\"\né中😀:,', max_size=5),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('ab":\n', max_size=2), inner, max_size=4),
        max_leaves=20,
    ),
    options=st.sampled_from(
        [
            {"indent": 4},
            {"indent": "\t"},
            {"indent": None},
            {"indent": 0},
            {"indent": -1},
            {"indent": 2, "ensure_ascii": False},
            {"indent": None, "separators": (",", ":")},
        ]
    ),
    block=st.sampled_from([1, 10, 1000]),
)
def test_piece_by_piece(value, options, block):
    """Formatted as it is read, whatever fits in a block, a document looks as dumps has it."""
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cyjson.tool, "BLOCK", block)
        events = cyjson.tool._reader("coarse", (b"", None), cyjson.tool._Text(None, io.StringIO(json.dumps(value))))
        cyjson.tool._write_events(events, out, {"sort_keys": False, "ensure_ascii": True, **options})
    assert out.getvalue() == dumped(value, **options)


STREAM_OF_NUMBERS = """
    import sys
    sys.stdout.write("[")
    for i in range(int(sys.argv[1])):
        sys.stdout.write('%d, {"key": "some text", "n": [1.50, -0]}, ' % i)
    sys.stdout.write("7]")
"""


@frees_at_once
@long
@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="reads the peak of memory under /proc")
@pytest.mark.parametrize(
    "arguments, from_file, limit",
    [
        # Of the document from a pipe without --stream, 32 MiB are read before it counts as long.
        (["--compact"], False, 100_000_000),
        (["--compact"], True, 60_000_000),
        (["--stream", "--tab"], False, 60_000_000),
    ],
    ids=["pipe", "file", "stream"],
)
def test_long_documents_in_little_memory(arguments, from_file, limit, tmp_path):
    """Some 40 MB, 20 MB with --stream (4 MB where Python does it, by request) pass through."""
    native = cyjson.backend == "c"
    if not native and "--stream" not in arguments:
        arguments = [*arguments, "--stream"]
    count = 80_000 if not native else amount(500_000, 1_000_000) if "--stream" in arguments else 1_000_000
    make = [sys.executable, "-c", textwrap.dedent(STREAM_OF_NUMBERS), str(count)]
    measured = "import sys; from cyjson.tool import main; main(); sys.stderr.write(open('/proc/self/status').read())"
    if from_file:
        with open(tmp_path / "in.json", "wb") as file:
            subprocess.run(make, stdout=file, check=True)
        arguments = [*arguments, "in.json"]
    with subprocess.Popen(make if not from_file else [sys.executable, "-c", ""], stdout=subprocess.PIPE) as source:
        ran = subprocess.run(
            [sys.executable, "-c", measured, *arguments],
            stdin=source.stdout,
            capture_output=True,
            cwd=tmp_path,
            env=os.environ | QUIET,
        )
    expected = []
    for i in range(count):
        expected += [i, {"key": "some text", "n": [1.5, 0]}]
    options = {"indent": "\t"} if "--tab" in arguments else {"separators": (",", ":")}
    assert ran.stdout.decode() == dumped([*expected, 7], **options)
    assert int(re.search(rb"VmHWM:\s*(\d+) kB", ran.stderr)[1]) * 1000 < limit


DEEP = {
    "many deep arrays": ("[" + ",".join(["[" * 300 + "]" * 300] * 600) + "]", 0),
    "a long array far inside": ("[" * 900 + "[" + "1," * 40_000 + "1]" + "]" * 900, 0),
    "nothing else": ("[" * 40_000, 1),
    "objects": ('{"":' * 40_000, 1),
    "lines far inside": ("[" * 5_000 + "[" + "1," * 100_000 + "1]", 1),
}


@frees_at_once
@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="reads the peak of memory under /proc")
@pytest.mark.parametrize("document, code", DEEP.values(), ids=DEEP)
def test_deep_documents_in_little_memory(document, code, tmp_path):
    """Indentation, which grows with the depth, is neither kept nor written without a bound."""
    (tmp_path / "in.json").write_text(document)
    measured = (
        "import sys; from cyjson.tool import run\n"
        "try: run()\n"
        "finally: sys.stderr.write(open('/proc/self/status').read())"
    )
    ran = subprocess.run(
        [sys.executable, "-c", measured, "--stream", "in.json", os.devnull],
        capture_output=True,
        cwd=tmp_path,
        env=os.environ | QUIET,
    )
    assert ran.returncode == code
    assert (b"RecursionError: nested too deeply to be indented" in ran.stderr) == bool(code)
    assert int(re.search(rb"VmHWM:\s*(\d+) kB", ran.stderr)[1]) < 100_000


def test_deep_documents_look_alike(monkeypatch, tmp_path, capsys):
    """Whatever the indentation's length, and with colours too."""
    value = 1
    for _ in range(60):
        value = [value, {"key\n": value if isinstance(value, int) else [[], {}, "x\n"]}]
    (tmp_path / "in.json").write_text(json.dumps(value))
    for environment in {"NO_COLOR": "1"}, {"NO_COLOR": "", "FORCE_COLOR": "1"}:
        for name, text in environment.items():
            monkeypatch.setenv(name, text)
        for options in [], ["--indent", "100"], ["--indent", "0"], ["--compact"]:
            for block in 1, 300, 3000:
                monkeypatch.setattr(cyjson.tool, "BLOCK", block)
                shown = []
                for arguments in [], ["--stream"]:
                    monkeypatch.setattr(sys, "argv", ["cyjson", str(tmp_path / "in.json"), *options, *arguments])
                    out = io.StringIO()
                    monkeypatch.setattr(cyjson.tool, "_output", lambda path, out=out: contextlib.nullcontext(out))
                    cyjson.tool.main()
                    shown.append(out.getvalue())
                assert shown[0] == shown[1]


@pytest.mark.parametrize("cut", [2**20 - 6, 2**20 + 8])
def test_stream_tells_long_objects_by_their_length(tmp_path, cut):
    """However much of one a pipe gives at a time."""
    long = b'{"a": "%s", "a": {"b": 1, "b": 2}}' % (b"x" * 2**20)
    command = [sys.executable, "-m", "cyjson.tool", "--stream"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | QUIET) as process:
        for part in long[:cut], long[cut:]:
            process.stdin.write(part)
            process.stdin.flush()
            time.sleep(0.2)  # it is likelier read by itself then
        process.stdin.close()
        assert len(json.loads(process.stdout.read(), object_pairs_hook=list)) == 2


def test_stream_differs_where_it_says_so(tmp_path):
    long = '{"a": "%s", "a": {"b": 1, "b": 2}}' % ("x" * 2**20)
    assert len(json.loads(run("cyjson.tool", ["--stream"], long, tmp_path)[1], object_pairs_hook=list)) == 2
    assert json.loads(run("cyjson.tool", [], long, tmp_path)[1], object_pairs_hook=list) == [("a", [("b", 2)])]
    broken = "[%s, {]" % ("1, " * 2**20 + "2")
    with pytest.raises(json.JSONDecodeError) as error:
        json.loads(broken, **WORDED)
    code, out, err = run("cyjson.tool", ["--stream", "--compact"], broken, tmp_path)
    assert (code, err.decode()) == (1, f"{error.value}{os.linesep}")
    assert out.startswith(b"[1,1,1,")
    code, _, err = run("cyjson.tool", ["--stream", "--sort-keys"], "[]", tmp_path)
    assert code == 2 and b"needs the whole document" in err


@pytest.mark.parametrize(
    "text", ["[1,]", "", "\ufeff[]", '["\n"]', "[1] 2", '{"a" 1}', "[\r\n1,\r\n x]", b'["\xff"]', "1" * 5000]
)
def test_stream_has_the_same_errors(text, tmp_path):
    ours = run("cyjson.tool", ["--stream"], text, tmp_path)
    theirs = run("cyjson.tool", [], text, tmp_path)
    assert ours[0] == theirs[0]
    assert ours[2] == theirs[2] or PYPY  # whose json has words of its own where no hook is given


def test_replacing_the_infile(tmp_path):
    path = tmp_path / "in.json"
    for text, arguments in [
        (DOCUMENT, ["--stream"]),
        (DOCUMENT, []),
        (LINES, ["--json-lines"]),
        (LINES, ["--json-lines", "--stream"]),
    ]:
        path.write_text(text, encoding="utf-8")
        path.chmod(0o640)
        expected = run("cyjson.tool", arguments, text, tmp_path)[1]
        assert run("cyjson.tool", [*arguments, "in.json", "in.json"], "", tmp_path) == (0, b"", b"")
        assert path.read_bytes() == expected
        assert os.name == "nt" or path.stat().st_mode & 0o777 == 0o640
    path.write_text("[1, 2")
    assert run("cyjson.tool", ["--stream", "in.json", "in.json"], "", tmp_path)[0] == 1
    assert path.read_text() == "[1, 2"
    assert os.listdir(tmp_path) == ["in.json"]
    if os.name == "posix":
        (tmp_path / "link.json").symlink_to("in.json")
        path.write_text("[1]")
        run("cyjson.tool", ["--stream", "--compact", "link.json", "link.json"], "", tmp_path)
        assert (tmp_path / "link.json").is_symlink()
        assert path.read_text() == "[1]\n"
        assert run("cyjson.tool", ["--stream", "--compact", "in.json", "/dev/null"], "", tmp_path) == (0, b"", b"")


def test_lines_come_as_they_are_read(tmp_path):
    """Lines are written while more are awaited."""
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "cyjson.tool", "--json-lines", "--compact"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | QUIET,
    ) as tool:
        for _ in range(3):
            tool.stdin.write(b'{"a": 1}\n')
            tool.stdin.flush()
            assert tool.stdout.readline().strip() == b'{"a":1}'
        tool.stdin.close()
        assert tool.wait() == 0


@pytest.mark.skipif(os.name == "nt", reason="pipes break in another way there")
@pytest.mark.parametrize("arguments", [[], ["--stream"], ["--json-lines"]])
def test_broken_pipe(arguments):
    with subprocess.Popen(
        [sys.executable, "-m", "cyjson.tool", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | QUIET,
    ) as tool:
        tool.stdout.close()
        tool.stdin.write(b"[%b1]" % (b"1, " * 100_000))
        tool.stdin.close()
        assert tool.stderr.read() == b""
        assert tool.wait() == 32


# Validation


@pytest.mark.parametrize(
    "text, arguments, report",
    [
        ("[1]", [], None),
        (LINES, ["--json-lines"], None),
        ("", ["--json-lines"], None),
        ("1" * 5000, [], None),
        ('{"a": 1,\n "b" 2}', [], "<stdin>:2:6: Expecting ':' delimiter\n \"b\" 2}\n     ^\n"),
        ('\n\n["é中😀", x]', [], '<stdin>:3:9: Expecting value\n["é中😀", x]\n          ^\n'),
        ("[1", [], "<stdin>:1:3: Expecting ',' delimiter\n[1\n  ^\n"),
        ("", [], "<stdin>:1:1: Expecting value\n\n^\n"),
        (
            "[1]\n[2\n3]\n",
            ["--json-lines"],
            "<stdin>:2:3: Expecting ',' delimiter\n[2\n  ^\n<stdin>:3:2: Extra data\n3]\n ^\n",
        ),
        pytest.param(
            '["a\tb"]',
            [],
            '<stdin>:1:4: Invalid control character at\n["a b"]\n   ^\n',
            marks=pytest.mark.skipif(PYPY, reason="its json has other words for it"),
        ),
        ("\ufeff[]", [], "<stdin>:1:1: Unexpected UTF-8 BOM (decode using utf-8-sig)\n\ufeff[]\n^\n"),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_validate(text, arguments, report, tmp_path):
    code, out, err = run("cyjson.tool", ["--validate", *arguments], text, tmp_path)
    assert (code, out) == (0 if report is None else 1, b"")
    assert err.decode().replace("\r\n", "\n") == (report or "")


def test_validate_names_the_file(tmp_path):
    (tmp_path / "in.json").write_text("[\n" * 3 + "tru")
    code, _, err = run("cyjson.tool", ["--validate", "in.json"], "", tmp_path)
    assert code == 1 and err.startswith(b"in.json:4:1: Expecting value")


def test_validate_far_into_a_document(tmp_path):
    text = "[" + "[1, 2.5, null],\n" * 500_000 + '{"key" "value"}]'
    code, _, err = run("cyjson.tool", ["--validate"], text, tmp_path)
    lines = err.decode().splitlines()
    assert code == 1
    assert lines == ["<stdin>:500001:8: Expecting ':' delimiter", '{"key" "value"}]', "       ^"]


@given(
    before=st.text("ab é中😀\n\t\u0301", max_size=120),
    after=st.text("ab é中😀\r\n", min_size=1, max_size=120),
    width=st.integers(1, 130),
)
def test_excerpts_fit_and_point_at_the_place(before, after, width):
    from cyjson._terminal import _columns

    line, caret = excerpt(before, after, width).split("\n")
    assert caret.strip() == "^"
    assert sum(map(_columns, line)) <= max(width - 1, 20)
    columns, at = 0, 0
    while columns < len(caret) - 1:
        columns += _columns(line[at])
        at += 1
    assert columns == len(caret) - 1
    while at < len(line) and _columns(line[at]) == 0:
        at += 1
    behind = after.replace("\r", "\n").split("\n")[0]
    assert line[at:] == behind[: len(line) - at] or line[at:].removesuffix("...") == behind[: len(line) - at - 3]
    ahead = before.rpartition("\n")[2].replace("\t", " ")
    assert ahead.endswith(line[:at].removeprefix("..."))


# Looking into documents


@pytest.mark.parametrize(
    "pointer, expected",
    [
        ("", '{"a":{"b/c":[1,{"~":2}]},"":3}'),
        ("/a/b~1c/1", '{"~":2}'),
        ("/a/b~1c/1/~0", "2"),
        ("/", "3"),
        ("/a/b~1c/0", "1"),
    ],
)
@pytest.mark.parametrize("long", [False, True])
def test_get(pointer, expected, long, tmp_path, monkeypatch, capsys):
    text = '{"a": 0, "a": {"b/c": [1, {"~": 2}]}, "": 3}'
    monkeypatch.setattr(cyjson.tool, "WHOLE", 2 if long else 1000)
    path = tmp_path / "in.json"
    path.write_text(text)
    monkeypatch.setattr(sys, "argv", ["tool", "--compact", "--get", pointer, str(path)])
    monkeypatch.setattr(sys.stdout, "close", lambda: None)
    cyjson.tool.main()
    assert capsys.readouterr().out == expected + "\n"


@pytest.mark.parametrize("pointer", ["/b", "/a/3", "/a/-", "/a/01", "/a/0/x", "/a/x"])
@pytest.mark.parametrize("whole", [1, 1000])
def test_get_what_is_not_there(pointer, whole, tmp_path, monkeypatch, capsys):
    path = tmp_path / "in.json"
    path.write_text('{"a": [1, 2, 3]}')
    monkeypatch.setattr(cyjson.tool, "WHOLE", whole)
    monkeypatch.setattr(sys, "argv", ["tool", "--get", pointer, str(path)])
    with pytest.raises(SystemExit, match=f"nothing is at '{pointer}'"):
        cyjson.tool.main()
    assert capsys.readouterr().out == ""


def test_get_from_lines(tmp_path):
    text = '{"a": 1}\n{"a": [2]}\n{"b": 3}\n'
    code, out, err = run("cyjson.tool", ["--json-lines", "--compact", "--get", "/a"], text, tmp_path)
    assert (code, out.split(), err.strip()) == (1, [b"1", b"[2]"], b"nothing is at '/a'")
    assert run("cyjson.tool", ["--get", "a"], text, tmp_path)[0] == 2


# Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress(monkeypatch, tmp_path):
    """A bar where stderr is a terminal, the output none, and tqdm there; it is fed with what is read."""
    from cyjson import _terminal

    made = []

    class Bar:
        def __init__(self, **options):
            self.options, self.count = options, 0
            made.append(self)

        def __enter__(self):
            return self

        def __exit__(self, *exc_info):
            pass

        def update(self, n):
            self.count += n

    path = tmp_path / "in.json"
    path.write_text("[1, 2, 3]")
    monkeypatch.setattr(sys, "argv", ["tool", "--stream", str(path), str(tmp_path / "out.json")])
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setitem(sys.modules, "tqdm", None)
    cyjson.tool.main()
    monkeypatch.setitem(sys.modules, "tqdm", type("tqdm", (), {"tqdm": Bar}))
    cyjson.tool.main()
    (bar,) = made
    assert bar.count == bar.options["total"] == 9
    assert bar.options["delay"] == 1
    assert _terminal.progress(1, Terminal()).__enter__() is None
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert _terminal.progress(1, io.StringIO()).__enter__() is None
    assert len(made) == 1
    assert sys.stderr.getvalue() == ""

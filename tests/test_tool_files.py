"""``python -m cyjson`` and its surroundings: what it reads, what it replaces, and how it ends."""

import io
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.compare import PYPY, counts_levels
from support.shell import QUIET, run

import cyjson
import cyjson.tool

posix_only = pytest.mark.skipif(os.name == "nt", reason="signals, pipes and names of files are others there")
LINES = '{"a": 1}\n[2, "é"]\n"x"\n'


# What isn't UTF-8. stdin lets it pass in some locales, as with this.
ESCAPED = {"PYTHONIOENCODING": "utf-8:surrogateescape"}


@pytest.mark.parametrize(
    "data, arguments, report",
    [
        (b'["\xff"]', [], "<stdin>: 'utf-8' codec can't decode byte 0xff in position 2: invalid start byte"),
        (b'["\xed\xa0\x80"]', [], "<stdin>: 'utf-8' codec can't decode byte 0xed in position 2: "),
        (b'["\xc3', [], "<stdin>: 'utf-8' codec can't decode byte 0xc3 in position 2: unexpected end of data"),
        (b'["\xe4\xbd', [], "<stdin>: 'utf-8' codec can't decode bytes in position 2-3: unexpected end of data"),
        (
            b"[" + b"1, " * 200_000 + b'"\xff"]',
            [],
            "<stdin>: 'utf-8' codec can't decode byte 0xff in position 600002: ",
        ),
        (b'[1]\n["\xff"]\n[2]\n', ["--json-lines"], "<stdin>:2: 'utf-8' codec can't decode byte 0xff in position 2: "),
        (b'["\xed\xa0\x80"]', ["--json-lines"], "<stdin>:1: 'utf-8' codec can't decode byte 0xed in position 2: "),
    ],
    ids=range(7),
)
def test_validate_reads_bytes(data, arguments, report, tmp_path):
    for environment in {}, ESCAPED, {"PYTHONIOENCODING": "latin-1"}, {"PYTHONIOENCODING": "", "LC_ALL": "C.UTF-8"}:
        code, out, err = run("cyjson", ["--validate", *arguments], data, tmp_path, **environment)
        assert (code, out, err.decode()[: len(report)]) == (1, b"", report)
        assert len(err.splitlines()) == 1
    (tmp_path / "in.json").write_bytes(data)
    code, out, err = run("cyjson", ["--validate", *arguments, "in.json"], "", tmp_path)
    assert code == 1 and err.decode().startswith(report.replace("<stdin>", "in.json"))


@pytest.mark.parametrize("arguments", [["--get", "/0"], ["--stream"], ["--json-lines", "--get", "/0"]], ids=str)
def test_own_options_take_nothing_but_utf8(arguments, tmp_path):
    code, out, err = run("cyjson", arguments, b'["\xff"]\n', tmp_path, **ESCAPED)
    assert (code, out) == (1, b"")
    assert err.decode().strip() == "'utf-8' codec can't decode byte 0xff in position 2: invalid start byte"
    code, out, _ = run("cyjson", [*arguments, "--no-ensure-ascii"], '["é"]\n', tmp_path, PYTHONIOENCODING="utf-16")
    assert code == 0 and "é" in out.decode("utf-16")


@pytest.mark.parametrize("encoding", ["utf-8:surrogateescape", "latin-1", "utf-16", "utf-8:replace"])
@pytest.mark.parametrize("arguments", [[], ["--json-lines", "--compact"], ["--no-ensure-ascii"]], ids=str)
def test_stdin_is_decoded_as_json_tool_does(encoding, arguments, tmp_path):
    data = '["é"]\r\n'.encode("utf-16") if encoding == "utf-16" else b'["\xc3\xa9\xff"]\r\n'
    ours, theirs = (run(m, arguments, data, tmp_path, PYTHONIOENCODING=encoding) for m in ("cyjson.tool", "json.tool"))
    assert ours == theirs


# json.tool up to 3.12, which reads a line when it is written.
BY_LINES = """
import io, json.tool, sys
class Lines(io.TextIOWrapper):
    def readlines(self):
        return self
file = open(sys.argv.pop(), "rb") if sys.argv[-1] == "in.json" else sys.stdin.buffer
sys.stdin = Lines(file, encoding="utf-8", newline=None if file is not sys.stdin.buffer else chr(10))
json.tool.main()
"""


def json_tool(arguments, data, cwd):
    ran = run("json.tool", arguments, data, cwd)
    # 3.13.0 closes a file before it reads lines from it. Later ones read all of them first, so that none is written
    # where one isn't UTF-8, and need memory for all.
    if sys.version_info < (3, 13) or not (b"closed file" in ran[2] or b"codec can't decode" in ran[2]):
        return ran
    command = [sys.executable, "-c", BY_LINES, *arguments]
    ran = subprocess.run(command, input=data, capture_output=True, cwd=cwd, env={**os.environ, **QUIET})
    return ran.returncode, ran.stdout, ran.stderr


@pytest.mark.parametrize(
    "data",
    [
        b"[1]\r[2]\r\n[3]",
        b"[1,\r\n[2]\n",
        b"[1,",
        b"[1]\n\n[2]\n",
        b"[1]\n \n",
        b"\xef\xbb\xbf[1]\n",
        b"[1]\n\xef\xbb\xbf[1]\n",
        b'[1]\n["\xff"]\n',
        b"[1]\n" + b'["' + b"x" * 20000 + b'"]\n' + b'["' + b"y" * 5000 + b'\xff"]\n',
        b"[" + b"1, " * 5000 + b"2]\n[3]\n[,]\n[4]\n",
        '["\u2028\x0b\x85"]\n[1]'.encode() * 3000,
        ('["' + "é中😀" * 1365 + '"]\n').encode() * 3,
        b"",
    ],
    ids=range(13),
)
def test_lines_are_json_tool_s(data, tmp_path):
    """What ends a line, what is blank, where one is cut by the blocks that are read, which error is reported."""
    (tmp_path / "in.json").write_bytes(data)
    for file in [], ["in.json"]:
        arguments = ["--json-lines", "--compact", *file]
        ours, theirs = run("cyjson.tool", arguments, data, tmp_path), json_tool(arguments, data, tmp_path)
        assert ours[:2] == theirs[:2]
        assert ours[2].splitlines()[-1:] == theirs[2].splitlines()[-1:]


def test_lines_are_written_together(tmp_path, monkeypatch):
    class Counted(io.StringIO):
        writes = 0

        def write(self, text):
            self.writes += 1
            return super().write(text)

        def close(self):
            pass

    path = tmp_path / "in.json"
    path.write_text("".join(f"[{n}]\n" for n in range(1000)))
    monkeypatch.setattr(sys, "argv", ["tool", "--json-lines", "--compact", str(path)])
    monkeypatch.setattr(sys, "stdout", Counted())
    cyjson.tool.main()
    assert sys.stdout.getvalue() == path.read_text()
    assert sys.stdout.writes < 10


@posix_only
def test_lines_of_a_pipe_are_passed_on_as_they_come():
    with subprocess.Popen(
        [sys.executable, "-m", "cyjson", "--json-lines", "--compact"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | QUIET,
    ) as tool:
        for _ in range(3):
            tool.stdin.write(b'{"a": 1}\n{"b"')
            tool.stdin.flush()
            assert tool.stdout.readline() == b'{"a":1}\n'
            tool.stdin.write(b": 2}\n")
            tool.stdin.flush()
            assert tool.stdout.readline() == b'{"b":2}\n'
        tool.stdin.close()
        assert tool.wait() == 0


@posix_only
def test_a_pipe_that_does_not_block_is_waited_for():
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    with subprocess.Popen(
        [sys.executable, "-m", "cyjson", "--json-lines", "--compact"],
        stdin=reading,
        stdout=subprocess.PIPE,
        env=os.environ | QUIET,
    ) as tool:
        os.close(reading)
        for line in b"[1]\n", b"[2]\n":
            os.write(writing, line)
            assert tool.stdout.readline() == line  # by when it looks for more, and there is none
        os.close(writing)
        assert tool.wait() == 0


# Several files


@pytest.fixture
def files(tmp_path):
    (tmp_path / "good.json").write_text('{"a": 1}\n')
    (tmp_path / "bad.json").write_text('{"a": 1,\n "b" 2}')
    (tmp_path / "other.json").write_text('{"a": [2]}')
    (tmp_path / "binary.json").write_bytes(b'{"a": "\xff"}')
    return tmp_path


def test_validate_several_files(files):
    assert run("cyjson", ["--validate", "good.json", "other.json", "good.json"], "", files) == (0, b"", b"")
    names = ["good.json", "bad.json", "other.json", "none.json", "binary.json", "-"]
    code, out, err = run("cyjson", ["--validate", *names], "[", files)
    assert (code, out) == (1, b"")
    assert re.findall(r"^(\S+:\d+:\d+|FileNotFound.*'|binary.json)", err.decode(), re.M) == [
        "bad.json:2:6",
        "FileNotFoundError: [Errno 2] No such file or directory: 'none.json'",
        "binary.json",
        "<stdin>:1:2",
    ]
    for order in ["good.json", "bad.json"], ["bad.json", "good.json"]:
        assert run("cyjson", ["--validate", *order], "", files)[0] == 1
    # Options may stand between.
    code, _, err = run("cyjson", ["good.json", "--validate", "bad.json", "--json-lines", "other.json"], "", files)
    assert code == 1 and err.startswith(b"bad.json:1:9: ")
    assert run("cyjson", ["--validate", "."], "", files)[::2] == (
        1,
        b"IsADirectoryError: [Errno 21] Is a directory: '.'\n" if os.name == "posix" else None,
    )


def test_get_from_several_files(files):
    assert run("cyjson", ["--get", "/a", "--compact", "good.json", "other.json"], "", files) == (0, b"1\n[2]\n", b"")
    names = ["good.json", "bad.json", "none.json", "binary.json", "other.json", "-"]
    code, out, err = run("cyjson", ["--get", "/a", "--compact", *names], '{"b": 1}', files)
    assert (code, out) == (1, b"1\n[2]\n")
    missing = "No ':' found at" if PYPY else "Expecting ':' delimiter"
    assert err.decode().splitlines() == [
        f"bad.json:2:6: {missing}: line 2 column 6 (char 14)",
        "FileNotFoundError: [Errno 2] No such file or directory: 'none.json'",
        "binary.json: 'utf-8' codec can't decode byte 0xff in position 7: invalid start byte",
        "nothing is at '/a'",
    ]
    code, out, err = run("cyjson", ["--get", "/a/0", "--json-lines", "good.json", "other.json"], "", files)
    assert (code, out, err.strip()) == (1, b"2\n", b"good.json:1: nothing is at '/a/0'")
    assert (files / "other.json").read_text() == '{"a": [2]}'  # read, not written


@counts_levels
def test_get_of_what_is_too_deep(files):
    (files / "deep.json").write_text("[" * 100_000 + "]" * 100_000)
    code, out, err = run("cyjson", ["--get", "/a", "deep.json", "good.json"], "", files)
    assert (code, out) == (1, b"1\n") and err.startswith(b"deep.json: RecursionError: ")


def test_get_into_a_file(files):
    out = files / "out.json"
    assert run("cyjson", ["--get", "/a", "good.json", "other.json", "--output", "out.json"], "", files)[0] == 0
    assert out.read_text() == "1\n[\n    2\n]\n"
    assert run("cyjson", ["--get", "/a", "good.json", "bad.json", "--output", "out.json"], "", files)[0] == 1
    assert out.read_text() == "1\n[\n    2\n]\n"
    assert run("cyjson", ["--compact", "--output", "good.json", "good.json"], "", files) == (0, b"", b"")
    assert (files / "good.json").read_text() == '{"a":1}\n'


def test_what_is_formatted_is_one_file(files):
    """Of json.tool's arguments there are two."""
    ours, theirs = (run(m, ["good.json", "o", "bad.json"], "", files) for m in ("cyjson.tool", "json.tool"))
    assert ours[0] == theirs[0] == 2
    assert ours[2].splitlines()[-1] == theirs[2].splitlines()[-1]
    assert run("cyjson", ["good.json", "o", "--output", "p"], "", files)[0] == 2
    assert run("cyjson", ["--validate", "good.json", "--output", "p"], "", files)[0] == 2
    assert run("cyjson", ["--validate", "--nonsense", "good.json"], "", files)[0] == 2
    assert {"o", "p"}.isdisjoint(os.listdir(files))


# In place


FAULTS = {
    "surrogate": ('["\\ud800"]', ["--no-ensure-ascii"]),
    "surrogate, lines": ('[1]\n["\\ud800"]\n', ["--no-ensure-ascii", "--json-lines"]),
    "surrogate, stream": ('["\\ud800"]', ["--no-ensure-ascii", "--stream"]),
    "malformed": ("[1, 2", []),
    "malformed, stream": ("[1, 2", ["--stream"]),
    "malformed line": ("[1]\n" * 3 + "[1,\n" + "[2]\n" * 3, ["--json-lines"]),
    "malformed line, stream": ("[1]\n[1,\n[2]\n", ["--json-lines", "--stream"]),
    "far malformed line": ("[1]\n" * 10_000 + "[1,\n", ["--json-lines", "--compact"]),
    "blank line": ("[1]\n\n", ["--json-lines"]),
    "not UTF-8": (b'["\xff"]', []),
    "line not UTF-8": (b'[1]\n["\xff"]', ["--json-lines"]),
    "too deep": ("[" * 100_000 + "]" * 100_000, []),
    "line too deep": ("[1]\n" + "[" * 100_000 + "]" * 100_000, ["--json-lines"]),
    "digits": ("[1]\n" + "1" * 5000, ["--json-lines"]),
    "nothing there": ('{"b": 1}\n', ["--get", "/a"]),
    "line without": ('{"a": 1}\n{"b": 1}\n{"a": 2}\n', ["--json-lines", "--get", "/a"]),
    "line without, far": ('{"a": 1}\n' * 5000 + '{"b": 1}\n', ["--json-lines", "--get", "/a"]),
    "wrong argument": ("[1]", ["--indent", "x"]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_in_place_or_not_at_all(fault, tmp_path):
    text, arguments = FAULTS[fault]
    data = text if isinstance(text, bytes) else text.encode()
    path = tmp_path / "in.json"
    path.write_bytes(data)
    for form in ["in.json", "--output", "in.json"], ["in.json", "in.json"]:
        code, out, err = run("cyjson", [*arguments, *form], "", tmp_path)
        assert code in (1, 2) and b"Traceback" not in err
        assert out == b"" or "--get" in arguments and "--output" not in form  # which reads both
        assert path.read_bytes() == data
        assert os.listdir(tmp_path) == ["in.json"]


@posix_only
@pytest.mark.parametrize("arguments", [[], ["--json-lines"], ["--stream"]], ids=str)
def test_ctrl_c_leaves_the_outfile(arguments, tmp_path):
    path = tmp_path / "out.json"
    path.write_text("old")
    interrupted(
        [*arguments, "-", "out.json"], b"[1]\n" * 100_000 if arguments[:1] == ["--json-lines"] else None, tmp_path
    )
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["out.json"]


@posix_only
def test_an_outfile_that_is_no_file_is_written_to(tmp_path):
    (tmp_path / "in.json").write_text("[1]")
    for arguments in ["--compact"], ["--compact", "--json-lines"], ["--compact", "--stream"]:
        assert run("cyjson", [*arguments, "in.json", "/dev/stdout"], "", tmp_path)[:2] == (0, b"[1]\n")
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["cat", "pipe"], cwd=tmp_path, stdout=subprocess.PIPE) as cat:
        assert run("cyjson", ["--compact", "in.json", "pipe"], "", tmp_path)[0] == 0
        assert cat.stdout.read() == b"[1]\n"
    (tmp_path / "link.json").symlink_to("in.json")
    assert run("cyjson", ["link.json", "link.json"], "", tmp_path)[0] == 0
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "in.json").read_text() == "[\n    1\n]\n"


# How it ends


def take_sigint():
    """Not to ignore it, which is inherited where the tests run in the background of a shell."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def interrupted(arguments, data=None, cwd=None):
    """Let the tool read more than a pipe holds, so that it is at work, and press Ctrl-C."""
    with subprocess.Popen(
        [sys.executable, "-m", "cyjson", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=cwd,
        env=os.environ | QUIET,
        preexec_fn=take_sigint,
    ) as tool:
        tool.stdin.write(data or b"[" + b"1, " * 200_000)
        tool.stdin.flush()
        tool.send_signal(signal.SIGINT)
        assert tool.stderr.read() == b""
        assert tool.wait() == -signal.SIGINT


@posix_only
@pytest.mark.parametrize(
    "arguments", [[], ["--validate"], ["--get", "/0"], ["--stream"], ["--validate", "--json-lines"]], ids=str
)
def test_ctrl_c_is_quiet(arguments):
    interrupted(arguments)


@posix_only
def test_ctrl_c_does_not_wait_for_the_reader(tmp_path):
    (tmp_path / "in.json").write_text("[" + "1, " * 200_000 + "2]")
    with subprocess.Popen(
        [sys.executable, "-m", "cyjson", "--stream", "in.json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env=os.environ | QUIET,
        preexec_fn=take_sigint,
    ) as tool:
        assert tool.stdout.read(1) == b"["  # and no more: it has to wait
        tool.send_signal(signal.SIGINT)
        assert tool.wait(60) == -signal.SIGINT
        assert tool.stderr.read() == b""


@posix_only
@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["--get", "/0"], ["--json-lines"], ["--stream"], ["--validate"]], ids=str
)
def test_nobody_reads_the_output(arguments):
    with subprocess.Popen(
        [sys.executable, "-m", "cyjson", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | QUIET,
    ) as tool:
        tool.stdout.close()
        try:
            tool.stdin.write(b"[[1], 2]")
            tool.stdin.close()
        except BrokenPipeError:
            pass
        assert tool.stderr.read() == b""
        assert tool.wait() == (0 if arguments == ["--validate"] else 32)


@posix_only
def test_closed_and_full_files(tmp_path):
    (tmp_path / "in.json").write_text("[1]")
    started = f'"{sys.executable}" -m cyjson '
    for command, told in [
        ("in.json >&-", "OSError: [Errno 9] Bad file descriptor: '<stdout>'"),
        ("<&-", "OSError: [Errno 9] Bad file descriptor: '<stdin>'"),
        ("in.json > /dev/full", "OSError: [Errno 28] No space left on device"),
        ("in.json /dev/full", "OSError: [Errno 28] No space left on device"),
        ("--help > /dev/full", "OSError: [Errno 28] No space left on device"),
        ("--version > /dev/full", "OSError: [Errno 28] No space left on device"),
        ("--get /0 in.json in.json > /dev/full", "OSError: [Errno 28] No space left on device"),
        ("--json-lines --get /0 in.json > /dev/full", "OSError: [Errno 28] No space left on device"),
        (".", "IsADirectoryError: [Errno 21] Is a directory: '.'"),
    ]:
        if "/dev/full" in command and not os.path.exists("/dev/full"):
            continue
        ran = subprocess.run(
            ["sh", "-c", started + command], capture_output=True, text=True, cwd=tmp_path, env=os.environ | QUIET
        )
        assert (ran.returncode, ran.stderr[: len(told)]) == (1, told)
        assert len(ran.stderr.splitlines()) == 1


@posix_only
@pytest.mark.skipif(PYPY, reason="it writes what SystemExit says to stdout, where stderr is closed")
@pytest.mark.parametrize(
    "arguments, written",
    [
        ("bad.json", ""),
        ("--json-lines lines", "[1]\n"),
        ("--stream bad.json", "[1"),
        ("--get /0 in.json bad.json missing . in.json", "1\n1\n"),
        ("--validate in.json bad.json missing .", ""),
        ("--validate --json-lines lines", ""),
        ("--validate bytes", ""),
        ("--validate --json-lines bytes", ""),
    ],
)
def test_nothing_but_output_goes_to_stdout(arguments, written, tmp_path):
    """Not even where stderr is closed, of which print() would make stdout."""
    for name, data in ("in.json", b"[1]"), ("bad.json", b"[1,"), ("lines", b"[1]\n[2\n"), ("bytes", b"\xff"):
        (tmp_path / name).write_bytes(data)
    ran = subprocess.run(
        ["sh", "-c", f'"{sys.executable}" -m cyjson --compact {arguments} 2>&-'],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=os.environ | QUIET,
    )
    assert (ran.returncode, ran.stdout) == (1, written)


def test_errors_name_the_file(tmp_path):
    for data, arguments, place in [
        (b"[1,\n x]", [], "in.json:2:2:"),
        (b"[1,\n x]", ["--stream"], "in.json:2:2:"),
        (b"[1]\n[2]\n[3, x]\n", ["--json-lines"], "in.json:3:5:"),
        (b"[1]\n[2,\n", ["--json-lines"], "in.json:2:4:"),
        (b'["\xff"]', [], "in.json:"),
        (b'["\\ud800"]', ["--no-ensure-ascii"], "in.json:"),
        (b'[1]\n["\\ud800"]', ["--no-ensure-ascii", "--json-lines"], "in.json:2:"),
    ]:
        (tmp_path / "in.json").write_bytes(data)
        code, out, err = run("cyjson.tool", [*arguments, "in.json"], "", tmp_path)
        first, last = err.decode().splitlines()
        assert (code, first) == (1, place)
        theirs = [each for each in arguments if each != "--stream"]
        expected = json_tool([*theirs, "in.json"], data, tmp_path)
        assert [last] == expected[2].decode().splitlines() or PYPY  # whose json has words of its own
        assert run("cyjson.tool", arguments, data, tmp_path)[2].decode().splitlines() == [last]  # stdin needs no name


# The command


def test_version():
    for module in "cyjson", "cyjson.tool":
        assert run(module, ["--version"], "", None) == (0, f"cyjson {cyjson.__version__}\n".encode(), b"")


def test_command(tmp_path):
    """What pyproject.toml names, started as the script that pip makes of it starts it."""
    project = Path(__file__).resolve().parents[1] / "pyproject.toml"
    if not project.exists():
        pytest.skip("pyproject.toml is not beside the tests")
    scripts = project.read_text(encoding="utf-8").split("[project.scripts]\n")[1].split("\n[")[0]
    module, function = re.fullmatch('cyjson = "([a-z.]+):([a-z]+)"', scripts.strip()).groups()
    script = tmp_path / "cyjson"
    script.write_text(
        f"import sys\nfrom {module} import {function}\nif __name__ == '__main__':\n    sys.exit({function}())\n"
    )

    def started(*arguments, text=""):
        return subprocess.run(
            [sys.executable, script, *arguments], input=text, capture_output=True, text=True, env=os.environ | QUIET
        )

    assert started("--help").stdout.startswith("usage: cyjson [-h]")
    ran = started("--compact", text="[1, 2]")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "[1,2]\n", "")
    ran = started("--validate", text="[1, 2")
    assert (ran.returncode, ran.stdout, ran.stderr.splitlines()[0]) == (1, "", "<stdin>:1:6: Expecting ',' delimiter")


def test_modules_show_no_other_names_than_json_s():
    code = "import json, json.tool, cyjson, cyjson.tool; print([*dir(json), 0, *dir(cyjson), 0, *cyjson.__all__])"
    code = code.replace("print([", "import json as j; print(j.dumps([")[:-1] + "))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ | QUIET)
    names = json.loads(ran.stdout)
    theirs, _, rest = names[: names.index(0)], 0, names[names.index(0) + 1 :]
    ours, public = rest[: rest.index(0)], rest[rest.index(0) + 1 :]
    more = {name for name in ours if not name.startswith("_")} - set(theirs) - set(public)
    assert more == {"lines", "stream"} & set(ours)
    assert cyjson.codecs is json.codecs

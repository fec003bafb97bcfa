"""setup.py: what a build leaves in, says when it fails, and how many compilers it starts."""

import os
import runpy
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path
from unittest import mock

import pytest

setuptools = pytest.importorskip("setuptools", minversion="65")
ROOT = Path(__file__).resolve().parents[1]
if not (ROOT / "setup.py").exists() or not (ROOT / "src").exists():
    pytest.skip("the sources are not here", allow_module_level=True)

EXTENSION = "_native" + sysconfig.get_config_var("EXT_SUFFIX")


@pytest.fixture
def sources(tmp_path):
    """A copy of what a build needs; without a compiler nothing of csrc/ is read."""
    for name in "setup.py", "pyproject.toml", "README.md", "LICENSE", "MANIFEST.in":
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("*.egg-info", "*.so", "__pycache__"))
    return tmp_path


def build(sources, *command, **environment):
    environment = {**os.environ, "CC": "/nonexistent", "CYJSON_REQUIRE_NATIVE": "0", **environment}
    return subprocess.run(
        [sys.executable, "setup.py", "-q", *command], cwd=sources, env=environment, capture_output=True, text=True
    )


def built(sources):
    (folder,) = sources.glob("build/lib*/cyjson")
    return folder


@pytest.fixture
def stale(sources):
    """The sources, and the folder of a build before this one, which had a module more."""
    assert build(sources, "build").returncode == 0
    folder = built(sources)
    for name in EXTENSION, "_native.cpython-39-other.so", "gone.py", "gone.pyi", "part/gone.py":
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("stale")
    return sources


def names(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_nothing_stale_comes_into_a_fallback(stale):
    ran = build(stale, "build")
    assert ran.returncode == 0, ran.stderr
    package = ROOT / "src" / "cyjson"
    wanted = {path for path in package.rglob("*") if path.suffix in (".py", ".pyi", ".typed")}
    assert names(built(stale)) == {path.relative_to(package).as_posix() for path in wanted}


def test_nothing_stale_comes_into_a_wheel(stale):
    ran = build(stale, "bdist_wheel")
    if "invalid command 'bdist_wheel'" in ran.stderr:
        pytest.skip("neither setuptools 70 nor wheel is here")
    assert ran.returncode == 0, ran.stderr
    (wheel,) = stale.glob("dist/*.whl")
    assert wheel.name.endswith("-py3-none-any.whl")
    found = zipfile.ZipFile(wheel).namelist()
    assert "cyjson/__init__.py" in found
    assert not [name for name in found if "_native." in name or "gone" in name]


def test_an_extension_that_was_built_stays_for_the_next_build(stale):
    """... which compiles only where something is newer."""
    ran = build(stale, "build_py")
    assert ran.returncode == 0, ran.stderr
    found = names(built(stale))
    assert EXTENSION in found
    assert not [name for name in found if "gone" in name or "other" in name]


# What a failure says


def test_no_compiler(sources):
    ran = build(sources, "build", CYJSON_REQUIRE_NATIVE="1")
    assert ran.returncode != 0
    told = ran.stderr.strip().splitlines()[-1]
    assert told.startswith("error: cyjson: the C extension can't be built here (no C compiler: /nonexistent")
    assert "apt install gcc python3-dev" in told
    assert "Traceback" not in ran.stderr


def test_no_compiler_and_the_fallback(sources):
    ran = build(sources, "build")
    assert ran.returncode == 0
    told = [line for line in (ran.stdout + ran.stderr).splitlines() if line.strip().startswith("cyjson: ")]
    assert len(told) == 1
    assert "installing the pure-Python fallback (no C compiler: /nonexistent" in told[0]


@pytest.mark.skipif(os.name != "posix", reason="a compiler that is a shell script")
def test_a_compiler_that_fails(sources):
    compiler = sources / "cc"
    compiler.write_text("#!/bin/sh\necho 'fatal error: stdlib.h: No such file or directory' >&2\nexit 1\n")
    compiler.chmod(0o755)
    ran = build(sources, "build", CC=str(compiler), CYJSON_REQUIRE_NATIVE="1")
    assert ran.returncode != 0
    assert ran.stderr.count("fatal error") == 1  # not one for each file
    assert "apt install gcc python3-dev" in ran.stderr.strip().splitlines()[-1]


@pytest.fixture(scope="module")
def setup():
    with mock.patch.object(setuptools, "setup"):
        before = os.getcwd()
        os.chdir(ROOT)
        try:
            return runpy.run_path("setup.py")
        finally:
            os.chdir(before)


def test_no_headers(setup, tmp_path):
    command = setup["BuildExtension"](setuptools.Distribution())
    command.include_dirs = []
    command.compiler = mock.Mock(compiler_so=[sys.executable])
    command.compiler.compile.side_effect = setup["CompileError"]("command failed")
    with mock.patch.object(setup["sysconfig"], "get_path", return_value=str(tmp_path)):
        with pytest.raises(setup["PlatformError"], match=r"Python\.h.* is missing\. Debian.*python3-dev"):
            command.check_tools()


# Which flags, and which compiler


def test_only_the_encoder_is_compiled_by_a_profile(setup):
    flags = setup["profile_flags"]
    with mock.patch.dict(os.environ, CYJSON_PROFILE=""):
        assert flags("csrc/encode/walk.c") == flags() == []
    with mock.patch.dict(os.environ, CYJSON_PROFILE="make:/p"):
        assert flags("csrc/levels/encode_avx2.c") == flags() == ["-fprofile-generate=/p", "-fprofile-update=atomic"]
        assert flags("csrc/levels/decode_avx2.c") == []
    with mock.patch.dict(os.environ, CYJSON_PROFILE="use:/p"):
        assert flags("csrc/encode/sort.c")[:2] == ["-fprofile-use=/p", "-fprofile-partial-training"]
        assert flags("csrc/kernels/scan.c") == flags() == []
    for wrong in "yes", "make:", "used:/p":
        with mock.patch.dict(os.environ, CYJSON_PROFILE=wrong), pytest.raises(setup["PlatformError"], match=wrong):
            flags("csrc/encode/walk.c")


def test_flags_that_keep_code_small(setup):
    flags = setup["size_flags"]
    with mock.patch.dict(os.environ, CFLAGS="-DNDEBUG"):
        assert flags("build/temp/src/cyjson/_native.c")[0] == "-Os"
        assert flags("csrc/decode/typed.c")[0] == "-Os"
        assert flags("csrc/levels/decode_avx2.c") == flags("csrc/kernels/scan.c") == setup["PLAIN_LOOPS"]
        assert flags("csrc/levels/encode_avx2.c") == flags("csrc/encode/path.c") == []
        assert all((ROOT / source).exists() for source in setup["SELDOM_RUN"])
    with mock.patch.dict(os.environ, CFLAGS="-O1"):  # whoever says how much to optimise is heard
        assert flags("build/temp/src/cyjson/_native.c") == flags("csrc/levels/decode_avx2.c") == []


@pytest.mark.parametrize(("given", "used"), [("clang-cl", "clang-cl"), ("", "cl.exe"), ("gcc", "cl.exe")])
def test_clang_cl_where_cc_names_it(setup, given, used):
    compiler = mock.Mock(cc="cl.exe")
    with mock.patch.dict(os.environ, CC=given):
        setup["use_clang_cl"](compiler)
    assert os.path.basename(compiler.cc) == used


# How many compilers


GIB = 1 << 30


def groups(tmp_path, **files):
    """Folders of control groups: group__file="content"."""
    found = []
    for name, content in files.items():
        group, _, file = name.partition("__")
        folder = tmp_path / group
        folder.mkdir(exist_ok=True)
        (folder / file.replace("_", ".", 1)).write_text(content)
        found += [folder] if folder not in found else []
    return found


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, 8),
        ({"a__cpu_max": "max 100000\n"}, 8),
        ({"a__cpu_max": "300000 100000\n"}, 3),
        ({"a__cpu_max": "50000 100000\n"}, 1),
        ({"a__cpu_max": "1600000 100000\n"}, 8),
        ({"a__cpu_max": "max 100000\n", "b__cpu_max": "200000 100000\n"}, 2),
        ({"a__cpu_cfs_quota_us": "-1\n", "a__cpu_cfs_period_us": "100000\n"}, 8),
        ({"a__cpu_cfs_quota_us": "400000\n", "a__cpu_cfs_period_us": "100000\n"}, 4),
        ({"a__cpu_max": "nonsense"}, 8),
    ],
)
def test_processors(setup, tmp_path, files, expected):
    with mock.patch.object(os, "sched_getaffinity", return_value=set(range(8)), create=True):
        assert setup["processors"](groups(tmp_path, **files)) == expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, 6 * GIB),
        ({"a__memory_max": "max\n", "a__memory_current": "5\n"}, 6 * GIB),
        ({"a__memory_max": f"{3 * GIB}\n", "a__memory_current": f"{GIB}\n"}, 2 * GIB),
        ({"a__memory_max": f"{GIB}\n", "a__memory_current": f"{2 * GIB}\n"}, 0),
        ({"a__memory_limit_in_bytes": f"{2 * GIB}\n", "a__memory_usage_in_bytes": "0\n"}, 2 * GIB),
        ({"a__memory_limit_in_bytes": f"{2**63 - 4096}\n", "a__memory_usage_in_bytes": "0\n"}, 6 * GIB),
    ],
)
def test_memory(setup, tmp_path, files, expected):
    meminfo = tmp_path / "meminfo"
    meminfo.write_text(f"MemTotal:  99999999 kB\nMemAvailable:   {6 * GIB // 1024} kB\n")
    assert setup["memory"](groups(tmp_path, **files), meminfo) == expected
    assert setup["memory"]([], tmp_path / "missing") is None


@pytest.mark.parametrize(
    ("cores", "room", "expected"), [(8, 3 * GIB + 5, 3), (2, 64 * GIB, 2), (4, 0, 1), (4, GIB - 1, 1), (4, None, 4)]
)
def test_compilers_at_once(setup, cores, room, expected):
    names = setup["compilers_at_once"].__globals__
    with mock.patch.dict(names, processors=lambda groups: cores, memory=lambda groups: room):
        assert setup["compilers_at_once"]() == expected


def test_control_groups(setup, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    (two / "user" / "session").mkdir(parents=True)
    (one / "memory" / "docker").mkdir(parents=True)
    (one / "cpu").mkdir()
    listed = tmp_path / "cgroup"
    listed.write_text("0::/user/session\n")
    assert setup["control_groups"](two, listed) == [two / "user" / "session", two / "user", two]
    listed.write_text("5:memory:/docker\n3:cpu,cpuacct:/elsewhere/x\n")
    assert setup["control_groups"](one, listed) == [one / "memory" / "docker", one / "memory", one / "cpu"]
    assert setup["control_groups"](one, tmp_path / "missing") == []

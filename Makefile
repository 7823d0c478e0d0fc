# Needs Python 3.11 or newer, make and a package index. Each step leaves a stamp in .make/, so that
# a second call does only what changed. `make help` lists the targets.

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
BIN := .venv/bin
TOOLS := .venv-tools/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
DATA := $(or $(PLACELENS_DATA),../shared/data)
# Six processes: fewer leave processors idle while tests wait for what they started, and get less
# of them beside other work; more would each load all that is tested once again. A file's tests stay
# together, for its fixtures' sake, and files come in their order: the heavy ones are among the
# first, and hundreds of small ones fill up the end.
WORKERS := 6
PYTEST := -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder
PYTHONS := 3.11 3.12 3.13 3.14
RUNS := 10
PAGE := src/placelens/server/static/index.html
PAGE_SOURCES := $(shell find web -name node_modules -prune -o -type f -print 2>/dev/null)

# Tests start hundreds of processes: without what Python keeps of compiled modules, each of them,
# and pytest in each of its own, would compile them anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test test-all tested repeat test-oldest test-pythons test-hub check bench faults fuzz soak lock sbom audit \
  docs types web wheel page clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

demo: .make/demo  ## install what the demo needs and run it: real imagery, no network
	@$(MAKE) --no-print-directory page || echo "the web page could not be built; all else works"
	$(BIN)/placelens demo

test: tested  ## install what the tests need and run those that take minutes in all
	$(BIN)/python $(PYTEST) -m "not slow"

test-all: tested  ## run all: also the page in a browser, each command by itself, kills, benchmarks
	$(BIN)/python $(PYTEST)

tested: .make/dev
	@$(BIN)/python tools/compile_kernels.py & $(MAKE) --no-print-directory page; wait

repeat: .make/dev  ## start, kill and draw RUNS (10) times as often as `make test-all` does
	@$(BIN)/python tools/compile_kernels.py
	PLACELENS_RUNS=$(RUNS) $(BIN)/python $(PYTEST) -m repeated

check: .make/dev  ## ruff, mypy --strict, the import layers and the page's types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_architecture.py tests/unit/tools/test_page_types.py

bench: .make/dev  ## measure speed and, where the real data are at hand, quality
	$(BIN)/placelens bench scan
	$(BIN)/placelens bench encoder
	$(BIN)/placelens bench updates --quick
	$(BIN)/placelens bench browse --quick
	$(PIP) install --quiet -e "./benchmarks[rivals]"
	$(BIN)/placelens bench engine --quick
	@if [ -d "$(DATA)" ]; then for name in regions answers cosmat travel heritage place-names; do \
	  echo "== $$name"; $(BIN)/placelens bench $$name --data "$(DATA)" || exit 1; done; \
	else echo "no data in $(DATA), so only speed was measured: set PLACELENS_DATA"; fi

faults: .make/dev  ## break writes, kill, lose power and damage files 12,000 times; nothing may be lost
	$(BIN)/python -m tests.faults.histories 10000
	$(BIN)/python -m tests.faults.reencodings 200
	$(BIN)/python -m tests.faults.flips 2000

fuzz: .make/dev  ## break a million inputs at random; nothing but a reading or a reason may come out
	$(BIN)/python -m tests.fuzz 1000000

soak: .make/dev  ## search a server over 200 connections for 10 minutes while another process writes
	$(BIN)/python -m tests.soak --minutes 10 --clients 200

lock: .make/tools  ## pin what the server's image installs, with hashes, to the newest versions
	tools/lock.sh $(TOOLS)/uv

sbom: .make/tools  ## a bill of materials of the server's image, CycloneDX, in dist/
	@mkdir -p dist
	$(TOOLS)/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible \
	  --output-file dist/placelens.cdx.json requirements.lock

audit: .make/tools  ## look up the locked packages in the index's advisory database; see tools/audit.py
	$(TOOLS)/python tools/audit.py requirements.lock requirements-build.lock

docs: .make/dev  ## write the generated parts of docs/ anew, then run every example in it
	PLACELENS_WRITE_DOCS=1 $(BIN)/python -m pytest -q tests/test_architecture.py tests/test_docs.py

types: .make/dev  ## write the page's types anew, from the REST API
	$(BIN)/python tools/page_types.py

test-hub: .make/hub  ## the tests of encoders from the hub and of training, which need torch
	$(BIN)/python $(PYTEST) tests/unit/encoders tests/unit/training

test-oldest: .make/oldest  ## run the tests on the lowest versions that pyproject.toml allows
	.venv-oldest/bin/python $(PYTEST)

test-pythons:  ## run TESTS (all) on those of PYTHONS (3.11 to 3.14) that this machine has
	@for version in $(PYTHONS); do \
	  python=$$(tools/find_python.sh $$version) || { echo "== Python $$version is not installed"; continue; }; \
	  echo "== $$python"; \
	  $$python -m venv .venv-$$version && \
	  .venv-$$version/bin/python -m pip install --quiet --upgrade 'pip>=25.1' && \
	  .venv-$$version/bin/python -m pip install --quiet -e '.[geo,demo,raw,sift]' -e ./benchmarks --group dev && \
	  .venv-$$version/bin/python tools/compile_kernels.py && \
	  .venv-$$version/bin/python $(PYTEST) -q $(TESTS) || exit 1; \
	done

wheel: .venv/pyvenv.cfg page  ## a wheel in dist/, with the page if npm is there
	$(PIP) wheel --no-deps --wheel-dir dist .

web: $(PAGE)  ## build the web page into the package (needs npm)

clean:  ## remove what the other targets made
	rm -rf .make .venv .venv-* web/node_modules src/placelens/server/static
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
	rm -f src/placelens/geo/data/geonames.npz

# The page is optional: without npm everything but the page itself works.
page:
	@if ! [ -f web/package.json ]; then :; \
	elif command -v npm >/dev/null; then $(MAKE) --no-print-directory web; \
	else echo "npm is not installed: the web page is not built (the REST API works without it)"; fi

$(PAGE): .make/node $(PAGE_SOURCES)
	cd web && npm run build
	@touch $@

.make/node: web/package.json web/package-lock.json | .make
	cd web && npm ci --no-audit --no-fund
	@touch $@

.make/demo: .venv/pyvenv.cfg pyproject.toml hatch_build.py | .make
	$(PIP) install --quiet -e '.[demo]'
	@touch $@

.make/dev: .venv/pyvenv.cfg pyproject.toml benchmarks/pyproject.toml hatch_build.py | .make
	$(PIP) install --quiet -e '.[geo,demo,raw,sift]' -e ./benchmarks --group dev
	@touch $@ .make/demo

# OpenCLIP asks for torchvision, which has no build for torch without CUDA; its models and tokenizers
# need none, so it is installed without its dependencies, and those it does need are named.
.make/hub: .make/dev
	$(PIP) install --quiet 'torch==2.13.0' onnx transformers ftfy regex
	$(PIP) install --quiet --no-deps open-clip-torch
	@touch $@

.make/oldest: pyproject.toml benchmarks/pyproject.toml tools/oldest.py | .make
	$(PYTHON) -m venv --clear .venv-oldest
	.venv-oldest/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(PYTHON) tools/oldest.py pyproject.toml > .make/oldest.txt
	.venv-oldest/bin/python -m pip install --quiet -c .make/oldest.txt -e '.[geo,demo,raw,sift]' -e ./benchmarks --group dev
	@touch $@

# Apart from the rest: what these need must not decide what is tested.
.make/tools: | .make
	$(PYTHON) -m venv --clear .venv-tools
	$(TOOLS)/python -m pip install --quiet 'uv>=0.9' 'pip-audit>=2.9' 'cyclonedx-bom>=7'
	@touch $@

.venv/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "placelens needs Python 3.11 or newer; name one with make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv .venv
	$(PIP) install --quiet --upgrade 'pip>=25.1'

.make:
	@mkdir -p $@

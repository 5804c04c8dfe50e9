# Everything a fresh machine needs is installed by the first target that needs it.
# Python 3.11 or later with venv and pip, and make, are all that must be there.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
UV_VERSION := 0.13.9
# One more than two processors: tests wait for browsers, databases and disks.
WORKERS ?= 3
# Tests start hundreds of processes: each would compile every package again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test check fix docs bless bench bench-setup clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(STAMP)  ## the project's own environment, in .venv

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python \
	    --constraint constraints.txt --editable '.[all]' --group dev
	@touch $@

demo: $(STAMP)  ## build, audit and release a small dataset with planted problems, in demo/
	$(BIN)/curate demo demo

# Workers share the processors already: threads of theirs beside would only wait for one another.
test: export OMP_NUM_THREADS ?= 1
test: export OPENBLAS_NUM_THREADS ?= 1
test: $(STAMP) browser axe  ## every test that this machine can run
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --doctest-modules tests curate

# Pages are looked at by Debian's chromium; where it cannot be had those tests skip and say so.
.PHONY: browser
browser:
	@command -v chromium >/dev/null 2>&1 || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	    (apt-get install -y --no-install-recommends chromium || \
	     (apt-get update && apt-get install -y --no-install-recommends chromium)) >/dev/null 2>&1; fi; \
	  command -v chromium >/dev/null 2>&1 || \
	    echo 'chromium is missing: the page tests will skip (apt-get install chromium)'; }

# Pages are checked for people who cannot see or point by axe-core; where npm cannot give it
# those tests skip and say so.
.PHONY: axe
axe:
	@test -f node_modules/axe-core/axe.min.js || { command -v npm >/dev/null 2>&1 && \
	  npm install --no-save --no-package-lock --no-audit --no-fund --silent axe-core@4 \
	    >/dev/null 2>&1; } || \
	  echo 'axe-core is missing: the tests of accessibility will skip (npm install axe-core)'

check: $(STAMP)  ## what CI runs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/codespell curate schemas reports tests docs bench README.md CONTRIBUTING.md
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tools.docs --check
	$(MAKE) test

fix: $(STAMP)  ## format, and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(STAMP)  ## write the generated pages and README blocks again
	$(BIN)/python -m tools.docs

bless: $(STAMP)  ## write the golden files again; read the difference before you commit it
	CURATE_BLESS=1 $(BIN)/python -m pytest tests

bench: $(STAMP)  ## the benchmarks' names; one runs with `.venv/bin/python -m bench NAME`
	$(BIN)/python -m bench

bench-setup: $(STAMP)  ## the named peers, in an environment of their own
	$(PYTHON) -m venv .bench-venv
	$(BIN)/uv pip install --quiet --python .bench-venv/bin/python -r bench/peers.txt

constraints: $(STAMP)  ## exact versions of what is installed now
	$(BIN)/uv pip freeze --exclude-editable --python $(BIN)/python | \
	    grep -viE '^(uv|pip|setuptools) *[=@]' | grep -E '^[A-Za-z0-9._-]+==' > constraints.txt

clean:  ## remove the environment and what the demo made
	rm -rf $(VENV) .bench-venv demo

# Linux only; on Windows use WSL 2, on macOS a container (see README.md).
# make demo   set up, build, grade the sample class of all assignments, write a report      make test   everything that CI runs
# make quick  the checks that take seconds                                                  make soak   every sample on every road
ifneq ($(shell uname -s),Linux)
$(error This runs on Linux only. On Windows use WSL 2, on macOS a container: see README.md)
endif
PYTHON ?= python3
BIN := .venv/bin
JOBS ?= 3
BUSY := autograder/tests/test_busy_machine.py # leaves the other tests no core
COURSE := grader_config.py nbgrader_config.py source solutions tests
export OMP_NUM_THREADS ?= 1
export TF_CPP_MIN_LOG_LEVEL ?= 3
unexport PYTHONDONTWRITEBYTECODE # thousands of processes start here, and each would compile the package anew

.PHONY: help setup demo test quick soak lint lock clean
help:
	@sed -n '/^#/!q; s/^# //p' Makefile

setup: .venv/set-up
.venv/set-up: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	    { echo "$$($(PYTHON) --version) is too old or too new: this needs Python 3.11 to 3.13. Name one: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@echo "Setting up .venv: about 2 GB of packages, once."
	@$(PYTHON) -m venv .venv || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq python3-venv && $(PYTHON) -m venv .venv; } || \
	    { echo "python3 cannot make a virtual environment here. Install it: apt-get install python3-venv"; exit 1; }
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# The demo is a course of its own, so that its students never meet a real gradebook.
demo: setup
	@rm -rf demo && mkdir demo && cp -r $(COURSE) demo/
	@$(BIN)/autograder build --course demo
	@$(BIN)/python -m autograder.tests.helpers.samples --class demo/class
	@$(BIN)/autograder grade demo/class --course demo --json demo/grades.jsonl || [ $$? -eq 1 ]
	@$(BIN)/autograder report --course demo

test: setup lint .venv/chromium
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal autograder/tests

quick: setup lint
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal -m "not slow" autograder/tests

soak: setup lint .venv/chromium
	SOAK=1 $(BIN)/python -m pytest -n $(JOBS) --dist worksteal --ignore $(BUSY) autograder/tests
	SOAK=1 $(BIN)/python -m pytest $(BUSY)

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy --strict autograder benchmarks
	@$(BIN)/lint-imports --no-logo --no-cache

# Pages are opened in a real browser; where it cannot be installed those tests are skipped and say so.
.venv/chromium: | .venv/set-up
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq chromium >/dev/null; } || \
	    echo "Chromium is missing: the tests that open pages will be skipped. Install it: apt-get install chromium"
	@touch $@

lock: setup
	$(BIN)/uv pip compile --universal --python-version 3.11 --no-strip-extras --generate-hashes --all-extras --no-header --quiet pyproject.toml -o requirements.lock

clean:
	rm -rf .venv demo build *.egg-info

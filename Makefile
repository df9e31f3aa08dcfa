# Two commands: `make demo` shows the whole job on the sample corpus, `make test` checks everything.
# Both set up what they need in .venv, once.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --constraint constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test check fix benchmarks clean

demo: .venv/installed
	@$(BIN)/themis demo demo-study

test: .venv/tools
	@.ci/browser
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2

fix: .venv/tools
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

benchmarks: .venv/tools
	$(BIN)/python -m benchmarks.reading
	$(BIN)/python -m benchmarks.speed
	$(BIN)/python -m benchmarks.accuracy --quick
	$(BIN)/python -m benchmarks.commands
	$(BIN)/python -m benchmarks.scale
	$(BIN)/python -m benchmarks.search
	$(BIN)/python -m benchmarks.queue
	$(BIN)/python -m benchmarks.ledger
	$(BIN)/python -m benchmarks.page
	$(BIN)/python -m benchmarks.soak
	$(BIN)/python -m benchmarks.counts
	$(BIN)/python -m benchmarks.certificates

clean:
	rm -rf .venv demo-study build dist *.egg-info

.venv/bin/python:
	@$(PYTHON) -m venv .venv >/dev/null 2>&1 || .ci/venv $(PYTHON)

.venv/installed: .venv/bin/python pyproject.toml constraints.txt
	@echo "Installing into .venv (once; a few minutes, about 1.5 GB)"
	@$(PIP) setuptools wheel
	@$(PIP) --no-build-isolation --editable .
	@touch $@

.venv/tools: .venv/installed
	@$(PIP) --requirement dev-requirements.txt
	@touch $@

# Two commands: `make chat` starts the web chat, `make test` runs every gate.
# Each sets up .venv by itself and repeats nothing that is already done.

PYTHON ?= python3
PORT ?=
GATE_CASES ?= 30
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)

.PHONY: help chat test lint types knowledge unit gate wheel eval baselines bench backends load lock clean
.DELETE_ON_ERROR:
.NOTPARALLEL:

help:
	@echo "make chat   start the web chat (PORT=7861 for another port)"
	@echo "make test   format, lint, types, tests, the gate of the evals, and the wheel"
	@echo "make eval   measure answers, retrieval and checking on every case set, with a report"
	@echo "make bench  how fast it answers and re-indexes, as ratios"
	@echo "make backends  200 questions to a real, weak language model: nothing without support is shown"
	@echo "make load   fifty people at once for two minutes"
	@echo "make lock   write the lock files anew (UPGRADE=1 takes newer versions)"
	@echo "make clean  remove .venv and everything built"

chat: $(VENV)/.runtime
	@$(BIN)/firstpilot serve --ingest $(if $(PORT),--port $(PORT))

test: lint types knowledge unit gate wheel

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.dev
	$(BIN)/mypy

knowledge: $(VENV)/.runtime
	@$(BIN)/firstpilot knowledge check knowledge

unit: $(VENV)/.dev
	$(BIN)/pytest -q -n 2

# Some of our own cases and planted errors, of each slice and language, held against evals/baselines in
# two minutes. All of them: make gate GATE_CASES=100000
gate: $(VENV)/.dev
	@$(BIN)/firstpilot eval run --suite cases --suite mutations --system firstpilot \
	--limit $(GATE_CASES) --gate --backend embedded

# The wheel is built and then used from a folder of its own, far from the checkout's files.
wheel: $(VENV)/.dev
	@rm -rf .build
	@$(BIN)/python -m build --wheel --no-isolation --outdir .build/dist . > /dev/null
	@$(PIP) install --no-deps --target .build/site .build/dist/*.whl
	@cd .build && export PYTHONPATH="$$PWD/site" && \
	../$(BIN)/python -P -c "import assistant; from assistant.settings import resource_dir as r; \
	[print('wheel:', p) for p in (assistant.__file__, r('knowledge'), r('prompts')) \
	if '/.build/site/' in str(p) or exit(f'the wheel lacks {p}')]" && \
	../$(BIN)/python -P site/bin/firstpilot --version
	@rm -rf .build

# External sets are left out, and told, when their folder is not there.
eval: $(VENV)/.dev
	@$(BIN)/firstpilot eval run --suite all --backend embedded

# After a change for the better: measures all anew and commits to it. A run that was cut off is gone
# on with by: firstpilot eval run --suite all --backend embedded --resume
baselines: eval
	@$(BIN)/firstpilot eval gate --write
	@$(BIN)/firstpilot eval report --scorecard

bench: $(VENV)/.dev
	@$(BIN)/python -m evals.bench

# By both routes; an hour on two processors. The tests ask it a few.
backends: $(VENV)/.dev
	@$(BIN)/python -m evals.backend_bench --questions 200

load: $(VENV)/.dev
	@$(BIN)/python -m evals.load_bench

lock: $(VENV)/.runtime
	@$(PIP) install uv
	@$(COMPILE) --extra build pyproject.toml --output-file requirements.lock > /dev/null
	@$(COMPILE) --extra dev --constraint requirements.lock pyproject.toml \
	--output-file requirements-dev.lock > /dev/null

clean:
	rm -rf $(VENV) .build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find assistant tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.python:
	@command -v $(PYTHON) > /dev/null || \
	{ echo "$(PYTHON) was not found; run: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit("Python 3.11 or newer is needed, this is %d.%d; run: make PYTHON=python3.12 $(MAKECMDGOALS)" % v[:2])'
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || \
	{ echo "$(PYTHON) cannot make environments; on Debian run: apt install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.runtime: requirements.lock pyproject.toml | $(VENV)/.python
	@echo "Installing into $(VENV) (about a minute the first time)"
	@$(PIP) install --no-deps --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	@echo "Installing the development tools into $(VENV)"
	@$(PIP) install --no-deps --require-hashes -r requirements-dev.lock
	@touch $@

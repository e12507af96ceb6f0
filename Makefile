# The commands of this project. `make up` and `make test` are all that a newcomer needs.
.DEFAULT_GOAL := help
.PHONY: help install up test prove lint types check bench docs plans lock

PYTHON ?= python3
UV := uv==0.13.9
BIN := .venv/bin
# How many test at once. They take files in the order of the collection, which has the longest first.
WORKERS ?= 3
SPREAD = -n $(WORKERS) --dist loadfile --no-loadscope-reorder

help:     ## Show this list.
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1  \2/p' $(MAKEFILE_LIST)

install: .venv/installed  ## Prepare .venv (with .venv/bin/relay) from the lock file.

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "fusioo-relay needs Python 3.11 or newer, for example: make install PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(UV)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --requirements requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

up: install  ## Start everything here: database, queue, simulator, web, worker, scheduler.
	@exec $(BIN)/relay up --end-with-parent

test: install  ## Run the whole test suite at its small size.
	$(BIN)/pytest $(SPREAD)

prove: install  ## Run the whole test suite at its full size (by hand, takes long).
	$(BIN)/pytest $(SPREAD) --scale full

lint: install  ## Check style and the direction of imports.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: install  ## Check types.
	$(BIN)/mypy

check: lint types  ## Check style, imports and types.

bench: install  ## Measure, and write docs/performance.md (some of it: ONLY="acks latency").
	$(BIN)/python -m benchmarks $(ONLY)

docs: install  ## Write the pages of docs/reference/ from the code.
	$(BIN)/python -m service.cli.reference

plans: install  ## Write docs/reference/plans.md: how Postgres finds what each statement asks for.
	$(BIN)/pytest -q tests/integration/db/test_plans.py --write-plans

lock: .venv/installed  ## Resolve the newest allowed versions into requirements.lock.
	$(BIN)/uv pip compile pyproject.toml --quiet --upgrade --extra embedded --group dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --output-file requirements.lock

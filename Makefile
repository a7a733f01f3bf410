# Every target sets up what it needs. `make help` lists them.
PYTHON ?= python3
ARGS ?=
UV := $(shell command -v uv 2>/dev/null || echo .bootstrap/bin/uv)
RUN := .venv/bin/

.PHONY: help setup tools demo test test-all test-fast check bench bench-measurement bench-delivery bench-placement faults clean

help: ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

.bootstrap/bin/uv:
	@scripts/bootstrap $(PYTHON)

setup: $(if $(findstring .bootstrap,$(UV)),.bootstrap/bin/uv) ## the virtual environment, from the lock file
	@$(UV) sync --frozen --quiet

tools: ## Chromium, PostgreSQL and nginx, which the tests need
	@scripts/install-tools

demo: setup ## install, run the whole chain on the demo province, serve it
	@$(RUN)cakap demo $(ARGS)

test: setup tools ## all tests: fast ones first, SQLite, PostgreSQL, Chromium
	@scripts/test

test-all: setup tools ## those and what takes longer, faults on both databases; ARGS=--quick for few
	@scripts/test-all $(ARGS)

test-fast: setup ## without browser, PostgreSQL and slow ones
	@$(RUN)pytest -q -n 2 -m "not browser and not slow and not long" $(ARGS)

check: setup ## lint, types, import contracts, migrations, deployment settings
	@scripts/check

faults: setup tools ## break things while people answer; ARGS="--quick --json"
	@$(RUN)python tests/faults/run.py $(ARGS)
	@scripts/with-postgres $(RUN)python tests/faults/run.py $(ARGS)

bench-delivery: setup tools ## answers kept a second on both databases, the door, 10,000 at once, the console
	@$(RUN)python benchmarks/together.py delivery $(ARGS)

bench-measurement: setup ## the measurement engine beside its peers; ARGS="--quick --json"
	@$(UV) sync --frozen --quiet --group bench
	@$(RUN)python benchmarks/measurement.py $(ARGS)

bench-placement: setup ## both directions for 449,000 people, beside NumPy; ARGS="--quick --json"
	@$(RUN)python benchmarks/placement.py $(ARGS)

bench: setup tools ## all benchmarks; ARGS=--quick for a minute each
	@$(UV) sync --frozen --quiet --group bench
	@$(RUN)python benchmarks/together.py all $(ARGS)

clean: ## remove what the targets made here
	rm -rf .venv .bootstrap var cakap-data

# Everything runs in an environment of the project's own. It needs Python 3.11 or later, git, make.

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
UV_VERSION := 0.13.9
UV := .cache/uv-$(UV_VERSION)/bin/uv
READY := .venv/.synced
ROOMS := access adapters bus commands domain edge event_store lms policies projections read_api \
	write_api
WORKERS ?= auto
ARGS ?=

export UV_PYTHON_DOWNLOADS := never
export UV_PROJECT_ENVIRONMENT := .venv

.DEFAULT_GOAL := help
.PHONY: help up test check bench seed info clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /  \1|/p' $(MAKEFILE_LIST) | column -t -s '|' 2>/dev/null \
		|| sed -n 's/^\([a-z]*\):.*## /  \1: /p' $(MAKEFILE_LIST)

up: $(READY) ## start the whole system; Ctrl-C stops it
	@.venv/bin/python -m lms up

test: $(READY) ## run every test (ARGS='-k word' chooses, WORKERS=0 runs in one process)
	.venv/bin/pytest -n $(WORKERS) $(ARGS)

check: $(READY) ## format, lint, types, room borders, unused dependencies
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy $(ROOMS) tests benchmarks docs/postman/build.py deploy/verify_export.py
	.venv/bin/lint-imports
	.venv/bin/deptry .

bench: $(READY) ## measure everything in benchmarks/
	.venv/bin/python -m benchmarks $(ARGS)

seed: $(READY) ## fill a running system (ARGS='--people 10000 --courses 200')
	@.venv/bin/python -m lms seed $(ARGS)

info: $(READY) ## say where everything is (ARGS='--json --secrets')
	@.venv/bin/python -m lms info $(ARGS)

clean: ## remove the environment and all caches; the data in .data stays
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): pyproject.toml uv.lock | $(UV)
	$(UV) sync --frozen --python "$(PYTHON)"
	@touch $@

$(UV):
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed: make PYTHON=/path/to/python"; exit 1; }
	@"$(PYTHON)" -m venv $(dir $(@D)) \
		|| { echo "'$(PYTHON) -m venv' failed; on Debian: apt-get install python3-venv"; exit 1; }
	$(@D)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

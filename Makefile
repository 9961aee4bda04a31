# `make run` serves the demo region, `make test` is the gate; both need nothing but Python 3.11+.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
BENCHES := bench/sector_index.py bench/addresses.py bench/imports.py

.PHONY: help setup run test lint types unit bench bench-quick lock clean

help: ## show this help
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: .venv/.installed ## make .venv with the locked dependencies

.venv/.installed: pyproject.toml locks/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Buurtwijzer needs Python 3.11 or later")'
	@echo "installing the locked dependencies into .venv …"
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement locks/dev.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@echo "compiling the indexes' kernels, once …"
	@$(BIN)/python -c 'import boundaries.proposals, geo.addresses, geo.sector_index'
	@touch $@

.venv/.installed-bench: .venv/.installed locks/bench.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement locks/bench.txt
	@touch $@

run: setup ## import the synthetic demo region and serve it on 127.0.0.1:8000
	@$(BIN)/buurtwijzer demo --import
	@$(BIN)/buurtwijzer pricebook publish --example
	@$(BIN)/buurtwijzer serve --with-demo-key

test: lint types unit ## everything that the gate checks: lint, types, rooms, tests on both stores

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: setup
	$(BIN)/mypy

unit: setup
	@scripts/postgis install || [ $$? -eq 3 ]
	$(BIN)/pytest --numprocesses 2 --dist worksteal

bench: .venv/.installed-bench ## run every benchmark in full: bars as ratios against peers
	@scripts/postgis install || [ $$? -eq 3 ]
	@set -e; for bench in $(BENCHES); do echo "== $$bench"; $(BIN)/python $$bench; done

bench-quick: .venv/.installed-bench ## the same bars on smaller inputs, under a minute each
	@scripts/postgis install || [ $$? -eq 3 ]
	@set -e; for bench in $(BENCHES); do echo "== $$bench"; $(BIN)/python $$bench --quick; done

lock: ## resolve the dependencies anew (needs uv)
	scripts/lock

clean: ## remove .venv, caches and the data directory
	rm -rf .venv var bench/results .mypy_cache .ruff_cache .pytest_cache .hypothesis

# `make run` serves the demo region, `make test` is the gate; both need nothing but Python 3.11+.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
ROOMS := api boundaries buurtwijzer_client data geo households licensing
BENCHES := bench/sector_index.py bench/addresses.py bench/imports.py bench/plans.py bench/quotes.py bench/proposals.py bench/editor.py bench/api.py

# Without a key of households nobody can sign up: the demo has one of its own, made once.
DEMO_KEY := var/demo-households.key

# Whole processes see another time with it; without it the test of a clock that jumps is skipped.
FAKETIME := ls /usr/lib/*/faketime >/dev/null 2>&1 || apt-get install -y -qq --no-install-recommends libfaketime \
  >/dev/null 2>&1 || echo "without libfaketime no clock jumps"

.PHONY: help setup web no-node web-lint run test lint types audit unit soak bench bench-quick lock clean

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

# The map editor is built with Node.js 20 or later; where there is none, everything else works without it.
NODE := $(shell node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null && echo yes)
WEB_SOURCES := $(shell find web/src web/public web/index.html web/*.json web/*.ts -type f 2>/dev/null)
API_SOURCES := $(shell find api boundaries households licensing -name '*.py' 2>/dev/null)

web: $(if $(NODE),web/dist/index.html,no-node) ## build the map editor

no-node:
	@echo "Node.js 20 or later is not here: the map editor is not built, everything else works."

web/node_modules/.installed: web/package.json web/package-lock.json
	@echo "installing what the map editor is built with …"
	@cd web && npm ci --silent && touch node_modules/.installed

web/openapi.json: .venv/.installed $(API_SOURCES)
	@$(BIN)/buurtwijzer openapi > $@.new && mv $@.new $@

web/src/api/schema.d.ts: web/openapi.json web/node_modules/.installed
	@cd web && npm run --silent client >/dev/null

web/dist/index.html: web/src/api/schema.d.ts web/node_modules/.installed $(WEB_SOURCES)
	@echo "building the map editor …"
	@cd web && npm run --silent types && npm run --silent build -- --logLevel warn

web-lint: web/src/api/schema.d.ts
	cd web && npm run --silent lint && npm run --silent openapi && npm run --silent types && npm run --silent test

run: setup web ## import the synthetic demo region and serve it on 127.0.0.1:8000
	@$(BIN)/buurtwijzer demo --import
	@$(BIN)/buurtwijzer pricebook publish --example
	@test -s $(DEMO_KEY) || (umask 077 && $(BIN)/python -c 'import secrets; print("demo:" + secrets.token_hex(32))' > $(DEMO_KEY))
	@BUURTWIJZER_HOUSEHOLDS_KEYS="$${BUURTWIJZER_HOUSEHOLDS_KEYS:-$$(cat $(DEMO_KEY))}" \
	  BUURTWIJZER_LOG_FORMAT=text BUURTWIJZER_LOG_LEVEL=warning $(BIN)/buurtwijzer serve --with-demo-key

test: lint types $(if $(NODE),web-lint web) unit ## everything that the gate checks: lint, types, rooms, tests on both stores

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/bandit -q -c pyproject.toml -r $(ROOMS)

types: setup
	$(BIN)/mypy

audit: ## look up known vulnerabilities of what is served (asks pypi.org)
	@$(PYTHON) -m venv build/audit
	@build/audit/bin/pip install --quiet --disable-pip-version-check pip-audit
	build/audit/bin/pip-audit --strict --disable-pip --require-hashes --requirement locks/runtime.txt

unit: setup
	@scripts/postgis install || [ $$? -eq 3 ]
	@scripts/chromium install || [ $$? -eq 3 ]
	@$(FAKETIME)
	$(BIN)/pytest --numprocesses 2 --dist worksteal

soak: setup ## ten minutes of load, 10,000 connections, and every test of faults and workers
	@scripts/postgis install || [ $$? -eq 3 ]
	@$(FAKETIME)
	BUURTWIJZER_SOAK=600 $(BIN)/pytest tests/api/operation tests/api/test_faults.py

bench: web .venv/.installed-bench ## run every benchmark in full: bars as ratios against peers
	@scripts/postgis install || [ $$? -eq 3 ]
	@scripts/wrk install || [ $$? -eq 3 ]
	@set -e; for bench in $(BENCHES); do echo "== $$bench"; $(BIN)/python $$bench; done

bench-quick: web .venv/.installed-bench ## the same bars on smaller inputs, under a minute each
	@scripts/postgis install || [ $$? -eq 3 ]
	@scripts/wrk install || [ $$? -eq 3 ]
	@set -e; for bench in $(BENCHES); do echo "== $$bench"; $(BIN)/python $$bench --quick; done

lock: ## resolve the dependencies anew (needs uv)
	scripts/lock

clean: ## remove .venv, caches and the data directory
	rm -rf .venv var web/node_modules web/dist web/openapi.json web/src/api/schema.d.ts bench/results .mypy_cache .ruff_cache .pytest_cache .hypothesis

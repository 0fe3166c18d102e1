# Two commands: `make run` starts Landfall, `make test` tests it. Both set up what they need.
SHELL := /bin/sh
.DEFAULT_GOAL := help
export PYTHON

BIN := .venv/bin
READY_TO_RUN := .venv/ready-to-run
READY_TO_TEST := .venv/ready-to-test
TESTS ?= tests
# Most tests wait for processes of their own, so more of them run than most machines have cores.
WORKERS ?= 4
SEEDS ?= 500
KILLS ?= 200
LOCK := CUSTOM_COMPILE_COMMAND='make lock' $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras \
	--no-emit-index-url --no-emit-find-links --build-deps-for=editable

.PHONY: help run test check lint format vectors simulate mutants nemesis docs lock setup clean

help:  ## List the targets
	@sed -n 's/^\([a-z]*\):.*##  *\(.*\)/\1|\2/p' $(MAKEFILE_LIST) \
		| awk -F'|' '{ printf "  make %-9s %s\n", $$1, $$2 }'

run: $(READY_TO_RUN)  ## Start everything on http://127.0.0.1:3000 (PORT, LOCALNET_PORT, LANDFALL_HOME move it)
	@exec $(BIN)/python scripts/foreground.py $(BIN)/landfall up

test: $(READY_TO_TEST)  ## Run all tests, or TESTS=path of some
	$(BIN)/pytest -n $(WORKERS) $(TESTS)

check: lint  ## Format, lint, types, import rules, core tests; under a minute
	$(BIN)/pytest tests/architecture tests/core

lint: $(READY_TO_TEST)  ## What check does without the tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY_TO_TEST)  ## Rewrite the sources the way `check` wants them
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

vectors: $(READY_TO_TEST)  ## Run the conformance suite over recorded swaps: make vectors DIR=path
	@$(BIN)/python -m tests.conformance $(if $(DIR),"$(DIR)")

simulate: $(READY_TO_TEST)  ## Histories in virtual time, judged: SEEDS=2000 of them, or SEED=n told line by line
	@$(BIN)/python -m tests.simulation $(if $(SEED),--seed $(SEED),--seeds $(SEEDS))

mutants: $(READY_TO_TEST)  ## Break the engine on purpose, rule by rule, and see the simulation notice
	@$(BIN)/python -m tests.simulation --mutants

nemesis: $(READY_TO_TEST)  ## Kill real processes, judge by ledger, SQL and journal: KILLS=200, SEED=n
	@$(BIN)/python -m tests.nemesis --kills $(KILLS) $(if $(SEED),--seed $(SEED))

docs: $(READY_TO_TEST)  ## Regenerate the pages and the client that follow from the code
	@$(BIN)/python scripts/generate_docs.py
	@$(BIN)/python scripts/generate_sync_client.py

lock: $(READY_TO_TEST)  ## Pin the dependencies again, with hashes; UPGRADE=--upgrade takes newer ones
	$(LOCK) $(UPGRADE) --output-file=requirements.lock pyproject.toml
	$(LOCK) $(UPGRADE) --extra=dev --extra=otel --constraint=requirements.lock \
		--output-file=requirements-dev.lock pyproject.toml

setup: $(READY_TO_TEST)  ## Only install, into .venv

clean:  ## Remove what was installed and cached; orders, chain and wallet in .landfall stay
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY_TO_RUN): requirements.lock pyproject.toml scripts/setup
	@scripts/setup requirements.lock
	@touch $@

$(READY_TO_TEST): requirements-dev.lock pyproject.toml scripts/setup scripts/browser scripts/newman \
		tests/postman/package-lock.json
	@scripts/setup requirements-dev.lock
	@scripts/browser >/dev/null || true
	@scripts/newman >/dev/null
	@touch $@ $(READY_TO_RUN)

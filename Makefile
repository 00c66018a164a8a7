# `make run` and `make test` are the two that matter; `make help` names the rest.
# Each needs only Python 3.11 to 3.13 and make, and sets up .venv by itself (tools/setup.sh).

BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help run test check quick format pictures lock clean setup-run setup-test

help: ## What can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

run: setup-run ## Run the whole product here with demonstration figures (ARGS= are passed on)
	@exec $(BIN)/disclosure demo $(ARGS)

test: setup-test ## Check the code and run every test (PostgreSQL and the browser are set up where possible)
	@tools/system-packages.sh
	@$(MAKE) --no-print-directory check
	@$(BIN)/python tools/with_postgres.py tools/test.sh

check: setup-test ## Lint, format, types, import contract, dependencies
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .

quick: setup-test ## Only the tests that start no server
	@$(BIN)/python tools/with_postgres.py $(BIN)/python -m pytest -q -m "unit or records" -n 2 $(ARGS)

format: setup-test ## Put the code into its format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

pictures: setup-test ## Make the README's pictures anew from a demonstration run (needs Chromium)
	@$(BIN)/python tools/pictures.py

lock: ## Resolve pyproject.toml anew into the locks (ARGS=--upgrade for newer versions)
	python3 tools/lock.py $(ARGS)

clean: ## Remove the virtual environment and caches; figures and records in var/ stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build *.egg-info

setup-run:
	@tools/setup.sh run

setup-test:
	@tools/setup.sh test

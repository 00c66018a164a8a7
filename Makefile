# `make run` and `make test` are the two that matter; `make help` names the rest.
# Each needs only Python 3.11 to 3.13 and make, and sets up .venv by itself (tools/setup.sh).

BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help run test test-full faults coverage check quick format docs schemas pictures lock clean extras setup-run setup-test

help: ## What can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

run: setup-run ## Run the whole product here with demonstration figures (ARGS= are passed on)
	@exec $(BIN)/disclosure demo $(ARGS)

test: setup-test ## Check the code and test all that a change can break (PostgreSQL and the browser set up where possible)
	@tools/system-packages.sh
	@$(MAKE) --no-print-directory check
	@$(BIN)/python tools/with_postgres.py tools/test.sh test

test-full: setup-test ## The same, and every kill point, long walks, whole years, both databases
	@tools/system-packages.sh
	@$(MAKE) --no-print-directory check
	@$(BIN)/python tools/with_postgres.py tools/test.sh full

faults: setup-test ## Do to real parts what docs/faults.md names, and print its tables with what was seen
	@$(BIN)/python tools/with_postgres.py $(BIN)/python -m tools.faults

extras: ## Install what connects to SFTP, S3, WebDAV and MySQL as well
	@tools/setup.sh extras

check: setup-test ## Lint, format, types, import contract, dependencies
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .

coverage: setup-test ## How much of the code the tests of rules and records run, and its floor
	@$(BIN)/python tools/with_postgres.py tools/test.sh coverage

quick: setup-test ## Only what needs no server and no database of its own, in under a minute
	@$(BIN)/python -m pytest -q --tier quick -n 2 $(ARGS)

format: setup-test ## Put the code into its format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: setup-test ## Make the generated pages anew: architecture, states, records, schemas
	@$(BIN)/python -m tools.docs

pictures: setup-test ## Make the README's pictures anew from a demonstration run (needs Chromium)
	@$(BIN)/python tools/pictures.py

schemas: setup-test ## Write the JSON Schemas of the YAML files anew from the models
	@$(BIN)/python -m tools.schemas

lock: ## Resolve pyproject.toml anew into the locks (ARGS=--upgrade for newer versions)
	python3 tools/lock.py $(ARGS)

clean: ## Remove the virtual environment and caches; figures and records in var/ stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build *.egg-info

setup-run:
	@tools/setup.sh run

setup-test:
	@tools/setup.sh test

# Socle: `make run` brings up a practice server, `make test` proves it; docs/how-to/develop.md says more.
.DEFAULT_GOAL := help
SHELL := /bin/sh
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
PREPARE := python3 tools/prepare_machine.py
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
INSTALL := $(PIP) install --only-binary :all: --require-hashes
FAST := not slow and not real
WORKERS ?= 2

.PHONY: help run test check lock assets translations bench clean machine test-machine

help:
	@echo "make run           start a practice server with a demonstration practice (SOCLE_HOME=DIR for another home than ./var)"
	@echo "make test          every test, on real parts; installs what it needs"
	@echo "make check         format, lint, types, import contracts, templates and the fast tests, in under a minute"
	@echo "make bench         measure against the floor application (docs/how-to/measure.md)"
	@echo "make lock          remake requirements/*.txt from pyproject.toml"
	@echo "make assets        build the browser's files from npm packages"
	@echo "make translations  compile the catalogues"
	@echo "make clean         remove what the other targets made (your data in var/ stays)"

run: machine $(VENV)/run.done assets translations
	@exec $(BIN)/socle up $(ARGS)

test: test-machine $(VENV)/test.done assets translations
	@$(BIN)/pytest -n $(WORKERS) --dist loadgroup $(ARGS)

check: machine $(VENV)/test.done translations
	@$(BIN)/ruff format --check --quiet . || { echo "make check: run '$(BIN)/ruff format .'" >&2; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/djlint --quiet --lint server
	@$(BIN)/pytest -q -n $(WORKERS) -m "$(FAST)" tests/unit tests/architecture

bench: test-machine $(VENV)/test.done assets translations
	@$(BIN)/python -m tests.benchmarks $(ARGS)

# What the machine lacks, through apt and, for a plain user, sudo.
machine:
	@$(PREPARE) run

test-machine:
	@$(PREPARE) test

$(VENV)/bin/python: | machine
	@echo "Making the virtual environment…"
	@"$$($(PREPARE) python)" -m venv $(VENV)

$(VENV)/run.done: requirements/run.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing the pinned Python packages…"
	@$(INSTALL) -r requirements/run.txt
	@$(PIP) install --no-index --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/test.done: requirements/test.txt $(VENV)/run.done | test-machine
	@echo "Installing the pinned test packages…"
	@PATH="$(abspath $(BIN)):$$PATH" $(INSTALL) --no-binary odfpy,pyscard --use-pep517 --no-build-isolation -r requirements/test.txt
	@touch $@

# By the machine's own Node.js where it is recent, else by the one from PyPI (requirements/assets.txt).
assets: $(VENV)/run.done
	@$(BIN)/python tools/build_assets.py

translations: $(VENV)/run.done
	@$(BIN)/python tools/compile_translations.py

LOCK := $(BIN)/uv --quiet pip compile pyproject.toml --universal --python-version 3.11 \
  --generate-hashes --no-header --no-annotate
lock: $(VENV)/test.done
	@$(LOCK) --group build --output-file requirements/run.txt $(UPGRADE)
	@$(LOCK) --extra station --group build --group check --group test --constraint requirements/run.txt --output-file requirements/test.txt $(UPGRADE)
	@$(BIN)/uv --quiet pip compile --group assets --universal --python-version 3.11 \
	  --generate-hashes --no-header --no-annotate --output-file requirements/assets.txt $(UPGRADE)

clean:
	rm -rf $(VENV) build dist node_modules server/socle/web/kit/static/vendor tests/output
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage
	find server -name '*.mo' -delete

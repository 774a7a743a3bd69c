# Milepost. `make` lists what can be done; only Python 3.11 to 3.15 and make are needed.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory --no-builtin-rules

# Commands start often, in tests above all: none compiles the modules again that another has compiled.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.milepost-ready

# What the lock has wheels for, the newest first; `make setup PYTHONS=python3.12` takes that one.
PYTHONS := python3.15 python3.14 python3.13 python3.12 python3.11 python3
SUPPORTED := -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 16))' 2>/dev/null

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' Makefile

setup: $(READY) ## install everything into .venv, exactly as locked (does nothing when it is up to date)

up: setup ## start Postgres, NATS and every service on one port
	@$(BIN)/milepost up

demo: setup ## watch a small school live through a term (DEMO_ONCE=1 ends after the figures)
	@$(BIN)/milepost demo

test-unit: setup ## the tests of rules alone, in seconds: no servers, no processes, no requests
	@$(BIN)/pytest -n 2 -m "not servers and not app and not slow" --hypothesis-profile=unit

test: setup ## the tests that every change must pass
	@$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder -m "not slow and not faults"

test-faults: setup ## installations that are killed, cut off and restored, in the middle of their work
	@$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder -m "faults and not slow"

test-all: setup ## all tests, with the slow ones and the faults
	@$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

attack: setup ## attack a Milepost that runs, and watch what others notice of it
	@$(BIN)/pytest tests/attack

check: setup ## format, lint, types, rooms: what CI runs before the tests
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check
	@$(BIN)/mypy
	@$(BIN)/pytest -q tests/house -m "not servers and not app and not slow"

fix: setup ## mend what the formatter and the linter can
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

clients: setup ## write the generated part of the Python client as the API is now
	@MILEPOST_WRITE_CLIENT=1 $(BIN)/pytest -q tests/published_clients/test_generated.py

docs: setup ## build the documentation into dist/docs; a warning is an error
	@$(BIN)/sphinx-build -q -E -W --keep-going -d dist/doctrees docs dist/docs
	@echo "open dist/docs/index.html"

screenshots: setup ## take the pictures of the pages anew (with Chromium)
	@$(BIN)/python -m tests.pages.screenshots

contract: setup ## write the documents that others rely on into contract/
	@$(BIN)/python -m milepost.operations.contract

bench: setup ## measure everything beside its yardsticks: one table with targets
	@$(BIN)/milepost bench all

vendor: setup ## take the scripts of others that pages load, as their manifest names them
	@$(BIN)/python libs/pages/vendor.py

lock: setup ## choose the newest versions that pyproject.toml allows
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
	  --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
	  --extra embedded --extra pdf --extra parquet --group dev --group docs --group pages --output-file requirements.lock pyproject.toml

clean: ## remove .venv and all caches (not the data)
	@rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# uv is taken from the lock by pip, the rest by uv; nothing is fetched that the lock does not name.
$(READY): requirements.lock pyproject.toml
	@$(BIN)/python $(SUPPORTED) || { \
	  for name in $(PYTHONS); do if "$$name" $(SUPPORTED); then exec "$$name" -m venv --clear $(VENV); fi; done; \
	  found=$$(for name in $(PYTHONS); do "$$name" -V 2>/dev/null || true; done | sort -u | paste -s -d, -); \
	  echo "Milepost needs Python 3.11 to 3.15 with its venv module; there is $${found:-no Python}." >&2; \
	  echo "Install one beside it, then run make again. Debian, Ubuntu: apt install python3 python3-venv;" >&2; \
	  echo "Fedora: dnf install python3.14; macOS: brew install python@3.14." >&2; \
	  exit 1; }
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > $(VENV)/uv.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $(VENV)/uv.lock
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $(READY)

.PHONY: help setup up demo test-unit test test-faults test-all attack check fix clients docs contract bench screenshots vendor lock clean

# One door for everything: make setup, make demo, make test, make bench.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SYSTEM := tesseract-ocr tesseract-ocr-ind poppler-utils
SYSTEM_TEST := postgresql
SAMPLES := samples/halong-2026-11
export OMP_NUM_THREADS ?= 1

.PHONY: setup system system-test demo test lint bench clean

setup: system $(VENV)/.done

$(VENV)/.done: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Sotarsa needs Python 3.11 or newer. Set PYTHON=/path/to/python3.11"; exit 3; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || sh .ci/need python3-venv
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

system:
	@sh .ci/need $(SYSTEM)

system-test: system
	@sh .ci/need $(SYSTEM_TEST)

demo: setup
	@$(BIN)/python -m pipeline.training.demo $(SAMPLES)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: setup system-test lint
	$(BIN)/pytest

bench: setup
	@$(BIN)/python -m pipeline.training.bench $(SAMPLES)

clean:
	rm -rf $(VENV) output/demo

# One door for everything: make setup, make demo, make test, make bench.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SYSTEM := tesseract-ocr tesseract-ocr-ind poppler-utils
SYSTEM_TEST := postgresql chromium sane-utils
SAMPLES := samples/halong-2026-11
export OMP_NUM_THREADS ?= 1

.PHONY: setup system system-test demo test lint bench lock clean

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

# A file at a time to each core, so that what a file sets up once is set up once.
test: setup system-test lint
	$(BIN)/pytest -n auto --dist loadfile

# make bench DATA=../shared/data compares the readers with Tesseract as well.
bench: setup
	@$(BIN)/python -m pipeline.training.bench $(SAMPLES) $(if $(DATA),--data $(DATA))

# rapidocr is wanted for its model alone, so none of what only it asks for is pinned.
lock: setup
	$(BIN)/pip install --quiet --disable-pip-version-check pip-tools
	$(BIN)/pip-compile --quiet --generate-hashes --extra dev --extra second --strip-extras --no-header \
	  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
	  $(foreach p,antlr4-python3-runtime certifi colorlog idna omegaconf opencv-python-headless pip pyclipper \
	  requests shapely six tqdm urllib3,--unsafe-package $(p)) --output-file requirements.lock pyproject.toml
	sed -i '/^# WARNING/,$$d' requirements.lock

clean:
	rm -rf $(VENV) output/demo

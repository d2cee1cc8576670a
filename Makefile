## Nashforge. Needs make and Python 3.11 or later; everything else is installed into $(VENV).
##
##   make run         set up, then search for a better CFR rule (nashforge run cfr)
##   make test        set up, then run all tests
##   make test-fast   set up, then run the unit and property tests: about a minute
##   make lint        ruff and mypy
##   make docs        build the documentation into build/site; any warning is an error
##   make pictures    the pictures of the dashboard in the documentation; needs Chromium: some minutes
##   make mutate      break single lines at the centre and see that tests notice: some minutes
##   make clean       remove what these made
##
## Choose the interpreter with PYTHON=..., the virtual environment's folder with VENV=..., and give options
## with ARGS=..., for example: make run ARGS="--max-evaluations 300 --seed 1"

VENV ?= .venv
PYTHON ?= python3 python3.14 python3.13 python3.12 python3.11 python
ARGS ?=
bin = $(VENV)/bin
python = $(bin)/python

# Versions and hashes are pinned by the lock files, which are complete: --no-deps leaves pip nothing to decide.
# Without it, pip looks for the newest release of a dependency that is asked for with an extra, and fails when
# that is not the locked one.
pip_install = $(python) -m pip install --disable-pip-version-check
install_package = $(pip_install) --quiet --no-deps --no-build-isolation --editable .

.PHONY: help run test test-fast mutate lint format docs pictures install install-dev install-gambit lock clean
.DEFAULT_GOAL := help

help:
	@sed -n 's/^## \{0,1\}//p' Makefile

run: install
	$(bin)/nashforge run cfr $(ARGS)

pytest = $(python) -m pytest --numprocesses logical --maxprocesses 8

test: install-dev
	$(pytest) $(ARGS)

test-fast: install-dev
	NASHFORGE_TEST_PROFILE=fast $(pytest) -m "not slow and not services and not attacks" $(ARGS)

mutate: install-dev
	$(python) tools/mutate.py $(ARGS)

lint: install-dev
	$(bin)/ruff check .
	$(bin)/ruff format --check .
	$(bin)/mypy

format: install-dev
	$(bin)/ruff check --fix .
	$(bin)/ruff format .

docs: $(VENV)/docs/installed
	NO_MKDOCS_2_WARNING=1 $(VENV)/docs/bin/mkdocs build --strict --quiet $(ARGS)
	@echo "The documentation is in build/site"

pictures: install-dev
	$(python) docs/images/screenshots.py $(ARGS)

install: $(VENV)/installed
install-dev: $(VENV)/installed-dev
install-gambit: $(VENV)/installed-gambit

# The stamps: what is installed is newer than what it was installed from.
$(VENV)/installed: $(VENV)/created requirements.lock pyproject.toml
	@echo "Installing Nashforge into $(VENV) (once; some minutes)"
	$(pip_install) --require-hashes --no-deps -r requirements.lock
	$(install_package)
	@touch $@

$(VENV)/installed-dev: $(VENV)/created requirements-dev.lock pyproject.toml
	@echo "Installing Nashforge and what its tests need into $(VENV) (once; some minutes)"
	$(pip_install) --require-hashes --no-deps -r requirements-dev.lock
	$(install_package)
	@touch $@ $(VENV)/installed

# Gambit comes as source: its build takes minutes and needs a C++ compiler, so the tests do without it unless asked.
$(VENV)/installed-gambit: $(VENV)/installed-dev requirements-gambit.lock
	$(pip_install) --require-hashes --no-deps -r requirements-gambit.lock
	@touch $@

# An environment of its own: pages are made from the sources alone, and tests need none of it.
$(VENV)/docs/installed: $(VENV)/created requirements-docs.lock
	$(python) -m venv $(VENV)/docs
	$(VENV)/docs/bin/python -m pip install --disable-pip-version-check --quiet --require-hashes --no-deps -r requirements-docs.lock
	@touch $@

$(VENV)/created:
	@for candidate in $(PYTHON); do \
	  if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "Creating $(VENV) with $$("$$candidate" --version)"; \
	    "$$candidate" -m venv "$(VENV)" && touch $@; \
	    exit $$?; \
	  fi; \
	done; \
	echo "Nashforge needs Python 3.11 or later, and none of these is: $(PYTHON)." >&2; \
	echo "Install one, or name it: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; \
	exit 1

lock:
	@command -v uv >/dev/null || { echo "make lock needs uv: python3 -m pip install uv" >&2; exit 1; }
	echo 'setuptools>=77' | $(uv_compile) --extra dashboard --extra models --extra service -o requirements.lock
	echo 'setuptools>=77' | $(uv_compile) --extra dev -o requirements-dev.lock
	echo pygambit | uv pip compile - --no-deps $(uv_options) -o requirements-gambit.lock
	printf '%s\n' 'mkdocs-material>=9.5' 'mkdocstrings[python]>=0.29' | uv pip compile - $(uv_options) -o requirements-docs.lock

# One lock for all systems and Python versions. Names of index hosts must not get into the files.
uv_options = --quiet --no-config --universal --python-version 3.11 --generate-hashes --no-annotate \
  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(ARGS)
uv_compile = uv pip compile pyproject.toml - $(uv_options)

clean:
	if [ -e "$(VENV)/created" ]; then rm -rf "$(VENV)"; fi
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.*' -prune -exec rm -rf {} +

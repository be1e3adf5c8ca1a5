# `make run` starts the server; `make test` runs every test and `make soak` the long ones; `make check` is
# what a change must pass; `make types` declares the messages of the API to the editor; `make parity` compares with
# diffusers.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test soak check types bench parity clean

run: $(VENV)/installed
	@$(BIN)/weft serve

# The tests of the editor's model run while pytest collects, which takes one core, and count like all others. Four
# processes at once, since many wait for a browser or another process, in the order of tests/conftest.py; what one
# has compiled later runs read.
test: $(VENV)/installed-dev
	@$(BIN)/deno test --quiet --frozen --no-check --parallel --reporter=dot --allow-read --allow-net=127.0.0.1 & editor=$$!; \
	OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -q --processes 4; tests=$$?; wait $$editor && exit $$tests

soak: $(VENV)/installed-dev
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -s -m soak

check: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy server nodes custom_nodes tests hatch_build.py
	$(BIN)/deno fmt --check --quiet
	$(BIN)/deno lint --quiet
	$(BIN)/deno check --quiet --frozen frontend tests/frontend

types: $(VENV)/installed-dev
	@$(BIN)/python -m weft.web.description.declarations frontend/types.d.ts

bench: $(VENV)/installed-dev
	@OMP_NUM_THREADS=1 PYTHONPATH=tests $(BIN)/python -m bench

parity: $(VENV)/installed-dev
	@OMP_NUM_THREADS=1 PYTHONPATH=tests $(BIN)/python -m parity docs/parity.md

clean:
	rm -rf $(VENV) output

# torch comes first and by version, so that no other package chooses a build for it.
$(VENV)/installed: pyproject.toml constraints.txt hatch_build.py deno.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing weft and what it needs into $(VENV) (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt torch
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

# Only tests compare with scipy. It lies beside what weft is installed with, where the programs that they start do
# not find it, as they do not on most machines: a library that finds it imports much of it, for a second.
$(VENV)/installed-dev: $(VENV)/installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --no-deps --upgrade --target $(VENV)/beside scipy
	@$(BIN)/deno install --quiet --frozen
	@touch $@

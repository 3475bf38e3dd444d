# Everything runs in .venv, which is made at the first call: Python 3.11+ and make are
# all that has to be there. `make help` lists the targets.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# Workers of a test run.
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo test slow check bench golden wheel cover lengths warm

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*  ## /  \1\t/p' Makefile | expand -t 12

$(VENV)/made:
	@$(PYTHON) -c 'import sys; sys.exit("mmrun needs Python 3.11 or newer; try: make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --upgrade "pip>=25.1"
	@touch $@

$(VENV)/installed: $(VENV)/made pyproject.toml constraints.txt
	$(PIP) install --quiet --constraint constraints.txt --editable .
	@touch $@

$(VENV)/developing: $(VENV)/installed
	$(PIP) install --quiet --constraint constraints.txt --editable . --group dev
	@touch $@

demo: $(VENV)/installed  ## run a strategy on the example market and print its report
	$(BIN)/mmrun run strategies/inventory_skew.yaml

# Compiled kernels are cached on disk; filled once, before several workers ask for them.
warm: $(VENV)/developing
	@$(BIN)/mmrun run strategies/inventory_skew.yaml -o build/warm >/dev/null

test: warm  ## the quick tests
	$(BIN)/pytest -m "not slow" -n $(JOBS)

# The language server of VS Code's YAML extension, as the lock file pins it.
EDITORS := build/editors/node_modules/.package-lock.json
$(EDITORS): tests/editors/package.json tests/editors/package-lock.json
	mkdir -p build/editors && cp $^ build/editors/
	npm ci --prefix build/editors --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

slow: warm $(EDITORS)  ## the tests that take minutes
	$(BIN)/pytest -m slow -n $(JOBS) || test $$? -eq 5 # 5: none is marked slow

check: $(VENV)/developing  ## format, lint, types, layers, dependencies
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .

golden: $(VENV)/developing  ## write golden files anew; look at the diff
	$(BIN)/pytest -n 0 -p no:randomly --update-golden
	git diff --stat

# These replay whole tapes, which takes kernels that run as Python too long.
WHOLE_TAPES := test_docs.py test_examples.py test_real_data.py test_strategies.py test_t1.py

# Kernels run as Python, or their lines would count as never run.
cover: $(VENV)/developing  ## line and branch coverage of the quick tests
	NUMBA_DISABLE_JIT=1 $(BIN)/coverage run -m pytest -m "not slow" -n 0 \
	  $(addprefix --ignore=tests/,$(WHOLE_TAPES))
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

wheel: $(VENV)/developing  ## build the wheel, install it elsewhere, run it there
	rm -rf build/wheel && mkdir -p build/wheel/there
	$(BIN)/python -m build --wheel --no-isolation --outdir build/wheel .
	$(PYTHON) -m venv build/wheel/venv
	build/wheel/venv/bin/python -m pip --disable-pip-version-check install --quiet \
	  --constraint constraints.txt build/wheel/*.whl
	cp strategies/inventory_skew.yaml build/wheel/there/
	cd build/wheel/there && ../venv/bin/mmrun check inventory_skew.yaml
	cd build/wheel/there && ../venv/bin/mmrun run inventory_skew.yaml

bench: $(VENV)/developing  ## time runs; figures with machine and versions
	$(BIN)/python benchmarks/bench.py

lengths: $(VENV)/made  ## how long files and functions are
	@$(BIN)/python benchmarks/lengths.py

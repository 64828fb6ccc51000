# `make report` and `make test` need python3 (3.11 or newer) and make; everything else is installed into .venv, once.
PYTHON ?= python3
BIN := .venv/bin

# Tests run in one process a core, so each keeps to one thread. A process that is done takes tests from the end of what others have left.
TEST_THREADS := OMP_NUM_THREADS=1

.PHONY: install report test clean

install: .venv/installed

report: .venv/installed
	$(BIN)/lemmafuzz report

test: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(TEST_THREADS) $(BIN)/pytest -n auto --maxprocesses 8 --dist worksteal

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

clean:
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

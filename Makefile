# make run       set everything up and open the studio      (PORT=8501 ADDRESS=localhost)
# make test      set everything up and run the tests        (make test-all: the slow ones too)
# make lint      check style
# make models    train every bundled run again
# make docs      write the reference pages, the results and the screenshots again
# make notebooks run the notebooks again
# make bench     print the figures of the README

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	&& echo $$p && break; done)
PORT ?= 8501
ADDRESS ?= localhost
BIN := .venv/bin

.PHONY: run test test-all lint models docs notebooks bench chromium clean

run: .venv/installed
	$(BIN)/streamlit run app.py --server.port $(PORT) --server.address $(ADDRESS)

# Tests start hundreds of processes: compiled once, each begins sooner.
unexport PYTHONDONTWRITEBYTECODE

# A file at a time to each of two workers. Those that drive a browser, or kill processes and wait for
# them, have processes of their own: a browser's leave an event loop behind.
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile
DRIVING := tests/browser $(addprefix tests/core/jobs/test_,dispatcher.py training_jobs.py limits.py)
OTHERS := tests $(DRIVING:%=--ignore=%)

test: .venv/installed-dev chromium
	$(PYTEST) -m "not slow" $(OTHERS); others=$$?; $(PYTEST) -m "not slow" $(DRIVING) && exit $$others

test-all: .venv/installed-dev chromium
	$(PYTEST) $(OTHERS); others=$$?; $(PYTEST) $(DRIVING) && exit $$others

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

models: .venv/installed
	$(BIN)/python -m core.training.bundled

docs: .venv/installed-dev chromium
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/screenshots.py

notebooks: .venv/installed-dev
	$(BIN)/python notebooks/execute.py

bench: .venv/installed-dev chromium
	$(BIN)/python -m benchmarks

.venv/installed: requirements.txt constraints.txt
	@test -n "$(PYTHON)" || { echo "error: Python 3.11, 3.12 or 3.13 is needed and none was found."; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements.txt
	touch $@

.venv/installed-dev: .venv/installed requirements-dev.txt
	$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements-dev.txt
	touch $@

chromium:
	@sh tests/browser/find_chromium.sh

clean:
	rm -rf .venv .pytest_cache .ruff_cache

# Two commands need nothing else: `make demo` shows the main job on a fresh host, `make test` proves it.
PYTHON := .venv/bin/python

.PHONY: help setup demo demo-down docs check test test-all bench clean

help:
	@echo "make demo       a fresh Debian host serves the demo stack over TLS (root or sudo; reuses what is built)"
	@echo "make demo-down  remove everything the lab made"
	@echo "make docs       make generated pages and schemas anew; make check holds them fresh"
	@echo "make check      lint, unit, golden and architecture tests: seconds, no containers"
	@echo "make test       every layer of tests, on lab hosts"
	@echo "make test-all   also the whole sweeps and a real VM"
	@echo "make bench      what it costs beside what one would do without it, as ratios (needs the demo)"

setup:
	@scripts/setup

demo: setup
	@$(PYTHON) scripts/demo

demo-down: setup
	@$(PYTHON) scripts/lab down

docs: setup
	@$(PYTHON) -m slipway.reference --write
	@$(PYTHON) -m tests.unit.load.page --write

check: setup
	@$(PYTHON) tests/run.py check

test: setup
	@$(PYTHON) tests/run.py test

test-all: setup
	@$(PYTHON) tests/run.py test-all

bench: setup
	@$(PYTHON) -m tests.bench
	@$(PYTHON) -m tests.bench.load

clean:
	rm -rf build .venv .mypy_cache .ruff_cache

# Two commands need nothing else: `make demo` shows the main job on a fresh host, `make test` proves it.
PYTHON := .venv/bin/python

.PHONY: help setup demo demo-down check test test-all clean

help:
	@echo "make demo       a fresh Debian host serves the demo stack over TLS (root or sudo; reuses what is built)"
	@echo "make demo-down  remove everything the lab made"
	@echo "make check      lint, unit, golden and architecture tests: seconds, no containers"
	@echo "make test       every layer of tests, on lab hosts"
	@echo "make test-all   also the whole sweeps and a real VM"

setup:
	@scripts/setup

demo: setup
	@$(PYTHON) scripts/demo

demo-down: setup
	@$(PYTHON) scripts/lab down

check: setup
	@$(PYTHON) tests/run.py check

test: setup
	@$(PYTHON) tests/run.py test

test-all: setup
	@$(PYTHON) tests/run.py test-all

clean:
	rm -rf build .venv .mypy_cache .ruff_cache

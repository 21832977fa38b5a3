# The default runtime is tf115 (the faithful one) where a Python 3.7 is found, else tf2.
RUNTIME ?= $(shell scripts/find_python.sh tf115 >/dev/null 2>&1 && echo tf115 || echo tf2)
DEVICE ?= cpu
HOROVOD ?= 0
PYTHON = .venv/$(RUNTIME)/bin/python
SOURCES = train.py infer.py setup.py dctnet data_tools tests
CORE = tests/models tests/engine tests/nets tests/ops tests/training/test_train.py
PYTEST = $(PYTHON) -m pytest -q --numprocesses 2 --dist loadfile

.PHONY: help setup demo recipe-smoke reproduce-smoke test test-long test-core lint audit bench
.DEFAULT_GOAL := setup

help:  ## this list
	@echo 'make TARGET [RUNTIME=tf115|tf2|tfnew] [DEVICE=cpu|gpu] [HOROVOD=1]; here RUNTIME=$(RUNTIME) if none is given'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-15s %s\n", $$1, $$2}' Makefile

setup:  ## make .venv/RUNTIME, a few minutes the first time (the default target)
	@scripts/setup.sh $(RUNTIME) $(DEVICE)
	@if [ $(HOROVOD) = 1 ]; then scripts/horovod.sh $(RUNTIME) $(DEVICE); fi

demo: setup  ## train a small style and translate a portrait with it
	@$(PYTHON) -m data_tools.demo --out runs/demo

recipe-smoke: setup  ## every stage of the recipe on tiny material
	@$(PYTHON) -m data_tools.recipe_smoke --out runs/recipe-smoke

reproduce-smoke: setup  ## the paper's experiments, every row, on tiny material
	@$(PYTHON) -m data_tools.reproduce_smoke --out runs/reproduce-smoke

test: setup  ## all tests but the long ones
	@$(PYTEST) tests -m "not long"

test-long: setup  ## trainings that are killed and resumed, several processes, the recipes of the README
	@$(PYTEST) tests -m long

test-core: setup  ## networks, losses and training alone, for the newest TensorFlow (RUNTIME=tfnew)
	@$(PYTEST) $(CORE) -m "not long"

lint: setup  ## flake8, isort, mypy, shellcheck
	@$(PYTHON) -m flake8 $(SOURCES)
	@$(PYTHON) -m isort --check-only --diff $(SOURCES)
	@$(PYTHON) -m mypy
	@$(dir $(PYTHON))shellcheck scripts/*.sh configs/cluster/*.sbatch configs/cluster/*.sh .ci/run

audit: setup  ## the pinned packages against the kept list of known security holes, offline
	@$(PYTHON) -m tests.audit

bench: setup  ## time training and translation, DEVICE=gpu on a card; writes runs/bench-RUNTIME-DEVICE.json
	@$(PYTHON) -m tests.bench --device $(DEVICE) --out runs/bench-$(RUNTIME)-$(DEVICE).json

# make setup | demo | recipe-smoke | test | test-long | lint | bench   [RUNTIME=tf115|tf2] [DEVICE=cpu|gpu] [HOROVOD=1]
# The default runtime is tf115 (the faithful one) where a Python 3.7 is found, else tf2.
RUNTIME ?= $(shell requirements/find_python.sh tf115 >/dev/null 2>&1 && echo tf115 || echo tf2)
DEVICE ?= cpu
HOROVOD ?= 0
PYTHON = .venv/$(RUNTIME)/bin/python
SOURCES = train.py infer.py dctnet data_tools tests

.PHONY: setup demo recipe-smoke test test-long lint bench
.DEFAULT_GOAL := setup

setup:
	@requirements/setup.sh $(RUNTIME) $(DEVICE)
	@if [ $(HOROVOD) = 1 ]; then requirements/horovod.sh $(RUNTIME) $(DEVICE); fi

demo: setup
	@$(PYTHON) -m data_tools.demo --out runs/demo

recipe-smoke: setup
	@$(PYTHON) -m data_tools.recipe_smoke --out runs/recipe-smoke

test: setup
	@$(PYTHON) -m pytest tests -q --numprocesses 2 --dist loadfile -m "not long"

# Trainings that are killed and resumed, several processes, the README's recipes, and whatever else takes long.
test-long: setup
	@$(PYTHON) -m pytest tests -q --numprocesses 2 --dist loadfile -m long

lint: setup
	@$(PYTHON) -m flake8 $(SOURCES)
	@$(PYTHON) -m isort --check-only --diff $(SOURCES)
	@$(dir $(PYTHON))shellcheck requirements/*.sh configs/cluster/*.sbatch configs/cluster/*.sh .ci/run

bench: setup
	@$(PYTHON) -m tests.bench --out runs/bench-$(RUNTIME).json

# Everything here needs only Python >= 3.11, git and a network with the package index.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
VLLM_VENV := .venv-vllm
VLLM_STAMP := $(VLLM_VENV)/.ready

.PHONY: setup demo test lint check bench test-vllm
setup: $(STAMP)

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

demo: $(STAMP)
	$(BIN)/seedbed demo

# One thread for each process of torch: two processes on two cores are quicker than two threads each.
test: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

# The real vLLM engine on a processor, in an environment of its own (4 GB, minutes the first time).
test-vllm: $(VLLM_STAMP)
	$(VLLM_VENV)/bin/python -m pytest tests/vllm_cpu

$(VLLM_STAMP): pyproject.toml tests/vllm_cpu/requirements.txt tests/vllm_cpu/set_up.py
	$(PYTHON) tests/vllm_cpu/set_up.py $(VLLM_VENV)
	touch $@

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test

# One question a file; the head of each says what it measures and takes. CORPUS=DIR adds the agreement with another checker on
# real leaves; SDG_HUB=PYTHON, TRL=PYTHON and VLLM=PYTHON name interpreters with these peers, to be measured beside them.
bench: $(STAMP)
	$(BIN)/python benchmarks/check.py
	$(BIN)/python benchmarks/generate.py $(if $(SDG_HUB),--peer-python $(SDG_HUB)) $(if $(VLLM),--vllm-python $(VLLM))
	$(BIN)/python benchmarks/scale.py --leaves 5000
	$(BIN)/python benchmarks/plan_scale.py
	$(BIN)/python benchmarks/train.py $(if $(TRL),--peer-python $(TRL))
	$(BIN)/python benchmarks/replay.py
	$(BIN)/python benchmarks/export.py --leaves 2000
	$(BIN)/python benchmarks/site.py
	$(BIN)/python benchmarks/event.py
	$(if $(CORPUS),$(BIN)/python benchmarks/corpus_agreement.py $(CORPUS))

# Two commands do all the set-up: `make ask Q="…"` and `make test`. Installs do nothing when nothing changed.
.DEFAULT_GOAL := help
.PHONY: help ask setup setup-all serve check test evaluate torture bench format docs clean

# The question reaches the program through the environment, byte for byte: $(value Q) is never expanded by make,
# and Q itself is not exported, which would expand it.
export GENESIS_Q := $(value Q)
unexport Q
ifneq ($(value PROFILE),)
export GENESIS_PROFILE := $(value PROFILE)
endif
ifneq ($(value LLM),)
export GENESIS_LLM := $(value LLM)
endif
# pytest keeps the tests that it has rewritten, which takes it seconds, only where Python may keep anything.
unexport PYTHONDONTWRITEBYTECODE
# Data for tests and benchmarks that lies beside a checkout of the developers; tests that need it skip without it.
ifneq ($(wildcard ../shared/data),)
export GENESIS_SHARED ?= $(abspath ../shared)
endif

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt
INPUTS := pyproject.toml constraints.txt

# Only the library of llama.cpp is compiled: no tools, examples, servers or multimodal parts.
LLAMA_CMAKE := -DLLAVA_BUILD=OFF -DMTMD_BUILD=OFF -DLLAMA_BUILD_TOOLS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_SERVER=OFF -DLLAMA_CURL=OFF

help:
	@echo 'make ask Q="…"   answer a question (installs what it needs and builds the index the first time)'
	@echo '                 LLM=MODEL.gguf lets a local language model write the answer'
	@echo '                 PROFILE=laptop|gpu|server installs what that profile needs and fetches its models'
	@echo 'make serve       the page and the API on http://127.0.0.1:8000'
	@echo 'make test        install everything and run every test'
	@echo 'make check       the fast part: lint, types, unit tests (under a minute)'
	@echo 'make evaluate    the figures on the fixed questions as build/evaluation.html; fails when one fell'
	@echo 'make torture     the full fault campaign        make bench   every figure of the README'
	@echo 'make setup       install the default profile    make setup-all   install everything'
	@echo 'make format      format the code                make docs    regenerate docs/cli.md and docs/openapi.json'

$(BIN)/python:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'genesis-rag needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3.11 …' >&2; exit 1; }
	@"$(PYTHON)" -m venv $(VENV) || { echo 'The venv module is missing; on Debian or Ubuntu: apt-get install python3-venv' >&2; exit 1; }

$(VENV)/.setup: $(INPUTS) | $(BIN)/python
	@echo 'Installing the default profile (once) …' >&2
	@$(PIP) --editable .
	@touch $@

# What the chosen profile needs beside the default installation, and its models, if it has any to fetch.
CHOSEN := $(firstword $(filter laptop gpu server,$(value PROFILE)))
NEEDED := $(VENV)/.setup$(if $(value LLM),-llama,$(subst -laptop,-llama,$(addprefix -,$(CHOSEN))))
FETCH := $(if $(filter laptop gpu,$(CHOSEN)),$(BIN)/genesis-rag models pull $(CHOSEN) && )

$(VENV)/.setup-llama: $(INPUTS) | $(BIN)/python
	@echo 'Installing llama.cpp (once; it is compiled here) …' >&2
	@CMAKE_ARGS="$(LLAMA_CMAKE)" $(PIP) --editable '.[llama]'
	@touch $@ $(VENV)/.setup

$(VENV)/.setup-gpu: $(INPUTS) | $(BIN)/python
	@echo 'Installing torch and llama.cpp (once; llama.cpp is compiled here; for a GPU set CMAKE_ARGS=-DGGML_CUDA=on) …' >&2
	@CMAKE_ARGS="$(LLAMA_CMAKE) $$CMAKE_ARGS" $(PIP) --editable '.[torch,llama]'
	@touch $@ $(VENV)/.setup $(VENV)/.setup-llama

$(VENV)/.setup-server: $(INPUTS) | $(BIN)/python
	@echo 'Installing the client of model servers (once) …' >&2
	@$(PIP) --editable '.[openai]'
	@touch $@ $(VENV)/.setup

$(VENV)/.setup-all: $(INPUTS) | $(BIN)/python
	@echo 'Installing everything (once; compiling llama.cpp takes most of it) …' >&2
	@CMAKE_ARGS="$(LLAMA_CMAKE)" $(PIP) --editable '.[all]'
	@touch $@ $(VENV)/.setup $(VENV)/.setup-llama

setup: $(VENV)/.setup
setup-all: $(VENV)/.setup-all

ask: $(NEEDED)
	@$(FETCH)$(BIN)/ask

serve: $(NEEDED)
	@$(FETCH)$(BIN)/genesis-rag serve

check: $(VENV)/.setup-all
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest --hypothesis-profile fast -m 'not slow and not torch and not llama and not browser and not gpu and not peer'

test: $(VENV)/.setup-all
	@.ci/system-packages
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest

# Measured on a fresh index of the built-in documents. A new baseline: the same command with --save-baseline $(BASELINE).
QA ?= corpus/qa/genesis_qa.jsonl
SPLIT ?= test
BASELINE ?= benchmarks/results/evaluation-baseline.json
evaluate: $(VENV)/.setup
	@$(BIN)/genesis-rag evaluate $(QA) --split $(SPLIT) --documents corpus/documents \
	  --out build/evaluation.json --html build/evaluation.html $(addprefix --baseline ,$(wildcard $(BASELINE)))

# TORTURE="faults --seconds 60": one part, for a minute. It goes on where it was stopped.
torture: $(VENV)/.setup-all
	@$(BIN)/python -m benchmarks.torture $(TORTURE)

bench: $(VENV)/.setup-all
	@$(BIN)/python -m benchmarks

format: $(VENV)/.setup-all
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs: $(VENV)/.setup-all
	@$(BIN)/python docs/generate.py
	@$(BIN)/python docs/figures.py
	@$(BIN)/python docs/openapi.py

clean:
	@rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache

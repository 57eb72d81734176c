# Each target does its own set-up; a second run with no change starts at once.
PYTHON ?= python3.11
BIN := .venv/bin
JOBS ?= 2

.PHONY: help up demo test gpu-test check bench setup setup-dev lock clean

help:  ## say what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

up: setup  ## train, apply stack `local`, send it real input, print the accuracy and the URLs
	@$(BIN)/python -m stacks.digits.train
	@$(BIN)/pulumi up --stack local --yes
	@$(BIN)/seldon-infra verify --stack local

demo:  ## `make up` with fraud beside the digits: A/B test, explainer, drift detector, payload log; a day in two minutes
	@$(PYTHON) -m toolchain.setup demo
	@$(BIN)/python -m stacks.digits.train
	@$(BIN)/python -m stacks.fraud.train
	@$(BIN)/pulumi up --stack local --config demo=full --yes
	@$(BIN)/python -m stacks.fraud.day $(ARGS)

test: setup-dev  ## run every test, against the real engine, Envoy and model servers (JOBS=1 for one after the other)
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: setup-dev  ## the fast checks, to run before each commit
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m pytest -q -n $(JOBS) --dist loadfile -m unit tests/unit

gpu-test: setup-dev  ## run the checks of Triton on this machine's NVIDIA GPU; without one they are skipped, and say so
	@$(BIN)/python -m pytest -m gpu tests/gpu $(ARGS)

bench: setup-dev  ## print the figures as a table
	@$(BIN)/python -m bench

setup:  ## only set up: environment, Pulumi CLI, model servers
	@$(PYTHON) -m toolchain.setup run

setup-dev:
	@$(PYTHON) -m toolchain.setup test

lock:  ## renew the lock files, model servers' too (ARGS=--upgrade, ARGS=triton for one)
	@$(PYTHON) -m toolchain.setup lock
	@$(BIN)/python -m toolchain.lock $(ARGS)

clean:  ## remove what set-up made here (not the shared cache, not .seldon)
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis

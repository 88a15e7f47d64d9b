# Every target sets up what it needs itself; there is nothing to install or activate first.
# ARGS is handed on: make test ARGS="-k warden -x"
SHELL := /bin/bash
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help demo env test models test-models hosts test-hosts loop check format bench soak languages image wheel lock clean
export PYTHON

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## set everything up and verify some samples
	@scripts/demo.sh $(ARGS)

env: ## make .venv or bring it up to date
	@scripts/env.sh

test: ## the test suite
	@scripts/test.sh $(ARGS)

models: ## make .venv-models: torch, transformers and vLLM for the CPU
	@scripts/models.sh $(ARGS)

test-models: ## the tests that run real language models, in .venv-models
	@scripts/test-models.sh $(ARGS)

hosts: ## make .venv-hosts: the hosts of our integrations, as E2B's SDK and inspect_ai
	@scripts/hosts.sh $(ARGS)

test-hosts: ## the tests that run the hosts' own clients and scripts, in .venv-hosts
	@scripts/test-hosts.sh $(ARGS)

loop: ## the whole self-alignment loop on a tiny model, on the CPU
	@scripts/loop.sh $(ARGS)

check: ## lint, formatting and types
	@scripts/check.sh

format: env ## repair formatting and what the linter can repair
	@.venv/bin/ruff check --fix-only . && .venv/bin/ruff format .

bench: env ## the benchmarks
	@.venv/bin/python -m benchmarks $(ARGS)

soak: env ## thousands of samples while engine and sandboxes are killed and the disk is full
	@.venv/bin/python -m benchmarks.soak $(ARGS)

languages: env ## build and test the images of languages: ARGS="cpp java", or all of them
	@scripts/languages.sh $(ARGS)

image: env ## the service image, veristone:dev
	@scripts/service-image.sh $(ARGS)

wheel: ## the wheel, tried in an empty environment
	@scripts/wheel.sh $(ARGS)

lock: ## regenerate requirements*.lock
	@scripts/lock.sh $(ARGS)

clean: ## remove everything that make made, the environment included
	@rm -rf .venv .venv-models .venv-hosts .demo .loop dist build .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

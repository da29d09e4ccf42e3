# `make` alone lists what there is. CONTRIBUTING.md says more.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help packages build image demo test cluster bench chaos soak format manifests clean

JOBS ?= $(shell nproc)
REVISION := $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)

help: ## this list
	@grep --no-filename --extended-regexp '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

packages: ## install the Debian packages and Go tools that building and testing need (root)
	@scripts/install-packages

build: packages ## build/icr-pull-secrets
	@cmake --preset dev -DICRPS_REVISION=$(REVISION) >/dev/null
	@cmake --build build --parallel $(JOBS) --target icr-pull-secrets

image: packages ## build/image.tar: the container image, without Docker
	@image/build

demo: packages image ## the main job on a real local cluster; CI=1 ends by itself
	@tests/sandbox/install-tools >/dev/null
	@tests/e2e/demo.sh

test: packages ## every test; LABEL=unit runs one label
	@scripts/test

cluster: packages ## a shell in a fresh cluster with a node
	@tests/sandbox/shell

bench: packages ## the benchmark; N=1000 namespaces
	@tests/bench/run

chaos: packages ## everything goes wrong in random order; TIME=120 seconds, SEED=number
	@tests/chaos/run chaos

soak: packages ## does anything grow? TIME=600 seconds
	@tests/chaos/run soak

format: ## clang-format over all C++ sources
	@git ls-files '*.cpp' '*.hpp' | xargs clang-format-19 -i

manifests: ## manifests/install.yaml from the chart
	@manifests/render

clean: ## what a build made here; caches outside stay
	@rm -rf build build-asan build-image

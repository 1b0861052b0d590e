# `make` lists what there is. Everything runs on a bare machine with Go alone:
# `make deps` adds the PostgreSQL and Redis programs and, on Linux, the C compiler of
# the race detector, `make browser` the Chromium that the tests of the pages use;
# nothing has to be running.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
COMMIT ?= $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)

# The race detector holds up the end of each process for a second, and tests start many.
export GORACE ?= atexit_sleep_ms=10

# Tests share one private PostgreSQL: two packages at a time, without waiting for the disk.
WITH_SERVERS := go run ./cmd/disburse services --fast --max-connections 400 --
PKG ?= ./...
FUZZTIME ?= 10s
FAULT_SECONDS ?= 30
LINT := go tool -modfile=.ci/tools/go.mod golangci-lint

.PHONY: help
help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: deps
deps: ## Install PostgreSQL, Redis and a C compiler if they are missing; starts nothing.
	@.ci/deps

.PHONY: browser
browser: ## Install all that, and Chromium, which the tests of the web pages need.
	@.ci/deps browser

.PHONY: dev
dev: deps ## Run everything on this machine, with demo data (kept in .dev).
	@go build -o bin/disburse ./cmd/disburse
	@exec bin/disburse dev --data .dev

.PHONY: test
test: browser ## Run the tests with the race detector (PKG=./ledger/... for some of them).
	$(WITH_SERVERS) go test -race -p 2 -timeout 30m $(PKG)

.PHONY: screenshots
screenshots: browser ## Take a picture of every web page into .screenshots: wide and narrow, light and dark.
	@rm -rf .screenshots
	$(WITH_SERVERS) go test -count=1 -timeout 20m -run '^TestEveryPage$$' ./gateway/console/browser -screenshots $(CURDIR)/.screenshots

.PHONY: fuzz
fuzz: deps ## Fuzz every parser for a short while (FUZZTIME=10s each).
	$(WITH_SERVERS) .ci/fuzz $(FUZZTIME)

.PHONY: faults
faults: deps ## Kill, stop and wipe each part under load; nothing may be lost (FAULT_SECONDS=30 each).
	DISBURSE_FAULT_SECONDS=$(FAULT_SECONDS) go test -race -count=1 -timeout 30m -v -run '^TestFaults$$' ./cmd/disburse

.PHONY: bench
bench: deps ## Measure throughput and latency side by side; about 15 minutes.
	go run ./cmd/bench --all

.PHONY: lint
lint: ## Check the code's style; the first run builds the linter.
	$(LINT) run $(PKG)

.PHONY: openapi
openapi: ## Check the API reference: specification, examples, routes, style.
	go test -count=1 -run '^TestDocument' ./gateway/httpapi

.PHONY: fmt
fmt: ## Format the code.
	$(LINT) fmt

.PHONY: schema
schema: deps ## Write migrations/schema.sql from the migrations.
	$(WITH_SERVERS) go test -count=1 -run TestSchema ./migrations -update

.PHONY: build
build: ## Build bin/disburse.
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/disburse ./cmd/disburse

# Every target is one command that can be typed by hand as well. `make help` lists them.
VERSION ?= 0.2.0
# docker, podman or buildah
CONTAINER ?= docker
FUZZTIME ?= 1m
BASE ?= HEAD
BENCH ?= -short
BINARY := bin/destination-webhook

.PHONY: help setup build test race coverage fmt lint ci acceptance clients demo bench benchstat fuzz sbom image clean

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

build: ## the static binary, in bin/
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o $(BINARY) .

setup: ## what some tests need: an S3 server, a browser, libraries of Python and Node, the tools (Debian packages if root)
	-.ci/companions
	go build -o /dev/null -modfile=tools/go.mod tool

test: ## all tests; what is not installed is skipped
	go test ./...

race: ## all tests with the race detector
	go test -race ./...

coverage: ## how much of the code the tests run
	go test -coverprofile=coverage.out ./...
	go tool cover -func=coverage.out | tail -n 1

fmt: ## format the Go code
	gofmt -w .

lint: ## formatting, vet and golangci-lint
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'run make fmt'; exit 1; }
	go vet ./...
	go tool -modfile=tools/go.mod golangci-lint run

ci: ## everything that a change must pass
	bash .ci/run

acceptance: build ## the promises of the README against the built binary
	ACCEPTANCE_COMMAND="$(CURDIR)/$(BINARY)" go test -count=1 ./acceptance_tests

clients: build ## PyAirbyte, the platform's wrapper and the examples against the built binary (installs 1 GB of packages)
	interop/install
	examples/install
	ACCEPTANCE_COMMAND="$(CURDIR)/$(BINARY)" go test -count=1 ./interop ./examples

demo: ## a sync of a sample into a local receiver
	go run . demo

bench: ## the benchmarks of every package, then the program end to end (BENCH= for all of it, see docs/performance.md)
	go test -run '^$$' -bench . -benchmem ./...
	go run ./bench $(BENCH)

benchstat: ## compare the Go benchmarks of revision BASE (HEAD) with those of the work tree
	.ci/benchstat $(BASE)

fuzz: ## every fuzz target for FUZZTIME (1m) each
	.ci/fuzz $(FUZZTIME)

sbom: ## bill of materials of the binary in CycloneDX form, in sbom.json
	.ci/sbom sbom.json

image: ## the container image for this machine's platform
	$(CONTAINER) build --build-arg VERSION=$(VERSION) -t airbyte/destination-webhook:$(VERSION) .

clean: ## remove what the targets above made
	rm -rf bin coverage.out sbom.json

# Parley: `make run` starts the demo, `make test` runs every test. Both install what is missing.
BUILD := swift build --explicit-target-dependency-import-check error
# With the runtime inside the program, calls into it take no detour: a seventh of the processor time of a request.
RELEASE := $(BUILD) -c release --static-swift-stdlib
PORT ?= 8080
DATA ?= ./demo-data

.PHONY: run build test conformance bench fuzz check format clean

## Builds a release and starts the demo on http://127.0.0.1:$(PORT)/
run:
	@scripts/setup run
	$(RELEASE) --product parley
	.build/release/parley demo --port $(PORT) --data $(DATA) $(if $(KEY),--key $(KEY))

## Builds a release: .build/release/parley
build:
	@scripts/setup run
	$(RELEASE) --product parley

## Every test, on SQLite and PostgreSQL, with other people's SMPP clients, and with SIGKILL under load
test:
	@scripts/setup test
	@scripts/test

## The running server against every OpenAPI document, with 200 examples for each operation
conformance:
	@scripts/setup test
	swift build --product parley
	.venv/bin/python Tests/EndToEnd/openapi.py --parley .build/debug/parley

## The measurements of docs/performance.md, side by side; QUICK=1 in a few minutes, FULL=1 with ten million messages
bench:
	@scripts/setup run
	@scripts/bench $(if $(QUICK),--quick) $(if $(FULL),--full)

## Coverage-guided fuzzing, SECONDS for each target
fuzz: SECONDS ?= 600
fuzz:
	@scripts/setup run
	@scripts/fuzz --seconds $(SECONDS)

## Formatting, and that no layer imports what it must not
check:
	swift format lint --strict --recursive --configuration .swift-format Sources Tests Benchmarks Fuzz/Sources Package.swift
	scripts/check-imports

format:
	swift format --in-place --recursive --configuration .swift-format Sources Tests Benchmarks Fuzz/Sources Package.swift

clean:
	rm -rf .build .venv

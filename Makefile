# `make help` lists what there is.
SHELL := /bin/bash
PREFIX ?= /usr/local
SWIFT_BUILD := swift build
PROGRAMS := baictl bai-bff bai-fetcher bai-executor bai-watcher bai-metrics-pusher bai-analyzer bai-agent bai-courier
RELEASE := .build/release
SOURCES := Sources Tests Benchmarks Package.swift

.DEFAULT_GOAL := help
.PHONY: help setup build release hello test lint format bench bench-detection chaos sanitize fuzz install dist clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | awk -F'\t' '{printf "%-16s %s\n", $$1, $$2}'

setup: ## install what is missing of infra/setup/apt-packages.txt
	@infra/setup/check-toolchain.sh
	@infra/setup/install-packages.sh

build: setup ## build everything for development
	@$(SWIFT_BUILD) --build-tests

release: setup ## build the programs for use
	@echo "Building release binaries (some minutes the first time, seconds afterwards)" >&2
	@$(SWIFT_BUILD) -c release

hello: release ## from nothing to a first benchmark that ran
	@infra/setup/hello.sh $(RELEASE)

test: setup ## install, build and run every test
	@infra/setup/run-tests.sh

lint: ## check the format of all sources
	@swift format lint --strict --parallel --recursive $(SOURCES)

format: ## rewrite all sources in the house's format
	@swift format --in-place --parallel --recursive $(SOURCES)

bench: release ## measure, beside the machine's own limits (ONLY=log: only what begins so)
	@$(RELEASE)/Benchmarks $(ONLY)

bench-detection: release ## find the changes of drawn histories beside other detectors: SEEDS="1234 5678"
	@python=$$(infra/setup/python-packages.sh bench) && $$python Benchmarks/Detection/compare.py $(RELEASE)/baictl $(SEEDS)

chaos: build ## inject seeded faults into a throw-away stack: SEED=n ROUNDS=n RUNS=n FAULTS=kill,pause
	@.build/debug/bai-chaos $(if $(SEED),--seed=$(SEED)) $(if $(ROUNDS),--rounds=$(ROUNDS)) $(if $(RUNS),--runs=$(RUNS)) \
		$(if $(MOST),--most=$(MOST)) $(if $(FAULTS),--faults=$(FAULTS)) $(if $(PATIENCE),--patience=$(PATIENCE))

sanitize: setup ## run the unit tests under the thread and the address sanitizer: SANITIZER=thread|address TESTS="JSONTests ..."
	@infra/setup/sanitize.sh $(SANITIZER) $(TESTS)

FUZZ_TARGETS := toml descriptor json request query emission pattern command quantity
fuzz: setup ## look for inputs that break a reader: TARGET=toml SECONDS=60 SEED=n
	@$(SWIFT_BUILD) -c release --product bai-fuzz
	@for target in $(or $(TARGET),$(FUZZ_TARGETS)); do \
		$(RELEASE)/bai-fuzz "$$target" $(or $(SECONDS),60) $(SEED) || exit 1; done

install: release ## install the programs, with PREFIX=/usr/local by default
	@install -d "$(DESTDIR)$(PREFIX)/bin" "$(DESTDIR)$(PREFIX)/share/benchmark-ai"
	@for program in $(PROGRAMS); do install -m 0755 "$(RELEASE)/$$program" "$(DESTDIR)$(PREFIX)/bin/"; done
	@cp -R client-lib "$(DESTDIR)$(PREFIX)/share/benchmark-ai/"
	@install -d "$(DESTDIR)$(PREFIX)/share/benchmark-ai/infra"
	@cp -R infra/kubernetes "$(DESTDIR)$(PREFIX)/share/benchmark-ai/infra/"
	@echo "Installed to $(DESTDIR)$(PREFIX)/bin: $(PROGRAMS)"

dist: setup ## lay out the image's root file system, without a container engine: DIR=build/image
	@test -n "$(DIR)" || { echo "Say where: make dist DIR=…" >&2; exit 2; }
	@for program in $(PROGRAMS); do $(SWIFT_BUILD) -c release --static-swift-stdlib --scratch-path .build-dist --product $$program || exit 1; done
	@infra/dist/lay-out.sh .build-dist/release "$(DIR)"

clean: ## remove everything that was built
	@rm -rf .build .build-*

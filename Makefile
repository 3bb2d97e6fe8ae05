# Two commands set everything up: `make run` and `make test`. Each target is the real
# thing in one line; what they need is checked first, with a message each.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

CARGO  ?= cargo
PYTHON ?= python3
BRAND  ?=
ARGS   ?=
SECS   ?= 600
PROGRAM = $${CARGO_TARGET_DIR:-target}/release/hearken

.PHONY: help run demo build test corpus corpus-definitions fuzz crash lint doc bench verify-signatures dist check-tools libtorch clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: build ## start Hearken: BRAND="Acme Corp", else ./hearken.toml, else the demo
	@if [ -n "$(BRAND)" ]; then exec "$(PROGRAM)" run --brand "$(BRAND)" $(ARGS); \
	elif [ -f hearken.toml ]; then exec "$(PROGRAM)" run $(ARGS); \
	else exec "$(PROGRAM)" demo $(ARGS); fi

demo: build ## the demo: sample sources, a temporary store, no network
	@exec "$(PROGRAM)" demo $(ARGS)

build: libtorch ## the program, at target/release/hearken
	@$(CARGO) build --release --locked --bin hearken

test: libtorch ## all tests, with the real program and the shipped model
	@if $(CARGO) nextest --version >/dev/null 2>&1; \
	then $(CARGO) nextest run --release --locked $(ARGS); \
	else $(CARGO) test --release --locked --lib --bins --test it $(ARGS); fi

corpus-definitions: libtorch ## what each definition finds in payloads of others, as a table
	@$(CARGO) nextest run --release --locked --no-capture -E 'test(payloads_that_nobody_on_the_team_wrote)' $(ARGS)

corpus: libtorch ## the feed corpus: shares of checks and of files read right
	@$(CARGO) test --release --locked --test it feed_corpus:: -- --nocapture --test-threads=1

fuzz: libtorch ## feed, html and json reading on spoiled answers, SECS=600 each
	@HEARKEN_FUZZ_SECS=$(SECS) $(CARGO) test --release --locked --test it fuzz:: -- --nocapture --test-threads=1

crash: libtorch ## 2,000 complaints, a failing receiver, 100 times SIGKILL: nothing is lost
	@HEARKEN_CRASH_COMPLAINTS=$${HEARKEN_CRASH_COMPLAINTS:-2000} HEARKEN_CRASH_KILLS=$${HEARKEN_CRASH_KILLS:-100} \
	$(CARGO) test --release --locked --test it $(ARGS) -- --nocapture crash_outbox

lint: libtorch ## formatting, clippy and the documentation, as CI wants them
	@$(CARGO) fmt --check
	@$(CARGO) clippy --release --locked --all-targets -- -D warnings
	@RUSTDOCFLAGS="-D warnings" $(CARGO) doc --release --locked --no-deps

bench: build ## the figures of the documentation
	@"$(PROGRAM)" bench classify
	@"$(PROGRAM)" bench fetch
	@"$(PROGRAM)" bench deliver
	@$(CARGO) bench --locked

verify-signatures: build ## the official webhook libraries of Python and npm check what we sign
	@setup/signatures/run "$(PROGRAM)" "$(PYTHON)"

dist: libtorch ## a slower build of a faster program, at target/dist/hearken
	@$(CARGO) build --profile dist --locked --bin hearken

libtorch: check-tools ## finds or fetches libtorch; LIBTORCH=/path uses yours
	@$(PYTHON) setup/libtorch.py --cargo-config .cargo/config.toml >/dev/null

check-tools:
	@setup/check-tools "$(CARGO)" "$(PYTHON)"

clean: ## removes what was built here (libtorch stays in your cache)
	@$(CARGO) clean

# Builds are shared between clones of this repository.
export CARGO_TARGET_DIR ?= $(HOME)/.cache/veritrail/target

.PHONY: test test-rust test-web journeys contract faults tidy demo

## test: install what the tests need, then run all of them
test: tools tidy test-web test-rust journeys contract faults

.PHONY: tools
tools:
	./scripts/test-tools.sh

tidy:
	cargo fmt --all --check
	cargo xtask tidy

test-rust:
	./scripts/with-services.sh cargo nextest run --workspace --no-fail-fast
	cargo xtask asvs

test-web:
	cd web && npm ci --no-audit --no-fund && npm run check && npm test && npm run build

## journeys: the pages in a real browser, on the binary that the tests built
journeys:
	cargo build --locked --workspace --all-targets
	./scripts/journeys.sh

## contract: every operation of the API document, 50 examples each, against the binary that the tests built
contract:
	./scripts/contract.sh

## faults: the binary that the tests built, broken in every way that docs/faults.md has for each change
faults:
	cargo xtask faults --binary $(CARGO_TARGET_DIR)/debug/veritrail
	cargo xtask faults --postgres --binary $(CARGO_TARGET_DIR)/debug/veritrail

## demo: build, start with a lively invented company, print address and sign-in
demo:
	cd web && npm ci --no-audit --no-fund && npm run build
	cargo build --locked --profile demo -p veritrail -p simulate
	./scripts/demo.sh

# The commands of this repository. `make help` lists them.

.PHONY: help run test bench lint

help: ## what there is
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile

run: ## try it: OneSoup at a private XMPP server, ready for a phone
	@scripts/run.sh

test: ## all tests, also against real XMPP servers
	@scripts/setup.sh test
	cargo test --locked --no-fail-fast

bench: ## all measurements beside the peers, about an hour (BENCH=--quick: ten minutes)
	@scripts/setup.sh bench
	benches/bench.sh $(BENCH)

lint: ## format and lints, as a change must pass them
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings

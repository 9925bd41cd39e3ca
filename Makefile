# Everything that this project can be asked to do. `make demo` and `make test` set up what they need, and say so.
#
#   make demo        five real nodes, etcd, 60 s under partition, kill and pause: verdict, report
#   make demo-power  cuts the power of machines under etcd, which loses nothing unless told not to flush
#   make demo-bug    finds a real bug of etcd 3.4.23, and its absence from 3.5
#   make test        format, clippy, docs, every test
#   make nightly     what takes too long for `make test`
#   make fault-table every fault on real nodes, and docs/FAULTS.md from what was measured
#   make bench       speed of the interpreter and of the checkers
#   make lab-down    takes the demonstration's nodes down

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:

export PATH := $(HOME)/.cargo/bin:$(PATH)

.PHONY: demo demo-bug demo-power test nightly fault-table bench lab-down setup build

setup:
	@scripts/setup.sh

build: setup
	cargo build --release --locked

demo: build
	@scripts/demo.sh

demo-bug: build
	@scripts/demo-bug.sh

demo-power: build
	@scripts/demo-power.sh

test: setup
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked
	cargo test --workspace --locked

nightly: build
	GAINSAY_NIGHTLY=1 cargo test --release --workspace --locked

fault-table: setup
	GAINSAY_NIGHTLY=1 GAINSAY_FAULT_TABLE=$(CURDIR)/docs/FAULTS.md \
	  cargo test --locked -p gainsay-nemeses --test catalogue -- --nocapture

bench: setup
	cargo bench --locked

lab-down:
	@target/release/gainsay lab down

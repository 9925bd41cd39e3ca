#!/bin/bash
# A real bug of Debian 12's etcd 3.4.23, found: a lock held by two clients after its leader's disk stalled (etcd issue
# 15247, fixed in 3.4.31 and 3.5.13). The same plan against etcd 3.5 finds nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
gainsay=target/release/gainsay
plan=workloads/presets/lock-under-disk-stall.toml

"$gainsay" lab up --nodes 5
expect() { # name, expected exit code, arguments
    local name=$1 expected=$2 code=0
    shift 2
    echo
    "$gainsay" test "$plan" --name "$name" "$@" || code=$?
    if [ "$code" != "$expected" ]; then
        echo "demo-bug: $name ended with $code, not with $expected" >&2
        exit 1
    fi
}
expect demo-bug-etcd-3.4 1 --database etcd
expect demo-bug-etcd-3.5 0 --database etcd:version=3.5
echo
echo "etcd 3.4.23 let two clients hold one lock; etcd 3.5 did not."
echo "The witness, drawn: $(realpath results/demo-bug-etcd-3.4/latest)/report.html"

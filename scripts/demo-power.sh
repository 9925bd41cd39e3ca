#!/bin/bash
# etcd on machines whose power is cut: what was acknowledged survives, unless etcd is told not to flush its disk. Machines
# are emulated where KVM does not work, and are then slow: a quarter of an hour on two processors.
set -euo pipefail
cd "$(dirname "$0")/.."
gainsay=target/release/gainsay

"$gainsay" lab up --kind vm --nodes 3 --name power
trap '"$gainsay" lab down --name power' EXIT
expect() { # name, expected exit code, arguments
    local name=$1 expected=$2 code=0
    shift 2
    echo
    "$gainsay" test --lab power --name "$name" --rate 15 --concurrency 3 --seed 1 --time-to-live 120s \
        --operation-timeout 10s --recovery-limit 240s "$@" || code=$?
    if [ "$code" != "$expected" ]; then
        echo "demo-power: $name ended with $code, not with $expected" >&2
        exit 1
    fi
}
cut=(--workload set --nemesis-interval 40s --nemesis-hold 4s --time-limit 90s)
expect demo-power 0 --database etcd:version=3.5 "${cut[@]}" --nemesis power-cycle:majority
expect demo-power-no-fsync 1 --database etcd:version=3.5,unsafe-no-fsync "${cut[@]}" --nemesis power-cycle:all
expect demo-clock 0 --database etcd:version=3.5 --workload lock --nemesis clock-jump:primary --nemesis-interval 15s \
    --nemesis-hold 8s --time-limit 60s
echo
echo "etcd lost nothing that it had acknowledged, until it was told not to flush."
echo "What it lost: $(realpath results/demo-power-no-fsync/latest)/report.html"

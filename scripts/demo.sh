#!/bin/bash
# Five real nodes, etcd, 60 s of load under partitions, kills and pauses: a verdict, and a report.
set -euo pipefail
cd "$(dirname "$0")/.."
gainsay=target/release/gainsay

began=$(date +%s)
"$gainsay" lab up --nodes 5
echo
code=0
"$gainsay" test --name demo --database etcd --workload register --nemesis partition,kill,pause \
    --nemesis-interval 12s --nemesis-hold 5s --time-limit 60s || code=$?
echo
report=$(realpath results/demo/latest)/report.html
echo "$(($(date +%s) - began)) s in all. The report: $report"
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] && command -v xdg-open >/dev/null; then
    xdg-open "$report" >/dev/null 2>&1 &
fi
echo "The nodes stay up for more: target/release/gainsay --help; take them down with: make lab-down"
exit "$code"

#!/usr/bin/env python3
"""The same histories of one register through gainsay, Porcupine and Knossos, side by side.

    cargo build --release && benches/peers.py [OPERATIONS ...]

Peers are not part of this repository. Porcupine is fetched by `go` into a temporary directory, if there is a `go`, or
taken from the checkout that PORCUPINE names; Knossos is asked through elle-cli, if there is a `java` and ELLE_CLI_JAR
names its standalone jar. What is missing is skipped, and said so. Histories are legal by construction, with a seed;
times are of whole processes, the better of two. Elle is not asked: what it judges, transactions, `gainsay check FILE`
does not.
"""
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIMIT_S = float(os.environ.get("PEERS_LIMIT_S", "120"))
GAINSAY = os.environ.get("GAINSAY", str(Path(__file__).resolve().parent.parent / "target/release/gainsay"))
PROCESSES, VALUES = 10, 5


def history(operations, seed):
    """Calls of processes on a register: (process, f, a, b, answer, invoked, returned); a cas that would fail is a write."""
    rng, held, event, begun, calls = random.Random(seed), -1, 0, 0, []
    running = [None] * PROCESSES
    while begun < operations or any(running):
        at = rng.randrange(PROCESSES)
        if running[at] is None:
            if begun < operations:
                f = rng.choice((0, 0, 1, 2))
                running[at] = [f, rng.randrange(VALUES), rng.randrange(VALUES), None, event, False]
                begun, event = begun + 1, event + 1
        elif not running[at][5]:
            call = running[at]
            f, a, b = call[:3]
            if f == 2 and held != a:
                call[0], f = 1, 1
            call[3], call[5] = held, True
            held = (held, a, b)[f]
        else:
            f, a, b, answer, invoked, _ = running[at]
            calls.append((at, f, a, b, answer, invoked, event))
            running[at], event = None, event + 1
    return calls


def write(calls, edn, plain):
    name, nil = ("read", "write", "cas"), lambda value: "nil" if value < 0 else value
    events = []
    for process, f, a, b, answer, invoked, returned in calls:
        asked = ("nil", a, f"[{a} {b}]")[f]
        events += [(invoked, "invoke", process, f, asked), (returned, "ok", process, f, nil(answer) if f == 0 else asked)]
    lines = (f"{{:index {i}, :type :{t}, :process {p}, :f :{name[f]}, :value {v}}}\n" for i, t, p, f, v in sorted(events))
    Path(edn).write_text("".join(lines))
    Path(plain).write_text("".join(" ".join(map(str, call)) + "\n" for call in calls))


def seconds(command):
    best = None
    for _ in range(2):
        began = time.monotonic()
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            return None, f"nothing in {LIMIT_S:.0f} s"
        took = time.monotonic() - began
        best = took if best is None else min(best, took)
    return best, ((done.stdout or done.stderr).split() or ["nothing"])[-1]


def peers(directory):
    if shutil.which("go"):
        shutil.copy(Path(__file__).resolve().parent / "peers/porcupine.go", directory / "main.go")
        module, checkout = "github.com/anishathalye/porcupine", os.environ.get("PORCUPINE")
        here = f"mod edit -require {module}@v0.0.0 -replace {module}={checkout}"
        for step in ("mod init peers", here if checkout else f"get {module}@latest", "build -o porcupine ."):
            made = subprocess.run(["go", *step.split()], cwd=directory, capture_output=True, text=True)
            if made.returncode != 0:
                print(f"porcupine: skipped, `go {step}` failed: {made.stderr.strip()[-200:]}")
                break
        else:
            yield "porcupine", [str(directory / "porcupine")], "plain"
    else:
        print("porcupine: skipped, there is no `go`")
    jar = os.environ.get("ELLE_CLI_JAR")
    if jar and shutil.which("java"):
        yield "knossos", ["java", "-jar", jar, "--model", "cas-register"], "edn"
    else:
        print("knossos: skipped, there is no `java`, or ELLE_CLI_JAR does not name elle-cli's jar")


def main():
    if not os.access(GAINSAY, os.X_OK):
        sys.exit(f"there is no {GAINSAY}: cargo build --release, or say GAINSAY=PATH")
    with tempfile.TemporaryDirectory() as name:
        directory, ours = Path(name), [GAINSAY, "check", "--model", "cas-register", "--brief"]
        others = list(peers(directory))
        for operations in map(int, sys.argv[1:] or ("1000", "10000", "100000")):
            files = {"edn": str(directory / "h.edn"), "plain": str(directory / "h.txt")}
            write(history(operations, seed=1), files["edn"], files["plain"])
            base, told = seconds([*ours, files["edn"]])
            print(f"{operations} operations: gainsay {told}" + (f" {base:.3f} s" if base else ""))
            for peer, command, kind in others:
                took, told = seconds([*command, files[kind]])
                ratio = f" {took:.3f} s, {took / base:.1f} times gainsay's" if took and base else ""
                print(f"{operations} operations: {peer} {told}{ratio}")


main()

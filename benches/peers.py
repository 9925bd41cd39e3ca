#!/usr/bin/env python3
"""The same histories through gainsay and its peers, side by side: one register, and transactions of lists and registers.

    cargo build --release && benches/peers.py [register|append|rw] [SIZE ...]

Peers are not part of this repository; what is missing is skipped, and said so. Porcupine is fetched by `go` into a temporary
directory, if there is a `go`, or taken from the checkout that PORCUPINE names. Knossos and Elle are asked through elle-cli,
if there is a `java` and ELLE_CLI_JAR names its standalone jar. AWDIT is the program that AWDIT names. Histories are legal by
construction, with a seed; times are of whole processes, the better of two, and memory is the most that was resident.
"""
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

LIMIT_S = float(os.environ.get("PEERS_LIMIT_S", "120"))
GAINSAY = os.environ.get("GAINSAY", str(Path(__file__).resolve().parent.parent / "target/release/gainsay"))
PROCESSES, VALUES = 10, 5
KEYS, WRITES_PER_KEY = 16, 64
# What AWDIT calls its levels, and we: its read committed is stronger than Adya's.
AWDIT_LEVELS = {"read-committed": "monotonic-atomic-view", "read-atomic": "read-atomic", "causal": "strong-session-causal"}


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


def transactions(count, seed, lists):
    """Transactions of processes on lists or registers, each done at once between its beginning and its end: lines of
    EDN, and of the text form of registers that AWDIT reads (r or w, key, value, session, transaction)."""
    rng, state, running, begun, event = random.Random(seed), {}, [None] * PROCESSES, 0, 0
    keys, written, fresh, edn, sessions = list(range(KEYS)), [0] * KEYS, KEYS, [], [[] for _ in range(PROCESSES)]
    value = (lambda kept: "[" + " ".join(map(str, kept)) + "]" if kept else "nil") if lists else (lambda kept: kept or "nil")

    def line(kind, at, operations):
        nonlocal event
        text = " ".join(f"[{f} {key} {found}]" for f, key, found in operations)
        edn.append(f"{{:index {event}, :type :{kind}, :process {at}, :f :txn, :value [{text}]}}\n")
        event += 1

    while begun < count or any(running):
        at = rng.randrange(PROCESSES)
        if running[at] is None:
            if begun == count:
                continue
            asked = []
            for _ in range(rng.randint(1, 4)):
                slot = rng.randrange(KEYS)
                if rng.random() < 0.5:
                    asked.append((":r", keys[slot], "nil"))
                    continue
                written[slot] += 1
                asked.append((":append" if lists else ":w", keys[slot], written[slot]))
                if written[slot] == WRITES_PER_KEY:
                    keys[slot], written[slot], fresh = fresh, 0, fresh + 1
            line("invoke", at, asked)
            running[at], begun = (asked, None), begun + 1
        elif running[at][1] is None:
            done = []
            for f, key, given in running[at][0]:
                if f == ":r":
                    done.append((f, key, value(state.get(key))))
                else:
                    state[key] = (state.get(key, ()) + (given,)) if lists else given
                    done.append((f, key, given))
            running[at] = (running[at][0], done)
        else:
            line("ok", at, running[at][1])
            sessions[at].append(running[at][1])
            running[at] = None
    plain, number = [], 0
    for session, done in enumerate(() if lists else sessions):
        for operations in done:
            for f, key, found in operations:
                plain.append(f"{'r' if f == ':r' else 'w'}({key},{0 if found == 'nil' else found},{session},{number})\n")
            number += 1
    return edn, plain


def seconds(command):
    """The better of two times of a whole process, the most memory that it had in MB, and its last word."""
    best, most = None, 0
    for _ in range(2):
        with tempfile.TemporaryFile("w+") as said:
            began = time.monotonic()
            process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
            killer = threading.Timer(LIMIT_S, process.kill)
            killer.start()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode, took = status, time.monotonic() - began
            if not killer.is_alive():
                return None, 0, f"nothing in {LIMIT_S:.0f} s"
            killer.cancel()
            said.seek(0)
            words = said.read().split()
        best, most = min(best or took, took), max(most, usage.ru_maxrss // 1024)
    return best, most, (words or ["nothing"])[-1]


def porcupine(directory):
    """The command that asks Porcupine; none if it cannot be built."""
    if not shutil.which("go"):
        print("porcupine: skipped, there is no `go`")
        return []
    shutil.copy(Path(__file__).resolve().parent / "peers/porcupine.go", directory / "main.go")
    module, checkout = "github.com/anishathalye/porcupine", os.environ.get("PORCUPINE")
    here = f"mod edit -require {module}@v0.0.0 -replace {module}={checkout}"
    for step in ("mod init peers", here if checkout else f"get {module}@latest", "build -o porcupine ."):
        made = subprocess.run(["go", *step.split()], cwd=directory, capture_output=True, text=True)
        if made.returncode != 0:
            print(f"porcupine: skipped, `go {step}` failed: {made.stderr.strip()[-200:]}")
            return []
    return [("porcupine", [str(directory / "porcupine")], "plain")]


def elle_cli(name, *flags):
    jar = os.environ.get("ELLE_CLI_JAR")
    if jar and shutil.which("java"):
        return [(name, ["java", "-Xmx16g", "-jar", jar, *flags], "edn")]
    print(f"{name}: skipped, there is no `java`, or ELLE_CLI_JAR does not name elle-cli's jar")
    return []


def awdit():
    program = os.environ.get("AWDIT")
    if program and os.access(program, os.X_OK):
        return [(f"awdit {level}", [program, "check", "-i", level], "plain") for level in AWDIT_LEVELS]
    print("awdit: skipped, AWDIT does not name its program")
    return []


def compare(size, files, ours, theirs):
    """Prints what each says of the same files; the first of ours is what peers are compared with, or that of their level."""
    bases = {}
    for name, command in ours:
        bases[name], most, told = seconds([*command, files["edn"]])
        print(f"{size} {name} {told}" + (f" {bases[name]:.3f} s, {most} MB" if bases[name] else ""), flush=True)
    for name, command, kind in theirs:
        base = bases.get(AWDIT_LEVELS.get(name.removeprefix("awdit "), ""), next(iter(bases.values())))
        took, most, told = seconds([*command, files[kind]])
        ratio = f" {took:.3f} s, {most} MB, {took / base:.1f} times gainsay's" if took and base else ""
        print(f"{size} {name} {told}{ratio}", flush=True)


def main():
    if not os.access(GAINSAY, os.X_OK):
        sys.exit(f"there is no {GAINSAY}: cargo build --release, or say GAINSAY=PATH")
    wanted = [word for word in sys.argv[1:] if not word.isdigit()] or ["register", "append", "rw"]
    sizes = [int(word) for word in sys.argv[1:] if word.isdigit()] or [1000, 10_000, 100_000]
    check = [GAINSAY, "check", "--brief", "--model"]
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        files = {"edn": str(directory / "h.edn"), "plain": str(directory / "h.txt")}
        for work in wanted:
            if work == "register":
                ours, theirs = [("gainsay", [*check, "cas-register"])], porcupine(directory)
                theirs += elle_cli("knossos", "--model", "cas-register")
            elif work == "append":
                ours = [("gainsay", [*check, "list-append"])]
                theirs = elle_cli("elle", "--model", "list-append", "--consistency-models", "strict-serializable")
            elif work == "rw":
                ours = [(level, [*check, "rw-register", "--expect", level]) for level in AWDIT_LEVELS.values()]
                theirs = awdit()
            else:
                sys.exit(f"there is no work `{work}`; there are register, append, rw")
            for size in sizes:
                if work == "register":
                    write(history(size, seed=1), files["edn"], files["plain"])
                else:
                    edn, plain = transactions(size, seed=1, lists=work == "append")
                    Path(files["edn"]).write_text("".join(edn))
                    Path(files["plain"]).write_text("".join(plain))
                compare(f"{work} {size}:", files, ours, theirs)


main()

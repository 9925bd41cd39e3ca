#!/usr/bin/env python3
"""A key-value server in one page, for the example clients: honest, or with one bug. It prints the port that it serves.

kv_server.py [--port 7000] [--bug stale-read]

`get KEY` -> `value V` or `none`; `put KEY V` -> `done`; `cas KEY OLD NEW` -> `done` or `differs`.
"""
import argparse
import random
import socketserver
import threading

options = argparse.ArgumentParser()
options.add_argument("--port", type=int, default=0)
options.add_argument("--bug", choices=["stale-read"])
options = options.parse_args()
lock = threading.Lock()
values = {}
older = {}


def serve(verb, key, *words):
    with lock:
        found = values.get(key)
        if verb == "get":
            # The bug: at times a read is answered from a replica that lags behind by one change.
            if options.bug == "stale-read" and random.random() < 0.1:
                found = older.get(key)
            return "none" if found is None else f"value {found}"
        if verb == "cas" and found != words[0]:
            return "differs"
        older[key], values[key] = found, words[-1]
        return "done"


class Connection(socketserver.StreamRequestHandler):
    def handle(self):
        try:
            for line in self.rfile:
                self.wfile.write((serve(*line.decode().split()) + "\n").encode())
        except ConnectionError:
            pass  # a client that was killed


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


with Server(("127.0.0.1", options.port), Connection) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()

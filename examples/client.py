#!/usr/bin/env python3
"""A client of gainsay in one page: registers of the key-value server in kv_server.py. docs/CLIENT.md is the protocol.

gainsay test --client examples/client.py --client-option port=7000
"""
import json
import socket
import sys


class DidNotHappen(Exception):
    """The operation took no effect, and never will: a code of docs/CLIENT.md, and words for people."""


class Store:
    """One connection to one node; what `run` names is ours alone."""

    def __init__(self, hello):
        if hello["protocol"] != "gainsay-client/1":
            raise DidNotHappen("not-supported", "this client speaks gainsay-client/1")
        self.run = hello["run"]
        seconds = 0.8 * hello["timeout_ms"] / 1000  # give up before gainsay does
        try:
            address = (hello["address"], int(hello["options"].get("port", "7000")))
            self.socket = socket.create_connection(address, timeout=seconds)
        except OSError as error:
            raise DidNotHappen("node-not-found", str(error)) from error
        self.lines = self.socket.makefile("r", encoding="utf-8")

    def ask(self, *words):
        self.socket.sendall((" ".join(map(str, words)) + "\n").encode())
        answer = self.lines.readline().split()
        if not answer:
            raise ConnectionError("the server hung up")
        return answer

    def invoke(self, f, key, value):
        name = f"{self.run}/{key}"
        if f == "read":
            answer = self.ask("get", name)
            return int(answer[1]) if answer[0] == "value" else None
        if f == "write":
            self.ask("put", name, value)
        elif f == "cas":
            if self.ask("cas", name, *value)[0] == "differs":
                raise DidNotHappen("precondition-failed", "")
        else:
            raise DidNotHappen("not-supported", f"no function {f}")
        return value


store = None


def answer(message):
    """The answer to one message, without its id."""
    global store
    try:
        if message["type"] == "hello":
            store = Store(message)
            return {"type": "ready", "protocol": "gainsay-client/1", "client": "python example"}
        return {"type": "ok", "value": store.invoke(message["f"], message.get("key"), message["value"])}
    except DidNotHappen as error:
        return {"type": "fail", "code": error.args[0], "text": error.args[1]}
    except TimeoutError as error:
        return {"type": "info", "code": "timeout", "text": str(error)}
    except Exception as error:  # in doubt: nobody knows
        return {"type": "info", "code": "crash", "text": repr(error)}


for line in sys.stdin:
    try:
        message = json.loads(line)
        print(json.dumps({"id": message["id"], **answer(message)}), flush=True)
    except ValueError as error:
        print(json.dumps({"id": None, "type": "fail", "code": "malformed-request", "text": str(error)}), flush=True)

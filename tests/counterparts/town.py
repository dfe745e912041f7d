"""The server's program and the town that it is filled with (town.json), for the clients in Python."""

from __future__ import annotations

import json
import pathlib
import subprocess
from typing import Any, Callable

TOWN = json.loads(pathlib.Path(__file__).with_name("town.json").read_text(encoding="utf-8"))
CLIENT_ID: str = TOWN["client_id"]


class Host:
    """Our server in a process of its own (serve.c); takes host commands and tells events, a line each."""

    def __init__(self, program: str, params: dict | None = None, sandbox: bool = False) -> None:
        arguments = [program] if params is None else [program, json.dumps(params)]
        if sandbox:
            arguments = [program, json.dumps(params or {}), "sandbox"]
        self.process = subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, encoding="utf-8"
        )
        self.addresses = json.loads(self.process.stdout.readline())
        self.names: dict[str, str] = {}

    def say(self, line: str) -> None:
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def send(self, command: str, **args: Any) -> Any:
        """Sends a host command and gives its reply's data."""
        self.say(f"{command} {json.dumps(args)}")
        return self.event("REPLY", command)["data"]

    def event(self, kind: str, name: str) -> dict:
        """The next event of this type and name; those before it are passed over."""
        for line in self.process.stdout:
            told = json.loads(line)
            if (told["type"], told["name"]) == (kind, name):
                assert told["status"] == "success", told
                return told
        raise AssertionError(f"the host ended before {name}")

    def answer(self, request: dict, allowed: bool) -> None:
        self.say(f"answer {request['tag']} {'allow' if allowed else 'deny'}")

    def close(self) -> None:
        self.process.stdin.close()
        for _ in self.process.stdout:
            pass
        assert self.process.wait(timeout=20) == 0

    def build(self) -> None:
        """Makes the town."""
        self.names["self"] = self.send("STATE", parts=["user"])["user"]["id"]
        for step in TOWN["make"]:
            self.do(step)

    def do(self, step: list) -> Any:
        """Carries out `[command, arguments, name of what it makes]`."""
        made = self.send(step[0], **self.named(step[1]))
        if len(step) > 2:
            self.names[step[2]] = made["id"]
        return made

    def named(self, value: Any) -> Any:
        """The same with ids in the place of names."""
        if isinstance(value, str) and value.startswith("$"):
            return self.names[value[1:]]
        if isinstance(value, list):
            return [self.named(element) for element in value]
        if isinstance(value, dict):
            return {key: self.named(member) for key, member in value.items()}
        return value

    def token(self, code: str) -> str:
        reply = self.send("TOKEN_EXCHANGE", code=code, client_id=CLIENT_ID, client_secret=TOWN["client_secret"])
        return reply["access_token"]


def holds(seen: Any, expected: Any) -> bool:
    """Whether all that is expected is there; more may be."""
    if isinstance(expected, dict):
        return isinstance(seen, dict) and all(key in seen and holds(seen[key], expected[key]) for key in expected)
    return seen == expected and isinstance(seen, bool) == isinstance(expected, bool)


def every_event(host: Host, subscribe: Callable, unsubscribe: Callable, next_event: Callable) -> int:
    """Subscribes to each event, has the host cause it, and looks at what comes; then nothing more may come."""
    for name, args, cause, expected in TOWN["events"]:
        args = host.named(args)
        subscribe(name, args)
        host.do(cause)
        seen = next_event(name)
        assert holds(seen, host.named(expected)), f"{name}: {seen}"
        unsubscribe(name, args)
    return len(TOWN["events"])

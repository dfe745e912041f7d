"""`python -m gamebridge serve`: a GameBridge at a shell, and what happens in it, line by line."""

from __future__ import annotations

import argparse
import itertools
import json
import os
import shlex
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from ._client import Client, Connection
from ._errors import ConnectionClosed
from ._native import Event
from ._words import Params, is_list, is_params

NAME = "serve"
HELP = "is a Discord, with the world that a scenario file says, and prints what happens"
ABOUT = """Is a Discord, for a game that is being written or tested: games connect to it as to the real one, and what
they do is printed, a line each. A scenario fills its world with users, guilds and channels, and plays what they do in
time (docs/gamebridge.md, examples/scenarios, and docs/scenario.schema.json for an editor).

Without --folder and --port it stands beside a real Discord, on the next free number. Ctrl-C ends it."""
EXAMPLES = """examples:
  python -m gamebridge serve
  python -m gamebridge serve --scenario examples/scenarios/voice-lobby.json --speed 2
  python -m gamebridge serve --folder /tmp/mygame --port 0     # found by whoever has XDG_RUNTIME_DIR=/tmp/mygame
  python -m gamebridge serve --consent ask                     # asks here whether a game may be let in
  python -m gamebridge serve --json | jq .name
"""

_TOKENS = {"access_token", "refresh_token", "rpc_token", "code"}
"""Members that are never printed: what is on a screen is soon in a bug report. A `code` that is a number is another
one.
"""
_SECRETS = _TOKENS | {"launch_token", "secret", "join", "spectate", "match"}
"""Members that are not printed for people; programs that read JSON lines may need them."""

_END = 5.0
"""Seconds that the end of a scenario that is over may take to be told."""

_WIDTH = 200
"""Characters of a line."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Its arguments."""
    parser.add_argument("--scenario", metavar="FILE", help="fills the world, then plays its steps")
    parser.add_argument("--speed", type=float, metavar="X", help="how many of the scenario's seconds pass in one (1)")
    parser.add_argument("--snapshot", metavar="FILE", help="the world to begin with, as SNAPSHOT_SAVE wrote it")
    parser.add_argument("--username", metavar="NAME", help="who is logged in (Guest)")
    parser.add_argument("--consent", choices=["allow", "deny", "ask"], help="what AUTHORIZE meets (allow)")
    parser.add_argument("--folder", metavar="PATH", help="where the local socket goes")
    parser.add_argument("--port", type=int, metavar="N", help="the WebSocket's port; 0 is any free one")
    parser.add_argument("--transport", choices=["both", "ipc", "websocket"], help="what to listen on (both)")
    parser.add_argument("--until", metavar="EVENT", help="end after this event, e.g. SCENARIO_ENDED")
    parser.add_argument("--json", action="store_true", help="print events as JSON lines")


def run(options: argparse.Namespace) -> int:
    """Serves until it is stopped."""
    parameters: dict[str, Any] = {
        "scenario": absolute(options.scenario),
        "scenario_speed": options.speed,
        "snapshot": absolute(options.snapshot),
        "username": options.username,
        "consent": options.consent,
        "folder": absolute(options.folder),
        "port": options.port,
        "transport": options.transport,
    }
    return play("rpc", parameters, options, introduce)


def play(
    service: str,
    parameters: Mapping[str, Any],
    options: argparse.Namespace,
    introduced: Callable[[Connection], None],
) -> int:
    """Hosts a service and prints what happens until it is stopped. Parameters that are None are left out."""
    if options.folder is not None:
        os.makedirs(options.folder, mode=0o700, exist_ok=True)
    begun = time.monotonic()
    with Client() as gb:
        server = gb.serve(service, {name: value for name, value in parameters.items() if value is not None})
        scenario = parameters["scenario"] is not None
        first, names = _names(gb, server) if scenario else ([], {})
        names[server.ready()["user"]["id"]] = "@me"
        if not options.json:
            introduced(server)
        try:
            for event in itertools.chain(first, gb):
                if options.json:
                    print(json.dumps(line_of(event)), flush=True)
                elif event.type != "connected":
                    print(f"{time.monotonic() - begun:8.2f}  {told(event, names)}", flush=True)
                if event.type == "request":
                    gb.answer(event, ok=_consents(event, names))
                if event.type == "disconnected":
                    raise ConnectionClosed(event.message)
                if event.name == options.until:
                    break
        except KeyboardInterrupt:
            pass
    return 0


def _names(gb: Client, server: Connection) -> tuple[list[Event], dict[str, str]]:
    """What the scenario calls ids; and the events that were taken to find out."""
    taken: list[Event] = []
    scenario: Any = server.request("STATE", parts=["scenario"])["scenario"]
    # A short one is over already, and its end tells them.
    while scenario is None and (event := gb.wait(_END)) is not None:
        taken.append(event)
        if event.name == "SCENARIO_ENDED":
            scenario = event.data
    return taken, {str(id): f"@{name}" for name, id in scenario["names"].items()} if scenario else {}


def absolute(path: str | None) -> str | None:
    """A path that does not depend on where the program was started: the library takes no other."""
    return None if path is None else os.path.abspath(path)


def introduce(server: Connection) -> None:
    """Where it is, and how a game finds it."""
    at = server.ready()
    print(f"{at['user']['username']} ({at['user']['id']}) is logged in, at")
    if at.get("ipc"):
        print(f"  {at['ipc']}")
    if at.get("address"):
        print(f"  {at['address']}")
    if at.get("ipc") and os.name != "nt":
        folder = shlex.quote(os.path.dirname(at["ipc"]))
        print(f"For a game to find it first: XDG_RUNTIME_DIR={folder} ./game")
    print("Ctrl-C ends it.", flush=True)


def told(event: Event, names: Mapping[str, str]) -> str:
    """An event in a line. `names` are what ids are called."""
    data = event.data
    if event.type == "dropped":
        return f"{event.tag} events are missing here: too many at once"
    if event.name == "SCENARIO_STEP":
        failed = data["error"]
        line = f"scenario: {data['command']} " + (f"FAILED: {failed}" if failed else _short(data["reply"], names))
    elif event.name == "SCENARIO_ENDED":
        line = f"scenario: ended after {data['steps']} steps, {data['failed']} failed"
    else:
        peer = f"peer {event.peer}: " if event.peer else ""
        line = f"{peer}{event.name} {_short(data, names)}"
    line = line.rstrip()
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH - 3]}..."


def _short(data: Any, names: Mapping[str, str]) -> str:
    """`name=value other.inner=value`, without what is null, empty or false."""
    if not is_params(data):
        return "" if data is None else json.dumps(data, ensure_ascii=False)
    return " ".join(_words(without(_SECRETS, data), names, ""))


def _words(data: Params, names: Mapping[str, str], before: str) -> Iterator[str]:
    for name, value in data.items():
        if value is False or value in (None, "", [], {}):
            continue
        if is_params(value):
            yield from _words(value, names, f"{before}{name}.")
        elif isinstance(value, str):
            value = names.get(value, value)
            plain = value.isprintable() and " " not in value
            yield f"{before}{name}={value if plain else json.dumps(value, ensure_ascii=False)}"
        else:
            yield f"{before}{name}={json.dumps(value, ensure_ascii=False)}"


def without(hidden: Collection[str], data: Any) -> Any:
    """The same, with three stars for the strings that nobody should read."""
    if is_params(data):
        return {
            name: "***" if name in hidden and isinstance(value, str) else without(hidden, value)
            for name, value in data.items()
        }
    if is_list(data):
        return [without(hidden, value) for value in data]
    return data


def line_of(event: Event) -> dict[str, Any]:
    """An event as it is printed in JSON."""
    line: dict[str, Any] = {"type": event.type, "name": event.name}
    if event.peer:
        line["peer"] = event.peer
    if event.code:
        line["code"] = event.code
    if event.type == "dropped":
        line["dropped"] = event.tag
    if event.message:
        line["message"] = event.message
    line["data"] = without(_TOKENS, event.data)
    return line


def _consents(event: Event, names: Mapping[str, str]) -> bool:
    print(f"{event.name} {_short(event.data, names)}", file=sys.stderr)
    print("Allow? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")

"""`python -m gamebridge sandbox`: a Discord for bots at a shell, and what they do in it, line by line."""

from __future__ import annotations

import argparse
import base64
import copy
import secrets
from typing import Any

from ._client import Connection
from ._serve import absolute, play

NAME = "sandbox"
HELP = "is a Discord with a Gateway and an API, and prints what bots do"
ABOUT = """Is a Discord for bots that are being written or tested: a Gateway, the API and local RPC over one world, on
this machine alone, with no account and no network. A bot needs the addresses and the token that are printed
(docs/sandbox.md says where they go in discord.py and discord.js); what it does is printed, a line each.

Without --scenario and --snapshot the world is one guild with one channel, the user Guest, and a bot. Ctrl-C ends it."""
EXAMPLES = """examples:
  python -m gamebridge sandbox
  python -m gamebridge sandbox --scenario examples/scenarios/harbour.json --gateway-port 8080
  python -m gamebridge sandbox --until GATEWAY_SESSION    # ends as soon as a bot has logged in
  python -m gamebridge sandbox --json | jq .name
"""

_APPLICATION = "192741864418312192"

WORLD: dict[str, Any] = {
    "scenario": 1,
    "applications": {"bot": {"id": _APPLICATION, "name": "Bot"}},
    "guilds": {"sandbox": {"name": "Sandbox", "members": {"me": {}}, "channels": {"general": {}}}},
    "setup": [
        {"do": "BOT_CREATE", "args": {"application_id": "@bot"}, "as": "bot-user"},
        {"do": "GUILD_JOIN", "args": {"guild_id": "@sandbox", "user_id": "@bot-user"}},
    ],
}
"""What there is when nobody says what there is to be."""


def token() -> str:
    """A new one in the form of Discord's, which begin with an id: some libraries read it (hikari)."""
    return f"{base64.b64encode(_APPLICATION.encode()).decode()}.sandbox.{secrets.token_urlsafe(24)}"


def world() -> dict[str, Any]:
    """WORLD, with a token of its own."""
    own = copy.deepcopy(WORLD)
    own["setup"][0]["args"]["token"] = token()
    return own


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Its arguments."""
    parser.add_argument("--scenario", metavar="FILE", help="fills the world, then plays its steps")
    parser.add_argument("--speed", type=float, metavar="X", help="how many of the scenario's seconds pass in one (1)")
    parser.add_argument("--snapshot", metavar="FILE", help="the world to begin with, as SNAPSHOT_SAVE wrote it")
    parser.add_argument("--username", metavar="NAME", help="who is logged in at local RPC (Guest)")
    parser.add_argument("--gateway-port", type=int, metavar="N", help="the port of Gateway and API (any free one)")
    parser.add_argument("--dmod-port", type=int, metavar="N", help="the port of the dmod gateway (any free one)")
    parser.add_argument("--port", type=int, metavar="N", help="the port of local RPC (any free one)")
    parser.add_argument("--transport", choices=["both", "ipc", "websocket"], help="of local RPC (websocket)")
    parser.add_argument("--folder", metavar="PATH", help="where its local socket goes, when there is one")
    parser.add_argument("--consent", choices=["allow", "deny", "ask"], help="what AUTHORIZE meets (allow)")
    parser.add_argument("--lenient", action="store_true", help="hold nobody to Discord's limits")
    parser.add_argument("--until", metavar="EVENT", help="end after this event, e.g. SCENARIO_ENDED")
    parser.add_argument("--json", action="store_true", help="print events as JSON lines")


def run(options: argparse.Namespace) -> int:
    """Serves until it is stopped."""
    given = absolute(options.scenario)
    parameters: dict[str, Any] = {
        "scenario": given if given or options.snapshot else world(),
        "scenario_speed": options.speed,
        "snapshot": absolute(options.snapshot),
        "username": options.username,
        "gateway_port": options.gateway_port,
        "dmod_port": options.dmod_port,
        "port": options.port,
        "transport": options.transport,
        "folder": absolute(options.folder),
        "consent": options.consent,
        "strict": False if options.lenient else None,
    }
    return play("sandbox", parameters, options, introduce)


def introduce(server: Connection) -> None:
    """Where it is, and who can log in."""
    at = server.ready()
    print(f"Gateway  {at['gateway']}")
    print(f"API      {at['api']}")
    if at.get("address"):
        print(f"RPC      ws://{at['address']}")
    if at.get("ipc"):
        print(f"RPC      {at['ipc']}")
    for login in server.request("GATEWAY_STATE")["logins"]:
        print(f"token    {login['token']} ({login['username']}, {login['user_id']})")
    print(f"dmod     {at['dmod']}")
    print("Ctrl-C ends it.", flush=True)

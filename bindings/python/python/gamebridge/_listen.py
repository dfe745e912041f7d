"""`python -m gamebridge listen`: connects, subscribes, and prints events as JSON lines."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Any

from ._client import Client
from ._errors import GamebridgeError
from ._serve import line_of

NAME = "listen"
HELP = "connects to Discord, subscribes, and prints events as JSON lines"
TOKEN = "GAMEBRIDGE_ACCESS_TOKEN"
ABOUT = f"""Connects to the Discord on this machine as an application, subscribes, and prints what comes, a JSON
object a line.

Events with a channel or a guild take it after a comma: SPEAKING_START,channel_id=42. docs/reference.md has all of
them ("RPC events") with what they need. Without a token only some can be had; a token is read from the variable
{TOKEN}, and never from the command line, which other users can read."""
EXAMPLES = f"""exit status: 0 after --count events or Ctrl-C, 1 when it could not connect or subscribe, or the
connection is over.

examples:
  python -m gamebridge listen 192741864418312192
  python -m gamebridge listen 192741864418312192 ACTIVITY_JOIN CURRENT_USER_UPDATE
  {TOKEN}=... python -m gamebridge listen 192741864418312192 VOICE_CHANNEL_SELECT SPEAKING_START,channel_id=42
  python -m gamebridge listen 192741864418312192 --path /tmp/mygame/discord-ipc-0 --count 1 | jq .data
"""

UNASKED = ["ACTIVITY_JOIN", "ACTIVITY_SPECTATE", "ACTIVITY_JOIN_REQUEST"]
"""What is subscribed to when nothing is named: what every game may hear."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Its arguments."""
    parser.add_argument("client_id", metavar="CLIENT_ID", help="the application, from discord.com/developers")
    parser.add_argument(
        "events", nargs="*", type=subscription, metavar="EVENT[,NAME=VALUE...]", help=f"default: {' '.join(UNASKED)}"
    )
    parser.add_argument("--path", metavar="PATH", help="the local socket or pipe, in place of searching")
    parser.add_argument("--port", type=int, metavar="N", help="the WebSocket's port, in place of searching")
    parser.add_argument("--wait", action="store_true", help="wait for a Discord when there is none")
    parser.add_argument("--count", type=int, metavar="N", help="end after N events")


def subscription(text: str) -> dict[str, Any]:
    """The arguments of SUBSCRIBE that `EVENT,name=value` means."""
    name, *given = text.split(",")
    args: dict[str, str] = {}
    for entry in given:
        key, equals, value = entry.partition("=")
        if not (name and key and equals):
            raise argparse.ArgumentTypeError(f"EVENT,name=value expected, {text!r} given")
        args[key] = value
    return {"evt": name.upper(), "args": args} if args else {"evt": name.upper()}


def run(options: argparse.Namespace) -> int:
    """Listens until it is stopped, the count is reached, or the connection is over."""
    parameters: dict[str, Any] = {"client_id": options.client_id, "retry": options.wait}
    if options.path is not None:
        parameters |= {"transport": "ipc", "path": os.path.abspath(options.path) if os.name != "nt" else options.path}
    if options.port is not None:
        parameters |= {"transport": "websocket", "port": options.port}
    if token := os.environ.get(TOKEN):
        parameters["access_token"] = token
    left = options.count
    try:
        with Client() as gb:
            rpc = gb.connect("rpc", parameters)
            for wanted in options.events or [{"evt": name} for name in UNASKED]:
                try:
                    rpc.request("SUBSCRIBE", wanted)
                except (GamebridgeError, ValueError) as error:
                    print(f"gamebridge listen: {wanted['evt']}: {error}", file=sys.stderr)
                    return 1
            for event in gb:
                print(json.dumps(line_of(event)), flush=True)
                if event.type == "dispatch" and left is not None:
                    left -= 1
                    if left <= 0:
                        return 0
    except KeyboardInterrupt:
        return 0
    return 1

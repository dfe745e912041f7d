"""A voice overlay: who is in the user's voice channel, and who of them speaks.

    GAMEBRIDGE_ACCESS_TOKEN=... python voice_overlay.py <client id>

Voice needs an access token of the scope `rpc` (or `rpc.voice.read` for the settings alone). Where there is none, the
user is asked by Discord; the code that AUTHORIZE gives is exchanged for a token by the application's own backend,
which has its secret.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

import gamebridge

# What is asked for once the user is in a channel, and again for each channel.
IN_CHANNEL = ["VOICE_STATE_CREATE", "VOICE_STATE_UPDATE", "VOICE_STATE_DELETE", "SPEAKING_START", "SPEAKING_STOP"]


class Overlay:
    """The channel that the user is in, as far as is known."""

    def __init__(self, rpc: gamebridge.Connection) -> None:
        self._rpc = rpc
        self._channel: str | None = None
        self._names: dict[str, str] = {}
        self._speaking: set[str] = set()

    def enter(self, channel: dict[str, Any] | None) -> None:
        """Shows another channel, or none."""
        for event in IN_CHANNEL if self._channel else ():
            self._rpc.send("UNSUBSCRIBE", evt=event, args={"channel_id": self._channel})
        self._channel = channel["id"] if channel else None
        self._speaking = set()
        for event in IN_CHANNEL if self._channel else ():
            self._rpc.send("SUBSCRIBE", evt=event, args={"channel_id": self._channel})
        # Who is there is asked for after that: what changes from here on is told.
        present = self._rpc.request("GET_SELECTED_VOICE_CHANNEL") if channel else None
        self._names = {s["user"]["id"]: s["nick"] for s in present["voice_states"]} if present else {}

    def handle(self, event: gamebridge.Event) -> None:
        """What an event changes."""
        if event.type == "reconnecting":
            self._names, self._speaking = {}, set()
        elif event.name == "VOICE_CHANNEL_SELECT":
            self.enter(self._rpc.request("GET_SELECTED_VOICE_CHANNEL"))
        elif event.name in ("VOICE_STATE_CREATE", "VOICE_STATE_UPDATE"):
            self._names[event["user"]["id"]] = event["nick"]
        elif event.name == "VOICE_STATE_DELETE":
            self._names.pop(event["user"]["id"], None)
            self._speaking.discard(event["user"]["id"])
        elif event.name == "SPEAKING_START":
            self._speaking.add(event["user_id"])
        elif event.name == "SPEAKING_STOP":
            self._speaking.discard(event["user_id"])
        else:
            return
        print(self, flush=True)

    def __str__(self) -> str:
        if self._channel is None:
            return "(in no voice channel)"
        names = sorted(self._names.items(), key=lambda entry: entry[1])
        return " ".join(f"[{name}]" if user in self._speaking else name for user, name in names)


def authenticate(rpc: gamebridge.Connection, client_id: str) -> None:
    """Asks the user, and shows what a program without a token has to do next."""
    code = rpc.request("AUTHORIZE", client_id=client_id, scopes=["rpc"])["code"]
    sys.exit(f"exchange this code for a token (POST /oauth2/token of Discord's API), within a minute: {code}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("client_id", help="the application's id, from discord.com/developers")
    parser.add_argument("--count", type=int, default=-1, metavar="N", help="end after N events")
    options = parser.parse_args()
    token = os.environ.get("GAMEBRIDGE_ACCESS_TOKEN")

    with gamebridge.Client() as gb:
        # With a token the connection is authenticated, and after every break again, before anything else.
        given = {"client_id": options.client_id} | ({"access_token": token} if token else {})
        rpc = gb.connect("rpc", given)
        if token is None:
            authenticate(rpc, options.client_id)
        overlay = Overlay(rpc)
        rpc.request("SUBSCRIBE", evt="VOICE_CHANNEL_SELECT")
        overlay.enter(rpc.request("GET_SELECTED_VOICE_CHANNEL"))
        print(overlay, flush=True)
        for event in gb:
            overlay.handle(event)
            options.count -= event.type == "dispatch"
            if options.count == 0:
                return


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
    except gamebridge.GamebridgeError as error:
        sys.exit(str(error))

"""Joining a friend's game: two players, two processes, and between them nothing but Discord and a secret.

    python join_flow.py demo                  both players and a Discord for each, on this machine

    python join_flow.py host <client id>      opens a party and lets in who asks
    python join_flow.py guest <client id>     waits to be told the secret, and joins

The host's activity has a party and a `join` secret, which Discord shows to nobody: it hands it to the game of a
player who was invited, or who asked and was let in. Here the secret is where the host listens, and a key that only it
could know.
"""

from __future__ import annotations

import argparse
import os
import secrets
import socket
import subprocess
import sys
import threading

import gamebridge
from gamebridge.testing import Server

PARTY = 4
DEMO_ID = "192741864418312192"


def say(line: str) -> None:
    # In one write, also where Python is told not to buffer: three processes of the demo share an output.
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class Door:
    """Where players come in, who have the key."""

    def __init__(self) -> None:
        self._key = secrets.token_urlsafe(16)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.secret = f"127.0.0.1:{self._listener.getsockname()[1]}:{self._key}"

    def let_in(self) -> str:
        """Waits for a player with the key; who has another one is sent away."""
        while True:
            peer, _ = self._listener.accept()
            with peer, peer.makefile("rw", encoding="utf-8", newline="\n") as lines:
                key, _, name = lines.readline().rstrip("\n").partition(" ")
                # In a time that tells nothing about the key.
                welcome = secrets.compare_digest(key, self._key)
                lines.write("welcome\n" if welcome else "go away\n")
            if welcome:
                return name


def knock(secret: str, name: str) -> str:
    """Goes where a secret leads; gives what is said there."""
    address, port, key = secret.split(":")
    with socket.create_connection((address, int(port)), timeout=10) as peer:
        with peer.makefile("rw", encoding="utf-8", newline="\n") as lines:
            lines.write(f"{key} {name}\n")
            lines.flush()
            return lines.readline().strip()


def host(client_id: str) -> None:
    """Opens a party and waits for one player."""
    door = Door()
    with gamebridge.Client() as gb:
        rpc = gb.connect("rpc", client_id=client_id)
        rpc.request("SUBSCRIBE", evt="ACTIVITY_JOIN_REQUEST")

        def show(players: int) -> None:
            party = gamebridge.Activity(
                state="In a group",
                party_id=f"party-of-{os.getpid()}",
                party_size=(players, PARTY),
                join=door.secret,
            )
            rpc.request("SET_ACTIVITY", activity=party)

        show(1)
        say("host: the party is open")

        def welcome() -> None:
            name = door.let_in()
            show(2)
            say(f"host: {name} is here")
            rpc.close()

        waiting = threading.Thread(target=welcome, daemon=True)
        waiting.start()
        # Ends when the connection does.
        for event in gb:
            if event.name == "ACTIVITY_JOIN_REQUEST":
                say(f"host: {event['user']['username']} asks, and may come")
                # CLOSE_ACTIVITY_REQUEST would be a no.
                rpc.request("SEND_ACTIVITY_JOIN_INVITE", user_id=event["user"]["id"])
        waiting.join()


def guest(client_id: str) -> None:
    """Waits for the secret, and joins."""
    with gamebridge.Client() as gb:
        rpc = gb.connect("rpc", client_id=client_id)
        name = rpc.ready()["user"]["username"]
        rpc.request("SUBSCRIBE", evt="ACTIVITY_JOIN")
        say("guest: waiting to be let in")
        for event in gb:
            if event.name == "ACTIVITY_JOIN":
                say(f"guest: the host says {knock(event['secret'], name)}")
                return


def demo() -> None:
    """Two Discords, one for each player; what their users do is played here."""
    with Server(username="Ada", transport="ipc") as of_host, Server(username="Bob", transport="ipc") as of_guest:

        def game(role: str, discord: Server) -> subprocess.Popen[bytes]:
            return subprocess.Popen([sys.executable, __file__, role, DEMO_ID], env={**os.environ, **discord.environ})

        with game("host", of_host) as first, game("guest", of_guest) as second:
            of_host.wait_for("ACTIVITY_UPDATE")
            # In Ada's world Bob is a friend, who clicks "Ask to join" when his own game is there.
            bob = of_host.do("USER_CREATE", username="Bob")["id"]
            of_host.do("RELATIONSHIP_SET", user_id=bob, type="FRIEND")
            of_guest.wait_for("PEER_CONNECTED")
            of_host.do("ACTIVITY_JOIN_REQUEST", user_id=bob)
            answered = of_host.wait_for("JOIN_REQUEST_ANSWERED")
            # Discord takes the secret from one player's client to the other's.
            while not of_guest.do("ACTIVITY_JOIN", secret=answered["secret"])["peers"]:
                threading.Event().wait(0.01)
            first.wait(30)
            second.wait(30)
    say("demo: both have ended")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("role", choices=["demo", "host", "guest"])
    parser.add_argument("client_id", nargs="?", default=DEMO_ID, help="the application's id")
    options = parser.parse_args()
    try:
        if options.role == "demo":
            demo()
        elif options.role == "host":
            host(options.client_id)
        else:
            guest(options.client_id)
    except KeyboardInterrupt:
        pass
    except gamebridge.GamebridgeError as error:
        sys.exit(str(error))

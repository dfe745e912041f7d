"""pypresence against our server: its classes, unchanged, over the local socket in the private folder of this run.

    python pypresence_client.py <tests/counterparts/serve.c, built>

Each reply is looked at for what it says, not only that it came.
"""

import json
import os
import subprocess
import sys
import time

from pypresence import Client, Presence
from pypresence.exceptions import DiscordError, InvalidID, ServerError

CLIENT_ID = "192741864418312192"
REPLY = "4"


class Host:
    """Our server in a process of its own; takes host commands and tells events, a line each."""

    def __init__(self, program: str) -> None:
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.addresses = json.loads(self.process.stdout.readline())

    def send(self, command: str, **args: object) -> dict:
        """Sends a host command and gives its reply's data."""
        self.process.stdin.write(f"{command} {json.dumps(args)}\n")
        self.process.stdin.flush()
        return self.event(REPLY, command)

    def event(self, kind: str, name: str) -> dict:
        """The next event of this type and name."""
        for line in self.process.stdout:
            found_kind, found_name, rest = line.rstrip("\n").split(" ", 2)
            if (found_kind, found_name) == (kind, name):
                status, _, data = rest.partition(" {")
                assert status == "success", line
                return json.loads("{" + data)
        raise AssertionError(f"the host ended before {name}")

    def close(self) -> None:
        self.process.stdin.close()
        assert self.process.wait(timeout=20) == 0


def refused(call, *args, **kwargs) -> str:
    """The sentence with which the server refuses a call."""
    try:
        reply = call(*args, **kwargs)
    except ServerError as error:
        return str(error)
    raise AssertionError(f"not refused: {reply}")


def refused_with_code(name: str, *args: object) -> int:
    """The code with which a fresh Client's call is refused. pypresence gives up a Client's connection at an error."""
    client = Client(CLIENT_ID)
    client.start()
    try:
        reply = getattr(client, name)(*args)
    except DiscordError as error:
        return error.code
    raise AssertionError(f"{name} was not refused: {reply}")


def presence_is_set_and_cleared(host: Host) -> None:
    presence = Presence(CLIENT_ID)
    presence.connect()
    reply = presence.update(
        state="In menu",
        details="Ünïcödé \U0001f600 \"quoted\"",
        start=int(time.time()),
        large_image="old_mill",
        party_id="party",
        party_size=[1, 4],
        buttons=[{"label": "Watch", "url": "https://example.com/watch"}],
    )
    assert reply["cmd"] == "SET_ACTIVITY" and reply["evt"] is None, reply
    assert reply["data"]["state"] == "In menu", reply
    assert reply["data"]["details"] == "Ünïcödé \U0001f600 \"quoted\"", reply
    assert reply["data"]["party"] == {"id": "party", "size": [1, 4]}, reply
    seen = host.event("5", "ACTIVITY_UPDATE")
    assert seen["activity"]["state"] == "In menu", seen
    state = host.send("STATE")
    assert state["activities"][0]["application_id"] == CLIENT_ID, state
    assert "state" in refused(presence.update, state="x"), "a state of one character is refused by name"
    reply = presence.clear()
    assert reply["cmd"] == "SET_ACTIVITY" and reply["data"] is None, reply
    assert host.event("5", "ACTIVITY_UPDATE")["activity"] is None
    assert host.send("STATE")["activities"] == []
    presence.close()


def a_client_is_authorised_and_asks(host: Host) -> None:
    client = Client(CLIENT_ID)
    client.start()
    reply = client.authorize(CLIENT_ID, ["rpc", "identify"])
    assert reply["cmd"] == "AUTHORIZE" and reply["data"]["code"], reply
    token = host.send("TOKEN_EXCHANGE", code=reply["data"]["code"], client_id=CLIENT_ID)
    assert token["token_type"] == "Bearer", token
    reply = client.authenticate(token["access_token"])
    assert reply["cmd"] == "AUTHENTICATE" and sorted(reply["data"]["scopes"]) == ["identify", "rpc"], reply
    assert reply["data"]["application"]["id"] == CLIENT_ID and reply["data"]["user"]["id"], reply

    assert client.get_guilds()["data"]["guilds"] == []
    guild = host.send("GUILD_CREATE", name="Millers")
    guilds = client.get_guilds()["data"]["guilds"]
    assert [(entry["id"], entry["name"]) for entry in guilds] == [(guild["id"], "Millers")], guilds

    client.close()


def errors_have_discords_codes() -> None:
    assert refused_with_code("get_guilds") == 4006, "not authenticated"
    assert refused_with_code("authenticate", "not a token") == 4009, "invalid token"
    assert refused_with_code("capture_shortcut", "start") == 4002, "nobody knows this command"
    assert refused_with_code("subscribe", "NO_SUCH_EVENT") == 4004, "invalid event"
    assert refused_with_code("authorize", "1", ["rpc"]) == 4007, "another application's id"


def subscribed_events_come(host: Host) -> None:
    client = Client(CLIENT_ID)
    client.start()
    seen = []
    reply = client.subscribe("ACTIVITY_SPECTATE")
    assert reply["cmd"] == "SUBSCRIBE" and reply["data"]["evt"] == "ACTIVITY_SPECTATE", reply
    reply = client.unsubscribe("ACTIVITY_SPECTATE")
    assert reply["cmd"] == "UNSUBSCRIBE" and reply["data"]["evt"] == "ACTIVITY_SPECTATE", reply
    client.register_event("ACTIVITY_JOIN", seen.append)
    client.register_event("ACTIVITY_JOIN_REQUEST", seen.append)
    assert host.send("ACTIVITY_SPECTATE", secret="not for us")["peers"] == 0
    assert host.send("ACTIVITY_JOIN", secret="join me")["peers"] == 1
    assert client.read()["data"] == {"secret": "join me"}
    mason = host.send("USER_CREATE", username="Mason")
    assert host.send("ACTIVITY_JOIN_REQUEST", user_id=mason["id"])["peers"] == 1
    assert client.read()["data"]["user"]["username"] == "Mason"
    reply = client.send_activity_join_invite(mason["id"])
    assert reply["cmd"] == "SEND_ACTIVITY_JOIN_INVITE", reply
    assert host.event("5", "JOIN_REQUEST_ANSWERED")["accepted"] is True
    client.close()


def bad_handshakes_are_closed_with_their_code() -> None:
    for client_id in ("not a number", ""):
        try:
            Presence(client_id).connect()
        except InvalidID:
            continue
        raise AssertionError(f"the client id {client_id!r} was accepted")


def main() -> None:
    host = Host(sys.argv[1])
    assert os.path.dirname(host.addresses["ipc"]) == os.environ["XDG_RUNTIME_DIR"], host.addresses
    presence_is_set_and_cleared(host)
    a_client_is_authorised_and_asks(host)
    errors_have_discords_codes()
    subscribed_events_come(host)
    bad_handshakes_are_closed_with_their_code()
    host.close()


main()

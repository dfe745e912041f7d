"""The `websockets` package against our server, in both encodings: JSON by Python's own module, ETF by erlang-py, with nothing
of ours between. Every subscription delivers, and each kind of value gets through both ways.

    python websockets_client.py <tests/counterparts/serve.c, built>
"""

import json
import sys
from typing import Any

import erlang
from town import CLIENT_ID, TOWN, Host, every_event, holds
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


def to_term(value: Any) -> Any:
    """As Erlang has it: texts are binaries, null, true and false are atoms."""
    if value is None or isinstance(value, bool):
        return erlang.OtpErlangAtom({None: b"nil", True: b"true", False: b"false"}[value])
    if isinstance(value, str):
        return erlang.OtpErlangBinary(value.encode())
    if isinstance(value, dict):
        return {to_term(key): to_term(member) for key, member in value.items()}
    if isinstance(value, list):
        return [to_term(element) for element in value]
    return value


def from_term(term: Any) -> Any:
    if isinstance(term, bool):
        return term
    if isinstance(term, erlang.OtpErlangAtom):
        atom = term.value if isinstance(term.value, bytes) else str(term.value).encode()
        return {b"nil": None, b"null": None, b"true": True, b"false": False}[atom]
    if isinstance(term, erlang.OtpErlangBinary):
        return term.value.decode()
    if isinstance(term, bytes):
        # It reads STRING_EXT so; our server writes no lists that way.
        return term.decode()
    if isinstance(term, dict):
        return {from_term(key): from_term(member) for key, member in term.items()}
    if isinstance(term, list):
        return [from_term(element) for element in term]
    return term


class Rpc:
    def __init__(self, port: int, encoding: str) -> None:
        self.etf = encoding == "etf"
        url = f"ws://127.0.0.1:{port}/?v=1&client_id={CLIENT_ID}&encoding={encoding}"
        self.socket = connect(url, origin=TOWN["origin"], legacy=True)
        self.events: list[dict] = []
        self.nonce = 0

    def receive(self) -> dict:
        message = self.socket.recv(timeout=20)
        assert isinstance(message, bytes) == self.etf, "text for json, binary for etf"
        return from_term(erlang.binary_to_term(message)) if self.etf else json.loads(message)

    def event(self, name: str) -> Any:
        while not (found := [event for event in self.events if event["evt"] == name]):
            self.events.append(self.receive())
        self.events.remove(found[0])
        assert found[0]["cmd"] == "DISPATCH", found
        return found[0]["data"]

    def ask(self, cmd: str, args: Any = None, evt: Any = None, code: int | None = None) -> Any:
        """The reply's data; with `code`, it must be an error of that."""
        self.nonce += 1
        message = {"cmd": cmd, "args": args, "evt": evt, "nonce": str(self.nonce)}
        self.socket.send(erlang.term_to_binary(to_term(message)) if self.etf else json.dumps(message))
        while (reply := self.receive())["cmd"] == "DISPATCH":
            self.events.append(reply)
        assert (reply["cmd"], reply["nonce"]) == (cmd, str(self.nonce)), reply
        assert reply["evt"] == (None if code is None else "ERROR"), reply
        if code is not None:
            assert reply["data"]["code"] == code and reply["data"]["message"], reply
        return reply["data"]

    def subscribe(self, evt: str, args: dict) -> None:
        assert self.ask("SUBSCRIBE", args, evt) == {"evt": evt}

    def unsubscribe(self, evt: str, args: dict) -> None:
        assert self.ask("UNSUBSCRIBE", args, evt) == {"evt": evt}


def commands(host: Host, rpc: Rpc) -> None:
    guild, text, lounge, bob = (host.names[name] for name in ("guild", "text", "lounge", "bob"))
    # null in the place of what is left out, as some programs write it.
    assert holds(rpc.ask("GET_GUILD", {"guild_id": guild, "timeout": None}), {"id": guild, "name": "Millers"})
    assert holds(rpc.ask("GET_GUILDS")["guilds"][0], {"id": guild})
    assert len(rpc.ask("GET_CHANNELS", {"guild_id": guild})["channels"]) == 3
    assert rpc.ask("GET_CHANNEL", {"channel_id": text})["messages"][0]["content"] == "Hello all"
    # Ids as numbers too: Erlang has them whole.
    assert rpc.ask("GET_CHANNEL", {"channel_id": int(text)})["id"] == text
    assert rpc.ask("SELECT_VOICE_CHANNEL", {"channel_id": lounge, "force": False})["id"] == lounge
    assert rpc.ask("GET_SELECTED_VOICE_CHANNEL")["id"] == lounge
    assert rpc.ask("SELECT_VOICE_CHANNEL", {"channel_id": None}) is None
    assert rpc.ask("SELECT_TEXT_CHANNEL", {"channel_id": text})["id"] == text
    changed = rpc.ask("SET_VOICE_SETTINGS", {"input": {"volume": 33.5}, "mode": {"threshold": -40.25}, "deaf": False})
    assert holds(changed, {"input": {"volume": 33.5}, "mode": {"threshold": -40.25}, "deaf": False}), changed
    assert rpc.ask("GET_VOICE_SETTINGS") == changed
    heard = {"user_id": bob, "pan": {"left": 0.25, "right": 1.0}, "volume": 120, "mute": False}
    assert holds(rpc.ask("SET_USER_VOICE_SETTINGS", heard), heard)
    assert rpc.ask("SET_CERTIFIED_DEVICES", {"devices": []}) is None
    activity = {"state": "Ünïcödé \U0001f600 \"quoted\"", "details": "a\\b/c", "party": {"id": "p", "size": [1, 255]}}
    assert holds(rpc.ask("SET_ACTIVITY", {"pid": 7, "activity": activity}), activity)
    assert rpc.ask("SET_ACTIVITY", {"pid": 7, "activity": None}) is None
    rpc.ask("NO_SUCH_COMMAND", {}, code=4002)
    rpc.ask("GET_CHANNEL", {"channel_id": "5"}, code=4005)
    rpc.ask("GET_CHANNEL", {"channel_id": 1.5}, code=4000)
    rpc.ask("SUBSCRIBE", {}, "NO_SUCH_EVENT", code=4004)


def what_is_no_etf_ends_only_its_sender(host: Host) -> None:
    for payload in (b"\x83", b"\x83\x6c\xff\xff\xff\xff", b"", b"{}", "{}"):
        rpc = Rpc(host.addresses["port"], "etf")
        rpc.event("READY")
        rpc.socket.send(payload)
        try:
            # An ERROR, or a close; no silence.
            reply = rpc.receive()
            assert reply["evt"] == "ERROR", reply
        except ConnectionClosed:
            pass
        rpc.socket.close()


def main() -> None:
    events = 0
    for encoding in ("json", "etf"):
        host = Host(sys.argv[1])
        host.build()
        rpc = Rpc(host.addresses["port"], encoding)
        ready = rpc.event("READY")
        assert holds(ready, {"v": 1, "user": {"id": host.names["self"], "bot": False}}), ready
        rpc.ask("GET_GUILDS", code=4006)
        code = rpc.ask("AUTHORIZE", {"client_id": CLIENT_ID, "scopes": TOWN["scopes"]})["code"]
        reply = rpc.ask("AUTHENTICATE", {"access_token": host.token(code)})
        assert holds(reply, {"scopes": TOWN["scopes"], "application": {"name": "The Mill"}}), reply
        commands(host, rpc)
        events += every_event(host, rpc.subscribe, rpc.unsubscribe, rpc.event)
        rpc.socket.close()
        what_is_no_etf_ends_only_its_sender(host)
        host.close()
    print(f"both encodings, {events} events")


main()

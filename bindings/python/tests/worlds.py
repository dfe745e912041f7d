"""What several tests ask for: a granted token, the events up to one, a thread, a Gateway made of a socket."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import socket
import struct
import threading
from collections.abc import Callable, Generator
from typing import Any

import gamebridge
import pytest
from conftest import CLIENT_ID
from gamebridge._native import sockets

alone = pytest.mark.skipif(any(map(os.path.exists, sockets())), reason="a Discord of this machine would be found")
"""For tests that look for a Discord everywhere, and want to find none but their own."""

LONG = 20.0
"""Seconds after which a test gives up: never what it waits for."""


def until(gb: gamebridge.Client, name: str) -> list[gamebridge.Event]:
    """The events up to and with the first of this name."""
    events: list[gamebridge.Event] = []
    while True:
        event = gb.wait(LONG)
        assert event is not None, f"no {name} after {events}"
        events.append(event)
        if event.name == name:
            return events


def round_trip(rpc: gamebridge.Connection) -> None:
    """What the server said before this has arrived after it."""
    assert rpc.request("UNSUBSCRIBE", evt="ACTIVITY_SPECTATE")["evt"] == "ACTIVITY_SPECTATE"


def token(server: gamebridge.Connection, rpc: gamebridge.Connection, *scopes: str) -> str:
    """An access token that the server granted to the client."""
    code = rpc.request("AUTHORIZE", client_id=CLIENT_ID, scopes=list(scopes))["code"]
    granted: str = server.request("TOKEN_EXCHANGE", code=code, client_id=CLIENT_ID)["access_token"]
    return granted


class Worker(threading.Thread):
    """A thread whose exception is not lost."""

    def __init__(self, work: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._work()
        except BaseException as error:
            self._error = error

    def end(self) -> None:
        self.join(LONG)
        assert not self.is_alive(), "a thread hangs"
        if self._error is not None:
            raise self._error


class Gateway:
    """As much of a Gateway as a test needs: HELLO, READY after IDENTIFY, then whatever the test says."""

    def __init__(self, script: Callable[[Gateway], None], *, refuse: int = 0) -> None:
        self._script = script
        self._refuse = refuse
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"ws://127.0.0.1:{self._listener.getsockname()[1]}/"
        self.sent = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            self._socket, _ = self._listener.accept()
            self._talk()

    def _talk(self) -> None:
        with self._socket:
            self._handshake()
            self._frame({"op": 10, "d": {"heartbeat_interval": 41250}})
            while self._receive().get("op") != 2:
                pass
            if self._refuse:
                self._raw(0x88, struct.pack(">H", self._refuse) + b"Authentication failed.")
                self._socket.recv(1024)
                return
            user = {"id": "1", "username": "bot", "discriminator": "0", "avatar": None}
            ready: dict[str, Any] = {"v": 10, "user": user, "guilds": [], "session_id": "s", "resume_gateway_url": self.url}
            self.dispatch("READY", ready)
            self._script(self)
            while self._socket.recv(4096):
                pass

    def _handshake(self) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += self._socket.recv(4096)
        key = next(line.split(b":")[1].strip() for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key"))
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        self._socket.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self._socket.recv(count - len(data))
            if not more:
                raise ConnectionResetError
            data += more
        return data

    def _receive(self) -> Any:
        first, second = self._exactly(2)
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack(">H", self._exactly(2))
        mask, data = self._exactly(4), self._exactly(length)
        text = bytes(byte ^ mask[at % 4] for at, byte in enumerate(data))
        return json.loads(text) if first & 0xF == 1 else {}

    def _raw(self, head: int, data: bytes) -> None:
        length = struct.pack(">BB", head, len(data)) if len(data) < 126 else struct.pack(">BBH", head, 126, len(data))
        self._socket.sendall(length + data)

    def _frame(self, message: dict[str, Any]) -> None:
        self._raw(0x81, json.dumps(message).encode())

    def text(self, name: str, payload: str) -> None:
        """A dispatch whose data is exactly this text."""
        self.sent += 1
        self._raw(0x81, f'{{"t":"{name}","s":{self.sent},"op":0,"d":{payload}}}'.encode())

    def dispatch(self, name: str, data: Any) -> None:
        self.text(name, json.dumps(data))

    def close(self) -> None:
        self._listener.close()
        with contextlib.suppress(AttributeError, OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(LONG)


@contextlib.contextmanager
def gateway(script: Callable[[Gateway], None], *, refuse: int = 0) -> Generator[Gateway]:
    """A Gateway in a thread."""
    double = Gateway(script, refuse=refuse)
    try:
        yield double
    finally:
        double.close()

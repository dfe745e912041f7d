"""A Discord for tests: a GameBridge of one's own, in this process, that nothing else on the machine can see or disturb.

    with gamebridge.testing.Server() as discord:
        with gamebridge.Client() as gb:
            rpc = gb.connect("rpc", client_id="1234", path=discord.ipc)
            rpc.request("SET_ACTIVITY", activity={"state": "In menu"})
        assert discord.activity()["state"] == "In menu"

The game under test is told where it is (`ipc`, `port`), or finds it by itself in the environment `environ`. In pytest
it is the fixture `gamebridge_server` (see `gamebridge.pytest_plugin`).
"""

from __future__ import annotations

import math
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from ._client import Client, Connection
from ._native import Event, seconds
from ._words import Params, is_params

__all__ = ["Server"]

TIMEOUT = 10.0
"""Seconds after which a test gives up waiting, unless it says otherwise. None is never."""


class Server:
    """A Discord of one's own. Parameters are those of `serve("rpc")` (docs/reference.md); unless they say otherwise
    its port is one that the system chooses, and its socket lies in a new folder of its own.

    Any number of threads may use one.
    """

    def __init__(self, params: Params | None = None, /, **kwargs: Any) -> None:
        if params is not None and not is_params(params):
            raise TypeError(f"params: a mapping expected, {type(params).__name__} given")
        self.parameters: dict[str, Any] = {**(params or {}), **kwargs}
        self._folder: str | None = None
        given = dict(self.parameters)
        if given.get("transport") != "websocket" and "folder" not in given and os.name != "nt":
            # Short, since a socket's address has 108 bytes.
            self._folder = given["folder"] = tempfile.mkdtemp(prefix="gb-")
        if given.get("transport") != "ipc":
            given.setdefault("port", 0)
        self._client = Client()
        self._seen: list[Event] = []
        self._looking = threading.Lock()
        try:
            self._server = self._client.serve("rpc", given)
            self.addresses: dict[str, Any] = self._server.ready()
        except BaseException:
            self.close()
            raise
        self._directory = given.get("folder")

    @property
    def ipc(self) -> str:
        """The local socket: `path` of `connect("rpc")`, `pipe` of `Presence`."""
        path: str = self.addresses["ipc"]
        return path

    @property
    def port(self) -> int:
        """The port of the WebSocket on 127.0.0.1."""
        port: int = self.addresses["port"]
        return port

    @property
    def user(self) -> dict[str, Any]:
        """Who is logged in."""
        user: dict[str, Any] = self.addresses["user"]
        return user

    @property
    def connection(self) -> Connection:
        """The server as a connection of a `Client`."""
        return self._server

    @property
    def environ(self) -> dict[str, str]:
        """The variables that let a program that looks for a Discord find this one first.

        `subprocess.run([...], env={**os.environ, **server.environ})`. Empty on Windows, where pipes have no folders.
        """
        if self._directory is None:
            return {}
        return dict.fromkeys(("XDG_RUNTIME_DIR", "TMPDIR", "TMP", "TEMP"), str(self._directory))

    def do(self, command: str, args: Params | None = None, /, **kwargs: Any) -> Any:
        """Carries out a host command and gives its reply's data: `do("USER_CREATE", username="ada")["id"]`.

        docs/reference.md has all of them. Raises ValueError or GamebridgeError with the field that is wrong.
        """
        return self._server.request(command, args, **kwargs)

    def token(self, client_id: str | int, *scopes: str) -> str:
        """An access token of an application, for `AUTHENTICATE` or `connect(access_token=...)`. Nobody is asked."""
        token: str = self.do("TOKEN_CREATE", client_id=str(client_id), scopes=list(scopes))["access_token"]
        return token

    def wait_for(
        self, name: str, where: Callable[[Event], object] | None = None, *, timeout: float | None = TIMEOUT
    ) -> Event:
        """The first event of this name that was not waited for yet, and for which `where` holds; the others stay.

        What peers do ("PEER_CONNECTED", "ACTIVITY_UPDATE" and so on), and what they ask ("AUTHORIZE"), for `allow`
        and `deny`. Raises AssertionError after `timeout` seconds, with the events that there were.
        """
        if not isinstance(name, str):
            raise TypeError(f"name: a str expected, not {type(name).__name__}")
        limit = seconds("timeout", timeout)
        deadline = math.inf if limit is None else time.monotonic() + limit
        while True:
            with self._looking:
                while event := self._client.poll():
                    self._seen.append(event)
                for at, event in enumerate(self._seen):
                    if event.name == name and (where is None or where(event)):
                        return self._seen.pop(at)
            left = deadline - time.monotonic()
            if left <= 0:
                others = ", ".join(event.name for event in self._seen) or "none"
                raise AssertionError(f"no {name} within {limit:g} s; events not waited for: {others}")
            # Another thread may have taken the event that this one waits for.
            if (event := self._client.wait(min(left, 0.1))) is not None:
                with self._looking:
                    self._seen.append(event)

    def activity(self, *, timeout: float | None = TIMEOUT) -> Any:
        """What a game shows next: the activity of the next ACTIVITY_UPDATE; None when it was cleared, or the game
        left.
        """
        return self.wait_for("ACTIVITY_UPDATE", timeout=timeout)["activity"]

    def allow(self, request: Event, data: Params | None = None) -> None:
        """Says yes to a request: an AUTHORIZE with `consent="ask"`, an ACTIVITY_JOIN_REQUEST with
        `join_requests="ask"`.
        """
        self._client.answer(request, True, data)

    def deny(self, request: Event) -> None:
        """Says no to it."""
        self._client.answer(request, False)

    def state(self, *parts: str) -> dict[str, Any]:
        """What there is in this world: `state("activities", "peers")`, or all of it."""
        state: dict[str, Any] = self.do("STATE", {"parts": list(parts)} if parts else None)
        return state

    def close(self) -> None:
        """Ends it: whoever is connected is closed, and its folder is removed. Twice does no harm."""
        self._client.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {'closed' if self._client.closed else self.addresses.get('ipc')}>"

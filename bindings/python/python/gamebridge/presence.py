"""`Presence` and `AioPresence`: Rich Presence with the classes of pypresence 4.6, so that switching is one line.

    from gamebridge.presence import Presence    # was: from pypresence import Presence

    rpc = Presence("1234")
    rpc.connect()
    rpc.update(state="In menu", large_image="logo")

Arguments, answers and exceptions are pypresence's. What is different underneath:

- Discord takes five updates in 20 seconds. Of more, the newest is kept and sent as soon as it may; `update` does not
  wait for that, and its answer has what was asked for.
- When Discord quits or is restarted, nothing is raised: the connection is made anew by itself, and the newest
  activity is shown again. `PipeClosed` means that there is no connection and none is looked for.
- There is no loop and no thread of Python's underneath `Presence`, so it works from every thread and inside a running
  loop, a notebook's for example. `loop` is taken and not used.
- Discord is looked for wherever it may be installed; `pipe` may be a number, as ever, or a socket's path.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import inspect
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any

from . import _presence
from ._aio_presence import AioPresence
from ._client import Client, Connection
from ._errors import ConnectionClosed, GamebridgeError
from ._native import Event, settle
from ._presence import CLOSED, SLICE, Command, Pace, Reply, Settings, log
from ._presence_errors import (
    ConnectionTimeout,
    DiscordError,
    DiscordNotFound,
    InvalidArgument,
    InvalidID,
    InvalidPipe,
    PipeClosed,
    PyPresenceException,
    ResponseTimeout,
    ServerError,
)
from .activity import Activity, ActivityType, StatusDisplayType

__all__ = [
    "Activity",
    "ActivityType",
    "AioPresence",
    "ConnectionTimeout",
    "DiscordError",
    "DiscordNotFound",
    "InvalidArgument",
    "InvalidID",
    "InvalidPipe",
    "PipeClosed",
    "Presence",
    "PyPresenceException",
    "ResponseTimeout",
    "ServerError",
    "StatusDisplayType",
]


class Presence:
    """Rich Presence, blocking. Any number of threads may use one.

    `client_id`: the application's id. `pipe`: the number of Discord's socket, or a socket's path; any unless given.
    `handler`: called with the exception and a future when an update that was kept for later is refused; otherwise
    that is a warning in the log. Times are in seconds; None is no limit.
    """

    def __init__(
        self,
        client_id: str | int,
        *,
        pipe: int | str | None = None,
        loop: asyncio.AbstractEventLoop | None = None,
        handler: Callable[[Any, Any], Any] | None = None,
        connection_timeout: float | None = 30,
        response_timeout: float | None = 10,
    ) -> None:
        self._settings = Settings(client_id, pipe, handler, connection_timeout, response_timeout, awaited=False)
        self.loop = loop
        # Held for as long as one thread connects; the other one for moves only.
        self._opening = threading.Lock()
        self._moving = threading.Lock()
        self._client: Client | None = None
        self._rpc: Connection | None = None
        self._coming: Client | None = None
        self._closes = 0
        self._pace = Pace()
        self._late: deque[tuple[int, Command]] = deque()

    @property
    def client_id(self) -> str:
        """The application's id."""
        return self._settings.client_id

    @property
    def connected(self) -> bool:
        """Whether Discord is there just now, as far as was looked. While it is not, it is looked for."""
        rpc = self._rpc
        if self._client is not None and not self._client.closed:
            self._pace.look(self._client.poll_all())
        return rpc is not None and rpc.connected

    def connect(self) -> None:
        """Connects to Discord. While connected it does nothing; while Discord is away it waits for it.

        Raises DiscordNotFound, InvalidPipe, InvalidID, DiscordError or ConnectionTimeout; PipeClosed when `close` is
        called meanwhile.
        """
        closes = self._closes
        with self._opening:
            if self._rpc is not None and self._client is not None and not self._rpc.closed:
                self._await_return(self._client, self._rpc)
                return
            last: Exception | None = None
            for parameters in self._settings.parameters():
                client = self._come(closes)
                try:
                    rpc = client.connect_nowait("rpc", parameters)
                    rpc.ready(self._settings.connection_timeout)
                    # Its CONNECTED is no return.
                    client.poll_all()
                    self._arrive(client, rpc, closes)
                    return
                except BaseException as error:
                    client.close()
                    if not isinstance(error, Exception):
                        raise
                    if self._closes != closes:
                        raise PipeClosed(CLOSED) from None
                    last = _presence.not_connected(error)
                    if not isinstance(last, DiscordNotFound):
                        raise last from error
            if last is not None:
                raise last

    def _come(self, closes: int) -> Client:
        """A client on its way, which `close` can end. What was there before is over."""
        with self._moving:
            if self._closes != closes:
                raise PipeClosed(CLOSED)
            before, self._client, self._rpc = self._client, None, None
            client = self._coming = Client()
        if before is not None:
            before.close()
        return client

    def _arrive(self, client: Client, rpc: Connection, closes: int) -> None:
        with self._moving:
            if self._closes != closes:
                raise PipeClosed(CLOSED)
            self._coming = None
            self._client, self._rpc, self._pace, self._late = client, rpc, Pace(), deque()

    def _await_return(self, client: Client, rpc: Connection) -> None:
        deadline = time.monotonic() + self._settings.connection_timeout
        while True:
            try:
                self._pace.look(client.poll_all())
                if rpc.connected:
                    return
                left = deadline - time.monotonic()
                if rpc.closed or left <= 0:
                    raise DiscordNotFound("Discord has not come back")
                if (event := client.wait(min(left, SLICE))) is not None:
                    self._pace.look([event])
            except ConnectionClosed:
                raise PipeClosed(CLOSED) from None

    def update(
        self,
        pid: int | None = None,
        activity_type: ActivityType | int | None = None,
        status_display_type: StatusDisplayType | int | None = None,
        state: str | None = None,
        state_url: str | None = None,
        details: str | None = None,
        details_url: str | None = None,
        name: str | None = None,
        start: float | None = None,
        end: float | None = None,
        large_image: str | None = None,
        large_text: str | None = None,
        large_url: str | None = None,
        small_image: str | None = None,
        small_text: str | None = None,
        small_url: str | None = None,
        party_id: str | None = None,
        party_size: Sequence[int] | None = None,
        join: str | None = None,
        spectate: str | None = None,
        match: str | None = None,
        buttons: Sequence[Mapping[str, str]] | None = None,
        instance: bool | None = True,
        payload_override: Any = None,
    ) -> Reply:
        """Shows an activity, in place of the one before. Gives Discord's answer: `cmd`, `data`, `evt`, `nonce`.

        `pid` is this process unless given. `start` and `end` are in seconds since 1970. `buttons` are up to two
        mappings of `label` and `url`. `payload_override` is a whole message of one's own, in place of all the others.

        Raises ServerError with the field that is wrong, ResponseTimeout, or PipeClosed.
        """
        return self._carry_out(_presence.update(dict(locals())))

    def set(self, activity: Activity | Mapping[str, Any], *, pid: int | None = None) -> Reply:
        """Shows an activity that is an object already. Otherwise as `update`."""
        given = activity.to_dict() if isinstance(activity, Activity) else activity
        return self._carry_out(_presence.shown(pid, given))

    def clear(self, pid: int | None = None) -> Reply:
        """Shows nothing any more. Answer and exceptions as of `update`."""
        return self._carry_out(_presence.shown(pid, None))

    def _carry_out(self, command: Command) -> Reply:
        client, rpc = self._client, self._rpc
        if client is None or rpc is None or rpc.closed:
            raise PipeClosed()
        hub = rpc._hub
        try:
            while events := client.poll_all():
                self._pace.look(events)
            self._look_back(client)
            tag = hub.expect(rpc.id, command.name, command.args, None, self._settings.reply_time())
            if command.is_activity and not (self._pace.goes_now(command.args.get("pid")) and rpc.connected):
                self._late.append((tag, command))
                return command.kept()
            deadline = time.monotonic() + self._settings.response_timeout
            while (reply := hub.reply(tag, min(SLICE, max(0.0, deadline - time.monotonic())))) is None:
                if command.is_activity and not (rpc.connected or rpc.closed):
                    self._late.append((tag, command))
                    return command.kept()
                if time.monotonic() >= deadline:
                    self._late.append((tag, command))
                    raise ResponseTimeout()
            return _answered(command, reply, rpc.closed)
        except (GamebridgeError, ValueError) as error:
            named = _presence.refused(error)
            if named is error:
                raise
            raise named from error

    def _look_back(self, client: Client) -> None:
        """What became of the updates that were kept."""
        late = self._late
        # Other threads may be at it, too: each of these goes to one of them.
        for _ in range(len(late)):
            try:
                tag, command = late.popleft()
            except IndexError:
                return
            reply = client._hub.reply(tag, 0)
            if reply is None:
                late.append((tag, command))
                continue
            try:
                _answered(command, reply, False)
            except GamebridgeError as error:
                self._report(_presence.refused(error))

    def _report(self, error: Exception) -> None:
        if isinstance(error, ResponseTimeout):
            return
        if self._settings.handler is None:
            log.warning("an update that was kept for later was refused: %s", error)
            return
        future: concurrent.futures.Future[None] = concurrent.futures.Future()
        future.set_exception(error)
        result = self._settings.handler(error, future)
        if inspect.iscoroutine(result):
            asyncio.run(result)

    def close(self) -> None:
        """Ends the connection, also one that is being made; Discord shows nothing any more. `connect` makes a new one.
        Twice does no harm.
        """
        with self._moving:
            self._closes += 1
            clients = self._client, self._coming
            self._client = self._rpc = self._coming = None
        for client in clients:
            if client is not None:
                client.close()

    def __enter__(self) -> Presence:
        self.connect()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.client_id}>"


def _answered(command: Command, reply: Event, over: bool) -> Reply:
    """The answer as the caller gets it."""
    try:
        data = settle(reply)
    except GamebridgeError as error:
        if command.is_activity and not over and isinstance(_presence.refused(error), PipeClosed):
            # The connection broke, and is being made anew: the activity is shown then.
            return command.kept()
        raise
    overtaken = command.is_activity and data is None and command.args.get("activity") is not None
    return command.kept() if overtaken else command.answered(data)

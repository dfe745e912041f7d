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
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any

from . import _presence
from ._aio import AsyncClient, AsyncConnection
from ._client import Client, Connection
from ._errors import ConnectionClosed, GamebridgeError
from ._native import Event, settle
from ._presence import Command, Pace, Reply, Settings
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

_log = logging.getLogger("gamebridge.presence")

_CLOSED = "closed while it was connecting"

_SLICE = 0.1
"""Seconds after which who waits for an answer looks whether the connection still stands."""


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
                        raise PipeClosed(_CLOSED) from None
                    last = _presence.not_connected(error)
                    if not isinstance(last, DiscordNotFound):
                        raise last from error
            if last is not None:
                raise last

    def _come(self, closes: int) -> Client:
        """A client on its way, which `close` can end. What was there before is over."""
        with self._moving:
            if self._closes != closes:
                raise PipeClosed(_CLOSED)
            before, self._client, self._rpc = self._client, None, None
            client = self._coming = Client()
        if before is not None:
            before.close()
        return client

    def _arrive(self, client: Client, rpc: Connection, closes: int) -> None:
        with self._moving:
            if self._closes != closes:
                raise PipeClosed(_CLOSED)
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
                if (event := client.wait(min(left, _SLICE))) is not None:
                    self._pace.look([event])
            except ConnectionClosed:
                raise PipeClosed(_CLOSED) from None

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
            while (reply := hub.reply(tag, min(_SLICE, max(0.0, deadline - time.monotonic())))) is None:
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
            _log.warning("an update that was kept for later was refused: %s", error)
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


class AioPresence:
    """Rich Presence for asyncio. It belongs to the loop in which it is connected.

    Arguments as of `Presence`; `handler` is an async function.
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
        self._settings = Settings(client_id, pipe, handler, connection_timeout, response_timeout, awaited=True)
        self.loop = loop
        # Held for as long as one task connects. A new one after each close: it may be another loop that connects then.
        self._opening = asyncio.Lock()
        self._client: AsyncClient | None = None
        self._rpc: AsyncConnection | None = None
        self._coming: AsyncClient | None = None
        self._closes = 0
        self._pace = Pace()
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def client_id(self) -> str:
        """The application's id."""
        return self._settings.client_id

    @property
    def connected(self) -> bool:
        """Whether Discord is there just now. While it is not, it is looked for."""
        return self._rpc is not None and self._rpc.connected

    async def connect(self) -> None:
        """Connects to Discord. While connected it does nothing; while Discord is away it waits for it.

        Raises DiscordNotFound, InvalidPipe, InvalidID, DiscordError or ConnectionTimeout; PipeClosed when `close` is
        called meanwhile.
        """
        closes = self._closes
        async with self._opening:
            if self._closes != closes:
                raise PipeClosed(_CLOSED)
            if self._rpc is not None and self._client is not None and not self._rpc.closed:
                await self._await_return(self._client, self._rpc)
                return
            await self._open(closes)

    async def _open(self, closes: int) -> None:
        if self._client is not None:
            self._client._abandon()
        self._client = self._rpc = None
        last: Exception | None = None
        for parameters in self._settings.parameters():
            client = self._coming = AsyncClient()
            try:
                rpc = client.connect_nowait("rpc", parameters)
                await rpc.ready(self._settings.connection_timeout)
                # Its CONNECTED is no return.
                client.poll_all()
                self._client, self._rpc, self._coming, self._pace = client, rpc, None, Pace()
                return
            except BaseException as error:
                client._abandon()
                if not isinstance(error, Exception):
                    raise
                if self._closes != closes:
                    raise PipeClosed(_CLOSED) from None
                last = _presence.not_connected(error)
                if not isinstance(last, DiscordNotFound):
                    raise last from error
        if last is not None:
            raise last

    async def _await_return(self, client: AsyncClient, rpc: AsyncConnection) -> None:
        deadline = time.monotonic() + self._settings.connection_timeout
        while True:
            try:
                self._pace.look(client.poll_all())
                if rpc.connected:
                    return
                left = deadline - time.monotonic()
                if rpc.closed or left <= 0:
                    raise DiscordNotFound("Discord has not come back")
                if (event := await client.wait(min(left, _SLICE))) is not None:
                    self._pace.look([event])
            except ConnectionClosed:
                raise PipeClosed(_CLOSED) from None

    async def update(
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
        """As `Presence.update`, awaited. A cancelled one gives the update up if it has not gone out."""
        return await self._carry_out(_presence.update(dict(locals())))

    async def set(self, activity: Activity | Mapping[str, Any], *, pid: int | None = None) -> Reply:
        """Shows an activity that is an object already. Otherwise as `update`."""
        given = activity.to_dict() if isinstance(activity, Activity) else activity
        return await self._carry_out(_presence.shown(pid, given))

    async def clear(self, pid: int | None = None) -> Reply:
        """Shows nothing any more. Answer and exceptions as of `update`."""
        return await self._carry_out(_presence.shown(pid, None))

    async def _carry_out(self, command: Command) -> Reply:
        client, rpc = self._client, self._rpc
        if client is None or rpc is None or rpc.closed:
            raise PipeClosed()
        while events := client.poll_all():
            self._pace.look(events)
        request = rpc.with_timeout(self._settings.reply_time()).request(command.name, command.args)
        task = asyncio.get_running_loop().create_task(request)
        # The command is on its way before anything is awaited for.
        await asyncio.sleep(0)
        if task.done():
            return self._settled(command, task)
        if command.is_activity and not (self._pace.goes_now(command.args.get("pid")) and rpc.connected):
            return self._keep(command, task)
        deadline = time.monotonic() + self._settings.response_timeout
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=min(_SLICE, max(0.0, deadline - time.monotonic())))
                if task.done():
                    break
                if command.is_activity and not (rpc.connected or rpc.closed):
                    return self._keep(command, task)
                if time.monotonic() >= deadline:
                    self._keep(command, task)
                    raise ResponseTimeout()
        except asyncio.CancelledError:
            task.cancel()
            raise
        return self._settled(command, task)

    def _settled(self, command: Command, task: asyncio.Task[Any]) -> Reply:
        try:
            data = task.result()
        except (GamebridgeError, ValueError) as error:
            named = _presence.refused(error)
            if command.is_activity and isinstance(named, PipeClosed) and self._rpc is not None and not self._rpc.closed:
                return command.kept()
            if named is error:
                raise
            raise named from error
        overtaken = command.is_activity and data is None and command.args.get("activity") is not None
        return command.kept() if overtaken else command.answered(data)

    def _keep(self, command: Command, task: asyncio.Task[Any]) -> Reply:
        self._tasks.add(task)
        task.add_done_callback(self._kept_ended)
        return command.kept()

    def _kept_ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None or not isinstance(error, Exception):
            return
        named = _presence.refused(error)
        if isinstance(named, (ResponseTimeout, PipeClosed)):
            return
        if self._settings.handler is None:
            _log.warning("an update that was kept for later was refused: %s", named)
            return
        handling = task.get_loop().create_task(self._settings.handler(named, task))
        self._tasks.add(handling)
        handling.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """Ends the connection, also one that is being made; Discord shows nothing any more. `connect` makes a new one.
        Twice does no harm.

        Not to be awaited, as in pypresence.
        """
        self._closes += 1
        self._opening = asyncio.Lock()
        clients = self._client, self._coming
        self._client = self._rpc = self._coming = None
        for client in clients:
            if client is not None:
                client._abandon()

    async def __aenter__(self) -> AioPresence:
        await self.connect()
        return self

    async def __aexit__(
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

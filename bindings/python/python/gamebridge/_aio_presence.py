"""`AioPresence`: what `presence.Presence` is, for asyncio."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any

from . import _presence
from ._aio import AsyncClient, AsyncConnection
from ._errors import ConnectionClosed, GamebridgeError
from ._presence import CLOSED, SLICE, Command, Pace, Reply, Settings, log
from ._presence_errors import DiscordNotFound, PipeClosed, ResponseTimeout
from .activity import Activity, ActivityType, StatusDisplayType

__all__ = ["AioPresence"]


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
                raise PipeClosed(CLOSED)
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
                    raise PipeClosed(CLOSED) from None
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
                if (event := await client.wait(min(left, SLICE))) is not None:
                    self._pace.look([event])
            except ConnectionClosed:
                raise PipeClosed(CLOSED) from None

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
                await asyncio.wait({task}, timeout=min(SLICE, max(0.0, deadline - time.monotonic())))
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
            log.warning("an update that was kept for later was refused: %s", named)
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

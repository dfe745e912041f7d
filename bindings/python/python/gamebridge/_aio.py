"""The asyncio client.

It belongs to the loop in which it is first used. On Unix the loop watches the wake-up handle (`add_reader`), so there is no
thread beside the library's own; loops that cannot watch a descriptor, as Windows' Proactor, are told by one thread of ours.
Events are taken in batches, and the loop's other tasks get their turn between batches. What nobody takes waits in the
library's queue under its rules, and replies pass by it.
"""

from __future__ import annotations

import asyncio
import os
import threading
import warnings
import weakref
from collections.abc import Callable
from types import TracebackType
from typing import Any

from ._client import asked, end, own_time
from ._errors import ConnectionClosed, ForkedError, GamebridgeError, RequestTimeout
from ._exit import ends_with_the_interpreter
from ._logging import level_of_logger
from ._native import Event, Hub, Link, count, seconds, settle
from ._words import LogLevel, Params

__all__ = ["AsyncClient", "AsyncConnection"]


class AsyncConnection:
    """A connection to a Discord, or a server that this program hosts. Made by `AsyncClient.connect` and `serve`."""

    __slots__ = ("__weakref__", "_client", "_link", "_timeout")

    def __init__(self, client: AsyncClient, link: Link, timeout: float | None = None) -> None:
        self._client = client
        self._link = link
        self._timeout = timeout

    @property
    def id(self) -> int:
        """What its events have in `conn`. Never used again in this client."""
        return self._link.id

    @property
    def connected(self) -> bool:
        """Whether it is up just now, as far as events were looked at."""
        return self._link.connected and not self.closed

    @property
    def closed(self) -> bool:
        """Whether it is over for good, as far as events were looked at."""
        return self._link.over or self._client.closed

    async def ready(self, timeout: float | None = None) -> dict[str, Any]:
        """Waits until it is connected and gives the data of CONNECTED: of RPC `user` and `config`, of a server its addresses.

        `timeout` is in seconds. Raises RequestTimeout when they are over, and what ended the connection when it ended.
        """
        event = await self._client._until(self._link.ready, timeout)
        if event is None:
            raise RequestTimeout(f"not connected within {timeout:g} s", status="timeout")
        data: dict[str, Any] = event.data
        return data

    async def request(self, command: str, args: Params | None = None, /, **kwargs: Any) -> Any:
        """Sends a command, awaits its reply, and gives the reply's data; None when the reply has none.

        Arguments are keywords or one mapping. It waits as long as the command's own time (docs/reference.md), or that of
        `with_timeout`; cancelling the task gives the command up. Raises RemoteError with the peer's code, RequestTimeout,
        ConnectionClosed, AuthError, RateLimited or QueueFull; ValueError or TypeError for arguments that do not fit. An
        update that a newer one overtook gives None.
        """
        return await self._client._request(self._link.id, command, args, kwargs, self._timeout)

    def send(self, command: str, args: Params | None = None, /, **kwargs: Any) -> None:
        """Queues a command without waiting. It has no reply; its failure is a line in the log."""
        self._client._hub.send(self._link.id, command, args, kwargs, self._timeout)

    def with_timeout(self, seconds: float | None) -> AsyncConnection:
        """The same connection, whose requests wait so many seconds; None for each command's own time."""
        return AsyncConnection(self._client, self._link, own_time(seconds))

    async def close(self) -> None:
        """Says good-bye after what was sent, and waits for the end (as long as the client's `shutdown_timeout`)."""
        if self.closed:
            return
        end(self._client._hub, self._link.id)
        await self._client._until(lambda: self._link.over or None, self._client._hub.shutdown)

    async def __aenter__(self) -> AsyncConnection:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        state = "closed" if self.closed else "connected" if self.connected else "connecting"
        return f"<{type(self).__name__} {self.id} {state}>"


class AsyncClient:
    """Connections, and one queue of their events, in an asyncio loop.

    `queue_bytes`: what each connection may keep unread (4 MiB). `shutdown_timeout`: seconds that the end may take (0.5).
    `log_level`: "off", "error", "warning", "info" or "debug"; by default what the logger `gamebridge` lets pass.
    """

    def __init__(
        self,
        *,
        queue_bytes: int | None = None,
        shutdown_timeout: float | None = None,
        log_level: LogLevel | None = None,
    ) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watch: _Watch | None = None
        self._replies: dict[int, asyncio.Future[Event]] = {}
        self._waiters: set[asyncio.Future[None]] = set()
        self._open: set[int] = set()
        self._hub = ends_with_the_interpreter(Hub(queue_bytes, shutdown_timeout, log_level or level_of_logger()))

    async def connect(self, protocol: str, params: Params | None = None, /, **kwargs: Any) -> AsyncConnection:
        """Connects ("rpc", "gateway", "dmod") and waits until it is connected.

        Parameters are keywords or one mapping (docs/reference.md). While there is no Discord it goes on looking, unless
        `retry=False`. To wait for a limited time, or not at all: `await connect_nowait(...).ready(timeout)`.
        """
        return await self._await_ready(self.connect_nowait(protocol, params, **kwargs))

    def connect_nowait(self, protocol: str, params: Params | None = None, /, **kwargs: Any) -> AsyncConnection:
        """Starts to connect. Commands that are sent meanwhile wait their turn."""
        return self._opened(self._hub.connect(protocol, params, kwargs))

    async def serve(self, service: str, params: Params | None = None, /, **kwargs: Any) -> AsyncConnection:
        """Hosts a server ("rpc", "sandbox") in this process and waits until it listens; `ready()` has its addresses."""
        return await self._await_ready(self.serve_nowait(service, params, **kwargs))

    def serve_nowait(self, service: str, params: Params | None = None, /, **kwargs: Any) -> AsyncConnection:
        """Starts a server."""
        return self._opened(self._hub.serve(service, params, kwargs))

    def _opened(self, link: Link) -> AsyncConnection:
        self._open.add(link.id)
        return AsyncConnection(self, link)

    async def _await_ready(self, connection: AsyncConnection) -> AsyncConnection:
        try:
            await connection.ready()
        except BaseException:
            end(self._hub, connection.id)
            raise
        return connection

    def answer(self, event: Event, ok: bool = True, data: Params | None = None) -> None:
        """Settles a "request" event of a server, once: grants it, or refuses it with `ok=False`."""
        request = asked(event)
        self._hub.answer(event.conn, request, ok, data)

    def poll(self) -> Event | None:
        """The next event; None when there is none now. Never waits."""
        self._check_thread()
        event = self._hub.pop()
        if event is None:
            self._gather()
            event = self._hub.pop()
        return event

    def poll_all(self, max: int = 256) -> list[Event]:
        """The events that are there, at most `max`, in order. Never waits."""
        most = count("max", max)
        events: list[Event] = []
        while len(events) < most and (event := self.poll()) is not None:
            events.append(event)
        return events

    async def wait(self, timeout: float | None = None) -> Event | None:
        """The next event; None after `timeout` seconds, or, without one, when no connection is left."""
        if timeout is None:
            return await self._next()
        event: Event | None = await self._until(self._hub.pop, timeout)
        return event

    def __aiter__(self) -> AsyncClient:
        """Events as they come, until the client is closed or its last connection is over."""
        return self

    async def __anext__(self) -> Event:
        try:
            event = self._hub.pop() or await self._next()
        except ConnectionClosed:
            raise StopAsyncIteration from None
        if event is None:
            raise StopAsyncIteration
        return event

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._hub.closed

    async def close(self) -> None:
        """Ends all connections and discards what was not taken. Waits `shutdown_timeout` at most. Twice does no harm."""
        if self._hub.closed:
            return
        if self._loop is not None and self._loop.is_closed():
            # Nobody is left who could wait, or be waited for.
            self._abandon()
            return
        self._attach()
        try:
            for conn in self._open:
                end(self._hub, conn)
            if self._open:
                await self._until(lambda: not self._open or None, self._hub.shutdown)
        except ConnectionClosed:
            # Another task was faster.
            pass
        finally:
            self._abandon()

    def _abandon(self) -> None:
        # Once: its descriptor may be somebody else's the second time.
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.stop()
        self._hub.close()
        self._fail(ConnectionClosed("the client is closed", status="closed"))

    async def __aenter__(self) -> AsyncClient:
        self._attach()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __del__(self) -> None:
        hub = getattr(self, "_hub", None)
        if hub is not None and not hub.closed:
            warnings.warn(f"unclosed {self!r}", ResourceWarning, source=self, stacklevel=2)
            self._abandon()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {'closed' if self.closed else 'open'}>"

    def _attach(self) -> asyncio.AbstractEventLoop:
        """The loop, watched from now on."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            # A forked child, which has no loop either, is told what it is.
            self._hub.wake()
            raise RuntimeError(
                "AsyncClient needs a running asyncio loop; from another kind of loop use Client with its fileno()"
            ) from None
        if self._loop is None:
            self._watch = _watch(loop, self._hub, weakref.WeakMethod(self._gather))
            self._loop = loop
        elif self._loop is not loop:
            raise RuntimeError("this AsyncClient belongs to another loop: make one for each")
        return loop

    def _check_thread(self) -> None:
        """Refuses a call beside a running loop: what it gathers would wake tasks that only their own thread may wake."""
        loop = self._loop
        if loop is not None and loop.is_running() and asyncio._get_running_loop() is not loop:
            # A forked child, which has the loop and does not run it, is told what it is.
            self._hub.wake()
            raise RuntimeError("this AsyncClient belongs to a loop in another thread: call it from there")

    def _gather(self) -> None:
        """Takes what arrived and hands it out. The loop calls it when something did."""
        try:
            news = self._hub.gather()
        except ForkedError:
            raise
        except GamebridgeError as error:
            self._fail(error)
            return
        if news is None:
            # The thread that tells this loop waits just then: it has to tell, also of what it does not wait for.
            self._hub.wake()
            return
        for event in news:
            if event.type == "reply":
                future = self._replies.pop(event.tag, None)
                if future is not None and not future.done():
                    future.set_result(event)
            elif event.type == "disconnected":
                self._open.discard(event.conn)
        if self._waiters:
            for waiter in self._waiters:
                if not waiter.done():
                    waiter.set_result(None)
            self._waiters.clear()

    def _fail(self, error: Exception) -> None:
        """Nothing more comes: everything that waits fails."""
        if self._loop is None or self._loop.is_closed():
            return
        for future in self._replies.values():
            if not future.done():
                future.set_exception(error)
        self._replies.clear()
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._waiters.clear()

    async def _request(
        self, conn: int, command: str, args: Params | None, kwargs: dict[str, Any], timeout: float | None
    ) -> Any:
        loop = self._attach()
        tag = self._hub.begin(conn, command, args, kwargs, timeout)
        future: asyncio.Future[Event] = loop.create_future()
        self._replies[tag] = future
        try:
            reply = await future
        except asyncio.CancelledError:
            self._hub.cancel(conn, tag)
            raise
        finally:
            self._replies.pop(tag, None)
        return settle(reply)

    async def _next(self) -> Event | None:
        """The next event when none was gathered; None when none can come."""
        self._attach()
        while True:
            self._gather()
            if self._hub.closed:
                raise ConnectionClosed("the client is closed", status="closed")
            if self._hub.has_events:
                # Between batches the others have their turn. Nothing is taken before it, so nothing is lost if this is cancelled.
                await asyncio.sleep(0)
            elif self._hub.is_over:
                return None
            else:
                await self._news(None)
            event = self._hub.pop()
            if event is not None:
                return event

    async def _until(self, look: Callable[[], Any], timeout: float | None) -> Any:
        """What `look` finds; None when the time is over first."""
        loop = self._attach()
        timeout = seconds("timeout", timeout)
        deadline = None if timeout is None else loop.time() + timeout
        while True:
            self._gather()
            if self._hub.closed:
                raise ConnectionClosed("the client is closed", status="closed")
            found = look()
            if found is not None:
                return found
            if deadline is not None and loop.time() >= deadline:
                return None
            await self._news(deadline)

    async def _news(self, deadline: float | None) -> None:
        """Waits until something was gathered, at most until `deadline` on the loop's clock."""
        loop = self._attach()
        waiter: asyncio.Future[None] = loop.create_future()
        self._waiters.add(waiter)
        timer = None if deadline is None else loop.call_at(deadline, _resolve, waiter)
        try:
            await waiter
        finally:
            self._waiters.discard(waiter)
            if timer is not None:
                timer.cancel()


def _resolve(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


Gather = weakref.WeakMethod[Callable[[], None]]


class _Watch:
    """Tells a loop that there is something to gather. Holds no client, so that one that nobody has any more can go."""

    def stop(self) -> None:
        raise NotImplementedError


def _watch(loop: asyncio.AbstractEventLoop, hub: Hub, gather: Gather) -> _Watch:
    if os.name != "nt":
        try:
            return _Reader(loop, hub, gather)
        except NotImplementedError:
            pass
    return _Notifier(loop, hub, gather)


class _Reader(_Watch):
    """By way of the wake-up handle, which the loop watches."""

    def __init__(self, loop: asyncio.AbstractEventLoop, hub: Hub, gather: Gather) -> None:
        self._loop = loop
        # One of our own: the client may be gone before the loop has let go.
        self._handle = os.dup(hub.fileno(watched=False))
        try:
            loop.add_reader(self._handle, _call, gather)
        except BaseException:
            os.close(self._handle)
            raise

    def stop(self) -> None:
        if self._loop.is_running() and asyncio._get_running_loop() is not self._loop:
            # The collector found the client in another thread.
            try:
                self._loop.call_soon_threadsafe(self._let_go)
                return
            except RuntimeError:
                pass
        self._let_go()

    def _let_go(self) -> None:
        if not self._loop.is_closed():
            self._loop.remove_reader(self._handle)
        os.close(self._handle)


class _Notifier(_Watch):
    """By way of one thread, which waits and tells the loop, once for all that came meanwhile."""

    def __init__(self, loop: asyncio.AbstractEventLoop, hub: Hub, gather: Gather) -> None:
        self._loop = loop
        self._hub = hub
        self._gather = gather
        self._taken = threading.Event()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="gamebridge-notifier", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stopped:
            try:
                self._hub.await_news()
            except GamebridgeError:
                return
            self._taken.clear()
            if self._stopped or self._hub.closed:
                return
            try:
                self._loop.call_soon_threadsafe(self._tell)
            except RuntimeError:
                # The loop is closed.
                return
            self._taken.wait()

    def _tell(self) -> None:
        _call(self._gather)
        self._taken.set()

    def stop(self) -> None:
        self._stopped = True
        self._taken.set()
        try:
            self._hub.wake()
        except GamebridgeError:
            pass
        if threading.current_thread() is not self._thread:
            self._thread.join()


def _call(gather: Gather) -> None:
    method = gather()
    if method is not None:
        method()

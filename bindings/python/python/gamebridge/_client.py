"""The blocking client.

Any number of threads may use one client: each event goes to one of them, each reply to the thread that sent the request.
Every call that waits lets other threads run, and ends on Ctrl-C within a tenth of a second.
"""

from __future__ import annotations

import warnings
from types import TracebackType
from typing import Any

from ._errors import ConnectionClosed, RequestTimeout
from ._exit import ends_with_the_interpreter
from ._logging import level_of_logger
from ._native import Event, Hub, Link, seconds
from ._words import LogLevel, Params

__all__ = ["Client", "Connection"]


class Connection:
    """A connection to a Discord, or a server that this program hosts. Made by `Client.connect` and `Client.serve`."""

    __slots__ = ("__weakref__", "_hub", "_link", "_timeout")

    def __init__(self, hub: Hub, link: Link, timeout: float | None = None) -> None:
        self._hub = hub
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
        return self._link.over or self._hub.closed

    def ready(self, timeout: float | None = None) -> dict[str, Any]:
        """Waits until it is connected and gives the data of CONNECTED: of RPC `user` and `config`, of a server its addresses.

        `timeout` is in seconds. Raises RequestTimeout when they are over, and what ended the connection when it ended.
        """
        event = self._hub.ready(self._link, timeout)
        if event is None:
            raise RequestTimeout(f"not connected within {timeout:g} s", status="timeout")
        data: dict[str, Any] = event.data
        return data

    def request(self, command: str, args: Params | None = None, /, **kwargs: Any) -> Any:
        """Sends a command, waits for its reply, and gives the reply's data; None when the reply has none.

        Arguments are keywords or one mapping. It waits as long as the command's own time (docs/reference.md), or that of
        `with_timeout`. Raises RemoteError with the peer's code, RequestTimeout, ConnectionClosed, AuthError, RateLimited or
        QueueFull; ValueError or TypeError for arguments that do not fit. An update that a newer one overtook gives None.
        """
        return self._hub.request(self._link.id, command, args, kwargs, self._timeout)

    def send(self, command: str, args: Params | None = None, /, **kwargs: Any) -> None:
        """Queues a command without waiting. It has no reply; its failure is a line in the log."""
        self._hub.send(self._link.id, command, args, kwargs, self._timeout)

    def with_timeout(self, seconds: float | None) -> Connection:
        """The same connection, whose requests wait so many seconds; None for each command's own time."""
        return Connection(self._hub, self._link, own_time(seconds))

    def close(self) -> None:
        """Says good-bye after what was sent, and waits for the end (as long as the client's `shutdown_timeout`)."""
        if self.closed:
            return
        end(self._hub, self._link.id)
        self._hub.ended(self._link, self._hub.shutdown)

    def __enter__(self) -> Connection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self.closed else "connected" if self.connected else "connecting"
        return f"<{type(self).__name__} {self.id} {state}>"


def own_time(given: float | None) -> float | None:
    """A request's own time, checked where it is written."""
    time = seconds("timeout", given)
    if time == 0:
        raise ValueError("timeout: more than 0 seconds expected; None is each command's own time")
    return time


def asked(event: Event) -> int:
    """The id under which a request to the host is answered."""
    if not isinstance(event, Event):
        raise TypeError(f"event: an Event of type 'request' expected, not {type(event).__name__}")
    if event.request_id is None:
        raise ValueError(f"event: one of type 'request' expected, {event!r} given")
    return event.request_id


def end(hub: Hub, connection: int) -> None:
    """Ends a connection, if it is not over: its end may have come and not have been looked at yet."""
    try:
        hub.disconnect(connection)
    except ConnectionClosed:
        pass


class Client:
    """Connections, and one queue of their events.

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
        self._hub = ends_with_the_interpreter(Hub(queue_bytes, shutdown_timeout, log_level or level_of_logger()))

    def connect(self, protocol: str, params: Params | None = None, /, **kwargs: Any) -> Connection:
        """Connects ("rpc", "gateway", "dmod") and waits until it is connected.

        Parameters are keywords or one mapping (docs/reference.md). While there is no Discord it goes on looking, unless
        `retry=False`. To wait for a limited time, or not at all: `connect_nowait(...).ready(timeout)`.
        """
        return self._await_ready(self.connect_nowait(protocol, params, **kwargs))

    def connect_nowait(self, protocol: str, params: Params | None = None, /, **kwargs: Any) -> Connection:
        """Starts to connect. Commands that are sent meanwhile wait their turn."""
        return Connection(self._hub, self._hub.connect(protocol, params, kwargs))

    def serve(self, service: str, params: Params | None = None, /, **kwargs: Any) -> Connection:
        """Hosts a server ("rpc", "sandbox") in this process and waits until it listens; `ready()` has its addresses."""
        return self._await_ready(self.serve_nowait(service, params, **kwargs))

    def serve_nowait(self, service: str, params: Params | None = None, /, **kwargs: Any) -> Connection:
        """Starts a server."""
        return Connection(self._hub, self._hub.serve(service, params, kwargs))

    def _await_ready(self, connection: Connection) -> Connection:
        try:
            connection.ready()
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
        return self._hub.poll()

    def poll_all(self, max: int = 256) -> list[Event]:
        """The events that are there, at most `max`, in order. Never waits."""
        return self._hub.take(max)

    def wait(self, timeout: float | None = None) -> Event | None:
        """The next event; None after `timeout` seconds, or, without one, when no connection is left."""
        return self._hub.wait(timeout)

    def __iter__(self) -> Client:
        """Events as they come, until the client is closed or its last connection is over."""
        return self

    def __next__(self) -> Event:
        try:
            event = self._hub.wait(None)
        except ConnectionClosed:
            raise StopIteration from None
        if event is None:
            raise StopIteration
        return event

    def fileno(self) -> int:
        """A descriptor that is readable while something can be polled: for select, or another loop. Never read from it.

        Not on Windows, where the wake-up handle is no descriptor.
        """
        return self._hub.fileno(watched=True)

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._hub.closed

    def close(self) -> None:
        """Ends all connections and discards what was not taken. Waits `shutdown_timeout` at most. Twice does no harm."""
        self._hub.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        hub = getattr(self, "_hub", None)
        if hub is not None and not hub.closed:
            warnings.warn(f"unclosed {self!r}", ResourceWarning, source=self, stacklevel=2)
            hub.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {'closed' if self.closed else 'open'}>"

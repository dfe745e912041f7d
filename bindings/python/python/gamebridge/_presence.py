"""What `Presence` and `AioPresence` have in common: their arguments, what goes out for them, and how failures are
called.

The core does the work that is hard: it keeps the newest activity, sends no more of them than Discord takes, and shows
it again after a break. What is here only has to know whether an answer is worth waiting for.
"""

from __future__ import annotations

import inspect
import logging
import math
import os
import stat
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from ._errors import GamebridgeError
from ._native import Event, seconds, sockets
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
from ._words import is_params
from .activity import ActivityType, StatusDisplayType

log = logging.getLogger("gamebridge.presence")

Reply = dict[str, Any]
"""`cmd`, `data`, `evt` and `nonce`, as Discord sends it."""

UPDATES: Final = 5
WINDOW: Final = 20.25
"""Seconds in which the core sends so many updates and no more (proto/src/protocol/rpc/presence.rs)."""

CLOSED: Final = "closed while it was connecting"

SLICE: Final = 0.1
"""Seconds after which who waits for an answer looks whether the connection still stands."""

REPLY_TIME: Final = 30.0
"""Seconds that the core waits for the answer to an update, unless told otherwise."""

# Where an argument stands in the activity.
_PLACES: Final[dict[str, tuple[str, ...]]] = {
    "state": ("state",),
    "state_url": ("state_url",),
    "details": ("details",),
    "details_url": ("details_url",),
    "name": ("name",),
    "start": ("timestamps", "start"),
    "end": ("timestamps", "end"),
    "large_image": ("assets", "large_image"),
    "large_text": ("assets", "large_text"),
    "large_url": ("assets", "large_url"),
    "small_image": ("assets", "small_image"),
    "small_text": ("assets", "small_text"),
    "small_url": ("assets", "small_url"),
    "party_id": ("party", "id"),
    "party_size": ("party", "size"),
    "join": ("secrets", "join"),
    "spectate": ("secrets", "spectate"),
    "match": ("secrets", "match"),
    "buttons": ("buttons",),
    "instance": ("instance",),
}


class Command:
    """What is to be sent, and what its answer looks like."""

    def __init__(self, name: str, args: Mapping[str, Any], nonce: object = None) -> None:
        self.name = name
        self.args = args
        self.nonce = f"{time.time():.20f}" if nonce is None else nonce

    @property
    def is_activity(self) -> bool:
        """Whether a newer one takes its place."""
        return self.name == "SET_ACTIVITY"

    def answered(self, data: object) -> Reply:
        """The answer with this data."""
        return {"cmd": self.name, "data": data, "evt": None, "nonce": self.nonce}

    def kept(self) -> Reply:
        """The answer to an activity that goes out later: what was asked for."""
        activity: Any = self.args.get("activity")
        return self.answered(dict(activity) if activity is not None else None)


def update(given: dict[str, Any]) -> Command:
    """The command for the arguments of `update`, by their names."""
    override = given["payload_override"]
    if override is not None:
        return _overridden(override)
    activity: dict[str, Any] = {
        "type": int(ActivityType(given["activity_type"] or 0)),
        "status_display_type": int(StatusDisplayType(given["status_display_type"] or 0)),
    }
    for name, path in _PLACES.items():
        value = given[name]
        if value is None:
            continue
        if path[0] == "timestamps":
            value = _moment(name, value)
        inner = activity
        for step in path[:-1]:
            inner = inner.setdefault(step, {})
        inner[path[-1]] = value
    return shown(given["pid"], activity)


def _moment(name: str, value: Any) -> int:
    """Whatever `int` takes, as in pypresence."""
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{name}: seconds since 1970 expected, {value!r} given") from None


def shown(pid: int | None, activity: Mapping[str, Any] | None) -> Command:
    """The command that shows an activity, or with None shows nothing."""
    args: dict[str, Any] = {"pid": os.getpid() if pid is None else pid}
    if activity is not None:
        args["activity"] = activity
    return Command("SET_ACTIVITY", args)


def _overridden(payload: Any) -> Command:
    # pypresence's own Payload has the message in `data`.
    given: object = getattr(payload, "data", payload)
    message: dict[str, Any] = {**given} if is_params(given) else {}
    if not isinstance(message.get("cmd"), str):
        raise TypeError("payload_override: a mapping with cmd, args and nonce expected")
    args: dict[str, Any] = message.get("args") or {}
    if "evt" in message:
        args = {"evt": message["evt"], "args": args}
    return Command(message["cmd"], args, message.get("nonce"))


class Pace:
    """Whether an update goes out at once: the core's own reckoning, for which it need not be asked. Any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        # When the last ones went out, and whose are still to go, in their turn.
        self._sent: deque[float] = deque(maxlen=UPDATES)
        self._kept: deque[object] = deque()

    def goes_now(self, slot: object) -> bool:
        """Notes an update of this process id."""
        with self._lock:
            now = self._clock()
            while self._kept and self._sent[0] + WINDOW <= now:
                self._kept.popleft()
                self._sent.append(self._sent[0] + WINDOW)
            if slot in self._kept:
                return False
            if len(self._sent) == UPDATES and self._sent[0] + WINDOW > now:
                self._kept.append(slot)
                return False
            self._sent.append(now)
            return True

    def look(self, events: Iterable[Event]) -> None:
        """Notes what a new connection was shown by the core itself."""
        with self._lock:
            for event in events:
                if event.type == "connected":
                    self._sent.append(self._clock())


class Settings:
    """The constructor's arguments, checked."""

    def __init__(
        self,
        client_id: str | int,
        pipe: int | str | None,
        handler: Callable[[Any, Any], Any] | None,
        connection_timeout: float | None,
        response_timeout: float | None,
        awaited: bool,
    ) -> None:
        self.client_id = str(client_id)
        self.pipe = pipe
        self.handler = handler
        self.connection_timeout = _limit("connection_timeout", connection_timeout)
        self.response_timeout = _limit("response_timeout", response_timeout)
        if handler is not None:
            _check_handler(handler, awaited)

    def parameters(self) -> list[dict[str, Any]]:
        """Of `connect`, one after the other."""
        if not (self.client_id.isascii() and self.client_id.isdigit()):
            raise InvalidID(f"client_id: digits expected, {self.client_id[:40]!r} given")
        base = {"client_id": self.client_id, "transport": "ipc", "retry": False}
        if self.pipe is None:
            return [base]
        pipe = str(self.pipe)
        if not pipe.isdigit():
            return [{**base, "path": pipe}]
        found = [str(path) for path in sockets() if path.name == f"discord-ipc-{pipe}" and _is_there(path)]
        if not found:
            raise DiscordNotFound(f"no socket discord-ipc-{pipe} found; `python -m gamebridge doctor` shows where")
        return [{**base, "path": path} for path in found]

    def reply_time(self) -> float:
        """What the core is told."""
        return max(REPLY_TIME, self.response_timeout)


def _limit(name: str, value: float | None) -> float:
    """Seconds; None is no limit, as in pypresence."""
    limit = seconds(name, value)
    return math.inf if limit is None else limit


def _is_there(path: os.PathLike[str]) -> bool:
    try:
        return os.name == "nt" or stat.S_ISSOCK(os.stat(path).st_mode)
    except OSError:
        return False


def _check_handler(handler: Callable[[Any, Any], Any], awaited: bool) -> None:
    if not (inspect.isfunction(handler) or inspect.ismethod(handler)):
        raise PyPresenceException("handler: a function expected")
    try:
        inspect.signature(handler).bind(None, None)
    except TypeError:
        raise PyPresenceException("handler: a function of (exception, future) expected") from None
    if awaited and not inspect.iscoroutinefunction(handler):
        raise InvalidArgument("handler: an async function", "a plain one", "AioPresence awaits it")


def not_connected(error: Exception) -> Exception:
    """What a failure to connect is called."""
    if isinstance(error, PyPresenceException) or not isinstance(error, (GamebridgeError, ValueError)):
        return error
    if isinstance(error, ValueError):
        return InvalidID(str(error)) if "client_id" in str(error) else error
    if error.status == "io":
        return DiscordNotFound(error.message)
    if error.status == "timeout":
        return ConnectionTimeout()
    if error.status in ("closed", "protocol", "auth"):
        return InvalidPipe(error.message)
    if error.code == 4000:
        return InvalidID(error.message)
    if error.code:
        return DiscordError(error.code, error.message)
    return error


def refused(error: Exception) -> Exception:
    """What the failure of a command is called."""
    if isinstance(error, PyPresenceException):
        return error
    if isinstance(error, ValueError):
        return ServerError(str(error))
    if not isinstance(error, GamebridgeError):
        return error
    if error.status == "remote":
        return ServerError(error.message, code=error.code)
    if error.status == "timeout":
        return ResponseTimeout()
    if error.status in ("closed", "io", "protocol"):
        return PipeClosed(error.message)
    return error

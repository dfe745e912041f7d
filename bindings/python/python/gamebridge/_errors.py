"""Exceptions. Bad arguments are TypeError and ValueError that name the field; all else is a GamebridgeError."""

from __future__ import annotations

from ._words import Status

__all__ = [
    "AuthError",
    "ConnectionClosed",
    "ForkedError",
    "GamebridgeError",
    "InternalError",
    "QueueFull",
    "RateLimited",
    "RemoteError",
    "RequestTimeout",
]

class GamebridgeError(Exception):
    """A failure of a connection, of a request, or of a call at the wrong time. Its text is a sentence without secrets."""

    status: Status
    """What kind of failure."""
    message: str
    """The sentence."""
    code: int
    """The peer's own error or close code; 0 when there is none."""
    retry_after: float
    """Seconds after which a new try makes sense; 0.0 when nobody said."""
    uncertain: bool
    """The command was under way when the connection broke: it may or may not have been carried out."""
    command: str
    """The command's name; empty when it was none."""

    def __init__(
        self,
        message: str,
        *,
        status: Status = "state",
        code: int = 0,
        retry_after: float = 0.0,
        uncertain: bool = False,
        command: str = "",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.retry_after = retry_after
        self.uncertain = uncertain
        self.command = command

    def __str__(self) -> str:
        code = f" (code {self.code})" if self.code else ""
        # Some peers name the command themselves.
        named = not self.command or self.message.startswith(self.command)
        return f"{self.message}{code}" if named else f"{self.command}: {self.message}{code}"


class ConnectionClosed(GamebridgeError, ConnectionError):
    """The connection or the client is closed, or could not be made."""


class RequestTimeout(GamebridgeError, TimeoutError):
    """No reply within the request's time, or no connection within `ready`'s."""


class AuthError(GamebridgeError):
    """Credentials were refused."""


class RateLimited(GamebridgeError):
    """A rate limit; `retry_after` says for how many seconds."""


class RemoteError(GamebridgeError):
    """The peer answered with an error of its own: `code` and `message` are the peer's."""


class QueueFull(GamebridgeError):
    """Too many replies are outstanding, or too many commands on their way: poll, then try again."""


class ForkedError(GamebridgeError):
    """The client was made before a fork, in another process: make a new one here."""


class InternalError(GamebridgeError):
    """A bug inside the library was caught."""


_CLASSES: dict[str, type[GamebridgeError]] = {
    "closed": ConnectionClosed,
    "io": ConnectionClosed,
    "protocol": ConnectionClosed,
    "timeout": RequestTimeout,
    "auth": AuthError,
    "rate_limited": RateLimited,
    "remote": RemoteError,
    "full": QueueFull,
    "forked": ForkedError,
    "panic": InternalError,
}


def failure(status: Status, message: str, code: int, retry_after: float, uncertain: bool, command: str) -> Exception:
    """The exception of a status. The native module makes all of its own here."""
    if status == "argument" and not code:
        return ValueError(message)
    kind = _CLASSES.get(status, GamebridgeError)
    return kind(message, status=status, code=code, retry_after=retry_after, uncertain=uncertain, command=command)

"""The exceptions of `gamebridge.presence`, under the names that pypresence gave them. All are GamebridgeErrors too."""

from __future__ import annotations

from ._errors import GamebridgeError

__all__ = [
    "ConnectionTimeout",
    "DiscordError",
    "DiscordNotFound",
    "InvalidArgument",
    "InvalidID",
    "InvalidPipe",
    "PipeClosed",
    "PyPresenceException",
    "ResponseTimeout",
    "ServerError",
]


class PyPresenceException(GamebridgeError):
    """What all the others are."""

    def __init__(self, message: str = "the presence failed", *, code: int = 0) -> None:
        super().__init__(message, code=code)


class DiscordNotFound(PyPresenceException):
    """No Discord runs here, or none can be reached. The text says where it was looked for."""

    def __init__(self, message: str = "no Discord found") -> None:
        super().__init__(message)
        self.status = "io"


class InvalidPipe(PyPresenceException):
    """Something is at the socket, but it does not let us in or does not answer as Discord does."""

    def __init__(self, message: str = "what is at the socket does not answer as Discord does") -> None:
        super().__init__(message)
        self.status = "protocol"


class InvalidArgument(PyPresenceException):
    """An argument of the constructor is of the wrong kind."""

    def __init__(self, expected: str, received: str, description: str = "") -> None:
        more = f" ({description})" if description else ""
        super().__init__(f"{expected} expected, {received} given{more}")
        self.status = "argument"


class ServerError(PyPresenceException):
    """The activity, or another command, was refused; the text names the field."""

    def __init__(self, message: str, *, code: int = 0) -> None:
        super().__init__(message, code=code)
        self.status = "remote"


class DiscordError(PyPresenceException):
    """Discord refused the connection: `code` and `message` are its own."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message, code=code)
        self.status = "remote"


class InvalidID(DiscordError):
    """There is no application with this client id."""

    def __init__(self, message: str = "there is no application with this client id") -> None:
        super().__init__(4000, message)


class PipeClosed(PyPresenceException, ConnectionError):
    """There is no connection: `connect` was not called, `close` was, or Discord ended it for good."""

    def __init__(self, message: str = "not connected: call connect()") -> None:
        super().__init__(message)
        self.status = "closed"


class ResponseTimeout(PyPresenceException, TimeoutError):
    """Discord did not answer within `response_timeout` seconds."""

    def __init__(self, message: str = "Discord did not answer in time") -> None:
        super().__init__(message)
        self.status = "timeout"


class ConnectionTimeout(PyPresenceException, TimeoutError):
    """Discord did not let us in within `connection_timeout` seconds."""

    def __init__(self, message: str = "Discord did not let us in in time") -> None:
        super().__init__(message)
        self.status = "timeout"

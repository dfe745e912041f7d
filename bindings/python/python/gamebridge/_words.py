"""Types of the arguments and fields that are one of a few words, and of mappings that are sent as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeGuard

__all__ = ["EventType", "LogLevel", "Params", "Status"]

Params = Mapping[str, Any]
"""Arguments or parameters. Values are None, bool, int, float, str, lists, mappings, events, and objects with `to_dict()`."""


def is_params(value: object) -> TypeGuard[Params]:
    """Whether it is a mapping, of whatever: its names are looked at by who reads them."""
    return isinstance(value, Mapping)


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether it is a list, of whatever."""
    return isinstance(value, list)


LogLevel = Literal["off", "error", "warning", "info", "debug"]
"""How loud a line of the log has to be."""

EventType = Literal[
    "connected", "disconnected", "reconnecting", "reply", "dispatch", "request", "audio", "log", "dropped"
]
"""The kinds of events. Iteration gives neither "reply" nor "log"; later versions may add some."""

Status = Literal[
    "ok",
    "argument",
    "state",
    "closed",
    "cancelled",
    "full",
    "timeout",
    "io",
    "auth",
    "rate_limited",
    "protocol",
    "remote",
    "unsupported",
    "forked",
    "panic",
]
"""How a request or a connection ended. Later versions may add some."""

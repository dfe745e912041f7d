"""The library's log, as `logging` has it: a logger for each room, `gamebridge.rpc`, `gamebridge.transport` and so on.

Lines are handed over on the thread that polls, iterates or waits, never on one of the library's own.
"""

from __future__ import annotations

import logging

from ._words import LogLevel

_LEVELS = {1: logging.ERROR, 2: logging.WARNING, 3: logging.INFO, 4: logging.DEBUG}


def level_of_logger() -> LogLevel:
    """What the logger `gamebridge` lets pass now: asked when a client is made."""
    level = logging.getLogger("gamebridge").getEffectiveLevel()
    if level <= logging.DEBUG:
        return "debug"
    if level <= logging.INFO:
        return "info"
    if level <= logging.WARNING:
        return "warning"
    return "error" if level <= logging.ERROR else "off"


def emit(lines: list[tuple[int, str, str]]) -> None:
    """Hands lines (level, room, sentence) to their loggers. The native module calls it."""
    for level, room, sentence in lines:
        logging.getLogger(f"gamebridge.{room}").log(_LEVELS.get(level, logging.INFO), "%s", sentence)

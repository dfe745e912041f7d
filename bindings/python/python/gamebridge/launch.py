"""What starts a game that is not running when its player joins a friend.

    gamebridge.register_launch("192741864418312192", name="Old Mill")      # at every start of the game

Discord opens `discord-<application id>://`, the system starts what is registered for it, and the secret comes by ACTIVITY_JOIN
once the game has subscribed. Where that is written on each system, and what it cannot hold, is in the project's
docs/presence.md.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence

from . import _native

__all__ = ["register_launch", "unregister_launch"]


def register_launch(
    application_id: str | int,
    *,
    name: str | None = None,
    command: str | os.PathLike[str] | Sequence[str] | None = None,
    steam_id: str | int | None = None,
) -> None:
    """Registers what starts the game, for the user who runs this.

    `command` is a program's path, a command line as this system's users quote it (no shell expands it), or a list of words:
    the program and its arguments. The link that was opened comes after them, unless a word `%u` (Windows: `%1`) says
    where. Without it the script that runs now is registered, with the interpreter that runs it; or a frozen program itself.
    `steam_id` has Steam start a game of its own instead.

    `name` is what people read when their system asks what may open the link. What is registered already is not written
    again, and what was registered for the same application before is replaced.

    Raises TypeError or ValueError that names what is wrong, OSError when the system refused, and GamebridgeError
    (`status` is `unsupported`) for a path that this system's registration cannot hold.
    """
    if command is not None and steam_id is not None:
        raise ValueError("command: None expected beside a steam_id: Steam starts the game")
    line = None if steam_id is not None else _line(command)
    _native.register_launch(_digits("application_id", application_id), name, line, _digits("steam_id", steam_id))


def unregister_launch(application_id: str | int) -> None:
    """Takes back what `register_launch` wrote for this application. It is no error that there was nothing."""
    _native.unregister_launch(_digits("application_id", application_id))


def _digits(field: str, value: str | int | None) -> str:
    if value is None and field == "steam_id":
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise TypeError(f"{field}: a string of digits or an int expected, not {type(value).__name__}")
    text = str(value)
    if not text:
        raise ValueError(f"{field}: an id expected, an empty text given")
    return text


def _line(command: str | os.PathLike[str] | Sequence[str] | None) -> str:
    if isinstance(command, str):
        return command
    if command is None:
        return _quoted(_this_program())
    if isinstance(command, os.PathLike):
        path = os.fspath(command)
        if not isinstance(path, str):
            raise TypeError("command: a path of text expected, and this one is of bytes")
        return _quoted([path])
    if not isinstance(command, Sequence) or not all(isinstance(word, str) for word in command):
        raise TypeError(f"command: a text, a path or a list of texts expected, not {type(command).__name__}")
    if not command:
        raise ValueError("command: a program expected, an empty list given")
    return _quoted(command)


def _quoted(words: Sequence[str]) -> str:
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def _this_program() -> list[str]:
    if getattr(sys, "frozen", False):
        return [sys.executable]
    main = sys.modules.get("__main__")
    path = getattr(main, "__file__", None)
    spec = getattr(main, "__spec__", None)
    if path is None or not sys.executable:
        raise ValueError("command: there is no script that could be started again; say what starts the game")
    if spec is not None and spec.parent:
        raise ValueError(f"command: {spec.parent} was started with -m, from wherever it was found; say what starts the game")
    return [sys.executable, os.path.abspath(path)]

"""`python -m gamebridge doctor`: what was searched, what was found, and what to do about it."""

from __future__ import annotations

import argparse
import os
import platform
import socket
import stat
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ._client import Client
from ._errors import GamebridgeError
from ._native import __version__, folders, sockets

NAME = "doctor"
HELP = "looks for a Discord as the library does, and says what it finds"
ABOUT = """Looks for a Discord as the library does, and says what it finds: versions, the folders that are searched,
every socket and port, who may use them, and what each answers. After what is not as it should be comes a line of
advice.

Without --client-id nothing is said to what is found, so that it is known to be there and not what it is. With it each
is greeted as a game would, and says who is logged in. (Discord takes two such connections a minute.)"""
EXAMPLES = """exit status: 0 a Discord can be used from here, 1 none can.

examples:
  python -m gamebridge doctor
  python -m gamebridge doctor --client-id 192741864418312192
"""

PORTS = range(6463, 6473)
"""Where Discord's WebSocket listens: the first free one."""

Verdict = Literal["ok", "no", "note", "bad"]
_MARKS: dict[Verdict, str] = {"ok": "  ok ", "no": "   - ", "note": "   ? ", "bad": "  !! "}


@dataclass
class Finding:
    """A line, and what to do about it."""

    verdict: Verdict
    what: str
    advice: str = ""
    usable: bool = False
    """Whether it is a Discord that can be used."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Its arguments."""
    parser.add_argument("--client-id", metavar="ID", help="greet what is found, as this application")
    parser.add_argument(
        "--timeout", type=float, default=5.0, metavar="SECONDS", help="how long each may take to answer (5)"
    )


def run(options: argparse.Namespace) -> int:
    """Looks, prints, and says whether there is a Discord."""
    usable = False
    for title, findings in (
        ("Versions", versions()),
        ("Surroundings", surroundings()),
        ("Folders that are searched", searched()),
        ("Local sockets", local_sockets(options.client_id, options.timeout)),
        ("Ports of 127.0.0.1", ports(options.client_id, options.timeout)),
    ):
        print(title)
        for finding in findings:
            usable |= finding.usable
            print(f"{_MARKS[finding.verdict]}{finding.what}", flush=True)
            if finding.advice:
                print(f"       -> {finding.advice}")
        print()
    if usable:
        print("A Discord is here and can be used.")
        return 0
    print("No Discord can be used from here.")
    print("-> Start Discord's desktop application (in a browser it offers nothing to games) and log in.")
    print("-> Or be one, for a test: python -m gamebridge serve")
    return 1


def versions() -> Iterator[Finding]:
    """What runs."""
    yield Finding("ok", f"gamebridge {__version__}")
    python = f"{platform.python_implementation()} {platform.python_version()}"
    free = " without the GIL" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    yield Finding("ok", f"{python}{free}, {sys.executable}")
    yield Finding("ok", f"{platform.system()} {platform.release()}, {platform.machine()}")


def surroundings() -> Iterator[Finding]:
    """What may stand between this process and a Discord."""
    found = False
    for held, what, advice in (
        (
            Path("/.flatpak-info").exists(),
            "this process runs in a Flatpak",
            "the Flatpak needs --filesystem=xdg-run/discord-ipc-0 (or all of xdg-run) to see Discord's socket",
        ),
        (
            bool(os.environ.get("SNAP")),
            "this process runs in a snap",
            "a strictly confined snap does not see Discord's socket: use a classic one, or another package",
        ),
        (
            Path("/.dockerenv").exists() or Path("/run/.containerenv").exists(),
            "this process runs in a container",
            "mount the folder of Discord's socket into it, and set XDG_RUNTIME_DIR to where it is",
        ),
        (
            "microsoft" in platform.release().lower(),
            "this is Linux inside Windows (WSL)",
            "Discord's pipe is on the Windows side: run the program there",
        ),
        (
            os.name != "nt" and getattr(os, "geteuid", lambda: 1)() == 0,
            "this process runs as root",
            "a socket of another user's Discord is refused: run as the user who runs Discord",
        ),
    ):
        if held:
            found = True
            yield Finding("note", what, advice)
    if os.name != "nt" and not os.environ.get("XDG_RUNTIME_DIR") and sys.platform != "darwin":
        found = True
        yield Finding(
            "note",
            "XDG_RUNTIME_DIR is not set",
            "started by cron, sudo or a service? Set it to /run/user/<your id>, where Discord puts its socket",
        )
    if not found:
        yield Finding("ok", "nothing that would stand in the way")


def searched() -> Iterator[Finding]:
    """The folders."""
    if os.name == "nt":
        yield Finding("ok", "\\\\.\\pipe")
        return
    for folder in folders():
        if not folder.is_dir():
            yield Finding("no", f"{folder}: is not there")
        elif not os.access(folder, os.R_OK | os.X_OK):
            yield Finding("bad", f"{folder}: may not be entered", "run as the user whose folder it is")
        else:
            yield Finding("ok", str(folder))
    below = sorted({path.parent for path in sockets()} - {folder.resolve() for folder in folders()})
    for folder in below:
        yield Finding("ok", f"{folder} (a snap's or Flatpak's)")


def local_sockets(client_id: str | None, timeout: float) -> Iterator[Finding]:
    """What is at each."""
    if os.name == "nt":
        there = [path for path in sockets() if path.name in _pipes()]
    else:
        there = [path for path in sockets() if os.path.lexists(path)]
    for path in there:
        yield _local_socket(path, client_id, timeout)
    if not there:
        yield Finding("no", f"none of {len(sockets())} names is there (discord-ipc-0 to 9 in each folder)")


def _pipes() -> set[str]:
    try:
        return set(os.listdir("\\\\.\\pipe\\"))
    except OSError:
        return set()


def _local_socket(path: Path, client_id: str | None, timeout: float) -> Finding:
    if os.name != "nt":
        try:
            status = path.stat()
        except OSError as error:
            return Finding("bad", f"{path}: {error.strerror}", "remove it; Discord makes a new one when it starts")
        if not stat.S_ISSOCK(status.st_mode):
            return Finding("bad", f"{path}: is no socket", "remove it; it takes the name that Discord wants")
        if status.st_uid != os.geteuid():
            return Finding("bad", f"{path}: belongs to user {status.st_uid}", "it is refused: run as that user")
        who = f"{path} ({stat.filemode(status.st_mode)})"
        # Discord takes few connections: who is greeted is not tried before.
        if client_id is None:
            return _tried(path, who, timeout)
    else:
        who = str(path)
        if client_id is None:
            return Finding("ok", f"{who}: is there", usable=True)
    return _greeted(who, {"client_id": client_id, "path": str(path), "transport": "ipc"}, timeout)


def _tried(path: Path, who: str, timeout: float) -> Finding:
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(timeout)
            probe.connect(str(path))
    except PermissionError:
        return Finding("bad", f"{who}: may not be connected", "a confinement (AppArmor, SELinux) forbids it")
    except OSError:
        return Finding("no", f"{who}: nobody listens", "left by a Discord that crashed; it does no harm")
    return Finding("ok", f"{who}: somebody listens", usable=True)


def ports(client_id: str | None, timeout: float) -> Iterator[Finding]:
    """What listens."""
    anybody = False
    for port in PORTS:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=min(timeout, 1.0)):
                pass
        except OSError:
            continue
        anybody = True
        if client_id is None:
            # Any program may have taken it.
            yield Finding("ok", f"{port}: somebody listens")
        else:
            given = {"client_id": client_id, "port": port, "transport": "websocket"}
            yield _greeted(str(port), given, timeout)
    if not anybody:
        yield Finding("no", f"nobody listens on {PORTS[0]} to {PORTS[-1]}")


def _greeted(who: str, parameters: dict[str, Any], timeout: float) -> Finding:
    with Client(log_level="off") as gb:
        try:
            ready = gb.connect_nowait("rpc", {**parameters, "retry": False}).ready(timeout)
        except (GamebridgeError, ValueError) as error:
            return Finding("bad", f"{who}: {error}", _advice(error))
    user = ready["user"]
    name = user.get("global_name") or user["username"]
    kind = "a GameBridge" if "gamebridge" in ready["config"] else "Discord"
    return Finding("ok", f"{who}: {kind}, {name} ({user['id']}) is logged in", usable=True)


def _advice(error: Exception) -> str:
    if isinstance(error, GamebridgeError) and error.status == "io":
        return "left by a Discord that crashed; it does no harm"
    if isinstance(error, ValueError):
        return "look at --client-id: the number on the application's page at discord.com/developers"
    code = error.code if isinstance(error, GamebridgeError) else 0
    if code == 4000:
        return "there is no such application: look at --client-id"
    if code == 4001:
        return "the application's RPC origins do not include https://localhost; the local socket needs none"
    if code == 4002:
        return "Discord takes two connections a minute of an application: wait for one"
    return "something else than Discord has its place, or Discord hangs: restart it"

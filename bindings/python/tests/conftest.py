"""A private world for each test: sockets in a folder of its own, nothing of the machine's Discord, only loopback."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import gamebridge
import pytest

CLIENT_ID = "192741864418312192"

# Who runs these in the background of a shell has Ctrl-C ignored, and what is ignored a child inherits: the programs that are
# interrupted here would never hear of it.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for sockets. Short, since a socket's address has 108 bytes."""
    path = Path(tempfile.mkdtemp(prefix="gb-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def gb() -> Iterator[gamebridge.Client]:
    with gamebridge.Client() as client:
        yield client


@pytest.fixture
def server(gb: gamebridge.Client, folder: Path) -> gamebridge.Connection:
    """A server of the client `gb`; its two first events are still to come."""
    return gb.serve("rpc", transport="ipc", folder=str(folder))


@pytest.fixture
def rpc(gb: gamebridge.Client, server: gamebridge.Connection) -> gamebridge.Connection:
    """A connection to `server`, of the same client."""
    return gb.connect("rpc", client_id=CLIENT_ID, path=server.ready()["ipc"])


@pytest.fixture(autouse=True, scope="session")
def no_discord_of_this_machine() -> None:
    nowhere = tempfile.mkdtemp(prefix="gb-nowhere-")
    for name in ("XDG_RUNTIME_DIR", "TMPDIR", "TMP", "TEMP"):
        os.environ[name] = nowhere
    os.environ.pop("GAMEBRIDGE_LOG", None)

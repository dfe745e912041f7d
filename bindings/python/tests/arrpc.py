"""arRPC, a server that others wrote, as a process. `cargo xtask test` installs it and says where it is."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from worlds import LONG

SERVER = os.environ.get("GAMEBRIDGE_TEST_ARRPC", "")
"""arRPC's src/server.js."""
SCRIPT = Path(__file__).parents[3] / "tests" / "counterparts" / "arrpc_server.mjs"

# It takes ports of the machine, and a name in its folder.
needs_arrpc = [
    pytest.mark.skipif(not SERVER, reason="GAMEBRIDGE_TEST_ARRPC does not say where arRPC is"),
    pytest.mark.parallel_threads(1),
]


class Arrpc:
    """It takes fixed ports and cannot be stopped from inside: one process, one at a time."""

    def __init__(self, folder: Path) -> None:
        self._env = os.environ | {"XDG_RUNTIME_DIR": str(folder), "TMPDIR": str(folder), "ARRPC_NO_PROCESS_SCANNING": "1"}
        self.path = str(folder / "discord-ipc-0")
        self.start()

    def start(self) -> None:
        command = ["node", str(SCRIPT), "serve", SERVER]
        self._process = subprocess.Popen(command, env=self._env, stdout=subprocess.PIPE, text=True)
        self._reads("ready")

    def _reads(self, beginning: str) -> str:
        """What the next line that begins so goes on with."""
        assert self._process.stdout is not None
        line = next((line for line in self._process.stdout if line.startswith(beginning)), None)
        assert line is not None, f"no line that begins with {beginning}"
        return line.removeprefix(beginning)

    def shown(self) -> dict[str, Any]:
        """What it would show next: `activity`, `pid`, `socketId`."""
        shown: dict[str, Any] = json.loads(self._reads("activity "))
        return shown

    def activity(self) -> Any:
        """The activity of that; None when it was cleared."""
        return self.shown()["activity"]

    def stop(self) -> None:
        self._process.kill()
        self._process.communicate(timeout=LONG)
        Path(self.path).unlink(missing_ok=True)


@pytest.fixture
def arrpc(folder: Path) -> Iterator[Arrpc]:
    """It, running."""
    server = Arrpc(folder)
    yield server
    server.stop()

"""`Presence` against arRPC, a server that others wrote. Needs Node and GAMEBRIDGE_TEST_ARRPC, the path of arRPC's
server.js, which `cargo xtask test` sets.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gamebridge.presence as ours
import pytest
from conftest import CLIENT_ID
from leftovers import swept_up

ARRPC = os.environ.get("GAMEBRIDGE_TEST_ARRPC")
SCRIPT = Path(__file__).parents[3] / "tests" / "counterparts" / "arrpc_server.mjs"

# It takes ports of the machine, and a name in its folder.
pytestmark = [
    pytest.mark.skipif(ARRPC is None, reason="GAMEBRIDGE_TEST_ARRPC is not set"),
    pytest.mark.parallel_threads(1),
]


class ArRpc:
    """It, running."""

    def __init__(self, folder: Path) -> None:
        environ = {**os.environ, "XDG_RUNTIME_DIR": str(folder), "ARRPC_NO_PROCESS_SCANNING": "1"}
        command = ["node", str(SCRIPT), "serve", str(ARRPC)]
        self._process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True)
        self._until("ready")

    def _until(self, start: str) -> str:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith(start):
                return line.removeprefix(start)
        raise AssertionError(f"no line that starts with {start}")

    def activity(self) -> dict[str, Any]:
        """What it would show next: `activity`, `pid`, `socketId`."""
        shown: dict[str, Any] = json.loads(self._until("activity "))
        return shown

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


@pytest.fixture
def arrpc(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[ArRpc]]:
    """It, and those that a test starts in its place."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    running = [ArRpc(folder)]
    with swept_up():
        yield running
    for one in running:
        one.end()


def test_an_activity_is_shown_and_cleared(arrpc: list[ArRpc]) -> None:
    with ours.Presence(CLIENT_ID) as presence:
        watch = {"label": "Watch", "url": "https://example.com"}
        reply = presence.update(state="In menu", buttons=[watch], start=1_700_000_000)
        assert reply["cmd"] == "SET_ACTIVITY" and reply["data"]["application_id"] == CLIENT_ID
        shown = arrpc[0].activity()
        assert shown["pid"] == os.getpid()
        assert shown["activity"]["state"] == "In menu"
        assert shown["activity"]["buttons"] == ["Watch"]
        assert shown["activity"]["timestamps"] == {"start": 1_700_000_000_000}
        assert presence.clear()["data"] is None
        assert arrpc[0].activity()["activity"] is None


def test_it_may_be_restarted(arrpc: list[ArRpc], folder: Path) -> None:
    with ours.Presence(CLIENT_ID) as presence:
        presence.update(state="before")
        assert arrpc[0].activity()["activity"]["state"] == "before"
        arrpc[0].end()
        arrpc.append(ArRpc(folder))
        assert arrpc[1].activity()["activity"]["state"] == "before"
        presence.connect()
        presence.update(state="after")
        assert arrpc[1].activity()["activity"]["state"] == "after"


def test_the_asynchronous_one_is_shown(arrpc: list[ArRpc]) -> None:
    async def main() -> None:
        async with ours.AioPresence(CLIENT_ID) as presence:
            assert (await presence.update(details="A song"))["data"]["details"] == "A song"

    asyncio.run(main())
    assert arrpc[0].activity()["activity"]["details"] == "A song"


def test_it_shows_what_pypresence_shows(arrpc: list[ArRpc]) -> None:
    theirs: Any = pytest.importorskip("pypresence")
    call = {"state": "In a group", "party_id": "p", "party_size": [1, 4], "large_image": "mill", "end": 5}
    shown: list[dict[str, Any]] = []
    replies: list[dict[str, Any]] = []
    for module in (theirs, ours):
        presence = module.Presence(CLIENT_ID)
        presence.connect()
        replies.append(presence.update(**call))
        shown.append(arrpc[0].activity())
        presence.close()
        assert arrpc[0].activity()["activity"] is None
    assert shown[1]["activity"] == shown[0]["activity"]
    assert shown[1]["pid"] == shown[0]["pid"]
    assert {**replies[1], "nonce": ""} == {**replies[0], "nonce": ""}

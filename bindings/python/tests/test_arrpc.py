"""Our client against arRPC, a server that others wrote. `cargo xtask test` installs it and says where it is."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gamebridge
import pytest
from conftest import CLIENT_ID
from worlds import LONG

SERVER = os.environ.get("GAMEBRIDGE_TEST_ARRPC", "")
"""arRPC's src/server.js."""
SCRIPT = Path(__file__).parents[3] / "tests" / "counterparts" / "arrpc_server.mjs"

pytestmark = pytest.mark.skipif(not SERVER, reason="GAMEBRIDGE_TEST_ARRPC does not say where arRPC is")

ACTIVITY: dict[str, Any] = {"state": "In menu", "details": "Old Mill", "timestamps": {"start": 1700000000}}


class Arrpc:
    """It takes fixed ports and cannot be stopped from inside: one process, one at a time."""

    def __init__(self, folder: Path) -> None:
        self._env = os.environ | {"XDG_RUNTIME_DIR": str(folder), "TMPDIR": str(folder), "ARRPC_NO_PROCESS_SCANNING": "1"}
        self.path = str(folder / "discord-ipc-0")
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            ["node", str(SCRIPT), "serve", SERVER], env=self._env, stdout=subprocess.PIPE, text=True
        )
        self.reads("ready")

    def reads(self, beginning: str) -> str:
        """The next line that it prints and that begins so."""
        assert self._process.stdout is not None
        return next(line for line in self._process.stdout if line.startswith(beginning))

    def stop(self) -> None:
        self._process.kill()
        self._process.communicate(timeout=LONG)
        Path(self.path).unlink(missing_ok=True)


@pytest.fixture
def arrpc(folder: Path) -> Iterator[Arrpc]:
    server = Arrpc(folder)
    yield server
    server.stop()


def test_connect_and_ready(gb: gamebridge.Client, arrpc: Arrpc) -> None:
    ready = gb.connect("rpc", client_id=CLIENT_ID, path=arrpc.path).ready()
    assert (ready["user"]["username"], ready["user"]["id"]) == ("arrpc", "1045800378228281345")


def test_an_activity_is_set_and_cleared(gb: gamebridge.Client, arrpc: Arrpc) -> None:
    rpc = gb.connect("rpc", client_id=CLIENT_ID, path=arrpc.path)
    shown = rpc.request("SET_ACTIVITY", activity=ACTIVITY)
    assert (shown["state"], shown["application_id"]) == ("In menu", CLIENT_ID)
    assert '"Old Mill"' in arrpc.reads("activity ")
    assert rpc.request("SET_ACTIVITY") is None
    assert '"activity":null' in arrpc.reads("activity ")


def test_by_websocket(gb: gamebridge.Client, arrpc: Arrpc) -> None:
    rpc = gb.connect("rpc", client_id=CLIENT_ID, transport="websocket", origin="https://discord.com")
    assert rpc.ready()["user"]["username"] == "arrpc"
    assert rpc.request("SET_ACTIVITY", activity=ACTIVITY)["details"] == "Old Mill"


def test_what_is_never_answered_ends_at_its_time(gb: gamebridge.Client, arrpc: Arrpc) -> None:
    rpc = gb.connect("rpc", client_id=CLIENT_ID, path=arrpc.path)
    with pytest.raises(gamebridge.RequestTimeout):
        rpc.with_timeout(0.1).request("GET_GUILDS")
    assert rpc.request("SET_ACTIVITY", activity=ACTIVITY)["state"] == "In menu"


def test_it_goes_and_comes_back_and_has_the_activity_again(gb: gamebridge.Client, arrpc: Arrpc) -> None:
    rpc = gb.connect("rpc", client_id=CLIENT_ID, path=arrpc.path)
    rpc.request("SET_ACTIVITY", activity=ACTIVITY)
    arrpc.stop()
    while (event := gb.wait(LONG)) is not None and event.type != "reconnecting":
        pass
    assert event is not None and event.retrying and not rpc.connected
    arrpc.start()
    while (event := gb.wait(LONG)) is not None and event.type != "connected":
        pass
    assert rpc.connected
    assert '"In menu"' in arrpc.reads("activity ")


def test_the_asyncio_client(arrpc: Arrpc) -> None:
    async def main() -> None:
        async with gamebridge.AsyncClient() as gb:
            rpc = await gb.connect("rpc", client_id=CLIENT_ID, path=arrpc.path)
            assert (await rpc.request("SET_ACTIVITY", activity=ACTIVITY))["state"] == "In menu"
            with pytest.raises(gamebridge.RequestTimeout):
                await rpc.with_timeout(0.1).request("GET_GUILDS")
            await rpc.close()
            assert [event.name async for event in gb] == ["CONNECTED", "DISCONNECTED"]

    asyncio.run(asyncio.wait_for(main(), LONG))

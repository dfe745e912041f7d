"""Our client against arRPC."""

from __future__ import annotations

import asyncio
from typing import Any

import gamebridge
import pytest
from arrpc import Arrpc, arrpc, needs_arrpc
from conftest import CLIENT_ID
from worlds import LONG

__all__ = ["arrpc"]

pytestmark = needs_arrpc

ACTIVITY: dict[str, Any] = {"state": "In menu", "details": "Old Mill", "timestamps": {"start": 1700000000}}


def test_connect_and_ready(gb: gamebridge.Client, arrpc: Arrpc) -> None:
    ready = gb.connect("rpc", client_id=CLIENT_ID, path=arrpc.path).ready()
    assert (ready["user"]["username"], ready["user"]["id"]) == ("arrpc", "1045800378228281345")


def test_an_activity_is_set_and_cleared(gb: gamebridge.Client, arrpc: Arrpc) -> None:
    rpc = gb.connect("rpc", client_id=CLIENT_ID, path=arrpc.path)
    shown = rpc.request("SET_ACTIVITY", activity=ACTIVITY)
    assert (shown["state"], shown["application_id"]) == ("In menu", CLIENT_ID)
    assert arrpc.activity()["details"] == "Old Mill"
    assert rpc.request("SET_ACTIVITY") is None
    assert arrpc.activity() is None


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
    assert arrpc.activity()["state"] == "In menu"


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

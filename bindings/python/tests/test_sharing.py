"""Clients of one's own side by side, and one that all share: also run by four threads at once in each test."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import gamebridge
import pytest
from conftest import CLIENT_ID
from worlds import LONG, round_trip, until


def test_each_thread_has_a_client_of_its_own(folder: Path) -> None:
    with gamebridge.Client() as gb:
        server = gb.serve("rpc", transport="ipc", folder=str(folder))
        rpc = gb.connect("rpc", client_id=CLIENT_ID, path=server.ready()["ipc"])
        assert rpc.request("SET_ACTIVITY", activity={"state": "In menu"})["state"] == "In menu"
        rpc.close()
        names = [event.name for event in until(gb, "PEER_DISCONNECTED")]
        assert names.count("CONNECTED") == 2 and names.count("PEER_CONNECTED") == 1


def test_each_thread_has_a_loop_of_its_own(folder: Path) -> None:
    async def main() -> None:
        async with gamebridge.AsyncClient() as gb:
            server = await gb.serve("rpc", transport="ipc", folder=str(folder))
            rpc = await gb.connect("rpc", client_id=CLIENT_ID, path=(await server.ready())["ipc"])
            assert (await rpc.request("SET_ACTIVITY", activity={"state": "In menu"}))["state"] == "In menu"

    asyncio.run(asyncio.wait_for(main(), LONG))


def test_all_ask_through_one_connection(server: gamebridge.Connection) -> None:
    mine = f"User {threading.get_ident()}"[:32]
    for _ in range(25):
        assert server.request("USER_CREATE", username=mine)["username"] == mine


def test_all_connect_through_one_client(gb: gamebridge.Client, server: gamebridge.Connection) -> None:
    for _ in range(5):
        with gb.connect("rpc", client_id=CLIENT_ID, path=server.ready()["ipc"]) as rpc:
            round_trip(rpc)
        assert rpc.closed and not server.closed


def test_all_take_from_one_client(gb: gamebridge.Client, server: gamebridge.Connection) -> None:
    for _ in range(20):
        gb.poll()
        gb.poll_all(3)
        gb.wait(0.001)
        assert server.connected
        server.request("USER_CREATE", username="Mason")


def test_all_close_one_client(gb: gamebridge.Client, server: gamebridge.Connection) -> None:
    gb.close()
    assert gb.closed and server.closed
    with pytest.raises(gamebridge.ConnectionClosed):
        server.request("STATE")

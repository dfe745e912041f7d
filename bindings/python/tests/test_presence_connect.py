"""`connect` and `close` of `Presence` and `AioPresence`: at once, in the way of each other, and with arguments that do not
fit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from conftest import CLIENT_ID
from gamebridge.presence import AioPresence, PipeClosed, Presence, ResponseTimeout
from gamebridge.testing import Server
from stubborn import Silent
from worlds import LONG, Worker


def closed(connect: Callable[[], object]) -> None:
    with pytest.raises(PipeClosed, match="closed while it was connecting"):
        connect()


def test_tasks_connect_one_once(gamebridge_server: Server) -> None:
    async def main() -> None:
        rpc = AioPresence(CLIENT_ID, pipe=gamebridge_server.ipc)
        await asyncio.gather(*(rpc.connect() for _ in range(3)))
        await rpc.update(state="once")
        assert len(gamebridge_server.state("peers")["peers"]) == 1
        rpc.close()

    asyncio.run(asyncio.wait_for(main(), LONG))


def test_a_task_that_is_cancelled_leaves_connecting_to_the_next(folder: Path, gamebridge_server: Server) -> None:
    async def main() -> None:
        with Silent(folder, ready=False) as silent:
            rpc = AioPresence(CLIENT_ID, pipe=silent.path)
            first, second = (asyncio.create_task(rpc.connect()) for _ in range(2))
            await asyncio.sleep(0)
            rpc._settings.pipe = gamebridge_server.ipc
            first.cancel()
            await second
            with pytest.raises(asyncio.CancelledError):
                await first
            assert rpc.connected
            rpc.close()

    asyncio.run(asyncio.wait_for(main(), LONG))


def test_a_close_ends_a_connect_at_once(folder: Path) -> None:
    with Silent(folder, ready=False) as silent:
        # It would wait for longer than this test may take.
        rpc = Presence(CLIENT_ID, pipe=silent.path, connection_timeout=600)
        connecting = [Worker(lambda: closed(rpc.connect)) for _ in range(2)]
        while rpc._coming is None:
            pass
        rpc.close()
        for worker in connecting:
            worker.end()
        assert not rpc.connected
        with pytest.raises(PipeClosed, match="connect"):
            rpc.update(state="Hello")


def test_a_close_ends_an_asynchronous_connect_at_once(folder: Path, gamebridge_server: Server) -> None:
    async def main() -> None:
        with Silent(folder, ready=False) as silent:
            rpc = AioPresence(CLIENT_ID, pipe=silent.path, connection_timeout=600)
            connecting = [asyncio.create_task(rpc.connect()) for _ in range(2)]
            await asyncio.sleep(0)
            assert rpc._coming is not None
            rpc.close()
            rpc._settings.pipe = gamebridge_server.ipc
            await rpc.connect()
            for outcome in await asyncio.gather(*connecting, return_exceptions=True):
                assert isinstance(outcome, PipeClosed)
            assert (await rpc.update(state="again"))["data"]["state"] == "again"
            rpc.close()

    asyncio.run(asyncio.wait_for(main(), LONG))


def test_a_close_ends_waiting_for_a_return(folder: Path) -> None:
    first = Server(transport="ipc", folder=str(folder))
    rpc = Presence(CLIENT_ID, pipe=first.ipc, connection_timeout=600)
    rpc.connect()
    first.close()
    while rpc.connected:
        pass
    waiting = Worker(lambda: closed(rpc.connect))
    while not rpc._opening.locked():
        pass
    rpc.close()
    waiting.end()


def made(**wrong: Any) -> Callable[[Server], object]:
    return lambda _: Presence(CLIENT_ID, **wrong)


def updated(**wrong: Any) -> Callable[[Server], object]:
    def update(server: Server) -> None:
        with Presence(CLIENT_ID, pipe=server.ipc) as rpc:
            rpc.update(**wrong)

    return update


WRONG: list[tuple[Callable[[Server], object], type[Exception], str]] = [
    (made(connection_timeout="x"), TypeError, "connection_timeout: a number of seconds expected, not str"),
    (made(connection_timeout=-1), ValueError, "connection_timeout: 0 seconds or more expected, -1 given"),
    (made(response_timeout="x"), TypeError, "response_timeout: a number of seconds expected, not str"),
    (made(response_timeout=float("nan")), ValueError, "response_timeout: 0 seconds or more expected, nan given"),
    (updated(start="soon"), ValueError, "start: seconds since 1970 expected, 'soon' given"),
    (updated(end=float("nan")), ValueError, "end: seconds since 1970 expected, nan given"),
    (updated(end=float("inf")), ValueError, "end: seconds since 1970 expected, inf given"),
    (updated(start=[1]), TypeError, "start: seconds since 1970 expected, [1] given"),
]


@pytest.mark.parametrize(("call", "kind", "sentence"), WRONG, ids=[text for _, _, text in WRONG])
def test_a_wrong_argument_is_named(
    gamebridge_server: Server, call: Callable[[Server], object], kind: type[Exception], sentence: str
) -> None:
    with pytest.raises(kind) as raised:
        call(gamebridge_server)
    assert str(raised.value) == sentence


def test_a_time_may_be_without_limit(gamebridge_server: Server) -> None:
    with Presence(CLIENT_ID, pipe=gamebridge_server.ipc, connection_timeout=None, response_timeout=None) as rpc:
        assert rpc.update(state="Hello", start="5")["data"]["timestamps"]["start"]  # type: ignore[arg-type]

    async def main() -> None:
        async with AioPresence(
            CLIENT_ID, pipe=gamebridge_server.ipc, connection_timeout=None, response_timeout=None
        ) as rpc:
            assert (await rpc.update(state="Hello"))["data"]["state"] == "Hello"

    run: Coroutine[Any, Any, None] = asyncio.wait_for(main(), LONG)
    asyncio.run(run)


def test_no_time_at_all_is_over_at_once(folder: Path) -> None:
    with Silent(folder, ready=True) as silent, Presence(CLIENT_ID, pipe=silent.path, response_timeout=0) as rpc:
        with pytest.raises(ResponseTimeout):
            rpc.update(state="Hello")

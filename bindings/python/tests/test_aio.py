"""The asyncio client: under asyncio, uvloop and anyio, on a loop in another thread, and told by a thread of ours."""

from __future__ import annotations

import asyncio
import gc
import inspect
import sys
import threading
import warnings
import weakref
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import gamebridge
import pytest
from conftest import CLIENT_ID
from worlds import LONG, gateway


class NoReaders(asyncio.SelectorEventLoop):
    """A loop that cannot watch descriptors, as Windows' Proactor."""

    def add_reader(self, *_: Any) -> None:  # type: ignore[override]
        raise NotImplementedError


def uvloop_loop() -> asyncio.AbstractEventLoop:
    import uvloop

    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop_loop,
    "notifier": NoReaders,
}
Runs = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture(params=list(LOOPS))
def run(request: pytest.FixtureRequest) -> Runs:
    """Runs a coroutine under each kind of loop."""
    if request.param == "uvloop":
        pytest.importorskip("uvloop")

    def on(main: Coroutine[Any, Any, Any]) -> Any:
        loop = LOOPS[request.param]()
        try:
            return loop.run_until_complete(asyncio.wait_for(main, LONG))
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    return on


World = tuple[gamebridge.AsyncClient, gamebridge.AsyncConnection, gamebridge.AsyncConnection]


@asynccontextmanager
async def world(folder: Path, **options: Any) -> AsyncGenerator[World]:
    """A client, a server of it, and a connection to that."""
    async with gamebridge.AsyncClient() as gb:
        server = await gb.serve("rpc", transport="ipc", folder=str(folder), **options)
        yield gb, server, await gb.connect("rpc", client_id=CLIENT_ID, path=(await server.ready())["ipc"])


async def round_trip(rpc: gamebridge.AsyncConnection) -> None:
    await rpc.request("UNSUBSCRIBE", evt="ACTIVITY_SPECTATE")


def test_connect_request_and_iterate(run: Runs, folder: Path) -> None:
    async def main() -> list[str]:
        async with world(folder) as (gb, server, rpc):
            assert rpc.connected and (await rpc.ready())["user"]["username"] == "Guest"
            shown = await rpc.request("SET_ACTIVITY", activity={"state": "In menu"})
            assert shown["state"] == "In menu"
            await rpc.close()
            await server.close()
            return [event.name async for event in gb]

    names = run(main())
    assert names[0] == "CONNECTED" and names[-1] == "DISCONNECTED" and "ACTIVITY_UPDATE" in names


def test_replies_go_to_their_callers(run: Runs, folder: Path) -> None:
    async def main() -> None:
        async with world(folder) as (gb, server, _):
            async def ask(at: int) -> None:
                assert (await server.request("USER_CREATE", username=f"User {at}"))["username"] == f"User {at}"

            await asyncio.gather(*(ask(at) for at in range(200)))
            assert all(event.type != "reply" for event in gb.poll_all(10_000))

    run(main())


def test_a_burst_comes_whole_and_in_order(run: Runs) -> None:
    def talk(gw: Any) -> None:
        for at in range(3000):
            gw.dispatch("MESSAGE_CREATE", {"id": at})

    async def main(url: str) -> list[int]:
        async with gamebridge.AsyncClient() as gb:
            await gb.connect("gateway", token="x", intents=1, url=url)
            seen: list[int] = []
            async for event in gb:
                if event.name == "MESSAGE_CREATE":
                    seen.append(event["id"])
                    if len(seen) == 3000:
                        return seen
        raise AssertionError("ended early")

    with gateway(talk) as double:
        assert run(main(double.url)) == list(range(3000))


def test_other_tasks_have_their_turn_in_a_burst(run: Runs) -> None:
    def talk(gw: Any) -> None:
        for at in range(5000):
            gw.dispatch("MESSAGE_CREATE", {"id": at})

    async def main(url: str) -> int:
        turns = 0

        async def tick() -> None:
            nonlocal turns
            while True:
                await asyncio.sleep(0)
                turns += 1

        async with gamebridge.AsyncClient() as gb:
            bot = await gb.connect("gateway", token="x", intents=1, url=url)
            # All of it is there before the first is taken.
            await asyncio.sleep(0.1)
            ticking = asyncio.create_task(tick())
            await asyncio.sleep(0)
            turns = 0
            async for event in gb:
                if event.get("/id") == 4999:
                    break
            ticking.cancel()
            await bot.close()
            return turns

    with gateway(talk) as double:
        assert run(main(double.url)) >= 10


def test_a_cancelled_iteration_loses_nothing(run: Runs, folder: Path) -> None:
    async def main() -> None:
        async with world(folder) as (gb, server, rpc):
            await rpc.request("SUBSCRIBE", evt="ACTIVITY_JOIN")
            seen: list[str] = []

            async def take() -> None:
                async for event in gb:
                    if event.name == "ACTIVITY_JOIN":
                        seen.append(event["secret"])

            for at in range(100):
                taking = asyncio.create_task(take())
                await server.request("ACTIVITY_JOIN", secret=str(at))
                if at % 3 == 0:
                    await round_trip(rpc)
                taking.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await taking
            await round_trip(rpc)
            await rpc.close()
            await server.close()
            await take()
            assert seen == [str(at) for at in range(100)]

    run(main())


def test_a_cancelled_request_is_given_up(run: Runs, folder: Path) -> None:
    async def main() -> None:
        async with world(folder, consent="ask") as (gb, _, rpc):
            asking = asyncio.create_task(rpc.request("AUTHORIZE", client_id=CLIENT_ID, scopes=["rpc"]))
            while (asked := await gb.wait()) is None or asked.type != "request":
                pass
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            gb.answer(asked)
            await round_trip(rpc)
            assert not gb._replies

    run(main())


def test_a_request_has_its_own_time(run: Runs, folder: Path) -> None:
    async def main() -> None:
        async with gamebridge.AsyncClient() as gb:
            rpc = gb.connect_nowait("rpc", client_id="1", path=str(folder / "discord-ipc-0"))
            with pytest.raises(gamebridge.RequestTimeout):
                await rpc.with_timeout(0.02).request("GET_GUILDS")
            with pytest.raises(gamebridge.RequestTimeout):
                await rpc.ready(0.02)
            assert await gb.wait(0.02) is None

    run(main())


def test_the_end_fails_everything_that_waits(run: Runs, folder: Path) -> None:
    async def main() -> None:
        async with gamebridge.AsyncClient() as gb:
            rpc = gb.connect_nowait("rpc", client_id="1", path=str(folder / "discord-ipc-0"))
            waiting = [
                asyncio.create_task(wait)
                for wait in (rpc.request("GET_GUILDS"), rpc.ready(), gb.wait(LONG), anext_or_end(gb))
            ]
            await asyncio.sleep(0.01)
        *failed, iterated = await asyncio.gather(*waiting, return_exceptions=True)
        # `close` says good-bye first, so the connection's own end may come before the client's.
        assert all(isinstance(error, (gamebridge.ConnectionClosed, gamebridge.Event)) for error in failed), failed
        assert isinstance(failed[0], gamebridge.ConnectionClosed)
        assert iterated in ("end", "DISCONNECTED")

    run(main())


async def anext_or_end(gb: gamebridge.AsyncClient) -> str:
    async for event in gb:
        return event.name
    return "end"


def test_an_exception_in_the_loop_body_closes_and_passes(run: Runs, folder: Path) -> None:
    async def main() -> gamebridge.AsyncClient:
        client = None
        with pytest.raises(LookupError):
            async with world(folder) as (gb, _, _):
                client = gb
                async for _event in gb:
                    raise LookupError
        assert client is not None
        return client

    assert run(main()).closed


def test_calls_on_a_closed_client_say_so(run: Runs, folder: Path) -> None:
    async def main() -> None:
        async with world(folder) as (gb, _, rpc):
            pass
        await gb.close()
        await rpc.close()
        assert gb.closed and rpc.closed
        awaits: list[Callable[[], Awaitable[Any]]] = [
            lambda: gb.connect("rpc", client_id="1"),
            lambda: rpc.request("GET_GUILDS"),
            rpc.ready,
            gb.wait,
            lambda: gb.wait(1),
        ]
        for call in awaits:
            with pytest.raises(gamebridge.ConnectionClosed):
                await call()
        for plain in (gb.poll, gb.poll_all, lambda: rpc.send("GET_GUILDS")):
            with pytest.raises(gamebridge.ConnectionClosed):
                plain()
        assert [event async for event in gb] == []

    run(main())


def test_a_refused_bot_token_is_an_auth_error(run: Runs) -> None:
    async def main(url: str) -> None:
        async with gamebridge.AsyncClient() as gb:
            with pytest.raises(gamebridge.AuthError) as caught:
                await gb.connect("gateway", token="hush-hush", intents=1, url=url)
            assert caught.value.code == 4004 and "hush" not in str(caught.value)

    with gateway(lambda _: None, refuse=4004) as double:
        run(main(double.url))


def test_several_tasks_iterate_and_each_event_goes_to_one(run: Runs, folder: Path) -> None:
    async def main() -> None:
        async with world(folder) as (gb, server, rpc):
            await rpc.request("SUBSCRIBE", evt="ACTIVITY_JOIN")
            seen: list[str] = []

            async def take() -> None:
                async for event in gb:
                    if event.name == "ACTIVITY_JOIN":
                        seen.append(event["secret"])
                        await asyncio.sleep(0)

            tasks = [asyncio.create_task(take()) for _ in range(4)]
            for at in range(100):
                await server.request("ACTIVITY_JOIN", secret=str(at))
            await round_trip(rpc)
            await rpc.close()
            await server.close()
            await asyncio.gather(*tasks)
            assert sorted(seen, key=int) == [str(at) for at in range(100)]

    run(main())


def test_a_loop_in_another_thread(run: Runs, folder: Path) -> None:
    async def main() -> str:
        async with world(folder) as (_, _, rpc):
            shown = await rpc.request("SET_ACTIVITY", activity={"state": "In thread"})
            return str(shown["state"])

    states: list[str] = []
    thread = threading.Thread(target=lambda: states.append(run(main())))
    thread.start()
    thread.join(LONG)
    assert states == ["In thread"]


def test_no_thread_is_left(run: Runs, folder: Path) -> None:
    async def main() -> None:
        async with world(folder):
            pass

    run(main())
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("gamebridge")]


def test_it_belongs_to_one_loop(folder: Path) -> None:
    client = gamebridge.AsyncClient()

    async def first() -> gamebridge.AsyncConnection:
        return await client.serve("rpc", transport="ipc", folder=str(folder))

    async def second(server: gamebridge.AsyncConnection) -> None:
        with pytest.raises(RuntimeError, match="another loop"):
            await server.request("STATE")
        client._abandon()

    asyncio.run(second(asyncio.run(first())))


def test_a_call_from_another_thread_is_refused(run: Runs, folder: Path) -> None:
    async def main() -> None:
        async with world(folder) as (gb, _, rpc):
            gb.poll_all()
            refused: list[str] = []

            def beside() -> None:
                for call in (gb.poll, gb.poll_all, lambda: asyncio.run(gb.close()), lambda: asyncio.run(gb.wait(1))):
                    try:
                        call()
                    except RuntimeError as error:
                        refused.append(str(error))
                rpc.send("SET_ACTIVITY", activity={"state": "From a thread"})

            await asyncio.to_thread(beside)
            assert len(refused) == 4 and all("another" in sentence for sentence in refused), refused
            while (event := await gb.wait(LONG)) is not None and event.name != "ACTIVITY_UPDATE":
                pass
            assert event is not None and event.get("/activity/state") == "From a thread"

    run(main())


def test_a_client_that_another_thread_collects(run: Runs, folder: Path) -> None:
    async def main() -> None:
        gb = gamebridge.AsyncClient()
        await gb.serve("rpc", transport="ipc", folder=str(folder))
        held, gone = [gb], weakref.ref(gb)
        del gb
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            await asyncio.to_thread(held.clear)
        assert gone() is None
        # The loop has let go, and works on.
        async with world(folder) as (_, _, rpc):
            await round_trip(rpc)

    run(main())


def test_a_client_of_a_loop_that_is_over_can_be_closed(folder: Path) -> None:
    async def first() -> gamebridge.AsyncClient:
        gb = gamebridge.AsyncClient()
        await gb.serve("rpc", transport="ipc", folder=str(folder))
        return gb

    gb = asyncio.run(first())
    asyncio.run(gb.close())
    assert gb.closed


def test_both_clients_have_the_same_calls() -> None:
    for ours, other in (
        (gamebridge.Client, gamebridge.AsyncClient),
        (gamebridge.Connection, gamebridge.AsyncConnection),
    ):
        def calls(kind: type) -> dict[str, list[tuple[str, Any, Any]]]:
            names = [name for name in dir(kind) if not name.startswith("_") and callable(getattr(kind, name))]
            return {
                name: [
                    (parameter.name, parameter.kind, parameter.default)
                    for parameter in inspect.signature(getattr(kind, name)).parameters.values()
                ]
                for name in [*names, "__init__"]
                if name != "fileno" and (name != "__init__" or kind in (gamebridge.Client, gamebridge.AsyncClient))
            }

        assert calls(ours) == calls(other)


def test_tasks_close_it_at_once(run: Runs, folder: Path) -> None:
    async def main() -> None:
        async with world(folder) as (gb, _, _):
            # The second end of its watch would close a descriptor that may be somebody else's by then.
            await asyncio.gather(*(gb.close() for _ in range(3)))
            gb._abandon()
            assert gb.closed

    run(main())


@pytest.mark.parametrize("timeout", [-1, float("nan")])
def test_a_time_that_is_none_is_refused_by_name(run: Runs, timeout: float) -> None:
    async def main() -> None:
        async with gamebridge.AsyncClient() as gb:
            with pytest.raises(ValueError, match="timeout: 0 seconds or more expected"):
                await gb.wait(timeout)

    run(main())


def test_without_a_loop_it_says_so(folder: Path) -> None:
    client = gamebridge.AsyncClient()
    with pytest.raises(RuntimeError, match="running asyncio loop"):
        client.wait().send(None)
    client._abandon()


def test_a_client_that_nobody_closed_says_so_and_goes(run: Runs, folder: Path) -> None:
    async def main() -> None:
        gb = gamebridge.AsyncClient()
        await gb.serve("rpc", transport="ipc", folder=str(folder))
        gone = weakref.ref(gb)
        with pytest.warns(ResourceWarning, match="unclosed <AsyncClient open>"):
            del gb
            gc.collect()
        assert gone() is None
        await asyncio.sleep(0)

    run(main())


def test_a_loop_that_closed_first_is_no_trouble(folder: Path) -> None:
    async def main() -> gamebridge.AsyncClient:
        gb = gamebridge.AsyncClient()
        await gb.serve("rpc", transport="ipc", folder=str(folder))
        return gb

    gb = asyncio.run(main())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        del gb
        gc.collect()


@pytest.mark.parametrize("backend", ["asyncio", "asyncio+uvloop"])
def test_under_anyio(folder: Path, backend: str) -> None:
    anyio = pytest.importorskip("anyio")

    async def main() -> list[str]:
        names: list[str] = []
        async with world(folder) as (gb, server, rpc):
            with anyio.fail_after(LONG):
                async with anyio.create_task_group() as group:

                    async def take() -> None:
                        async for event in gb:
                            names.append(event.name)

                    group.start_soon(take)
                    await rpc.request("SET_ACTIVITY", activity={"state": "In menu"})
                    await rpc.close()
                    await server.close()
            with anyio.move_on_after(0.01) as scope:
                await gb.connect("rpc", client_id="1", path=str(folder / "nobody"))
            assert scope.cancelled_caught
        return names

    uv = backend.endswith("uvloop")
    if uv:
        pytest.importorskip("uvloop")
    names = anyio.run(main, backend="asyncio", backend_options={"use_uvloop": uv})
    assert names[-1] == "DISCONNECTED" and "ACTIVITY_UPDATE" in names


@pytest.mark.skipif(sys.platform == "win32", reason="the wake-up handle is no descriptor here")
def test_the_blocking_client_under_trio(folder: Path) -> None:
    trio = pytest.importorskip("trio")

    async def main() -> list[str]:
        names: list[str] = []
        with gamebridge.Client() as gb, trio.fail_after(LONG):
            server = gb.serve_nowait("rpc", transport="ipc", folder=str(folder))
            while not server.closed:
                await trio.lowlevel.wait_readable(gb.fileno())
                for event in gb.poll_all():
                    names.append(event.name)
                    if event.type == "connected":
                        gb._hub.disconnect(server.id)
            with pytest.raises(RuntimeError, match="use Client with its fileno"):
                await gamebridge_async_wait()
        return names

    async def gamebridge_async_wait() -> None:
        client = gamebridge.AsyncClient()
        try:
            await client.wait()
        finally:
            client._abandon()

    assert trio.run(main) == ["CONNECTED", "DISCONNECTED"]

"""What happens when nobody takes events: memory is bounded, replies pass, and what is dropped is counted."""

from __future__ import annotations

import asyncio
import json
import logging
import select
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gamebridge
import pytest
from conftest import CLIENT_ID
from worlds import LONG, Worker, gateway, round_trip, until

SMALLEST = 512 << 10
"""The least that `queue_bytes` can be."""


def flood(server: gamebridge.Connection, numbers: range) -> None:
    """Sends dispatches with these numbers to the server's peers."""
    for at in numbers:
        server.request("ACTIVITY_JOIN", secret=f"{at:0128}")


def test_a_reply_passes_a_flood_that_nobody_takes(server: gamebridge.Connection) -> None:
    with gamebridge.Client(queue_bytes=SMALLEST) as game:
        rpc = game.connect("rpc", client_id=CLIENT_ID, path=server.ready()["ipc"])
        rpc.request("SUBSCRIBE", evt="ACTIVITY_JOIN")
        count = 4000
        for at in range(0, count, 500):
            flood(server, range(at, at + 500))
            round_trip(rpc)
        rpc.close()
        secrets: list[int] = []
        dropped = 0
        for event in game:
            if event.type == "dropped":
                assert event.tag > 0 and event.name == "DROPPED" and "nobody polled" in event.message
                dropped += event.tag
            elif event.name == "ACTIVITY_JOIN":
                secrets.append(int(event["secret"]))
        assert dropped > 0 and dropped + len(secrets) == count
        assert secrets == sorted(secrets)


def test_requests_and_lifecycle_are_never_dropped_and_stay_in_order(server: gamebridge.Connection) -> None:
    with gamebridge.Client(queue_bytes=SMALLEST) as game:
        rpc = game.connect("rpc", client_id=CLIENT_ID, path=server.ready()["ipc"])
        rpc.request("SUBSCRIBE", evt="ACTIVITY_JOIN")
        flood(server, range(3000))
        round_trip(rpc)
        rpc.close()
        names = [event.name for event in game]
        assert names[0] == "CONNECTED" and names[-1] == "DISCONNECTED"


BACKLOG = 700
"""Events, of which 256 are taken ahead."""


Flooded = tuple[gamebridge.Client, gamebridge.Connection]


@pytest.fixture
def flooded(server: gamebridge.Connection) -> Iterator[Flooded]:
    """A client and its connection, with more events than are taken ahead."""
    with gamebridge.Client() as game:
        rpc = game.connect("rpc", client_id=CLIENT_ID, path=server.ready()["ipc"])
        rpc.request("SUBSCRIBE", evt="ACTIVITY_JOIN")
        flood(server, range(BACKLOG))
        round_trip(rpc)
        yield game, rpc


def test_a_refusal_passes_what_nobody_takes(flooded: Flooded) -> None:
    game, rpc = flooded
    with pytest.raises(gamebridge.ConnectionClosed, match="nobody listens at"):
        game.connect("rpc", client_id="1", path="/nowhere/discord-ipc-0", retry=False)
    rpc.close()
    assert rpc.closed, "its own events are still to come"


def test_an_end_that_was_seen_early_comes_in_its_place(flooded: Flooded) -> None:
    game, rpc = flooded
    rpc.close()
    with pytest.raises(gamebridge.ConnectionClosed):
        rpc.ready()
    names = [event.name for event in game]
    assert names == ["CONNECTED", *["ACTIVITY_JOIN"] * BACKLOG, "DISCONNECTED"]


def test_the_same_in_a_loop(server: gamebridge.Connection) -> None:
    async def main() -> None:
        async with gamebridge.AsyncClient() as game:
            rpc = await game.connect("rpc", client_id=CLIENT_ID, path=server.ready()["ipc"])
            await rpc.request("SUBSCRIBE", evt="ACTIVITY_JOIN")
            await asyncio.to_thread(flood, server, range(BACKLOG))
            await rpc.request("UNSUBSCRIBE", evt="ACTIVITY_SPECTATE")
            with pytest.raises(gamebridge.ConnectionClosed, match="nobody listens at"):
                await game.connect("rpc", client_id="1", path="/nowhere/discord-ipc-0", retry=False)
            await rpc.close()
            assert rpc.closed
            names = [event.name async for event in game]
            # Of the refused one, too, the end is an event, and it ended first.
            assert names == ["CONNECTED", *["ACTIVITY_JOIN"] * BACKLOG, "DISCONNECTED", "DISCONNECTED"]

    asyncio.run(asyncio.wait_for(main(), LONG))


def test_what_was_taken_early_is_not_waited_for(server: gamebridge.Connection) -> None:
    with gamebridge.Client() as game:
        rpc = game.connect("rpc", client_id=CLIENT_ID, path=server.ready()["ipc"])
        rpc.request("SUBSCRIBE", evt="ACTIVITY_JOIN")
        # With CONNECTED as many as are taken ahead, and then one past them.
        flood(server, range(255))
        round_trip(rpc)
        other = game.connect("rpc", client_id=CLIENT_ID, path=server.ready()["ipc"])
        names: list[str] = []
        taking = Worker(lambda: names.extend(event.name for _ in range(257) if (event := game.wait())))
        taking.end()
        assert names[-1] == "CONNECTED" and len(names) == 257 and other.connected


Asking = tuple[gamebridge.Connection, gamebridge.Client, gamebridge.Connection, Worker]


@pytest.fixture
def asking(gb: gamebridge.Client, folder: Path) -> Iterator[Asking]:
    """A server that asks its host, a client and its connection, and a thread that waits for the answer."""
    server = gb.serve("rpc", transport="ipc", folder=str(folder), consent="ask")
    with gamebridge.Client() as game:
        rpc = game.connect("rpc", client_id=CLIENT_ID, path=server.ready()["ipc"])
        rpc.request("SUBSCRIBE", evt="ACTIVITY_JOIN")
        waiting = Worker(lambda: rpc.request("AUTHORIZE", client_id=CLIENT_ID, scopes=["rpc"]))
        asked = until(gb, "AUTHORIZE")[-1]
        yield server, game, rpc, waiting
        gb.answer(asked)
        waiting.end()


def test_who_takes_is_not_kept_waiting_by_who_waits_for_a_reply(asking: Asking) -> None:
    server, game, rpc, waiting = asking
    flood(server, range(BACKLOG))
    # The other thread leads, and has no room for more.
    round_trip(rpc)
    for at in range(BACKLOG + 1):
        assert game.wait(LONG) is not None, f"none after {at}"
    assert waiting.is_alive()


def test_the_descriptor_tells_of_what_another_thread_took(asking: Asking) -> None:
    server, game, _, waiting = asking
    handle = game.fileno()
    assert game.wait(LONG)
    for _ in range(3):
        flood(server, range(1))
        while not game._hub.has_events:
            time.sleep(0.001)
        assert select.select([handle], [], [], LONG)[0], "silent, and there is an event"
        assert game.wait(LONG)
    assert waiting.is_alive()


@pytest.mark.parametrize("most", [1, 100, 256])
def test_the_descriptor_tells_of_what_was_not_taken_ahead(flooded: Flooded, most: int) -> None:
    game, _ = flooded
    # As many as were taken ahead.
    taken = len(game.poll_all(256))
    handle = game.fileno()
    while taken < BACKLOG + 1:
        assert select.select([handle], [], [], LONG)[0], f"silent after {taken}"
        taken += len(game.poll_all(most))
    assert game.poll() is None
    assert not select.select([handle], [], [], 0)[0]


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_gateway_waits_for_who_does_not_take_and_loses_nothing(asynchronous: bool) -> None:
    count, filler = 8000, "x" * 4000
    stuck = threading.Event()

    def talk(gw: Any) -> None:
        for at in range(count):
            if at == count - 1:
                stuck.set()
            gw.dispatch("MESSAGE_CREATE", {"id": at, "content": filler})

    async def take(url: str) -> list[int]:
        async with gamebridge.AsyncClient(queue_bytes=SMALLEST) as gb:
            bot = await gb.connect("gateway", token="x", intents=1, url=url)
            await asyncio.sleep(0.3)
            assert not stuck.is_set(), "the loop took it all in"
            # A command of the Gateway replies when it was handed over: also past 30 MB of events.
            await bot.request("REQUEST_GUILD_MEMBERS", guild_id="1", query="", limit=0)
            return [event["id"] async for event in gb if event.name == "MESSAGE_CREATE" and not await done(event, bot)]

    async def done(event: gamebridge.Event, bot: gamebridge.AsyncConnection) -> bool:
        if event["id"] == count - 1:
            await bot.close()
        return False

    with gateway(talk) as double:
        if asynchronous:
            assert asyncio.run(take(double.url)) == list(range(count))
            return
        with gamebridge.Client(queue_bytes=SMALLEST) as gb:
            bot = gb.connect("gateway", token="x", intents=1, url=double.url)
            assert not stuck.wait(0.3), "the client took it all in"
            bot.request("REQUEST_GUILD_MEMBERS", guild_id="1", query="", limit=0)
            seen: list[int] = []
            while len(seen) < count:
                event = gb.wait(LONG)
                assert event is not None
                if event.name == "MESSAGE_CREATE":
                    seen.append(event["id"])
            assert seen == list(range(count))


def test_too_many_replies_outstanding_is_queue_full(gb: gamebridge.Client) -> None:
    rpc = gb.connect_nowait("rpc", client_id="1", path="/nowhere/discord-ipc-0")
    with pytest.raises(gamebridge.QueueFull) as caught:
        for _ in range(10_000):
            gb._hub.begin(rpc.id, "GET_GUILDS", None, None, None)
    assert caught.value.status == "full"


def test_the_log_goes_to_logging_on_the_thread_that_takes(gb: gamebridge.Client, caplog: pytest.LogCaptureFixture) -> None:
    gb.connect_nowait("rpc", client_id="1", path="/nowhere/discord-ipc-0")
    with caplog.at_level(logging.DEBUG, "gamebridge"):
        while not caplog.records:
            assert gb.wait(0.01) is None, "no line of the log is an event"
    record = caplog.records[0]
    assert record.name.startswith("gamebridge.") and record.levelno == logging.WARNING
    assert record.threadName == threading.current_thread().name


def test_the_loggers_level_is_the_clients(caplog: pytest.LogCaptureFixture, server: gamebridge.Connection) -> None:
    with caplog.at_level(logging.DEBUG, "gamebridge"), gamebridge.Client() as game:
        game.connect("rpc", client_id="1", path=server.ready()["ipc"]).close()
        until(game, "DISCONNECTED")
    assert any(record.levelno <= logging.INFO for record in caplog.records)
    assert "hush" not in json.dumps([record.getMessage() for record in caplog.records])


def test_a_handler_may_use_the_client(gb: gamebridge.Client, server: gamebridge.Connection) -> None:
    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            answers.append(server.request("STATE"))

    answers: list[Any] = []
    logger, handler = logging.getLogger("gamebridge"), Handler()
    logger.addHandler(handler)
    try:
        gb.connect_nowait("rpc", client_id="1", path="/nowhere/discord-ipc-0")
        while not answers:
            gb.poll()
    finally:
        logger.removeHandler(handler)

"""One client, several threads: whoever waits, each event goes to one of them and each reply to its caller."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial

import gamebridge
import pytest
from worlds import LONG, Worker, round_trip, until


def test_a_request_while_another_thread_iterates(gb: gamebridge.Client, server: gamebridge.Connection, rpc: gamebridge.Connection) -> None:
    seen: list[gamebridge.Event] = []
    rpc.request("SUBSCRIBE", evt="ACTIVITY_JOIN")
    iterating = Worker(lambda: seen.extend(gb))
    for at in range(200):
        assert server.request("ACTIVITY_JOIN", secret=str(at))["peers"] == 1
    round_trip(rpc)
    rpc.close()
    server.close()
    iterating.end()
    assert [event["secret"] for event in seen if event.name == "ACTIVITY_JOIN"] == [str(at) for at in range(200)]


def test_each_reply_goes_to_its_caller(gb: gamebridge.Client, server: gamebridge.Connection) -> None:
    def ask(who: int) -> None:
        for at in range(100):
            name = f"Guild {who} {at}"
            assert server.request("USER_CREATE", username=name)["username"] == name

    workers = [Worker(partial(ask, who)) for who in range(8)]
    for worker in workers:
        worker.end()


def test_each_event_goes_to_one_of_several_threads(gb: gamebridge.Client, server: gamebridge.Connection, rpc: gamebridge.Connection) -> None:
    rpc.request("SUBSCRIBE", evt="ACTIVITY_JOIN")
    seen: list[list[str]] = [[] for _ in range(4)]

    def take(into: list[str]) -> None:
        for event in gb:
            if event.name == "ACTIVITY_JOIN":
                into.append(event["secret"])

    workers = [Worker(partial(take, into)) for into in seen]
    for at in range(300):
        server.send("ACTIVITY_JOIN", secret=str(at))
    server.request("STATE")
    round_trip(rpc)
    rpc.close()
    server.close()
    for worker in workers:
        worker.end()
    assert sorted(int(secret) for some in seen for secret in some) == list(range(300))
    for some in seen:
        assert some == sorted(some, key=int)


def test_a_close_ends_every_wait(gb: gamebridge.Client, server: gamebridge.Connection) -> None:
    rpc = gb.connect_nowait("rpc", client_id="1", path="/nowhere/discord-ipc-0")
    started = threading.Barrier(5)

    def closed(call: Callable[[], object]) -> None:
        started.wait()
        with pytest.raises(gamebridge.ConnectionClosed):
            call()

    def iterate() -> None:
        started.wait()
        for _ in gb:
            pass

    def wait_for_good() -> None:
        while True:
            gb.wait()

    workers = [
        Worker(iterate),
        Worker(lambda: closed(wait_for_good)),
        Worker(lambda: closed(lambda: rpc.request("GET_GUILDS"))),
        Worker(lambda: closed(rpc.ready)),
    ]
    started.wait()
    gb.close()
    for worker in workers:
        worker.end()


def test_a_thread_that_waits_lets_the_others_run(gb: gamebridge.Client, server: gamebridge.Connection) -> None:
    until(gb, "CONNECTED")
    waiting = Worker(lambda: gb.wait(LONG))
    count, end = 0, time.monotonic() + 0.05
    while time.monotonic() < end:
        count += 1
    assert count > 1000
    gb.poll()
    server.request("GUILD_CREATE", name="Millers")
    server.close()
    waiting.end()


def test_who_leads_hands_over_when_it_has_what_it_wants(gb: gamebridge.Client, server: gamebridge.Connection) -> None:
    until(gb, "CONNECTED")
    events: list[gamebridge.Event | None] = []
    first, second = (Worker(lambda: events.append(gb.wait(LONG))) for _ in range(2))
    rpc = gb.connect("rpc", client_id="1", path=server.ready()["ipc"])
    first.end()
    second.end()
    assert sorted(event.name for event in events if event) == ["CONNECTED", "PEER_CONNECTED"]
    rpc.close()


def test_send_from_any_thread(gb: gamebridge.Client, server: gamebridge.Connection) -> None:
    workers = [Worker(partial(server.send, "USER_CREATE", username=f"User {at}")) for at in range(16)]
    for worker in workers:
        worker.end()
    names = {user["username"] for user in server.request("STATE")["users"]}
    assert {f"User {at}" for at in range(16)} <= names

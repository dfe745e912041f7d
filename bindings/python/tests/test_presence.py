"""`gamebridge.presence`: what programs written for pypresence do, and what is better underneath."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import gamebridge
import pytest
from conftest import CLIENT_ID
from gamebridge._presence import WINDOW, Pace
from gamebridge.presence import (
    Activity,
    ActivityType,
    AioPresence,
    ConnectionTimeout,
    DiscordError,
    DiscordNotFound,
    InvalidArgument,
    InvalidID,
    InvalidPipe,
    PipeClosed,
    Presence,
    PyPresenceException,
    ResponseTimeout,
    ServerError,
    StatusDisplayType,
)
from gamebridge.testing import Server
from stubborn import Refusing, Silent

ASKED = {"type": 0, "status_display_type": 0, "state": "Hello", "details": "World", "instance": True}


def test_an_update_is_answered_as_discord_answers(gamebridge_server: Server) -> None:
    rpc = Presence(CLIENT_ID, pipe=gamebridge_server.ipc)
    rpc.connect()
    reply = rpc.update(state="Hello", details="World")
    assert (reply["cmd"], reply["evt"]) == ("SET_ACTIVITY", None)
    assert isinstance(reply["nonce"], str)
    assert {**reply["data"], **ASKED} == reply["data"]
    assert gamebridge_server.activity() == reply["data"]
    assert rpc.clear()["data"] is None
    assert gamebridge_server.activity() is None
    rpc.close()


def test_discord_is_found_by_itself(gamebridge_server: Server, gamebridge_environ: dict[str, str]) -> None:
    with Presence(CLIENT_ID) as rpc:
        rpc.update(state="found")
    assert gamebridge_server.activity()["state"] == "found"


def test_a_pipe_has_a_number(gamebridge_server: Server, gamebridge_environ: dict[str, str]) -> None:
    number = gamebridge_server.ipc.rpartition("-")[2]
    with Presence(CLIENT_ID, pipe=int(number)) as rpc:
        assert rpc.update(state="by number")["data"]["state"] == "by number"
    with pytest.raises(DiscordNotFound, match="discord-ipc-9"):
        Presence(CLIENT_ID, pipe=9).connect()


def test_no_discord_is_said_at_once(folder: Path) -> None:
    with pytest.raises(DiscordNotFound, match="nobody listens at"):
        Presence(CLIENT_ID, pipe=str(folder / "discord-ipc-0")).connect()
    assert issubclass(DiscordNotFound, PyPresenceException)
    assert issubclass(DiscordNotFound, gamebridge.GamebridgeError)


@pytest.mark.parametrize("client_id", ["not a number", "", "12three"])
def test_a_client_id_is_digits(client_id: str, gamebridge_server: Server) -> None:
    with pytest.raises(InvalidID) as raised:
        Presence(client_id, pipe=gamebridge_server.ipc).connect()
    assert raised.value.code == 4000


@pytest.mark.gamebridge(registered_only=True)
def test_an_unknown_application_is_invalid(gamebridge_server: Server) -> None:
    with pytest.raises(InvalidID):
        Presence(CLIENT_ID, pipe=gamebridge_server.ipc).connect()


def test_another_refusal_has_discords_code(folder: Path) -> None:
    with Refusing(folder, {"code": 4005, "message": "no such encoding"}) as discord:
        with pytest.raises(DiscordError, match="no such encoding") as raised:
            Presence(CLIENT_ID, pipe=discord.path).connect()
        assert raised.value.code == 4005
        assert not isinstance(raised.value, InvalidID)


def test_a_socket_that_hangs_up_is_an_invalid_pipe(folder: Path) -> None:
    with Refusing(folder, None) as discord, pytest.raises(InvalidPipe):
        Presence(CLIENT_ID, pipe=discord.path).connect()


def test_a_discord_that_says_nothing_is_a_connection_timeout(folder: Path) -> None:
    with Silent(folder, ready=False) as discord, pytest.raises(ConnectionTimeout):
        Presence(CLIENT_ID, pipe=discord.path, connection_timeout=0.05).connect()


def test_an_answer_that_does_not_come_is_a_response_timeout(folder: Path) -> None:
    with Silent(folder, ready=True) as discord:
        rpc = Presence(CLIENT_ID, pipe=discord.path, response_timeout=0.05)
        rpc.connect()
        with pytest.raises(ResponseTimeout):
            rpc.update(state="Hello")
        rpc.close()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"state": "x"}, "state"),
        ({"details": "x" * 129}, "details"),
        ({"buttons": [{"label": "x" * 40, "url": "https://example.com"}]}, r"buttons\[0\].label"),
        ({"party_size": [1]}, "party.size"),
    ],
)
def test_what_does_not_fit_is_a_server_error_that_names_it(
    wrong: dict[str, Any], field: str, gamebridge_server: Server
) -> None:
    with Presence(CLIENT_ID, pipe=gamebridge_server.ipc) as rpc:
        with pytest.raises(ServerError, match=field):
            rpc.update(**wrong)
        assert rpc.update(state="fits")["data"]["state"] == "fits"


def test_without_a_connection_the_pipe_is_closed(gamebridge_server: Server) -> None:
    rpc = Presence(CLIENT_ID, pipe=gamebridge_server.ipc)
    with pytest.raises(PipeClosed, match="connect"):
        rpc.update(state="Hello")
    rpc.connect()
    rpc.close()
    rpc.close()
    with pytest.raises(PipeClosed):
        rpc.clear()
    rpc.connect()
    assert rpc.update(state="again")["data"]["state"] == "again"
    rpc.close()


def test_connecting_twice_keeps_the_connection(gamebridge_server: Server) -> None:
    with Presence(CLIENT_ID, pipe=gamebridge_server.ipc) as rpc:
        rpc.connect()
        assert len(gamebridge_server.state("peers")["peers"]) == 1


def test_of_many_updates_none_waits_and_the_newest_is_kept(gamebridge_server: Server) -> None:
    with Presence(CLIENT_ID, pipe=gamebridge_server.ipc) as rpc:
        for number in range(5):
            rpc.update(state=f"number {number}")
        # Who waited for an answer now would get ResponseTimeout.
        rpc._settings.response_timeout = 0
        for number in range(5, 40):
            reply = rpc.update(state=f"number {number}")
            assert reply["data"]["state"] == f"number {number}"
        assert rpc.clear()["data"] is None
        assert [gamebridge_server.activity()["state"] for _ in range(5)] == [f"number {at}" for at in range(5)]


@pytest.mark.once
def test_the_newest_is_sent_when_it_may(gamebridge_server: Server) -> None:
    with Presence(CLIENT_ID, pipe=gamebridge_server.ipc) as rpc:
        for number in range(9):
            rpc.update(state=f"number {number}")
        shown = [gamebridge_server.activity()["state"] for _ in range(5)]
        assert shown == [f"number {at}" for at in range(5)]
        assert gamebridge_server.activity(timeout=WINDOW + 10)["state"] == "number 8"
        # And then it goes on.
        rpc.update(state="next")
        assert gamebridge_server.activity(timeout=WINDOW + 10)["state"] == "next"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_pace_is_five_in_a_window_that_slides() -> None:
    clock = Clock()
    pace = Pace(clock)
    assert [pace.goes_now(1) for _ in range(7)] == [True] * 5 + [False] * 2
    clock.now = WINDOW
    # One was kept and has gone out by now.
    assert [pace.goes_now(1) for _ in range(5)] == [True] * 4 + [False]
    clock.now = 2 * WINDOW
    assert [pace.goes_now(1) for _ in range(5)] == [True] * 4 + [False]


def test_processes_take_turns_in_the_pace() -> None:
    clock = Clock()
    pace = Pace(clock)
    for pid in range(5):
        assert pace.goes_now(pid)
    assert [pace.goes_now(pid) for pid in (1, 2, 1, 2)] == [False] * 4
    clock.now = WINDOW
    assert [pace.goes_now(3) for _ in range(4)] == [True] * 3 + [False]


def restarted(folder: Path, first: Server) -> Server:
    first.close()
    return Server(transport="ipc", folder=str(folder))


def test_discord_may_be_restarted(folder: Path) -> None:
    first = Server(transport="ipc", folder=str(folder))
    with Presence(CLIENT_ID, pipe=first.ipc) as rpc:
        rpc.update(state="before")
        with restarted(folder, first) as second:
            assert second.activity()["state"] == "before"
            rpc.connect()
            assert rpc.update(state="after")["data"]["state"] == "after"
            assert second.activity()["state"] == "after"


def test_an_update_while_discord_is_away_is_kept(folder: Path) -> None:
    first = Server(transport="ipc", folder=str(folder))
    with Presence(CLIENT_ID, pipe=first.ipc) as rpc:
        rpc.update(state="before")
        first.close()
        while rpc.connected:
            time.sleep(0.001)
        assert rpc.update(state="meanwhile")["data"]["state"] == "meanwhile"
        assert rpc.update(state="newest")["data"]["state"] == "newest"
        with Server(transport="ipc", folder=str(folder)) as second:
            assert second.activity()["state"] == "newest"


def test_a_discord_that_does_not_come_back_is_not_found(folder: Path) -> None:
    first = Server(transport="ipc", folder=str(folder))
    with Presence(CLIENT_ID, pipe=first.ipc, connection_timeout=0.05) as rpc:
        first.close()
        while rpc.connected:
            time.sleep(0.001)
        with pytest.raises(DiscordNotFound, match="come back"):
            rpc.connect()


def test_a_late_refusal_goes_to_the_handler(folder: Path) -> None:
    seen: list[Exception] = []

    def handler(exception: Exception, future: Any) -> None:
        assert future.exception() is exception
        seen.append(exception)

    with Silent(folder, ready=True) as discord:
        with Presence(CLIENT_ID, pipe=discord.path, handler=handler, response_timeout=0) as rpc:
            with pytest.raises(ResponseTimeout):
                rpc.update(state="Hello")
            discord.refuse(4000, "no such image")
            while not seen:
                with pytest.raises(ResponseTimeout):
                    rpc.update(payload_override={"cmd": "GET_GUILDS", "args": {}})
    assert isinstance(seen[0], ServerError)
    assert "no such image" in str(seen[0])


def test_a_late_refusal_is_a_warning_otherwise(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Silent(folder, ready=True) as discord:
        with Presence(CLIENT_ID, pipe=discord.path, response_timeout=0) as rpc:
            with pytest.raises(ResponseTimeout):
                rpc.update(state="Hello")
            discord.refuse(4000, "no such image")
            with caplog.at_level(logging.WARNING, "gamebridge.presence"):
                while not caplog.records:
                    with pytest.raises(ResponseTimeout):
                        rpc.update(payload_override={"cmd": "GET_GUILDS", "args": {}})
    assert "no such image" in caplog.text


def takes_one(one: object) -> None:
    pass


@pytest.mark.parametrize("handler", ["not a function", takes_one, 5])
def test_a_handler_is_a_function_of_two(handler: Any) -> None:
    with pytest.raises(PyPresenceException, match="handler"):
        Presence(CLIENT_ID, handler=handler)


def test_the_handler_of_the_asynchronous_one_is_awaitable() -> None:
    with pytest.raises(InvalidArgument, match="async function"):
        AioPresence(CLIENT_ID, handler=lambda exception, future: None)


def test_a_whole_message_may_take_the_place_of_the_arguments(gamebridge_server: Server) -> None:
    with Presence(CLIENT_ID, pipe=gamebridge_server.ipc) as rpc:
        payload = {"cmd": "SET_ACTIVITY", "args": {"pid": 7, "activity": {"state": "mine"}}, "nonce": "n-1"}
        reply = rpc.update(state="ignored", payload_override=payload)
        assert (reply["nonce"], reply["data"]["state"]) == ("n-1", "mine")
        reply = rpc.update(payload_override={"cmd": "SUBSCRIBE", "evt": "ACTIVITY_JOIN", "args": {}, "nonce": "n-2"})
        assert (reply["cmd"], reply["nonce"], reply["data"]) == ("SUBSCRIBE", "n-2", {"evt": "ACTIVITY_JOIN"})
        with pytest.raises(TypeError, match="payload_override"):
            rpc.update(payload_override=5)


def test_an_activity_object_may_be_shown(gamebridge_server: Server) -> None:
    with Presence(CLIENT_ID, pipe=gamebridge_server.ipc) as rpc:
        rpc.set(Activity(details="Capture the flag", party_id="p", party_size=(2, 4)))
    assert gamebridge_server.activity()["party"] == {"id": "p", "size": [2, 4]}


def test_the_process_may_be_another(folder: Path) -> None:
    with Silent(folder, ready=True) as discord, Presence(CLIENT_ID, pipe=discord.path, response_timeout=0) as rpc:
        for pid in (4711, None):
            with pytest.raises(ResponseTimeout):
                rpc.update(pid=pid, state="Hello")
        assert [discord.asked()[1]["args"]["pid"] for _ in range(2)] == [4711, os.getpid()]


def test_it_works_in_a_running_loop(gamebridge_server: Server) -> None:
    async def cell() -> None:
        rpc = Presence(CLIENT_ID, pipe=gamebridge_server.ipc)
        rpc.connect()
        assert rpc.update(state="from a notebook")["data"]["state"] == "from a notebook"
        rpc.close()

    asyncio.run(cell())


def test_it_works_in_a_thread(gamebridge_server: Server) -> None:
    def run() -> str:
        with Presence(CLIENT_ID, pipe=gamebridge_server.ipc, loop=None) as rpc:
            state: str = rpc.update(state="in a thread")["data"]["state"]
            return state

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(run).result() == "in a thread"


def test_threads_share_one(gamebridge_server: Server) -> None:
    with Presence(CLIENT_ID, pipe=gamebridge_server.ipc) as rpc, ThreadPoolExecutor(8) as pool:
        states = [f"number {number}" for number in range(100)]

        def update(state: str) -> dict[str, Any]:
            return rpc.update(state=state)

        replies = pool.map(update, states)
        assert [reply["data"]["state"] for reply in replies] == states


def test_threads_connect_one_once(gamebridge_server: Server) -> None:
    rpc = Presence(CLIENT_ID, pipe=gamebridge_server.ipc)
    threads = [threading.Thread(target=rpc.connect) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(gamebridge_server.state("peers")["peers"]) == 1
    rpc.close()


def test_the_asynchronous_one_answers_the_same(gamebridge_server: Server) -> None:
    rpc = AioPresence(CLIENT_ID, pipe=gamebridge_server.ipc)

    async def main() -> None:
        await rpc.connect()
        reply = await rpc.update(
            activity_type=ActivityType.LISTENING,
            status_display_type=StatusDisplayType.DETAILS,
            details="A song",
            state="Somebody",
            start=1_700_000_000,
            end=1_700_000_200,
        )
        assert reply["cmd"] == "SET_ACTIVITY" and reply["evt"] is None
        assert (reply["data"]["type"], reply["data"]["status_display_type"]) == (2, 2)
        assert (await rpc.clear())["data"] is None

    asyncio.run(main())
    # As pypresence's own example does, when the loop is gone.
    rpc.close()
    rpc.close()
    assert gamebridge_server.activity()["details"] == "A song"


def test_the_asynchronous_one_never_waits_either(gamebridge_server: Server) -> None:
    async def main() -> None:
        async with AioPresence(CLIENT_ID, pipe=gamebridge_server.ipc) as rpc:
            for number in range(5):
                await rpc.update(state=f"number {number}")
            rpc._settings.response_timeout = 0
            for number in range(5, 40):
                reply = await rpc.update(state=f"number {number}")
                assert reply["data"]["state"] == f"number {number}"
            with pytest.raises(ServerError, match="state"):
                await rpc.update(state="x")

    asyncio.run(main())
    assert [gamebridge_server.activity()["state"] for _ in range(5)] == [f"number {at}" for at in range(5)]


def test_the_asynchronous_one_outlives_a_restart(folder: Path) -> None:
    first = Server(transport="ipc", folder=str(folder))

    async def main() -> None:
        async with AioPresence(CLIENT_ID, pipe=first.ipc) as rpc:
            await rpc.update(state="before")
            first.close()
            while rpc.connected:
                await asyncio.sleep(0.001)
            assert (await rpc.update(state="meanwhile"))["data"]["state"] == "meanwhile"
            with Server(transport="ipc", folder=str(folder)) as second:
                await rpc.connect()
                assert (await asyncio.to_thread(second.activity))["state"] == "meanwhile"
                assert (await rpc.update(state="after"))["data"]["state"] == "after"

    asyncio.run(main())


def test_the_asynchronous_one_has_the_same_exceptions(folder: Path, gamebridge_server: Server) -> None:
    async def main() -> None:
        with pytest.raises(DiscordNotFound):
            await AioPresence(CLIENT_ID, pipe=str(folder / "discord-ipc-0")).connect()
        with pytest.raises(InvalidID):
            await AioPresence("no", pipe=gamebridge_server.ipc).connect()
        with pytest.raises(PipeClosed):
            await AioPresence(CLIENT_ID).update(state="Hello")
        with Silent(folder, ready=False) as discord, pytest.raises(ConnectionTimeout):
            await AioPresence(CLIENT_ID, pipe=discord.path, connection_timeout=0.05).connect()

    asyncio.run(main())


def test_a_late_refusal_goes_to_the_asynchronous_handler(folder: Path) -> None:
    async def main(discord: Silent) -> Exception:
        seen: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()

        async def handler(exception: Exception, future: Any) -> None:
            seen.set_result(exception)

        async with AioPresence(CLIENT_ID, pipe=discord.path, handler=handler, response_timeout=0) as rpc:
            with pytest.raises(ResponseTimeout):
                await rpc.update(state="Hello")
            await asyncio.to_thread(discord.refuse, 4000, "no such image")
            return await asyncio.wait_for(seen, 20)

    with Silent(folder, ready=True) as discord:
        assert isinstance(asyncio.run(main(discord)), ServerError)


def test_a_cancelled_update_leaves_the_presence_usable(folder: Path) -> None:
    async def main(discord: Silent) -> None:
        async with AioPresence(CLIENT_ID, pipe=discord.path) as rpc:
            task = asyncio.create_task(rpc.update(state="Hello"))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert rpc.connected

    with Silent(folder, ready=True) as discord:
        asyncio.run(main(discord))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_connects_anew(gamebridge_server: Server) -> None:
    with Presence(CLIENT_ID, pipe=gamebridge_server.ipc) as rpc:
        rpc.update(state="of the parent")
        assert gamebridge_server.activity()["state"] == "of the parent"
        child = os.fork()
        if child == 0:
            status = 1
            try:
                with pytest.raises(PipeClosed):
                    rpc.update(state="not connected")
                rpc.connect()
                rpc.update(state="of the child")
                rpc.close()
                status = 0
            finally:
                os._exit(status)
        assert gamebridge_server.activity()["state"] == "of the child"
        assert gamebridge_server.activity() is None
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert rpc.update(state="still here")["data"]["state"] == "still here"


def test_late_answers_are_not_kept_for_ever(folder: Path) -> None:
    with Silent(folder, ready=True) as discord, Presence(CLIENT_ID, pipe=discord.path, response_timeout=0) as rpc:
        for number in range(50):
            with contextlib.suppress(ResponseTimeout):
                rpc.update(state=f"number {number}")
        # Five were sent and are unanswered, one waits for its turn; the others are answered, having been overtaken.
        assert rpc._client is not None
        while len(rpc._late) > 5 + 1:
            rpc._look_back(rpc._client)

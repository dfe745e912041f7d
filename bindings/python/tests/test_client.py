"""The blocking client: connecting, asking, taking events, ending."""

from __future__ import annotations

import select
from collections.abc import Callable
from pathlib import Path

import gamebridge
import pytest
from conftest import CLIENT_ID
from worlds import LONG, round_trip, until


def test_a_server_says_where_it_listens(server: gamebridge.Connection, folder: Path) -> None:
    assert Path(server.ready()["ipc"]).parent == folder
    assert server.connected and not server.closed


def test_connect_returns_when_the_connection_is_ready(rpc: gamebridge.Connection) -> None:
    assert rpc.connected
    assert rpc.ready()["user"]["username"] == "Guest"


def test_request_gives_the_replys_data(rpc: gamebridge.Connection) -> None:
    assert rpc.request("SET_ACTIVITY", activity={"state": "In menu"})["state"] == "In menu"


def test_keywords_and_one_mapping_are_the_same(rpc: gamebridge.Connection) -> None:
    activity = {"state": "In menu"}
    assert rpc.request("SET_ACTIVITY", activity=activity) == rpc.request("SET_ACTIVITY", {"activity": activity})


def test_a_reply_without_data_is_none(rpc: gamebridge.Connection) -> None:
    assert rpc.request("SET_ACTIVITY") is None


def test_replies_never_come_through_iteration(gb: gamebridge.Client, rpc: gamebridge.Connection) -> None:
    rpc.request("SET_ACTIVITY", activity={"state": "In menu"})
    rpc.close()
    assert all(event.type != "reply" for event in until(gb, "PEER_DISCONNECTED"))


def test_events_stay_in_order_while_requests_wait(gb: gamebridge.Client, server: gamebridge.Connection, rpc: gamebridge.Connection) -> None:
    rpc.request("SUBSCRIBE", evt="ACTIVITY_JOIN")
    secrets = [str(at) for at in range(400)]
    for secret in secrets:
        assert server.request("ACTIVITY_JOIN", secret=secret)["peers"] == 1
    round_trip(rpc)
    rpc.close()
    seen = [event["secret"] for event in until(gb, "PEER_DISCONNECTED") if event.name == "ACTIVITY_JOIN"]
    assert seen == secrets


def test_send_does_not_wait(gb: gamebridge.Client, rpc: gamebridge.Connection) -> None:
    rpc.send("SET_ACTIVITY", activity={"state": "In menu"})
    assert until(gb, "ACTIVITY_UPDATE")[-1].get("/activity/state") == "In menu"


def test_poll_never_waits(gb: gamebridge.Client) -> None:
    assert gb.poll() is None
    assert gb.poll_all() == []


def test_wait_gives_up_at_its_time(gb: gamebridge.Client, server: gamebridge.Connection) -> None:
    assert gb.wait(0) is not None, "CONNECTED"
    assert gb.wait(0.01) is None
    assert gb.wait(0) is None


def test_poll_all_takes_no_more_than_asked_for(gb: gamebridge.Client, rpc: gamebridge.Connection) -> None:
    assert gb.poll_all(0) == []
    events = gb.poll_all(2)
    assert len(events) == 2
    if "PEER_CONNECTED" not in [event.name for event in events]:
        events += until(gb, "PEER_CONNECTED")
    events += gb.poll_all()
    # The server's, and then both sides of the connection, in whichever order they came.
    assert [(event.name, event.conn == rpc.id) for event in events][0] == ("CONNECTED", False)
    assert sorted(event.name for event in events[1:]) == ["CONNECTED", "PEER_CONNECTED"]


def test_iteration_ends_with_the_last_connection(gb: gamebridge.Client, rpc: gamebridge.Connection, server: gamebridge.Connection) -> None:
    rpc.close()
    server.close()
    events = list(gb)
    assert events[-1].type == "disconnected" and events[-1].conn == server.id
    assert gb.wait() is None


def test_an_exception_in_the_loop_body_closes_and_passes(folder: Path) -> None:
    gb = gamebridge.Client()
    server = gb.serve("rpc", transport="ipc", folder=str(folder))
    with pytest.raises(LookupError), gb:
        for _event in gb:
            raise LookupError
    assert gb.closed and server.closed


def over_and_not_looked_at(server: gamebridge.Connection, rpc: gamebridge.Connection) -> None:
    """Has the server end the connection, of which no event is looked at."""
    with pytest.raises(gamebridge.ConnectionClosed):
        while True:
            for peer in server.request("STATE", parts=["peers"])["peers"]:
                # Before its handshake it would come again.
                if peer["client_id"] is not None:
                    server.send("PEER_CLOSE", peer=peer["peer"], code=4000)
            rpc.send("SET_ACTIVITY")
    assert not rpc.closed


def test_an_end_does_not_replace_the_programs_own_exception(
    server: gamebridge.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = server.ready()["ipc"]
    with gamebridge.Client() as game:
        with pytest.raises(LookupError), game.connect("rpc", client_id="1", path=path, retry=False) as rpc:
            over_and_not_looked_at(server, rpc)
            raise LookupError
        rpc.close()

        def interrupted(rpc: gamebridge.Connection, timeout: float | None = None) -> None:
            over_and_not_looked_at(server, rpc)
            raise KeyboardInterrupt

        monkeypatch.setattr(gamebridge.Connection, "ready", interrupted)
        with pytest.raises(KeyboardInterrupt):
            game.connect("rpc", client_id="1", path=path, retry=False)


def test_a_loop_that_was_left_goes_on_where_it_stopped(gb: gamebridge.Client, server: gamebridge.Connection) -> None:
    for event in gb:
        assert event.name == "CONNECTED"
        break
    server.close()
    assert [event.name for event in gb] == ["DISCONNECTED"]


def test_iteration_of_a_closed_client_is_over(gb: gamebridge.Client, server: gamebridge.Connection) -> None:
    gb.close()
    assert list(gb) == []


def test_every_call_on_a_closed_client_says_so(gb: gamebridge.Client, rpc: gamebridge.Connection) -> None:
    gb.close()
    gb.close()
    rpc.close()
    assert gb.closed and rpc.closed
    calls: list[Callable[[], object]] = [
        gb.poll,
        gb.poll_all,
        gb.wait,
        gb.fileno,
        rpc.ready,
        lambda: gb.connect("rpc", client_id="1"),
        lambda: gb.serve("rpc"),
        lambda: rpc.request("GET_GUILDS"),
        lambda: rpc.send("GET_GUILDS"),
    ]
    for call in calls:
        with pytest.raises(gamebridge.ConnectionClosed, match="closed") as caught:
            call()
        assert isinstance(caught.value, ConnectionError) and caught.value.status == "closed"


def test_a_closed_connection_says_so(gb: gamebridge.Client, server: gamebridge.Connection, folder: Path) -> None:
    with gb.connect("rpc", client_id=CLIENT_ID, path=server.ready()["ipc"]) as rpc:
        pass
    assert rpc.closed and not server.closed
    with pytest.raises(gamebridge.ConnectionClosed):
        rpc.request("GET_GUILDS")
    with pytest.raises(gamebridge.ConnectionClosed):
        rpc.ready()


def test_the_end_fails_what_is_outstanding(gb: gamebridge.Client, server: gamebridge.Connection) -> None:
    rpc = gb.connect_nowait("rpc", client_id=CLIENT_ID, path=server.ready()["ipc"])
    server.close()
    with pytest.raises(gamebridge.ConnectionClosed), rpc.with_timeout(LONG) as quick:
        gb._hub.disconnect(rpc.id)
        quick.request("GET_GUILDS")


def test_nobody_to_connect_to_is_an_error_when_told_not_to_look_on(gb: gamebridge.Client, folder: Path) -> None:
    with pytest.raises(gamebridge.ConnectionClosed) as caught:
        gb.connect("rpc", client_id=CLIENT_ID, path=str(folder / "discord-ipc-0"), retry=False)
    assert caught.value.status == "io"


def test_ready_gives_up_at_its_time(gb: gamebridge.Client, folder: Path) -> None:
    rpc = gb.connect_nowait("rpc", client_id=CLIENT_ID, path=str(folder / "discord-ipc-0"))
    with pytest.raises(gamebridge.RequestTimeout, match="0.02 s") as caught:
        rpc.ready(0.02)
    assert isinstance(caught.value, TimeoutError)


def test_a_request_has_its_own_time(gb: gamebridge.Client, folder: Path) -> None:
    rpc = gb.connect_nowait("rpc", client_id=CLIENT_ID, path=str(folder / "discord-ipc-0"))
    with pytest.raises(gamebridge.RequestTimeout):
        rpc.with_timeout(0.02).request("GET_GUILDS")


def test_a_refused_token_is_an_auth_error(gb: gamebridge.Client, server: gamebridge.Connection) -> None:
    with pytest.raises(gamebridge.AuthError) as caught:
        gb.connect("rpc", client_id=CLIENT_ID, path=server.ready()["ipc"], access_token="hush-hush")
    assert "hush" not in str(caught.value)


def test_the_peers_error_has_its_code(rpc: gamebridge.Connection) -> None:
    with pytest.raises(gamebridge.RemoteError) as caught:
        rpc.request("GET_GUILDS")
    assert (caught.value.code, caught.value.command, caught.value.status) == (4006, "GET_GUILDS", "remote")


def test_a_request_to_the_host_is_answered(gb: gamebridge.Client, folder: Path) -> None:
    server = gb.serve("rpc", transport="ipc", folder=str(folder), consent="ask")
    with gamebridge.Client() as game:
        rpc = game.connect("rpc", client_id=CLIENT_ID, path=server.ready()["ipc"])
        for ok in (True, False):
            tag = game._hub.begin(rpc.id, "AUTHORIZE", {"client_id": CLIENT_ID, "scopes": ["rpc"]}, None, None)
            asked = until(gb, "AUTHORIZE")[-1]
            assert asked.type == "request" and asked.request_id == asked.tag != 0
            gb.answer(asked, ok)
            replies: list[gamebridge.Event] = []
            while not replies:
                game._hub.await_news()
                replies = [event for event in game._hub.gather() or [] if event.tag == tag]
            assert (replies[0].status == "ok") is ok
    with pytest.raises(ValueError, match="'request' expected"):
        gb.answer(until(gb, "PEER_DISCONNECTED")[-1])


@pytest.mark.skipif(not hasattr(select, "poll"), reason="no poll here")
def test_the_descriptor_is_readable_while_something_can_be_polled(gb: gamebridge.Client, rpc: gamebridge.Connection) -> None:
    poll = select.poll()
    poll.register(gb.fileno(), select.POLLIN)
    # What a request gathered beside its reply counts too.
    rpc.request("SET_ACTIVITY", activity={"state": "In menu"})
    seen: list[str] = []
    while "ACTIVITY_UPDATE" not in seen:
        assert poll.poll(LONG * 1000), f"silent after {seen}"
        event = gb.poll()
        seen += [event.name] if event else []
    while poll.poll(0):
        gb.poll()


def test_a_connection_is_the_same_under_another_timeout(rpc: gamebridge.Connection) -> None:
    assert rpc.with_timeout(1).id == rpc.id
    assert rpc.with_timeout(None).request("SET_ACTIVITY") is None


def test_reprs_are_short_and_say_the_state(gb: gamebridge.Client, rpc: gamebridge.Connection) -> None:
    assert (repr(gb), repr(rpc)) == ("<Client open>", f"<Connection {rpc.id} connected>")
    gb.close()
    assert (repr(gb), repr(rpc)) == ("<Client closed>", f"<Connection {rpc.id} closed>")

"""Events: fields, mapping access, one field at a time."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

import gamebridge
import pytest
from worlds import gateway, until

TEXT = '{"id":"1","author":{"id":"2","username":"Mason"},"tags":["a",{"b":[1,2]}],"n":null,"big":123456789012345678901234567890,"f":1.5,"i":-7,"t":true,"a/b":{"~":1},"token":"hush-hush"}'


@pytest.fixture
def message(gb: gamebridge.Client) -> gamebridge.Event:
    with gateway(lambda gw: gw.text("MESSAGE_CREATE", TEXT)) as double:
        gb.connect("gateway", token="x", intents=1, url=double.url)
        return until(gb, "MESSAGE_CREATE")[-1]


def test_fields(gb: gamebridge.Client, message: gamebridge.Event) -> None:
    assert (message.type, message.name, message.conn, message.seq) == ("dispatch", "MESSAGE_CREATE", 1, 2)
    assert (message.peer, message.code, message.status, message.message, message.tag) == (0, 0, "ok", "", 0)
    assert (message.request_id, message.bytes, message.retry_after) == (None, b"", 0.0)
    assert (message.fatal, message.retrying, message.resumed) == (False, False, False)
    assert message.raw == TEXT.encode()
    assert message.raw is message.raw, "one copy"
    assert message.time_ns > 0


def test_the_payload_is_decoded_once(message: gamebridge.Event) -> None:
    assert message.data is message.data
    assert message["author"]["username"] == "Mason"
    assert message["author"] is message.data["author"]
    assert message["big"] == 123456789012345678901234567890


def test_mapping_access(message: gamebridge.Event) -> None:
    assert "author" in message and "editor" not in message and 5 not in message
    assert list(message) == list(message.keys()) == list(message.data)
    assert len(message) == len(message.values()) == 10 and dict(message) == message.data
    assert dict(message.items()) == message.data
    with pytest.raises(KeyError, match="editor"):
        message["editor"]


POINTERS: list[tuple[str, Any]] = [
    ("/author/id", "2"),
    ("author", {"id": "2", "username": "Mason"}),
    ("/tags/1/b/0", 1),
    ("/tags/1", {"b": [1, 2]}),
    ("/tags/2", "absent"),
    ("/tags/01", "absent"),
    ("/tags/-1", "absent"),
    ("/tags/x", "absent"),
    ("/n", None),
    ("/big", 123456789012345678901234567890),
    ("/f", 1.5),
    ("/i", -7),
    ("/t", True),
    ("/a~1b/~0", 1),
    ("a/b", {"~": 1}),
    ("/author/id/x", "absent"),
    ("/nobody", "absent"),
]


@pytest.mark.parametrize("decoded_before", [False, True])
def test_one_field_at_a_time(message: gamebridge.Event, decoded_before: bool) -> None:
    if decoded_before:
        message.data
    for path, value in POINTERS:
        assert message.get(path, "absent") == value, path
    assert message.get("/nobody") is None
    assert message.get("") == message.data


@pytest.mark.thread_unsafe(reason="its threads would take each other's events")
def test_looks_into_several_events_by_turns(gb: gamebridge.Client) -> None:
    def talk(gw: Any) -> None:
        for at in range(50):
            gw.dispatch("MESSAGE_CREATE", {"id": str(at), "author": {"id": str(at * 2)}})
        gw.dispatch("END", {})

    with gateway(talk) as double:
        gb.connect("gateway", token="x", intents=1, url=double.url)
        events = until(gb, "END")[1:-1]
    for _ in range(2):
        for at, event in enumerate(events):
            assert (event.get("/id"), event.get("/author/id")) == (str(at), str(at * 2))
    seen: list[list[Any]] = [[] for _ in range(4)]

    def look(into: list[Any]) -> None:
        into.extend(event.get("/id") for event in events)

    threads = [threading.Thread(target=look, args=(into,)) for into in seen]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [[str(at) for at in range(50)]] * 4


def test_it_is_frozen(message: gamebridge.Event) -> None:
    with pytest.raises(AttributeError):
        message.name = "X"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        message.colour = "blue"  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        gamebridge.Event()


def test_repr_is_short_and_shows_nothing_of_the_payload(message: gamebridge.Event) -> None:
    assert repr(message) == "<Event dispatch MESSAGE_CREATE conn=1 seq=2>"


@pytest.mark.thread_unsafe(reason="its threads would take each other's events")
def test_it_is_always_true_and_without_a_payload_empty(gb: gamebridge.Client, rpc: gamebridge.Connection) -> None:
    rpc.close()
    over = next(event for event in until(gb, "PEER_DISCONNECTED") if event.type == "disconnected")
    assert over and over.data is None and over.raw == b"" and len(over) == 0 and list(over) == []
    assert "x" not in over and over.get("/x", 7) == 7
    with pytest.raises(KeyError):
        over["x"]


def test_it_outlives_its_client(message: gamebridge.Event, gb: gamebridge.Client) -> None:
    gb.close()
    assert message["author"]["id"] == "2"


@pytest.mark.thread_unsafe(reason="its threads would take each other's events")
def test_an_array_is_indexed(gb: gamebridge.Client) -> None:
    with gateway(lambda gw: gw.text("LIST", "[5,6]")) as double:
        gb.connect("gateway", token="x", intents=1, url=double.url)
        event = until(gb, "LIST")[-1]
    assert event[1] == 6 and event.get("/0") == 5 and 6 in event
    assert len(event) == 2 and [int(element) for element in event] == [5, 6]
    for call in (event.keys, event.values, event.items, lambda: dict(event)):
        with pytest.raises(TypeError, match="the payload is a list and has no names"):
            call()


@pytest.mark.thread_unsafe(reason="its threads would take each other's events")
def test_a_bare_value_has_nothing_in_it_to_iterate(gb: gamebridge.Client) -> None:
    with gateway(lambda gw: gw.text("WORD", '"abc"')) as double:
        gb.connect("gateway", token="x", intents=1, url=double.url)
        event = until(gb, "WORD")[-1]
    assert event.data == "abc" and event.get("") == "abc" and event and "a" not in event
    calls: list[Callable[[], object]] = [lambda: len(event), lambda: list(event), event.keys]
    for call in calls:
        with pytest.raises(TypeError, match="the payload is a str"):
            call()


def test_a_path_is_a_str(message: gamebridge.Event) -> None:
    with pytest.raises(TypeError, match="^path: a str expected, not int$"):
        message.get(5)  # type: ignore[arg-type]


@pytest.mark.thread_unsafe(reason="counts what the others hold")
def test_numbers_of_references_do_not_grow(message: gamebridge.Event) -> None:
    message.data
    before = sys.getrefcount(message.name), sys.getrefcount(message.raw), sys.getrefcount(message.data)
    for _ in range(100):
        assert message.get("/author/id") and message["author"] and message.raw and message.name and message.type
    assert before == (sys.getrefcount(message.name), sys.getrefcount(message.raw), sys.getrefcount(message.data))

"""Arguments: what is JSON, and what is refused in which words."""

from __future__ import annotations

import enum
import math
from collections import OrderedDict, UserDict
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import gamebridge
import pytest
from worlds import round_trip, until


class Spin(enum.IntEnum):
    LEFT = 3


class Word(str):
    pass


class Plan:
    def to_dict(self) -> dict[str, object]:
        return {"state": "In plan"}


@pytest.mark.parametrize(
    "text", ["In menu", 'a "quoted" \\ name', "Ünïcödé \U0001f600", "a\tb\nc", "a\x01\x1f\x7fb", "a\u2028</script>", Word("sub")]
)
def test_text_comes_through_as_it_is(gb: gamebridge.Client, server: gamebridge.Connection, rpc: gamebridge.Connection, text: str) -> None:
    rpc.request("SUBSCRIBE", evt="ACTIVITY_JOIN")
    server.request("ACTIVITY_JOIN", secret=text)
    assert until(gb, "ACTIVITY_JOIN")[-1]["secret"] == text


MAPPINGS: list[Mapping[str, str]] = [
    {"name": "Mill"},
    OrderedDict(name="Mill"),
    UserDict(name="Mill"),
    MappingProxyType({"name": "Mill"}),
]


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_any_mapping_will_do(server: gamebridge.Connection, mapping: Mapping[str, str]) -> None:
    assert server.request("GUILD_CREATE", mapping)["name"] == "Mill"


@pytest.mark.thread_unsafe(reason="updates overtake each other")
def test_numbers_tuples_enums_and_to_dict_will_do(rpc: gamebridge.Connection) -> None:
    activity = {"type": Spin.LEFT, "timestamps": {"start": 1.5e9}, "party": {"id": "p", "size": (1, 4)}, "instance": True}
    shown = rpc.request("SET_ACTIVITY", activity=activity)
    assert (shown["type"], shown["party"]["size"], shown["instance"]) == (3, [1, 4], True)
    assert rpc.request("SET_ACTIVITY", activity=Plan())["state"] == "In plan"


@pytest.mark.thread_unsafe(reason="updates overtake each other")
def test_an_event_will_do_where_its_data_does(gb: gamebridge.Client, rpc: gamebridge.Connection) -> None:
    rpc.request("SET_ACTIVITY", activity={"state": "In menu"})
    update = next(event for event in gb.poll_all() if event.name == "ACTIVITY_UPDATE")
    assert rpc.request("SET_ACTIVITY", activity=update["activity"])["state"] == "In menu"
    with pytest.raises(ValueError):
        rpc.request("SET_ACTIVITY", {"activity": {"buttons": update}})


def looped() -> list[Any]:
    loop: list[Any] = []
    loop.append(loop)
    return loop


@pytest.mark.parametrize(
    ("args", "kind", "says"),
    [
        ({"activity": {"state": {1}}}, TypeError, "activity.state: .*set given"),
        ({"activity": {"buttons": [{"label": "a", "url": "b"}, {"label": b"x"}]}}, TypeError, r"activity.buttons\[1\].label: .*bytes given"),
        ({"activity": {1: 2}}, TypeError, "activity: names of members are str, int given"),
        ({"activity": {"state": "\ud800"}}, ValueError, "activity.state: .*surrogate"),
        ({"pid": math.nan}, ValueError, "pid: .*NaN"),
        ({"pid": math.inf}, ValueError, "pid: .*infinity"),
        ({"pid": "one"}, ValueError, "pid: "),
        ({"activity": {"state": "x"}}, ValueError, "activity.state: 2 to 128 characters expected, 1 given"),
        ({"activity": looped()}, ValueError, "nested deeper than"),
        ({"activity": object()}, TypeError, "activity: .*object given"),
        ("activity", TypeError, "args: a mapping expected, str given"),
        ([1], TypeError, "args: a mapping expected, list given"),
        (5, TypeError, "args: a mapping expected, int given"),
    ],
)
def test_what_does_not_fit_is_named(rpc: gamebridge.Connection, args: Any, kind: type[Exception], says: str) -> None:
    with pytest.raises(kind, match=says):
        rpc.request("SET_ACTIVITY", args)
    with pytest.raises(kind, match=says):
        rpc.send("SET_ACTIVITY", args)
    round_trip(rpc)


def test_keywords_and_a_mapping_together_are_refused(rpc: gamebridge.Connection) -> None:
    with pytest.raises(TypeError, match="both given"):
        rpc.request("SET_ACTIVITY", {}, activity=None)


def test_an_error_of_the_programs_own_code_is_not_touched(rpc: gamebridge.Connection) -> None:
    class Bad:
        def to_dict(self) -> None:
            raise LookupError("mine")

    with pytest.raises(LookupError, match="^'?mine'?$"):
        rpc.request("SET_ACTIVITY", activity=Bad())


def test_a_whole_number_of_any_size_is_sent_as_it_is(gb: gamebridge.Client) -> None:
    with pytest.raises(ValueError, match="client_id"):
        gb.connect("rpc", client_id=2**70)


@pytest.mark.parametrize("command", ["", "X" * 129])
def test_a_command_has_a_name(rpc: gamebridge.Connection, command: str) -> None:
    with pytest.raises(ValueError, match="command: 1 to 128 characters"):
        rpc.request(command)


@pytest.mark.parametrize("timeout", [-1, 0, math.nan])
def test_a_timeout_is_a_time(rpc: gamebridge.Connection, timeout: float) -> None:
    with pytest.raises(ValueError, match="timeout: "):
        rpc.with_timeout(timeout).request("SET_ACTIVITY")


def test_a_command_of_the_events_or_of_nobody_is_refused(server: gamebridge.Connection) -> None:
    with pytest.raises(gamebridge.GamebridgeError) as caught:
        server.request("NO_SUCH_COMMAND")
    assert caught.value.status == "unsupported"


def test_wrong_types_of_the_calls_own_arguments(gb: gamebridge.Client, rpc: gamebridge.Connection) -> None:
    wrong: Any = 5
    for call in (
        lambda: gb.connect(wrong),
        lambda: gb.wait("soon"),  # type: ignore[arg-type]
        lambda: rpc.request(wrong),
        lambda: gb.poll_all("all"),  # type: ignore[arg-type]
        lambda: gamebridge.Client(queue_bytes="much"),  # type: ignore[arg-type]
    ):
        with pytest.raises(TypeError):
            call()


def test_unknown_names_are_refused(gb: gamebridge.Client) -> None:
    with pytest.raises((ValueError, gamebridge.GamebridgeError), match="carrier-pigeon"):
        gb.connect("carrier-pigeon")
    with pytest.raises(ValueError, match="colour"):
        gb.connect("rpc", client_id="1", colour="blue")
    with pytest.raises(ValueError, match="client_id"):
        gb.connect("rpc")
    with pytest.raises(ValueError, match="log_level"):
        gamebridge.Client(log_level="loud")  # type: ignore[arg-type]

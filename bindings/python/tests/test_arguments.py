"""Arguments: what is JSON, and what is refused in which words."""

from __future__ import annotations

import enum
import math
from collections import OrderedDict, UserDict
from collections.abc import Callable, Mapping
from pathlib import Path
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


class Half:
    """A number that is none of Python's own."""

    def __float__(self) -> float:
        return 0.5


WRONG: list[tuple[Callable[[Any, Any], object], type[Exception], str]] = [
    (lambda gb, rpc: gb.connect(5), TypeError, "protocol: a str expected, not int"),
    (lambda gb, rpc: gb.connect("rcp"), ValueError, 'protocol: "rcp" is not in this build; "rpc"'),
    (lambda gb, rpc: gb.serve(None), TypeError, "service: a str expected, not NoneType"),
    (lambda gb, rpc: gb.serve("rcp"), ValueError, 'service: "rcp" is not known; "rpc" or '),
    (lambda gb, rpc: rpc.request(None), TypeError, "command: a str expected, not NoneType"),
    (lambda gb, rpc: rpc.send(5), TypeError, "command: a str expected, not int"),
    (lambda gb, rpc: rpc.request("\ud800"), ValueError, "command: text that UTF-8 can carry expected"),
    (lambda gb, rpc: rpc.with_timeout("x"), TypeError, "timeout: a number of seconds expected, not str"),
    (lambda gb, rpc: rpc.with_timeout(0), ValueError, "timeout: more than 0 seconds expected"),
    (lambda gb, rpc: rpc.ready("x"), TypeError, "timeout: a number of seconds expected, not str"),
    (lambda gb, rpc: gb.wait("x"), TypeError, "timeout: a number of seconds expected, not str"),
    (lambda gb, rpc: gb.wait(-1), ValueError, "timeout: 0 seconds or more expected, -1 given"),
    (lambda gb, rpc: gb.wait(-(10**400)), ValueError, "timeout: 0 seconds or more expected, -1000"),
    (lambda gb, rpc: gb.poll_all("x"), TypeError, "max: a whole number expected, not str"),
    (lambda gb, rpc: gb.poll_all(1.5), TypeError, "max: a whole number expected, not float"),
    (lambda gb, rpc: gb.poll_all(-1), ValueError, "max: 0 or more expected, -1 given"),
    (lambda gb, rpc: gb.answer(None), TypeError, "event: an Event of type 'request' expected, not NoneType"),
    (lambda gb, rpc: gamebridge.Client(queue_bytes=-1), ValueError, "queue_bytes: 0 or more expected, -1 given"),
    (lambda gb, rpc: gamebridge.Client(queue_bytes=Half()), TypeError, "queue_bytes: a whole number expected, not Half"),  # type: ignore[arg-type]
    (lambda gb, rpc: gamebridge.Client(shutdown_timeout=-1), ValueError, "shutdown_timeout: 0 seconds or more expected, -1 given"),
    (lambda gb, rpc: gamebridge.Client(log_level=5), TypeError, "log_level: a str expected, not int"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("call", "kind", "sentence"), WRONG, ids=[text for _, _, text in WRONG])
def test_a_wrong_argument_of_a_call_is_named(
    gb: gamebridge.Client, rpc: gamebridge.Connection, call: Callable[[Any, Any], object], kind: type[Exception], sentence: str
) -> None:
    with pytest.raises(kind) as raised:
        call(gb, rpc)
    assert type(raised.value) is kind and str(raised.value).startswith(sentence)


def test_numbers_of_any_kind_and_size_will_do(gb: gamebridge.Client, rpc: gamebridge.Connection) -> None:
    assert rpc.ready(10**400)["user"] and rpc.ready(math.inf)["user"] and rpc.ready(Half())["user"]  # type: ignore[arg-type]
    assert len(gb.poll_all(10**30)) < 10 and gb.poll_all(0) == []


def test_a_path_object_is_its_text(server: gamebridge.Connection) -> None:
    class Inside:
        def __fspath__(self) -> bytes:
            return b"/nowhere"

    with gamebridge.Client() as game:
        assert game.connect("rpc", client_id="1", path=Path(server.ready()["ipc"])).connected
        with pytest.raises(TypeError, match="^path: .* expected, Inside given"):
            game.connect("rpc", client_id="1", path=Inside())


def test_unknown_names_are_refused(gb: gamebridge.Client) -> None:
    with pytest.raises(ValueError, match="colour"):
        gb.connect("rpc", client_id="1", colour="blue")
    with pytest.raises(ValueError, match="client_id"):
        gb.connect("rpc")
    with pytest.raises(ValueError, match="log_level"):
        gamebridge.Client(log_level="loud")  # type: ignore[arg-type]

"""The same calls through pypresence itself and through ours: what the server sees is the same."""

from __future__ import annotations

import asyncio
import enum
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import gamebridge.presence as ours
import pytest
from conftest import CLIENT_ID
from gamebridge.testing import Server
from leftovers import swept_up
from worlds import alone

theirs: Any = pytest.importorskip("pypresence")


@pytest.fixture(autouse=True)
def what_it_leaves_open_is_swept_up() -> Iterator[None]:
    with swept_up():
        yield


EVERYTHING = {
    "state": "In a group",
    "state_url": "https://example.com/state",
    "details": "Capture the flag",
    "details_url": "https://example.com/details",
    "name": "The Mill",
    "start": 1_700_000_000,
    "end": 1_700_000_600,
    "large_image": "mill",
    "large_text": "The mill",
    "large_url": "https://example.com/mill",
    "small_image": "miller",
    "small_text": "The miller",
    "small_url": "https://example.com/miller",
    "party_id": "party",
    "party_size": [1, 4],
}

CALLS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "a state": {"state": "In menu"},
    "characters of every size": {"state": "Ünïcödé \U0001f600", "details": 'She said "no" \\ \n'},
    "everything": EVERYTHING,
    "secrets": {"party_id": "p", "party_size": [1, 2], "join": "j", "spectate": "s", "match": "m"},
    "buttons": {"buttons": [{"label": "Watch", "url": "https://example.com"}, {"label": "Play", "url": "game:play"}]},
    "no buttons": {"state": "In menu", "buttons": []},
    "no instance": {"instance": False},
    "instance left out": {"instance": None},
    "times with fractions": {"start": 1_700_000_000.9, "end": 1_700_000_600.9},
    "time zero": {"start": 0},
    "one image": {"large_image": "https://example.com/picture.png"},
    "another process": {"pid": 4711, "state": "In menu"},
}

KINDS = [
    ("PLAYING", "NAME"),
    ("LISTENING", "STATE"),
    ("WATCHING", "DETAILS"),
    ("COMPETING", "NAME"),
]


def shown(server: Server, show: Callable[[Any], None]) -> tuple[Any, Any]:
    """What the server sees of theirs and of ours."""
    show(theirs)
    of_theirs = server.activity()
    server.wait_for("PEER_DISCONNECTED")
    assert server.activity() is None
    show(ours)
    return of_theirs, server.activity()


def blocking(module: Any, method: Callable[[Any], Any]) -> Any:
    presence = module.Presence(CLIENT_ID)
    presence.connect()
    try:
        return method(presence)
    finally:
        presence.close()


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_the_same_update_gives_the_same_activity(
    call: dict[str, Any], gamebridge_server: Server, gamebridge_environ: dict[str, str]
) -> None:
    replies: list[Any] = []
    of_theirs, of_ours = shown(
        gamebridge_server, lambda module: replies.append(blocking(module, lambda presence: presence.update(**call)))
    )
    assert of_ours == of_theirs
    assert [sorted(reply) for reply in replies] == [["cmd", "data", "evt", "nonce"]] * 2
    assert [{**reply, "nonce": None} for reply in replies] == [{**replies[0], "nonce": None}] * 2
    assert type(replies[0]["nonce"]) is type(replies[1]["nonce"])


@pytest.mark.parametrize(("kind", "display"), KINDS)
def test_the_same_kind_gives_the_same_activity(
    kind: str, display: str, gamebridge_server: Server, gamebridge_environ: dict[str, str]
) -> None:
    def show(module: Any) -> None:
        call = {"activity_type": module.ActivityType[kind], "status_display_type": module.StatusDisplayType[display]}
        blocking(module, lambda presence: presence.update(**call))

    of_theirs, of_ours = shown(gamebridge_server, show)
    assert of_ours == of_theirs
    assert of_ours["type"] == theirs.ActivityType[kind]


def test_arguments_may_stand_in_the_same_order(gamebridge_server: Server, gamebridge_environ: dict[str, str]) -> None:
    def show(module: Any) -> None:
        kind = module.ActivityType.WATCHING
        blocking(module, lambda presence: presence.update(99, kind, None, "In a group", None, "Capture the flag"))

    of_theirs, of_ours = shown(gamebridge_server, show)
    assert of_ours == of_theirs


def test_the_asynchronous_ones_do_the_same(gamebridge_server: Server, gamebridge_environ: dict[str, str]) -> None:
    def show(module: Any) -> None:
        async def main() -> None:
            presence = module.AioPresence(CLIENT_ID)
            await presence.connect()
            await presence.update(**EVERYTHING)
            if module is theirs:
                # Its close() ends the running loop, which Python refuses.
                presence.sock_writer.close()
            else:
                presence.close()

        loop = asyncio.new_event_loop()
        loop.run_until_complete(main())
        loop.close()

    of_theirs, of_ours = shown(gamebridge_server, show)
    assert of_ours == of_theirs


def test_clearing_is_answered_the_same(gamebridge_server: Server, gamebridge_environ: dict[str, str]) -> None:
    def show(presence: Any) -> Any:
        presence.update(state="In menu")
        return presence.clear()

    replies = [blocking(module, show) for module in (theirs, ours)]
    assert [(r["cmd"], r["data"], r["evt"]) for r in replies] == [("SET_ACTIVITY", None, None)] * 2


def test_every_exception_has_its_name() -> None:
    # Of theirs these two are for Client, which we have none of.
    names = {name for name in map(str, dir(theirs.exceptions)) if isinstance(getattr(theirs.exceptions, name), type)}
    names -= {"ArgumentError", "EventNotFound"}
    for name in names:
        our, their = getattr(ours, name), getattr(theirs.exceptions, name)
        bases = {base.__name__ for base in their.__mro__}
        assert bases <= {base.__name__ for base in our.__mro__}, name


def test_every_argument_has_its_place() -> None:
    for name in ("Presence", "AioPresence"):
        for method in ("update", "clear"):
            their = list(inspect.signature(getattr(getattr(theirs, name), method)).parameters)
            our = list(inspect.signature(getattr(getattr(ours, name), method)).parameters)
            assert our[: len(their)] == their


def test_the_kinds_have_the_same_numbers() -> None:
    def numbers(kinds: type[enum.IntEnum]) -> dict[str, int]:
        return {kind.name: int(kind) for kind in kinds}

    assert numbers(ours.ActivityType) == numbers(theirs.ActivityType)
    assert numbers(ours.StatusDisplayType) == numbers(theirs.StatusDisplayType)


@alone
@pytest.mark.parametrize("module", ["theirs", "ours"])
def test_both_raise_the_same(module: str, gamebridge_server: Server, gamebridge_environ: dict[str, str]) -> None:
    used: Any = {"theirs": theirs, "ours": ours}[module]
    with pytest.raises(used.ServerError, match="(?i)state"):
        blocking(used, lambda presence: presence.update(state="x"))
    with pytest.raises(used.InvalidID):
        used.Presence("not a number").connect()
    gamebridge_server.close()
    with pytest.raises(used.DiscordNotFound):
        used.Presence(CLIENT_ID).connect()

"""`Presence` against arRPC."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gamebridge.presence as ours
import pytest
from arrpc import Arrpc, arrpc, needs_arrpc
from conftest import CLIENT_ID
from leftovers import swept_up

pytestmark = needs_arrpc

__all__ = ["arrpc"]


@pytest.fixture(autouse=True)
def found(arrpc: Arrpc, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """It is where a Discord is looked for."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    with swept_up():
        yield


def test_an_activity_is_shown_and_cleared(arrpc: Arrpc) -> None:
    with ours.Presence(CLIENT_ID) as presence:
        watch = {"label": "Watch", "url": "https://example.com"}
        reply = presence.update(state="In menu", buttons=[watch], start=1_700_000_000)
        assert reply["cmd"] == "SET_ACTIVITY" and reply["data"]["application_id"] == CLIENT_ID
        shown = arrpc.shown()
        assert shown["pid"] == os.getpid()
        assert shown["activity"]["state"] == "In menu"
        assert shown["activity"]["buttons"] == ["Watch"]
        assert shown["activity"]["timestamps"] == {"start": 1_700_000_000_000}
        assert presence.clear()["data"] is None
        assert arrpc.activity() is None


def test_it_may_be_restarted(arrpc: Arrpc) -> None:
    with ours.Presence(CLIENT_ID) as presence:
        presence.update(state="before")
        assert arrpc.activity()["state"] == "before"
        arrpc.stop()
        arrpc.start()
        assert arrpc.activity()["state"] == "before"
        presence.connect()
        presence.update(state="after")
        assert arrpc.activity()["state"] == "after"


def test_the_asynchronous_one_is_shown(arrpc: Arrpc) -> None:
    async def main() -> None:
        async with ours.AioPresence(CLIENT_ID) as presence:
            assert (await presence.update(details="A song"))["data"]["details"] == "A song"

    asyncio.run(main())
    assert arrpc.activity()["details"] == "A song"


def test_it_shows_what_pypresence_shows(arrpc: Arrpc) -> None:
    theirs: Any = pytest.importorskip("pypresence")
    call = {"state": "In a group", "party_id": "p", "party_size": [1, 4], "large_image": "mill", "end": 5}
    shown: list[dict[str, Any]] = []
    replies: list[dict[str, Any]] = []
    for module in (theirs, ours):
        presence = module.Presence(CLIENT_ID)
        presence.connect()
        replies.append(presence.update(**call))
        shown.append(arrpc.shown())
        presence.close()
        assert arrpc.activity() is None
    assert shown[1]["activity"] == shown[0]["activity"]
    assert shown[1]["pid"] == shown[0]["pid"]
    assert {**replies[1], "nonce": ""} == {**replies[0], "nonce": ""}

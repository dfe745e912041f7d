"""dmod through connect, request and iteration, as any other protocol."""

from __future__ import annotations

import asyncio
from typing import Any

import gamebridge
import pytest
from worlds import until


def town(server: gamebridge.Connection) -> dict[str, Any]:
    """A guild and its moderator: what each shows, and who they are."""
    ada = server.request("USER_CREATE", username="ada")["id"]
    guild = server.request("GUILD_CREATE", name="Harbour", members=[ada])["id"]
    shown = server.request("DMOD_USER", user_id=ada)
    return {
        "ada": ada,
        "guild": guild,
        "token": shown["token"],
        "hash": shown["hash"],
        "guild_token": server.request("DMOD_GUILD", guild_id=guild)["token"],
    }


def test_a_guild_is_connected_and_its_members_are_counted(gb: gamebridge.Client) -> None:
    sandbox = gb.serve("sandbox")
    here = town(sandbox)
    sandbox.request("DMOD_NOTIFY", user_id=here["ada"])
    dmod = gb.connect("dmod", url=sandbox.ready()["dmod"], token=here["token"])
    assert dmod.ready()["missed_notifications"] == [{"type": "APPLICATION_REVIWED", "proccessed_type": 0}]
    reply = dmod.request("CONNECT_GUILD", token=here["guild_token"], gid=here["guild"])
    assert (reply["guild"]["count"], reply["user"]["tag"]) == (2, "ada#0")
    session = {"uid": here["ada"], "gid": here["guild"], "utokh": here["token"], "uhash": here["hash"]}
    assert dmod.request("APPLICATION_SESSION", session)["success"]
    bob = sandbox.request("USER_CREATE", username="bob")["id"]
    sandbox.request("GUILD_JOIN", guild_id=here["guild"], user_id=bob)
    assert until(gb, "GUILD_MEMBER_COUNT_CHANGE")[-1]["count"] == 3
    with pytest.raises(gamebridge.RemoteError) as refused:
        dmod.request("DISCONNECT_GUILD", gid="5")
    assert refused.value.code == 10004
    dmod.close()
    sandbox.close()


def test_a_wrong_token_is_an_auth_error(gb: gamebridge.Client) -> None:
    sandbox = gb.serve("sandbox")
    with pytest.raises(gamebridge.AuthError):
        gb.connect("dmod", url=sandbox.ready()["dmod"], token="nobody's")
    with pytest.raises(ValueError, match="url"):
        gb.connect("dmod", token="x")


def test_the_same_with_asyncio() -> None:
    async def look_after() -> int:
        async with gamebridge.AsyncClient() as gb:
            sandbox = await gb.serve("sandbox")
            guild = (await sandbox.request("GUILD_CREATE", name="Harbour"))["id"]
            token = (await sandbox.request("DMOD_GUILD", guild_id=guild))["token"]
            dmod = await gb.connect("dmod", url=(await sandbox.ready())["dmod"])
            reply = await dmod.request("CONNECT_GUILD", token=token, gid=guild)
            assert reply["user"] is None
            bob = (await sandbox.request("USER_CREATE", username="bob"))["id"]
            await sandbox.request("GUILD_JOIN", guild_id=guild, user_id=bob)
            async for event in gb:
                if event.name == "GUILD_MEMBER_COUNT_CHANGE":
                    count: int = event["count"]
                    return count
            return 0

    assert asyncio.run(look_after()) == 2

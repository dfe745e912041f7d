"""Snowflakes and permissions, the latter against the server's own reckoning."""

from __future__ import annotations

import pickle
import random
from datetime import datetime, timedelta, timezone
from typing import Any

import gamebridge
import pytest
from conftest import CLIENT_ID
from gamebridge import Permissions, Snowflake
from gamebridge.permissions import permissions_in, permissions_of
from gamebridge.snowflake import EPOCH, snowflake_at, snowflake_time
from gamebridge.testing import Server


def test_a_snowflake_is_taken_apart() -> None:
    # The one of Discord's documentation.
    known = Snowflake.of("175928847299117063")
    assert known.time == datetime(2016, 4, 30, 11, 18, 25, 796000, tzinfo=timezone.utc)
    assert (known.worker, known.process, known.increment) == (1, 0, 7)
    assert (str(known), int(known)) == ("175928847299117063", 175928847299117063)
    assert Snowflake.of(175928847299117063) == known == pickle.loads(pickle.dumps(known))
    assert known < Snowflake.of("175928847299117064")


@pytest.mark.parametrize(("value", "moment"), [(0, EPOCH), ((1 << 64) - 1, snowflake_time((1 << 64) - 1))])
def test_the_ends_of_the_range(value: int, moment: datetime) -> None:
    assert Snowflake.of(str(value)).time == moment
    assert snowflake_at(moment) <= value <= snowflake_at(moment, high=True)


@pytest.mark.parametrize("wrong", ["", "-1", "1.0", " 1", "٣", "1" * 21, str(1 << 64), "x" * 1000])
def test_what_is_no_snowflake_is_a_value_error(wrong: str) -> None:
    with pytest.raises(ValueError, match="snowflake") as raised:
        Snowflake.of(wrong)
    assert len(str(raised.value)) < 120


@pytest.mark.parametrize("wrong", [None, 1.0, True, b"1"])
def test_what_is_of_another_kind_is_a_type_error(wrong: Any) -> None:
    with pytest.raises(TypeError, match="snowflake"):
        Snowflake.of(wrong)


def test_a_moment_has_its_ids() -> None:
    moment = datetime(2020, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    low, high = snowflake_at(moment), snowflake_at(moment, high=True)
    assert snowflake_time(low) == snowflake_time(high) == moment
    assert snowflake_time(low - 1) < moment < snowflake_time(high + 1)
    utc = timezone.utc
    for wrong in (datetime(2020, 1, 1), datetime(2014, 1, 1, tzinfo=utc), datetime(2200, 1, 1, tzinfo=utc)):
        with pytest.raises(ValueError, match="moment"):
            snowflake_at(wrong)


def test_permissions_are_read_in_both_spellings() -> None:
    expected = Permissions.SEND_MESSAGES | Permissions.CONNECT
    assert Permissions.parse("1050624") == Permissions.parse(1050624) == expected
    assert Permissions.parse(["SEND_MESSAGES", "CONNECT"]) == expected
    with pytest.raises(ValueError, match="FLY"):
        Permissions.parse(["FLY"])
    # A bit that has no name here is kept.
    assert int(Permissions.parse(str(1 << 50 | 1))) == 1 << 50 | 1
    for wrong in ("", "-1", "0x1", -1):
        with pytest.raises(ValueError, match="permissions"):
            Permissions.parse(wrong)
    for kind in (None, True, 1.5):
        with pytest.raises(TypeError, match="permissions"):
            Permissions.parse(kind)  # type: ignore[arg-type]


# For who is no owner, role by role and overwrite by overwrite.

P = Permissions
EVERYONE = {"id": "1", "permissions": str(int(P.VIEW_CHANNEL | P.SEND_MESSAGES | P.EMBED_LINKS | P.CONNECT | P.SPEAK))}
ADMIN = {"id": "2", "permissions": int(P.ADMINISTRATOR)}
MEMBER = {"user": {"id": "9"}, "roles": ["3", "4"]}


def guild(*roles: dict[str, Any], owner: str = "8") -> dict[str, Any]:
    return {"id": "1", "owner_id": owner, "roles": [EVERYONE, *roles]}


def overwrite(id: str, allow: P = P(0), deny: P = P(0)) -> dict[str, Any]:
    return {"id": id, "allow": str(int(allow)), "deny": int(deny)}


def test_owners_and_administrators_may_everything() -> None:
    channel = {"permission_overwrites": [overwrite("1", deny=P.VIEW_CHANNEL)]}
    owned = guild(owner="9")
    administered = guild(ADMIN)
    administrator = {"user": {"id": "9"}, "roles": ["2"]}
    everything = P(sum(P))
    assert permissions_of(owned, MEMBER) == permissions_in(channel, owned, MEMBER) == everything
    assert permissions_in(channel, administered, administrator) == everything


@pytest.mark.parametrize(
    ("overwrites", "has", "lacks"),
    [
        ([], P.VIEW_CHANNEL | P.SPEAK, P.KICK_MEMBERS),
        ([overwrite("1", deny=P.SPEAK)], P.CONNECT, P.SPEAK),
        # A role's yes is stronger than everyone's no, and than another role's no.
        ([overwrite("1", deny=P.SPEAK), overwrite("3", allow=P.SPEAK)], P.SPEAK, P(0)),
        ([overwrite("3", allow=P.SPEAK), overwrite("4", deny=P.SPEAK)], P.SPEAK, P(0)),
        # The member's own has the last word.
        ([overwrite("9", deny=P.SPEAK), overwrite("3", allow=P.SPEAK)], P.CONNECT, P.SPEAK),
        # A role that the member has not means nothing.
        ([overwrite("5", deny=P.SPEAK)], P.SPEAK, P(0)),
        # What follows from what is missing.
        ([overwrite("1", deny=P.SEND_MESSAGES)], P.SPEAK, P.EMBED_LINKS),
        ([overwrite("1", deny=P.CONNECT)], P.SEND_MESSAGES, P.SPEAK),
        ([overwrite("9", deny=P.VIEW_CHANNEL)], P(0), P(sum(P))),
    ],
)
def test_overwrites_come_in_their_order(overwrites: list[dict[str, Any]], has: P, lacks: P) -> None:
    may = permissions_in({"permission_overwrites": overwrites}, guild(), MEMBER)
    assert may & has == has
    assert may & lacks == 0


def test_the_server_reckons_the_same(gamebridge_server: Server) -> None:
    """Of channels with random overwrites the local user sees those that ours says."""
    world, chance = gamebridge_server, random.Random(5)
    other = world.do("USER_CREATE", username="ada")["id"]
    home = world.do("GUILD_CREATE", name="Town", owner_id=other, members=[world.user["id"]])["id"]
    roles: list[str] = []
    for name in ("red", "green", "blue"):
        given = chance.choice([0, int(P.VIEW_CHANNEL)])
        roles.append(world.do("ROLE_CREATE", guild_id=home, name=name, permissions=given)["id"])
    world.do("ROLE_EDIT", guild_id=home, role_id=home, permissions=0)
    mine = roles[:2]
    world.do("MEMBER_EDIT", guild_id=home, roles=mine)
    for number in range(60):
        rules: list[dict[str, Any]] = []
        for whom in [{"role_id": role} for role in (home, *roles)] + [{"user_id": world.user["id"]}]:
            word = chance.choice(["allow", "deny", None])
            if word is not None:
                rules.append({**whom, word: int(P.VIEW_CHANNEL)})
        world.do("CHANNEL_CREATE", type="GUILD_TEXT", guild_id=home, name=f"channel-{number}", overwrites=rules)

    state = world.state("guilds", "channels")
    (seen_by_host,) = state["guilds"]
    of_guild = {
        "id": home,
        "owner_id": other,
        "roles": [{"id": role["id"], "permissions": role["permissions"]} for role in seen_by_host["roles"]],
    }
    member = {"user": {"id": world.user["id"]}, "roles": mine}
    expected: set[str] = set()
    for channel in state["channels"]:
        rules = [
            {"id": rule.get("role_id") or rule["user_id"], "allow": rule["allow"], "deny": rule["deny"]}
            for rule in channel["overwrites"]
        ]
        if P.VIEW_CHANNEL in permissions_in({"permission_overwrites": rules}, of_guild, member):
            expected.add(channel["id"])

    with gamebridge.Client() as gb:
        token = world.token(CLIENT_ID, "rpc")
        rpc = gb.connect("rpc", client_id=CLIENT_ID, path=world.ipc, access_token=token)
        channels: list[dict[str, Any]] = rpc.request("GET_CHANNELS", guild_id=home)["channels"]
    assert {channel["id"] for channel in channels} == expected
    # Or it would prove nothing.
    assert 5 < len(expected) < 55

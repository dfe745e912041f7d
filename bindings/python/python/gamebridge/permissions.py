"""Permissions: the bits, and how a member's come together.

(Source: Discord's reference, "Permissions"; the order of the steps is the one it gives.)
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

__all__ = ["Permissions", "permissions_in", "permissions_of"]


class Permissions(enum.IntFlag):
    """What a member may do. Discord writes the number as a string since version 8, as a number before:
    `parse` takes either."""

    CREATE_INSTANT_INVITE = 1 << 0
    KICK_MEMBERS = 1 << 1
    BAN_MEMBERS = 1 << 2
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_AUDIT_LOG = 1 << 7
    PRIORITY_SPEAKER = 1 << 8
    STREAM = 1 << 9
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    SEND_TTS_MESSAGES = 1 << 12
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_EXTERNAL_EMOJIS = 1 << 18
    VIEW_GUILD_INSIGHTS = 1 << 19
    CONNECT = 1 << 20
    SPEAK = 1 << 21
    MUTE_MEMBERS = 1 << 22
    DEAFEN_MEMBERS = 1 << 23
    MOVE_MEMBERS = 1 << 24
    USE_VAD = 1 << 25
    CHANGE_NICKNAME = 1 << 26
    MANAGE_NICKNAMES = 1 << 27
    MANAGE_ROLES = 1 << 28
    MANAGE_WEBHOOKS = 1 << 29
    MANAGE_EMOJIS = 1 << 30

    @classmethod
    def parse(cls, value: str | int | Sequence[str]) -> Permissions:
        """The set that this number is, with or without bits that have no name here; or the one of these names, as a
        GameBridge writes it.

        Raises TypeError when it is none of these, ValueError when it is not digits, negative, or a name is unknown.
        """
        if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
            named = Permissions(0)
            for name in value:
                if name not in cls.__members__:
                    raise ValueError(f"permissions: there is none called {str(name)[:40]!r}")
                named |= cls[name]
            return named
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise TypeError(f"permissions are a string of digits, an int or names, not {type(value).__name__}")
        if isinstance(value, str) and not (value.isascii() and value.isdigit()):
            raise ValueError(f"permissions are digits and nothing else, not {value[:40]!r}")
        number = int(value)
        if number < 0:
            raise ValueError(f"permissions are not negative, {number} given")
        return cls(number)


# Not `~Permissions(0)`: before Python 3.11 that is -1.
_ALL = Permissions(sum(Permissions))
_TEXT = (
    Permissions.MENTION_EVERYONE
    | Permissions.SEND_TTS_MESSAGES
    | Permissions.ATTACH_FILES
    | Permissions.EMBED_LINKS
)
_VOICE = (
    Permissions.SPEAK
    | Permissions.MUTE_MEMBERS
    | Permissions.DEAFEN_MEMBERS
    | Permissions.MOVE_MEMBERS
    | Permissions.USE_VAD
)


def permissions_of(guild: Mapping[str, Any], member: Mapping[str, Any]) -> Permissions:
    """What a member may do in a guild, channels aside.

    The guild is an object with `id`, `owner_id` and `roles`, the member one with `user` (its `id`) and `roles`.
    """
    if str(member["user"]["id"]) == str(guild["owner_id"]):
        return _ALL
    held = {str(role) for role in member["roles"]} | {str(guild["id"])}
    allowed = Permissions(0)
    for role in guild["roles"]:
        if str(role["id"]) in held:
            allowed |= Permissions.parse(role["permissions"])
    return _ALL if Permissions.ADMINISTRATOR in allowed else allowed


def permissions_in(channel: Mapping[str, Any], guild: Mapping[str, Any], member: Mapping[str, Any]) -> Permissions:
    """What a member may do in a channel: what the guild says, then the channel's overwrites (of @everyone, of the roles
    together, of the member), then what follows from what is missing.

    The channel is an object with `permission_overwrites`; the others as for `permissions_of`.
    """
    allowed = permissions_of(guild, member)
    if allowed == _ALL:
        return allowed
    overwrites: dict[str, Mapping[str, Any]] = {str(o["id"]): o for o in channel.get("permission_overwrites") or ()}
    everyone = str(guild["id"])
    roles = [str(role) for role in member["roles"] if str(role) != everyone]
    for ids in ([everyone], roles, [str(member["user"]["id"])]):
        allowed = _overwritten(allowed, (overwrites[i] for i in ids if i in overwrites))
    if Permissions.VIEW_CHANNEL not in allowed:
        return Permissions(0)
    if Permissions.SEND_MESSAGES not in allowed:
        allowed &= ~_TEXT
    if Permissions.CONNECT not in allowed:
        allowed &= ~_VOICE
    return allowed


def _overwritten(allowed: Permissions, overwrites: Iterable[Mapping[str, Any]]) -> Permissions:
    deny = allow = Permissions(0)
    for overwrite in overwrites:
        deny |= Permissions.parse(overwrite.get("deny", 0))
        allow |= Permissions.parse(overwrite.get("allow", 0))
    return allowed & ~deny | allow

"""The activity of Rich Presence as a dataclass that checks itself.

Every rule here is one of Discord's: lengths count characters, not bytes (the limits of the library's own catalog of
`SET_ACTIVITY`). A value that Discord would refuse, or drop without a word, is refused where it is written, and the
error names the field.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeGuard

from ._words import is_params

__all__ = ["Activity", "ActivityType", "Button", "PartyPrivacy", "Platform", "StatusDisplayType"]


class ActivityType(enum.IntEnum):
    """What the line above the activity says. RPC takes these four."""

    PLAYING = 0
    LISTENING = 2
    WATCHING = 3
    COMPETING = 5


class StatusDisplayType(enum.IntEnum):
    """Which member the list of friends shows."""

    NAME = 0
    STATE = 1
    DETAILS = 2


class PartyPrivacy(enum.IntEnum):
    """Whether a friend who wants to join has to be let in."""

    PRIVATE = 0
    PUBLIC = 1


class Platform(str, enum.Enum):
    """Where a player may be who joins. A str like any other: "ios" will do."""

    DESKTOP = "desktop"
    """Windows, macOS, Linux."""
    XBOX = "xbox"
    SAMSUNG = "samsung"
    IOS = "ios"
    ANDROID = "android"
    EMBEDDED = "embedded"
    """Inside Discord."""
    PS4 = "ps4"
    PS5 = "ps5"
    META_QUEST = "meta_quest"


@dataclass(frozen=True, slots=True)
class Button:
    """A link under the activity."""

    label: str
    """What stands on it; 1 to 32 characters."""
    url: str
    """What it opens; 1 to 512 characters."""

    def __post_init__(self) -> None:
        _text("label", self.label, 1, 32)
        _text("url", self.url, 1, 512)


# Of each text the fewest and the most characters, and where it stands in the JSON.
_TEXTS: Final[dict[str, tuple[int, int, tuple[str, ...]]]] = {
    "name": (1, 128, ("name",)),
    "state": (2, 128, ("state",)),
    "state_url": (1, 256, ("state_url",)),
    "details": (2, 128, ("details",)),
    "details_url": (1, 256, ("details_url",)),
    "large_image": (1, 313, ("assets", "large_image")),
    "large_text": (2, 128, ("assets", "large_text")),
    "large_url": (1, 256, ("assets", "large_url")),
    "small_image": (1, 313, ("assets", "small_image")),
    "small_text": (2, 128, ("assets", "small_text")),
    "small_url": (1, 256, ("assets", "small_url")),
    "invite_cover_image": (1, 313, ("assets", "invite_cover_image")),
    "party_id": (1, 128, ("party", "id")),
    "join": (1, 128, ("secrets", "join")),
    "spectate": (1, 128, ("secrets", "spectate")),
    "match": (1, 128, ("secrets", "match")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What the player does, for `request("SET_ACTIVITY", activity=Activity(...))` and for `Presence.set`.

    >>> Activity(details="Capture the flag", state="In a group", party_id="p1", party_size=(2, 4)).to_dict()
    {'state': 'In a group', 'details': 'Capture the flag', 'party': {'id': 'p1', 'size': [2, 4]}}

    Raises TypeError for a field of the wrong kind, and ValueError for one that is too short or too long, or does not
    go with another one. The sentence names it.
    """

    type: ActivityType | int | None = None
    """Playing unless given."""
    name: str | None = None
    """Shown instead of the application's name; 1 to 128 characters."""
    state: str | None = None
    """The party's situation, "In a group"; 2 to 128 characters."""
    state_url: str | None = None
    """Opened by a click on the state; up to 256 characters."""
    details: str | None = None
    """What the player does, "Capture the flag"; 2 to 128 characters."""
    details_url: str | None = None
    """Opened by a click on the details; up to 256 characters."""
    status_display_type: StatusDisplayType | int | None = None
    """Which member the list of friends shows; the name unless given."""
    start: float | None = None
    """When it began, in seconds since 1970 (`time.time()`); milliseconds will do too. Shows the time elapsed."""
    end: float | None = None
    """When it ends, likewise. Shows the time left."""
    large_image: str | None = None
    """Key of an uploaded asset, or a URL; up to 313 characters."""
    large_text: str | None = None
    """Shown over the large image; 2 to 128 characters."""
    large_url: str | None = None
    """Opened by a click on the large image; up to 256 characters."""
    small_image: str | None = None
    """Key of an uploaded asset, or a URL; up to 313 characters."""
    small_text: str | None = None
    """Shown over the small image; 2 to 128 characters."""
    small_url: str | None = None
    """Opened by a click on the small image; up to 256 characters."""
    invite_cover_image: str | None = None
    """Banner of invitations: key of an uploaded asset, or a URL; up to 313 characters."""
    party_id: str | None = None
    """The same for all in the party; up to 128 characters. Needed for joining."""
    party_size: tuple[int, int] | Sequence[int] | None = None
    """How many are in the party, and how many can be. With 0 for either none is shown: Discord takes two or none."""
    party_privacy: PartyPrivacy | int | None = None
    """Whether a friend who wants to join has to be let in; so it is unless given."""
    # Whoever has a secret gets in, so none is shown where this object is printed.
    join: str | None = field(default=None, repr=False)
    """The secret that lets a friend's game join; up to 128 characters."""
    spectate: str | None = field(default=None, repr=False)
    """The secret that lets a friend's game watch; up to 128 characters."""
    match: str | None = field(default=None, repr=False)
    """The secret of this one match; up to 128 characters."""
    buttons: Sequence[Button | Mapping[str, str]] = field(default=())
    """Links, two at most. Not together with secrets: Discord shows either."""
    instance: bool | None = None
    """Whether it is a match that will end."""
    supported_platforms: Sequence[Platform | str] = field(default=())
    """Where it can be joined from."""

    def __post_init__(self) -> None:
        for name, (least, most, _) in _TEXTS.items():
            value = getattr(self, name)
            if value is not None:
                _text(name, value, least, most)
        _choice("type", self.type, ActivityType)
        _choice("status_display_type", self.status_display_type, StatusDisplayType)
        _choice("party_privacy", self.party_privacy, PartyPrivacy)
        for name in ("start", "end"):
            _moment(name, getattr(self, name))
        if self.party_size is not None:
            object.__setattr__(self, "party_size", _party_size(self.party_size))
        object.__setattr__(self, "buttons", _buttons(self.buttons))
        object.__setattr__(self, "supported_platforms", _platforms(self.supported_platforms))
        if self.instance is not None and not isinstance(self.instance, bool):
            raise TypeError(f"instance: True or False expected, not {_kind(self.instance)}")
        secret = next((name for name in ("join", "spectate", "match") if getattr(self, name) is not None), None)
        if self.buttons and secret is not None:
            raise ValueError(f"buttons: can't stand beside {secret}; Discord shows either buttons or a way to join")
        if self.join is not None and self.party_id is None:
            raise ValueError("join: needs party_id, else Discord offers nobody to join")
        for name, others in (("spectate", ("join",)), ("match", ("join", "spectate"))):
            value = getattr(self, name)
            if value is not None and value in (getattr(self, other) for other in others):
                raise ValueError(f"{name}: the text of another secret given; each is one of its own")

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `SET_ACTIVITY`, without what was not given."""
        out: dict[str, Any] = {}
        if self.type is not None:
            out["type"] = int(self.type)
        for name, (_, _, path) in _TEXTS.items():
            value = getattr(self, name)
            if value is not None:
                _at(out, path[:-1])[path[-1]] = value
        if self.status_display_type is not None:
            out["status_display_type"] = int(self.status_display_type)
        for name, moment in (("start", self.start), ("end", self.end)):
            if moment is not None:
                _at(out, ("timestamps",))[name] = int(moment)
        if self.party_size is not None and all(self.party_size):
            _at(out, ("party",))["size"] = list(self.party_size)
        if self.party_privacy is not None:
            _at(out, ("party",))["privacy"] = int(self.party_privacy)
        if self.buttons:
            out["buttons"] = [{"label": b.label, "url": b.url} for b in self.buttons if isinstance(b, Button)]
        if self.instance is not None:
            out["instance"] = self.instance
        if self.supported_platforms:
            out["supported_platforms"] = [Platform(platform).value for platform in self.supported_platforms]
        return out

    @classmethod
    def from_dict(cls, activity: Mapping[str, Any]) -> Activity:
        """The activity that such an object describes.

        Raises TypeError and ValueError as the constructor, and ValueError for a member that no activity has.
        """
        _check_members(activity)
        given: dict[str, Any] = {}
        for name, (_, _, path) in _TEXTS.items():
            value: Any = activity
            for step in path:
                value = value.get(step) if is_params(value) else None
            given[name] = value
        timestamps: dict[str, Any] = activity.get("timestamps") or {}
        party: dict[str, Any] = activity.get("party") or {}
        given.update(
            type=activity.get("type"),
            status_display_type=activity.get("status_display_type"),
            start=timestamps.get("start"),
            end=timestamps.get("end"),
            party_size=party.get("size"),
            party_privacy=party.get("privacy"),
            supported_platforms=activity.get("supported_platforms") or (),
            buttons=activity.get("buttons") or (),
            instance=activity.get("instance"),
        )
        return cls(**given)


def _members() -> dict[str, frozenset[str]]:
    """What an activity can have, by where it stands: "" is the activity itself."""
    members: dict[str, set[str]] = {
        "": {"type", "status_display_type", "buttons", "instance", "supported_platforms"},
        "timestamps": {"start", "end"},
        "party": {"size", "privacy"},
    }
    for _, _, path in _TEXTS.values():
        members.setdefault("".join(path[:-1]), set()).add(path[-1])
    members[""] |= set(members) - {""}
    return {place: frozenset(names) for place, names in members.items()}


_MEMBERS: Final = _members()


def _check_members(activity: Mapping[str, Any]) -> None:
    for place, known in _MEMBERS.items():
        here = activity.get(place) if place else activity
        if here is None:
            continue
        if not is_params(here):
            raise TypeError(f"{place}: an object expected, not {_kind(here)}")
        for name in sorted(set(here) - known):
            at = f"{place}.{name}" if place else name
            raise ValueError(f"{at}: no member of an activity; there are {', '.join(sorted(known))}")


def _at(out: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    for step in path:
        out = out.setdefault(step, {})
    return out


def _is_sequence(value: object) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def _kind(value: object) -> str:
    return type(value).__name__


def _text(name: str, value: object, least: int, most: int) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{name}: a str expected, not {_kind(value)}")
    if not least <= len(value) <= most:
        raise ValueError(f"{name}: {least} to {most} characters expected, {len(value)} given")


def _choice(name: str, value: object, choices: type[enum.IntEnum]) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name}: a {choices.__name__} expected, not {_kind(value)}")
    if value not in {int(choice) for choice in choices}:
        known = ", ".join(f"{choice.value} ({choice.name})" for choice in choices)
        raise ValueError(f"{name}: one of {known} expected, {value} given")


def _moment(name: str, value: object) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name}: seconds since 1970 expected as a number, not {_kind(value)}")
    if not 0 <= value < 1 << 53:
        raise ValueError(f"{name}: seconds since 1970 expected, {value} given")


def _party_size(value: object) -> tuple[int, int]:
    if not _is_sequence(value):
        raise TypeError(f"party_size: two numbers expected, how many are in and how many can be, not {_kind(value)}")
    sizes = list(value)
    if len(sizes) != 2 or any(isinstance(n, bool) or not isinstance(n, int) for n in sizes):
        raise ValueError("party_size: two whole numbers expected, how many are in and how many can be")
    current, most = sizes
    if not 0 <= current < 1 << 31 or not 0 <= most < 1 << 31:
        raise ValueError(f"party_size: 0 to {(1 << 31) - 1} expected, {current} and {most} given")
    if most and current > most:
        raise ValueError(f"party_size: {current} players are more than the {most} that can be in")
    return (current, most)


def _platforms(value: object) -> tuple[Platform, ...]:
    if value is None:
        return ()
    if not _is_sequence(value):
        raise TypeError(f"supported_platforms: a list of Platform expected, not {_kind(value)}")
    # Each once, in the order given.
    platforms: dict[Platform, None] = {}
    for at, entry in enumerate(value):
        if not isinstance(entry, str):
            raise TypeError(f"supported_platforms[{at}]: a Platform expected, not {_kind(entry)}")
        try:
            platforms[Platform(entry)] = None
        except ValueError:
            known = ", ".join(platform.value for platform in Platform)
            raise ValueError(f"supported_platforms[{at}]: one of {known} expected, {entry!r} given") from None
    return tuple(platforms)


def _buttons(value: object) -> tuple[Button, ...]:
    if value is None:
        return ()
    if not _is_sequence(value):
        raise TypeError(f"buttons: a list of Button expected, not {_kind(value)}")
    if len(value) > 2:
        raise ValueError(f"buttons: two at most, {len(value)} given")
    made: list[Button] = []
    for at, entry in enumerate(value):
        if is_params(entry):
            if set(entry) != {"label", "url"}:
                raise ValueError(f"buttons[{at}]: label and url expected, {sorted(map(str, entry))} given")
            label, url = entry["label"], entry["url"]
        elif isinstance(entry, Button):
            label, url = entry.label, entry.url
        else:
            raise TypeError(f"buttons[{at}]: a Button expected, not {_kind(entry)}")
        try:
            made.append(Button(label, url))
        except (TypeError, ValueError) as error:
            raise type(error)(f"buttons[{at}].{error}") from None
    return tuple(made)

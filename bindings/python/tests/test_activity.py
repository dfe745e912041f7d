"""`Activity` and `Button`: what fits is sent as it is, and what does not is refused by name, as by the library."""

from __future__ import annotations

import dataclasses
from typing import Any

import gamebridge
import pytest
from conftest import CLIENT_ID
from gamebridge import Activity, ActivityType, Button, PartyPrivacy, Platform, StatusDisplayType
from gamebridge.activity import _TEXTS
from gamebridge.testing import Server

WHOLE = Activity(
    type=ActivityType.COMPETING,
    name="The Mill",
    state="In a group",
    state_url="https://example.com/state",
    details="Capture the flag",
    details_url="https://example.com/details",
    status_display_type=StatusDisplayType.DETAILS,
    start=1_700_000_000.5,
    end=1_700_000_600,
    large_image="mill",
    large_text="The mill",
    large_url="https://example.com/mill",
    small_image="miller",
    small_text="The miller",
    small_url="https://example.com/miller",
    invite_cover_image="cover",
    party_id="party",
    party_size=[1, 4],
    join="j",
    spectate="s",
    match="m",
    instance=True,
    party_privacy=PartyPrivacy.PUBLIC,
    supported_platforms=[Platform.DESKTOP, "ios"],
)


def test_a_whole_one_arrives_whole(gamebridge_server: Server) -> None:
    with gamebridge.Client() as gb:
        rpc = gb.connect("rpc", client_id=CLIENT_ID, path=gamebridge_server.ipc)
        # The client takes an object that has to_dict().
        rpc.request("SET_ACTIVITY", activity=WHOLE)
    shown = gamebridge_server.activity()
    sent = WHOLE.to_dict()
    # Secrets are handed to nobody but the games of who may join.
    assert {**shown, "secrets": sent["secrets"]} == {**shown, **sent}


def test_every_field_is_in_the_whole_one() -> None:
    left_out = {f.name for f in dataclasses.fields(Activity) if not getattr(WHOLE, f.name)}
    assert left_out == {"buttons"}


def test_there_and_back_it_is_the_same() -> None:
    assert Activity.from_dict(WHOLE.to_dict()) == dataclasses.replace(WHOLE, start=1_700_000_000)
    buttons = Activity(buttons=[Button("Watch", "https://example.com"), {"label": "Play", "url": "game:play"}])
    assert Activity.from_dict(buttons.to_dict()) == buttons
    assert Activity.from_dict({"state": None, "party": None}) == Activity()


def test_what_is_not_given_is_not_sent() -> None:
    assert Activity().to_dict() == {}
    assert Activity(details="Flag", party_size=(0, 0)).to_dict() == {"details": "Flag"}
    assert Activity(party_size=(2, 0), party_privacy=0).to_dict() == {"party": {"privacy": 0}}


def test_the_platforms_are_the_librarys(gamebridge_server: Server) -> None:
    every = Activity(state="In menu", supported_platforms=[*Platform, Platform.IOS])
    assert len(every.supported_platforms) == len(Platform) and Activity(supported_platforms=["ps4"]).supported_platforms == (Platform.PS4,)
    with gamebridge.Client() as gb:
        rpc = gb.connect("rpc", client_id=CLIENT_ID, path=gamebridge_server.ipc)
        rpc.request("SET_ACTIVITY", activity=every)
        assert gamebridge_server.activity()["supported_platforms"] == [platform.value for platform in Platform]
        with pytest.raises(ValueError) as raised:
            rpc.send("SET_ACTIVITY", activity={"supported_platforms": ["amiga"]})
    for platform in Platform:
        assert platform.value in str(raised.value)


WRONG: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"state": "x"}, ValueError, "state: 2 to 128 characters expected, 1 given"),
    ({"details": "x" * 129}, ValueError, "details: 2 to 128 characters expected, 129 given"),
    ({"state": 5}, TypeError, "state: a str expected, not int"),
    ({"type": 1}, ValueError, "type: one of 0 (PLAYING), 2 (LISTENING), 3 (WATCHING), 5 (COMPETING) expected, 1 given"),
    ({"type": True}, TypeError, "type: a ActivityType expected, not bool"),
    ({"status_display_type": 3}, ValueError, "status_display_type: one of 0 (NAME)"),
    ({"start": "now"}, TypeError, "start: seconds since 1970 expected as a number, not str"),
    ({"end": -1}, ValueError, "end: seconds since 1970 expected, -1 given"),
    ({"start": float("nan")}, ValueError, "start: seconds since 1970 expected, nan given"),
    ({"start": float("inf")}, ValueError, "start: seconds since 1970 expected, inf given"),
    ({"party_size": 5}, TypeError, "party_size: two numbers expected"),
    ({"party_size": [1]}, ValueError, "party_size: two whole numbers expected"),
    ({"party_size": [1.0, 2]}, ValueError, "party_size: two whole numbers expected"),
    ({"party_size": [5, 4]}, ValueError, "party_size: 5 players are more than the 4"),
    ({"party_size": [-1, 4]}, ValueError, "party_size: 0 to 2147483647 expected"),
    ({"buttons": "two"}, TypeError, "buttons: a list of Button expected, not str"),
    ({"buttons": [{}] * 3}, ValueError, "buttons: two at most, 3 given"),
    ({"buttons": [5]}, TypeError, "buttons[0]: a Button expected, not int"),
    ({"buttons": [{"label": "Watch"}]}, ValueError, "buttons[0]: label and url expected, ['label'] given"),
    ({"buttons": [{"label": "", "url": "u"}]}, ValueError, "buttons[0].label: 1 to 32 characters expected, 0 given"),
    ({"buttons": [{"label": "Watch", "url": 5}]}, TypeError, "buttons[0].url: a str expected, not int"),
    ({"buttons": [Button("a", "b")], "join": "j", "party_id": "p"}, ValueError, "buttons: can't stand beside join"),
    ({"join": "j"}, ValueError, "join: needs party_id"),
    ({"instance": 1}, TypeError, "instance: True or False expected, not int"),
    ({"party_privacy": 2}, ValueError, "party_privacy: one of 0 (PRIVATE), 1 (PUBLIC) expected, 2 given"),
    ({"party_privacy": "public"}, TypeError, "party_privacy: a PartyPrivacy expected, not str"),
    ({"supported_platforms": "ios"}, TypeError, "supported_platforms: a list of Platform expected, not str"),
    ({"supported_platforms": ["ios", "amiga"]}, ValueError, "supported_platforms[1]: one of desktop, xbox"),
    ({"supported_platforms": [5]}, TypeError, "supported_platforms[0]: a Platform expected, not int"),
    ({"party_id": "p", "join": "s", "match": "s"}, ValueError, "match: the text of another secret given"),
    ({"party_id": "p", "join": "s", "spectate": "s"}, ValueError, "spectate: the text of another secret given"),
]


@pytest.mark.parametrize(("wrong", "kind", "sentence"), WRONG, ids=[text for _, _, text in WRONG])
def test_what_does_not_fit_is_refused_by_name(wrong: dict[str, Any], kind: type[Exception], sentence: str) -> None:
    with pytest.raises(kind) as raised:
        Activity(**wrong)
    assert str(raised.value).startswith(sentence)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"stat": "x"}, "stat: no member of an activity; there are "),
        ({"assets": {"large": "x"}}, "assets.large: no member of an activity; there are "),
        ({"timestamps": {"begin": 1}}, "timestamps.begin: no member"),
        ({"party": [1, 2]}, "party: an object expected, not list"),
    ],
)
def test_unknown_members_are_refused_by_name(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises((ValueError, TypeError)) as raised:
        Activity.from_dict(wrong)
    assert str(raised.value).startswith(sentence)


def test_the_lengths_are_the_librarys(gamebridge_server: Server) -> None:
    """Each text at the ends of its range, and a character beyond; counted in characters, of whatever size."""
    with gamebridge.Client() as gb:
        rpc = gb.connect("rpc", client_id=CLIENT_ID, path=gamebridge_server.ipc)

        def taken(name: str, length: int) -> tuple[bool, bool]:
            """Whether ours takes it, and whether the library does."""
            value = "\U0001f600" * length
            path = _TEXTS[name][2]
            # Not sent, but checked: an unknown member beside it would be refused in the end.
            activity: dict[str, Any] = {path[0]: {path[1]: value}} if len(path) == 2 else {path[0]: value}
            given: dict[str, Any] = {"party_id": "p", name: value} if name == "join" else {name: value}
            try:
                Activity(**given)
                ours = True
            except ValueError as error:
                assert str(error).startswith(f"{name}: ")
                ours = False
            try:
                rpc.send("SET_ACTIVITY", activity=activity)
                return ours, True
            except ValueError as error:
                assert ".".join(path) in str(error)
                return ours, False

        for name, (least, most, _) in _TEXTS.items():
            assert [taken(name, length) for length in (least, most)] == [(True, True)] * 2, name
            assert [taken(name, length) for length in (least - 1, most + 1)] == [(False, False)] * 2, name


def test_its_repr_shows_no_secret() -> None:
    activity = Activity(party_id="p", party_size=(1, 4), join="canary-join", spectate="canary-watch")
    assert "canary" not in repr(activity)


def test_it_cannot_be_changed_after_it_was_checked() -> None:
    activity = Activity(state="In menu")
    with pytest.raises(dataclasses.FrozenInstanceError):
        activity.state = "x"  # type: ignore[misc]
    assert dataclasses.replace(activity, details="Old Mill").to_dict() == {"state": "In menu", "details": "Old Mill"}
    with pytest.raises(ValueError, match="state"):
        dataclasses.replace(activity, state="x")

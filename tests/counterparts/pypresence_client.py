"""pypresence against our server: its classes, unchanged, over the local socket in the private folder of this run.

    python pypresence_client.py <tests/counterparts/serve.c, built>

Each reply is looked at for what it says, not only that it came.
"""

import asyncio
import os
import sys
import time

from pypresence import AioClient, Client, Presence
from pypresence.exceptions import DiscordError, InvalidID, ServerError
from town import CLIENT_ID, TOWN, Host, every_event, holds


def refused(call, *args, **kwargs) -> str:
    """The sentence with which the server refuses a call."""
    try:
        reply = call(*args, **kwargs)
    except ServerError as error:
        return str(error)
    raise AssertionError(f"not refused: {reply}")


def logged_in(host: Host) -> Client:
    client = Client(CLIENT_ID)
    client.start()
    reply = client.authorize(CLIENT_ID, TOWN["scopes"])
    assert reply["cmd"] == "AUTHORIZE" and reply["data"]["code"], reply
    reply = client.authenticate(host.token(reply["data"]["code"]))
    expected = {"user": {"id": host.names["self"]}, "application": {"id": CLIENT_ID, "name": "The Mill"}}
    assert reply["cmd"] == "AUTHENTICATE" and holds(reply["data"], expected), reply
    assert reply["data"]["scopes"] == TOWN["scopes"], reply
    return client


def refused_with_code(host: Host | None, name: str, *args: object) -> int:
    """The code with which a fresh Client's call is refused. pypresence gives up a Client's connection at an error."""
    client = Client(CLIENT_ID)
    client.start()
    if host is not None:
        client = logged_in(host)
    try:
        reply = getattr(client, name)(*args)
    except DiscordError as error:
        return error.code
    raise AssertionError(f"{name} was not refused: {reply}")


def presence_is_set_and_cleared(host: Host) -> None:
    presence = Presence(CLIENT_ID)
    presence.connect()
    reply = presence.update(
        state="In menu",
        details="Ünïcödé \U0001f600 \"quoted\"",
        start=int(time.time()),
        large_image="old_mill",
        party_id="party",
        party_size=[1, 4],
        buttons=[{"label": "Watch", "url": "https://example.com/watch"}],
    )
    assert reply["cmd"] == "SET_ACTIVITY" and reply["evt"] is None, reply
    assert reply["data"]["state"] == "In menu", reply
    assert reply["data"]["details"] == "Ünïcödé \U0001f600 \"quoted\"", reply
    assert reply["data"]["party"] == {"id": "party", "size": [1, 4]}, reply
    seen = host.event("DISPATCH", "ACTIVITY_UPDATE")["data"]
    assert seen["activity"]["state"] == "In menu", seen
    state = host.send("STATE")
    assert state["activities"][0]["application_id"] == CLIENT_ID, state
    assert "state" in refused(presence.update, state="x"), "a state of one character is refused by name"
    reply = presence.clear()
    assert reply["cmd"] == "SET_ACTIVITY" and reply["data"] is None, reply
    assert host.event("DISPATCH", "ACTIVITY_UPDATE")["data"]["activity"] is None
    assert host.send("STATE")["activities"] == []
    presence.close()


def every_method(host: Host, client: Client) -> None:
    """All of the documentation that it offers."""
    guild, text, lounge, bob = (host.names[name] for name in ("guild", "text", "lounge", "bob"))

    def data(reply: dict, command: str) -> object:
        assert reply["cmd"] == command and reply["evt"] is None, reply
        return reply["data"]

    guilds = data(client.get_guilds(), "GET_GUILDS")["guilds"]
    assert [(entry["id"], entry["name"]) for entry in guilds] == [(guild, "Millers")], guilds
    assert holds(data(client.get_guild(guild), "GET_GUILD"), {"id": guild, "name": "Millers", "members": []})
    channels = data(client.get_channels(guild), "GET_CHANNELS")["channels"]
    assert {entry["name"]: entry["type"] for entry in channels} == {"general": 0, "Lounge": 2, "Attic": 2}, channels
    channel = data(client.get_channel(text), "GET_CHANNEL")
    assert holds(channel, {"id": text, "guild_id": guild, "topic": "Flour", "type": 0}), channel
    assert channel["messages"][0]["content"] == "Hello all", channel

    assert data(client.get_selected_voice_channel(), "GET_SELECTED_VOICE_CHANNEL") is None
    assert data(client.select_voice_channel(lounge), "SELECT_VOICE_CHANNEL")["id"] == lounge
    assert data(client.get_selected_voice_channel(), "GET_SELECTED_VOICE_CHANNEL")["id"] == lounge
    host.send("VOICE_LEAVE")
    assert data(client.select_text_channel(text), "SELECT_TEXT_CHANNEL")["id"] == text

    assert holds(data(client.get_voice_settings(), "GET_VOICE_SETTINGS"), {"mute": False, "deaf": False})
    changed = data(client.set_voice_settings(mute=True, _input={"volume": 50}), "SET_VOICE_SETTINGS")
    assert holds(changed, {"mute": True, "deaf": False, "input": {"volume": 50}}), changed
    assert data(client.set_voice_settings(mute=False), "SET_VOICE_SETTINGS")["mute"] is False
    heard = data(client.set_user_voice_settings(bob, 0.5, 1.0, 150, True), "SET_USER_VOICE_SETTINGS")
    assert heard == {"user_id": bob, "pan": {"left": 0.5, "right": 1.0}, "volume": 150, "mute": True}, heard
    # It leaves out what it was not given.
    heard = data(client.set_user_voice_settings(bob, volume=100), "SET_USER_VOICE_SETTINGS")
    assert holds(heard, {"volume": 100, "mute": True}), heard

    shown = data(client.set_activity(state="In menu", join="come in", party_id="p", party_size=[1, 2]), "SET_ACTIVITY")
    assert holds(shown, {"state": "In menu", "application_id": CLIENT_ID}), shown
    for answer, command, accepted in [
        (client.send_activity_join_invite, "SEND_ACTIVITY_JOIN_INVITE", True),
        (client.close_activity_request, "CLOSE_ACTIVITY_REQUEST", False),
    ]:
        host.send("ACTIVITY_JOIN_REQUEST", user_id=bob)
        assert data(answer(bob), command) is None
        told = host.event("DISPATCH", "JOIN_REQUEST_ANSWERED")["data"]
        assert holds(told, {"accepted": accepted, "secret": "come in" if accepted else None}), told
    assert data(client.clear_activity(), "SET_ACTIVITY") is None


def every_subscription_delivers(host: Host, client: Client) -> int:
    def subscribe(event: str, args: dict) -> None:
        reply = client.subscribe(event, args)
        assert reply["cmd"] == "SUBSCRIBE" and reply["data"]["evt"] == event, reply

    def unsubscribe(event: str, args: dict) -> None:
        reply = client.unsubscribe(event, args)
        assert reply["cmd"] == "UNSUBSCRIBE" and reply["data"]["evt"] == event, reply

    def next_event(name: str) -> dict:
        event = client.read()
        assert event["cmd"] == "DISPATCH" and event["evt"] == name, event
        return event["data"]

    return every_event(host, subscribe, unsubscribe, next_event)


def its_own_callbacks_are_called(host: Host) -> None:
    client = Client(CLIENT_ID)
    client.start()
    seen = []
    client.register_event("ACTIVITY_JOIN", seen.append)
    assert host.send("ACTIVITY_SPECTATE", secret="not for us")["peers"] == 0
    assert host.send("ACTIVITY_JOIN", secret="join me")["peers"] == 1
    assert client.read()["data"] == {"secret": "join me"}
    assert seen == [{"secret": "join me"}], seen
    client.unregister_event("ACTIVITY_JOIN")
    assert host.send("ACTIVITY_JOIN", secret="again")["peers"] == 0
    client.close()


def errors_have_discords_codes(host: Host) -> None:
    for name, args, code in [
        ("get_guilds", (), 4006),
        ("get_guild", ("5",), 4006),
        ("get_voice_settings", (), 4006),
        ("authenticate", ("not a token",), 4009),
        ("capture_shortcut", ("start",), 4002),
        ("subscribe", ("NO_SUCH_EVENT",), 4004),
        ("subscribe", ("GUILD_CREATE",), 4006),
        ("authorize", ("1", ["rpc"]), 4007),
    ]:
        assert refused_with_code(None, name, *args) == code, name
    for name, args, code in [
        ("get_guild", ("5",), 4003),
        ("get_channels", ("5",), 4003),
        ("get_channel", ("5",), 4005),
        ("select_voice_channel", ("5",), 4005),
        # What str() makes of None.
        ("select_voice_channel", (None,), 4000),
        ("set_user_voice_settings", ("5", None, None, 50), 4010),
        ("set_voice_settings", ({"volume": 101},), 4000),
        ("send_activity_join_invite", ("5",), 4010),
    ]:
        assert refused_with_code(host, name, *args) == code, name


def asynchronous_clients_work_too(host: Host) -> None:
    async def main() -> None:
        client = AioClient(CLIENT_ID)
        await client.start()
        reply = await client.set_activity(state="In menu", details="Old Mill")
        assert reply["data"]["details"] == "Old Mill", reply
        reply = await client.clear_activity()
        assert reply["data"] is None, reply
        client.sock_writer.close()

    asyncio.new_event_loop().run_until_complete(main())


def bad_handshakes_are_closed_with_their_code() -> None:
    for client_id in ("not a number", ""):
        try:
            Presence(client_id).connect()
        except InvalidID:
            continue
        raise AssertionError(f"the client id {client_id!r} was accepted")


def main() -> None:
    host = Host(sys.argv[1])
    assert os.path.dirname(host.addresses["ipc"]) == os.environ["XDG_RUNTIME_DIR"], host.addresses
    host.build()
    presence_is_set_and_cleared(host)
    client = logged_in(host)
    every_method(host, client)
    events = every_subscription_delivers(host, client)
    client.close()
    its_own_callbacks_are_called(host)
    errors_have_discords_codes(host)
    asynchronous_clients_work_too(host)
    bad_handshakes_are_closed_with_their_code()
    host.close()
    print(f"every method, {events} events")


main()

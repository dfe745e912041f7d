"""The examples, as a user starts them, each against a server of this test's own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gamebridge
import pytest
from conftest import CLIENT_ID
from gamebridge.testing import Server
from worlds import LONG, alone

EXAMPLES = Path(__file__).parents[3] / "examples" / "python"
LOBBY = EXAMPLES.parent / "scenarios" / "voice-lobby.json"

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="pipes of Windows have no folders that an example could be pointed to"),
    # An sdist is tested without them.
    pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the examples lie in the repository"),
]


@contextmanager
def started(name: str, server: Server, *args: str, **more: str) -> Generator[subprocess.Popen[str]]:
    """The example as a process of its own, which is over at the end."""
    environ = {**os.environ, **server.environ, **more}
    command = [sys.executable, str(EXAMPLES / f"{name}.py"), *args]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def ended(process: subprocess.Popen[str]) -> list[str]:
    """What it printed, when it ended well."""
    output, _ = process.communicate(timeout=LONG)
    assert process.returncode == 0, output
    return output.splitlines()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")


def test_rich_presence(gamebridge_server: Server) -> None:
    with started("rich_presence", gamebridge_server, CLIENT_ID, "--pace=0", "--levels=3") as process:
        shown = [gamebridge_server.activity() for _ in range(3)]
        assert [activity["details"] for activity in shown] == [
            "Level 1: Old Mill",
            "Level 2: Harbour",
            "Level 3: Lighthouse",
        ]
        assert shown[0]["assets"] == {"large_image": "old_mill", "large_text": "Old Mill"}
        assert ended(process) == ["shown: Old Mill", "shown: Harbour", "shown: Lighthouse"]


@alone
def test_rich_presence_without_a_discord(gamebridge_server: Server) -> None:
    gamebridge_server.close()
    with started("rich_presence", gamebridge_server, CLIENT_ID) as process:
        lines = ended(process)
    assert lines[0].startswith("no Discord found") and lines[1] == "The game goes on without."


@pytest.mark.gamebridge(
    scenario={
        "scenario": 1,
        "users": {"ada": {}, "grace": {}},
        "guilds": {
            "den": {
                "name": "The Den",
                "members": {"me": {}, "ada": {}, "grace": {"nick": "Amazing Grace"}},
                "channels": {"lobby": {"name": "Lobby", "type": "GUILD_VOICE", "voice": ["@ada"]}},
            }
        },
    }
)
def test_voice_overlay(gamebridge_server: Server) -> None:
    world = gamebridge_server
    users: dict[str, str] = {user["username"]: user["id"] for user in world.state("users")["users"]}
    lobby = world.state("channels")["channels"][0]["id"]
    token = world.token(CLIENT_ID, "rpc")
    with started("voice_overlay", world, CLIENT_ID, "--count=6", GAMEBRIDGE_ACCESS_TOKEN=token) as process:
        assert line(process) == "(in no voice channel)"
        world.do("VOICE_JOIN", channel_id=lobby)
        assert line(process) == f"{world.user['username']} ada"
        # Each is told before the next happens, so the lines are these and no others.
        for command, user, expected in [
            ("VOICE_JOIN", "grace", "Amazing Grace Guest ada"),
            ("SPEAKING_START", "ada", "Amazing Grace Guest [ada]"),
            ("SPEAKING_START", "grace", "[Amazing Grace] Guest [ada]"),
            ("SPEAKING_STOP", "ada", "[Amazing Grace] Guest ada"),
            ("VOICE_LEAVE", "ada", "[Amazing Grace] Guest"),
        ]:
            where: dict[str, Any] = {"channel_id": lobby} if command == "VOICE_JOIN" else {}
            world.do(command, user_id=users[user], **where)
            assert line(process) == expected
        assert ended(process) == []


def test_voice_overlay_without_a_token(gamebridge_server: Server) -> None:
    with started("voice_overlay", gamebridge_server, CLIENT_ID) as process:
        output, _ = process.communicate(timeout=LONG)
    assert process.returncode == 1
    assert "exchange this code for a token" in output
    code = output.rpartition(": ")[2].strip()
    assert gamebridge_server.do("TOKEN_EXCHANGE", code=code, client_id=CLIENT_ID)["access_token"]


def test_asyncio_listener(gamebridge_server: Server) -> None:
    with started("asyncio_listener", gamebridge_server, CLIENT_ID, "--count=2") as process:
        assert line(process) == "listening as Guest"
        gamebridge_server.do("ACTIVITY_JOIN", secret="come in")
        assert line(process) == "ACTIVITY_JOIN {'secret': 'come in'}"
        gamebridge_server.do("USER_EDIT", username="Ada")
        assert line(process).startswith("CURRENT_USER_UPDATE {")
        assert ended(process) == []


def test_join_flow(gamebridge_server: Server) -> None:
    with started("join_flow", gamebridge_server, "demo") as process:
        lines = ended(process)
    # Two processes write: each line is in its order among those of its own.
    assert [text for text in lines if text.startswith("host")] == [
        "host: the party is open",
        "host: Bob asks, and may come",
        "host: Bob is here",
    ]
    assert [text for text in lines if text.startswith("guest")] == [
        "guest: waiting to be let in",
        "guest: the host says welcome",
    ]
    assert lines[-1] == "demo: both have ended"


def test_bot(gamebridge_server: Server, tmp_path: Path) -> None:
    with gamebridge.Client() as gb:
        town = gb.serve("sandbox")
        ada = town.request("USER_CREATE", username="ada")["id"]
        guild = town.request("GUILD_CREATE", name="Harbour", members=[ada])["id"]
        channel = town.request("CHANNEL_CREATE", guild_id=guild, name="quay", type="GUILD_TEXT")["id"]
        town.request("APPLICATION_REGISTER", id=CLIENT_ID, name="Ferry")
        bot = town.request("BOT_CREATE", application_id=CLIENT_ID)
        town.request("GUILD_JOIN", guild_id=guild, user_id=bot["user"]["id"])

        def post(text: str) -> None:
            town.request("MESSAGE_POST", channel_id=channel, user_id=ada, content=text)

        args = [f"--api={town.ready()['api']}/v10", f"--session={tmp_path / 'bot.session'}"]
        with started("bot", gamebridge_server, *args, "--count=2", DISCORD_TOKEN=bot["token"]) as process:
            assert line(process) == "here as Ferry"
            post("ahoy")
            assert line(process) == "ada: ahoy"
            town.request("GATEWAY_FAULT", fault="drop")
            assert line(process).startswith("away: ")
            post("still there?")
            assert "ada: still there?" in ended(process)
        post("between two starts")
        with started("bot", gamebridge_server, *args, "--count=1", DISCORD_TOKEN=bot["token"]) as process:
            assert ended(process) == ["ada: between two starts", "back, and nothing missed"]
        assert all(path.stat().st_mode & 0o77 == 0 for path in tmp_path.iterdir())


def test_every_example_is_here() -> None:
    names = {path.stem for path in EXAMPLES.glob("*.py")}
    tried = {name.removeprefix("test_").partition("_without")[0] for name in globals() if name.startswith("test_")}
    assert names <= tried, names - tried

"""`gamebridge.testing` and the pytest plugin: a test of somebody's game, in ten lines."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import gamebridge
import pytest
from conftest import CLIENT_ID
from gamebridge.testing import Server
from worlds import LONG


class Game:
    """Somebody's game: it shows what is played, and asks whether it may know who plays."""

    def __init__(self, discord: str) -> None:
        self._gb = gamebridge.Client()
        self._rpc = self._gb.connect("rpc", client_id=CLIENT_ID, path=discord)

    def play(self, level: str) -> None:
        self._rpc.request("SET_ACTIVITY", activity={"details": level})

    def ask(self) -> str:
        try:
            self._rpc.request("AUTHORIZE", client_id=CLIENT_ID, scopes=["identify"])
        except gamebridge.RemoteError as error:
            return error.message
        return "welcome"

    def quit(self) -> None:
        self._gb.close()


def test_a_game_in_ten_lines(gamebridge_server: Server) -> None:
    game = Game(discord=gamebridge_server.ipc)
    game.play("Old Mill")
    assert gamebridge_server.activity()["details"] == "Old Mill"
    game.quit()
    assert gamebridge_server.activity() is None


@pytest.mark.gamebridge(consent="ask")
@pytest.mark.parametrize("yes", [True, False])
def test_consent_is_answered_by_the_test(gamebridge_server: Server, yes: bool) -> None:
    game, said = Game(discord=gamebridge_server.ipc), list[str]()
    asking = threading.Thread(target=lambda: said.append(game.ask()))
    asking.start()
    request = gamebridge_server.wait_for("AUTHORIZE")
    assert request["scopes"] == ["identify"]
    (gamebridge_server.allow if yes else gamebridge_server.deny)(request)
    asking.join()
    assert (said == ["welcome"]) is yes
    game.quit()


@pytest.mark.gamebridge(join_requests="ask")
def test_join_requests_too(gamebridge_server: Server) -> None:
    bob = gamebridge_server.do("USER_CREATE", username="Bob")["id"]
    gamebridge_server.do("ACTIVITY_JOIN_REQUEST", user_id=bob)
    gamebridge_server.allow(gamebridge_server.wait_for("ACTIVITY_JOIN_REQUEST"))
    assert gamebridge_server.wait_for("JOIN_REQUEST_ANSWERED")["accepted"] is True


def test_what_was_not_waited_for_stays(gamebridge_server: Server) -> None:
    game = Game(discord=gamebridge_server.ipc)
    for level in ("Old Mill", "Harbour", "Lighthouse"):
        game.play(level)
    by_name = gamebridge_server.wait_for("ACTIVITY_UPDATE", lambda event: event.get("/activity/details") == "Harbour")
    assert by_name.peer == 1
    assert [gamebridge_server.activity()["details"] for _ in range(2)] == ["Old Mill", "Lighthouse"]
    assert gamebridge_server.wait_for("PEER_CONNECTED", timeout=0).peer == 1
    game.quit()


def test_what_does_not_come_is_a_failure_that_tells(gamebridge_server: Server) -> None:
    game = Game(discord=gamebridge_server.ipc)
    with pytest.raises(AssertionError, match="no ACTIVITY_UPDATE within 0.01 s.*CONNECTED, PEER_CONNECTED"):
        gamebridge_server.activity(timeout=0.01)
    game.quit()


def test_what_cannot_be_waited_for_is_named(gamebridge_server: Server) -> None:
    wrong: Any = [1]
    with pytest.raises(TypeError, match="^name: a str expected, not list$"):
        gamebridge_server.wait_for(wrong)
    with pytest.raises(TypeError, match="^timeout: a number of seconds expected, not list$"):
        gamebridge_server.activity(timeout=wrong)
    with pytest.raises(TypeError, match="^params: a mapping expected, list given$"):
        Server(wrong)
    assert gamebridge_server.wait_for("CONNECTED", timeout=None)


def test_threads_wait_for_events_of_one_server(gamebridge_server: Server) -> None:
    seen: list[int] = []

    def wait(number: int) -> None:
        event = gamebridge_server.wait_for("ACTIVITY_UPDATE", lambda event: event["activity"]["state"] == f"n{number}")
        seen.append(event.peer)

    threads = [threading.Thread(target=wait, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    game = gamebridge.Presence(CLIENT_ID, pipe=gamebridge_server.ipc)
    game.connect()
    for number in reversed(range(5)):
        game.update(state=f"n{number}")
    for thread in threads:
        thread.join(LONG)
    game.close()
    assert seen == [1] * 5


def test_a_token_opens_the_rest(gamebridge_server: Server) -> None:
    gamebridge_server.do("GUILD_CREATE", name="Town")
    with gamebridge.Client() as gb:
        token = gamebridge_server.token(CLIENT_ID, "rpc")
        rpc = gb.connect("rpc", client_id=CLIENT_ID, path=gamebridge_server.ipc, access_token=token)
        assert [guild["name"] for guild in rpc.request("GET_GUILDS")["guilds"]] == ["Town"]


def test_a_wrong_host_command_names_the_field(gamebridge_server: Server) -> None:
    with pytest.raises((ValueError, gamebridge.GamebridgeError), match="username"):
        gamebridge_server.do("USER_CREATE", username="x")
    with pytest.raises(gamebridge.GamebridgeError, match="USER_CRATE"):
        gamebridge_server.do("USER_CRATE", username="ada")


def test_a_server_needs_no_pytest() -> None:
    with Server(username="Ada", transport="ipc") as discord:
        folder = Path(discord.ipc).parent
        assert discord.user["username"] == "Ada" and folder.is_dir()
        with gamebridge.Presence(CLIENT_ID, pipe=discord.ipc) as presence:
            presence.update(state="In menu")
    assert not folder.exists()
    assert repr(discord) == "<Server closed>"
    discord.close()


def test_a_wrong_parameter_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(ValueError, match="colour"):
        Server(colour="blue")
    assert list(tmp_path.iterdir()) == []


def test_both_transports_are_there(gamebridge_server: Server) -> None:
    assert Path(gamebridge_server.ipc).exists() and gamebridge_server.port > 1023
    with gamebridge.Client() as gb:
        rpc = gb.connect("rpc", client_id=CLIENT_ID, transport="websocket", port=gamebridge_server.port)
        assert rpc.ready()["user"]["id"] == gamebridge_server.user["id"]


def test_the_environment_leads_to_it(gamebridge_server: Server, gamebridge_environ: dict[str, str]) -> None:
    assert os.environ["XDG_RUNTIME_DIR"] == os.path.dirname(gamebridge_server.ipc) == gamebridge_environ["TMPDIR"]
    with gamebridge.Client() as gb:
        gb.connect("rpc", client_id=CLIENT_ID, retry=False)
    assert gamebridge_server.wait_for("PEER_CONNECTED")


# The plugin in a pytest of its own.


def run_pytest(folder: Path, source: str, *args: str) -> subprocess.CompletedProcess[str]:
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\nfilterwarnings = error\n")
    (folder / "test_game.py").write_text(source)
    installed = {entry.value for entry in importlib.metadata.entry_points(group="pytest11")}
    plugin = [] if "gamebridge.pytest_plugin" in installed else ["-p", "gamebridge.pytest_plugin"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *plugin, *args]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=3 * LONG)


GAME = f"""
import os
import gamebridge
import pytest

SEEN = set()

@pytest.mark.parametrize("number", range(12))
def test_each_has_its_own(gamebridge_server, number):
    assert gamebridge_server.ipc not in SEEN
    SEEN.add(gamebridge_server.ipc)
    with gamebridge.Presence("{CLIENT_ID}", pipe=gamebridge_server.ipc) as presence:
        presence.update(state=f"number {{number}}")
        assert gamebridge_server.activity()["state"] == f"number {{number}}"
        assert len(gamebridge_server.state("peers")["peers"]) == 1
"""


@pytest.mark.once
@pytest.mark.parametrize(
    "args",
    [[], ["-n", "2"], ["--parallel-threads=4", "--iterations=2"]],
    ids=["one by one", "pytest-xdist", "pytest-run-parallel"],
)
def test_each_test_has_its_own_world(tmp_path: Path, args: list[str]) -> None:
    if args and not _has("xdist" if args[0] == "-n" else "pytest_run_parallel"):
        pytest.skip("that plugin is not installed")
    ran = run_pytest(tmp_path, GAME, *args)
    assert "12 passed" in ran.stdout, ran.stdout + ran.stderr


def _has(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


@pytest.mark.once
def test_the_nearest_marker_has_the_last_word(tmp_path: Path) -> None:
    source = """
import pytest

pytestmark = pytest.mark.gamebridge(username="Ada", transport="ipc")

@pytest.mark.gamebridge(username="Bob")
def test_bob(gamebridge_server):
    assert gamebridge_server.user["username"] == "Bob"
    assert not gamebridge_server.addresses.get("port")

def test_ada(gamebridge_server):
    assert gamebridge_server.user["username"] == "Ada"
"""
    ran = run_pytest(tmp_path, source)
    assert "2 passed" in ran.stdout, ran.stdout


@pytest.mark.once
@pytest.mark.parametrize(
    ("marker", "sentence"),
    [('gamebridge("ask")', "parameters by name expected"), ("gamebridge(colour='blue')", "colour")],
)
def test_a_wrong_marker_is_said(tmp_path: Path, marker: str, sentence: str) -> None:
    source = f"""
import pytest

@pytest.mark.{marker}
def test_it(gamebridge_server): ...
"""
    ran = run_pytest(tmp_path, source)
    assert ran.returncode == 1 and sentence in ran.stdout, ran.stdout


@pytest.mark.once
def test_pytest_lists_the_fixtures(tmp_path: Path) -> None:
    ran = run_pytest(tmp_path, "def test_it(): ...", "--fixtures")
    assert "gamebridge_server" in ran.stdout and "gamebridge_environ" in ran.stdout

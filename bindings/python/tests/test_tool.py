"""`python -m gamebridge`: doctor, serve and listen. What ends by itself runs in this process, which is quicker."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gamebridge
import pytest
from conftest import CLIENT_ID
from gamebridge import _doctor
from gamebridge.__main__ import main
from gamebridge._native import sockets
from gamebridge.testing import Server
from stubborn import Refusing
from worlds import LONG

pytestmark = pytest.mark.skipif(os.name == "nt", reason="pipes of Windows have no folders")

TOOL = [sys.executable, "-m", "gamebridge"]


@dataclass
class Ran:
    """How it ended, and what it printed."""

    returncode: int
    stdout: str
    stderr: str


class Tool:
    """Runs it in this process. It sees no Discord of this machine."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self.ports(1)
        ours = f"{tempfile.gettempdir()}/gb-"
        monkeypatch.setattr(_doctor, "sockets", lambda: [path for path in sockets() if str(path).startswith(ours)])

    def ports(self, port: int) -> None:
        """The one port that doctor looks at."""
        self._monkeypatch.setattr(_doctor, "PORTS", range(port, port + 1))

    def __call__(self, *args: str, **environ: str) -> Ran:
        for name, value in environ.items():
            self._monkeypatch.setenv(name, value)
        self._capsys.readouterr()
        try:
            status = main(args)
        except SystemExit as end:
            # argparse's own: help, and arguments that are wrong.
            status = end.code if isinstance(end.code, int) else 1
        printed = self._capsys.readouterr()
        return Ran(status, printed.out, printed.err)


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tool:
    return Tool(monkeypatch, capsys)


@contextmanager
def started(*args: str, **environ: str) -> Generator[subprocess.Popen[str]]:
    """Starts it, and ends it."""
    pipe = subprocess.PIPE
    environ = {**os.environ, **environ}
    with subprocess.Popen([*TOOL, *args], env=environ, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")


def line_with(process: subprocess.Popen[str], text: str) -> str:
    """The next line in which this stands."""
    while found := line(process):
        if text in found:
            return found
    raise AssertionError(f"no {text}")


@pytest.mark.parametrize("command", [[], ["doctor"], ["serve"], ["sandbox"], ["listen"]])
def test_help_teaches(tool: Tool, command: list[str]) -> None:
    shown = tool(*command, "--help")
    assert shown.returncode == 0
    # Something to copy.
    assert "  python -m gamebridge " in shown.stdout


def test_without_a_command_there_is_help(tool: Tool) -> None:
    shown = tool()
    assert shown.returncode == 2
    assert "doctor" in shown.stderr


def test_the_version_is_told(tool: Tool) -> None:
    assert tool("--version").stdout == f"gamebridge {gamebridge.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["serve", "--scenario", "not-there.json"], "not-there.json"),
        (["serve", "--port", "99999"], "port: a whole number from 0 to 65535"),
        (["listen", "abc"], "client_id"),
        (["listen", CLIENT_ID, "--path", "/nowhere/discord-ipc-0"], "nobody listens at /nowhere"),
    ],
)
def test_what_is_wrong_is_a_sentence(tool: Tool, arguments: list[str], sentence: str) -> None:
    failed = tool(*arguments)
    assert failed.returncode == 1
    assert failed.stderr.startswith(f"gamebridge {arguments[0]}: ")
    assert sentence in failed.stderr and "Traceback" not in failed.stderr


def test_it_runs_as_a_module() -> None:
    command = [*TOOL, "--version"]
    assert subprocess.run(command, capture_output=True, text=True).stdout == f"gamebridge {gamebridge.__version__}\n"


# Doctor.


@pytest.mark.parametrize("greet", [[], ["--client-id", CLIENT_ID]])
def test_doctor_looks_at_ports(tool: Tool, gamebridge_server: Server, greet: list[str], folder: Path) -> None:
    tool.ports(gamebridge_server.port)
    found = tool("doctor", *greet, XDG_RUNTIME_DIR=str(folder))
    said = "a GameBridge, Guest" if greet else "somebody listens"
    assert f"ok {gamebridge_server.port}: {said}" in found.stdout
    # Who listens on a port may be anybody, until greeted.
    assert found.returncode == (0 if greet else 1)


def test_doctor_finds_a_discord(tool: Tool, gamebridge_server: Server) -> None:
    found = tool("doctor", **gamebridge_server.environ)
    assert found.returncode == 0, found.stdout
    assert f"ok {gamebridge_server.ipc} (srw-------): somebody listens" in found.stdout
    assert f"gamebridge {gamebridge.__version__}" in found.stdout
    assert os.path.dirname(gamebridge_server.ipc) in found.stdout


def test_doctor_greets_a_discord(tool: Tool, gamebridge_server: Server) -> None:
    found = tool("doctor", "--client-id", CLIENT_ID, **gamebridge_server.environ)
    assert found.returncode == 0, found.stdout
    assert f"a GameBridge, Guest ({gamebridge_server.user['id']}) is logged in" in found.stdout
    # Once: Discord takes few connections of an application.
    gamebridge_server.wait_for("PEER_CONNECTED")
    gamebridge_server.wait_for("PEER_DISCONNECTED")
    with pytest.raises(AssertionError):
        gamebridge_server.wait_for("PEER_CONNECTED", timeout=0)


def test_doctor_says_that_there_is_none(tool: Tool, folder: Path) -> None:
    found = tool("doctor", XDG_RUNTIME_DIR=str(folder), TMPDIR=str(folder))
    assert found.returncode == 1
    assert "No Discord can be used from here." in found.stdout
    assert "python -m gamebridge serve" in found.stdout


def left_behind(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(path))


def broken_link(path: Path) -> None:
    path.symlink_to("nowhere")


@pytest.mark.parametrize("greet", [[], ["--client-id", CLIENT_ID]])
@pytest.mark.parametrize(
    ("made", "said"),
    [
        (left_behind, "nobody listens"),
        (Path.touch, "is no socket"),
        (broken_link, "No such file"),
    ],
    ids=["left behind", "a file", "a broken link"],
)
def test_doctor_advises(tool: Tool, made: Any, said: str, greet: list[str], folder: Path) -> None:
    made(folder / "discord-ipc-3")
    found = tool("doctor", *greet, XDG_RUNTIME_DIR=str(folder))
    assert found.returncode == 1
    (at,) = [at for at, text in enumerate(found.stdout.splitlines()) if "discord-ipc-3" in text]
    assert said in found.stdout.splitlines()[at]
    assert "->" in found.stdout.splitlines()[at + 1]


def test_doctor_names_a_wrong_application(tool: Tool, folder: Path) -> None:
    with Refusing(folder, {"code": 4000, "message": "Invalid Client ID"}):
        found = tool("doctor", "--client-id", "1", XDG_RUNTIME_DIR=str(folder))
    assert found.returncode == 1
    assert "-> there is no such application: look at --client-id" in found.stdout


def test_doctor_sees_the_folders_of_snaps(tool: Tool, folder: Path) -> None:
    (folder / "snap.discord").mkdir()
    with Server(transport="ipc", folder=str(folder / "snap.discord")):
        found = tool("doctor", XDG_RUNTIME_DIR=str(folder))
    assert found.returncode == 0
    assert f"{folder / 'snap.discord'} (a snap's or Flatpak's)" in found.stdout


# Serve.


SCENARIO: dict[str, Any] = {
    "scenario": 1,
    "users": {"ada": {}},
    "guilds": {"town": {"name": "Town", "members": {"me": {}, "ada": {}}, "channels": {"square": {}}}},
    "steps": [
        {"do": "MESSAGE_POST", "args": {"channel_id": "@square", "user_id": "@ada", "content": "Hello, all"}},
        {"do": "MESSAGE_POST", "args": {"channel_id": "@square", "user_id": "@me", "content": ""}},
    ],
}


def test_serve_plays_a_scenario(tool: Tool, folder: Path) -> None:
    path = folder / "scenario.json"
    path.write_text(json.dumps(SCENARIO))
    given = ["--scenario", str(path), "--folder", str(folder / "made"), "--port=0", "--until=SCENARIO_ENDED"]
    played = tool("serve", *given)
    assert played.returncode == 0, played.stderr
    assert f"  {folder / 'made' / 'discord-ipc-0'}" in played.stdout
    assert f"XDG_RUNTIME_DIR={folder / 'made'} ./game" in played.stdout
    assert "MESSAGE_POST" in played.stdout and 'content="Hello, all"' in played.stdout
    assert "user_id=@ada" in played.stdout
    assert "scenario: MESSAGE_POST FAILED: " in played.stdout
    assert played.stdout.splitlines()[-1].endswith("scenario: ended after 2 steps, 1 failed")


def test_serve_prints_what_games_do(folder: Path) -> None:
    with started("serve", "--transport=ipc", "--folder", str(folder), "--username=Ada") as process:
        assert line(process).startswith("Ada (")
        line_with(process, "Ctrl-C")
        with gamebridge.Presence(CLIENT_ID, pipe=str(folder / "discord-ipc-0")) as presence:
            assert "peer 1: PEER_CONNECTED" in line(process)
            presence.update(state="In menu", party_id="p", join="nobody must read this")
            shown = line(process)
            assert "peer 1: ACTIVITY_UPDATE" in shown and "In menu" in shown
            assert "nobody must read this" not in shown
        assert "activity" not in line_with(process, "PEER_DISCONNECTED")
        process.send_signal(signal.SIGINT)
        assert process.wait(LONG) == 0


def test_serve_prints_json(folder: Path) -> None:
    with started("serve", "--transport=ipc", "--folder", str(folder), "--json") as process:
        first = json.loads(line(process))
        assert (first["type"], first["data"]["ipc"]) == ("connected", str(folder / "discord-ipc-0"))
        with gamebridge.Client() as gb:
            rpc = gb.connect("rpc", client_id=CLIENT_ID, path=first["data"]["ipc"])
            assert json.loads(line(process))["name"] == "PEER_CONNECTED"
            rpc.request("AUTHORIZE", client_id=CLIENT_ID, scopes=["identify"])
            told = line_with(process, "AUTHORIZED")
            assert json.loads(told)["peer"] == 1


@pytest.mark.parametrize(("said", "let_in"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_serve_asks(said: str, let_in: bool, folder: Path) -> None:
    with started("serve", "--transport=ipc", "--folder", str(folder), "--consent=ask") as process:
        line_with(process, "Ctrl-C")
        assert process.stdin is not None and process.stderr is not None
        process.stdin.write(said)
        process.stdin.flush()
        with gamebridge.Client() as gb:
            rpc = gb.connect("rpc", client_id=CLIENT_ID, path=str(folder / "discord-ipc-0"))
            if let_in:
                assert rpc.request("AUTHORIZE", client_id=CLIENT_ID, scopes=["rpc"])["code"]
            else:
                with pytest.raises(gamebridge.RemoteError):
                    rpc.request("AUTHORIZE", client_id=CLIENT_ID, scopes=["rpc"])
        asked = process.stderr.readline()
        assert "AUTHORIZE" in asked and "rpc" in asked


# Listen.


def test_listen_prints_json_lines(gamebridge_server: Server) -> None:
    with started("listen", CLIENT_ID, "--path", gamebridge_server.ipc, "--count=2") as process:
        assert json.loads(line(process))["name"] == "CONNECTED"
        for number in range(2):
            gamebridge_server.do("ACTIVITY_JOIN", secret=f"door {number}")
            expected = {"type": "dispatch", "name": "ACTIVITY_JOIN", "data": {"secret": f"door {number}"}}
            assert json.loads(line(process)) == expected
        assert process.wait(LONG) == 0


def test_listen_finds_a_discord_and_takes_arguments(gamebridge_server: Server) -> None:
    guild = gamebridge_server.do("GUILD_CREATE", name="Town")["id"]
    channel = gamebridge_server.do("CHANNEL_CREATE", type="GUILD_TEXT", guild_id=guild, name="square")["id"]
    token = gamebridge_server.token(CLIENT_ID, "rpc", "messages.read")
    wanted = f"message_create,channel_id={channel}"
    environ = {**gamebridge_server.environ, "GAMEBRIDGE_ACCESS_TOKEN": token}
    with started("listen", CLIENT_ID, wanted, "--count=1", **environ) as process:
        connected = line(process)
        assert json.loads(connected)["name"] == "CONNECTED" and token not in connected
        gamebridge_server.do("MESSAGE_POST", channel_id=channel, content="Hello")
        assert json.loads(line(process))["data"]["message"]["content"] == "Hello"
        assert process.wait(LONG) == 0


@pytest.mark.parametrize(("event", "sentence"), [("GUILD_CREATE", "scope"), ("NO_SUCH_EVENT", "NO_SUCH_EVENT")])
def test_listen_says_what_it_may_not_hear(tool: Tool, event: str, sentence: str, gamebridge_server: Server) -> None:
    failed = tool("listen", CLIENT_ID, event, "--path", gamebridge_server.ipc)
    assert failed.returncode == 1
    assert sentence in failed.stderr


@pytest.mark.parametrize("wanted", ["EVENT,channel", "EVENT,=5", ",a=b"])
def test_listen_refuses_what_it_cannot_read(tool: Tool, wanted: str) -> None:
    failed = tool("listen", CLIENT_ID, wanted)
    assert failed.returncode == 2
    assert "EVENT,name=value expected" in failed.stderr


def test_listen_tells_of_breaks_and_ends_at_ctrl_c(gamebridge_server: Server) -> None:
    with started("listen", CLIENT_ID, "--path", gamebridge_server.ipc) as process:
        line_with(process, "CONNECTED")
        gamebridge_server.wait_for("PEER_CONNECTED")
        gamebridge_server.close()
        assert json.loads(line(process))["type"] == "reconnecting"
        process.send_signal(signal.SIGINT)
        assert process.wait(LONG) == 0


def test_a_reader_that_has_enough_ends_it(gamebridge_server: Server) -> None:
    command = f"{sys.executable} -m gamebridge listen {CLIENT_ID} --path {gamebridge_server.ipc} | head -n 1"
    with subprocess.Popen(command, shell=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        line_with(process, "CONNECTED")
        while gamebridge_server.do("STATE", parts=["peers"])["peers"]:
            gamebridge_server.do("ACTIVITY_JOIN", secret="x")
        assert process.communicate(timeout=LONG)[1] == ""

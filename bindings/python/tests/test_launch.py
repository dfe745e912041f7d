"""What starts a game that is not running: registered in folders of the test's own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import gamebridge

ID = "192741864418312192"

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the places are those of Linux")


@pytest.fixture
def exec_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """Folders to register in, and the command that was registered."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("APPIMAGE", raising=False)

    def read() -> str:
        entry = (tmp_path / f"data/applications/discord-{ID}.desktop").read_text("utf-8")
        return next(line.removeprefix("Exec=") for line in entry.splitlines() if line.startswith("Exec="))

    return read


def test_a_command_is_registered_and_taken_back(exec_line: Callable[[], str], tmp_path: Path) -> None:
    gamebridge.register_launch(ID, name="Old Mill", command="/opt/mill --fast")
    assert exec_line() == "/opt/mill --fast %u"
    assert f"x-scheme-handler/discord-{ID}" in (tmp_path / "config/mimeapps.list").read_text("utf-8")
    gamebridge.register_launch(int(ID), command=["/opt/old mill/run", "it's", "%u", "--fast"])
    assert exec_line() == '"/opt/old mill/run" "it\'s" %u --fast'
    gamebridge.register_launch(ID, command=Path("/opt/old mill/run"))
    assert exec_line() == '"/opt/old mill/run" %u'
    gamebridge.register_launch(ID, steam_id=440)
    assert exec_line() == "xdg-open steam://rungameid/440"
    for _ in range(2):
        gamebridge.unregister_launch(ID)
    with pytest.raises(FileNotFoundError):
        exec_line()


def test_the_script_that_runs_is_registered(exec_line: Callable[[], str], tmp_path: Path) -> None:
    script = tmp_path / "my game.py"
    script.write_text(f"import gamebridge; gamebridge.register_launch({ID!r})")
    subprocess.run([sys.executable, script.name], cwd=tmp_path, check=True)
    assert exec_line().endswith(f' "{script}" %u') and os.path.basename(sys.executable) in exec_line()
    # Without a script there is nothing to start again.
    code = f"import gamebridge; gamebridge.register_launch({ID!r})"
    ended = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "ValueError: command: " in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "error", "field"),
    [
        ({"application_id": "../1"}, ValueError, "application_id"),
        ({"application_id": ""}, ValueError, "application_id"),
        ({"application_id": 0}, ValueError, "application_id"),
        ({"application_id": -1}, ValueError, "application_id"),
        ({"application_id": None}, TypeError, "application_id"),
        ({"application_id": True}, TypeError, "application_id"),
        ({"steam_id": "440/"}, ValueError, "steam_id"),
        ({"steam_id": ""}, ValueError, "steam_id"),
        ({"steam_id": 440, "command": "x"}, ValueError, "command"),
        ({"command": ""}, ValueError, "command"),
        ({"command": []}, ValueError, "command"),
        ({"command": ["x", 1]}, TypeError, "command"),
        ({"command": 7}, TypeError, "command"),
        ({"command": "'"}, ValueError, "command"),
        ({"command": "/"}, ValueError, "command"),
        ({"command": "x", "name": "two\nlines"}, ValueError, "name"),
        ({"command": "/opt/100%/a=b"}, gamebridge.GamebridgeError, "command"),
        ({"command": "/opt/\udcff"}, gamebridge.GamebridgeError, "command"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_written(
    exec_line: Callable[[], str], tmp_path: Path, arguments: dict[str, Any], error: type[Exception], field: str
) -> None:
    given: dict[str, Any] = {"application_id": ID, "command": None if "steam_id" in arguments else "x", **arguments}
    with pytest.raises(error, match=f"^{field}: "):
        gamebridge.register_launch(**given)
    assert not (tmp_path / "data").exists() and not (tmp_path / "config").exists()


def test_what_the_system_refuses_is_an_oserror(exec_line: Callable[[], str], tmp_path: Path) -> None:
    (tmp_path / "data").write_text("no folder")
    with pytest.raises(OSError, match="data/applications"):
        gamebridge.register_launch(ID, command="x")

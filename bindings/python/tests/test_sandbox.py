"""The sandbox: its doors from one process, and `python -m gamebridge sandbox`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import urllib.request
from pathlib import Path
from typing import Any

import gamebridge
import pytest
from conftest import CLIENT_ID
from test_tool import Tool, line, line_with, started, tool
from worlds import LONG, until

__all__ = ["tool"]

GUILDS, GUILD_MESSAGES, MESSAGE_CONTENT = 1 << 0, 1 << 9, 1 << 15
HEARING = GUILDS | GUILD_MESSAGES | MESSAGE_CONTENT


def post(api: str, token: str, path: str, body: dict[str, Any]) -> Any:
    """What a bot sends to the API."""
    request = urllib.request.Request(
        f"{api}/v10{path}",
        json.dumps(body).encode(),
        {"Authorization": f"Bot {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=LONG) as response:
        return json.load(response)


@pytest.fixture
def sandbox(gb: gamebridge.Client) -> gamebridge.Connection:
    return gb.serve("sandbox")


def test_a_bot_hears_what_is_posted_and_posts_what_is_heard(
    gb: gamebridge.Client, sandbox: gamebridge.Connection
) -> None:
    at = sandbox.ready()
    assert at["gateway"].startswith("ws://127.0.0.1:") and at["port"]
    guild = sandbox.request("GUILD_CREATE", name="Harbour")["id"]
    channel = sandbox.request("CHANNEL_CREATE", guild_id=guild, name="quay", type="GUILD_TEXT")["id"]
    sandbox.request("APPLICATION_REGISTER", id=CLIENT_ID, name="Ferry")
    bot = sandbox.request("BOT_CREATE", application_id=CLIENT_ID)
    sandbox.request("GUILD_JOIN", guild_id=guild, user_id=bot["id"])
    (login,) = sandbox.request("GATEWAY_STATE")["logins"]
    assert (login["token"], login["username"]) == (bot["token"], "Ferry")
    with gamebridge.Client() as other:
        other.connect("gateway", token=bot["token"], intents=HEARING, url=at["gateway"])
        assert until(other, "GUILD_CREATE")[-1].data["name"] == "Harbour"
        sandbox.request("MESSAGE_POST", channel_id=channel, content="ahoy")
        assert until(other, "MESSAGE_CREATE")[-1].data["content"] == "ahoy"
        post(at["api"], bot["token"], f"/channels/{channel}/messages", {"content": "ahoy yourself"})
        told = until(gb, "MESSAGE_CREATE")[-1].data
        assert (told["content"], told["user_id"]) == ("ahoy yourself", bot["id"])
        sandbox.request("GATEWAY_FAULT", fault="drop")
        assert until(gb, "GATEWAY_CLOSED")[-1].data["application_id"] == CLIENT_ID


def test_the_tool_tells_where_it_is_and_what_bots_do() -> None:
    with started("sandbox") as process:
        places = dict(line(process).split(maxsplit=1) for _ in range(4))
        assert places["API"].endswith("/api") and places["RPC"].startswith("ws://127.0.0.1:")
        line_with(process, "Ctrl-C")
        with gamebridge.Client() as gb:
            gb.connect("gateway", token=places["token"].split()[0], intents=HEARING, url=places["Gateway"])
            assert until(gb, "GUILD_CREATE")[-1].data["name"] == "Sandbox"
            assert "how=begun" in line_with(process, "GATEWAY_SESSION")
        line_with(process, "GATEWAY_CLOSED")
        process.send_signal(signal.SIGINT)
        assert process.wait(LONG) == 0


def test_the_tool_takes_a_scenario_and_ends_with_an_event(folder: Path) -> None:
    path = folder / "scenario.json"
    bot = {"do": "BOT_CREATE", "args": {"application_id": "@ferry", "token": "token-of-the-ferry"}}
    scenario = {"scenario": 1, "applications": {"ferry": {"id": CLIENT_ID, "name": "Ferry"}}, "setup": [bot]}
    path.write_text(json.dumps(scenario))
    with started("sandbox", "--scenario", str(path), "--json", "--until=GATEWAY_SESSION") as process:
        at = json.loads(line_with(process, "connected"))["data"]
        with gamebridge.Client() as gb:
            gb.connect("gateway", token="token-of-the-ferry", intents=0, url=at["gateway"]).ready()
        assert json.loads(line_with(process, "GATEWAY_SESSION"))["data"]["how"] == "begun"
        assert process.wait(LONG) == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--gateway-port", "99999"], "gateway_port: a whole number from 0 to 65535"),
        (["--scenario", "not-there.json"], "not-there.json"),
    ],
)
def test_what_is_wrong_is_a_sentence(tool: Tool, arguments: list[str], sentence: str) -> None:
    failed = tool("sandbox", *arguments)
    assert failed.returncode == 1
    assert failed.stderr.startswith("gamebridge sandbox: ") and sentence in failed.stderr


def test_it_is_recorded_with_all_of_its_doors(tmp_path: Path) -> None:
    script = f"""
    import gamebridge

    with gamebridge.Client() as gb:
        sandbox = gb.serve("sandbox")
        at = sandbox.ready()
        sandbox.request("APPLICATION_REGISTER", id="{CLIENT_ID}", name="Ferry")
        token = sandbox.request("BOT_CREATE", application_id="{CLIENT_ID}")["token"]
        gb.connect("gateway", token=token, intents=1, api=at["api"] + "/v10").ready()
        print(token)
    """
    file = tmp_path / "sandbox.jsonl"
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        env={**os.environ, "GAMEBRIDGE_RECORD": str(file)},
        capture_output=True,
        text=True,
        timeout=LONG,
        check=True,
    )
    recording = file.read_text()
    assert ran.stdout.strip() and ran.stdout.strip() not in recording
    lines = [json.loads(each) for each in recording.splitlines()]
    (server,) = [each["c"] for each in lines if each.get("new") == "server"]
    told = [each for each in lines if each.get("c") == server and "in" in each]
    assert [each["via"] for each in told if each["in"] == "connect"] == ["gateway"]
    assert [each["target"] for each in told if each["in"] == "site"] == ["/api/v10/gateway/bot"]
    assert told[-1]["in"] == "end"

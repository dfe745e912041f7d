"""The pytest plugin: `gamebridge_server`, a Discord for each test.

    def test_the_menu_is_shown(gamebridge_server):
        start_game(discord=gamebridge_server.ipc)
        assert gamebridge_server.activity()["state"] == "In menu"

    @pytest.mark.gamebridge(consent="ask", scenario="lobby.json")
    def test_the_player_is_asked(gamebridge_server): ...

    def test_the_game_finds_it_by_itself(gamebridge_server, gamebridge_environ): ...

Each test has its own world, so tests may run in any number of processes (pytest-xdist) and, with `gamebridge_server`
as an argument, in threads (pytest-run-parallel: each call of the test has its own).
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .testing import Server

_FIXTURE = "gamebridge_server"


def pytest_configure(config: pytest.Config) -> None:
    """Makes the marker known."""
    config.addinivalue_line(
        "markers",
        'gamebridge(**parameters): of serve("rpc"), for gamebridge_server: consent="ask", scenario="lobby.json"',
    )


@pytest.fixture
def gamebridge_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A Discord of this test's own (`gamebridge.testing.Server`)."""
    from .testing import Server

    with Server(_parameters(request.node)) as server:
        yield server


@pytest.fixture
def gamebridge_environ(gamebridge_server: Server, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of this process, so that a game that looks for a Discord finds `gamebridge_server`.

    Gives the variables. Not with pytest-run-parallel, as threads share an environment; not on Windows.
    """
    if not gamebridge_server.environ:
        pytest.skip("pipes of Windows have no folders: give the game gamebridge_server.ipc")
    for name, value in gamebridge_server.environ.items():
        monkeypatch.setenv(name, value)
    return gamebridge_server.environ


def _parameters(item: pytest.Item) -> dict[str, Any]:
    parameters: dict[str, Any] = {}
    # The nearest marker has the last word.
    for mark in reversed(list(item.iter_markers("gamebridge"))):
        if mark.args:
            raise pytest.UsageError("gamebridge: parameters by name expected, e.g. gamebridge(consent='ask')")
        parameters.update(mark.kwargs)
    return parameters


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Gives each call of a test its own server where a plugin calls it in many threads."""
    if not config.pluginmanager.hasplugin("run-parallel"):
        return
    for item in items:
        if (
            isinstance(item, pytest.Function)
            and _FIXTURE in inspect.signature(item.obj).parameters
            and not inspect.iscoroutinefunction(item.obj)
        ):
            item.obj = _own_server_for_each_call(item, item.obj)


def _own_server_for_each_call(item: pytest.Item, test: Any) -> Any:
    taken: list[object] = []
    lock = threading.Lock()

    @functools.wraps(test)
    def call(*args: Any, **kwargs: Any) -> Any:
        given = kwargs.get(_FIXTURE)
        with lock:
            first = given is None or not any(given is server for server in taken)
            if first:
                taken.append(given)
        if first:
            return test(*args, **kwargs)
        from .testing import Server

        with Server(_parameters(item)) as own:
            return test(*args, **{**kwargs, _FIXTURE: own})

    return call

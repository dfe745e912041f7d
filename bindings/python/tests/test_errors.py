"""Exceptions: which class, with what in it."""

from __future__ import annotations

import pickle
from typing import get_args

import gamebridge
import pytest
from gamebridge import _native
from gamebridge._errors import failure

CLASSES: dict[str, tuple[type[BaseException], ...]] = {
    "argument": (ValueError,),
    "state": (gamebridge.GamebridgeError,),
    "closed": (gamebridge.ConnectionClosed, ConnectionError),
    "cancelled": (gamebridge.GamebridgeError,),
    "full": (gamebridge.QueueFull,),
    "timeout": (gamebridge.RequestTimeout, TimeoutError),
    "io": (gamebridge.ConnectionClosed, ConnectionError),
    "auth": (gamebridge.AuthError,),
    "rate_limited": (gamebridge.RateLimited,),
    "protocol": (gamebridge.ConnectionClosed, ConnectionError),
    "remote": (gamebridge.RemoteError,),
    "unsupported": (gamebridge.GamebridgeError,),
    "forked": (gamebridge.ForkedError,),
    "panic": (gamebridge.InternalError,),
}


def test_every_status_has_its_exception() -> None:
    assert set(CLASSES) == set(get_args(gamebridge.Status)) - {"ok"}


@pytest.mark.parametrize("status", CLASSES)
def test_an_exception_is_what_its_status_says(status: gamebridge.Status) -> None:
    error = failure(status, "a sentence", 0, 0.0, False, "")
    assert all(isinstance(error, kind) for kind in CLASSES[status]) and str(error) == "a sentence"
    assert isinstance(error, gamebridge.GamebridgeError) != (status == "argument")


def test_attributes() -> None:
    error = failure("rate_limited", "slower", 4005, 1.5, True, "SET_ACTIVITY")
    assert isinstance(error, gamebridge.RateLimited)
    assert (error.status, error.message, error.code) == ("rate_limited", "slower", 4005)
    assert (error.retry_after, error.uncertain, error.command) == (1.5, True, "SET_ACTIVITY")
    assert str(error) == "SET_ACTIVITY: slower (code 4005)"


def test_a_command_that_its_peer_names_is_named_once() -> None:
    assert str(failure("remote", "GET_GUILD: no such guild", 4003, 0.0, False, "GET_GUILD")) == (
        "GET_GUILD: no such guild (code 4003)"
    )


def test_they_pass_through_pickle() -> None:
    error = failure("remote", "no", 4003, 2.0, True, "GET_GUILD")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is gamebridge.RemoteError and vars(again) == vars(error) and str(again) == str(error)


@pytest.mark.skipif(not hasattr(_native, "panic_probe"), reason="a build without its probe")
def test_a_panic_is_an_internal_error(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(gamebridge.InternalError, match="a bug inside gamebridge was caught"):
        getattr(_native, "panic_probe")()
    capfd.readouterr()

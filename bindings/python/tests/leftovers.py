"""What pypresence leaves open (its sockets, and not every loop is closed) is no failure of a test."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def swept_up() -> Generator[None]:
    """Collects what is left of a test, without a word."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        # It makes its loop the thread's, which would keep it.
        asyncio.set_event_loop(None)
        gc.collect()

"""What becomes of live clients when the interpreter ends, and in a forked child.

A thread that waits inside the native module when the interpreter is gone could not come back. So clients are closed before,
while everything still runs: before Python waits for its threads to end, since one of them may be waiting for a client, or
where Python can't be asked for that, after.
"""

from __future__ import annotations

import atexit
import os
import threading
import weakref

from ._native import Hub

_live: weakref.WeakSet[Hub] = weakref.WeakSet()


def ends_with_the_interpreter(hub: Hub) -> Hub:
    """Notes a client, to be closed at the exit if nobody does before."""
    _live.add(hub)
    return hub


def _close_all() -> None:
    for hub in list(_live):
        hub.close()


def _forget_all() -> None:
    # They are the parent's.
    global _live
    _live = weakref.WeakSet()


try:
    # Not documented; concurrent.futures ends its threads by it, for the same reason.
    threading._register_atexit(_close_all)  # type: ignore[attr-defined]
except (AttributeError, RuntimeError):
    # Not there, or the threads are being waited for already.
    pass
# A client may be made by what runs after that.
atexit.register(_close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)

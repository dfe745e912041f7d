"""Connecting, updating and a small round trip, of a game that is written in Python: with us, or with pypresence.

    python rpc.py ours|pypresence PATH      (the server's socket; pypresence looks for it in XDG_RUNTIME_DIR)

Prints microseconds. Discord takes five updates in 20 seconds, and we keep to that, so ours makes five on each connection.
"""

import sys
import time
from collections.abc import Callable

CLIENT_ID = "192741864418312192"
CONNECTIONS = 200
EACH = 5
SMALL = 2000


def timed(took: list[int], call: Callable[[], object]) -> None:
    started = time.perf_counter_ns()
    call()
    took.append(time.perf_counter_ns() - started)


def told(name: str, took: list[int]) -> None:
    """The first tenth was to warm up."""
    took = sorted(took[len(took) // 10 :])
    print(f"{name}_us_p50 {took[len(took) // 2] / 1e3:.1f}")
    print(f"{name}_us_p99 {took[len(took) * 99 // 100] / 1e3:.1f}")


def ours(path: str) -> None:
    import gamebridge

    connects, updates, small = [], [], []
    for _ in range(CONNECTIONS):
        made = []

        def connect() -> None:
            client = gamebridge.Client()
            made.extend((client, client.connect("rpc", client_id=CLIENT_ID, path=path)))

        timed(connects, connect)
        client, rpc = made
        for at in range(EACH):
            activity = {
                "state": f"In menu {at}",
                "details": "Old Mill",
                "timestamps": {"start": 1700000000},
                "assets": {"large_image": "old_mill"},
                "party": {"id": "party", "size": [1, 4]},
            }
            timed(updates, lambda: rpc.request("SET_ACTIVITY", activity=activity))
        client.close()
    with gamebridge.Client() as client:
        rpc = client.connect("rpc", client_id=CLIENT_ID, path=path)
        for _ in range(SMALL):
            timed(small, lambda: rpc.request("UNSUBSCRIBE", evt="ACTIVITY_SPECTATE"))
    told("connect", connects)
    told("update", updates)
    told("round_trip", small)


def pypresence(_: str) -> None:
    from pypresence import Client, Presence

    connects, updates, small = [], [], []
    for _ in range(CONNECTIONS):
        made = []

        def connect() -> None:
            presence = Presence(CLIENT_ID)
            presence.connect()
            made.append(presence)

        timed(connects, connect)
        (presence,) = made
        for at in range(EACH):
            activity = {
                "state": f"In menu {at}",
                "details": "Old Mill",
                "start": 1700000000,
                "large_image": "old_mill",
                "party_id": "party",
                "party_size": [1, 4],
            }
            timed(updates, lambda: presence.update(**activity))
        presence.close()
    client = Client(CLIENT_ID)
    client.start()
    for _ in range(SMALL):
        timed(small, lambda: client.unsubscribe("ACTIVITY_SPECTATE"))
    client.close()
    told("connect", connects)
    told("update", updates)
    told("round_trip", small)


{"ours": ours, "pypresence": pypresence}[sys.argv[1]](sys.argv[2])

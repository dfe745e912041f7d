"""Listens with asyncio: invitations, requests to join, and whatever else is asked for, while something else goes on.

    python asyncio_listener.py <client id> [EVENT ...]

Each event is one line. Ctrl-C ends it.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

import gamebridge

# These need no token: every program that speaks over the local socket may have them.
EVENTS = ["ACTIVITY_JOIN", "ACTIVITY_SPECTATE", "ACTIVITY_JOIN_REQUEST", "CURRENT_USER_UPDATE"]


async def listen(client_id: str, events: list[str], count: int) -> None:
    async with gamebridge.AsyncClient() as gb:
        rpc = await gb.connect("rpc", client_id=client_id)
        user = (await rpc.ready())["user"]
        # All at once: each awaits its own reply, in whatever order they come.
        await asyncio.gather(*(rpc.request("SUBSCRIBE", evt=event) for event in events))
        print(f"listening as {user['username']}", flush=True)

        async for event in gb:
            if event.type == "reconnecting":
                print(f"Discord is away: {event.message}", flush=True)
            elif event.type == "dispatch":
                print(event.name, event.data, flush=True)
                count -= 1
                if count == 0:
                    return


async def work() -> None:
    """Whatever else the program does: the loop is never held up."""
    while True:
        await asyncio.sleep(1)


async def main(client_id: str, events: list[str], count: int) -> None:
    other = asyncio.create_task(work())
    try:
        await listen(client_id, events, count)
    finally:
        other.cancel()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("client_id", help="the application's id, from discord.com/developers")
    parser.add_argument("events", nargs="*", default=EVENTS, metavar="EVENT", help=f"default: {' '.join(EVENTS)}")
    parser.add_argument("--count", type=int, default=-1, metavar="N", help="end after N events")
    options = parser.parse_args()
    try:
        asyncio.run(main(options.client_id, options.events, options.count))
    except KeyboardInterrupt:
        pass
    except gamebridge.GamebridgeError as error:
        sys.exit(str(error))

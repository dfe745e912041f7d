"""A tiny bot: prints what is written where it is, shows how much it has heard, and goes on where it left off.

    python bot.py                          # the token in DISCORD_TOKEN
    python bot.py --api http://127.0.0.1:9200/api/v10     # a sandbox's, as examples/c/sandbox.c prints it

It reads MESSAGE_CONTENT, which has to be switched on for the bot at discord.com/developers. Ctrl-C ends it, and leaves its
session in a file: the next start within some minutes hears what was written meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import gamebridge

GUILDS, GUILD_MESSAGES, MESSAGE_CONTENT = 1 << 0, 1 << 9, 1 << 15


def parameters(options: argparse.Namespace) -> dict[str, Any]:
    params: dict[str, Any] = {
        "token": options.token,
        "intents": GUILDS | GUILD_MESSAGES | MESSAGE_CONTENT,
        # Discord resets the token of a bot that begins more than 1000 sessions a day, over restarts too.
        "identify_budget": str(options.session.with_suffix(".budget")),
    }
    if options.api:
        params["api"] = options.api
    if options.session.exists():
        # Once: a session that was taken up goes on under this connection.
        params["session"] = json.loads(options.session.read_text("utf-8"))
        options.session.unlink()
    return params


async def listen(gb: gamebridge.AsyncClient, bot: gamebridge.AsyncConnection, count: int) -> None:
    heard = 0
    async for event in gb:
        if event.type == "connected":
            print("back, and nothing missed" if event.resumed else f"here as {event.get('/user/username')}", flush=True)
        elif event.type == "reconnecting":
            print(f"away: {event.message}", flush=True)
        elif event.type == "dropped":
            print(f"{event.code} events were dropped", flush=True)
        elif event.name == "MESSAGE_CREATE" and not event.get("/author/bot", False):
            heard += 1
            print(f"{event.get('/author/username')}: {event.get('/content')}", flush=True)
            # As often as it likes: the library sends the latest one, no more often than Discord takes it.
            game = {"name": f"heard {heard}", "type": 0}
            await bot.send("PRESENCE_UPDATE", since=None, activities=[game], status="online", afk=False)
            if heard == count:
                return


async def main(options: argparse.Namespace) -> None:
    async with gamebridge.AsyncClient() as gb:
        bot = gb.connect_nowait("gateway", parameters(options))
        listening = asyncio.create_task(listen(gb, bot, options.count))
        try:
            asyncio.get_running_loop().add_signal_handler(signal.SIGINT, listening.cancel)
        except NotImplementedError:  # Windows: Ctrl-C ends the loop, and the session with it
            pass
        try:
            await listening
        except asyncio.CancelledError:
            print("the session is kept", flush=True)
        session = await bot.request("SUSPEND")
        # As secret as the token.
        with open(options.session, "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            json.dump(session, file)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--token", default=os.environ.get("DISCORD_TOKEN"), help="default: DISCORD_TOKEN of the environment")
    parser.add_argument("--api", help="the API to ask where the Gateway is; default Discord's")
    parser.add_argument("--session", type=Path, default=Path("bot.session"), metavar="FILE", help="default: bot.session")
    parser.add_argument("--count", type=int, default=-1, metavar="N", help="end after N messages")
    given = parser.parse_args()
    if not given.token:
        parser.error("a token is needed: --token, or DISCORD_TOKEN")
    try:
        asyncio.run(main(given))
    except gamebridge.GamebridgeError as error:
        sys.exit(str(error))

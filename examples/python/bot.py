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


class Bot:
    def __init__(self, gb: gamebridge.AsyncClient, options: argparse.Namespace) -> None:
        self.gb = gb
        self.count: int = options.count
        self.session: Path = options.session
        self.heard = 0
        self.leaving: asyncio.Task[None] | None = None
        self.connection = gb.connect_nowait("gateway", parameters(options))

    def leave(self) -> None:
        """Ends the connection, and leaves the session to the next start."""
        if self.leaving is None:
            self.leaving = asyncio.create_task(self._suspend())

    async def _suspend(self) -> None:
        session = await self.connection.request("SUSPEND")
        # As secret as the token.
        with open(self.session, "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            json.dump(session, file)

    async def listen(self) -> None:
        """Until the connection is over: what came before its end is heard now, and not by the next start."""
        async for event in self.gb:
            if event.type == "connected":
                print("back, and nothing missed" if event.resumed else f"here as {event.get('/user/username')}", flush=True)
            elif event.type == "reconnecting":
                print(f"away: {event.message}", flush=True)
            elif event.type == "disconnected" and event.fatal:
                sys.exit(event.message)
            elif event.name == "MESSAGE_CREATE" and not event.get("/author/bot", False):
                self.hear(event)
        if self.leaving is not None:
            await self.leaving

    def hear(self, message: gamebridge.Event) -> None:
        self.heard += 1
        print(f"{message.get('/author/username')}: {message.get('/content')}", flush=True)
        if self.heard == self.count:
            self.leave()
        elif self.leaving is None:
            # As often as it likes: the library sends the latest one, no more often than Discord takes it.
            game = {"name": f"heard {self.heard}", "type": 0}
            self.connection.send("PRESENCE_UPDATE", since=None, activities=[game], status="online", afk=False)


async def main(options: argparse.Namespace) -> None:
    async with gamebridge.AsyncClient() as gb:
        bot = Bot(gb, options)
        try:
            asyncio.get_running_loop().add_signal_handler(signal.SIGINT, bot.leave)
        except NotImplementedError:  # Windows: Ctrl-C ends the loop, and the session with it
            pass
        await bot.listen()


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

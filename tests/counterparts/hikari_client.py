"""hikari against our sandbox, unmodified but for the address: start, the guild with its members, a message received and one
posted, a session resumed after a dropped connection, another one after op 9."""

from __future__ import annotations

import asyncio
import base64
import sys

import hikari
from town import Host

GAME = "192741864418312192"


async def play(host: Host) -> None:
    ada = host.send("USER_CREATE", username="ada")["id"]
    guild = host.send("GUILD_CREATE", name="Harbour", members=[ada])["id"]
    channel = host.send("CHANNEL_CREATE", guild_id=guild, name="quay", type="GUILD_TEXT")["id"]
    host.send("APPLICATION_REGISTER", id=GAME, name="Ferry")
    # It reads an id out of the token, as Discord's begin with one.
    token = f"{base64.b64encode(GAME.encode()).decode()}.harbour.token-of-the-ferry"
    me = host.send("BOT_CREATE", application_id=GAME, token=token)["id"]
    host.send("GUILD_JOIN", guild_id=guild, user_id=me)

    bot = hikari.GatewayBot(
        token,
        rest_url=host.addresses["api"] + "/v10",
        intents=hikari.Intents.ALL,
        banner=None,
        suppress_optimization_warning=True,
        logs="WARNING",
    )
    guilds: asyncio.Queue[hikari.GatewayGuild] = asyncio.Queue()
    heard: asyncio.Queue[hikari.Message] = asyncio.Queue()
    ready: asyncio.Queue[str] = asyncio.Queue()
    resumed = asyncio.Event()

    @bot.listen()
    async def on_ready(event: hikari.ShardReadyEvent) -> None:
        ready.put_nowait(event.session_id)

    @bot.listen()
    async def on_resumed(_: hikari.ShardResumedEvent) -> None:
        resumed.set()

    @bot.listen()
    async def on_guild(event: hikari.GuildAvailableEvent) -> None:
        guilds.put_nowait(event.guild)

    @bot.listen()
    async def on_message(event: hikari.GuildMessageCreateEvent) -> None:
        if event.author_id != int(me):
            heard.put_nowait(event.message)

    def post(text: str) -> None:
        host.send("MESSAGE_POST", channel_id=channel, user_id=ada, content=text)

    async with asyncio.timeout(60):
        await bot.start(check_for_updates=False)
        first = await ready.get()
        known = await guilds.get()
        assert (known.name, known.member_count) == ("Harbour", 3), known
        members = bot.cache.get_members_view_for_guild(known.id)
        assert {member.username for member in members.values()} == {"Guest", "ada", "Ferry"}, members
        print("  READY, and the guild with its members")

        post("ahoy")
        message = await heard.get()
        assert (message.content, message.author.username) == ("ahoy", "ada"), message
        sent = await message.respond("ahoy yourself")
        await sent.edit("ahoy, ada")
        assert [m.content for m in await bot.rest.fetch_messages(int(channel))] == ["ahoy, ada", "ahoy"]
        await sent.delete()
        print("  a message received, one posted, edited, listed, deleted")

        host.send("GATEWAY_FAULT", fault="drop")
        post("while you were away")
        assert (await heard.get()).content == "while you were away"
        await resumed.wait()
        assert ready.empty()
        print("  resumed after a dropped connection, and nothing lost")

        host.send("GATEWAY_FAULT", fault="invalid_session", resumable=False)
        assert await ready.get() != first
        await guilds.get()
        post("a new session")
        assert (await heard.get()).content == "a new session"
        print("  another session after op 9")
        await bot.close()


def main() -> None:
    # It may identify again at once after op 9, which Discord holds against it.
    host = Host(sys.argv[1], {"strict": False}, sandbox=True)
    asyncio.run(play(host))
    host.close()


main()

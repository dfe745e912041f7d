"""discord.py against our sandbox, unmodified but for the address: start, READY, a message received and one posted, a
session resumed after a dropped connection. The second argument is the compression: discord.py takes zstd-stream when it
finds the package for it."""

from __future__ import annotations

import asyncio
import logging
import sys

if sys.argv[2] == "zlib-stream":
    sys.modules["zstandard"] = None

import discord
import yarl
from town import Host

GAME = "192741864418312192"


def point_at(host: Host) -> None:
    """The only thing that is not as it comes."""
    discord.http.Route.BASE = host.addresses["api"] + "/v10"
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(host.addresses["gateway"])


async def until(what: str, found) -> None:
    """Until something is so that no event of discord.py's tells; a deadline, and no pace."""
    async with asyncio.timeout(20):
        while not found():
            await asyncio.sleep(0.01)
    print(f"  {what}")


async def play(host: Host) -> None:
    point_at(host)
    ada = host.send("USER_CREATE", username="ada")["id"]
    guild = host.send("GUILD_CREATE", name="Harbour", members=[ada])["id"]
    channel = host.send("CHANNEL_CREATE", guild_id=guild, name="quay", type="GUILD_TEXT")["id"]
    host.send("APPLICATION_REGISTER", id=GAME, name="Ferry")
    bot = host.send("BOT_CREATE", application_id=GAME)
    host.send("GUILD_JOIN", guild_id=guild, user_id=bot["user"]["id"])

    client = discord.Client(intents=discord.Intents.all())
    ready, resumed, heard = asyncio.Event(), asyncio.Event(), asyncio.Queue()
    readies = []

    @client.event
    async def on_ready() -> None:
        readies.append(client.user.id)
        ready.set()

    @client.event
    async def on_resumed() -> None:
        resumed.set()

    @client.event
    async def on_message(message: discord.Message) -> None:
        if message.author != client.user:
            heard.put_nowait(message)

    running = asyncio.create_task(client.start(bot["token"]))

    async def first(waiting) -> object:
        """What is waited for, or why the client ended."""
        task = asyncio.ensure_future(waiting)
        done, _ = await asyncio.wait({task, running}, timeout=30, return_when=asyncio.FIRST_COMPLETED)
        if running in done:
            running.result()
        assert task in done, "nothing came within 30 seconds"
        return task.result()

    await first(ready.wait())
    assert str(client.user.id) == bot["user"]["id"] and client.user.name == "Ferry"
    known = client.get_guild(int(guild))
    assert known.name == "Harbour" and known.member_count == 3, known
    assert {member.name for member in known.members} == {"Guest", "ada", "Ferry"}, known.members
    print("  READY, and the guild with its members")

    def post(text: str) -> None:
        host.send("MESSAGE_POST", channel_id=channel, user_id=ada, content=text)

    post("ahoy")
    message = await first(heard.get())
    assert (message.content, message.author.name, message.channel.name) == ("ahoy", "ada", "quay"), message
    sent = await message.channel.send("ahoy yourself")
    assert sent.content == "ahoy yourself" and sent.author == client.user
    await sent.edit(content="ahoy, ada")
    assert [m.content async for m in message.channel.history(limit=5)] == ["ahoy, ada", "ahoy"]
    async with message.channel.typing():
        pass
    await sent.delete()
    assert [m.content async for m in message.channel.history(limit=5)] == ["ahoy"]
    print("  a message received, one posted, edited, listed, deleted")

    session = client.ws.session_id
    host.send("GATEWAY_FAULT", fault="drop")
    post("while you were away")
    await first(resumed.wait())
    message = await first(heard.get())
    assert message.content == "while you were away", message
    assert client.ws.session_id == session and len(readies) == 1
    print("  resumed after a dropped connection, and nothing lost")

    await client.change_presence(status=discord.Status.idle, activity=discord.Game("ferrying"))
    await until("its presence is the world's", lambda: presence(host, bot["user"]["id"]) == ("idle", "ferrying"))
    await client.close()
    await asyncio.wait({running}, timeout=10)


def presence(host: Host, user: str) -> tuple[str, str | None]:
    known = next(known for known in host.send("STATE", parts=["users"])["users"] if known["id"] == user)
    activity = known["activity"] or {}
    return known["status"], activity.get("activity", activity).get("name")


def main() -> None:
    logging.basicConfig(level=logging.WARNING)
    assert discord.utils._ActiveDecompressionContext.COMPRESSION_TYPE == sys.argv[2]
    host = Host(sys.argv[1], sandbox=True)
    asyncio.run(play(host))
    host.close()


main()

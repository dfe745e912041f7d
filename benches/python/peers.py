"""What others do with the same events, from READY to BENCH_END. Prints CPU seconds of the whole process.

    python peers.py discord.py|orjson      (BENCH_PORT: where the replay server is)

discord.py: its Gateway connection alone, which decodes every event; its models, which cost four times that, are left out.
orjson: as little as a Python program can do for a whole event: a blocking socket, frames, `orjson.loads`.
"""

import asyncio
import json
import os
import resource
import socket
import sys
import time

PORT = int(os.environ["BENCH_PORT"])


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class Meter:
    def __init__(self) -> None:
        self.started, self.used, self.events = time.perf_counter(), cpu(), 0

    def told(self) -> None:
        figures = {"events": self.events, "wall_s": time.perf_counter() - self.started, "cpu_s": cpu() - self.used}
        print(json.dumps(figures, separators=(",", ":")), flush=True)


async def discordpy() -> None:
    import discord
    import yarl
    from discord.gateway import DiscordWebSocket

    class Counting(discord.Client):
        meter: Meter | None = None
        over = False

        def dispatch(self, event: str, /, *args: object, **kwargs: object) -> None:
            if event != "socket_event_type":
                return
            if args[0] == "READY":
                self.meter = Meter()
            elif args[0] == "BENCH_END":
                self.over = True
            elif self.meter is not None:
                self.meter.events += 1

    client = Counting(intents=discord.Intents.all(), chunk_guilds_at_startup=False)
    state = client._connection
    state.parsers = {name: parse for name, parse in state.parsers.items() if name == "READY"}

    async def nobody_asks_discord(*_: object, **__: object) -> dict[str, object]:
        user = {"id": "1", "username": "bench", "discriminator": "0", "avatar": None}
        application = {"name": "bench", "icon": None, "description": "", "bot_public": True, "bot_require_code_grant": False}
        return {**user, **application, "owner": user, "verify_key": "", "flags": 0}

    client.http.request = nobody_asks_discord
    async with client:
        await client.login("MQ.bench.token")
        gateway = yarl.URL(f"ws://127.0.0.1:{PORT}/")
        connection = await DiscordWebSocket.from_client(client, initial=True, gateway=gateway, compress=False)
        while not client.over:
            await connection.poll_event()
        assert client.meter is not None
        client.meter.told()
    os._exit(0)


def floor() -> None:
    import orjson

    peer = socket.create_connection(("127.0.0.1", PORT))
    peer.sendall(
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    stream = peer.makefile("rb", 65536)
    while stream.readline() not in (b"\r\n", b""):
        pass
    meter = None
    while True:
        head = stream.read(2)
        length = head[1] & 127
        if length >= 126:
            length = int.from_bytes(stream.read(2 if length == 126 else 8), "big")
        message = orjson.loads(stream.read(length))
        name = message["t"]
        if message["op"] == 10:
            text = orjson.dumps({"op": 2, "d": {"token": "x", "intents": 513, "properties": {}}})
            # Masked with zeroes.
            peer.sendall(bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text)
        elif name == "READY":
            meter = Meter()
        elif name == "BENCH_END":
            break
        elif meter is not None:
            meter.events += 1
    assert meter is not None
    meter.told()


if sys.argv[1] == "discord.py":
    asyncio.run(discordpy())
else:
    floor()

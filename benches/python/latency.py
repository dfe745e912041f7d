"""From a server's write to the program's code: events at 2 kHz that carry the time.

    python latency.py iterate|aio|bare FOLDER

iterate: `for event in client`. aio: `async for`. bare: asyncio's `add_reader` on the socket itself, which is the floor.
The server is a process of its own and bare: it greets, and then writes an event every half millisecond. Prints microseconds.
"""

import asyncio
import json
import os
import socket
import struct
import subprocess
import sys
import time

CLIENT_ID = "192741864418312192"
EVENTS = 10_000
WARM = 1_000
PERIOD = 0.0005


def frame(message: object, opcode: int = 1) -> bytes:
    text = json.dumps(message).encode()
    return struct.pack("<II", opcode, len(text)) + text


READY = {
    "cmd": "DISPATCH",
    "evt": "READY",
    "nonce": None,
    "data": {
        "v": 1,
        "config": {"cdn_host": "", "api_endpoint": "", "environment": "production"},
        "user": {"id": "1", "username": "bench", "discriminator": "0", "avatar": None},
    },
}


def serve(listener: socket.socket) -> None:
    peer, _ = listener.accept()
    peer.recv(4096)
    peer.sendall(frame(READY))
    next_at = time.monotonic()
    for _ in range(EVENTS):
        next_at += PERIOD
        time.sleep(max(0.0, next_at - time.monotonic()))
        secret = f"{time.monotonic_ns():020}"
        peer.sendall(frame({"cmd": "DISPATCH", "evt": "ACTIVITY_JOIN", "nonce": None, "data": {"secret": secret}}))
    peer.recv(4096)


def told(took: list[int]) -> None:
    took = sorted(took[WARM:])
    print(f"latency_us_p50 {took[len(took) // 2] / 1e3:.1f}")
    print(f"latency_us_p99 {took[len(took) * 99 // 100] / 1e3:.1f}")


def iterate(path: str) -> None:
    import gamebridge

    took: list[int] = []
    with gamebridge.Client() as client:
        client.connect("rpc", client_id=CLIENT_ID, path=path)
        for event in client:
            if event.name == "ACTIVITY_JOIN":
                took.append(time.monotonic_ns() - int(event["secret"]))
                if len(took) == EVENTS:
                    break
    told(took)


async def aio(path: str) -> None:
    import gamebridge

    took: list[int] = []
    async with gamebridge.AsyncClient() as client:
        await client.connect("rpc", client_id=CLIENT_ID, path=path)
        async for event in client:
            if event.name == "ACTIVITY_JOIN":
                took.append(time.monotonic_ns() - int(event["secret"]))
                if len(took) == EVENTS:
                    break
    told(took)


async def bare(path: str) -> None:
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    took: list[int] = []
    held = b""
    peer = socket.socket(socket.AF_UNIX)
    peer.connect(path)
    peer.sendall(frame({"v": 1, "client_id": CLIENT_ID}, 0))

    def readable() -> None:
        nonlocal held
        held += peer.recv(65536)
        while len(held) >= 8 and len(held) >= (length := 8 + struct.unpack_from("<I", held, 4)[0]):
            message, held = json.loads(held[8:length]), held[length:]
            if message["evt"] == "ACTIVITY_JOIN":
                took.append(time.monotonic_ns() - int(message["data"]["secret"]))
        if len(took) == EVENTS and not done.done():
            done.set_result(None)

    loop.add_reader(peer.fileno(), readable)
    await done
    loop.remove_reader(peer.fileno())
    peer.close()
    told(took)


if sys.argv[1] == "serve":
    serve(socket.socket(fileno=int(sys.argv[2])))
else:
    path = os.path.join(sys.argv[2], f"latency-{sys.argv[1]}")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(1)
    command = [sys.executable, __file__, "serve", str(listener.fileno())]
    with subprocess.Popen(command, pass_fds=[listener.fileno()]):
        if sys.argv[1] == "iterate":
            iterate(path)
        else:
            asyncio.run({"aio": aio, "bare": bare}[sys.argv[1]](path))
    os.unlink(path)

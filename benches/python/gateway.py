"""The replay's events through `async for`, from READY to BENCH_END. Prints CPU seconds of the whole process.

    python gateway.py name|fields|dict        (BENCH_PORT: where the replay server is)

name: the name alone. fields: the name, and two fields of every event by `get`. dict: the name, and the whole event decoded.
"""

import asyncio
import json
import os
import resource
import sys
import time

import gamebridge


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def main(level: str) -> None:
    async with gamebridge.AsyncClient() as gb:
        await gb.connect("gateway", token="x", intents=513, url=f"ws://127.0.0.1:{os.environ['BENCH_PORT']}/")
        started, used, events = time.perf_counter(), cpu(), 0
        async for event in gb:
            name = event.name
            if name == "BENCH_END":
                break
            if level == "fields":
                event.get("/id"), event.get("/channel_id")
            elif level == "dict":
                event.data
            events += 1
        figures = {"events": events, "wall_s": time.perf_counter() - started, "cpu_s": cpu() - used}
        print(json.dumps(figures, separators=(",", ":")))


asyncio.run(main(sys.argv[1]))

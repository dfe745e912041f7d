"""What a client does to its process: exit, fork, Ctrl-C, the collector, and a thousand clients in a row."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import textwrap
import threading
import time
import warnings
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gamebridge
import pytest
from leftovers import swept_up
from worlds import LONG

unix = pytest.mark.skipif(sys.platform == "win32", reason="there is no fork, and no such signal, here")

START = """
import asyncio, os, signal, sys, threading, time
import gamebridge

def world(**options):
    gb = gamebridge.Client(**options)
    server = gb.serve("rpc", transport="ipc", folder=sys.argv[1])
    return gb, server, gb.connect("rpc", client_id="1234", path=server.ready()["ipc"])

"""


def python(script: str, folder: Path, *, interrupt_at: str | None = None) -> subprocess.CompletedProcess[str]:
    """Runs a script in an interpreter of its own; sends Ctrl-C a moment after it printed `interrupt_at`."""
    command = [sys.executable, "-X", "dev", "-c", START + textwrap.dedent(script), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            if interrupt_at is not None:
                assert process.stdout is not None
                assert process.stdout.readline().strip() == interrupt_at
                time.sleep(0.1)
                process.send_signal(2)
            out, err = process.communicate(timeout=LONG)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def succeeded(ran: subprocess.CompletedProcess[str]) -> str:
    errors = [line for line in ran.stderr.splitlines() if "ResourceWarning" not in line and "Enable tracemalloc" not in line and line.strip()]
    assert ran.returncode == 0 and not [line for line in errors if "gamebridge" in line or "Error" in line], ran.stderr
    return ran.stdout


STATES = {
    "made": "gb = gamebridge.Client()",
    "connecting": 'gb = gamebridge.Client(); gb.connect_nowait("rpc", client_id="1", path="/nowhere/x")',
    "connected": "gb, server, rpc = world()",
    "closed": "gb, server, rpc = world(); gb.close()",
    "events wait": 'gb, server, rpc = world(); rpc.request("SET_ACTIVITY", activity={"state": "In menu"})',
    "requests are outstanding": 'gb, server, rpc = world(); [gb._hub.begin(server.id, "STATE", None, None, None) for _ in range(50)]',
    "an event is held": "gb, server, rpc = world(); event = gb.poll(); del gb",
    "a thread iterates": "gb, server, rpc = world(); threading.Thread(target=lambda: list(gb), daemon=True).start(); time.sleep(0.05)",
    "a thread that is no daemon iterates": """
gb, server, rpc = world()
threading.Thread(target=lambda: list(gb)).start()
""",
    "a thread that is no daemon waits": """
gb = gamebridge.Client()
gb.connect_nowait("rpc", client_id="1", path="/nowhere/x")
threading.Thread(target=gb.wait).start()
threading.excepthook = lambda *_: None
""",
    "a thread waits for a reply": """
gb = gamebridge.Client()
rpc = gb.connect_nowait("rpc", client_id="1", path="/nowhere/x")
threading.Thread(target=lambda: rpc.request("GET_GUILDS"), daemon=True).start()
time.sleep(0.05)
threading.excepthook = lambda *_: None
""",
    "threads lead and follow": """
gb, server, rpc = world()
gb.poll_all()
for _ in range(4):
    threading.Thread(target=lambda: [gb.wait() for _ in range(9)], daemon=True).start()
time.sleep(0.05)
threading.excepthook = lambda *_: None
""",
    "asyncio, open": """
async def main():
    global gb
    gb = gamebridge.AsyncClient()
    await gb.serve("rpc", transport="ipc", folder=sys.argv[1])
asyncio.run(main())
""",
    "asyncio, told by a thread": """
class NoReaders(asyncio.SelectorEventLoop):
    def add_reader(self, *_): raise NotImplementedError
async def main():
    global gb
    gb = gamebridge.AsyncClient()
    await gb.serve("rpc", transport="ipc", folder=sys.argv[1])
loop = NoReaders()
loop.run_until_complete(main())
loop.close()
""",
    "in a reference cycle": "gb, server, rpc = world(); loop = [gb]; loop.append(loop); del gb, loop",
    "an exception is on its way": "gb, server, rpc = world()\ntry: raise LookupError\nexcept LookupError as error: kept = error",
}


@pytest.mark.parametrize("state", STATES)
def test_exit_with_a_live_client(state: str, folder: Path) -> None:
    # Threads that the exit overtakes say that they were told so, which is no fault.
    script = STATES[state] + '\nprint("at the end", flush=True)\n'
    began = time.monotonic()
    assert succeeded(python(script, folder)) == "at the end\n"
    assert time.monotonic() - began < LONG / 2


@unix
def test_ctrl_c_ends_every_wait(folder: Path) -> None:
    waits = {
        "wait": "gb.wait()",
        "iteration": "for event in gb: pass",
        "request": 'gb.connect_nowait("rpc", client_id="1", path="/nowhere/x").request("GET_GUILDS")',
        "connect": 'gb.connect("rpc", client_id="1", path="/nowhere/x")',
        "ready": 'gb.connect_nowait("rpc", client_id="1", path="/nowhere/x").ready()',
        "following": "threading.Thread(target=gb.wait, daemon=True).start(); time.sleep(0.05); gb.wait()",
    }
    for name, wait in waits.items():
        script = f"""
gb, server, rpc = world()
gb.poll_all()
print("waiting", flush=True)
try:
    while True:
        {wait}
except KeyboardInterrupt:
    print("interrupted", rpc.request("SET_ACTIVITY", activity={{"state": "In menu"}})["state"])
threading.excepthook = lambda *_: None
gb.close()
"""
        assert succeeded(python(script, folder, interrupt_at="waiting")) == "interrupted In menu\n", name


@unix
def test_ctrl_c_ends_asyncio(folder: Path) -> None:
    script = """
async def main():
    async with gamebridge.AsyncClient() as gb:
        await gb.serve("rpc", transport="ipc", folder=sys.argv[1])
        print("waiting", flush=True)
        async for event in gb:
            pass
try:
    asyncio.run(main())
except KeyboardInterrupt:
    print("interrupted")
"""
    assert succeeded(python(script, folder, interrupt_at="waiting")) == "interrupted\n"


@unix
def test_a_forked_child_is_refused_and_the_parent_none_the_worse(folder: Path) -> None:
    script = """
import warnings
warnings.simplefilter("ignore")
gb, server, rpc = world()
kept = gb.poll()
threading.Thread(target=lambda: list(gb), daemon=True).start()
time.sleep(0.05)
child = os.fork()
if child == 0:
    refused = 0
    for call in (gb.poll, gb.poll_all, gb.wait, gb.fileno, lambda: next(iter(gb)), rpc.ready,
                 lambda: rpc.request("SET_ACTIVITY"), lambda: rpc.send("SET_ACTIVITY"), lambda: gb.connect("rpc", client_id="1")):
        try:
            call()
        except gamebridge.ForkedError:
            refused += 1
    assert refused == 9, refused
    assert kept.name == "CONNECTED" and kept.data["ipc"]
    gb.close()
    folder = os.path.join(sys.argv[1], "child")
    os.mkdir(folder, 0o700)
    with gamebridge.Client() as own:
        assert own.serve("rpc", transport="ipc", folder=folder).ready()["ipc"].startswith(folder)
    del gb, rpc, server
    sys.exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
assert rpc.request("SET_ACTIVITY", activity={"state": "In menu"})["state"] == "In menu"
gb.close()
print("parent well")
"""
    assert succeeded(python(script, folder)) == "parent well\n"


@unix
def test_a_forked_child_of_asyncio_is_refused_and_the_parent_none_the_worse(folder: Path) -> None:
    script = """
import warnings
warnings.simplefilter("ignore")
async def main():
    async with gamebridge.AsyncClient() as gb:
        server = await gb.serve("rpc", transport="ipc", folder=sys.argv[1])
        rpc = await gb.connect("rpc", client_id="1234", path=(await server.ready())["ipc"])
        child = os.fork()
        if child == 0:
            refused = 0
            for call in (gb.poll, gb.poll_all, lambda: rpc.send("SET_ACTIVITY"), lambda: gb.connect_nowait("rpc", client_id="1")):
                try:
                    call()
                except gamebridge.ForkedError:
                    refused += 1
            for wait in (rpc.request("SET_ACTIVITY"), gb.wait(), gb.wait(1), rpc.ready()):
                try:
                    await wait
                except gamebridge.ForkedError:
                    refused += 1
            await gb.close()
            os._exit(refused)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 8
        assert (await rpc.request("SET_ACTIVITY", activity={"state": "In menu"}))["state"] == "In menu"
asyncio.run(main())
print("parent well")
"""
    assert succeeded(python(script, folder)) == "parent well\n"


@unix
def test_multiprocessing_may_fork_a_process_that_has_a_client(folder: Path) -> None:
    script = """
import multiprocessing, warnings
warnings.simplefilter("ignore")
def work(queue):
    queue.put("done")
gb, server, rpc = world()
context = multiprocessing.get_context("fork")
queue = context.Queue()
process = context.Process(target=work, args=(queue,))
process.start()
print(queue.get())
process.join()
assert process.exitcode == 0
gb.close()
"""
    assert succeeded(python(script, folder)) == "done\n"


def test_the_last_reference_closes_and_says_so(folder: Path) -> None:
    gb = gamebridge.Client()
    server = gb.serve("rpc", transport="ipc", folder=str(folder))
    gone = weakref.ref(gb)
    with pytest.warns(ResourceWarning, match="unclosed <Client open>"):
        del gb
        gc.collect()
    assert gone() is None and server.closed


def test_a_cycle_is_collected(folder: Path) -> None:
    class Game:
        def __init__(self) -> None:
            self.gb = gamebridge.Client()
            self.me = self

    game = Game()
    gone = weakref.ref(game)
    game.gb.close()
    del game
    gc.collect()
    assert gone() is None


def resident_kb() -> int:
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


@pytest.fixture
def swept() -> None:
    """What tests before left to the collector (pypresence's loops) is gone."""
    with swept_up():
        pass


def flat(test: Any) -> Any:
    """One of those that count what is left behind after many rounds."""
    test = pytest.mark.usefixtures("swept")(test)
    return pytest.mark.once(pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="needs /proc")(test))


def census() -> tuple[int, int, int]:
    """Threads, descriptors, KB of memory."""
    gc.collect()
    return len(os.listdir("/proc/self/task")), len(os.listdir("/proc/self/fd")), resident_kb()


def assert_flat(before: tuple[int, int, int], after: tuple[int, int, int]) -> None:
    assert after[:2] == before[:2]
    assert after[2] - before[2] < 2000, f"{after[2] - before[2]} KB more"


def is_flat(one: Callable[[], object], times: int) -> None:
    """After a tenth as many to warm up, it leaves no thread, no descriptor and next to no memory behind."""
    for _ in range(times // 10):
        one()
    before = census()
    for _ in range(times):
        one()
    assert_flat(before, census())


@flat
def test_a_thousand_clients_leave_nothing_behind(folder: Path) -> None:
    def one() -> None:
        with gamebridge.Client() as gb:
            server = gb.serve("rpc", transport="ipc", folder=str(folder))
            rpc = gb.connect("rpc", client_id="1234", path=server.ready()["ipc"])
            rpc.request("SET_ACTIVITY", activity={"state": "In menu"})
            gb.fileno()
            assert len(gb.poll_all()) >= 3

    is_flat(one, 1000)


@flat
@pytest.mark.parametrize("kind", ["reader", "notifier"])
def test_asyncio_clients_leave_nothing_behind(folder: Path, kind: str) -> None:
    class NoReaders(asyncio.SelectorEventLoop):
        def add_reader(self, *_: Any) -> None:  # type: ignore[override]
            raise NotImplementedError

    async def one() -> None:
        async with gamebridge.AsyncClient() as gb:
            server = await gb.serve("rpc", transport="ipc", folder=str(folder))
            rpc = await gb.connect("rpc", client_id="1234", path=(await server.ready())["ipc"])
            await rpc.request("SET_ACTIVITY", activity={"state": "In menu"})
            assert len(gb.poll_all()) >= 3

    loop = NoReaders() if kind == "notifier" else asyncio.new_event_loop()
    try:
        is_flat(lambda: loop.run_until_complete(one()), 300)
    finally:
        loop.close()


@flat
def test_connections_of_one_client_leave_nothing_behind(folder: Path) -> None:
    with gamebridge.Client() as gb:
        server = gb.serve("rpc", transport="ipc", folder=str(folder))
        path = server.ready()["ipc"]

        def one() -> None:
            with gb.connect("rpc", client_id="1234", path=path) as rpc:
                rpc.send("SET_ACTIVITY", activity={"state": "In menu"})
                with rpc.with_timeout(1) as quick:
                    quick.request("UNSUBSCRIBE", evt="ACTIVITY_SPECTATE")
            gb.poll_all(10_000)

        is_flat(one, 300)


@flat
def test_requests_that_are_given_up_leave_nothing_behind(folder: Path) -> None:
    async def main() -> None:
        async with gamebridge.AsyncClient() as gb:
            rpc = gb.connect_nowait("rpc", client_id="1", path=str(folder / "discord-ipc-0"))
            server = await gb.serve("rpc", transport="ipc", folder=str(folder / "own"))

            async def one() -> None:
                asking = [asyncio.ensure_future(rpc.request("GET_GUILDS")) for _ in range(5)]
                await asyncio.sleep(0)
                for task in asking:
                    task.cancel()
                await asyncio.gather(*asking, return_exceptions=True)
                # The core has given them up when this is answered.
                await server.request("STATE")

            for _ in range(50):
                await one()
            before = census()
            for _ in range(300):
                await one()
            assert_flat(before, census())

    (folder / "own").mkdir(mode=0o700)
    asyncio.run(main())


@flat
def test_what_failed_leaves_nothing_behind(folder: Path) -> None:
    with gamebridge.Client() as gb:
        server = gb.serve("rpc", transport="ipc", folder=str(folder))

        def misuse() -> None:
            for wrong in ({"activity": {1}}, {"activity": {"state": "x"}}, {"pid": float("nan")}, 5):
                try:
                    server.request("GUILD_CREATE", wrong)  # type: ignore[arg-type]
                except (TypeError, ValueError):
                    pass
            try:
                gb.connect("rpc", client_id="1", path=str(folder / "nobody"), retry=False)
            except gamebridge.ConnectionClosed:
                pass
            gb.poll_all()

        for _ in range(200):
            misuse()
        gc.collect()
        objects, resident = len(gc.get_objects()), resident_kb()
        for _ in range(1000):
            misuse()
        gc.collect()
        assert len(gc.get_objects()) - objects < 50
        assert resident_kb() - resident < 2000


def test_no_warning_when_closed(folder: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gb = gamebridge.Client()
        gb.close()
        del gb
        gc.collect()
    assert threading.active_count() >= 1

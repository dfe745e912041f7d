"""Our server, for a game in another process: prints its socket's path (`ipc ...`) and ends with its input."""

import sys

import gamebridge

with gamebridge.Client() as client:
    server = client.serve("rpc", transport="ipc", commands_per_second=0)
    print("ipc", server.ready()["ipc"], flush=True)
    sys.stdin.read()

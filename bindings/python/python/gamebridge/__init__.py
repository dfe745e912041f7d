"""gamebridge: Discord from Python. Local RPC, a headless RPC server of one's own, the Gateway; blocking or asyncio.

    with gamebridge.Client() as gb:
        rpc = gb.connect("rpc", client_id="1234")
        rpc.request("SET_ACTIVITY", activity={"state": "In menu"})
        for event in gb:
            print(event.name, event.get("/user/username"))

`AsyncClient` has the same for asyncio. The commands, events and parameters are in the project's docs/reference.md.
"""

from ._aio import AsyncClient, AsyncConnection
from ._client import Client, Connection
from ._errors import (
    AuthError,
    ConnectionClosed,
    ForkedError,
    GamebridgeError,
    InternalError,
    QueueFull,
    RateLimited,
    RemoteError,
    RequestTimeout,
)
from ._native import Event, __version__
from ._words import EventType, LogLevel, Status
from .activity import Activity, ActivityType, Button, PartyPrivacy, Platform, StatusDisplayType
from .launch import register_launch, unregister_launch
from .permissions import Permissions
from .presence import AioPresence, Presence
from .snowflake import Snowflake

__all__ = [
    "Activity",
    "ActivityType",
    "AioPresence",
    "AsyncClient",
    "AsyncConnection",
    "AuthError",
    "Button",
    "Client",
    "Connection",
    "ConnectionClosed",
    "Event",
    "EventType",
    "ForkedError",
    "GamebridgeError",
    "InternalError",
    "LogLevel",
    "PartyPrivacy",
    "Permissions",
    "Platform",
    "Presence",
    "QueueFull",
    "RateLimited",
    "RemoteError",
    "RequestTimeout",
    "Snowflake",
    "Status",
    "StatusDisplayType",
    "__version__",
    "register_launch",
    "unregister_launch",
]

"""Discords that do not do what one hopes for: a socket that refuses, hangs up, or says as much as the test wants."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

READY = {
    "cmd": "DISPATCH",
    "evt": "READY",
    "data": {"v": 1, "config": {}, "user": {"id": "1", "username": "ada", "discriminator": "0", "avatar": None}},
    "nonce": None,
}


class Stubborn:
    """Listens at a local socket and takes one peer after the other, in a thread."""

    def __init__(self, folder: Path) -> None:
        self.path = str(folder / "discord-ipc-0")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen()
        self._peers: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                peer, _ = self._listener.accept()
                self._peers.append(peer)
                with contextlib.suppress(OSError):
                    self.meet(peer)

    def meet(self, peer: socket.socket) -> None:
        """What it does with a peer."""
        raise NotImplementedError

    @staticmethod
    def read(peer: socket.socket) -> Any:
        """The next frame's JSON."""

        def exactly(count: int) -> bytes:
            data = b""
            while len(data) < count:
                more = peer.recv(count - len(data))
                if not more:
                    raise ConnectionResetError
                data += more
            return data

        _, length = struct.unpack("<II", exactly(8))
        return json.loads(exactly(length))

    @staticmethod
    def write(peer: socket.socket, opcode: int, message: Any) -> None:
        """A frame."""
        data = json.dumps(message).encode()
        peer.sendall(struct.pack("<II", opcode, len(data)) + data)

    def __enter__(self) -> Any:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Closing alone would not wake the thread.
        for open in (self._listener, *self._peers):
            with contextlib.suppress(OSError):
                open.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        for open in (self._listener, *self._peers):
            open.close()


class Refusing(Stubborn):
    """Closes who comes, with a frame or without a word."""

    def __init__(self, folder: Path, reason: dict[str, Any] | None) -> None:
        super().__init__(folder)
        self._reason = reason

    def meet(self, peer: socket.socket) -> None:
        self.read(peer)
        if self._reason is not None:
            self.write(peer, 2, self._reason)
        peer.shutdown(socket.SHUT_RDWR)


class Silent(Stubborn):
    """Answers nothing: not even the handshake, or everything after it."""

    def __init__(self, folder: Path, *, ready: bool) -> None:
        super().__init__(folder)
        self._ready = ready
        self._asked: list[tuple[socket.socket, Any]] = []
        self._more = threading.Condition()

    def meet(self, peer: socket.socket) -> None:
        self.read(peer)
        if self._ready:
            self.write(peer, 1, READY)
        while True:
            message = self.read(peer)
            with self._more:
                self._asked.append((peer, message))
                self._more.notify_all()

    def asked(self) -> tuple[socket.socket, Any]:
        """The next command, and who sent it."""
        with self._more:
            assert self._more.wait_for(lambda: self._asked, 20), "no command came"
            return self._asked.pop(0)

    def refuse(self, code: int, message: str) -> None:
        """Answers the next command after all, with an error."""
        peer, asked = self.asked()
        data = {"code": code, "message": message}
        self.write(peer, 1, {"cmd": asked["cmd"], "evt": "ERROR", "data": data, "nonce": asked["nonce"]})

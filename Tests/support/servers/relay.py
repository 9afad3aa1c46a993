"""Octets carried from one socket to another: between the client and a scripted server is a
socket of the file system, or a proxy."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from pathlib import Path

from support.servers.scripted import ScriptedServer

# The other end for a client that has come; None sends it away.
Dial = Callable[[socket.socket], socket.socket | None]


class Relay:
    """Accepts at `listener`, and carries to what `dial` connects to."""

    def __init__(self, listener: socket.socket, dial: Dial) -> None:
        self._listener = listener
        self._dial = dial
        self._sockets: list[socket.socket] = []
        self._copies: list[threading.Thread] = []
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                self._sockets.append(near)
                far = self._dial(near)
                if far is None:
                    near.shutdown(socket.SHUT_RDWR)
                    continue
                self._sockets.append(far)
                for ends in ((near, far), (far, near)):
                    copy = threading.Thread(target=self._copy, args=ends, daemon=True)
                    copy.start()
                    self._copies.append(copy)

    @staticmethod
    def _copy(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while octets := source.recv(65536):
                target.sendall(octets)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def end(self) -> None:
        end(self._listener, self._acceptor, self._sockets, self._copies)

    def __enter__(self) -> Relay:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()


def end(
    listener: socket.socket,
    acceptor: threading.Thread,
    sockets: list[socket.socket],
    threads: list[threading.Thread],
) -> None:
    """Ends a server whose threads read from these sockets."""
    with contextlib.suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)
    acceptor.join()
    listener.close()
    for each in sockets:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
    for thread in threads:
        thread.join()
    for each in sockets:
        each.close()


def relayed(path: Path, server: ScriptedServer) -> Relay:
    """A socket in the file system, behind which a scripted server stands."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen()
    return Relay(listener, lambda _: socket.create_connection((server.host, server.port)))

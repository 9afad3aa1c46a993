"""A proxy that connects to real servers: SOCKS 5 or CONNECT, in the clear or under TLS."""

from __future__ import annotations

import contextlib
import ipaddress
import select
import socket
import ssl
import struct
import threading

from support.servers import relay
from support.servers.certificates import Identity
from support.slowness import PATIENCE


class TunnelProxy:
    """On a port of 127.0.0.1 that the kernel chooses, for everybody; `kind` is the scheme of its
    URL. With `login` SOCKS asks for one, and takes any. One thread for each client: TLS is not
    for two."""

    def __init__(self, kind: str, identity: Identity | None = None, *, login: bool = False) -> None:
        self._kind = kind
        self._asks = login
        self._identity = identity
        #: What was asked for.
        self.targets: list[tuple[str, int]] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    def __enter__(self) -> TunnelProxy:
        return self

    def __exit__(self, *_: object) -> None:
        relay.end(self._listener, self._acceptor, self._sockets, self._threads)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._sockets.append(client)
                thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
                thread.start()
                self._threads.append(thread)

    def _serve(self, client: socket.socket) -> None:
        client.settimeout(PATIENCE)
        with contextlib.suppress(OSError):
            if self._identity is not None:
                context = self._identity.server_context()
                client = context.wrap_socket(client, server_side=True)
                self._sockets.append(client)
            if self._kind.startswith("http"):
                target, answer = _asked_by_http(client), b"HTTP/1.1 200 OK\r\n\r\n"
            else:
                target, answer = _asked_by_socks(client, self._asks), b"\5\0\0\1" + bytes(6)
            self.targets.append(target)
            server = socket.create_connection(target, timeout=PATIENCE)
            self._sockets.append(server)
            client.sendall(answer)
            _carry(client, server)


def _exactly(client: socket.socket, count: int) -> bytes:
    octets = b""
    while len(octets) < count:
        more = client.recv(count - len(octets))
        if not more:
            raise ConnectionError("closed too early")
        octets += more
    return octets


def _asked_by_http(client: socket.socket) -> tuple[str, int]:
    header = b""
    while not header.endswith(b"\r\n\r\n"):
        header += _exactly(client, 1)
    host, _, port = header.split(b" ")[1].decode().rpartition(":")
    return host.strip("[]"), int(port)


def _asked_by_socks(client: socket.socket, login: bool) -> tuple[str, int]:
    _exactly(client, _exactly(client, 2)[1])
    client.sendall(b"\5\2" if login else b"\5\0")
    if login:
        _exactly(client, _exactly(client, 2)[1])
        _exactly(client, _exactly(client, 1)[0])
        client.sendall(b"\1\0")
    kind = _exactly(client, 4)[3]
    if kind == 3:
        host = _exactly(client, _exactly(client, 1)[0]).decode()
    else:
        host = str(ipaddress.ip_address(_exactly(client, {1: 4, 4: 16}[kind])))
    return host, struct.unpack(">H", _exactly(client, 2))[0]


def _carry(client: socket.socket, server: socket.socket) -> None:
    """Until the server has closed."""
    watched = [client, server]
    while True:
        # What TLS has read already makes no descriptor readable.
        has_more = isinstance(client, ssl.SSLSocket) and client in watched and client.pending()
        ready = [client] if has_more else select.select(watched, [], [], PATIENCE)[0]
        if not ready:
            return
        for source in ready:
            octets = source.recv(65536)
            if octets:
                (server if source is client else client).sendall(octets)
            elif source is client:
                watched.remove(client)
                server.shutdown(socket.SHUT_WR)
            else:
                # The end below TLS too: the client looks at either.
                with contextlib.suppress(OSError):
                    client.shutdown(socket.SHUT_RDWR)
                return

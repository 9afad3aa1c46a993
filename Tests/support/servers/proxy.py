"""A caller's way through an HTTP proxy (RFC 9110 section 9.3.6): the proxy, and
what a program does before it hands its socket to the library."""

from __future__ import annotations

import base64
import socket

from support.servers.relay import Relay
from support.slowness import PATIENCE

HEADER_END = b"\r\n\r\n"


def _header(connection: socket.socket) -> bytes:
    """Octet by octet: what follows the header belongs to somebody else."""
    header = b""
    while not header.endswith(HEADER_END):
        octet = connection.recv(1)
        if not octet:
            raise ConnectionError(f"closed inside a header: {header!r}")
        header += octet
    return header


class Proxy:
    """An HTTP proxy on a port of 127.0.0.1 that the kernel chooses, for everybody
    or for those who give these credentials, "user:password"."""

    def __init__(self, credentials: str | None = None) -> None:
        self._credentials = credentials
        listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = listener.getsockname()[1]
        #: The first line of each request.
        self.requests: list[str] = []
        self._relay = Relay(listener, self._dial)

    def _dial(self, client: socket.socket) -> socket.socket | None:
        client.settimeout(PATIENCE)
        request, *fields = _header(client).decode().split("\r\n")
        client.settimeout(None)
        self.requests.append(request)
        if self._credentials is not None:
            expected = base64.b64encode(self._credentials.encode()).decode()
            if f"Proxy-Authorization: Basic {expected}" not in fields:
                client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
                return None
        host, _, port = request.split(" ")[1].rpartition(":")
        server = socket.create_connection((host, int(port)))
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        return server

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        self._relay.end()


def ask(proxy: Proxy, host: str, port: int, credentials: str | None = None) -> socket.socket:
    """A connection to the proxy, on which a tunnel was asked for."""
    lines = [f"CONNECT {host}:{port} HTTP/1.1", f"Host: {host}:{port}"]
    if credentials is not None:
        basic = base64.b64encode(credentials.encode()).decode()
        lines.append(f"Proxy-Authorization: Basic {basic}")
    connection = socket.create_connection(("127.0.0.1", proxy.port))
    connection.sendall("\r\n".join(lines).encode() + HEADER_END)
    return connection


def open_tunnel(
    proxy: Proxy, host: str, port: int, credentials: str | None = None
) -> socket.socket:
    """The same, and the proxy has agreed: the next octet is the server's."""
    connection = ask(proxy, host, port, credentials)
    status = _header(connection).split(b" ")[1]
    assert status == b"200", f"the proxy answered {status!r}"
    return connection

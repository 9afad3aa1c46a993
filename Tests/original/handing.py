"""Connections on sockets that the test has made."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

from conftest import Opener
from support.drive import Connection
from support.drive.separate import handed
from support.servers.certificates import Certificates
from support.servers.proxy import Proxy, open_tunnel
from support.servers.scripted import ScriptedServer


@contextlib.contextmanager
def handing(
    certificates: Certificates, made: socket.socket, server: ScriptedServer, **options: str | int
) -> Iterator[Connection]:
    """A connection on this socket, not connected yet as far as it goes; the host is
    the name that certificates are checked against."""
    with handed(made) as (drive, number):
        opener = Opener(drive, certificates)
        yield opener(server, connection=number, **{"host": "localhost", **options})


@contextlib.contextmanager
def tunnelled(
    certificates: Certificates, server: ScriptedServer, **options: str | int
) -> Iterator[Connection]:
    """The same, through a proxy that lets everybody through."""
    with Proxy() as proxy:
        tunnel = open_tunnel(proxy, server.host, server.port)
        with handing(certificates, tunnel, server, **options) as connection:
            yield connection

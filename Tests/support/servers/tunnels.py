"""What a proxy says until it lets a client through: the beginning of a dialogue, in which the
peer is the proxy first and the server after that."""

from __future__ import annotations

import base64
import ipaddress
import struct
from collections.abc import Callable

from support.servers.scripted import Dialogue, Peer

#: The host that the proxy was asked for, with a mark for a name, and the port.
Target = tuple[str, str, int]
Tunnel = Callable[[Peer], Target]

USER, PASSWORD = "somebody", "se same:@%"
NO_ADDRESS = b"\1\0\0\0\0\0\0"


def socks_login(peer: Peer, login: tuple[str, str] | None = None) -> None:
    """The choice of a method (RFC 1928 section 3), and the login of RFC 1929."""
    assert peer.octets(1) == b"\5"
    methods = peer.octets(peer.octets(1)[0])
    if login is None:
        peer.send(b"\5\0")
        return
    assert methods == b"\0\2"
    peer.send(b"\5\2")
    assert peer.octets(1) == b"\1"
    user = peer.octets(peer.octets(1)[0]).decode()
    password = peer.octets(peer.octets(1)[0]).decode()
    assert (user, password) == login
    peer.send(b"\1\0")


def socks_request(peer: Peer) -> Target:
    """The request to connect (RFC 1928 section 4)."""
    version, command, reserved, kind = peer.octets(4)
    assert (version, command, reserved) == (5, 1, 0)
    if kind == 3:
        host, shown = peer.octets(peer.octets(1)[0]).decode(), "name"
    else:
        host = str(ipaddress.ip_address(peer.octets({1: 4, 4: 16}[kind])))
        shown = "address"
    return shown, host, struct.unpack(">H", peer.octets(2))[0]


def socks(peer: Peer, login: tuple[str, str] | None = None) -> Target:
    """A SOCKS proxy that connects."""
    socks_login(peer, login)
    target = socks_request(peer)
    peer.send(b"\5\0\0" + NO_ADDRESS)
    return target


def socks_with_login(peer: Peer) -> Target:
    return socks(peer, (USER, PASSWORD))


def http_request(peer: Peer) -> tuple[Target, list[str]]:
    """The first line of a request, and the fields."""
    request = peer.line().decode()
    fields = []
    while line := peer.line().decode():
        fields.append(line)
    method, authority, version = request.split(" ")
    assert (method, version) == ("CONNECT", "HTTP/1.1")
    assert fields[0] == f"Host: {authority}"
    host, _, port = authority.rpartition(":")
    return ("name", host, int(port)), fields[1:]


def http(peer: Peer) -> Target:
    """An HTTP proxy that connects."""
    target, fields = http_request(peer)
    assert fields == []
    peer.reply(b"HTTP/1.1 200 Connection established", b"")
    return target


def basic(user: str = USER, password: str = PASSWORD) -> str:
    """The field of a login (RFC 7617)."""
    digits = base64.b64encode(f"{user}:{password}".encode()).decode()
    return f"Proxy-Authorization: Basic {digits}"


def http_with_login(peer: Peer) -> Target:
    target, fields = http_request(peer)
    assert fields == [basic()]
    peer.reply(b"HTTP/1.1 200 Connection established", b"")
    return target


def through(tunnel: Tunnel, then: Dialogue, targets: list[Target] | None = None) -> Dialogue:
    """A proxy, and at the end of its tunnel a server; notes what was asked for."""

    def dialogue(peer: Peer) -> None:
        target = tunnel(peer)
        if targets is not None:
            targets.append(target)
        then(peer)

    return dialogue


#: By the scheme of the URL.
TUNNELS: dict[str, Tunnel] = {"socks5": socks, "socks5h": socks, "http": http, "https": http}
WITH_LOGIN: dict[str, Tunnel] = {
    "socks5": socks_with_login,
    "socks5h": socks_with_login,
    "http": http_with_login,
    "https": http_with_login,
}

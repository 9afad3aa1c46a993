"""Cases 32, 33, 69 to 77 and 85: sockets that the caller made. The library has no
option for a proxy: a program makes its tunnel and hands the socket over."""

from __future__ import annotations

import contextlib

import pytest

from conftest import Opener
from original.handing import handing, tunnelled
from support.drive import Connection, Drive
from support.servers.certificates import Certificates
from support.servers.manners import silent
from support.servers.proxy import Proxy, ask, open_tunnel
from support.servers.script import greets, script, secures
from support.servers.scripted import Dialogue, Peer, ScriptedServer

pytestmark = pytest.mark.slow_under_valgrind


def delivery(peer: Peer) -> None:
    peer.greet()
    peer.delivery()
    peer.hang_up()


def login(peer: Peer) -> None:
    peer.answer(b"AUTH PLAIN AGFsaWNlAHNlc2FtZQ==", b"235 welcome")
    peer.hang_up()


# --- TLS through a tunnel ---------------------------------------------------


def logs_in_under_tls(connection: Connection) -> None:
    """The name of the server is checked, not the proxy's."""
    connection.start_connect().succeeds()
    info = connection.info()
    assert info["secure"] == 1
    assert info["tls_peer_name"] == "localhost"
    connection.start_login("alice", "sesame").succeeds()
    assert connection.info()["authenticated"] == 1
    connection.start_quit().succeeds()


@pytest.mark.parametrize("way", ["starttls", "implicit"])
def test_case_032_033_tls_through_a_tunnel(certificates: Certificates, way: str) -> None:
    good = certificates.name_only
    is_implicit = way == "implicit"
    begins = greets(b"AUTH PLAIN") if is_implicit else secures(good, b"AUTH PLAIN")
    with (
        ScriptedServer(script(begins, login), identity=good if is_implicit else None) as server,
        tunnelled(certificates, server, secure=int(is_implicit)) as connection,
    ):
        logs_in_under_tls(connection)


# --- through a proxy --------------------------------------------------------


def delivers(connection: Connection) -> None:
    connection.start_connect().succeeds()
    assert connection.info()["secure"] == 0
    connection.delivers()


@pytest.mark.parametrize("password", [None, "squid:ink"])
def test_case_069_070_through_a_proxy(certificates: Certificates, password: str | None) -> None:
    """The greeting came after the proxy's header, and is still there."""
    with (
        ScriptedServer(delivery) as server,
        Proxy(password) as proxy,
        handing(
            certificates, open_tunnel(proxy, server.host, server.port, password), server
        ) as connection,
    ):
        delivers(connection)
        assert proxy.requests == [f"CONNECT {server.host}:{server.port} HTTP/1.1"]


def test_case_071_proxy_that_refuses(certificates: Certificates) -> None:
    """A program that does not look at the proxy's answer: the library shows it."""
    with (
        ScriptedServer() as server,
        Proxy("squid:ink") as proxy,
        handing(
            certificates, ask(proxy, server.host, server.port, "squid:water"), server
        ) as connection,
    ):
        failure = connection.start_connect().fails("EPROTOCOL")
        assert failure.phase == "greeting"
        assert "HTTP/1.1 407" in failure.message
        connection.wait_end()


@pytest.mark.parametrize("way", ["starttls", "implicit"])
def test_case_072_self_signed_certificate_through_a_tunnel(
    certificates: Certificates, way: str
) -> None:
    def dialogue(peer: Peer) -> None:
        if way == "starttls":
            peer.greet(b"STARTTLS")
            peer.answer(b"STARTTLS", b"220 go")
        peer.refused_tls(certificates.self_signed)

    with (
        ScriptedServer(dialogue) as server,
        tunnelled(certificates, server, secure=int(way == "implicit")) as connection,
    ):
        failure = connection.start_connect().fails("ETLS")
        assert "self-signed" in (failure.tls_reason or "")
        connection.wait_end()
        assert not connection.had("connect")


def test_case_073_self_signed_certificate_that_is_tolerated(certificates: Certificates) -> None:
    with (
        ScriptedServer(delivery, identity=certificates.self_signed) as server,
        tunnelled(certificates, server, secure=1, tls_reject_unauthorized=0) as connection,
    ):
        connection.start_connect().succeeds()
        assert connection.info()["secure"] == 1
        connection.delivers()


def test_case_074_mute_server_in_the_tunnel(certificates: Certificates) -> None:
    with (
        ScriptedServer(silent) as server,
        tunnelled(certificates, server, greeting_timeout=100) as connection,
    ):
        failure = connection.start_connect().fails("ETIMEDOUT")
        assert "greeting_timeout" in failure.message
        assert failure.phase == "greeting"
        connection.wait_end()


@pytest.mark.parametrize("option", ["host", "tls_servername"])
@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_case_075_line_end_in_the_host(drive: Drive, option: str, end: str) -> None:
    drive.refuses(option, f"mail.example{end}X-Injected: yes")


def endless_header(peer: Peer) -> None:
    with contextlib.suppress(ConnectionError):
        peer.send(b"HTTP/1.1 200 Connection established\r\n")
        while True:
            peer.send(b"X-More: to come\r\n" * 4096)


def test_case_077_header_of_a_proxy_without_an_end(connect: Opener) -> None:
    """It was left to the library, which does not read it to the end."""
    server = connect.server(endless_header)
    connection = connect(server, connection=f"to:127.0.0.1:{server.port}")
    failure = connection.start_connect().fails("EPROTOCOL")
    assert "HTTP/1.1 200" in failure.message
    connection.wait_end()


# --- a socket that is not connected yet -------------------------------------


def under_tls(certificates: Certificates, way: str) -> Dialogue:
    def dialogue(peer: Peer) -> None:
        if way == "starttls":
            peer.secure(certificates.good)
        else:
            peer.greet()
        peer.delivery()
        peer.hang_up()

    return dialogue


@pytest.mark.parametrize("way", ["starttls", "implicit"])
def test_case_085_unconnected_socket_and_tls(
    connect: Opener, certificates: Certificates, way: str
) -> None:
    """Nothing but the beginning of STARTTLS is said in the clear."""
    identity = certificates.good if way == "implicit" else None
    server = connect.server(under_tls(certificates, way), identity=identity)
    connection = connect.opened(server, socket="tcp4", secure=int(way == "implicit"))
    assert connection.info()["secure"] == 1
    assert connection.info()["tls_version"] is not None
    connection.delivers()
    connect.join()
    assert server.peer.protected.endswith(b"QUIT\r\n")
    assert b"MAIL" not in server.peer.clear

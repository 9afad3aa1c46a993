"""Through a proxy to the server: who resolves names, logins there, and what stays the server's."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from conftest import FIRST, SECOND, TWO, Driver, Opener
from support.drive import Connection, Drive, Option
from support.drive.outcomes import LOG_NETWORK
from support.drive.separate import names_mean
from support.servers.certificates import Certificates
from support.servers.script import greets, script, secures
from support.servers.scripted import Dialogue, Peer, ScriptedServer
from support.servers.tunnelproxy import TunnelProxy
from support.servers.tunnels import (
    NO_ADDRESS,
    PASSWORD,
    TUNNELS,
    USER,
    WITH_LOGIN,
    Target,
    socks,
    socks_login,
    socks_request,
    through,
)
from support.slowness import LIMIT

SCHEMES = list(TUNNELS)
#: Nobody here can resolve it.
HOST = "mail.nowhere.invalid"
delivery = script(Peer.greet, Peer.delivery, Peer.quit)


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    """TWO is a name with two addresses."""
    names = {TWO: [FIRST, SECOND], "localhost": ["127.0.0.1"]}
    driver = Driver(names_mean(tmp_path_factory.mktemp("names"), names))
    yield driver
    driver.end()


def url(scheme: str, proxy: ScriptedServer | TunnelProxy, login: str = "") -> str:
    host = "localhost" if scheme == "https" else "127.0.0.1"
    return f"{scheme}://{login}{host}:{proxy.port}"


def proxied(
    connect: Opener,
    certificates: Certificates,
    scheme: str,
    *dialogues: Dialogue,
    login: str = "",
    **options: Option,
) -> Connection:
    """A connection through a proxy that leads these dialogues."""
    identity = certificates.name_only if scheme == "https" else None
    server = connect.server(*dialogues, identity=identity)
    return connect(server, proxy=url(scheme, server, login), **{"port": 25, **options})


@pytest.mark.parametrize("scheme", SCHEMES)
def test_in_the_clear(connect: Opener, certificates: Certificates, scheme: str) -> None:
    """The proxy resolves the name, unless the scheme is socks5."""
    targets: list[Target] = []
    host = "127.0.0.9" if scheme == "socks5" else HOST
    connection = proxied(
        connect,
        certificates,
        scheme,
        through(TUNNELS[scheme], delivery, targets),
        host=host,
        port=2525,
    )
    connection.start_connect().succeeds()
    info = connection.info()
    assert info["secure"] == 0
    assert info["tls_version"] is None
    connection.start_send().succeeds()
    connection.start_quit().succeeds()
    kind = "address" if scheme == "socks5" else "name"
    assert targets == [(kind, host, 2525)]


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
@pytest.mark.parametrize("host", ["127.0.0.9", "2001:db8::9"])
def test_numeric_address_for_socks(
    connect: Opener, certificates: Certificates, scheme: str, host: str
) -> None:
    """In octets, not as a name (RFC 1928 section 5)."""
    targets: list[Target] = []
    connection = proxied(
        connect, certificates, scheme, through(socks, delivery, targets), host=host
    )
    connection.start_connect().succeeds()
    connection.delivers()
    assert targets == [("address", host, 25)]


def test_ipv6_address_for_http(connect: Opener, certificates: Certificates) -> None:
    """In brackets (RFC 3986 section 3.2.2)."""
    targets: list[Target] = []
    dialogue = through(TUNNELS["http"], delivery, targets)
    connection = proxied(connect, certificates, "http", dialogue, host="2001:db8::9")
    connection.start_connect().succeeds()
    connection.delivers()
    assert targets == [("name", "[2001:db8::9]", 25)]


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_login(
    connect: Opener, drive: Drive, certificates: Certificates, scheme: str, apart: bool
) -> None:
    """In the URL it is percent-encoded; and no log line has any of it."""
    if apart and scheme.startswith("http"):
        options: dict[str, Option] = {"proxy_user": USER, "proxy_password": PASSWORD}
    elif apart:
        options = {"proxy_password": PASSWORD}
    else:
        options = {}
    user, password = quote(USER, safe=""), quote(PASSWORD, safe="")
    login = f"{user}:{password}@" if not apart else "" if "proxy_user" in options else f"{user}@"
    host = "127.0.0.9" if scheme == "socks5" else HOST
    connection = proxied(
        connect,
        certificates,
        scheme,
        through(WITH_LOGIN[scheme], delivery),
        login=login,
        host=host,
        debug=1,
        **options,
    )
    connection.start_connect().succeeds()
    connection.delivers()
    log = "\n".join(drive.transcript())
    assert "connected to the proxy 127.0.0.1:" in log
    for secret in (USER, PASSWORD, password, "Proxy-Authorization"):
        assert secret not in log


@pytest.mark.parametrize("how", ["clear", "starttls", "implicit"])
@pytest.mark.parametrize("lmtp", [0, 1])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_all_forms_of_tls(
    connect: Opener, certificates: Certificates, scheme: str, how: str, lmtp: int
) -> None:
    """TLS is the server's, with its certificate: inside that of the proxy, if there is one."""
    if how == "clear":
        dialogue: Dialogue = script(greets(), Peer.delivery, Peer.quit)
    elif how == "starttls":
        dialogue = script(secures(certificates.address_only), Peer.delivery, Peer.quit)
    else:
        dialogue = script(greets(), Peer.delivery, Peer.quit)
    if lmtp:
        dialogue = as_lmtp(how, certificates)
    server = connect.server(
        dialogue, identity=certificates.address_only if how == "implicit" else None
    )
    identity = certificates.name_only if scheme == "https" else None
    with TunnelProxy(scheme, identity) as proxy:
        connection = connect(
            server, proxy=url(scheme, proxy), secure=int(how == "implicit"), lmtp=lmtp
        )
        connection.start_connect().succeeds()
        assert connection.info()["secure"] == int(how != "clear")
        connection.delivers()
        assert proxy.targets == [("127.0.0.1", server.port)]


def as_lmtp(how: str, certificates: Certificates) -> Dialogue:
    def dialogue(peer: Peer) -> None:
        peer.reply(b"220 hi")
        if how == "starttls":
            peer.answer(b"LHLO ", b"250-test.local", b"250 STARTTLS")
            peer.answer(b"STARTTLS", b"220 go")
            peer.start_tls(certificates.address_only)
        peer.answer(b"LHLO ", b"250 test.local")
        peer.delivery()
        peer.quit()

    return dialogue


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_large_message_in_tls_inside_tls(
    connect: Opener, certificates: Certificates, scheme: str
) -> None:
    """More than any buffer on the way."""
    content = b"x" * 70 + b"\r\n"
    whole = content * 40_000
    received: list[bytes] = []

    def dialogue(peer: Peer) -> None:
        peer.greet()
        received.append(peer.delivery())
        peer.quit()

    server = connect.server(dialogue, identity=certificates.good)
    identity = certificates.name_only if scheme == "https" else None
    with TunnelProxy(scheme, identity) as proxy:
        connection = connect.opened(server, proxy=url(scheme, proxy), secure=1)
        connection.start_send(content=whole).succeeds()
        connection.start_quit().succeeds()
    assert received == [whole + b".\r\n"]


def test_certificate_is_for_the_server(connect: Opener, certificates: Certificates) -> None:
    """The name of the proxy is no excuse for another one."""

    def refused(peer: Peer) -> None:
        peer.refused_tls(certificates.name_only)

    server = connect.server(through(TUNNELS["http"], refused))
    connection = connect(
        server, proxy=f"http://localhost:{server.port}", host="127.0.0.1", port=465, secure=1
    )
    failure = connection.start_connect().fails("ETLS")
    assert failure.phase == "tls"
    assert 'not for "127.0.0.1"' in failure.message


@pytest.mark.parametrize(
    ("identity", "words"),
    [("wrong_host", 'not for "localhost"'), ("self_signed", "not from a trusted CA")],
)
@pytest.mark.parametrize("reject", [0, 1])
def test_certificate_of_the_proxy(
    connect: Opener, certificates: Certificates, identity: str, words: str, reject: int
) -> None:
    """It is verified whatever tls_reject_unauthorized says: it gets a password."""

    def refused(peer: Peer) -> None:
        peer.refused_tls(getattr(certificates, identity))
        assert peer.server_name == "localhost"

    server = connect.server(refused)
    connection = connect(
        server, host=HOST, proxy=url("https", server), tls_reject_unauthorized=reject
    )
    failure = connection.start_connect().fails("ETLS")
    assert failure.phase == "proxy"
    assert words in failure.message
    assert f"the proxy localhost:{server.port}: " in failure.message


def test_no_tls_where_the_proxy_should_have_it(connect: Opener) -> None:
    def dialogue(peer: Peer) -> None:
        peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        peer.until_closed()

    server = connect.server(dialogue)
    failure = connect(server, host=HOST, proxy=url("https", server)).start_connect().fails("ETLS")
    assert failure.phase == "proxy"
    assert "use http, not https" in failure.message


# --- what the address of the proxy must not decide --------------------------------------


@pytest.mark.parametrize("scheme", SCHEMES)
def test_no_password_in_the_clear(connect: Opener, certificates: Certificates, scheme: str) -> None:
    """The proxy is on this machine, but the server is not."""
    dialogue = through(TUNNELS[scheme], script(greets(b"AUTH PLAIN LOGIN"), Peer.quit))
    connection = proxied(connect, certificates, scheme, dialogue, host="127.0.0.1")
    connection.start_connect().succeeds()
    failure = connection.start_login("alice", "wonderland").fails("EAUTH")
    assert "TLS" in failure.message
    connection.start_quit().succeeds()


def test_early_octets_are_the_server_s(connect: Opener, certificates: Certificates) -> None:
    """The greeting comes in the same write as the answer of the proxy."""

    def dialogue(peer: Peer) -> None:
        while peer.line():
            pass
        peer.send(b"HTTP/1.0 200 OK\nVia: somebody\n\n220 hi\r\n")
        peer.ehlo()
        peer.quit()

    connection = proxied(connect, certificates, "http", dialogue)
    connection.start_connect().succeeds()
    connection.start_quit().succeeds()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_early_octets_under_tls_and_with_socks(
    connect: Opener, certificates: Certificates, scheme: str
) -> None:
    """A server that greets before its proxy is heard of: one write has both."""

    def dialogue(peer: Peer) -> None:
        if scheme.startswith("socks"):
            socks_login(peer)
            socks_request(peer)
            peer.send(b"\5\0\0" + NO_ADDRESS + b"220 hi\r\n")
        else:
            while peer.line():
                pass
            peer.send(b"HTTP/1.1 200 OK\r\n\r\n220 hi\r\n")
        peer.ehlo()
        peer.quit()

    connection = proxied(connect, certificates, scheme, dialogue, host="127.0.0.1")
    connection.start_connect().succeeds()
    connection.start_quit().succeeds()


# --- several addresses -------------------------------------------------------------------


def test_addresses_of_the_server_in_turn(connect: Opener, certificates: Certificates) -> None:
    """A refusal ends the connection to the proxy; the next address is asked for in a new one."""
    targets: list[Target] = []

    def refuses(peer: Peer) -> None:
        socks_login(peer)
        targets.append(socks_request(peer))
        peer.send(b"\5\5\0" + NO_ADDRESS)
        peer.until_closed()

    connection = proxied(
        connect, certificates, "socks5", refuses, through(socks, delivery, targets), host=TWO
    )
    connection.start_connect().succeeds()
    connection.delivers()
    assert [host for _, host, _ in targets] == [FIRST, SECOND]


def test_no_address_of_the_server(
    connect: Opener, drive: Drive, certificates: Certificates
) -> None:
    def refusing(code: bytes) -> Dialogue:
        def dialogue(peer: Peer) -> None:
            socks_login(peer)
            socks_request(peer)
            peer.send(b"\5" + code + b"\0" + NO_ADDRESS)
            peer.until_closed()

        return dialogue

    connection = proxied(
        connect, certificates, "socks5", refusing(b"\2"), refusing(b"\4"), host=TWO
    )
    failure = connection.start_connect().fails("EPROXY")
    assert failure.address == f"{FIRST}:25, {SECOND}:25"
    assert failure.kind == "PROXY_UNREACHABLE"
    assert failure.message.startswith(f"cannot connect through the proxy to {FIRST}:25: ")
    assert "SOCKS reply 2: not allowed by the rules of the proxy; " in failure.message
    assert "trying the next address" in "\n".join(drive.transcript(LOG_NETWORK))


def test_server_that_does_not_greet(connect: Opener, certificates: Certificates) -> None:
    """Behind the proxy, as without one: the next address."""
    targets: list[Target] = []
    connection = proxied(
        connect,
        certificates,
        "socks5",
        through(socks, lambda peer: peer.close(), targets),
        through(socks, delivery, targets),
        host=TWO,
    )
    connection.start_connect().succeeds()
    connection.delivers()
    assert [host for _, host, _ in targets] == [FIRST, SECOND]


@pytest.mark.parametrize("what", ["closes", "lies", "silent"])
def test_addresses_of_the_proxy(connect: Opener, drive: Drive, what: str) -> None:
    """One that is no proxy, or is silent, is left for the other."""

    def fails(peer: Peer) -> None:
        if what == "lies":
            peer.send(b"220 I am a mail server\r\n")
        if what == "closes":
            peer.octets(3)
            peer.close()
        else:
            peer.until_closed()

    first = connect.server(fails, address=FIRST)
    second = connect.server(through(socks, delivery), address=SECOND, port=first.port)
    connection = connect(
        second, host=HOST, proxy=f"socks5h://{TWO}:{first.port}", greeting_timeout=LIMIT
    )
    opening = connection.start_connect()
    if what == "silent":
        drive.wait(lambda: "connected to the proxy" in "\n".join(drive.transcript()), "connected")
        drive.advance(LIMIT)
    opening.succeeds()
    connection.delivers()


def test_proxy_that_is_not_there(drive: Drive) -> None:
    """Nobody listens at either address."""
    with socket.socket() as taken:
        taken.bind((FIRST, 0))
        port = taken.getsockname()[1]
        connection = drive.connection(host=HOST, proxy=f"socks5h://{TWO}:{port}")
        failure = connection.start_connect().fails("ESOCKET")
    assert failure.message == (
        f"cannot connect to the proxy {FIRST}:{port}: Connection refused;"
        f" {SECOND}:{port}: Connection refused"
    )
    assert failure.phase == "connect"


def test_proxy_without_a_name(drive: Drive) -> None:
    connection = drive.connection(host="127.0.0.1", proxy="socks5h://nowhere.invalid")
    failure = connection.start_connect().fails("EDNS")
    assert "nowhere.invalid" in failure.message


def test_opportunistic_tls_connects_again_through_the_proxy(
    connect: Opener, certificates: Certificates
) -> None:
    """To the same address of the server, without TLS."""
    targets: list[Target] = []

    def breaks(peer: Peer) -> None:
        peer.greet(b"STARTTLS")
        peer.answer(b"STARTTLS", b"220 go")
        peer.refused_tls(certificates.self_signed)

    connection = proxied(
        connect,
        certificates,
        "socks5",
        through(socks, breaks, targets),
        through(socks, script(greets(b"STARTTLS"), Peer.delivery, Peer.quit), targets),
        host=TWO,
        opportunistic_tls=1,
    )
    connection.start_connect().succeeds()
    connection.delivers()
    assert targets == [("address", FIRST, 25)] * 2

"""Proxies that refuse, lie, stall, answer in pieces, say too much, or close."""

from __future__ import annotations

import base64

import pytest

from conftest import Opener
from support.drive import Connection, Drive, Option
from support.drive.outcomes import RETRY_NO, RETRY_SAFE, Failure
from support.servers.script import script
from support.servers.scripted import Dialogue, Peer
from support.servers.tunnels import (
    NO_ADDRESS,
    PASSWORD,
    USER,
    http_request,
    socks_login,
    socks_request,
)
from support.slowness import LIMIT

HOST = "mail.nowhere.invalid"
delivery = script(Peer.greet, Peer.delivery, Peer.quit)


def proxied(connect: Opener, scheme: str, dialogue: Dialogue, **options: Option) -> Connection:
    server = connect.server(dialogue)
    return connect(
        server, host=HOST, port=25, proxy=f"{scheme}://127.0.0.1:{server.port}", **options
    )


def fails(
    connect: Opener, scheme: str, dialogue: Dialogue, name: str = "EPROXY", /, **options: Option
) -> Failure:
    connection = proxied(connect, scheme, dialogue, **options)
    failure = connection.start_connect().fails(name)
    connection.wait_end()
    assert failure.phase == "proxy"
    assert failure.command == "CONN"
    return failure


def answers(*pieces: bytes, count: int) -> Dialogue:
    """After so many octets of the client."""

    def dialogue(peer: Peer) -> None:
        peer.octets(count)
        peer.send(*pieces)
        peer.until_closed()

    return dialogue


# --- SOCKS ----------------------------------------------------------------------------------

REPLIES = {
    1: ("general failure", RETRY_SAFE),
    2: ("not allowed by the rules of the proxy", RETRY_NO),
    3: ("network unreachable", RETRY_SAFE),
    4: ("host unreachable", RETRY_SAFE),
    5: ("connection refused", RETRY_SAFE),
    6: ("time to live expired", RETRY_SAFE),
    7: ("the proxy makes no connections", RETRY_NO),
    8: ("the proxy has no addresses of this kind", RETRY_NO),
    9: ("not known", RETRY_NO),
    255: ("not known", RETRY_NO),
}


@pytest.mark.parametrize("code", REPLIES)
@pytest.mark.parametrize("whole", [False, True])
def test_socks_replies(connect: Opener, code: int, whole: bool) -> None:
    """RFC 1928 section 6; some proxies close after the code."""

    def dialogue(peer: Peer) -> None:
        socks_login(peer)
        socks_request(peer)
        peer.send(bytes([5, code]) + b"\0" + NO_ADDRESS[: None if whole else 1])
        peer.until_closed()

    words, retry = REPLIES[code]
    failure = fails(connect, "socks5h", dialogue)
    assert failure.message == (
        f"the proxy did not connect to {HOST}:25: SOCKS reply {code}: {words}"
    )
    assert failure.response is None
    assert failure.retry == retry
    assert failure.kind == ("PROXY_REFUSED" if code in (2, 7) else "PROXY_UNREACHABLE")


@pytest.mark.parametrize("login", [False, True])
def test_socks_proxy_that_takes_no_method(connect: Opener, login: bool) -> None:
    options: dict[str, Option] = {"proxy_user": USER, "proxy_password": PASSWORD} if login else {}
    dialogue = answers(b"\5\xff", count=4 if login else 3)
    failure = fails(connect, "socks5h", dialogue, **options)
    wanted = "takes no login with user name and password" if login else "demands a login: set"
    assert wanted in failure.message
    assert failure.retry == RETRY_NO
    assert failure.kind == "PROXY_LOGIN"


def test_socks_login_refused(connect: Opener) -> None:
    def dialogue(peer: Peer) -> None:
        peer.octets(4)
        peer.send(b"\5\2")
        peer.octets(3 + len(USER) + len(PASSWORD))
        peer.send(b"\1\1")
        peer.until_closed()

    failure = fails(connect, "socks5h", dialogue, proxy_user=USER, proxy_password=PASSWORD)
    assert failure.message == "the proxy refused proxy_user and proxy_password"
    assert failure.kind == "PROXY_LOGIN"


LIES = [
    b"\4\0",  # another version
    b"\5\2",  # a login that was not offered
    b"\5\1",  # GSSAPI
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
    b"220 mail.example ESMTP\r\n",
    b"\5\0\4\0\0\1",
    b"\5\0\5\0\0\0",  # an address of no kind
    b"\5\0\5\0\0\2",
]


@pytest.mark.parametrize("lie", LIES)
def test_no_socks_proxy(connect: Opener, lie: bytes) -> None:
    def dialogue(peer: Peer) -> None:
        peer.octets(3)
        peer.send(lie)
        peer.until_closed()

    failure = fails(connect, "socks5h", dialogue)
    assert failure.message == "the proxy does not speak SOCKS 5 (RFC 1928)"
    assert failure.kind == "PROXY_PROTOCOL"


@pytest.mark.parametrize("kind", [1, 3, 4])
def test_socks_octet_by_octet(connect: Opener, kind: int) -> None:
    """The address in the reply may be of any kind; the greeting comes right after it."""
    address = {1: bytes(4), 3: b"\x03abc", 4: bytes(16)}[kind]

    def dialogue(peer: Peer) -> None:
        peer.octets(3)
        peer.send(b"\5", b"\0")
        socks_request(peer)
        reply = bytes([5, 0, 0, kind]) + address + b"\1\1"
        peer.send(*(bytes([octet]) for octet in reply + b"220 hi\r\n"))
        peer.ehlo()
        peer.quit()

    connection = proxied(connect, "socks5h", dialogue)
    connection.start_connect().succeeds()
    connection.start_quit().succeeds()


# --- HTTP -----------------------------------------------------------------------------------


def answering(*lines: bytes) -> Dialogue:
    def dialogue(peer: Peer) -> None:
        http_request(peer)
        peer.reply(*lines, b"")
        peer.until_closed()

    return dialogue


STATUS = [
    (b"HTTP/1.1 403 Forbidden", 403, RETRY_NO),
    (b"HTTP/1.0 502 Bad Gateway", 502, RETRY_SAFE),
    (b"HTTP/1.1 503 Service Unavailable", 503, RETRY_SAFE),
    (b"HTTP/1.1 504 Gateway Timeout", 504, RETRY_SAFE),
    (b"HTTP/1.1 501 Not Implemented", 501, RETRY_NO),
    (b"HTTP/1.1 429 Too Many Requests", 429, RETRY_SAFE),
    (b"HTTP/1.1 302 Found", 302, RETRY_NO),
    (b"HTTP/1.1 400", 400, RETRY_NO),
    (b"HTTP/1.1 405 Method Not Allowed", 405, RETRY_NO),
]


@pytest.mark.parametrize(("line", "status", "retry"), STATUS)
def test_http_refusal(connect: Opener, line: bytes, status: int, retry: int) -> None:
    failure = fails(connect, "http", answering(line, b"Content-Length: 5", b"Location: /"))
    assert failure.response == line.decode()
    assert failure.response_code == status
    assert failure.retry == retry
    assert failure.kind == ("PROXY_UNREACHABLE" if retry == RETRY_SAFE else "PROXY_REFUSED")
    said = line.decode().partition(" ")[2]
    assert failure.message == f"the proxy did not connect to {HOST}:25: it answered {said}"


REQUIRED = b"HTTP/1.1 407 Proxy Authentication Required"


@pytest.mark.parametrize("status", [407, 401])
@pytest.mark.parametrize("login", [False, True])
def test_http_login_refused(connect: Opener, login: bool, status: int) -> None:
    """tinyproxy answers 401 to a wrong password."""
    options: dict[str, Option] = {"proxy_user": USER, "proxy_password": PASSWORD} if login else {}
    dialogue = answering(REQUIRED.replace(b"407", str(status).encode()))
    failure = fails(connect, "http", dialogue, **options)
    assert failure.response_code == status
    assert failure.kind == "PROXY_LOGIN"
    wanted = "it refused proxy_user and proxy_password" if login else "set proxy_user and"
    assert wanted in failure.message


def test_http_schemes_for_a_login(connect: Opener) -> None:
    dialogue = answering(
        REQUIRED, b'Proxy-Authenticate: Digest realm="x"', b"PROXY-AUTHENTICATE:\tNTLM"
    )
    failure = fails(connect, "http", dialogue)
    assert "(it offers Digest, NTLM; only Basic is supported)" in failure.message


@pytest.mark.parametrize(
    "line", ["HTTP/1.1 407 no {}", "HTTP/1.1 407 no\r\nProxy-Authenticate: {}"]
)
@pytest.mark.parametrize("form", ["plain", "base64"])
def test_proxy_that_repeats_the_password(
    connect: Opener, drive: Drive, line: str, form: str
) -> None:
    password = "sesame:@%"
    plain = f"{USER}:{password}"
    secret = password if form == "plain" else base64.b64encode(plain.encode()).decode()
    failure = fails(
        connect,
        "http",
        answering(line.format(secret).encode()),
        debug=1,
        proxy_user=USER,
        proxy_password=password,
    )
    assert failure.response_code == 407
    for text in (failure.message, str(failure.response), *drive.transcript()):
        assert secret not in text


@pytest.mark.parametrize(
    "header",
    [
        b"HTTP/1.1 200 OK\r\n220 hi\r\n\r\n",  # no end of the header before the greeting
        b"HTTP/1.1 200 OK\r\n: x\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 999 OK\r\n\r\n",
        b"HTTP/1.1 020 OK\r\n\r\n",
        b"HTTP/1.1 200\0\r\n\r\n",
        b"HTTP/1.1\r\n\r\n\r\n\r\n",
        b"220 mail.example ESMTP ready when you are\r\n",
        b"\r\nHTTP/1.1 200 OK\r\n\r\n",
        b"\5\xff\r\n\r\n\r\n\r\n\r\n\r\n\r\n",
    ],
)
def test_no_http_proxy(connect: Opener, header: bytes) -> None:
    def dialogue(peer: Peer) -> None:
        http_request(peer)
        peer.send(header)
        peer.until_closed()

    failure = fails(connect, "http", dialogue)
    assert failure.message == "the proxy does not speak HTTP/1.1"
    assert failure.kind == "PROXY_PROTOCOL"
    assert failure.retry == RETRY_NO


@pytest.mark.parametrize("shape", ["lines", "one line", "interim"])
def test_header_without_an_end(connect: Opener, shape: str) -> None:
    """It is bounded, whatever it consists of."""
    pieces = {
        "lines": [b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 3000],
        "one line": [b"HTTP/1.1 200 OK\r\nX: ", b"y" * 20_000],
        "interim": [b"HTTP/1.1 100 Continue\r\n\r\n" * 1000],
    }

    def dialogue(peer: Peer) -> None:
        http_request(peer)
        peer.send(*pieces[shape])
        peer.until_closed()

    failure = fails(connect, "http", dialogue)
    assert failure.message == "the header of the proxy is too long"


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_http_octet_by_octet(connect: Opener, end: bytes) -> None:
    """After interim responses, with folded fields and a length that means nothing
    (RFC 9110 section 9.3.6)."""

    def dialogue(peer: Peer) -> None:
        http_request(peer)
        header = end.join(
            [
                b"HTTP/1.1 103 Early Hints",
                b"Link: </x>",
                b"",
                b"HTTP/1.1 200 ",
                b"Content-Length: 1000",
                b"X: y",
                b"  z",
                b"",
                b"",
            ]
        )
        peer.send(*(bytes([octet]) for octet in header + b"220 hi\r\n"))
        peer.ehlo()
        peer.quit()

    connection = proxied(connect, "http", dialogue)
    connection.start_connect().succeeds()
    connection.start_quit().succeeds()


# --- either ---------------------------------------------------------------------------------

#: What the client begins with.
FIRST = {"socks5h": 3, "http": len(f"CONNECT {HOST}:25 HTTP/1.1\r\nHost: {HOST}:25\r\n\r\n")}


@pytest.mark.parametrize("scheme", FIRST)
@pytest.mark.parametrize("how", ["at once", "later"])
def test_proxy_that_closes(connect: Opener, scheme: str, how: str) -> None:
    beginning = b"\5" if scheme == "socks5h" else b"HTTP/1.1 200 OK\r\n"

    def dialogue(peer: Peer) -> None:
        peer.octets(FIRST[scheme])
        if how == "later":
            peer.send(beginning)
        peer.close()

    failure = fails(connect, scheme, dialogue)
    assert failure.message == "the proxy closed the connection before it had opened the way"
    assert failure.retry == RETRY_SAFE
    assert failure.kind == "CONNECTION_LOST"


@pytest.mark.parametrize("scheme", FIRST)
def test_proxy_that_resets(connect: Opener, scheme: str) -> None:
    def dialogue(peer: Peer) -> None:
        peer.octets(FIRST[scheme])
        peer.reset()

    failure = fails(connect, scheme, dialogue, "ECONNECTION")
    assert failure.errno


@pytest.mark.parametrize("scheme", FIRST)
@pytest.mark.parametrize("limit", ["connection_timeout", "operation_timeout"])
@pytest.mark.parametrize("beginning", [False, True])
def test_silent_proxy(
    connect: Opener, drive: Drive, scheme: str, limit: str, beginning: bool
) -> None:
    """greeting_timeout is for the server, and for a proxy that has another address."""

    def dialogue(peer: Peer) -> None:
        peer.octets(FIRST[scheme])
        if beginning:
            peer.send(b"\5" if scheme == "socks5h" else b"HTTP/1.1 2")
        peer.until_closed()

    server = connect.server(dialogue)
    connection = connect(
        server,
        host=HOST,
        proxy=f"{scheme}://127.0.0.1:{server.port}",
        greeting_timeout=LIMIT // 2,
        **{limit: LIMIT},
    )
    opening = connection.start_connect()
    drive.wait(lambda: "connected to the proxy" in "\n".join(drive.transcript()), "connected")
    drive.advance(LIMIT)
    failure = opening.fails("ETIMEDOUT")
    assert failure.phase == "proxy"
    assert limit in failure.message
    assert failure.message.startswith("the proxy did not connect to the server within")
    assert failure.address == f"127.0.0.1:{server.port}"
    connection.wait_end()


def test_greeting_has_its_time_after_the_proxy(connect: Opener, drive: Drive) -> None:
    """The limit of the greeting begins when the proxy has connected."""

    def dialogue(peer: Peer) -> None:
        http_request(peer)
        peer.reply(b"HTTP/1.1 200 OK", b"")
        peer.until_closed()

    connection = proxied(connect, "http", dialogue, greeting_timeout=LIMIT)
    opening = connection.start_connect()
    drive.wait(lambda: "the proxy is connected" in "\n".join(drive.transcript()), "connected")
    drive.advance(LIMIT)
    failure = opening.fails("ETIMEDOUT")
    assert failure.phase == "greeting"
    assert "greeting_timeout" in failure.message


@pytest.mark.parametrize("scheme", FIRST)
@pytest.mark.parametrize("how", ["close", "free"])
def test_caller_who_ends_it(connect: Opener, drive: Drive, scheme: str, how: str) -> None:
    def dialogue(peer: Peer) -> None:
        peer.octets(FIRST[scheme])
        peer.until_closed()

    connection = proxied(connect, scheme, dialogue)
    opening = connection.start_connect()
    drive.wait(lambda: "connected to the proxy" in "\n".join(drive.transcript()), "connected")
    getattr(connection, how)()
    opening.fails("ECANCELLED")

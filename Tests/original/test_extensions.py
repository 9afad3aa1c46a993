"""Cases 78 to 84 and 86: REQUIRETLS (RFC 8689), and octets after STARTTLS."""

from __future__ import annotations

import pytest

from conftest import Opener
from original.mailing import FROM, MESSAGE, QUEUED, check_delivered, mail
from support.drive import Connection, Operation
from support.drive.outcomes import NOT_TRIED, RETRY_NO
from support.servers.certificates import Certificates
from support.servers.script import greets, script, sends
from support.servers.scripted import Dialogue, Peer


def takes(certificates: Certificates, way: str, line: bytes, *capabilities: bytes) -> Dialogue:
    """A server that offers this, and gets one message with this MAIL."""

    def dialogue(peer: Peer) -> None:
        if way == "starttls":
            peer.secure(certificates.good, *capabilities)
        else:
            peer.greet(*capabilities)
        mail(peer, line, b"250 2.1.5 ok")
        peer.reply(QUEUED)
        peer.answer(b"QUIT", b"221 bye")

    return dialogue


def require(connection: Connection) -> Operation:
    envelope = connection.drive.envelope("a@example.com", ["b@example.com"], require_tls=1)
    return connection.start_send(MESSAGE, envelope=envelope)


ways = pytest.mark.parametrize("way", ["starttls", "implicit"])


def test_case_078_offered(connect: Opener, certificates: Certificates) -> None:
    dialogue = takes(certificates, "implicit", FROM, b"8BITMIME", b"REQUIRETLS")
    connection = connect.opened(dialogue, certificates.good, secure=1)
    assert connection.capability("REQUIRETLS") == (True, "")
    connection.delivers(MESSAGE)


def test_case_079_not_offered(connect: Opener, certificates: Certificates) -> None:
    dialogue = takes(certificates, "implicit", FROM, b"8BITMIME", b"X-REQUIRETLS")
    connection = connect.opened(dialogue, certificates.good, secure=1)
    assert connection.capability("REQUIRETLS") == (False, None)
    connection.delivers(MESSAGE)


@ways
def test_case_080_required(connect: Opener, certificates: Certificates, way: str) -> None:
    """RFC 8689 section 4.2.1."""
    dialogue = takes(certificates, way, FROM + b" REQUIRETLS", b"REQUIRETLS")
    identity = certificates.good if way == "implicit" else None
    connection = connect.opened(dialogue, identity, secure=int(way == "implicit"))
    sending = require(connection)
    sending.succeeds()
    check_delivered(sending.result(), "b@example.com")
    connection.start_quit().succeeds()


def test_case_081_not_required(connect: Opener, certificates: Certificates) -> None:
    connection = connect.opened(takes(certificates, "starttls", FROM, b"REQUIRETLS"))
    connection.delivers(MESSAGE)


def cannot_require(connection: Connection) -> None:
    """Refused before a word is said, and nothing is left behind: the message that
    does not ask for it goes out."""
    sending = require(connection)
    failure = sending.fails("EREQUIRETLS")
    assert "REQUIRETLS" in failure.message
    assert failure.response is None
    assert failure.retry == RETRY_NO
    assert sending.result().statuses == [NOT_TRIED]
    connection.delivers(MESSAGE)


@ways
def test_case_082_required_and_not_offered(
    connect: Opener, certificates: Certificates, way: str
) -> None:
    identity = certificates.good if way == "implicit" else None
    cannot_require(
        connect.opened(takes(certificates, way, FROM), identity, secure=int(way == "implicit"))
    )


def test_case_083_required_and_dsn(connect: Opener, certificates: Certificates) -> None:
    line = FROM + b" RET=HDRS ENVID=abc REQUIRETLS"
    connection = connect.opened(takes(certificates, "starttls", line, b"DSN", b"REQUIRETLS"))
    envelope = connection.drive.envelope(
        "a@example.com", ["b@example.com"], require_tls=1, dsn_ret="HDRS", dsn_envid="abc"
    )
    connection.delivers(MESSAGE, envelope=envelope)


def test_case_084_required_in_the_clear(connect: Opener, certificates: Certificates) -> None:
    cannot_require(connect.opened(takes(certificates, "clear", FROM, b"REQUIRETLS")))


@ways
def test_case_084_required_and_not_verified(
    connect: Opener, certificates: Certificates, way: str
) -> None:
    """RFC 8689 section 2: TLS without verification is not enough."""
    identity = certificates.good if way == "implicit" else None
    dialogue = takes(certificates, way, FROM, b"REQUIRETLS")
    secure = int(way == "implicit")
    cannot_require(connect.opened(dialogue, identity, secure=secure, tls_reject_unauthorized=0))


@pytest.mark.parametrize(
    "injected",
    [
        b"250-test.local\r\n250 AUTH PLAIN X-INJECTED\r\n",
        b"250-SMTPUTF8 X-INJECTED ",
        b"x",
        b"\r\n",
        b"421 bye\r\n",
    ],
)
def test_case_086_octets_after_starttls(
    connect: Opener, certificates: Certificates, injected: bytes
) -> None:
    """Octets without TLS after the 220, in the same segment, would be read as
    if they had come under TLS."""
    dialogue = script(
        greets(b"STARTTLS", b"X-BEFORE"),
        b"STARTTLS",
        sends(b"220 go\r\n" + injected),
        Peer.nothing_more,
    )
    server = connect.server(dialogue)
    connection = connect(server)
    with connection.drive.held():
        opening = connection.start_connect()
        login = connection.start_login("alice", "sesame")
    failure = opening.fails("ETLS")
    assert failure.phase == "starttls"
    assert failure.command == "STARTTLS"
    login.fails("ETLS")
    connection.wait_end()
    assert not connection.had("connect")
    info = connection.info()
    assert info["secure"] == 0
    assert "INJECTED" not in str(info)
    connect.join()
    assert b"AUTH" not in server.peer.received

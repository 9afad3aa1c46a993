"""What kind a failure is of, where no reply says it; replies are in RefusalKindTests.swift."""

from __future__ import annotations

import socket

import pytest

from conftest import Opener
from support.drive import Option
from support.drive.outcomes import LOG_NETWORK, Failure
from support.servers.certificates import Certificates
from support.servers.script import Step, greets, says, script, sends
from support.servers.scripted import Peer
from support.servers.tls import refused, unusable


def fails(connect: Opener, code: str, *steps: Step, **options: Option) -> Failure:
    connection = connect(script(*steps), **options)
    failure = connection.start_connect().fails(code)
    connection.wait_end()
    return failure


@pytest.mark.parametrize(
    ("certificate", "kind"),
    [
        ("wrong_host", "TLS_NAME"),
        ("common_name_only", "TLS_NAME"),
        ("expired", "TLS_EXPIRED"),
        ("self_signed", "TLS_SELF_SIGNED"),
        ("chained", "TLS_UNKNOWN_ISSUER"),
    ],
)
def test_certificate(
    connect: Opener, certificates: Certificates, certificate: str, kind: str
) -> None:
    failure = refused(connect, getattr(certificates, certificate), host="localhost")
    names = {"wrong_host": "other.example", "common_name_only": ""}
    assert (failure.kind, failure.certificate_names) == (kind, names.get(certificate))


def test_certificate_of_another_address(connect: Opener, certificates: Certificates) -> None:
    failure = refused(connect, certificates.name_only, host="127.0.0.1")
    assert (failure.kind, failure.certificate_names) == ("TLS_NAME", "localhost")


def test_plain_text_where_tls_was_expected(connect: Opener) -> None:
    failure = fails(connect, "ETLS", says(b"220 hi"), Peer.until_closed, secure=1)
    assert failure.kind == "TLS_PLAIN_TEXT"


@pytest.mark.parametrize("alert", [10, 40, 70])
@pytest.mark.parametrize("version", [1, 3])
def test_tls_where_plain_text_was_expected(connect: Opener, alert: int, version: int) -> None:
    record = bytes([0x15, 3, version, 0, 2, 2, alert])
    failure = fails(connect, "ETLS", sends(record), Peer.until_closed)
    assert failure.kind == "TLS_UNEXPECTED"
    assert "set secure" in failure.message


def test_tls_that_is_not_offered(connect: Opener) -> None:
    failure = fails(connect, "ETLS", greets(), b"QUIT", require_tls=1)
    assert failure.kind == "TLS_NOT_OFFERED"


def test_octets_before_tls(connect: Opener) -> None:
    def dialogue(peer: Peer) -> None:
        peer.greet(b"STARTTLS")
        peer.expect(b"STARTTLS")
        peer.send(b"220 go\r\n250 injected\r\n")
        peer.until_closed()

    assert fails(connect, "ETLS", dialogue).kind == "TLS_INJECTED"


def test_options_for_tls_that_cannot_be_used(connect: Opener) -> None:
    assert unusable(connect, secure=1, tls_ca_file="/nowhere/ca.pem").kind == "TLS_SETUP"


def test_nothing_listens(connect: Opener) -> None:
    with socket.socket() as held:
        # Bound and not listening: nobody else gets the port.
        held.bind(("127.0.0.1", 0))
        connection = connect(connect.server(), port=held.getsockname()[1])
        assert connection.start_connect().fails("ESOCKET").kind == "CONNECT_REFUSED"


def test_a_host_that_there_is_not(connect: Opener) -> None:
    connection = connect(connect.server(), host="no-such-host.invalid")
    assert connection.start_connect().fails("EDNS").kind == "DNS_NOT_FOUND"


def test_an_address_that_is_not_of_this_machine(connect: Opener) -> None:
    connection = connect(connect.server(), local_address="192.0.2.1")
    assert connection.start_connect().fails("ESOCKET").kind == "LOCAL_ADDRESS"


def test_a_connection_that_is_closed(connect: Opener) -> None:
    assert fails(connect, "ECONNECTION", Peer.close).kind == "CONNECTION_LOST"


def test_a_greeting_that_is_none(connect: Opener) -> None:
    assert fails(connect, "EPROTOCOL", says(b"HTTP/1.1 400 no")).kind == "SERVER_PROTOCOL"


def test_a_message_that_is_too_large(connect: Opener) -> None:
    connection = connect.opened(script(greets(b"SIZE 10"), Peer.quit))
    send = connection.start_send(b"more than ten octets\r\n")
    assert send.fails("EMESSAGE").kind == "MESSAGE_TOO_BIG"
    connection.start_quit().succeeds()


def test_each_recipient_has_its_kind(connect: Opener) -> None:
    connection = connect.opened(
        script(
            greets(),
            (b"MAIL FROM:", b"250 ok"),
            (b"RCPT TO:", b"550 5.1.1 no"),
            (b"RCPT TO:", b"452 4.2.2 full"),
            Peer.quit,
        )
    )
    send = connection.start_send(recipients=["b@example.com", "c@example.com"])
    send.fails("EENVELOPE")
    errors = [recipient.error for recipient in send.result().recipients]
    assert [error.kind for error in errors if error] == ["RECIPIENT_UNKNOWN", "RECIPIENT_FULL"]
    connection.start_quit().succeeds()


def test_the_log_names_the_kind(connect: Opener) -> None:
    connection = connect(script(greets(), b"QUIT"), require_tls=1)
    connection.start_connect().fails("ETLS")
    connection.wait_end()
    assert any("[TLS_NOT_OFFERED]" in line for line in connection.drive.transcript(LOG_NETWORK))

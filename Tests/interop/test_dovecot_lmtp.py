"""The library and a real Dovecot, by LMTP (RFC 2033): what was sent is what was
delivered, and every recipient has a fate of its own."""

from __future__ import annotations

import re

import pytest
import smtpconn

from support.drive.outcomes import (
    ACCEPTED,
    DEFERRED,
    LOG_CLIENT,
    LOG_SERVER,
    NOT_TRIED,
    REJECTED,
    RETRY_NO,
    RETRY_SAFE,
)
from support.messages.content import HEADER, HELLO, WAYS, large, message, wire
from support.realservers.client import Client, send
from support.realservers.dovecot import FULL, LMTP, Dovecot, saved_as
from support.realservers.mailboxes import ALICE, BOB, BUSY, DOMAIN, NOBODY
from support.servers.certificates import Certificates

pytestmark = pytest.mark.parametrize("server", ["dovecot"], indirect=True)

OFFERED = ["8BITMIME", "CHUNKING", "ENHANCEDSTATUSCODES", "PIPELINING"]

services = pytest.mark.parametrize("service", LMTP)


# --- the connection ---------------------------------------------------------


@services
def test_under_tls(client: Client[Dovecot], service: str) -> None:
    """By STARTTLS where it is offered."""
    connection = client.opened(service)
    info = connection.info()
    assert info["secure"] == 1
    assert info["capabilities"] == OFFERED
    sending = send(connection)
    assert client.delivered(sending) == wire(HELLO)
    (line,) = sending.result().recipients
    assert (line.command, line.response_code, line.enhanced) == ("DATA", 250, "2.0.0")
    assert client.delivery(sending).protocol == "LMTPS"
    connection.start_quit().succeeds()
    assert connection.error is None


@pytest.mark.parametrize("service", ["lmtp", "lmtp-socket"])
def test_without_tls(client: Client[Dovecot], service: str) -> None:
    connection = client.opened(service, ignore_tls=1)
    info = connection.info()
    assert info["secure"] == 0
    assert sorted(info["capabilities"]) == sorted([*OFFERED, "STARTTLS"])
    sending = send(connection)
    assert client.delivered(sending) == wire(HELLO)
    assert client.delivery(sending).protocol == "LMTP"
    connection.start_quit().succeeds()


def test_dialogue(client: Client[Dovecot]) -> None:
    """LHLO (RFC 2033 section 4.1), and as PIPELINING is offered (RFC 2920) no
    command of the transaction waits for the reply to another."""
    connection = client.opened("lmtp", ignore_tls=1, transaction_log=1)
    assert client.delivered(send(connection, HELLO, BOB, ALICE)) == wire(HELLO)
    connection.start_quit().succeeds()
    said = client.drive.transcript(LOG_CLIENT)
    assert [line for line in said if "LO " in line] == ["LHLO client.test"]
    both = client.drive.transcript(LOG_CLIENT, LOG_SERVER)
    first = next(at for at, line in enumerate(both) if line.startswith("MAIL FROM:"))
    words = [re.split("[ :]", line)[0] for line in both[first : first + 5]]
    assert words == ["MAIL", "RCPT", "RCPT", "DATA", "250"]


@services
def test_unknown_authority(
    client: Client[Dovecot], certificates: Certificates, service: str
) -> None:
    other = str(certificates.other_ca.certificate)
    failure = client(service, tls_ca_file=other).start_connect().fails("ETLS")
    assert failure.tls_reason is not None


def test_not_lmtp(client: Client[Dovecot]) -> None:
    """Submission is no LMTP, and LMTP is no SMTP: neither takes the other's hello."""
    for service, lmtp, hello in (("submission", 1, "LHLO"), ("lmtp", 0, "HELO")):
        failure = client(service, lmtp=lmtp).start_connect().fails("EPROTOCOL")
        assert (failure.command, failure.response_code) == (hello, 500)


# --- recipients -------------------------------------------------------------


@services
def test_several_recipients(client: Client[Dovecot], service: str) -> None:
    connection = client.opened(service)
    sending = send(connection, HELLO, BOB, ALICE)
    assert client.delivered(sending, BOB) == wire(HELLO)
    assert client.delivered(sending, ALICE) == wire(HELLO)
    result = sending.result()
    assert result.statuses == [ACCEPTED, ACCEPTED]
    # Each has the reply that is meant for it.
    for line, name in zip(result.recipients, (BOB, ALICE), strict=True):
        assert line.response is not None
        assert line.response.startswith(f"250 2.0.0 <{name}> ")
    connection.start_quit().succeeds()


@services
def test_a_fate_for_each(client: Client[Dovecot], service: str) -> None:
    """Refused at RCPT, and for good or for now after the content; the replies behind
    the content belong to those who were accepted before (RFC 2033 section 4.2)."""
    connection = client.opened(service)
    names = [NOBODY, FULL, BOB, f"nosuch2@{DOMAIN}", BUSY, ALICE]
    sending = send(connection, HELLO, *names)
    for address in (BOB, ALICE):
        assert client.delivered(sending, address) == wire(HELLO)
    result = sending.result()
    assert [line.recipient for line in result.recipients] == names
    assert result.statuses == [REJECTED, REJECTED, ACCEPTED, REJECTED, DEFERRED, ACCEPTED]
    nobody, full, _, nobody2, busy, _ = result.recipients
    for line, command, code, enhanced, error, retry in (
        (nobody, "RCPT TO", 550, "5.1.1", "EENVELOPE", RETRY_NO),
        (full, "DATA", 552, "5.2.2", "EMESSAGE", RETRY_NO),
        (nobody2, "RCPT TO", 550, "5.1.1", "EENVELOPE", RETRY_NO),
        (busy, "DATA", 452, "4.2.2", "EMESSAGE", RETRY_SAFE),
    ):
        assert (line.command, line.response_code, line.enhanced) == (command, code, enhanced)
        assert line.response is not None
        assert f"<{line.recipient}>" in line.response
        assert line.error is not None
        assert (line.error.name, line.error.recipient) == (error, line.recipient)
        assert (line.error.response, line.error.retry) == (line.response, retry)
    assert client.server.deliveries(FULL) == client.server.deliveries(BUSY) == []
    # The next message is not touched by it.
    assert client.delivered(send(connection)) == wire(HELLO)
    connection.start_quit().succeeds()
    assert connection.error is None


@pytest.mark.parametrize(
    ("names", "error", "statuses", "retry"),
    [
        ([NOBODY], "EENVELOPE", [REJECTED], RETRY_NO),
        ([NOBODY, f"nosuch2@{DOMAIN}"], "EENVELOPE", [REJECTED, REJECTED], RETRY_NO),
        ([FULL], "EMESSAGE", [REJECTED], RETRY_NO),
        ([BUSY, NOBODY], "EMESSAGE", [DEFERRED, REJECTED], RETRY_SAFE),
        ([FULL, BUSY], "EMESSAGE", [REJECTED, DEFERRED], RETRY_SAFE),
    ],
)
def test_no_recipient_gets_it(
    client: Client[Dovecot], names: list[str], error: str, statuses: list[int], retry: int
) -> None:
    connection = client.opened("lmtp")
    sending = send(connection, HELLO, *names)
    failure = sending.fails(error)
    assert failure.retry == retry
    assert failure.command == ("RCPT TO" if error == "EENVELOPE" else "DATA")
    assert sending.result().statuses == statuses
    assert client.delivered(send(connection)) == wire(HELLO)
    connection.start_quit().succeeds()
    assert connection.error is None


def test_same_recipient_twice(client: Client[Dovecot]) -> None:
    """Each has a reply of its own. Dovecot keeps one copy."""
    connection = client.opened("lmtp")
    sending = send(connection, HELLO, BOB, ALICE, BOB, FULL, BOB)
    assert client.delivered(sending, BOB) == client.delivered(sending, ALICE) == wire(HELLO)
    assert sending.result().statuses == [ACCEPTED, ACCEPTED, ACCEPTED, REJECTED, ACCEPTED]
    first, _, second, _, third = sending.result().recipients
    assert first.response == second.response == third.response
    assert client.delivered(send(connection)) == wire(HELLO)
    connection.start_quit().succeeds()


def test_null_reverse_path(client: Client[Dovecot]) -> None:
    connection = client.opened("lmtp")
    envelope = client.drive.envelope("", [BOB])
    sending = connection.start_send(HELLO, envelope=envelope)
    delivery = client.delivery(sending)
    assert delivery.reverse_path == ""
    assert delivery.content == wire(HELLO)
    connection.start_quit().succeeds()


# --- content ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("service", "way"), [("lmtp", "reader"), ("lmtps", "copy"), ("lmtp-socket", "descriptor")]
)
def test_large(client: Client[Dovecot], service: str, way: str) -> None:
    given = large()
    connection = client.opened(service)
    sending = send(connection, given, BOB, ALICE, message=message(client.drive, given, way))
    for address in (BOB, ALICE):
        # Not "==" alone: the difference of two such messages is unreadable.
        same = client.delivered(sending, address) == wire(given)
        assert same
    assert sending.result().message_size == len(wire(given))
    connection.start_quit().succeeds()


def test_8bitmime(client: Client[Dovecot]) -> None:
    connection = client.opened("lmtp", transaction_log=1)
    content = HEADER + "zoë".encode()
    envelope = client.drive.envelope(ALICE, [BOB])
    assert client.delivered(connection.start_send(content, envelope=envelope)) == wire(content)
    assert f"MAIL FROM:<{ALICE}> BODY=8BITMIME" in client.drive.transcript(LOG_CLIENT)
    connection.start_quit().succeeds()


def test_failing_source(client: Client[Dovecot]) -> None:
    """Whatever Dovecot has by then, it must not deliver it."""
    since = len(client.server.log())
    connection = client.opened("lmtp")
    broken = client.drive.reader(HEADER, b"half a message\r\n" * 50_000, "!error")
    sending = send(connection, HELLO, BOB, ALICE, message=broken)
    sending.fails("ESTREAM")
    assert sending.result().statuses == [NOT_TRIED, NOT_TRIED]
    client.server.wait_log(r"lmtp\(.*Disconnect from .*Connection closed", since)
    for address in (BOB, ALICE):
        delivered = client.server.deliveries(address)
        assert all(b"half a message" not in one.content for one in delivered)


# --- one after the other ----------------------------------------------------


@services
def test_many_messages(client: Client[Dovecot], service: str) -> None:
    """Everything is started before anything has happened, and every fifth message
    is refused, by turns at RCPT and after its content."""
    count = 100
    since = len(client.server.log())
    contents = [HEADER + b"number %d" % number * (1 + number**2) for number in range(count)]
    refused = {number: (NOBODY, FULL)[number // 5 % 2] for number in range(4, count, 5)}
    connection = client(service)
    with client.drive.held():
        connecting = connection.start_connect()
        sendings = [
            send(
                connection,
                content,
                refused.get(number, BOB),
                message=message(client.drive, content, WAYS[number % 4]),
            )
            for number, content in enumerate(contents)
        ]
        quitting = connection.start_quit()
    connecting.succeeds()
    for number, sending in enumerate(sendings):
        if number in refused:
            sending.fails("EENVELOPE" if refused[number] == NOBODY else "EMESSAGE")
        else:
            assert client.delivered(sending) == wire(contents[number]), number
    quitting.succeeds()
    assert connection.error is None
    # In one session.
    client.server.wait_log(r"lmtp\(.*Disconnect from .*Logged out", since)
    assert client.server.log()[since:].count(": Info: Connect from ") == 1


def test_reset(client: Client[Dovecot]) -> None:
    connection = client.opened("lmtp")
    connection.start_reset().succeeds()
    first = send(connection)
    connection.start_reset().succeeds()
    second = send(connection, HELLO, ALICE)
    assert client.delivered(first) == client.delivered(second, ALICE) == wire(HELLO)
    connection.start_quit().succeeds()
    connection.wait_end()
    assert connection.error is None


# --- from Python ------------------------------------------------------------


@services
def test_python(server: Dovecot, certificates: Certificates, service: str) -> None:
    ca_file = certificates.ca_file
    names = [NOBODY, BOB, FULL, BUSY, ALICE]
    with smtpconn.Connection(**server.address(service), tls_ca_file=ca_file) as connection:
        assert connection.is_secure
        assert connection.capability_lines == OFFERED
        result = connection.send(ALICE, names, HELLO.decode())
        with pytest.raises(smtpconn.MessageError) as caught:
            connection.send(ALICE, [FULL, BUSY], HELLO)
    assert result.accepted == [BOB, ALICE]
    assert result.rejected == [NOBODY, FULL, BUSY]
    assert [line.address for line in result.recipients] == names
    assert [line.code for line in result.recipients] == [550, 250, 552, 452, 250]
    errors = [type(error) for error in result.rejected_errors]
    assert errors == [smtpconn.EnvelopeError, smtpconn.MessageError, smtpconn.MessageError]
    for line in result.recipients:
        if line.accepted:
            queue_id = saved_as(line.address, line.response)
            assert server.delivery(line.address, queue_id).content == wire(HELLO)
    assert caught.value.result is not None
    assert caught.value.result.rejected == [FULL, BUSY]
    assert caught.value.retry is smtpconn.Retry.SAFE

"""The library and a real OpenSMTPD, which knows no PIPELINING and ends a connection
in which a command came early. The fixture looks for that when all tests are over."""

from __future__ import annotations

import pytest

from support.drive.outcomes import ACCEPTED, NOT_TRIED, REJECTED, RETRY_NO, RETRY_SAFE
from support.messages.content import HELLO, WAYS, message, stored
from support.realservers.client import Client, send
from support.realservers.mailboxes import ALICE, BOB, BOXES, NOBODY
from support.realservers.opensmtpd import MOST_MESSAGES, OpenSMTPD

pytestmark = pytest.mark.parametrize("server", ["opensmtpd"], indirect=True)


def test_capabilities(client: Client[OpenSMTPD]) -> None:
    connection = client.opened("smtp")
    for keyword in ("8BITMIME", "DSN", "ENHANCEDSTATUSCODES", "SIZE"):
        assert connection.capability(keyword)[0], keyword
    for keyword in ("PIPELINING", "SMTPUTF8", "STARTTLS", "AUTH"):
        assert not connection.capability(keyword)[0], keyword
    connection.start_quit().succeeds()


def test_recipients(client: Client[OpenSMTPD]) -> None:
    """Some are refused, then all, then none."""
    connection = client.opened("smtp")
    names = [NOBODY, BOB, "b@example.com", ALICE]
    sending = send(connection, HELLO, *names)
    for address in (ALICE, BOB):
        assert client.delivered(sending, address) == stored(HELLO)
    result = sending.result()
    assert result.statuses == [REJECTED, ACCEPTED, REJECTED, ACCEPTED]
    assert [line.response_code for line in result.recipients] == [524, 250, 550, 250]
    assert result.recipients[0].enhanced == "5.2.4"

    sending = send(connection, HELLO, NOBODY, "b@example.com")
    failure = sending.fails("EENVELOPE")
    assert (failure.command, failure.response_code) == ("RCPT TO", 550)
    assert failure.retry == RETRY_NO
    assert sending.result().statuses == [REJECTED, REJECTED]

    sending = send(connection, HELLO, *BOXES)
    assert {client.delivered(sending, box) for box in BOXES} == {stored(HELLO)}
    connection.start_quit().succeeds()


def test_notifications(client: Client[OpenSMTPD]) -> None:
    """It takes the parameters (RFC 3461), and would answer bad ones with 5yz."""
    connection = client.opened("smtp")
    envelope = client.drive.envelope(
        ALICE,
        [BOB],
        dsn_ret="HDRS",
        dsn_envid="order 12+34=46",
        dsn_notify="FAILURE,DELAY",
        dsn_orcpt="first+tag@test.local",
    )
    assert client.delivered(connection.start_send(HELLO, envelope=envelope)) == stored(HELLO)
    connection.start_quit().succeeds()


def test_too_many_messages(client: Client[OpenSMTPD]) -> None:
    """Then MAIL is answered with 452, the code for too many recipients, as often as
    one asks: no reason to try again on this connection."""
    connection = client("smtp")
    with client.drive.held():
        operations = [connection.start_connect()]
        sendings = [
            send(connection, message=message(client.drive, HELLO, WAYS[number % 4]))
            for number in range(MOST_MESSAGES)
        ]
        beyond = [send(connection, HELLO, BOB, ALICE) for _ in range(2)]
        operations += [*sendings, connection.start_quit()]
    for operation in operations:
        operation.succeeds()
    for sending in beyond:
        failure = sending.fails("EENVELOPE")
        assert (failure.command, failure.response_code) == ("MAIL FROM", 452)
        assert failure.retry == RETRY_SAFE
        assert sending.result().statuses == [NOT_TRIED, NOT_TRIED]
    assert {client.delivered(sending) for sending in sendings} == {stored(HELLO)}
    another = client.opened("smtp")
    assert client.delivered(send(another)) == stored(HELLO)
    another.start_quit().succeeds()

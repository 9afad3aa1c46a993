"""The library and a real Exim: a server that takes one command at a time, logins,
and refusals at every step.

Where PIPELINING is not offered, Exim ends a connection in which a command came
before its turn; the fixture looks for that when all tests are over.
"""

from __future__ import annotations

import pytest

from support.drive.outcomes import (
    ACCEPTED,
    DEFERRED,
    NOT_TRIED,
    REJECTED,
    RETRY_NO,
    RETRY_SAFE,
)
from support.messages.content import HEADER, HELLO, stored
from support.realservers.client import Client, send
from support.realservers.exim import (
    BAD_AT_DATA,
    BAD_FOR_NOW,
    BAD_SENDER,
    BAD_SUBJECT,
    MOST_MESSAGES,
    Exim,
)
from support.realservers.mailboxes import ALICE, BOB, BOXES, FEW, NOBODY, PASSWORD, USER
from support.servers.certificates import Certificates

pytestmark = pytest.mark.parametrize("server", ["exim"], indirect=True)

# With PIPELINING and without, otherwise the same.
both_ways = pytest.mark.parametrize("service", ["smtp", "stepwise"])
MECHANISMS = ["PLAIN", "LOGIN", "CRAM-MD5"]
# What Exim's log calls them.
NAMES = {"PLAIN": "plain", "LOGIN": "login", "CRAM-MD5": "cram"}


# --- TLS and login ----------------------------------------------------------


@pytest.mark.parametrize("mechanism", [None, *MECHANISMS])
@pytest.mark.parametrize("service", ["smtp", "submission"])
def test_starttls_and_login(client: Client[Exim], service: str, mechanism: str | None) -> None:
    options: dict[str, str | int] = {} if mechanism is None else {"auth_method": mechanism}
    connection = client.opened(service, require_tls=1, **options)
    assert connection.info()["secure"] == 1
    assert connection.capability("AUTH") == (True, "PLAIN LOGIN CRAM-MD5")
    connection.start_login(USER, PASSWORD).succeeds()
    assert connection.info()["authenticated"] == 1
    sending = send(connection)
    assert client.delivered(sending) == stored(HELLO)
    assert client.delivery(sending).protocol == "ESMTPSA"
    used = client.server.wait_log(rf" {sending.result().queue_id} <= .*\n")
    assert f" A={NAMES[mechanism or 'CRAM-MD5']}:{USER} " in used
    connection.start_quit().succeeds()


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
@pytest.mark.parametrize("service", ["stepwise", "smtps"])
def test_tls_version(client: Client[Exim], service: str, version: str) -> None:
    """Exim's TLS is GnuTLS, so both ends are not the same library."""
    connection = client.logged_in(service, tls_min_version=version, tls_max_version=version)
    assert connection.info()["tls_version"] == version
    assert client.delivered(send(connection)) == stored(HELLO)
    connection.start_quit().succeeds()


@pytest.mark.parametrize("service", ["stepwise", "smtps"])
def test_unknown_authority(client: Client[Exim], service: str, certificates: Certificates) -> None:
    connection = client(
        service,
        tls_ca_file=str(certificates.other_ca.certificate),
    )
    assert connection.start_connect().fails("ETLS").tls_reason is not None
    assert not connection.info()["open"]


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_login_in_the_clear(client: Client[Exim], mechanism: str) -> None:
    """To this machine itself a password may go without TLS."""
    connection = client.opened("stepwise", ignore_tls=1, auth_method=mechanism)
    connection.start_login(USER, PASSWORD).succeeds()
    sending = send(connection)
    assert client.delivered(sending) == stored(HELLO)
    assert client.delivery(sending).protocol == "ESMTPA"
    connection.start_quit().succeeds()


def test_implicit_tls_and_login(client: Client[Exim]) -> None:
    connection = client.logged_in("smtps")
    sending = send(connection)
    assert client.delivered(sending) == stored(HELLO)
    assert client.delivery(sending).protocol == "ESMTPSA"
    connection.start_quit().succeeds()


@pytest.mark.parametrize("tls", [True, False], ids=["tls", "clear"])
@both_ways
def test_without_login(client: Client[Exim], service: str, tls: bool) -> None:
    connection = client.opened(service, ignore_tls=int(not tls))
    assert connection.info()["secure"] == int(tls)
    sending = send(connection)
    assert client.delivered(sending) == stored(HELLO)
    protocol = client.delivery(sending).protocol
    assert protocol == ("ESMTPS" if tls else "ESMTP")
    connection.start_quit().succeeds()


@pytest.mark.parametrize("mechanism", MECHANISMS)
@both_ways
def test_wrong_password(client: Client[Exim], service: str, mechanism: str) -> None:
    """Refused, and then everything works as if nothing had happened."""
    connection = client.opened(service, auth_method=mechanism)
    for user, password in ((USER, "secret"), ("nobody", PASSWORD)):
        failure = connection.start_login(user, password).fails("EAUTH")
        assert failure.response_code == 535
        assert failure.command == f"AUTH {mechanism}"
        assert failure.retry == RETRY_NO
        assert password not in failure.message
        info = connection.info()
        assert (info["open"], info["authenticated"]) == (1, 0)
    connection.start_login(USER, PASSWORD).succeeds()
    assert client.delivered(send(connection)) == stored(HELLO)
    connection.start_quit().succeeds()
    assert connection.error is None


def test_tls_needed(client: Client[Exim]) -> None:
    """Exim offers no AUTH before STARTTLS, so no password leaves."""
    connection = client.opened("submission", ignore_tls=1)
    assert connection.capability("AUTH") == (False, None)
    assert connection.start_login(USER, PASSWORD).fails("EAUTH").response_code == 0
    connection.start_quit().succeeds()


def test_login_needed(client: Client[Exim]) -> None:
    connection = client.opened("submission")
    failure = send(connection).fails("EENVELOPE")
    assert (failure.command, failure.response_code) == ("MAIL FROM", 550)
    connection.start_login(USER, PASSWORD).succeeds()
    assert client.delivered(send(connection)) == stored(HELLO)
    connection.start_quit().succeeds()


# --- one command at a time --------------------------------------------------


@both_ways
def test_pipelining(client: Client[Exim], service: str) -> None:
    """Used when it is offered, and only then: Exim marks a message before whose end
    several commands had come at once with L, and one that might have with L-."""
    connection = client.opened(service, ignore_tls=1)
    offered = service == "smtp"
    assert connection.capability("PIPELINING") == ((True, "") if offered else (False, None))
    sending = send(connection, HELLO, BOB, NOBODY, ALICE)
    assert client.delivered(sending) == stored(HELLO)
    assert sending.result().statuses == [ACCEPTED, REJECTED, ACCEPTED]
    came = client.server.wait_log(rf" {sending.result().queue_id} <= .*\n")
    assert (" L " in came) == offered
    assert " L- " not in came
    connection.start_quit().succeeds()


# --- refusals ---------------------------------------------------------------


@both_ways
def test_sender_refused(client: Client[Exim], service: str) -> None:
    connection = client.opened(service)
    envelope = client.drive.envelope(BAD_SENDER, [BOB, NOBODY])
    sending = connection.start_send(HELLO, envelope=envelope)
    failure = sending.fails("EENVELOPE")
    assert failure.command == "MAIL FROM"
    assert (failure.response_code, failure.enhanced) == (550, "5.7.1")
    assert failure.recipient is None
    assert failure.retry == RETRY_NO
    assert sending.result().statuses == [NOT_TRIED, NOT_TRIED]
    assert client.delivered(send(connection)) == stored(HELLO)
    connection.start_quit().succeeds()


@both_ways
def test_data_refused(client: Client[Exim], service: str) -> None:
    """Recipients were accepted, and then there is no 354."""
    connection = client.opened(service)
    envelope = client.drive.envelope(BAD_AT_DATA, [NOBODY, BOB])
    sending = connection.start_send(HELLO, envelope=envelope)
    failure = sending.fails("EENVELOPE")
    assert failure.command == "DATA"
    assert (failure.response_code, failure.enhanced) == (550, "5.7.1")
    result = sending.result()
    assert result.statuses == [REJECTED, REJECTED]
    assert [line.command for line in result.recipients] == ["RCPT TO", "DATA"]
    assert client.delivered(send(connection)) == stored(HELLO)
    connection.start_quit().succeeds()


@both_ways
@pytest.mark.parametrize(
    ("content", "code", "status", "retry"),
    [(BAD_SUBJECT, 550, REJECTED, RETRY_NO), (BAD_FOR_NOW, 451, DEFERRED, RETRY_SAFE)],
    ids=["for good", "for now"],
)
def test_message_refused(
    client: Client[Exim], service: str, content: bytes, code: int, status: int, retry: int
) -> None:
    """After all of it was sent."""
    connection = client.opened(service)
    sending = send(connection, content, NOBODY, BOB)
    failure = sending.fails("EMESSAGE")
    assert failure.command == "DATA"
    assert failure.response_code == code
    assert failure.retry == retry
    result = sending.result()
    assert result.statuses == [REJECTED, status]
    assert [line.response_code for line in result.recipients] == [550, code]
    assert result.queue_id is None
    sending = send(connection)
    assert client.delivered(sending) == stored(HELLO)
    connection.start_quit().succeeds()
    assert client.server.mails(sending.result().queue_id) == 2


@both_ways
def test_nothing_stays_of_a_failed_message(client: Client[Exim], service: str) -> None:
    """Without RSET between them Exim would deliver the second under the sender of
    the first: it has taken that one's MAIL."""
    connection = client.opened(service)
    with client.drive.held():
        first = connection.start_send(
            HELLO, envelope=client.drive.envelope("someone@test.local", [NOBODY])
        )
        second = send(connection, HELLO, ALICE)
    first.fails("EENVELOPE")
    second.succeeds()
    delivery = client.delivery(second, ALICE)
    assert delivery.reverse_path == ALICE
    assert delivery.content == stored(HELLO)
    connection.start_quit().succeeds()


def test_too_many_messages(client: Client[Exim]) -> None:
    """421 to MAIL (RFC 5321 section 3.8): what follows was not delivered, and another
    connection delivers it."""
    connection = client.opened("stepwise", ignored_capabilities="LIMITS")
    with client.drive.held():
        sendings = [send(connection) for _ in range(MOST_MESSAGES + 2)]
    for sending in sendings[:MOST_MESSAGES]:
        sending.succeeds()
    one_more, after = sendings[MOST_MESSAGES:]
    failure = one_more.fails("ECONNECTION")
    assert (failure.command, failure.response_code) == ("MAIL FROM", 421)
    assert failure.retry == RETRY_SAFE
    assert after.fails("ECONNECTION").retry == RETRY_SAFE
    for sending in (one_more, after):
        assert sending.result().statuses == [NOT_TRIED]
    connection.wait_end()
    another = client.opened("stepwise")
    assert client.delivered(send(another)) == stored(HELLO)
    another.start_quit().succeeds()


def test_end_between_transactions(client: Client[Exim]) -> None:
    """The rest of the recipients should follow in another transaction, and there is
    none any more: the first of them have the message, the others may try later."""
    connection = client.opened("stepwise", ignored_capabilities="LIMITS")
    with client.drive.held():
        before = [send(connection) for _ in range(MOST_MESSAGES - 1)]
        sending = send(connection, HELLO, *BOXES)
    for one in before:
        one.succeeds()
    sending.succeeds()
    beyond = len(BOXES) - FEW
    result = sending.result()
    assert result.statuses == [ACCEPTED] * FEW + [DEFERRED] * beyond
    assert {line.response_code for line in result.recipients[FEW:]} == {452}
    connection.wait_end()
    assert connection.error is not None
    assert (connection.error.name, connection.error.response_code) == ("ECONNECTION", 421)


def test_as_many_messages_as_it_announces(client: Client[Exim]) -> None:
    """Exim 4.98 says how many it takes (RFC 9422); those beyond are not tried. Older ones
    say nothing."""
    connection = client.opened("stepwise")
    offered, limits = connection.capability("LIMITS")
    if not offered:
        assert client.server.version < (4, 98)
        return
    assert limits == f"MAILMAX={MOST_MESSAGES} RCPTMAX={FEW}"
    with client.drive.held():
        sendings = [send(connection) for _ in range(MOST_MESSAGES + 1)]
    for sending in sendings[:MOST_MESSAGES]:
        sending.succeeds()
    failure = sendings[MOST_MESSAGES].fails("ESTATE")
    assert "MAILMAX" in failure.message
    assert failure.retry == RETRY_SAFE
    connection.start_quit().succeeds()


# --- parameters -------------------------------------------------------------


@both_ways
def test_parameters(client: Client[Exim], service: str) -> None:
    """The parameters that Exim got, and no others."""
    connection = client.opened(service)
    content = HEADER + "zoë\r\n".encode()
    eight_bit = connection.start_send(content, envelope=client.drive.envelope(ALICE, [BOB]))
    seven_bit = connection.start_send(HELLO, envelope=client.drive.envelope(None, [BOB]))
    assert client.delivered(eight_bit) == stored(content)
    assert client.delivered(seven_bit) == stored(HELLO)
    connection.start_quit().succeeds()
    assert client.server.session(seven_bit.result().queue_id) == [
        f"MAIL FROM:<{ALICE}> BODY=8BITMIME SIZE={len(content)}",
        f"RCPT TO:<{BOB}>",
        f"MAIL FROM:<> SIZE={len(HELLO)}",
        f"RCPT TO:<{BOB}>",
    ]


def test_requiretls_that_is_not_there(client: Client[Exim]) -> None:
    connection = client.opened("smtp", require_tls=1)
    envelope = client.drive.envelope(ALICE, [BOB], require_tls=1)
    sending = connection.start_send(HELLO, envelope=envelope)
    assert sending.fails("EREQUIRETLS").response is None
    assert sending.result().statuses == [NOT_TRIED]
    sending = send(connection)
    assert client.delivered(sending) == stored(HELLO)
    connection.start_quit().succeeds()
    # The first one was never mentioned to Exim.
    assert client.server.mails(sending.result().queue_id) == 1

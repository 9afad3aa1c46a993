"""The library and a real Postfix: TLS, logins, and what only Postfix can tell."""

from __future__ import annotations

import re

import pytest

from support.drive.outcomes import NOT_TRIED, REJECTED, RETRY_NO, RETRY_SAFE
from support.messages.content import HEADER, HELLO, stored
from support.realservers.client import Client, send
from support.realservers.mailboxes import ALICE, BOB, NOBODY, PASSWORD, USER
from support.realservers.postfix import Postfix
from support.servers.certificates import Certificates

pytestmark = pytest.mark.parametrize("server", ["postfix"], indirect=True)

# Where Postfix's log names a message that a client begins to send.
TAKEN = r"/smtpd\[\d+\]: (\w+): client="

# --- TLS and login ----------------------------------------------------------


MECHANISMS = ["PLAIN", "LOGIN", "SCRAM-SHA-1", "SCRAM-SHA-256"]


@pytest.mark.parametrize("mechanism", [None, *MECHANISMS])
@pytest.mark.parametrize("user", [USER, ALICE])
def test_starttls_and_login(client: Client[Postfix], mechanism: str | None, user: str) -> None:
    options: dict[str, str | int] = {} if mechanism is None else {"auth_method": mechanism}
    connection = client.opened("submission", require_tls=1, **options)
    info = connection.info()
    assert info["secure"] == 1
    assert info["tls_version"] in ("TLSv1.2", "TLSv1.3")
    assert info["remote_address"] == f"{client.server.host}:{client.server.ports['submission']}"
    # What Postfix says after STARTTLS; before, it offers no AUTH.
    assert "STARTTLS" not in info["capabilities"]
    _, offered = connection.capability("AUTH")
    assert sorted((offered or "").split()) == sorted(MECHANISMS)
    connection.start_login(user, PASSWORD).succeeds()
    assert connection.info()["authenticated"] == 1
    sending = send(connection)
    assert client.delivered(sending) == stored(HELLO)
    assert client.delivery(sending).protocol == "ESMTPSA"
    used = client.server.wait_log(rf"{sending.result().queue_id}: client=.*\n")
    assert f"sasl_method={mechanism or 'SCRAM-SHA-256'}, sasl_username={ALICE}" in used
    connection.start_quit().succeeds()


def test_implicit_tls_and_login(client: Client[Postfix]) -> None:
    connection = client.logged_in("smtps")
    assert connection.info()["secure"] == 1
    sending = send(connection)
    assert client.delivered(sending) == stored(HELLO)
    assert client.delivery(sending).protocol == "ESMTPSA"
    connection.start_quit().succeeds()


def test_starttls_without_login(client: Client[Postfix]) -> None:
    """It is used because it is offered."""
    connection = client.opened("smtp")
    assert connection.info()["secure"] == 1
    sending = send(connection)
    assert client.delivered(sending) == stored(HELLO)
    assert client.delivery(sending).protocol == "ESMTPS"
    connection.start_quit().succeeds()


def test_without_tls(client: Client[Postfix]) -> None:
    connection = client.opened("smtp", ignore_tls=1)
    assert connection.info()["secure"] == 0
    sending = send(connection)
    assert client.delivered(sending) == stored(HELLO)
    assert client.delivery(sending).protocol == "ESMTP"
    connection.start_quit().succeeds()


def test_without_any_extension(client: Client[Postfix]) -> None:
    connection = client.opened("bare")
    assert connection.info()["capabilities"] == []
    assert client.delivered(send(connection)) == stored(HELLO)
    connection.start_quit().succeeds()


def test_tls_that_is_not_there(client: Client[Postfix]) -> None:
    failure = client("small", require_tls=1).start_connect().fails("ETLS")
    assert "STARTTLS" in failure.message


def test_starttls_port_is_not_for_implicit_tls(client: Client[Postfix]) -> None:
    failure = client("submission", secure=1).start_connect().fails("ETLS")
    assert "STARTTLS" in failure.message


def test_unknown_authority(client: Client[Postfix], certificates: Certificates) -> None:
    connection = client("submission", tls_ca_file=str(certificates.other_ca.certificate))
    failure = connection.start_connect().fails("ETLS")
    assert failure.tls_reason is not None
    # Nothing was said about it that a server could have seen.
    assert not connection.info()["open"]


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_wrong_password(client: Client[Postfix], mechanism: str) -> None:
    """Refused, and then everything works as if nothing had happened."""
    connection = client.opened("submission", require_tls=1, auth_method=mechanism)
    for user, password in ((USER, "secret"), ("nobody", PASSWORD)):
        failure = connection.start_login(user, password).fails("EAUTH")
        assert failure.response_code == 535
        assert failure.enhanced == "5.7.8"
        assert failure.retry == RETRY_NO
        assert password not in failure.message
        info = connection.info()
        assert (info["open"], info["authenticated"]) == (1, 0)
    connection.start_login(USER, PASSWORD).succeeds()
    assert client.delivered(send(connection)) == stored(HELLO)
    connection.start_quit().succeeds()
    assert connection.error is None


def test_wrong_password_and_no_login_needed(client: Client[Postfix]) -> None:
    connection = client.opened("smtp")
    assert connection.start_login(USER, "secret").fails("EAUTH").response_code == 535
    assert client.delivered(send(connection)) == stored(HELLO)
    connection.start_quit().succeeds()


def test_login_needed(client: Client[Postfix]) -> None:
    connection = client.opened("submission")
    sending = send(connection)
    failure = sending.fails("EENVELOPE")
    assert failure.response_code == 554
    assert sending.result().statuses == [REJECTED]
    connection.start_login(USER, PASSWORD).succeeds()
    assert client.delivered(send(connection)) == stored(HELLO)
    connection.start_quit().succeeds()


def test_tls_needed(client: Client[Postfix]) -> None:
    """Postfix offers no AUTH before STARTTLS, so no password leaves."""
    connection = client.opened("submission", ignore_tls=1)
    assert connection.start_login(USER, PASSWORD).fails("EAUTH").response_code == 0
    assert send(connection).fails("EENVELOPE").response_code == 530
    connection.start_quit().succeeds()


def test_8bitmime(client: Client[Postfix]) -> None:
    connection = client.opened("smtp")
    content = HEADER + "zoë".encode()
    envelope = client.drive.envelope(ALICE, [BOB], len(content), use_8bitmime=True)
    assert client.delivered(connection.start_send(content, envelope=envelope)) == stored(content)
    connection.start_quit().succeeds()


def test_failing_source(client: Client[Postfix]) -> None:
    """Whatever Postfix has by then, it must not deliver it."""
    since = len(client.server.log())
    connection = client.opened("smtp")
    broken = client.drive.reader(HEADER, b"half a message\r\n" * 50_000, "!error")
    sending = send(connection, message=broken)
    sending.fails("ESTREAM")
    assert sending.result().statuses == [NOT_TRIED]
    # It has a name by then.
    client.server.wait_log(r"lost connection after DATA", since)
    begun = re.findall(TAKEN, client.server.log()[since:])
    assert len(begun) == 1
    # Another message follows, and the first is still not queued.
    another = client.opened("smtp")
    client.delivered(send(another))
    another.start_quit().succeeds()
    assert f": {begun[0]}: from=" not in client.server.log()
    assert all(b"half a message" not in one.content for one in client.server.deliveries(BOB))


# --- what it does not do -----------------------------------------------------


def test_too_many_connections(client: Client[Postfix]) -> None:
    """421 instead of a greeting: later there may be room."""
    client.server.wait_idle("lone")
    first = client.opened("lone")
    failure = client("lone").start_connect().fails("ECONNECTION")
    assert (failure.response_code, failure.enhanced) == (421, "4.7.0")
    assert failure.phase == "greeting"
    assert failure.retry == RETRY_SAFE
    # The first is not touched by it.
    sending = send(first)
    assert client.delivered(sending) == stored(HELLO)
    first.start_quit().succeeds()
    client.server.session(sending.result().queue_id)
    client.server.wait_idle("lone")
    second = client.opened("lone")
    assert client.delivered(send(second)) == stored(HELLO)
    second.start_quit().succeeds()


def test_too_many_errors(client: Client[Postfix]) -> None:
    """421 among the replies to RCPT (RFC 5321 section 3.8): nothing was delivered,
    and another connection delivers it."""
    client.server.wait_idle("lone")
    since = len(client.server.log())
    connection = client.opened("lone")
    sending = send(connection, HELLO, NOBODY, NOBODY, BOB)
    failure = sending.fails("ECONNECTION")
    assert failure.response_code == 421
    assert failure.retry == RETRY_SAFE
    assert sending.result().statuses == [REJECTED, REJECTED, NOT_TRIED]
    connection.wait_end()
    assert not connection.info()["open"]
    assert connection.error is not None
    assert connection.error.response == failure.response
    client.server.wait_log(r"/lone/smtpd\[\d+\]: disconnect ", since)
    another = client.opened("lone")
    assert client.delivered(send(another)) == stored(HELLO)
    another.start_quit().succeeds()


def test_requiretls_that_is_not_there(client: Client[Postfix]) -> None:
    """RFC 8689 section 4.2.1: Postfix does not know it, so the message must not
    go there, however good the certificate is."""
    connection = client.opened("smtp")
    assert connection.info()["secure"] == 1
    envelope = client.drive.envelope(ALICE, [BOB], require_tls=1)
    sending = connection.start_send(HELLO, envelope=envelope)
    failure = sending.fails("EREQUIRETLS")
    assert failure.response is None
    assert "does not offer" in failure.message
    assert sending.result().statuses == [NOT_TRIED]
    # Postfix got no command of it, and takes the next message.
    sending = send(connection)
    assert client.delivered(sending) == stored(HELLO)
    connection.start_quit().succeeds()
    assert client.server.mails(sending.result().queue_id) == 1


# --- one after the other ----------------------------------------------------


def test_queue_id(client: Client[Postfix]) -> None:
    """The name under which Postfix knows the message, in its reply, its log and
    the message."""
    connection = client.opened("smtp")
    sending = send(connection)
    sending.succeeds()
    result = sending.result()
    assert result.queue_id is not None
    assert result.response == f"250 2.0.0 Ok: queued as {result.queue_id}"
    assert client.delivery(sending).queue_id == result.queue_id
    assert f"from=<{ALICE}>" in client.server.wait_log(rf"qmgr.*: {result.queue_id}: from=.*\n")
    connection.start_quit().succeeds()


def test_reset_and_quit(client: Client[Postfix]) -> None:
    connection = client.logged_in("submission")
    connection.start_reset().succeeds()
    first = send(connection)
    connection.start_reset().succeeds()
    second = send(connection, HELLO, ALICE)
    for sending, address in ((first, BOB), (second, ALICE)):
        assert client.delivered(sending, address) == stored(HELLO)
    connection.start_quit().succeeds()
    connection.wait_end()
    assert connection.error is None
    assert not connection.info()["open"]
    session = client.server.session(first.result().queue_id)
    for counted in ("ehlo=2", "starttls=1", "auth=1", "rset=2", "mail=2", "quit=1"):
        assert f" {counted} " in session

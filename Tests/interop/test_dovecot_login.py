"""The library and a real Dovecot, by submission: logins with a password, and mail
that goes on from there."""

from __future__ import annotations

import re

import pytest

from support.drive import Connection
from support.drive.outcomes import LOG_CLIENT, RETRY_NO
from support.messages.content import BODIES, HEADER, HELLO, large, wire
from support.realservers.client import Client, send
from support.realservers.dovecot import SUBMISSION, Dovecot
from support.realservers.mailboxes import ALICE, BOB, PASSWORD, USER
from support.servers.certificates import Certificates
from support.servers.scripted import ScriptedServer

pytestmark = pytest.mark.parametrize("server", ["dovecot"], indirect=True)

MECHANISMS = ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"]
OFFERED = "PLAIN LOGIN CRAM-MD5 XOAUTH2 SCRAM-SHA-1 SCRAM-SHA-256 OAUTHBEARER EXTERNAL"
#: Without auth_method.
BEST = "SCRAM-SHA-256"


def log_in(
    client: Client[Dovecot],
    connection: Connection,
    mechanism: str,
    protection: str = "TLS",
    user: str = USER,
) -> None:
    """Logs in, which Dovecot must see happen in this way."""
    since = len(client.server.log())
    connection.start_login(user, PASSWORD).succeeds()
    assert connection.info()["authenticated"] == 1
    client.server.wait_login(since, mechanism, protection)


def relayed(relay: ScriptedServer) -> list[bytes]:
    """The messages that came from Dovecot in its last session, without what it puts
    in front and without the escaping of dots (RFC 5321 section 4.5.2)."""
    relay.peers[-1].wait_for(b"QUIT\r\n")
    received = relay.peers[-1].received
    messages = re.findall(
        rb"^DATA\r\nReceived: .*\r\n(?:[ \t].*\r\n)*((?s:.*?)^)\.\r\n", received, re.MULTILINE
    )
    return [re.sub(rb"^\.", b"", message, flags=re.MULTILINE) for message in messages]


# --- which mechanism --------------------------------------------------------


@pytest.mark.parametrize("user", [USER, ALICE])
@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_named_mechanism(client: Client[Dovecot], mechanism: str, user: str) -> None:
    connection = client.opened("submission", require_tls=1, auth_method=mechanism)
    assert connection.info()["secure"] == 1
    assert connection.capability("AUTH") == (True, OFFERED)
    log_in(client, connection, mechanism, user=user)
    connection.start_quit().succeeds()
    assert connection.error is None


@pytest.mark.parametrize("user", [None, ALICE])
@pytest.mark.parametrize("service", SUBMISSION)
def test_certificate(
    client: Client[Dovecot], certificates: Certificates, service: str, user: str | None
) -> None:
    """EXTERNAL: who it is, is in the certificate, and the user may be named."""
    mine = certificates.of(ALICE)
    connection = client.opened(
        service, tls_certificate_file=str(mine.certificate), tls_key_file=str(mine.key)
    )
    since = len(client.server.log())
    connection.start_login(user, PASSWORD).succeeds()
    client.server.wait_login(since, "EXTERNAL")
    connection.start_quit().succeeds()


def test_certificate_of_another(client: Client[Dovecot], certificates: Certificates) -> None:
    """Nobody is logged in as the owner of the certificate who wanted to be somebody else."""
    mine = certificates.of(BOB)
    connection = client.opened(
        "submission", tls_certificate_file=str(mine.certificate), tls_key_file=str(mine.key)
    )
    failure = connection.start_login(ALICE, None).fails("EAUTH")
    assert failure.command == "AUTH EXTERNAL"
    assert failure.response_code == 535
    connection.start_quit().succeeds()


@pytest.mark.parametrize("service", SUBMISSION)
def test_best_mechanism(client: Client[Dovecot], service: str) -> None:
    """The one in which the server proves itself, whatever the server's order."""
    connection = client.opened(service)
    log_in(client, connection, BEST)
    connection.start_quit().succeeds()


def test_best_mechanism_on_this_machine(client: Client[Dovecot]) -> None:
    """Nobody listens on loopback; TLS is not needed for it."""
    connection = client.opened("submission", ignore_tls=1)
    log_in(client, connection, BEST, "secured")
    connection.start_quit().succeeds()


# To Dovecot a client is on this machine only when both addresses are the same.
STRANGER = "127.0.0.2"


def test_what_is_offered_in_the_clear(client: Client[Dovecot]) -> None:
    """Dovecot keeps mechanisms that show the password for TLS."""
    connection = client.opened("submission", ignore_tls=1, local_address=STRANGER)
    assert connection.capability("AUTH") == (True, "CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 EXTERNAL")
    log_in(client, connection, BEST, "none")
    connection.start_quit().succeeds()


def test_what_is_offered_under_tls(client: Client[Dovecot]) -> None:
    """What was said before counts no more (RFC 3207 section 4.2)."""
    connection = client.opened("submission", local_address=STRANGER)
    assert connection.capability("AUTH") == (True, OFFERED)
    log_in(client, connection, BEST)
    connection.start_quit().succeeds()


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_mechanism_that_is_not_offered(client: Client[Dovecot], mechanism: str) -> None:
    """The password is not sent in another way, or without being asked for."""
    connection = client.opened(
        "submission",
        ignore_tls=1,
        local_address=STRANGER,
        auth_method=mechanism,
        transaction_log=1,
    )
    failure = connection.start_login(USER, PASSWORD).fails("EAUTH")
    assert failure.response is None
    assert mechanism in failure.message
    assert "CRAM-MD5" in failure.message
    assert client.drive.transcript(LOG_CLIENT) == ["EHLO client.test"]
    connection.start_quit().succeeds()


@pytest.mark.parametrize("mode", [-1, 0, 1])
@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_initial_response(client: Client[Dovecot], mechanism: str, mode: int) -> None:
    """Forced or forbidden; LOGIN then has the user name in the command."""
    connection = client.opened("submission", auth_method=mechanism, initial_response=mode)
    log_in(client, connection, mechanism)
    connection.start_quit().succeeds()


def test_hello_after_login(client: Client[Dovecot], relay: ScriptedServer) -> None:
    """Dovecot offers what its relay does, and asks that one only after a login."""
    before = client.opened("submission")
    log_in(client, before, BEST)
    assert before.capability("DSN") == (False, None)
    before.start_quit().succeeds()

    connection = client.opened("submission", hello_after_login=1)
    assert connection.capability("DSN") == (False, None)
    log_in(client, connection, BEST)
    assert connection.capability("DSN") == (True, "")
    envelope = client.drive.envelope(ALICE, [BOB], dsn_ret="HDRS", dsn_notify="FAILURE")
    connection.start_send(HELLO, envelope=envelope).succeeds()
    connection.start_quit().succeeds()
    assert relayed(relay) == [wire(HELLO)]
    received = relay.peers[-1].received
    assert re.search(rb"^MAIL FROM:<[^>]*>.* RET=HDRS", received, re.MULTILINE)
    assert re.search(rb"^RCPT TO:<[^>]*>.* NOTIFY=FAILURE", received, re.MULTILINE)


def test_authorization_identity(client: Client[Dovecot]) -> None:
    """Nobody here may act as another user, and Dovecot says so; as oneself everybody may."""
    connection = client.opened("submission")
    login = connection.start_login(USER, PASSWORD, authorization_identity=BOB)
    assert login.fails("EAUTH").response_code == 535
    connection.start_login(USER, PASSWORD, authorization_identity=USER).succeeds()
    connection.start_quit().succeeds()


# --- refused ----------------------------------------------------------------


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_wrong_password(client: Client[Dovecot], mechanism: str) -> None:
    """Refused, and then everything works as if nothing had happened."""
    connection = client.opened("submission", require_tls=1, auth_method=mechanism)
    for user, password in ((USER, "secret"), ("nobody", PASSWORD)):
        failure = connection.start_login(user, password).fails("EAUTH")
        assert failure.response == "535 5.7.8 Authentication failed."
        assert (failure.response_code, failure.enhanced) == (535, "5.7.8")
        assert failure.command == f"AUTH {mechanism}"
        assert failure.retry == RETRY_NO
        assert password not in failure.message
        info = connection.info()
        assert (info["open"], info["authenticated"]) == (1, 0)
    log_in(client, connection, mechanism)
    connection.start_quit().succeeds()
    assert connection.error is None


def test_no_other_mechanism_after_a_refusal(client: Client[Dovecot]) -> None:
    """A refused password is not tried again: accounts are locked for less."""
    connection = client.opened("submission", transaction_log=1)
    connection.start_login(USER, "secret").fails("EAUTH")
    said = client.drive.transcript(LOG_CLIENT)
    assert len([line for line in said if line.startswith("AUTH ")]) == 1
    connection.start_quit().succeeds()


def test_login_needed(client: Client[Dovecot]) -> None:
    connection = client.opened("submission")
    sending = send(connection)
    failure = sending.fails("EENVELOPE")
    assert failure.response_code == 530
    log_in(client, connection, BEST)
    send(connection).succeeds()
    connection.start_quit().succeeds()


# --- mail -------------------------------------------------------------------


@pytest.mark.parametrize("service", SUBMISSION)
@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_mail(client: Client[Dovecot], relay: ScriptedServer, service: str, mechanism: str) -> None:
    connection = client.opened(service, auth_method=mechanism)
    log_in(client, connection, mechanism)
    sending = send(connection)
    sending.succeeds()
    # What the relay said, and the name that the message has there.
    assert sending.result().queue_id == "4F2A"
    connection.start_quit().succeeds()
    assert relayed(relay) == [wire(HELLO)]
    received = relay.peers[-1].received
    assert f"MAIL FROM:<{ALICE}> AUTH={ALICE}\r\nRCPT TO:<{BOB}>\r\n".encode() in received


def test_content(client: Client[Dovecot], relay: ScriptedServer) -> None:
    """Everything is started before anything has happened."""
    given = [HEADER + body for body in BODIES.values()] + [large()]
    connection = client("submission")
    with client.drive.held():
        connecting = connection.start_connect()
        login = connection.start_login(USER, PASSWORD)
        sendings = [send(connection, content) for content in given]
        quitting = connection.start_quit()
    for operation in (connecting, login, *sendings, quitting):
        operation.succeeds()
    # Not "==" alone: the difference of two such messages is unreadable.
    same = relayed(relay) == [wire(content) for content in given]
    assert same

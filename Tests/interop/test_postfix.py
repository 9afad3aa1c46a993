"""The library and a real Postfix: what was sent is what was delivered."""

from __future__ import annotations

import re

import pytest

from support import client as clients
from support.certificates import Certificates
from support.client import HELLO, send
from support.content import BODIES, HEADER, WAYS, large, message, wire
from support.daemon import ALICE, BOB, DOMAIN, PASSWORD, USER
from support.drive import Drive, Operation
from support.outcomes import ACCEPTED, DEFERRED, NOT_TRIED, REJECTED, RETRY_NO, RETRY_SAFE
from support.postfix import SMALL_LIMIT, ZOE, Postfix

# Where Postfix's log names a message that a client begins to send.
TAKEN = r"/smtpd\[\d+\]: (\w+): client="


class Client(clients.Client[Postfix]):
    def delivered(self, sending: Operation, address: str = BOB) -> bytes:
        """Waits for a message and returns it as it lies in the mailbox."""
        sending.succeeds()
        return self.server.delivery(address, sending.result().queue_id).content


@pytest.fixture
def client(drive: Drive, postfix: Postfix, certificates: Certificates) -> Client:
    return Client(drive, postfix, certificates)


def stored(content: bytes) -> bytes:
    """A message as Postfix stores it when it came as it should: a line end is LF in
    a file."""
    return wire(content).replace(b"\r\n", b"\n")


# --- TLS and login ----------------------------------------------------------


@pytest.mark.parametrize("mechanism", [None, "PLAIN", "LOGIN"])
@pytest.mark.parametrize("user", [USER, ALICE])
def test_starttls_and_login(client: Client, mechanism: str | None, user: str) -> None:
    options: dict[str, str | int] = {} if mechanism is None else {"auth_method": mechanism}
    connection = client.opened("submission", require_tls=1, **options)
    info = connection.info()
    assert info["secure"] == 1
    assert info["tls_version"] in ("TLSv1.2", "TLSv1.3")
    assert info["remote_address"] == f"{client.server.host}:{client.server.ports['submission']}"
    # What Postfix says after STARTTLS; before, it offers no AUTH.
    assert "STARTTLS" not in info["capabilities"]
    assert connection.capability("AUTH") == (True, "PLAIN LOGIN")
    connection.start_login(user, PASSWORD).succeeds()
    assert connection.info()["authenticated"] == 1
    sending = send(connection)
    assert client.delivered(sending) == stored(HELLO)
    queue_id = sending.result().queue_id
    assert client.server.delivery(BOB, queue_id).protocol == "ESMTPSA"
    used = client.server.wait_log(rf"{queue_id}: client=.*\n")
    assert f"sasl_method={mechanism or 'PLAIN'}, sasl_username={ALICE}" in used
    connection.start_quit().succeeds()


def test_implicit_tls_and_login(client: Client) -> None:
    connection = client.logged_in("smtps", secure=1)
    assert connection.info()["secure"] == 1
    sending = send(connection)
    assert client.delivered(sending) == stored(HELLO)
    assert client.server.delivery(BOB, sending.result().queue_id).protocol == "ESMTPSA"
    connection.start_quit().succeeds()


def test_starttls_without_login(client: Client) -> None:
    """It is used because it is offered."""
    connection = client.opened("smtp")
    assert connection.info()["secure"] == 1
    sending = send(connection)
    assert client.delivered(sending) == stored(HELLO)
    assert client.server.delivery(BOB, sending.result().queue_id).protocol == "ESMTPS"
    connection.start_quit().succeeds()


def test_without_tls(client: Client) -> None:
    connection = client.opened("smtp", ignore_tls=1)
    assert connection.info()["secure"] == 0
    sending = send(connection)
    assert client.delivered(sending) == stored(HELLO)
    assert client.server.delivery(BOB, sending.result().queue_id).protocol == "ESMTP"
    connection.start_quit().succeeds()


def test_without_any_extension(client: Client) -> None:
    connection = client.opened("bare")
    assert connection.info()["capabilities"] == []
    assert client.delivered(send(connection)) == stored(HELLO)
    connection.start_quit().succeeds()


def test_tls_that_is_not_there(client: Client) -> None:
    failure = client("small", require_tls=1).start_connect().fails("ETLS")
    assert "STARTTLS" in failure.message


def test_starttls_port_is_not_for_implicit_tls(client: Client) -> None:
    failure = client("submission", secure=1).start_connect().fails("ETLS")
    assert "STARTTLS" in failure.message


def test_unknown_authority(client: Client, certificates: Certificates) -> None:
    connection = client("submission", tls_ca_file=str(certificates.other_ca.certificate))
    failure = connection.start_connect().fails("ETLS")
    assert failure.tls_reason is not None
    # Nothing was said about it that a server could have seen.
    assert not connection.info()["open"]


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_wrong_password(client: Client, mechanism: str) -> None:
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


def test_wrong_password_and_no_login_needed(client: Client) -> None:
    connection = client.opened("smtp")
    assert connection.start_login(USER, "secret").fails("EAUTH").response_code == 535
    assert client.delivered(send(connection)) == stored(HELLO)
    connection.start_quit().succeeds()


def test_login_needed(client: Client) -> None:
    connection = client.opened("submission")
    sending = send(connection)
    failure = sending.fails("EENVELOPE")
    assert failure.response_code == 554
    assert sending.result().statuses == [REJECTED]
    connection.start_login(USER, PASSWORD).succeeds()
    assert client.delivered(send(connection)) == stored(HELLO)
    connection.start_quit().succeeds()


def test_tls_needed(client: Client) -> None:
    """Postfix offers no AUTH before STARTTLS, so no password leaves."""
    connection = client.opened("submission", ignore_tls=1)
    assert connection.start_login(USER, PASSWORD).fails("EAUTH").response_code == 0
    assert send(connection).fails("EENVELOPE").response_code == 530
    connection.start_quit().succeeds()


# --- content ----------------------------------------------------------------

# Without a header, Postfix puts an empty line between its own and the body.
WITHOUT_HEADER = {
    b"": b"",
    b"\r\n": b"\n",
    b"\r\n\r\nbody": b"\n\nbody\n",
    b"body": b"\nbody\n",
    b".": b"\n.\n",
    b".\r\n.": b"\n.\n.\n",
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("service", ["submission", "bare"])
def test_content(client: Client, service: str, way: str) -> None:
    cases = {name: (HEADER + body, stored(HEADER + body)) for name, body in BODIES.items()}
    cases |= {repr(given): (given, wanted) for given, wanted in WITHOUT_HEADER.items()}
    connection = client.opened(service)
    if service == "submission":
        connection.start_login(USER, PASSWORD).succeeds()
    for name, (given, wanted) in cases.items():
        sending = send(connection, message=message(client.drive, given, way))
        assert client.delivered(sending) == wanted, name
        assert sending.result().message_size == len(wire(given)), name
    connection.start_quit().succeeds()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("tls", [True, False], ids=["tls", "clear"])
def test_large(client: Client, way: str, tls: bool) -> None:
    given = large()
    connection = client.opened("smtp", ignore_tls=int(not tls))
    sending = send(connection, message=message(client.drive, given, way))
    # Not "==" alone: nobody wants to see the difference of two such messages.
    same = client.delivered(sending) == stored(given)
    assert same
    assert sending.result().message_size == len(wire(given))
    connection.start_quit().succeeds()


def test_8bitmime(client: Client) -> None:
    connection = client.opened("smtp")
    content = HEADER + "zoë".encode()
    envelope = client.drive.envelope(ALICE, [BOB], len(content), use_8bitmime=True)
    assert client.delivered(connection.start_send(content, envelope=envelope)) == stored(content)
    connection.start_quit().succeeds()


def test_failing_source(client: Client) -> None:
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
    # Another message comes behind it, and it is still not queued.
    another = client.opened("smtp")
    client.delivered(send(another))
    another.start_quit().succeeds()
    assert f": {begun[0]}: from=" not in client.server.log()
    assert all(b"half a message" not in one.content for one in client.server.deliveries(BOB))


# --- recipients -------------------------------------------------------------


@pytest.mark.parametrize("service", ["smtp", "bare"])
def test_some_recipients_refused(client: Client, service: str) -> None:
    connection = client.opened(service)
    names = [f"nosuch@{DOMAIN}", BOB, f"busy@{DOMAIN}", "b@example.com", ALICE]
    sending = send(connection, HELLO, *names)
    for address in (ALICE, BOB):
        assert client.delivered(sending, address) == stored(HELLO)
    result = sending.result()
    assert [line.recipient for line in result.recipients] == names
    assert result.statuses == [REJECTED, ACCEPTED, DEFERRED, REJECTED, ACCEPTED]
    nosuch, bob, busy, elsewhere, _ = result.recipients
    assert [line.response_code for line in (nosuch, busy, elsewhere)] == [550, 451, 554]
    assert [line.enhanced for line in (nosuch, busy, elsewhere)] == ["5.1.1", "4.2.1", "5.7.1"]
    assert bob.error is None
    for line, retry in ((nosuch, RETRY_NO), (busy, RETRY_SAFE), (elsewhere, RETRY_NO)):
        assert line.command == "RCPT TO"
        assert line.response is not None
        assert line.recipient in line.response
        assert line.error is not None
        assert line.error.name == "EENVELOPE"
        assert line.error.recipient == line.recipient
        assert line.error.response == line.response
        assert line.error.retry == retry
    connection.start_quit().succeeds()


@pytest.mark.parametrize("service", ["smtp", "bare"])
def test_all_recipients_refused(client: Client, service: str) -> None:
    connection = client.opened(service)
    for names, statuses in (
        ([f"nosuch@{DOMAIN}", f"nosuch2@{DOMAIN}"], [REJECTED, REJECTED]),
        ([f"busy@{DOMAIN}"], [DEFERRED]),
        ([f"nosuch@{DOMAIN}", f"busy@{DOMAIN}"], [REJECTED, DEFERRED]),
    ):
        sending = send(connection, HELLO, *names)
        failure = sending.fails("EENVELOPE")
        assert failure.command == "RCPT TO"
        assert sending.result().statuses == statuses
        assert sending.result().queue_id is None
        # The next message is not touched by it.
        assert client.delivered(send(connection)) == stored(HELLO)
    connection.start_quit().succeeds()
    assert connection.error is None


def test_smtputf8(client: Client) -> None:
    connection = client.opened("smtp")
    sending = send(connection, HELLO, ZOE)
    assert client.delivered(sending, ZOE) == stored(HELLO)
    connection.start_quit().succeeds()


def test_smtputf8_that_is_not_there(client: Client) -> None:
    """Refused here, before anything is sent."""
    connection = client.opened("small")
    assert connection.capability("SMTPUTF8") == (False, None)
    sending = send(connection, HELLO, ZOE)
    failure = sending.fails("EENVELOPE")
    assert failure.response is None
    assert failure.recipient is not None
    assert failure.recipient.encode("latin-1").decode() == ZOE
    assert "SMTPUTF8" in failure.message
    assert sending.result().statuses == [NOT_TRIED]
    assert client.delivered(send(connection)) == stored(HELLO)
    connection.start_quit().succeeds()


# --- sizes ------------------------------------------------------------------


def test_larger_than_allowed_and_known_before(client: Client) -> None:
    connection = client.opened("small")
    assert connection.capability("SIZE") == (True, str(SMALL_LIMIT))
    sending = send(connection, size=SMALL_LIMIT + 1)
    failure = sending.fails("EMESSAGE")
    assert failure.response is None
    assert str(SMALL_LIMIT) in failure.message
    assert sending.result().statuses == [NOT_TRIED]
    # The field that Postfix adds counts too.
    fitting = HEADER + b"x" * (SMALL_LIMIT - 1000)
    sending = send(connection, fitting, size=SMALL_LIMIT)
    assert client.delivered(sending) == stored(fitting)
    connection.start_quit().succeeds()
    # The first one was never mentioned to Postfix.
    assert " mail=1 " in client.server.session(sending.result().queue_id)


def test_larger_than_allowed_and_found_out(client: Client) -> None:
    connection = client.opened("small")
    large = connection.drive.reader(HEADER + b"x" * 70 * SMALL_LIMIT)
    sending = send(connection, message=large)
    failure = sending.fails("EMESSAGE")
    assert failure.response_code == 552
    assert failure.enhanced == "5.3.4"
    assert sending.result().statuses == [REJECTED]
    assert client.delivered(send(connection)) == stored(HELLO)
    connection.start_quit().succeeds()


# --- one after the other ----------------------------------------------------


@pytest.mark.parametrize("service", ["smtp", "submission", "bare"])
def test_many_messages(client: Client, service: str) -> None:
    """Everything is started before anything has happened."""
    count = 50
    since = len(client.server.log())
    contents = [HEADER + b"number %d" % number * (1 + number**2) for number in range(count)]
    connection = client(service)
    with client.drive.held():
        connecting = connection.start_connect()
        operations = [connecting]
        if service == "submission":
            operations.append(connection.start_login(USER, PASSWORD))
        sendings = [
            send(connection, message=message(client.drive, content, WAYS[number % 4]))
            for number, content in enumerate(contents)
        ]
        operations += [*sendings, connection.start_quit()]
    for operation in operations:
        operation.succeeds()
    ids = [sending.result().queue_id for sending in sendings]
    assert len(set(ids)) == count
    assert [client.delivered(sending) for sending in sendings] == [
        stored(content) for content in contents
    ]
    # In one session, in order, and no message more than these.
    session = client.server.session(ids[0])
    assert f" mail={count} rcpt={count} data={count} " in session
    log = client.server.log()[since:]
    assert re.findall(TAKEN, log) == ids


def test_good_and_bad_messages(client: Client) -> None:
    """A queue in which every other message fails, each in a way of its own."""
    connection = client.opened("small")
    with client.drive.held():
        sendings = [
            send(connection),
            send(connection, HELLO, f"nosuch@{DOMAIN}"),
            send(connection),
            send(connection, HEADER + b"x" * 2 * SMALL_LIMIT),
            send(connection),
            send(connection, size=2 * SMALL_LIMIT),
            send(connection),
            send(connection, HELLO, ZOE),
            send(connection, HELLO, f"busy@{DOMAIN}", BOB),
        ]
        quitting = connection.start_quit()
    codes = ["EENVELOPE", "EMESSAGE", "EMESSAGE", "EENVELOPE"]
    for sending, code in zip(sendings[1::2], codes, strict=True):
        sending.fails(code)
    for sending in sendings[::2]:
        assert client.delivered(sending) == stored(HELLO)
    quitting.succeeds()
    assert connection.error is None


def test_queue_id(client: Client) -> None:
    """The name under which Postfix knows the message, in its reply, its log and
    the message."""
    connection = client.opened("smtp")
    sending = send(connection)
    sending.succeeds()
    result = sending.result()
    assert result.queue_id is not None
    assert result.response == f"250 2.0.0 Ok: queued as {result.queue_id}"
    assert client.server.delivery(BOB, result.queue_id).queue_id == result.queue_id
    assert f"from=<{ALICE}>" in client.server.wait_log(rf"qmgr.*: {result.queue_id}: from=.*\n")
    connection.start_quit().succeeds()


def test_reset_and_quit(client: Client) -> None:
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

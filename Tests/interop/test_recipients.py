"""Recipients that a server refuses, for good and for now, and too many of them."""

from __future__ import annotations

import math
import uuid

import pytest

from support.drive import Operation
from support.drive.outcomes import ACCEPTED, DEFERRED, NOT_TRIED, REJECTED, RETRY_NO, RETRY_SAFE
from support.messages.content import HELLO, header, stored
from support.realservers.client import Client, send
from support.realservers.mailboxes import ALICE, BOB, BOXES, BUSY, DOMAIN, FEW, NOBODY, ZOE
from support.realservers.telling import TellingServer

# Each server, with and without PIPELINING.
everywhere = pytest.mark.parametrize(
    ("server", "service"),
    [("postfix", "smtp"), ("postfix", "bare"), ("exim", "smtp"), ("exim", "stepwise")],
    indirect=["server"],
)
# Where only FEW recipients are taken at a time.
with_limit = pytest.mark.parametrize(
    ("server", "service"),
    [("postfix", "few"), ("exim", "smtp"), ("exim", "stepwise")],
    indirect=["server"],
)
# Exim says so beforehand from 4.98 on (RFC 9422): obeyed, and as if it did not.
limits = pytest.mark.parametrize("ignored", ["NOTHING", "LIMITS"])
ELSEWHERE = "b@example.com"


@everywhere
def test_some_refused(client: Client[TellingServer], service: str) -> None:
    connection = client.opened(service)
    names = [NOBODY, BOB, BUSY, ELSEWHERE, ALICE]
    sending = send(connection, HELLO, *names)
    for address in (ALICE, BOB):
        assert client.delivered(sending, address) == stored(HELLO)
    result = sending.result()
    assert [line.recipient for line in result.recipients] == names
    assert result.statuses == [REJECTED, ACCEPTED, DEFERRED, REJECTED, ACCEPTED]
    nobody, bob, busy, elsewhere, _ = result.recipients
    codes = [550, 451, 554 if client.server.name == "postfix" else 550]
    assert [line.response_code for line in (nobody, busy, elsewhere)] == codes
    assert [line.enhanced for line in (nobody, busy, elsewhere)] == ["5.1.1", "4.2.1", "5.7.1"]
    assert bob.error is None
    for line, retry in ((nobody, RETRY_NO), (busy, RETRY_SAFE), (elsewhere, RETRY_NO)):
        assert line.command == "RCPT TO"
        assert line.response is not None
        assert line.error is not None
        assert line.error.name == "EENVELOPE"
        assert line.error.recipient == line.recipient
        assert line.error.response == line.response
        assert line.error.retry == retry
    assert nobody.response is not None
    assert "nobody of this name" in nobody.response
    connection.start_quit().succeeds()


@everywhere
def test_all_refused(client: Client[TellingServer], service: str) -> None:
    connection = client.opened(service)
    for names, statuses in (
        ([NOBODY, f"nosuch2@{DOMAIN}"], [REJECTED, REJECTED]),
        ([BUSY], [DEFERRED]),
        ([NOBODY, BUSY], [REJECTED, DEFERRED]),
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


class Copies:
    """A message whose copies can be distinguished from all others."""

    def __init__(self, server: TellingServer) -> None:
        self._server = server
        self._message_id = f"{uuid.uuid4()}@{DOMAIN}"
        self.content = header(self._message_id) + b"Hello all.\r\n"

    def arrived(self, sending: Operation) -> tuple[int, dict[str, int]]:
        """In how many transactions it came, and how often it lies in each box."""
        last = sending.result().queue_id
        assert last is not None
        # When the log has the last one, it has all.
        self._server.wait_done(last)
        ids = self._server.identifiers(self._message_id)
        for queue_id in ids:
            self._server.wait_done(queue_id)
        boxes = {box: self._server.deliveries(box) for box in BOXES}
        return len(ids), {
            box: sum(one.queue_id in ids for one in found) for box, found in boxes.items()
        }


@with_limit
@limits
@pytest.mark.parametrize("way", ["copy", "borrowed"])
def test_too_many(client: Client[TellingServer], service: str, ignored: str, way: str) -> None:
    """452 asks for the rest in further transactions (RFC 5321 section 4.5.3.1.10),
    and everybody gets one copy."""
    copies = Copies(client.server)
    connection = client.opened(service, ignored_capabilities=ignored)
    message = client.drive.message(copies.content, way)
    sending = send(connection, b"", *BOXES, message=message)
    sending.succeeds()
    assert sending.result().statuses == [ACCEPTED] * len(BOXES)
    connection.start_quit().succeeds()
    transactions = math.ceil(len(BOXES) / FEW)
    assert transactions > 2
    assert copies.arrived(sending) == (transactions, dict.fromkeys(BOXES, 1))


@with_limit
@limits
def test_too_many_and_some_refused(
    client: Client[TellingServer], service: str, ignored: str
) -> None:
    """Only who was one too many is tried again."""
    copies = Copies(client.server)
    connection = client.opened(service, ignored_capabilities=ignored)
    names = [NOBODY, *BOXES[:FEW], BUSY, *BOXES[FEW:], NOBODY]
    sending = send(connection, copies.content, *names)
    sending.succeeds()
    expected = {NOBODY: REJECTED, BUSY: DEFERRED}
    assert sending.result().statuses == [expected.get(name, ACCEPTED) for name in names]
    connection.start_quit().succeeds()
    _, boxes = copies.arrived(sending)
    assert boxes == dict.fromkeys(BOXES, 1)


@with_limit
@limits
def test_too_many_for_a_reader(client: Client[TellingServer], service: str, ignored: str) -> None:
    """A message that can be read only once goes to the first; the others are told
    to come again, or not named at all to a server that says how many it takes."""
    copies = Copies(client.server)
    connection = client.opened(service, ignored_capabilities=ignored)
    sending = send(connection, b"", *BOXES, message=client.drive.reader(copies.content))
    sending.succeeds()
    beyond = len(BOXES) - FEW
    is_known = connection.capability("LIMITS")[0]
    status, code = (NOT_TRIED, 0) if is_known else (DEFERRED, 452)
    assert sending.result().statuses == [ACCEPTED] * FEW + [status] * beyond
    assert {line.response_code for line in sending.result().recipients[FEW:]} == {code}
    connection.start_quit().succeeds()
    assert copies.arrived(sending) == (1, {box: int(box in BOXES[:FEW]) for box in BOXES})


@pytest.mark.parametrize(
    ("server", "service"),
    [("postfix", "smtp"), ("exim", "smtp"), ("exim", "stepwise")],
    indirect=["server"],
)
def test_smtputf8(client: Client[TellingServer], service: str) -> None:
    connection = client.opened(service)
    content = "Subject: zoë\r\n\r\nHellö Zoë.\r\n.\r\n".encode()
    envelope = client.drive.envelope(ZOE, [ZOE, BOB])
    sending = connection.start_send(content, envelope=envelope)
    for address in (ZOE, BOB):
        assert client.delivered(sending, address) == stored(content)
        assert client.delivery(sending, address).reverse_path == ZOE
    connection.start_quit().succeeds()


@pytest.mark.parametrize("server", ["postfix", "exim"], indirect=True)
def test_smtputf8_that_is_not_there(client: Client[TellingServer]) -> None:
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

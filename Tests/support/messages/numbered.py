"""Messages by their number, and what became of them: for tests that send several at
once."""

from __future__ import annotations

from support.drive.connection import Connection, Operation
from support.drive.outcomes import ACCEPTED, NOT_TRIED, RETRY_SAFE, RETRY_UNKNOWN, UNKNOWN
from support.servers.strict import StrictServer

#: The error, the status of the only recipient, and what may be done.
Outcome = tuple[str | None, int, int | None]
SENT: Outcome = (None, ACCEPTED, None)
LOST: Outcome = ("ECONNECTION", NOT_TRIED, RETRY_SAFE)
IN_DOUBT: Outcome = ("ECONNECTION", UNKNOWN, RETRY_UNKNOWN)


def mailboxes(number: int) -> tuple[str, str]:
    """Sender and recipient."""
    return f"from{number}@example.com", f"to{number}@example.com"


def content(number: int) -> bytes:
    return b"Subject: %d\r\n\r\n.body\r\n" % number


def content_as_sent(number: int) -> bytes:
    """With its escaped dot, and the final one."""
    return content(number).replace(b"\n.", b"\n..") + b".\r\n"


def envelope(number: int) -> bytes:
    sender, recipient = (mailbox.encode() for mailbox in mailboxes(number))
    return b"MAIL FROM:<%s>\r\nRCPT TO:<%s>\r\nDATA\r\n" % (sender, recipient)


def envelope_ahead(number: int) -> bytes:
    """Behind a message that has no verdict yet, whose envelope may be left."""
    return b"RSET\r\n" + envelope(number)


def start_one(connection: Connection, number: int, message: str | None = None) -> Operation:
    sender, recipient = mailboxes(number)
    return connection.start_send(content(number), sender, [recipient], message)


def start(connection: Connection, count: int) -> list[Operation]:
    """That many at once."""
    with connection.drive.held():
        return [start_one(connection, number) for number in range(count)]


def outcome(operation: Operation) -> Outcome:
    failure = operation.wait().error
    (status,) = operation.result().statuses
    if failure is None:
        return None, status, None
    # What a reset is called depends on whether a read or a write notices it.
    name = "ECONNECTION" if failure.name == "ESOCKET" else failure.name
    return name, status, failure.retry


def delivered(server: StrictServer, *numbers: int) -> None:
    """These have arrived, once and in this order, and no other."""
    copies = [(each.sender, each.recipient, each.content) for each in server.deliveries]
    assert copies == [
        (*[mailbox.encode() for mailbox in mailboxes(number)], content(number))
        for number in numbers
    ]


def true_of(server: StrictServer, outcomes: list[Outcome]) -> None:
    """What was said of each is so; of one that is in doubt anything may be."""
    arrived = [delivery.sender.decode() for delivery in server.deliveries]
    for number, (_, status, _) in enumerate(outcomes):
        copies = arrived.count(mailboxes(number)[0])
        assert copies == (status == ACCEPTED) or (copies == 1 and status == UNKNOWN), number

"""Messages that are larger than the server takes (RFC 1870)."""

from __future__ import annotations

import pytest

from support.drive.outcomes import NOT_TRIED
from support.messages.content import HEADER, HELLO, stored
from support.realservers.client import Client, send
from support.realservers.letters import MODES
from support.realservers.mailboxes import SMALL_LIMIT
from support.realservers.telling import TellingServer

pytestmark = pytest.mark.parametrize("server", ["postfix", "exim"], indirect=True)


def test_known_before(client: Client[TellingServer]) -> None:
    connection = client.opened("small")
    assert connection.capability("SIZE") == (True, str(SMALL_LIMIT))
    for sending in (
        # Of a reader only the given size is known; a message in memory is inspected.
        send(connection, size=SMALL_LIMIT + 1),
        send(connection, HEADER + b"x" * SMALL_LIMIT),
    ):
        failure = sending.fails("EMESSAGE")
        assert failure.response is None
        assert str(SMALL_LIMIT) in failure.message
        assert sending.result().statuses == [NOT_TRIED]
    # The field that the server adds counts too.
    fitting = HEADER + b"x" * (SMALL_LIMIT - 1000)
    sending = send(connection, fitting, size=SMALL_LIMIT)
    assert client.delivered(sending) == stored(fitting)
    connection.start_quit().succeeds()
    # The others were never mentioned to the server.
    assert client.server.mails(sending.result().queue_id) == 1


@pytest.mark.parametrize("mode", MODES)
def test_found_out(client: Client[TellingServer], mode: str) -> None:
    """The size is not known, so the message ends where it becomes too large. After chunks
    the connection goes on; DATA can only be stopped by closing."""
    connection = client.opened("small", chunking=MODES[mode])
    sends_chunks = mode != "data" and connection.capability("CHUNKING")[0]
    large = connection.drive.reader(HEADER + b"x" * 70 * SMALL_LIMIT)
    sending = send(connection, message=large)
    failure = sending.fails("EMESSAGE")
    assert failure.response is None
    assert str(SMALL_LIMIT) in failure.message
    assert sending.result().statuses == [NOT_TRIED]
    if not sends_chunks:
        connection = client.opened("small")
    assert client.delivered(send(connection)) == stored(HELLO)
    connection.start_quit().succeeds()

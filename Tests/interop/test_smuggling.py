"""Content that reads like commands, in a message that is larger than the server takes and
whose size nobody knows before.

Postfix 3.10 and 3.11 stop to read when far too much came, and then read as commands what
they have in a buffer: content becomes mail of whoever wrote it. So nothing may be sent
that the server has said it does not take (RFC 1870 section 5).
"""

from __future__ import annotations

import uuid

import pytest

from support.messages.content import HEADER, HELLO, stored
from support.realservers.client import Client, send
from support.realservers.letters import MODES
from support.realservers.mailboxes import BOB, DOMAIN
from support.realservers.telling import TellingServer

SENDER = f"stranger@{DOMAIN}"
# How often the limit is passed, and the size of a piece.
SIZES = [(1.5, 8192), (1.6, 65536), (2, 8192), (3, 65536)]


def commands(token: str) -> bytes:
    """A message for Bob, as a client would give it to a server. Postfix takes nothing that
    comes together with DATA, but it does take a chunk."""
    message = f"From: {SENDER}\r\nSubject: {token}\r\n\r\nhello\r\n"
    transaction = f"RSET\r\nMAIL FROM:<{SENDER}>\r\nRCPT TO:<{BOB}>\r\n"
    return f"{transaction}BDAT {len(message)} LAST\r\n{message}".encode()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("server", "service"),
    [("postfix", "small"), ("postfix", "patient"), ("exim", "small")],
    indirect=["server"],
)
def test_content_is_not_read_as_commands(
    client: Client[TellingServer], service: str, mode: str
) -> None:
    lines = commands(str(uuid.uuid4()))
    since = len(client.server.log())
    for times, size in SIZES:
        connection = client.opened(service, chunking=MODES[mode])
        is_known, limit = connection.capability("SIZE")
        assert is_known
        assert limit is not None
        content = HEADER + lines * int(times * int(limit) / len(lines))
        pieces = [content[at : at + size] for at in range(0, len(content), size)]
        sending = send(connection, message=connection.drive.reader(*pieces))
        assert sending.fails("EMESSAGE").response is None
        assert sending.result().queue_id is None
    # The server never had too much, and when it has this it has all that came before.
    connection = client.opened(service)
    assert client.delivered(send(connection)) == stored(HELLO)
    connection.start_quit().succeeds()
    told = client.server.log()[since:]
    assert "exceeds message size limit" not in told
    assert f"<{SENDER}>" not in told

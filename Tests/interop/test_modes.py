"""Queued messages in each way in which they may travel: all that were accepted are
delivered, once, to whom they are for, from whom they are, octet for octet; what is refused
in the middle of them changes nothing for the others."""

from __future__ import annotations

import pytest

from support.drive.outcomes import ACCEPTED, DEFERRED, NOT_TRIED, REJECTED, RETRY_SAFE, UNKNOWN
from support.messages.content import BODIES, HEADER, WAYS, large, message, stored, wire
from support.realservers.client import Client, send
from support.realservers.dovecot import FULL
from support.realservers.exim import BAD_SENDER
from support.realservers.letters import MODES, Letter
from support.realservers.mailboxes import ALICE, BOB, BUSY, DOMAIN, NOBODY, SMALL_LIMIT
from support.realservers.realserver import RealServer

#: As many as every server takes over one connection. Exim, as it comes, allows one RSET
#: for each message and ten more.
COUNT = 36


def letters(server: RealServer, service: str, mode: str) -> list[Letter]:
    """Most are good; between them are some of every kind that this server refuses."""
    found = []
    for number in range(COUNT):
        letter = Letter(number, f"sender{number}@{DOMAIN}", way=WAYS[number % 7 % 4])
        letter.size = {9: 3_000, 19: 15_000, 29: 70_000 if service != "small" else 0}.get(number, 0)
        _spoil(letter, server, service, mode)
        found.append(letter)
    return found


def _spoil(letter: Letter, server: RealServer, service: str, mode: str) -> None:
    kind = letter.number % 12
    is_dovecot = server.name == "dovecot"
    if kind == 3:
        letter.recipients, letter.statuses = [NOBODY, BOB], [REJECTED, ACCEPTED]
    elif kind == 5:
        letter.recipients, letter.statuses = [ALICE, BOB], [ACCEPTED, ACCEPTED]
    elif kind == 7:
        letter.recipients, letter.statuses = [NOBODY], [REJECTED]
        letter.error = "EENVELOPE"
    elif kind == 8 and server.name != "opensmtpd":
        # Dovecot says so when it has the message.
        letter.recipients, letter.statuses = [BUSY], [DEFERRED]
        letter.error = "EMESSAGE" if is_dovecot else "EENVELOPE"
    elif kind == 10 and server.name == "exim":
        letter.sender, letter.statuses, letter.error = BAD_SENDER, [NOT_TRIED], "EENVELOPE"
    elif kind == 11 and server.name == "exim":
        letter.subject, letter.statuses, letter.error = "spam", [REJECTED], "EMESSAGE"
    elif kind == 11 and is_dovecot:
        letter.recipients, letter.statuses, letter.error = [FULL], [REJECTED], "EMESSAGE"
    elif kind == 11 and service == "small":
        # The size of what is read is not known before, and DATA can only be stopped by closing.
        letter.size, letter.way = 2 * SMALL_LIMIT, "copy" if mode == "data" else "reader"
        letter.statuses, letter.error = [NOT_TRIED], "EMESSAGE"


PLACES = [
    ("postfix", "smtp", 1),
    ("postfix", "smtp", 0),
    ("postfix", "small", 0),
    ("postfix", "bare", 0),
    ("exim", "chunking", 1),
    ("exim", "chunking", 0),
    ("exim", "stepwise", 0),
    ("dovecot", "lmtp", 1),
    ("dovecot", "lmtp", 0),
    ("opensmtpd", "smtp", 0),
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("server", "service", "tls"), PLACES, indirect=["server"])
def test_queued(client: Client[RealServer], service: str, tls: int, mode: str) -> None:
    server = client.server
    posted = letters(server, service, mode)
    connection = client.opened(service, ignore_tls=1 - tls, chunking=MODES[mode])
    with client.drive.held():
        sendings = [letter.post(client.drive, connection) for letter in posted]
        quitting = connection.start_quit()
    for letter, sending in zip(posted, sendings, strict=True):
        letter.expect_told(sending)
    quitting.succeeds()
    assert connection.error is None
    kept = wire if server.name == "dovecot" else stored
    for letter, sending in zip(posted, sendings, strict=True):
        for address in letter.accepted:
            delivery = server.delivery(address, server.queue_id(sending.result(), address))
            assert delivery.reverse_path == letter.sender, letter.number
            assert delivery.content == kept(letter.content), letter.number
    # And nothing else of them: neither twice, nor what was refused.
    for address in (ALICE, BOB):
        contents = [one.content for one in server.deliveries(address)]
        for letter in posted:
            copies = sum(letter.token.encode() in content for content in contents)
            assert copies == letter.accepted.count(address), letter.number


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("server", "service"),
    [("postfix", "smtp"), ("exim", "chunking"), ("dovecot", "lmtp")],
    indirect=["server"],
)
def test_no_recipients(client: Client[RealServer], service: str, mode: str) -> None:
    """In the middle and at the end. Dovecot 2.4.5 gives no reply to the chunk of a message
    for which it has no recipient, and the other replies are not taken for it."""
    connection = client.opened(service, ignore_tls=1, chunking=MODES[mode])
    posted = [Letter(number, f"sender{number}@{DOMAIN}") for number in range(5)]
    for number in (1, 4):
        posted[number].recipients, posted[number].statuses = [NOBODY], [REJECTED]
        posted[number].error = "EENVELOPE"
    with client.drive.held():
        sendings = [letter.post(client.drive, connection) for letter in posted]
    for letter, sending in zip(posted, sendings, strict=True):
        letter.expect_told(sending)
    for letter, sending in zip(posted, sendings, strict=True):
        if letter.error is None:
            assert client.delivery(sending).reverse_path == letter.sender
    connection.start_quit().succeeds()


@pytest.mark.parametrize(
    ("server", "service"),
    [("postfix", "smtp"), ("exim", "chunking"), ("dovecot", "lmtp")],
    indirect=["server"],
)
def test_chunks_are_used(client: Client[RealServer], service: str) -> None:
    """The services above have what the modes are about."""
    connection = client.opened(service)
    assert connection.capability("PIPELINING") == (True, "")
    assert connection.capability("CHUNKING") == (True, "")
    connection.start_quit().succeeds()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("server", "service"), [("exim", "chunking")], indirect=["server"])
def test_a_server_that_has_enough(client: Client[RealServer], service: str, mode: str) -> None:
    """Exim ends a connection in which too many messages in a row are for nobody, by what it
    says to RSET. Whatever that does to those behind, what is told of them is so."""
    server = client.server
    connection = client.opened(service, ignore_tls=1, chunking=MODES[mode])
    posted = [Letter(number, f"sender{number}@{DOMAIN}") for number in range(25)]
    for letter in posted[2:20]:
        letter.recipients = [NOBODY]
    with client.drive.held():
        sendings = [letter.post(client.drive, connection) for letter in posted]
    statuses = [sending.result().statuses[0] for sending in sendings]
    assert statuses[:2] == [ACCEPTED] * 2
    refused = statuses.index(NOT_TRIED if mode != "optimistic" else UNKNOWN)
    assert set(statuses[2:refused]) == {REJECTED}
    assert set(statuses[refused:]) <= {NOT_TRIED, UNKNOWN}
    failure = sendings[refused].fails("EPROTOCOL")
    assert failure.command == "RSET"
    for letter, sending, status in zip(posted, sendings, statuses, strict=True):
        if status == ACCEPTED:
            assert client.delivery(sending).reverse_path == letter.sender
        if status == NOT_TRIED:
            assert sending.wait().error is not None
            assert sending.fails("EPROTOCOL").retry == RETRY_SAFE
    connection.wait_end()
    contents = [one.content for one in server.deliveries(BOB)]
    for letter, status in zip(posted, statuses, strict=True):
        copies = sum(letter.token.encode() in content for content in contents)
        assert copies == (status == ACCEPTED), letter.number


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("mode", ["chunks", "optimistic"])
@pytest.mark.parametrize(
    ("server", "service"),
    [("postfix", "smtp"), ("exim", "chunking"), ("dovecot", "lmtp")],
    indirect=["server"],
)
def test_content(client: Client[RealServer], service: str, mode: str, way: str) -> None:
    """Of every kind, and 10 MB of it, counted and not escaped."""
    connection = client.opened(service, chunking=MODES[mode])
    contents = [HEADER + body for body in BODIES.values()]
    if client.server.name != "exim" or way == "copy":
        # Exim looks at every octet, and takes its time.
        contents.append(large())
    with client.drive.held():
        sendings = [
            send(connection, message=message(client.drive, content, way)) for content in contents
        ]
    kept = wire if client.server.name == "dovecot" else stored
    for content, sending in zip(contents, sendings, strict=True):
        # Not "==" alone: the difference of two large messages is unreadable.
        same = client.delivered(sending) == kept(content)
        assert same, content[:200]
    connection.start_quit().succeeds()

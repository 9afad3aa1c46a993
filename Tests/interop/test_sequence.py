"""Many messages on one connection, and those after one that failed."""

from __future__ import annotations

import uuid

import pytest

from support.messages.content import HEADER, HELLO, WAYS, header, message, stored
from support.realservers.client import Client, send
from support.realservers.mailboxes import BOB, BUSY, DOMAIN, NOBODY, PASSWORD, SMALL_LIMIT, USER
from support.realservers.telling import TellingServer

PLACES = [
    *[("postfix", service) for service in ("smtp", "submission", "bare")],
    *[("exim", service) for service in ("smtp", "stepwise", "submission")],
]


@pytest.mark.parametrize(("server", "service"), PLACES, indirect=["server"])
def test_many_messages(client: Client[TellingServer], service: str) -> None:
    """Everything is started before anything has happened."""
    server = client.server
    names = [f"{uuid.uuid4()}@{DOMAIN}" for _ in range(50)]
    contents = [
        header(name) + b"number %d" % number * (1 + number**2) for number, name in enumerate(names)
    ]
    connection = client(service)
    with client.drive.held():
        operations = [connection.start_connect()]
        if service == "submission":
            operations.append(connection.start_login(USER, PASSWORD))
        sendings = [
            send(connection, message=message(client.drive, content, WAYS[number % 4]))
            for number, content in enumerate(contents)
        ]
        operations += [*sendings, connection.start_quit()]
    for operation in operations:
        operation.succeeds()
    delivered = [client.delivered(sending) for sending in sendings]
    assert delivered == [stored(content) for content in contents]
    # Each arrived once, with the identifier of its reply.
    ids = [sending.result().queue_id for sending in sendings]
    assert [server.identifiers(name) for name in names] == [[one] for one in ids]
    # All of them in one session, and nothing else.
    assert server.mails(ids[0]) == len(names)


@pytest.mark.parametrize("server", ["postfix", "exim"], indirect=True)
def test_good_and_bad_messages(client: Client[TellingServer]) -> None:
    """A queue in which every other message fails, each in a way of its own."""
    connection = client.opened("small")
    with client.drive.held():
        sendings = [
            send(connection),
            send(connection, HELLO, NOBODY),
            send(connection),
            send(connection, HEADER + b"x" * 2 * SMALL_LIMIT),
            send(connection),
            send(connection, size=2 * SMALL_LIMIT),
            send(connection),
            send(connection, HELLO, f"zoë@{DOMAIN}"),
            send(connection, HELLO, BUSY, BOB),
        ]
        quitting = connection.start_quit()
    codes = ["EENVELOPE", "EMESSAGE", "EMESSAGE", "EENVELOPE"]
    for sending, code in zip(sendings[1::2], codes, strict=True):
        sending.fails(code)
    for sending in sendings[::2]:
        assert client.delivered(sending) == stored(HELLO)
    quitting.succeeds()
    assert connection.error is None

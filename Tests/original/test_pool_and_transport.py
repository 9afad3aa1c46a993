"""Cases 108 to 136, as far as they are about one connection: many messages, what
breaks off, and logging in."""

from __future__ import annotations

import pytest

from conftest import Opener
from original.handing import tunnelled
from original.mailing import MESSAGE
from support.drive import Connection, Operation
from support.drive.outcomes import ACCEPTED, NOT_TRIED, RETRY_SAFE
from support.servers.certificates import Certificates
from support.servers.script import greets, script
from support.servers.scripted import Peer, ScriptedServer

# --- many messages ----------------------------------------------------------


def test_case_108_one_message(connect: Opener) -> None:
    arrived: list[bytes] = []

    def dialogue(peer: Peer) -> None:
        peer.greet(b"PIPELINING")
        arrived.append(peer.delivery())
        peer.quit()

    connection = connect.opened(dialogue)
    connection.delivers(b"Subject: x\nTo: y\r\n\rone\n\n.two\rthree")
    connect.join()
    assert arrived == [b"Subject: x\r\nTo: y\r\n\r\none\r\n\r\n..two\r\nthree\r\n.\r\n"]


def start_many(connection: Connection, count: int) -> list[Operation]:
    """From a0, a1, ..., all at once, each with a content of its own."""
    with connection.drive.held():
        return [
            connection.start_send(b"number %d" % number, sender=f"a{number}@example.com")
            for number in range(count)
        ]


def accept(peer: Peer, number: int) -> None:
    content = peer.delivery(sender=b"a%d@example.com" % number)
    assert content == b"number %d\r\n.\r\n" % number


def test_case_110_every_second_sender_refused(connect: Opener) -> None:
    """Exactly those fail, and no recipient gets another message."""

    def dialogue(peer: Peer) -> None:
        peer.greet()
        for number in range(0, 100, 2):
            accept(peer, number)
            peer.answer(b"MAIL FROM:<a%d@example.com>" % (number + 1), b"550 5.7.1 not you")
        peer.quit()

    connection = connect.opened(dialogue)
    sends = start_many(connection, 100)
    connection.start_quit().succeeds()
    for number, sending in enumerate(sends):
        if number % 2:
            assert sending.fails("EENVELOPE").command == "MAIL FROM"
        else:
            sending.succeeds()


def test_case_111_server_leaves_half_way(connect: Opener) -> None:
    """Each of the twenty has a result, and none of those that failed was delivered."""

    def dialogue(peer: Peer) -> None:
        peer.greet()
        for number in range(10):
            accept(peer, number)
        peer.expect(b"MAIL FROM:<a10@example.com>")

    connection = connect.opened(dialogue)
    sends = start_many(connection, 20)
    for sending in sends[:10]:
        sending.succeeds()
    for sending in sends[10:]:
        failure = sending.fails("ECONNECTION")
        assert "closed the connection unexpectedly" in failure.message
        assert failure.retry == RETRY_SAFE
        assert sending.result().statuses == [NOT_TRIED]
    connection.wait_end()


def test_case_115_closed_with_a_hundred_waiting(connect: Opener) -> None:
    def dialogue(peer: Peer) -> None:
        peer.greet()
        peer.expect(b"MAIL FROM:<a0@example.com>")
        assert peer.until_closed() == b""

    server = connect.server(dialogue)
    connection = connect.opened(server)
    sends = start_many(connection, 100)
    server.wait_for(b"MAIL FROM:")
    connection.close()
    for sending in sends:
        assert sending.fails("ECANCELLED").retry == RETRY_SAFE
        assert sending.result().statuses == [NOT_TRIED]
    connection.ends_well()


# --- what breaks off --------------------------------------------------------


@pytest.mark.parametrize("how", ["close", "reset"])
def test_case_126_gone_after_data(connect: Opener, how: str) -> None:
    """The content is too much for all buffers: it was never sent to its end."""

    def dialogue(peer: Peer) -> None:
        peer.greet()
        peer.envelope()
        peer.read_some()
        getattr(peer, how)()

    connection = connect.opened(dialogue)
    sending = connection.start_send(b"line\r\n" * 5_000_000)
    failure = sending.fails("ECONNECTION", "ESOCKET")
    assert failure.phase == "message"
    assert failure.retry == RETRY_SAFE
    assert sending.result().statuses == [NOT_TRIED]
    connection.wait_end()


# --- logging in -------------------------------------------------------------


def login(peer: Peer) -> None:
    peer.greet(b"AUTH PLAIN LOGIN")
    peer.answer(b"AUTH PLAIN AGFsaWNlAHNlc2FtZQ==", b"235 2.7.0 welcome")


def login_and_delivery(peer: Peer) -> None:
    login(peer)
    assert peer.delivery() == MESSAGE + b".\r\n"
    peer.hang_up()


def logs_in_and_sends(connection: Connection) -> None:
    connection.start_connect().succeeds()
    connection.start_login("alice", "sesame").succeeds()
    sending = connection.start_send(MESSAGE)
    sending.succeeds()
    assert sending.result().statuses == [ACCEPTED]
    connection.start_quit().succeeds()


def test_case_117_connected_socket(connect: Opener) -> None:
    server = connect.server(login_and_delivery)
    given = f"to:127.0.0.1:{server.port}"
    logs_in_and_sends(connect(server, connection=given, allow_insecure_auth=1))


def test_case_130_connect_and_quit(connect: Opener) -> None:
    def dialogue(peer: Peer) -> None:
        peer.reply(b"220-test.local ESMTP", b"220 at your service")
        assert peer.line() == b"EHLO client.test"
        peer.reply(b"250-test.local", b"250 SIZE 1000")
        peer.quit()

    server = connect.server(dialogue)
    connection = connect(server)
    assert connection.info()["remote_address"] is None
    connection.start_connect().succeeds()
    connection.drive.wait(lambda: connection.had("connect"), "the connect event")
    info = connection.info()
    assert info["open"] == 1
    assert info["secure"] == 0
    assert info["authenticated"] == 0
    assert info["remote_address"] == f"127.0.0.1:{server.port}"
    assert info["last_response"] == "250-test.local\n250 SIZE 1000"
    connection.start_quit().succeeds()
    connection.wait_end()
    assert connection.info()["open"] == 0
    assert connection.error is None


def test_case_133_through_a_proxy(certificates: Certificates) -> None:
    with (
        ScriptedServer(login_and_delivery) as server,
        tunnelled(certificates, server, allow_insecure_auth=1) as connection,
    ):
        logs_in_and_sends(connection)


def test_no_password_without_tls_through_a_proxy(certificates: Certificates) -> None:
    """The other end of the socket is this machine, and the server is not."""
    dialogue = script(greets(b"AUTH PLAIN LOGIN CRAM-MD5"), Peer.quit)
    with ScriptedServer(dialogue) as server, tunnelled(certificates, server) as connection:
        connection.start_connect().succeeds()
        failure = connection.start_login("alice", "sesame").fails("EAUTH")
        assert "allow_insecure_auth" in failure.message
        connection.start_quit().succeeds()

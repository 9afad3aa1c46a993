"""A name that has several addresses, none of which serves: the error tells of all."""

from __future__ import annotations

import contextlib
import errno
import socket
import ssl
import threading

import pytest

from conftest import FIRST, SECOND, TWO, Driver, Opener
from support.drive import Drive
from support.drive.outcomes import LOG_NETWORK, RETRY_NO, RETRY_SAFE, Failure
from support.resolving import wait_for_resolver
from support.servers.certificates import Certificates
from support.servers.script import Step, says, script
from support.servers.scripted import PATIENCE, Dialogue, Peer, ScriptedServer
from support.slowness import LIMIT
from support.system import full_listener

REPLY = "554 5.3.2 no service here"
SAID = f"the server does not greet with 220: {REPLY}"


@pytest.fixture
def driver(where_two: Driver) -> Driver:
    return where_two


def refuses(peer: Peer) -> None:
    peer.reply(REPLY.encode())
    assert b"EHLO" not in peer.until_closed()


def mute(peer: Peer) -> None:
    peer.until_closed()


def servers(
    connect: Opener, first: Dialogue, second: Dialogue | None
) -> tuple[ScriptedServer, ScriptedServer]:
    """At both addresses; the second one gets no connection if it has no dialogue."""
    server = connect.server(first, address=FIRST)
    others = [] if second is None else [second]
    return server, connect.server(*others, address=SECOND, port=server.port)


def wait_for_log(drive: Drive, text: str) -> None:
    """Until the library has said this of its connections."""
    drive.wait(lambda: text in "\n".join(drive.transcript(LOG_NETWORK)), text)


def is_the_reply(failure: Failure, retry: int) -> None:
    assert failure.name == "EPROTOCOL"
    assert failure.response == REPLY
    assert failure.response_code == 554
    assert failure.phase == "greeting"
    assert failure.retry == retry


@pytest.mark.parametrize(("silent", "refusing"), [(SECOND, FIRST), (FIRST, SECOND)])
def test_reply_and_no_answer(connect: Opener, drive: Drive, silent: str, refusing: str) -> None:
    with full_listener(silent) as port:
        with ScriptedServer(refuses, address=refusing, port=port):
            connection = drive.connection(host=TWO, port=port, connection_timeout=LIMIT)
            opening = connection.start_connect()
            wait_for_log(drive, "trying the next address")
            drive.advance(LIMIT)
            failure = opening.fails("EPROTOCOL")
            connection.wait_end()
        is_the_reply(failure, RETRY_SAFE)
        assert failure.message == (
            "connecting took longer than connection_timeout:"
            f" {refusing}:{port}: {SAID}; {silent}:{port}: no answer"
        )
        assert failure.address == f"{refusing}:{port}, {silent}:{port}"


def test_reply_and_no_greeting(connect: Opener, drive: Drive) -> None:
    """The second address accepts the connection, and then sends nothing."""
    first, _ = servers(connect, refuses, mute)
    connection = connect(first, host=TWO, greeting_timeout=LIMIT)
    opening = connection.start_connect()
    wait_for_log(drive, f"connected to {SECOND}")
    drive.advance(LIMIT)
    failure = opening.fails("EPROTOCOL")
    connection.wait_end()
    is_the_reply(failure, RETRY_SAFE)
    assert f"{FIRST}:{first.port}: {SAID}; {SECOND}:{first.port}: " in failure.message
    assert "(greeting_timeout)" in failure.message
    assert failure.address == f"{FIRST}:{first.port}, {SECOND}:{first.port}"


@pytest.mark.parametrize("refusing", [FIRST, SECOND])
def test_reply_and_closed_port(connect: Opener, drive: Drive, refusing: str) -> None:
    """Whichever comes first: what the server said is in the error, and that the other address
    may be up again later."""
    server = connect.server(refuses, address=refusing)
    connection = connect(server, host=TWO)
    failure = connection.start_connect().fails("EPROTOCOL")
    connection.ends_with(failure)
    is_the_reply(failure, RETRY_SAFE)
    reasons = {FIRST: "Connection refused", SECOND: "Connection refused", refusing: SAID}
    assert failure.message == (
        f"cannot connect to {FIRST}:{server.port}: {reasons[FIRST]};"
        f" {SECOND}:{server.port}: {reasons[SECOND]}"
    )
    assert failure.address == f"{FIRST}:{server.port}, {SECOND}:{server.port}"
    log = "\n".join(drive.transcript(LOG_NETWORK))
    assert "Connection refused" in log
    assert REPLY in log


def test_replies_of_both(connect: Opener) -> None:
    """Nothing suggests that another try would end better."""
    first, _ = servers(connect, refuses, refuses)
    connection = connect(first, host=TWO)
    failure = connection.start_connect().fails("EPROTOCOL")
    is_the_reply(failure, RETRY_NO)
    assert failure.message.count(REPLY) == 2
    assert failure.address == f"{FIRST}:{first.port}, {SECOND}:{first.port}"


def test_certificate_and_closed_port(
    connect: Opener, drive: Drive, certificates: Certificates
) -> None:
    """A server that cannot be trusted is a better reason than one that is not there."""

    def dialogue(peer: Peer) -> None:
        with contextlib.suppress(ssl.SSLError, OSError):
            peer.refused_tls(certificates.expired)

    with ScriptedServer(dialogue, address=FIRST) as server:
        connection = drive.connection(
            host=TWO, port=server.port, secure=1, tls_ca_file=certificates.ca_file
        )
        failure = connection.start_connect().fails("ETLS")
    assert failure.tls_reason
    assert f"{SECOND}:{server.port}: Connection refused" in failure.message


def test_operation_timeout(connect: Opener, drive: Drive) -> None:
    """The error includes what was pending when the time was up."""
    with full_listener(SECOND) as port:
        threads = drive.counts()[1]
        connection = drive.connection(host=TWO, port=port, operation_timeout=LIMIT)
        opening = connection.start_connect()
        drive.settle()
        wait_for_resolver(drive, threads)
        drive.settle()
        drive.advance(LIMIT)
        failure = opening.fails("ETIMEDOUT")
    assert "(operation_timeout)" in failure.message
    assert f"{FIRST}:{port}: Connection refused; {SECOND}:{port}: no answer" in failure.message
    assert failure.address == f"{FIRST}:{port}, {SECOND}:{port}"


# --- a first address that accepts connections and sends nothing ---------------


def greets(peer: Peer) -> None:
    peer.greet()
    peer.quit()


@pytest.mark.parametrize("limit", ["greeting_timeout", "socket_timeout"])
def test_no_greeting_and_a_second_address(connect: Opener, drive: Drive, limit: str) -> None:
    """The wait for a greeting uses none of the time to connect."""
    first, _ = servers(connect, mute, greets)
    connection = connect(
        first,
        host=TWO,
        connection_timeout=LIMIT // 2,
        **{limit: LIMIT},
    )
    opening = connection.start_connect()
    wait_for_log(drive, f"connected to {FIRST}")
    drive.advance(LIMIT)
    opening.succeeds()
    assert connection.info()["remote_address"] == f"{SECOND}:{first.port}"
    connection.start_quit().succeeds()
    log = "\n".join(drive.transcript(LOG_NETWORK))
    assert limit in log
    assert "trying the next address" in log


def test_greeting_ends_the_search(connect: Opener) -> None:
    """A server that has greeted was found: what happens then is told, and not tried again
    elsewhere."""

    def breaks_off(peer: Peer) -> None:
        peer.greet()
        peer.expect(b"MAIL FROM:")

    first, _ = servers(connect, breaks_off, None)
    connection = connect(first, host=TWO)
    connection.start_connect().succeeds()
    failure = connection.start_send().fails("ECONNECTION")
    connection.wait_end()
    assert failure.address == f"{FIRST}:{first.port}"
    assert failure.retry == RETRY_SAFE


def test_part_of_a_greeting_and_a_second_address(connect: Opener, drive: Drive) -> None:
    """What one server began to say is not the beginning of what the next one says."""

    sent = threading.Event()

    def breaks_off(peer: Peer) -> None:
        peer.send(b"220-first\r\n5")
        sent.set()
        peer.until_closed()

    first, _ = servers(connect, breaks_off, greets)
    connection = connect(first, host=TWO, greeting_timeout=LIMIT)
    opening = connection.start_connect()
    wait_for_log(drive, f"connected to {FIRST}")
    assert sent.wait(PATIENCE)
    drive.advance(LIMIT)
    opening.succeeds()
    connection.start_quit().succeeds()


def test_no_handshake_and_a_second_address(
    connect: Opener, drive: Drive, certificates: Certificates
) -> None:
    """With TLS from the first byte the greeting cannot come before the handshake."""

    def protected(peer: Peer) -> None:
        peer.start_tls(certificates.name_only)
        greets(peer)

    first, _ = servers(connect, mute, protected)
    connection = connect(
        first,
        host=TWO,
        secure=1,
        greeting_timeout=LIMIT,
        tls_reject_unauthorized=0,
    )
    opening = connection.start_connect()
    wait_for_log(drive, f"connected to {FIRST}")
    drive.advance(LIMIT)
    opening.succeeds()
    assert connection.info()["remote_address"] == f"{SECOND}:{first.port}"
    connection.start_quit().succeeds()
    assert "the TLS handshake was not over" in "\n".join(drive.transcript(LOG_NETWORK))


def test_no_greeting_from_any(connect: Opener, drive: Drive) -> None:
    first, _ = servers(connect, mute, mute)
    connection = connect(first, host=TWO, greeting_timeout=LIMIT)
    opening = connection.start_connect()
    for address in (FIRST, SECOND):
        wait_for_log(drive, f"connected to {address}")
        drive.advance(LIMIT)
    failure = opening.fails("ETIMEDOUT")
    connection.wait_end()
    assert failure.retry == RETRY_SAFE
    assert failure.message.count("(greeting_timeout)") == 2
    assert failure.address == f"{FIRST}:{first.port}, {SECOND}:{first.port}"


def test_operation_timeout_while_waiting_for_a_greeting(connect: Opener, drive: Drive) -> None:
    """It is over then, whatever addresses are left."""
    first, _ = servers(connect, mute, None)
    connection = connect(first, host=TWO, operation_timeout=LIMIT)
    opening = connection.start_connect()
    wait_for_log(drive, f"connected to {FIRST}")
    drive.advance(LIMIT)
    failure = opening.fails("ETIMEDOUT")
    connection.wait_end()
    assert "(operation_timeout)" in failure.message


def test_connection_timeout_is_over_all_addresses(
    connect: Opener, drive: Drive, certificates: Certificates
) -> None:
    """It goes on with the second address and does not begin again: after a first one that has
    used a part of it, the second has less than a whole."""
    passed = threading.Event()

    def uses_a_part(peer: Peer) -> None:
        peer.handshake_began()
        assert passed.wait(PATIENCE)

    def has_the_rest(peer: Peer) -> None:
        peer.handshake_began()
        peer.until_closed()

    first, second = servers(connect, uses_a_part, has_the_rest)
    connection = connect(
        first,
        host=TWO,
        secure=1,
        connection_timeout=LIMIT,
    )
    opening = connection.start_connect()
    # What begins a handshake.
    first.wait_for(b"\x16")
    drive.advance(LIMIT // 2)
    assert not opening.ended
    passed.set()
    second.wait_for(b"\x16")
    drive.advance(LIMIT // 2)
    failure = opening.wait().error
    connection.wait_end()
    assert failure is not None
    assert "(connection_timeout)" in failure.message


# --- cases 35 to 38 of the original -------------------------------------------


def test_case_035_first_address_refuses(connect: Opener) -> None:
    server = connect.server(greets, address=SECOND)
    connection = connect.opened(server, host=TWO)
    assert connection.info()["remote_address"] == f"{SECOND}:{server.port}"
    connection.start_quit().succeeds()
    connection.ends_well()


def test_case_036_every_address_refuses(drive: Drive) -> None:
    """Both were tried, in order, and both are named."""
    with socket.create_server((FIRST, 0)) as listener:
        port = listener.getsockname()[1]
    connection = drive.connection(host=TWO, port=port)
    failure = connection.start_connect().fails("ESOCKET")
    assert failure.errno == errno.ECONNREFUSED
    assert failure.address == f"{FIRST}:{port}, {SECOND}:{port}"
    assert failure.retry == RETRY_SAFE
    connection.ends_with(failure)


@pytest.mark.parametrize("greeting", [REPLY.encode(), b"SSH-2.0-OpenSSH_9.2", b""])
def test_case_037_second_attempt(connect: Opener, greeting: bytes) -> None:
    """The first address can be connected to and is of no use: the second one is."""

    def useless(peer: Peer) -> None:
        if greeting:
            peer.reply(greeting)
            assert b"EHLO" not in peer.until_closed()

    first, _ = servers(connect, useless, greets)
    connection = connect.opened(first, host=TWO)
    assert connection.info()["remote_address"] == f"{SECOND}:{first.port}"
    log = connect.drive.transcript(LOG_NETWORK)
    assert len([line for line in log if "connected to" in line]) == 2
    connection.start_quit().succeeds()


@pytest.mark.parametrize("established", [False, True])
def test_case_038_no_second_attempt_after_the_greeting(connect: Opener, established: bool) -> None:
    """A server that has greeted was the right one, whatever becomes of it."""
    hello: list[Step] = [Peer.ehlo] if established else [b"EHLO "]
    first, _ = servers(connect, script(says(b"220 test.local ESMTP"), *hello), None)
    connection = connect(first, host=TWO)
    opening = connection.start_connect()
    failure = connection.breaks("ECONNECTION")
    assert (opening.wait().error is None) == established
    assert failure.address == f"{FIRST}:{first.port}"

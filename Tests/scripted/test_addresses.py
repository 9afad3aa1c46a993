"""A name that has several addresses, none of which serves: the error tells of all."""

from __future__ import annotations

import contextlib
import ssl
import threading

import pytest

from conftest import FIRST, SECOND, TWO, Driver
from support.drive import Drive
from support.drive.outcomes import LOG_NETWORK, RETRY_NO, RETRY_SAFE, Failure
from support.resolving import wait_for_resolver
from support.servers.certificates import Certificates
from support.servers.scripted import PATIENCE, Peer, ScriptedServer
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
def test_reply_and_no_answer(drive: Drive, silent: str, refusing: str) -> None:
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


def test_reply_and_no_greeting(drive: Drive) -> None:
    """The second address accepts the connection, and then sends nothing."""
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(ScriptedServer(refuses, address=FIRST))
        stack.enter_context(ScriptedServer(mute, address=SECOND, port=first.port))
        connection = drive.connection(host=TWO, port=first.port, greeting_timeout=LIMIT)
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
def test_reply_and_closed_port(drive: Drive, refusing: str) -> None:
    """Whichever comes first: what the server said is in the error, and that the other address
    may be up again later."""
    with ScriptedServer(refuses, address=refusing) as server:
        connection = drive.connection(host=TWO, port=server.port)
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


def test_replies_of_both(drive: Drive) -> None:
    """Nothing suggests that another try would end better."""
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(ScriptedServer(refuses, address=FIRST))
        stack.enter_context(ScriptedServer(refuses, address=SECOND, port=first.port))
        connection = drive.connection(host=TWO, port=first.port)
        failure = connection.start_connect().fails("EPROTOCOL")
    is_the_reply(failure, RETRY_NO)
    assert failure.message.count(REPLY) == 2
    assert failure.address == f"{FIRST}:{first.port}, {SECOND}:{first.port}"


def test_certificate_and_closed_port(drive: Drive, certificates: Certificates) -> None:
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


def test_operation_timeout(drive: Drive) -> None:
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
def test_no_greeting_and_a_second_address(drive: Drive, limit: str) -> None:
    """The wait for a greeting uses none of the time to connect."""
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(ScriptedServer(mute, address=FIRST))
        stack.enter_context(ScriptedServer(greets, address=SECOND, port=first.port))
        connection = drive.connection(
            None,
            host=TWO,
            port=first.port,
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


def test_greeting_ends_the_search(drive: Drive) -> None:
    """A server that has greeted was found: what happens then is told, and not tried again
    elsewhere."""

    def breaks_off(peer: Peer) -> None:
        peer.greet()
        peer.expect(b"MAIL FROM:")

    with contextlib.ExitStack() as stack:
        first = stack.enter_context(ScriptedServer(breaks_off, address=FIRST))
        stack.enter_context(ScriptedServer(address=SECOND, port=first.port))
        connection = drive.connection(host=TWO, port=first.port, name="client.test")
        connection.start_connect().succeeds()
        failure = connection.start_send().fails("ECONNECTION")
        connection.wait_end()
    assert failure.address == f"{FIRST}:{first.port}"
    assert failure.retry == RETRY_SAFE


def test_part_of_a_greeting_and_a_second_address(drive: Drive) -> None:
    """What one server began to say is not the beginning of what the next one says."""

    sent = threading.Event()

    def breaks_off(peer: Peer) -> None:
        peer.send(b"220-first\r\n5")
        sent.set()
        peer.until_closed()

    with contextlib.ExitStack() as stack:
        first = stack.enter_context(ScriptedServer(breaks_off, address=FIRST))
        stack.enter_context(ScriptedServer(greets, address=SECOND, port=first.port))
        connection = drive.connection(
            host=TWO, port=first.port, name="client.test", greeting_timeout=LIMIT
        )
        opening = connection.start_connect()
        wait_for_log(drive, f"connected to {FIRST}")
        assert sent.wait(PATIENCE)
        drive.advance(LIMIT)
        opening.succeeds()
        connection.start_quit().succeeds()


def test_no_handshake_and_a_second_address(drive: Drive, certificates: Certificates) -> None:
    """With TLS from the first byte the greeting cannot come before the handshake."""

    def protected(peer: Peer) -> None:
        peer.start_tls(certificates.name_only)
        greets(peer)

    with contextlib.ExitStack() as stack:
        first = stack.enter_context(ScriptedServer(mute, address=FIRST))
        stack.enter_context(ScriptedServer(protected, address=SECOND, port=first.port))
        connection = drive.connection(
            host=TWO,
            port=first.port,
            secure=1,
            greeting_timeout=LIMIT,
            tls_reject_unauthorized=0,
            tls_ca_file=certificates.ca_file,
        )
        opening = connection.start_connect()
        wait_for_log(drive, f"connected to {FIRST}")
        drive.advance(LIMIT)
        opening.succeeds()
        assert connection.info()["remote_address"] == f"{SECOND}:{first.port}"
        connection.start_quit().succeeds()
    assert "the TLS handshake was not over" in "\n".join(drive.transcript(LOG_NETWORK))


def test_no_greeting_from_any(drive: Drive) -> None:
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(ScriptedServer(mute, address=FIRST))
        stack.enter_context(ScriptedServer(mute, address=SECOND, port=first.port))
        connection = drive.connection(host=TWO, port=first.port, greeting_timeout=LIMIT)
        opening = connection.start_connect()
        for address in (FIRST, SECOND):
            wait_for_log(drive, f"connected to {address}")
            drive.advance(LIMIT)
        failure = opening.fails("ETIMEDOUT")
        connection.wait_end()
    assert failure.retry == RETRY_SAFE
    assert failure.message.count("(greeting_timeout)") == 2
    assert failure.address == f"{FIRST}:{first.port}, {SECOND}:{first.port}"


def test_operation_timeout_while_waiting_for_a_greeting(drive: Drive) -> None:
    """It is over then, whatever addresses are left."""
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(ScriptedServer(mute, address=FIRST))
        stack.enter_context(ScriptedServer(address=SECOND, port=first.port))
        connection = drive.connection(host=TWO, port=first.port, operation_timeout=LIMIT)
        opening = connection.start_connect()
        wait_for_log(drive, f"connected to {FIRST}")
        drive.advance(LIMIT)
        failure = opening.fails("ETIMEDOUT")
        connection.wait_end()
    assert "(operation_timeout)" in failure.message


def test_connection_timeout_is_over_all_addresses(drive: Drive, certificates: Certificates) -> None:
    """It goes on with the second address and does not begin again: after a first one that has
    used a part of it, the second has less than a whole."""
    passed = threading.Event()

    def uses_a_part(peer: Peer) -> None:
        peer.handshake_began()
        assert passed.wait(PATIENCE)

    def has_the_rest(peer: Peer) -> None:
        peer.handshake_began()
        peer.until_closed()

    with contextlib.ExitStack() as stack:
        first = stack.enter_context(ScriptedServer(uses_a_part, address=FIRST))
        second = stack.enter_context(ScriptedServer(has_the_rest, address=SECOND, port=first.port))
        connection = drive.connection(
            host=TWO,
            port=first.port,
            secure=1,
            connection_timeout=LIMIT,
            tls_ca_file=certificates.ca_file,
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

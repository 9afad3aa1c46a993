"""The main job, and what a connection is before and after it."""

from __future__ import annotations

import copy
import pickle
from typing import Any, Callable

import pytest

import smtpconn
from scripted_server import HELLO, QUIT, SEND, ScriptedServer

LOGIN = """
C: AUTH PLAIN AHVzZXIAcMOkc3M=
S: 235 2.7.0 welcome
"""


def test_connect_login_send_quit(server: ScriptedServer) -> None:
    server.play(HELLO, LOGIN, SEND, QUIT)
    connection = smtpconn.Connection("127.0.0.1", server.port)
    connection.connect()
    connection.login("user", "päss")
    result = connection.send("from@example.org", ["to@example.org"], b"Subject: x\r\n\r\nbody\r\n")
    connection.quit()
    connection.close()
    server.check()
    assert result.accepted == ["to@example.org"]
    assert result.rejected == []
    assert result.response == "250 2.0.0 Ok: queued as 4F2A"
    assert result.queue_id == "4F2A"
    assert result.message_size == 20
    assert server.messages == [b"Subject: x\r\n\r\nbody\r\n"]
    assert server.commands[1:] == [
        "AUTH PLAIN AHVzZXIAcMOkc3M=",
        "MAIL FROM:<from@example.org>",
        "RCPT TO:<to@example.org>",
        "DATA",
        "QUIT",
    ]


def test_context_manager_connects_quits_and_closes(server: ScriptedServer) -> None:
    server.play(HELLO, QUIT)
    with smtpconn.Connection("127.0.0.1", server.port) as connection:
        assert connection.is_open
        connection.connect()  # Does nothing more.
    assert connection.closed


def test_properties(server: ScriptedServer) -> None:
    server.play(HELLO, QUIT)
    connection = smtpconn.Connection("127.0.0.1", server.port, name="client.example")
    assert connection.client_name is None
    stages = [connection.stage]
    with connection:
        stages.append(connection.stage)
        assert connection.client_name == "client.example"
        assert connection.id is not None
        assert len(connection.id) == 16
    stages.append(connection.stage)
    assert stages == [smtpconn.Stage.NEW, smtpconn.Stage.CONNECTED, smtpconn.Stage.CLOSED]


@pytest.mark.parametrize("error", [ZeroDivisionError, SystemExit, GeneratorExit])
def test_context_manager_quits_after_an_exception(
    error: type[BaseException], server: ScriptedServer
) -> None:
    server.play(HELLO, QUIT)
    with pytest.raises(error), smtpconn.Connection("127.0.0.1", server.port):
        raise error


def test_context_manager_waits_for_nothing_after_ctrl_c(server: ScriptedServer) -> None:
    server.play(HELLO, "E:")
    with pytest.raises(KeyboardInterrupt), smtpconn.Connection("127.0.0.1", server.port):
        raise KeyboardInterrupt
    server.check()
    assert server.commands[1:] == []


def test_context_manager_sends_nothing_more_after_an_exception(server: ScriptedServer) -> None:
    # What was started and not waited for is cancelled, as before.
    server.play(HELLO, "E:")
    told: list[object] = []
    with (
        pytest.raises(ZeroDivisionError),
        smtpconn.Connection("127.0.0.1", server.port) as connection,
    ):
        connection.start_reset(told.append)
        raise ZeroDivisionError
    server.check()
    assert server.commands[1:] == []
    assert [type(each) for each in told] == [smtpconn.CancelledError]


def test_the_exception_of_the_body_hides_that_of_quit(server: ScriptedServer) -> None:
    server.play(HELLO, "C: QUIT", "E:")
    with (
        pytest.raises(ZeroDivisionError) as caught,
        smtpconn.Connection("127.0.0.1", server.port, quit_timeout=0.05),
    ):
        raise ZeroDivisionError
    assert caught.value.__context__ is None


def test_context_manager_closes_when_it_cannot_connect(server: ScriptedServer) -> None:
    server.play("S: 554 no service", "E:")
    connection = smtpconn.Connection("127.0.0.1", server.port)
    with pytest.raises(smtpconn.SMTPConnError), connection:
        pytest.fail("not reached")
    assert connection.closed


def test_context_manager_after_a_quit(server: ScriptedServer) -> None:
    server.play(HELLO, QUIT)
    with smtpconn.Connection("127.0.0.1", server.port) as connection:
        connection.quit()


def test_many_messages_on_one_connection(server: ScriptedServer) -> None:
    server.play(HELLO, *[SEND] * 5, QUIT)
    with smtpconn.Connection("127.0.0.1", server.port) as connection:
        for number in range(5):
            connection.send("a@example.org", "b@example.org", f"{number}\r\n")
    server.check()
    assert server.messages == [b"%d\r\n" % number for number in range(5)]


@pytest.mark.parametrize("sender", ["", "<>"])
def test_one_string_is_one_recipient(sender: str, server: ScriptedServer) -> None:
    server.play(HELLO, SEND, QUIT)
    with smtpconn.Connection("127.0.0.1", server.port) as connection:
        connection.send(sender, "b@example.org", "x")
    server.check()
    assert server.commands[1:3] == ["MAIL FROM:<>", "RCPT TO:<b@example.org>"]


def test_envelope_with_size_and_8bitmime(server: ScriptedServer) -> None:
    server.play(HELLO.replace("250 AUTH", "250-SIZE 1000\nS: 250 AUTH"), SEND, QUIT)
    with smtpconn.Connection("127.0.0.1", server.port) as connection:
        envelope = smtpconn.Envelope("a@example.org", ["b@example.org"], 100, use_8bitmime=True)
        # Of an iterable nobody knows the size.
        connection.send(envelope, iter("x"))
        envelope.size = 1001
        with pytest.raises(smtpconn.MessageError):
            connection.send(envelope, iter("x"))
    server.check()
    assert "SIZE=100" in server.commands[1]
    assert "BODY=8BITMIME" in server.commands[1]


def test_reset(server: ScriptedServer) -> None:
    server.play(HELLO, "C: RSET\nS: 250 ok", QUIT)
    with smtpconn.Connection("127.0.0.1", server.port) as connection:
        connection.reset()


def test_state_and_capabilities(server: ScriptedServer) -> None:
    server.play(HELLO.replace("250-8BITMIME", "250-size 12345"), QUIT)
    connection = smtpconn.Connection("127.0.0.1", server.port)
    assert not connection.is_open
    assert connection.remote_address is None
    assert connection.last_response is None
    assert connection.timings == {}
    assert "not connected" in repr(connection)
    with connection:
        assert connection.is_open
        assert not connection.is_secure
        assert not connection.is_authenticated
        assert connection.tls_version is None
        assert connection.tls_cipher is None
        assert connection.tls_peer_name is None
        assert connection.remote_address == f"127.0.0.1:{server.port}"
        assert [part.name for part in connection.timings] == [
            "RESOLVE",
            "CONNECT",
            "GREETING",
            "HELLO",
        ]
        assert all(0 <= time < 3600 for time in connection.timings.values())
        assert connection.last_response is not None
        assert connection.last_response.endswith("AUTH PLAIN LOGIN")
        assert connection.capability_lines == ["size 12345", "SMTPUTF8", "AUTH PLAIN LOGIN"]
        assert connection.capabilities == {
            "SIZE": "12345",
            "SMTPUTF8": "",
            "AUTH": "PLAIN LOGIN",
        }
        assert connection.has_capability("Size")
        assert not connection.has_capability("8BITMIME")


USES: list[Callable[[smtpconn.Connection], object]] = [
    lambda connection: connection.connect(),
    lambda connection: connection.login("u", "p"),
    lambda connection: connection.send("a@example.org", "b@example.org", "x"),
    lambda connection: connection.reset(),
    lambda connection: connection.quit(),
    lambda connection: connection.cancel(),
    lambda connection: connection.start_connect(),
    lambda connection: connection.start_login("u", "p"),
    lambda connection: connection.start_send(smtpconn.Envelope("a@b.example", []), "x"),
    lambda connection: connection.start_reset(),
    lambda connection: connection.start_quit(),
    lambda connection: connection.tls_version,
    lambda connection: connection.remote_address,
    lambda connection: connection.timings,
    lambda connection: connection.last_response,
    lambda connection: connection.capabilities,
    lambda connection: connection.has_capability("SIZE"),
]


@pytest.mark.parametrize("use", USES)
def test_nothing_can_be_used_after_close(use: Callable[[smtpconn.Connection], object]) -> None:
    connection = smtpconn.Connection()
    connection.close()
    connection.close()
    assert connection.closed
    assert not connection.is_open
    assert not connection.is_secure
    assert not connection.is_authenticated
    assert connection.stage is smtpconn.Stage.CLOSED
    with pytest.raises(smtpconn.StateError, match="closed"):
        use(connection)


@pytest.mark.parametrize("use", USES[1:5])
def test_operations_before_connect(use: Callable[[smtpconn.Connection], object]) -> None:
    connection = smtpconn.Connection()
    with pytest.raises(smtpconn.StateError) as caught:
        use(connection)
    assert caught.value.command == "API"
    connection.close()


@pytest.mark.parametrize(
    "attempt", [copy.copy, copy.deepcopy, pickle.dumps], ids=["copy", "deepcopy", "pickle"]
)
def test_connections_and_loops_cannot_be_copied(
    attempt: Callable[[Any], Any], loop: smtpconn.Loop
) -> None:
    connection = smtpconn.Connection(loop=loop)
    for thing in (connection, loop):
        with pytest.raises(TypeError, match="neither copied nor pickled"):
            attempt(thing)


def test_repr_shows_no_secret(server: ScriptedServer) -> None:
    server.play(HELLO, "C: AUTH *\nS: 235 ok", QUIT)
    with smtpconn.Connection("127.0.0.1", server.port) as connection:
        connection.login("user", "sesame")
        assert repr(connection) == f"<smtpconn.Connection 127.0.0.1:{server.port} open>"
    assert "closed" in repr(connection)


def test_events(server: ScriptedServer) -> None:
    server.play(HELLO, QUIT)
    events: list[str] = []
    with smtpconn.Connection(
        "127.0.0.1",
        server.port,
        on_connect=lambda connection: events.append(f"connect {connection.is_open}"),
        on_error=lambda connection, error: events.append("error"),
        on_end=lambda connection: events.append(f"end {connection.is_open}"),
    ):
        assert events == ["connect True"]
    assert events == ["connect True", "end False"]


def test_error_and_end_events(server: ScriptedServer) -> None:
    server.play(HELLO, "C: RSET\nX:", "E:")
    events: list[object] = []
    connection = smtpconn.Connection("127.0.0.1", server.port)
    connection.on_error = lambda connection, error: events.append(type(error))
    connection.on_end = lambda connection: events.append("end")
    connection.connect()
    with pytest.raises(smtpconn.ConnectionLostError):
        connection.reset()
    assert events == [smtpconn.ConnectionLostError, "end"]
    connection.close()
    assert len(events) == 2


def test_no_end_event_without_a_beginning() -> None:
    connection = smtpconn.Connection(on_end=lambda connection: pytest.fail("not started"))
    connection.close()

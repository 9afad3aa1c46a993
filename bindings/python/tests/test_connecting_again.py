"""A connection that has ended connects again: the same object, options and handlers."""

from __future__ import annotations

import os
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

import smtpconn
from scripted_server import HELLO, QUIT, SEND, ScriptedServer
from smtpconn import _core, _events
from smtpconn._library import lib

OTHER = HELLO.replace("S: 250-SMTPUTF8\n", "")
LOST = "C: NOOP\nX:\nE:"
ENVELOPE = smtpconn.Envelope("a@example.org", "b@example.org")


def test_after_quit(server: ScriptedServer) -> None:
    events: list[str] = []
    server.play(HELLO, SEND, QUIT).play(OTHER, SEND, QUIT).play(HELLO, QUIT)
    connection = smtpconn.Connection(
        "127.0.0.1",
        server.port,
        name="client.example",
        on_connect=lambda _: events.append("connect"),
        on_end=lambda _: events.append("end"),
    )
    with connection:
        first = connection.id
        connection.send(ENVELOPE, b"one")
        connection.quit()
        assert not connection.is_open
        assert connection.stage is smtpconn.Stage.CLOSED
        connection.connect()
        assert connection.is_open
        assert connection.id != first
        assert not connection.has_capability("SMTPUTF8")
        connection.send(ENVELOPE, b"two")
        connection.quit()
        connection.connect()
        assert connection.has_capability("SMTPUTF8")
    assert events == ["connect", "end"] * 3
    server.check()
    assert server.messages == [b"one\r\n", b"two\r\n"]
    assert server.commands.count("EHLO client.example") == 3


def test_after_a_loss(server: ScriptedServer) -> None:
    errors: list[smtpconn.SMTPConnError] = []
    server.play(HELLO, LOST).play(HELLO, QUIT)
    connection = smtpconn.Connection(
        "127.0.0.1", server.port, on_error=lambda _, error: errors.append(error)
    )
    with connection:
        with pytest.raises(smtpconn.ConnectionLostError):
            connection.noop()
        connection.connect()
        assert connection.is_open
    assert len(errors) == 1


def test_after_a_failure(server: ScriptedServer) -> None:
    server.play("S: 421 later").play(HELLO, QUIT)
    connection = smtpconn.Connection("127.0.0.1", server.port)
    with pytest.raises(smtpconn.SMTPConnError):
        connection.connect()
    with connection:
        assert connection.is_open


def test_from_the_end_event(server: ScriptedServer, loop: smtpconn.Loop) -> None:
    """A program without methods that wait reconnects so."""
    outcomes: list[object] = []
    server.play(HELLO, LOST).play(HELLO, SEND, QUIT)

    def again(connection: smtpconn.Connection) -> None:
        if not outcomes:
            outcomes.append("end")
            connection.start_connect(outcomes.append)
            connection.start_send(
                ENVELOPE, b"x", lambda error, result: outcomes.append((error, result.accepted))
            )
            connection.start_quit(outcomes.append)

    connection = smtpconn.Connection("127.0.0.1", server.port, loop=loop, on_end=again)
    connection.start_connect()
    connection.start_noop(lambda error, _: None)
    loop.run()
    assert outcomes == ["end", None, (None, ["b@example.org"]), None]
    connection.close()


def test_an_open_connection_and_a_closed_one(server: ScriptedServer) -> None:
    server.play(HELLO, QUIT)
    connection = smtpconn.Connection("127.0.0.1", server.port)
    connection.connect()
    connection.connect()
    with pytest.raises(smtpconn.StateError, match="connect"):
        connection.start_connect()
    assert connection.is_open
    connection.quit()
    connection.close()
    for connect in (connection.connect, connection.start_connect):
        with pytest.raises(smtpconn.StateError, match="the connection is closed"):
            connect()


@pytest.mark.parametrize("option", ["socket", "connection"])
def test_the_socket_of_the_caller(server: ScriptedServer, option: str) -> None:
    """It has ended, and its number may be that of another file."""
    server.play(HELLO, QUIT)
    with socket.socket() as theirs:
        if option == "connection":
            theirs.connect(("127.0.0.1", server.port))
        connection = smtpconn.Connection(
            "127.0.0.1",
            server.port,
            **{option: theirs},  # type: ignore[arg-type]
        )
        connection.connect()
        connection.quit()
        with pytest.raises(smtpconn.StateError, match="connects once"):
            connection.connect()
        connection.close()


def test_without_a_socket() -> None:
    connection = smtpconn.SansIOConnection(name="a")
    connection.start_connect(lambda _: None)
    connection.feed(b"421 later\r\n")
    with pytest.raises(smtpconn.StateError, match="connects once"):
        connection.start_connect()
    connection.close()


def test_a_tls_session_is_resumed(server: ScriptedServer, certificate: Path) -> None:
    """The options are the same objects, and keep the sessions."""
    server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.tls.load_cert_chain(certificate)
    server.play("T:", HELLO, QUIT).play("T:", HELLO, QUIT)
    with smtpconn.Connection(
        "localhost", server.port, secure=True, tls_ca_file=certificate
    ) as connection:
        assert not connection.tls_resumed
        connection.quit()
        connection.connect()
        assert connection.tls_resumed


def test_a_login_from_a_url_is_repeated(server: ScriptedServer) -> None:
    login = "C: AUTH PLAIN *\nS: 235 ok\n"
    server.play(HELLO, login, QUIT).play(HELLO, login, QUIT)
    url = f"smtp://user:secret@127.0.0.1:{server.port}"
    with smtpconn.connect(url) as connection:
        connection.quit()
        connection.connect()
        assert connection.is_authenticated


def test_a_loss_after_connecting_again(server: ScriptedServer) -> None:
    """What the first connection had come to is over with it."""
    errors: list[smtpconn.SMTPConnError] = []
    server.play(HELLO, QUIT).play(HELLO, "X:\nE:")
    connection = smtpconn.Connection(
        "127.0.0.1", server.port, on_error=lambda _, error: errors.append(error)
    )
    connection.connect()
    connection.quit()
    connection.connect()
    # Nothing is under way that would be lost with it: only the event tells.
    while connection.is_open:
        connection.loop.run_once(1)
    assert [type(error) for error in errors] == [smtpconn.ConnectionLostError]
    connection.close()


class Counting:
    """The library, with a count of the connections that it frees."""

    freed = 0

    def __getattr__(self, name: str) -> Any:
        if name == "smtpconn_free":
            self.freed += 1
        return getattr(lib, name)


def test_nothing_is_left_over(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        server.play(HELLO, QUIT)
    counting = Counting()
    monkeypatch.setattr(_core, "lib", counting)
    listening = len(_events._connections)
    connection = smtpconn.Connection("127.0.0.1", server.port)
    connection.connect()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(4):
        connection.quit()
        connection.connect()
    assert len(os.listdir("/proc/self/fd")) <= before
    assert counting.freed == 4
    assert len(_events._connections) == listening + 1
    connection.quit()
    connection.close()

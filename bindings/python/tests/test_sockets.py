"""Ways to a server other than a host and a port."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import smtpconn
from scripted_server import HELLO, QUIT, SEND, ScriptedServer


def test_socket_path(tmp_path: Path) -> None:
    path = tmp_path / "lmtp.sock"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    with ScriptedServer(listener) as server:
        server.play(HELLO.replace("EHLO", "LHLO"), SEND, QUIT)
        with smtpconn.Connection(socket_path=path, lmtp=True) as connection:
            assert str(path) in repr(connection)
            connection.send("a@example.org", "b@example.org", "x")
        server.check()
        assert server.messages == [b"x\r\n"]


@pytest.mark.parametrize("as_number", [False, True])
def test_connection(as_number: bool, server: ScriptedServer) -> None:
    ours, theirs = socket.socketpair()
    server.play_on(theirs, HELLO, SEND, QUIT)
    connection = smtpconn.Connection(connection=ours.fileno() if as_number else ours)
    ours.close()  # The library has its own.
    with connection:
        connection.send("a@example.org", "b@example.org", "x")
    server.check()
    assert server.messages == [b"x\r\n"]


def test_secured(server: ScriptedServer) -> None:
    ours, theirs = socket.socketpair()
    server.play_on(
        theirs, HELLO.replace("8BITMIME", "STARTTLS"), "C: AUTH PLAIN *\nS: 235 ok", QUIT
    )
    with ours, smtpconn.Connection(connection=ours, secured=True) as connection:
        connection.login("user", "password")


def test_socket(server: ScriptedServer) -> None:
    server.play(HELLO, QUIT)
    with socket.socket() as made:
        made.bind(("127.0.0.3", 0))
        port = made.getsockname()[1]
        with smtpconn.Connection("127.0.0.1", server.port, socket=made):
            pass
    server.check()
    assert server.peers == [("127.0.0.3", port)]


def test_small_writes_leave_at_once(server: ScriptedServer) -> None:
    """TCP_NODELAY, seen through the caller's copy of the socket; and a peer that is
    gone is noticed."""
    server.play(HELLO, QUIT)
    with socket.socket() as made, smtpconn.Connection("127.0.0.1", server.port, socket=made):
        assert made.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert made.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


KEEPALIVE = {
    "tcp_keepalive_idle": socket.TCP_KEEPIDLE,
    "tcp_keepalive_interval": socket.TCP_KEEPINTVL,
    "tcp_keepalive_count": socket.TCP_KEEPCNT,
}


def test_keepalive(server: ScriptedServer) -> None:
    """Each option sets its own value; the socket of the caller shows it."""
    server.play(HELLO, QUIT)
    values: dict[str, int] = {name: 40 + n for n, name in enumerate(KEEPALIVE)}
    options: Any = values
    with (
        socket.socket() as made,
        smtpconn.Connection("127.0.0.1", server.port, socket=made, **options),
    ):
        assert made.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        found = {
            name: made.getsockopt(socket.IPPROTO_TCP, option) for name, option in KEEPALIVE.items()
        }
    assert found == values


def test_values_of_the_system(server: ScriptedServer) -> None:
    server.play(HELLO, QUIT)
    with (
        socket.socket() as fresh,
        socket.socket() as made,
        smtpconn.Connection("127.0.0.1", server.port, socket=made),
    ):
        for option in KEEPALIVE.values():
            there = made.getsockopt(socket.IPPROTO_TCP, option)
            assert there == fresh.getsockopt(socket.IPPROTO_TCP, option)


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_UNIX])
def test_buffer_sizes(family: int, tmp_path: Path) -> None:
    """Linux doubles them (socket(7))."""
    with socket.socket(family) as listener:
        listener.bind(("127.0.0.1", 0) if family == socket.AF_INET else str(tmp_path / "s"))
        listener.listen()
        where: Any = (
            {"host": "127.0.0.1", "port": listener.getsockname()[1]}
            if family == socket.AF_INET
            else {"socket_path": tmp_path / "s"}
        )
        with ScriptedServer(listener) as server:
            server.play(HELLO, QUIT)
            before = set(sockets())
            with smtpconn.Connection(**where, receive_buffer_size=20_000, send_buffer_size=30_000):
                sizes = {
                    tuple(
                        made.getsockopt(socket.SOL_SOCKET, option)
                        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF)
                    )
                    for made in opened_since(before)
                }
            server.check()
    assert (40_000, 60_000) in sizes


def sockets() -> Iterator[int]:
    """The descriptors of this process that are sockets."""
    for entry in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            if stat.S_ISSOCK(os.fstat(int(entry)).st_mode):
                yield int(entry)


def opened_since(before: set[int]) -> Iterator[socket.socket]:
    for number in set(sockets()) - before:
        with socket.socket(fileno=os.dup(number)) as copy:
            yield copy


def test_small_writes_of_a_given_connection_leave_at_once(server: ScriptedServer) -> None:
    """Keep-alive stays as the caller wants it."""
    server.play(HELLO, QUIT)
    with socket.create_connection(("127.0.0.1", server.port)) as made:
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
        with smtpconn.Connection(connection=made):
            assert made.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            assert not made.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


def test_local_address(server: ScriptedServer) -> None:
    with socket.create_server(("127.0.0.2", 0)) as unused:
        port = unused.getsockname()[1]
    server.play(HELLO, QUIT)
    server.play(HELLO, QUIT)
    with smtpconn.Connection("127.0.0.1", server.port, local_address="127.0.0.2"):
        pass
    with smtpconn.Connection(
        "127.0.0.1", server.port, local_address="127.0.0.2", local_port=port
    ) as connection:
        connection.quit()
    server.check()
    assert [peer[0] for peer in server.peers] == ["127.0.0.2"] * 2
    assert server.peers[1][1] == port


def test_no_socket(tmp_path: Path) -> None:
    closed = socket.socket()
    closed.close()
    for option in ("socket", "connection"):
        with pytest.raises(smtpconn.OptionsError, match=option):
            smtpconn.Connection(**{option: closed})  # type: ignore[arg-type]
        with (tmp_path / "file").open("w") as file, pytest.raises(smtpconn.OptionsError):
            smtpconn.Connection(**{option: file.fileno()})  # type: ignore[arg-type]
        with pytest.raises(TypeError, match=option):
            smtpconn.Connection(**{option: "socket"})  # type: ignore[arg-type]


ASKED = """
C: CONNECT mail.example:25 HTTP/1.1
C: Host: mail.example:25
C: Proxy-Authorization: Basic dXNlcjpwQHNz
C:
"""


@pytest.mark.parametrize("apart", [False, True])
def test_proxy(apart: bool, server: ScriptedServer) -> None:
    server.play(ASKED, "S: HTTP/1.1 200 OK\nS:", HELLO, SEND, QUIT)
    place = f"127.0.0.1:{server.port}"
    login: Any = {"proxy_user": "user", "proxy_password": "p@ss"} if apart else {}
    url = f"http://{place}" if apart else f"http://user:p%40ss@{place}"
    with smtpconn.Connection("mail.example", proxy=url, **login) as connection:
        connection.send("a@example.org", "b@example.org", "x")
    server.check()
    assert server.messages == [b"x\r\n"]


def test_proxy_that_refuses(server: ScriptedServer) -> None:
    server.play(ASKED, "S: HTTP/1.1 403 Forbidden\nS:")
    connection = smtpconn.Connection(
        "mail.example", proxy=f"http://user:p%40ss@127.0.0.1:{server.port}"
    )
    with pytest.raises(smtpconn.ProxyError, match="403 Forbidden") as caught:
        connection.connect()
    server.check()
    error = caught.value
    assert error.response_code == 403
    assert error.kind == smtpconn.FailureKind.PROXY_REFUSED
    assert error.phase == "proxy"
    assert error.retry == smtpconn.Retry.NO
    assert "p@ss" not in repr(error)


def test_proxy_of_the_environment(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.play(ASKED, "S: HTTP/1.1 200 OK\nS:", HELLO, QUIT)
    monkeypatch.setenv("all_proxy", f"http://user:p%40ss@127.0.0.1:{server.port}")
    monkeypatch.setenv("no_proxy", "example.com")
    with smtpconn.Connection("mail.example", proxy_from_environment=True):
        pass
    server.check()

"""A server that follows a script, line by line.

    S: 220 ready            sends a line
    C: EHLO *               expects a line; * stands for anything
    M:                      reads a message up to its dot, and keeps it
    M: 5                    reads that many octets of a message and no more
    T:                      begins TLS
    X:                      closes the connection; so does the end of the script
    E:                      expects the client to close

Each script is one connection, in the order in which they come.  Nothing sleeps: every step waits
for the client, and a limit ends a test that hangs.
"""

from __future__ import annotations

import fnmatch
import socket
import ssl
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

#: Seconds; much longer than any wait of a test that passes.
LIMIT = 120.0

HELLO = """
S: 220 test ESMTP
C: EHLO *
S: 250-test
S: 250-8BITMIME
S: 250-SMTPUTF8
S: 250 AUTH PLAIN LOGIN
"""

SEND = """
C: MAIL FROM:*
S: 250 ok
C: RCPT TO:*
S: 250 ok
C: DATA
S: 354 go ahead
M:
S: 250 2.0.0 Ok: queued as 4F2A
"""

QUIT = """
C: QUIT
S: 221 bye
"""


class ScriptedServer:
    def __init__(self, listener: socket.socket | None = None) -> None:
        self._listener = listener or socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(LIMIT)
        self._scripts: list[list[tuple[str, str]]] = []
        self._threads: list[threading.Thread] = []
        name = self._listener.getsockname()
        self.port: int = 0 if isinstance(name, str) else name[1]
        self.tls: ssl.SSLContext | None = None
        #: The messages, with escaped dots restored, without the final one.
        self.messages: list[bytes] = []
        #: The commands, of all connections.
        self.commands: list[str] = []
        #: The addresses of those who came.
        self.peers: list[Any] = []
        self.faults: list[str] = []

    def play(self, *parts: str) -> ScriptedServer:
        """Adds a connection, whose script these parts make up."""
        self._scripts.append(_steps(parts))
        if len(self._scripts) == 1:
            self._spawn(self._accept)
        return self

    def play_on(self, client: socket.socket, *parts: str) -> None:
        """Plays a script on a connection that is there already, and closes it."""
        client.settimeout(LIMIT)
        self._spawn(self._serve, client, _steps(parts))

    def _spawn(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        served = 0
        while served < len(self._scripts):
            try:
                client, peer = self._listener.accept()
            except OSError as error:
                self.faults.append(f"nobody came for script {served + 1}: {error}")
                return
            client.settimeout(LIMIT)
            self.peers.append(peer)
            if client.family == socket.AF_INET:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._spawn(self._serve, client, self._scripts[served])
            served += 1

    def _serve(self, client: socket.socket, script: list[tuple[str, str]]) -> None:
        session = _Session(self, client)
        try:
            for kind, text in script:
                session.step(kind, text)
        except UnexpectedError as fault:
            self.faults.append(str(fault))
        except OSError as error:
            self.faults.append(f"{kind}: {text}: {error!r}")
        finally:
            session.close()

    def finish(self) -> None:
        """Waits for the end of all scripts."""
        for thread in self._threads:
            thread.join(LIMIT)

    def check(self) -> None:
        """Waits for the end of all scripts, which must have been followed."""
        self.finish()
        assert not self.faults, self.faults

    def __enter__(self) -> ScriptedServer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self.check()
        finally:
            self._listener.close()


class UnexpectedError(Exception):
    pass


def _steps(parts: tuple[str, ...]) -> list[tuple[str, str]]:
    return [_step(line) for part in parts for line in part.strip().splitlines()]


def _step(line: str) -> tuple[str, str]:
    kind, _, text = line.partition(":")
    return kind, text.removeprefix(" ")


class _Session:
    def __init__(self, server: ScriptedServer, client: socket.socket) -> None:
        self._server = server
        self._client = client
        self._buffer = bytearray()

    def step(self, kind: str, text: str) -> None:
        getattr(self, f"_step_{kind.lower()}")(text)

    def close(self) -> None:
        self._client.close()

    def _step_s(self, text: str) -> None:
        self._client.sendall(text.encode("utf-8", "surrogateescape") + b"\r\n")

    def _step_c(self, text: str) -> None:
        line = self._line().decode("utf-8", "surrogateescape")
        self._server.commands.append(line)
        if not fnmatch.fnmatchcase(line, text):
            raise UnexpectedError(f"expected {text!r}, got {line!r}")

    def _step_m(self, text: str) -> None:
        if text:
            while len(self._buffer) < int(text):
                self._read()
            return
        message = bytearray()
        while (line := self._line()) != b".":
            message += line[1:] if line.startswith(b".") else line
            message += b"\r\n"
        self._server.messages.append(bytes(message))

    def _step_t(self, _text: str) -> None:
        assert self._server.tls is not None
        self._client = self._server.tls.wrap_socket(self._client, server_side=True)

    def _step_x(self, _text: str) -> None:
        # A plain close() with octets unread would reset, and the client could miss a reply.
        self._client.shutdown(socket.SHUT_WR)

    def _step_e(self, _text: str) -> None:
        try:
            while self._client.recv(65536):
                pass
        except ConnectionResetError:
            pass

    def _line(self) -> bytes:
        while (end := self._buffer.find(b"\r\n")) < 0:
            self._read()
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    def _read(self) -> None:
        octets = self._client.recv(65536)
        if not octets:
            raise UnexpectedError(f"the client closed, having sent {bytes(self._buffer)!r}")
        self._buffer += octets

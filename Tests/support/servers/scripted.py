"""A server that says exactly what a test tells it to say.

A dialogue is a function of a Peer, the server's end of one connection: it sends
exact octets, expects exact lines, and closes or resets where it likes. Every
octet that the client sent is kept. What goes wrong in a dialogue fails the test
that uses the server.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Sequence
from types import TracebackType

from support.servers.certificates import Identity
from support.slowness import PATIENCE

# What tests take from here.
__all__ = ["CRLF", "PATIENCE", "Dialogue", "Peer", "ScriptedServer"]

CRLF = b"\r\n"


class Peer:
    """The server's end of one connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket: socket.socket | ssl.SSLSocket = connection
        self._socket.settimeout(PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray()
        self._closed = False
        self._arrived = threading.Condition()
        #: What came in the clear, and what came under TLS.
        self.clear = bytearray()
        self.protected = bytearray()
        #: Whether TLS that ends without a close_notify is an error.
        self.minds_the_end = False
        #: The name that the client asked for in TLS, if any.
        self.server_name: str | None = None

    # --- sending ----------------------------------------------------------

    def send(self, *pieces: bytes) -> None:
        """Sends pieces, each with a write of its own."""
        for piece in pieces:
            self._socket.sendall(piece)

    def reply(self, *lines: bytes) -> None:
        """Sends reply lines, code included, in one write."""
        self.send(b"".join(line + CRLF for line in lines))

    # --- receiving --------------------------------------------------------

    def _receive(self, most: int = 65536) -> bytes:
        octets = self._socket.recv(most)
        kept = self.protected if isinstance(self._socket, ssl.SSLSocket) else self.clear
        with self._arrived:
            kept += octets
            self._arrived.notify_all()
        return octets

    def _until(self, end: bytes) -> bytes:
        searched = 0
        while (at := self._buffer.find(end, searched)) < 0:
            searched = max(0, len(self._buffer) - len(end) + 1)
            octets = self._receive()
            if not octets:
                raise AssertionError(f"the client closed; unread: {bytes(self._buffer)!r}")
            self._buffer += octets
        found = bytes(self._buffer[: at + len(end)])
        del self._buffer[: at + len(end)]
        return found

    def line(self) -> bytes:
        """The next command, without its CRLF."""
        return self._until(CRLF)[:-2]

    def octets(self, count: int) -> bytes:
        """So many octets, whatever they are."""
        while len(self._buffer) < count:
            received = self._receive()
            if not received:
                raise AssertionError(f"the client closed; unread: {bytes(self._buffer)!r}")
            self._buffer += received
        found = bytes(self._buffer[:count])
        del self._buffer[:count]
        return found

    def expect(self, command: bytes) -> bytes:
        """The next command, which must be this one: the whole line, or when it
        ends in a colon or a blank, its beginning."""
        line = self.line()
        exact = not command.endswith((b":", b" "))
        if (exact and line != command) or not line.startswith(command):
            raise AssertionError(f"{command!r} was expected, {line!r} came")
        return line

    def answer(self, command: bytes, *lines: bytes) -> None:
        """The next command must be this one, as in expect(), and gets this reply."""
        self.expect(command)
        self.reply(*lines)

    def content(self) -> bytes:
        """The content of DATA as it came, dots escaped, and its end."""
        content = b""
        # A message that is empty is nothing but the final dot.
        while not (content == b".\r\n" or content.endswith(b"\r\n.\r\n")):
            content += self._until(b".\r\n")
        return content

    def nothing_more(self) -> None:
        """The client says nothing more, and closes."""
        assert not self._buffer, f"more came: {bytes(self._buffer)!r}"
        with contextlib.suppress(ConnectionResetError, BrokenPipeError, ssl.SSLError):
            rest = self._receive()
            assert not rest, f"more came: {rest!r}"

    def read_some(self) -> None:
        """Reads something, whatever it is."""
        if not self._buffer:
            self._buffer += self._receive()
        assert self._buffer, "the client closed"

    def some(self, most: int = 65536) -> bytes:
        """Whatever comes next; nothing when the client has gone."""
        octets = bytes(self._buffer)
        self._buffer.clear()
        with contextlib.suppress(ConnectionResetError, ssl.SSLError):
            octets = octets or self._receive(most)
        return octets

    def idle(self) -> None:
        """Nothing is there that came without being asked for. What the client
        wrote in one go has arrived in one piece, so nothing is waited for."""
        self._socket.setblocking(False)
        try:
            octets = self._socket.recv(65536)
        except (BlockingIOError, ssl.SSLWantReadError):
            octets = None
        self._socket.settimeout(PATIENCE)
        assert octets is None, f"came unasked: {octets!r}"
        assert not self._buffer, f"came unasked: {bytes(self._buffer)!r}"

    def nothing_unread(self) -> None:
        """As idle, for a client that may have closed."""
        self._socket.setblocking(False)
        try:
            octets = self._socket.recv(65536)
        except (BlockingIOError, ssl.SSLError, ConnectionError):
            octets = b""
        self._socket.settimeout(PATIENCE)
        assert not octets and not self._buffer, f"came unasked: {bytes(self._buffer) + octets!r}"

    def shrink_buffers(self) -> None:
        """Little room on the way, so that whoever does not read soon blocks."""
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            self._socket.setsockopt(socket.SOL_SOCKET, option, 4096)

    def until_closed(self) -> bytes:
        """Everything until the client closes."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        with contextlib.suppress(ConnectionResetError, BrokenPipeError, ssl.SSLError):
            while octets := self._receive():
                rest += octets
        return rest

    # --- TLS --------------------------------------------------------------

    def start_tls(self, identity: Identity) -> None:
        """The handshake, as a server."""
        assert not self._buffer, f"came before the handshake: {bytes(self._buffer)!r}"
        context = identity.server_context()

        def remember(_: ssl.SSLSocket, name: str | None, __: ssl.SSLContext) -> None:
            self.server_name = name

        context.sni_callback = remember  # type: ignore[assignment]
        self._socket = context.wrap_socket(
            self._socket, server_side=True, suppress_ragged_eofs=not self.minds_the_end
        )

    def refused_tls(self, identity: Identity) -> None:
        """A handshake that the client must break off."""
        try:
            self.start_tls(identity)
            # With TLS 1.3 the server is content before the client has judged.
            rest = self._receive()
        except (ssl.SSLError, OSError):
            return
        assert not rest, f"the client went on after a handshake it had to refuse: {rest!r}"

    def is_told_of_the_end(self) -> bool:
        """Whether the client's last word is a close_notify."""
        assert self.minds_the_end
        try:
            while self._receive():
                pass
        except ssl.SSLEOFError:
            return False
        return True

    def hello(self) -> bytes:
        """The first record of the client's handshake, which stays to be read."""
        size = 5
        for _ in range(2):
            octets = self._socket.recv(size, socket.MSG_PEEK | socket.MSG_WAITALL)
            assert octets[:1] == b"\x16", f"no TLS handshake: {octets!r}"
            size = 5 + int.from_bytes(octets[3:5])
        return octets

    @property
    def has_resumed(self) -> bool:
        """Whether the handshake resumed a session."""
        assert isinstance(self._socket, ssl.SSLSocket)
        return bool(self._socket.session_reused)

    @property
    def tls_unique(self) -> bytes:
        """The channel binding of RFC 5929 section 3."""
        assert isinstance(self._socket, ssl.SSLSocket)
        octets = self._socket.get_channel_binding("tls-unique")
        assert octets
        return octets

    def handshake_began(self) -> None:
        """Waits for the first octets of a TLS handshake."""
        assert not self._buffer
        first = self._receive()
        assert first[:1] == b"\x16", f"no TLS handshake: {first!r}"

    # --- the end ----------------------------------------------------------

    def close(self) -> None:
        """Closes in an orderly way."""
        if not self._closed:
            self._closed = True
            self._socket.close()

    def end(self) -> None:
        """Says that nothing more comes; what the client still says can be read."""
        with contextlib.suppress(OSError):
            if isinstance(self._socket, ssl.SSLSocket):
                self._socket = self._socket.unwrap()
            self._socket.shutdown(socket.SHUT_WR)

    def close_below_tls(self) -> None:
        """Ends the connection without the goodbye that TLS asks for."""
        assert isinstance(self._socket, ssl.SSLSocket)
        with socket.socket(fileno=self._socket.detach()) as below:
            below.shutdown(socket.SHUT_WR)
        self._closed = True

    def half_close(self) -> None:
        """Ends this direction only. Under TLS what comes can still be read, which an
        SSLSocket's own shutdown would put an end to."""
        socket.socket.shutdown(self._socket, socket.SHUT_WR)

    def reset(self) -> None:
        """Closes with a reset."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def wait_for(self, octets: bytes) -> None:
        """For the test, not the dialogue: waits until the client has sent this."""
        with self._arrived:
            came = self._arrived.wait_for(lambda: octets in self.received, PATIENCE)
        assert came, f"{octets!r} never came, but {self.received!r}"

    @property
    def received(self) -> bytes:
        """Everything that the client sent, the part under TLS last."""
        return bytes(self.clear + self.protected)

    # --- what most dialogues have in common --------------------------------

    def greet(self, *capabilities: bytes, greeting: bytes = b"220 test.local ESMTP") -> None:
        """The greeting, and the answer to EHLO."""
        self.reply(greeting)
        self.ehlo(*capabilities)

    def ehlo(self, *capabilities: bytes) -> None:
        """Answers EHLO with these keywords."""
        self.expect(b"EHLO ")
        lines = [b"test.local", *capabilities]
        self.reply(*[b"250-" + line for line in lines[:-1]], b"250 " + lines[-1])

    def secure(self, identity: Identity, *capabilities: bytes) -> None:
        """Greeting, EHLO, STARTTLS, and EHLO again with these keywords."""
        self.greet(b"STARTTLS")
        self.answer(b"STARTTLS", b"220 2.0.0 go ahead")
        self.start_tls(identity)
        self.ehlo(*capabilities)

    def envelope(self, *recipients: bytes, sender: bytes = b"a@example.com") -> None:
        """Accepts MAIL and each RCPT, and answers DATA with 354."""
        self.answer(b"MAIL FROM:<" + sender + b">", b"250 2.1.0 ok")
        for recipient in recipients or (b"b@example.com",):
            self.answer(b"RCPT TO:<" + recipient + b">", b"250 2.1.5 ok")
        self.answer(b"DATA", b"354 go on")

    def envelope_of_anybody(self) -> None:
        """The same for one recipient, whoever it is."""
        for command, reply in (
            (b"MAIL FROM:", b"250 2.1.0 ok"),
            (b"RCPT TO:", b"250 2.1.5 ok"),
            (b"DATA", b"354 go on"),
        ):
            self.answer(command, reply)

    def delivery_without_reply(self) -> None:
        """Everything of a delivery but the final word."""
        self.envelope()
        self.content()

    def delivery(self, *recipients: bytes, sender: bytes = b"a@example.com") -> bytes:
        """Accepts a whole message and returns its content."""
        self.envelope(*recipients, sender=sender)
        content = self.content()
        self.reply(b"250 2.0.0 Ok: queued as 4F2A")
        return content

    def quit_after_reset(self) -> None:
        """Answers a RSET, if one comes first, and QUIT."""
        line = self.line()
        if line == b"RSET":
            self.reply(b"250 2.0.0 ok")
            line = self.line()
        assert line == b"QUIT", line
        self.reply(b"221 2.0.0 bye")
        self.nothing_more()

    def hang_up(self) -> None:
        """Answers QUIT and closes first: a socket that somebody else has open as well
        does not end when the client closes."""
        self.answer(b"QUIT", b"221 2.0.0 bye")

    def quit(self) -> None:
        """Answers QUIT, and waits for the client to close."""
        self.answer(b"QUIT", b"221 2.0.0 bye")
        self.nothing_more()


Dialogue = Callable[[Peer], object]


class ScriptedServer:
    """Listens on a port of loopback that the kernel chooses, unless one is given.
    Each connection gets the next dialogue; one more than there are dialogues fails
    the test. With `repeat` there is one dialogue for any number of connections.
    `receive_buffer` is what the system keeps of what was not read."""

    def __init__(
        self,
        *dialogues: Dialogue,
        identity: Identity | None = None,
        address: str = "127.0.0.1",
        port: int = 0,
        repeat: bool = False,
        receive_buffer: int | None = None,
    ) -> None:
        self._repeat = repeat
        self._dialogues: Sequence[Dialogue] = dialogues
        self._identity = identity
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.create_server((address, port), family=family)
        if receive_buffer is not None:
            # Before a connection is there, whose window it decides.
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.host = address
        self.port: int = self._listener.getsockname()[1]
        self.peers: list[Peer] = []
        self._problems: list[BaseException] = []
        self._threads: list[threading.Thread] = []
        self._changed = threading.Condition()
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            peer = Peer(connection)
            with self._changed:
                number = len(self.peers)
                if self._repeat or number < len(self._dialogues):
                    arguments = (peer, self._dialogues[0 if self._repeat else number])
                    thread = threading.Thread(target=self._converse, args=arguments, daemon=True)
                    thread.start()
                    self._threads.append(thread)
                else:
                    self._problems.append(AssertionError("the client connected once too often"))
                    peer.close()
                self.peers.append(peer)
                self._changed.notify_all()

    def _converse(self, peer: Peer, dialogue: Dialogue) -> None:
        try:
            if self._identity is not None:
                peer.start_tls(self._identity)
            dialogue(peer)
        except BaseException as problem:
            self._problems.append(problem)
        finally:
            with contextlib.suppress(OSError):
                peer.close()

    @property
    def peer(self) -> Peer:
        """The only connection."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self.peers), PATIENCE)
        assert len(self.peers) == 1, f"{len(self.peers)} connections"
        return self.peers[0]

    def wait_for(self, octets: bytes) -> None:
        """Waits until the only client has sent this."""
        self.peer.wait_for(octets)

    def finish(self) -> None:
        """Waits for the dialogues, and raises what went wrong in them."""
        # A client that has come and gone may still stand in the listener's queue.
        with self._changed:
            self._changed.wait_for(
                lambda: self._repeat or len(self.peers) >= len(self._dialogues), PATIENCE
            )
        for thread in self._threads:
            thread.join(PATIENCE)
            if thread.is_alive():
                self._problems.append(AssertionError("a dialogue did not end"))
        # Wakes the acceptor, which close() alone does not.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._acceptor.join(PATIENCE)
        if not self._repeat and len(self.peers) < len(self._dialogues) and not self._problems:
            missing = len(self._dialogues) - len(self.peers)
            self._problems.append(AssertionError(f"{missing} connections never came"))
        if self._problems:
            raise self._problems[0]

    def __enter__(self) -> ScriptedServer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self.finish()
            return
        # The test has failed already; the dialogue may say why.
        for peer in self.peers:
            with contextlib.suppress(OSError):
                peer.close()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for problem in self._problems:
            error.add_note(f"in the dialogue: {problem!r}")

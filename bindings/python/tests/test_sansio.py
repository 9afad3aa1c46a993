"""Connections without a socket: the test is the network, the server and the clock."""

from __future__ import annotations

import asyncio
import errno
import os
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import smtpconn
from conftest import ROOT
from scripted_server import HELLO, QUIT, SEND, ScriptedServer

STARTTLS = HELLO.replace("250-8BITMIME", "250-STARTTLS") + "C: STARTTLS\nS: 220 go\nT:\n"
ENVELOPE = smtpconn.Envelope("a@example.org", ["b@example.org"])
ANSWERS = {
    b"EHLO": b"250-test\r\n250 PIPELINING\r\n",
    b"DATA": b"354 go on\r\n",
    b"QUIT": b"221 bye\r\n",
}


class Hand:
    """A server in memory, at the other end of a connection without a socket."""

    def __init__(self, certificate: Path | None = None, **options: Any) -> None:
        self.now = 1000.0
        self.reports: list[smtpconn.SMTPConnError | None] = []
        self.lines: list[bytes] = []
        self._line = b""
        self._in_content = False
        #: The client has said that TLS ends here (RFC 8446 section 6.1).
        self.has_goodbye = False
        self._coming, self._going = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls: ssl.SSLObject | None = None
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._tls = context.wrap_bio(self._coming, self._going, server_side=True)
            options = {"secure": True, "tls_ca_file": certificate, **options}
        self.connection = smtpconn.SansIOConnection(**options)

    def start(self) -> Hand:
        self.connection.start_connect(self.note)
        if self._tls is None:
            self.say(b"220 test\r\n")
        return self

    def note(self, error: smtpconn.SMTPConnError | None, result: object = None) -> None:
        self.reports.append(error)

    def say(self, octets: bytes) -> None:
        if self._tls is not None:
            self._tls.write(octets)
            octets = self._going.read()
        self.connection.feed(octets, now=self.now)

    def move(self, most: int = 65536) -> None:
        """Until nothing is to be sent."""
        while self.connection.wants_take:
            self.hear(self.connection.take(most, now=self.now))

    def hear(self, octets: bytes) -> None:
        if self._tls is None:
            self._hear(octets)
            return
        self._coming.write(octets)
        if self._tls.version() is None:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                return
            finally:
                self.connection.feed(self._going.read(), now=self.now)
            self.say(b"220 test\r\n")
        try:
            while got := self._tls.read(65536):
                self._hear(got)
            self.has_goodbye = True
        except ssl.SSLWantReadError:
            pass

    def _hear(self, octets: bytes) -> None:
        self._line += octets
        while b"\r\n" in self._line:
            line, _, self._line = self._line.partition(b"\r\n")
            self.lines.append(line)
            if self._in_content:
                self._in_content = line != b"."
                if not self._in_content:
                    self.say(b"250 queued\r\n")
            else:
                self._in_content = line == b"DATA"
                self.say(ANSWERS.get(line[:4], b"250 ok\r\n"))


@pytest.mark.parametrize("most", [1, 7, 65536])
@pytest.mark.parametrize("secure", [False, True])
def test_a_message(certificate: Path, secure: bool, most: int) -> None:
    hand = Hand(certificate if secure else None).start()
    with hand.connection as connection:
        connection.start_send(ENVELOPE, b"hello", hand.note)
        connection.start_reset(hand.note)
        connection.start_quit(hand.note)
        hand.move(most)
        assert hand.reports == [None] * 4
        assert hand.has_goodbye is secure
        assert connection.is_secure is False  # it is over
        assert (connection.tls_peer_name == "localhost") is secure
        assert connection.stage is smtpconn.Stage.CLOSED
        assert connection.deadline is None
        assert not connection.tick(now=hand.now)
    assert hand.lines[1:] == [
        b"MAIL FROM:<a@example.org>",
        b"RCPT TO:<b@example.org>",
        b"DATA",
        b"hello",
        b".",
        b"RSET",
        b"QUIT",
    ]


def test_no_descriptor_is_opened() -> None:
    before = os.listdir("/proc/self/fd")
    hand = Hand().start()
    hand.move()
    assert os.listdir("/proc/self/fd") == before
    hand.connection.close()


def test_the_certificate_is_verified(certificate: Path) -> None:
    hand = Hand(certificate, host="other.example").start()
    with hand.connection, pytest.raises(ssl.SSLError):
        # The alert arrives although nothing else does.
        hand.move()
    (error,) = hand.reports
    assert isinstance(error, smtpconn.TLSError)
    assert "localhost, not for" in str(error)


def test_a_session_is_resumed(certificate: Path) -> None:
    first = Hand(certificate).start()
    first.move()
    session = first.connection.take_tls_session()
    assert session is not None
    # Tickets are for the context that gave them.
    second = Hand(certificate, tls_session=session)
    second._tls = first._tls and first._tls.context.wrap_bio(
        second._coming, second._going, server_side=True
    )
    second.start().move()
    assert second.reports == [None]
    assert second.connection.tls_resumed
    first.connection.close()
    second.connection.close()


@pytest.mark.parametrize(
    ("taken", "retry"), [(-1, smtpconn.Retry.SAFE), (0, smtpconn.Retry.UNKNOWN)]
)
def test_what_was_taken_decides_what_is_in_doubt(
    certificate: Path, taken: int, retry: smtpconn.Retry
) -> None:
    """Under TLS too: the last octet of a message is in a record, which may not be whole."""
    hand = Hand(certificate).start()
    hand.move()
    hand.connection.start_send(ENVELOPE, b"hello", hand.note)
    # The envelope; then the content, of which the last octets are kept back.
    hand.hear(hand.connection.take(now=hand.now))
    record = 5 + len(b"hello\r\n.\r\n") + 1 + 16  # RFC 8446 section 5.2, with a tag of 16
    assert len(hand.connection.take(record + taken, now=hand.now)) == record + taken
    hand.connection.feed_end(errno.ECONNRESET, now=hand.now)
    error = hand.reports[-1]
    assert isinstance(error, smtpconn.ConnectionLostError)
    assert error.retry is retry
    assert error.errno == errno.ECONNRESET
    assert error.address is None
    hand.connection.close()


def test_time_is_what_is_given() -> None:
    hand = Hand(command_timeout=10.0).start()
    hand.connection.take(now=hand.now)
    assert hand.connection.deadline == hand.now + 10
    assert hand.connection.tick(now=hand.now + 9.999)
    assert not hand.connection.tick(now=hand.connection.deadline)
    assert isinstance(hand.reports[0], smtpconn.TimedOutError)
    hand.connection.close()


def test_nothing_waits() -> None:
    with smtpconn.SansIOConnection() as connection:
        for wait in (connection.connect, connection.reset, connection.quit, connection.loop.run):
            with pytest.raises(smtpconn.StateError, match="does not wait"):
                wait()
        assert connection.stage is smtpconn.Stage.NEW
        with pytest.raises(smtpconn.StateError, match="before connect"):
            connection.feed(b"220 test\r\n")
        connection.start_connect()
        connection.feed(b"220 test\r\n")
        assert connection.take().startswith(b"EHLO ")
    for refused in (connection.tick, connection.take, lambda: connection.feed(b"")):
        with pytest.raises(smtpconn.StateError, match="closed"):
            refused()
    assert not connection.wants_take


def test_options_that_say_how_to_connect_are_refused() -> None:
    with pytest.raises(smtpconn.OptionsError, match="local_address"):
        smtpconn.SansIOConnection(local_address="127.0.0.1")
    with smtpconn.Loop() as loop, pytest.raises(TypeError, match="no loop"):
        smtpconn.SansIOConnection(loop=loop)


@pytest.mark.parametrize("number", range(5))
def test_what_a_callback_raises_costs_no_octets(number: int) -> None:
    """Wherever it happens: the octets of that call come with the next one."""
    hand = Hand()
    visits = 0

    def report(*_: object) -> None:
        nonlocal visits
        visits += 1
        if visits == number + 1:
            raise ZeroDivisionError

    connection = hand.connection
    connection.on_connect = report
    connection.start_connect(report)
    connection.start_send(ENVELOPE, b"hello", report)
    connection.start_quit(report)
    connection.on_end = report
    raised = 0
    started = False
    while connection.stage is not smtpconn.Stage.CLOSED:
        try:
            if not started:
                started = True
                hand.say(b"220 test\r\n")
            hand.move(3)
        except ZeroDivisionError:
            raised += 1
    assert (raised, visits) == (1, 5)
    assert hand.lines[-1] == b"QUIT"
    connection.close()


def test_calls_inside_of_a_callback() -> None:
    hand = Hand()
    connection = hand.connection
    refused: list[str] = []

    def report(_: object) -> None:
        for call in (connection.tick, connection.take, lambda: connection.feed(b"250 ok\r\n")):
            with pytest.raises(smtpconn.StateError, match="inside of a callback"):
                call()
            refused.append("")
        connection.close()

    connection.start_connect(report)
    hand.say(b"220 test\r\n")
    hand.hear(connection.take(now=hand.now))
    assert len(refused) == 3
    assert connection.closed


def test_a_file_is_read_while_octets_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "message"
    path.write_bytes(b"x" * 500_000)
    hand = Hand().start()
    hand.move()
    with path.open("rb") as file:
        hand.connection.start_send(ENVELOPE, file, hand.note)
        hand.hear(hand.connection.take(now=hand.now))
        assert len(hand.connection.take(1000, now=hand.now)) == 1000
        assert file.tell() < 500_000
        hand.move()
        assert file.tell() == 500_000
    hand.connection.close()


def test_asyncio(server: ScriptedServer) -> None:
    """The smallest protocol that works; the example in examples/ has more."""
    server.play(HELLO, SEND, QUIT)

    async def send() -> list[object]:
        reports: list[object] = []
        connection = smtpconn.SansIOConnection()
        over = asyncio.get_running_loop().create_future()

        class Mail(asyncio.Protocol):
            def connection_made(self, transport: Any) -> None:
                self.transport = transport

            def data_received(self, data: bytes) -> None:
                connection.feed(data)
                self.move()

            def connection_lost(self, error: Exception | None) -> None:
                connection.feed_end()
                over.set_result(None)

            def move(self) -> None:
                while connection.wants_take:
                    self.transport.write(connection.take())
                if connection.stage is smtpconn.Stage.CLOSED:
                    self.transport.close()

        _, mail = await asyncio.get_running_loop().create_connection(Mail, "127.0.0.1", server.port)
        connection.start_connect(reports.append)
        connection.start_send(ENVELOPE, b"hello\r\n", lambda error, _: reports.append(error))
        connection.start_quit(reports.append)
        mail.move()
        await over
        connection.close()
        return reports

    assert asyncio.run(send()) == [None] * 3
    server.check()
    assert server.messages == [b"hello\r\n"]


def test_the_example(certificate: Path, server: ScriptedServer) -> None:
    """STARTTLS, in octets that the event loop moves."""
    server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.tls.load_cert_chain(certificate)
    server.play(STARTTLS, HELLO.partition("\n")[2].partition("\n")[2], SEND, QUIT)
    done = subprocess.run(
        [
            *[sys.executable, str(ROOT / "examples" / "asyncio_send.py")],
            *["localhost", str(server.port), str(certificate), "a@example.org", "b@example.org"],
        ],
        input=b"hello\n",
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    server.check()
    assert server.messages == [b"hello\r\n"]
    assert b"queued as" in done.stdout

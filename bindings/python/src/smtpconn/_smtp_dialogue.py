"""The library on a socket of Python: what `smtpconn.smtplib` sends messages and logs in with."""

from __future__ import annotations

import errno
import math
import select
import ssl
import time
from socket import socket as Socket  # noqa: N812
from typing import Callable, Final, NamedTuple, Optional

from ._constants import Chunking
from ._errors import StateError
from ._outcome import Result, SMTPConnError
from ._sansio import SansIOConnection

#: Octets that are read, or taken to be sent, at once.
_PIECE: Final = 65536

#: The longest time limit that the library knows, in seconds.
_LONGEST: Final = 86400.0

Done = Callable[..., None]
Observer = Callable[[str, bytes], None]


class Ended(NamedTuple):
    """How an operation ended."""

    error: Optional[SMTPConnError]
    result: Optional[Result]
    #: Whether anything was sent to the server.
    spoke: bool
    #: The last reply.
    response: Optional[str] = None


class Dialogue:
    """A session of the library, over a socket that Python has opened, and secured if it is.

    The greeting and the capabilities are known already: the library is given them without asking
    the server again.
    """

    def __init__(
        self,
        sock: Socket,
        features: dict[str, str],
        *,
        esmtp: bool,
        lmtp: bool,
        initial_response: Optional[bool],
    ) -> None:
        self._socket = sock
        self._poll = select.poll()
        #: What is waited for before octets can be sent on.
        self._blocked = select.POLLOUT
        self._spoke = False
        limit = sock.gettimeout()
        # A program that waits longer than the library would says so with the time limit of the
        # socket.
        long = None if limit is None or limit <= 600 else min(limit, _LONGEST)
        secured = isinstance(sock, ssl.SSLSocket)
        self._connection = SansIOConnection(
            name="localhost",  # Not sent: EHLO was.
            lmtp=lmtp or None,
            secured=secured or None,
            ignore_tls=None if secured else True,
            chunking=Chunking.OFF,
            allow_insecure_auth=None if secured else True,  # Whoever uses it has decided that.
            initial_response=initial_response,
            socket_timeout=long,
            command_timeout=long,
            final_reply_timeout=long,
            operation_timeout=_LONGEST,
            transaction_log=False,
        )
        try:
            self._greet(features, esmtp)
        except BaseException:
            self._connection.close()
            raise

    def _greet(self, features: dict[str, str], esmtp: bool) -> None:
        connection = self._connection
        done: list[Optional[SMTPConnError]] = []
        connection.start_connect(done.append)
        connection.feed(b"220 known\r\n")
        connection.take()
        if esmtp:
            lines = [f"{name.upper()} {value.strip()}".strip() for name, value in features.items()]
            text = "".join(f"250-{line}\r\n" for line in ["known", *lines]) + "250 HELP\r\n"
            connection.feed(text.encode("latin-1"))
        else:
            connection.feed(b"502 unknown\r\n")
            connection.take()
            connection.feed(b"250 known\r\n")
        if not connection.is_open:
            raise StateError("the library does not understand what the server offers")

    @property
    def is_open(self) -> bool:
        return self._connection.is_open

    def close(self) -> None:
        self._connection.close()

    def run(self, start: Callable[[SansIOConnection, Done], None], observe: Observer) -> Ended:
        """Carries an operation out.  The socket is not to be used after an exception."""
        ended: list[Ended] = []

        def done(error: Optional[SMTPConnError], result: Optional[Result] = None) -> None:
            ended.append(Ended(error, result, self._spoke, self._connection.last_response))

        self._spoke = False
        try:
            start(self._connection, done)
        except SMTPConnError as error:
            return Ended(error, None, False)
        limit = self._socket.gettimeout()
        self._socket.settimeout(0)
        try:
            self._move(ended, limit, observe)
        finally:
            self._socket.settimeout(limit)
        return ended[0]

    def _move(self, ended: list[Ended], limit: Optional[float], observe: Observer) -> None:
        connection = self._connection
        left = memoryview(b"")
        moved = time.monotonic()
        while not ended:
            left = left or self._take(observe)
            if not left:
                connection.tick()
            if ended:  # Refused without the server, from which nothing comes then.
                return
            sent = self._send(left) if left else 0
            left = left[sent:]
            now = time.monotonic()
            moved = now if sent else moved
            # A server that says something in the meantime is always listened to: it might not read
            # on before.
            at_once = sent > 0 and (bool(left) or connection.wants_take)
            if self._wait(0.0 if at_once else self._patience(now, moved, limit), bool(left)):
                moved = time.monotonic()
                self._receive(observe)
            elif not at_once and not ended:
                connection.tick()
                if not ended and limit is not None and time.monotonic() - moved >= limit:
                    connection.feed_end(errno.ETIMEDOUT)

    def _take(self, observe: Observer) -> memoryview:
        while self._connection.wants_take:
            octets = self._connection.take(_PIECE)
            if octets:
                self._spoke = True
                observe("send:", octets)
                return memoryview(octets)
        return memoryview(b"")

    def _send(self, octets: memoryview) -> int:
        self._blocked = select.POLLOUT
        try:
            return self._socket.send(octets)
        except (BlockingIOError, ssl.SSLWantWriteError):
            return 0
        except ssl.SSLWantReadError:
            self._blocked = 0
            return 0
        except OSError as error:
            self._connection.feed_end(_number(error))
            return 0

    def _receive(self, observe: Observer) -> None:
        try:
            octets = self._socket.recv(_PIECE)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except OSError as error:
            self._connection.feed_end(_number(error))
            return
        if octets:
            observe("reply:", octets)
            self._connection.feed(octets)
        else:
            self._connection.feed_end()

    def _patience(self, now: float, moved: float, limit: Optional[float]) -> Optional[float]:
        """Seconds to wait at most; None for ever."""
        deadline = self._connection.deadline
        ends = [end for end in (deadline, None if limit is None else moved + limit) if end]
        return max(0.0, min(ends) - now) if ends else None

    def _wait(self, seconds: Optional[float], sending: bool) -> bool:
        """Whether there is something to read; False when it can be sent on, or nothing came."""
        if isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
            return True
        self._poll.register(self._socket, select.POLLIN | (self._blocked if sending else 0))
        events = self._poll.poll(None if seconds is None else math.ceil(seconds * 1000))
        return any(event & ~select.POLLOUT for _, event in events)


def _number(error: OSError) -> int:
    """That of errno.  Those of ssl are other numbers."""
    known = error.errno in errno.errorcode and not isinstance(error, ssl.SSLError)
    return error.errno if known and error.errno is not None else errno.ECONNRESET

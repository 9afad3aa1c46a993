"""A handler for the `logging` package that sends each record as a mail, without making anyone wait.

    handler = SMTPHandler(
        ("mail.example.org", 587), "app@example.org", ["ops@example.org"], "Trouble", ("app", "key")
    )
    handler.setLevel(logging.ERROR)
    logging.getLogger().addHandler(handler)

The arguments are those of `logging.handlers.SMTPHandler`, and some more by keyword.
"""

from __future__ import annotations

import logging
import os
import threading
import weakref
from collections import deque
from collections.abc import Iterable, Mapping
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any, Final, Optional, Union

from ._addresses import derive_envelope
from ._connection import Connection
from ._constants import Retry
from ._limits import limits
from ._outcome import SMTPConnError

__all__ = ["SMTPHandler"]

#: Of the thread.
_NAME: Final = "smtpconn.logging"


class _Entry:
    """A record with its text, which is made at once: what it refers to may change."""

    __slots__ = ("record", "subject", "text")

    def __init__(self, record: logging.LogRecord, subject: str, text: str) -> None:
        self.record, self.subject, self.text = record, subject, text


class SMTPHandler(logging.Handler):
    """Queues records; a thread sends them, over one connection while there are any.

    - `mailhost`: a host, or a host and a port.
    - `credentials`: user name and password.
    - `secure`: a tuple, empty, or with a key file and a certificate file, requires TLS.  Without it
      STARTTLS is used when the server offers it.  A password does not leave without TLS for another
      machine.
    - `timeout`: seconds of any wait for the server.
    - `capacity`: how many records may wait.  Further ones are dropped and counted in `dropped`; the
      next mail says how many.
    - `flush_timeout`: seconds that `flush` and `close` wait for what is queued.  The end of the
      program closes every handler, and drops what is left.
    - `options`: further options of `smtpconn.Connection`, which have priority.

    What is logged while it sends, by this package or by anything else in its thread, is not sent.
    A record that cannot be sent is reported by `handleError`.  After a fork the child sends its own
    records only.
    """

    #: `close` does it; logging.shutdown need not do it before (Python 3.12).
    flushOnClose = False  # noqa: N815

    def __init__(
        self,
        mailhost: Union[str, tuple[str, int]],
        fromaddr: str,
        toaddrs: Union[str, Iterable[str]],
        subject: str,
        credentials: Optional[tuple[str, str]] = None,
        secure: Optional[tuple[str, ...]] = None,
        timeout: float = 30.0,
        *,
        capacity: int = 1000,
        flush_timeout: float = 10.0,
        options: Optional[Mapping[str, Any]] = None,
    ) -> None:
        if capacity < 1:
            raise ValueError(f"capacity must be at least 1: {capacity}")
        super().__init__()
        #: The host and the port, which may be that of the options.
        self.mailhost: str
        self.mailport: Optional[int]
        self.mailhost, self.mailport = (mailhost, None) if isinstance(mailhost, str) else mailhost
        self.fromaddr = fromaddr
        self.toaddrs = [toaddrs] if isinstance(toaddrs, str) else list(toaddrs)
        self.subject = subject
        self.credentials = credentials
        self.secure = secure
        self.timeout = timeout
        self.capacity = capacity
        self.flush_timeout = flush_timeout
        self.options = dict(options or {})
        # A wrong address is found now, not by the first record.
        self._envelope = derive_envelope(self._header())
        #: Records that were dropped, ever.
        self.dropped = 0
        self._begin()
        _HANDLERS.add(self)

    def _begin(self) -> None:
        """As new: nothing queued, no thread."""
        self._changed = threading.Condition()
        self._queue: deque[_Entry] = deque()
        #: Dropped, and not said in a mail yet.
        self._untold = 0
        #: The thread that sends; None when there is nothing to send.
        self._sender: Optional[threading.Thread] = None
        #: Its number, or that of a thread that sends while it flushes.
        self._sending: Optional[int] = None

    # Of logging.Handler

    def getSubject(self, record: logging.LogRecord) -> str:  # noqa: N802
        """The subject of the mail; override it for one that depends on the record."""
        return self.subject

    def filter(self, record: logging.LogRecord) -> Any:
        """Refuses what is logged by the thread that sends: it would go round for ever."""
        if self._sending == threading.get_ident():
            return False
        return super().filter(record)

    def emit(self, record: logging.LogRecord) -> None:
        """Queues the record.  It does not wait for the server."""
        try:
            entry = _Entry(record, self.getSubject(record), self.format(record))
            with self._changed:
                if len(self._queue) >= self.capacity:
                    self.dropped += 1
                    self._untold += 1
                    return
                self._queue.append(entry)
                self._start()
        except Exception:
            self.handleError(record)

    def flush(self, timeout: Optional[float] = None) -> None:
        """Waits until every record was sent or has failed.

        For at most `timeout` seconds, by default `flush_timeout`.  In the thread that sends, it
        returns at once.
        """
        if self._sending == threading.get_ident():
            return
        with self._changed:
            self._start()
            if self._sender is not None:
                limit = self.flush_timeout if timeout is None else timeout
                self._changed.wait_for(lambda: self._sender is None, limit)
                return
        self._drain()

    def close(self) -> None:
        """Flushes, and drops what was not sent in time, which `handleError` then reports."""
        self.flush()
        with self._changed:
            late = list(self._queue)
            self._queue.clear()
            self.dropped += len(late)
        if late:
            try:
                raise TimeoutError(
                    f"{len(late)} records were dropped: they could not be sent in time"
                )
            except TimeoutError:
                self.handleError(late[0].record)
        super().close()

    # The thread

    def _start(self) -> None:
        """Starts the thread, if there is something to send.  It ends when there is nothing left."""
        # One that is not alive was interrupted as it was started.
        if self._queue and (self._sender is None or not self._sender.is_alive()):
            self._sender = threading.Thread(target=self._work, name=_NAME, daemon=True)
            try:
                self._sender.start()
            except RuntimeError:
                # There are none any more at the end of a program: flush() sends then.
                self._sender = None

    def _work(self) -> None:
        try:
            while True:
                self._drain()
                with self._changed:
                    if not self._queue:
                        self._ended()
                        return
        except BaseException:
            self._ended()
            raise

    def _ended(self) -> None:
        with self._changed:
            self._sender = None
            self._changed.notify_all()

    def _take(self) -> Optional[_Entry]:
        with self._changed:
            if not self._queue:
                return None
            entry = self._queue.popleft()
            if self._untold:
                entry.text += f"\n\n{self._untold} further records were dropped: too many waited."
                self._untold = 0
            return entry

    def _drain(self) -> None:
        """Sends what is queued, over one connection."""
        self._sending = threading.get_ident()
        connection: Optional[Connection] = None
        try:
            while (entry := self._take()) is not None:
                try:
                    connection = self._send(connection, entry)
                except Exception:
                    self.handleError(entry.record)
        finally:
            if connection is not None:
                _part(connection)
            self._sending = None

    def _send(self, connection: Optional[Connection], entry: _Entry) -> Connection:
        """Sends it, over a new connection if need be: a server may close one between two mails."""
        message = self._message(entry)
        if connection is not None and connection.is_open:
            try:
                connection.send(self._envelope, message)
                return connection
            except SMTPConnError as error:
                if connection.is_open or error.retry is not Retry.SAFE:
                    raise
        if connection is not None:
            connection.close()
        connection = self._connect()
        try:
            connection.send(self._envelope, message)
        except BaseException:
            connection.close()
            raise
        return connection

    def _connect(self) -> Connection:
        options: dict[str, Any] = {
            "host": self.mailhost,
            "port": self.mailport,
            "require_tls": True if self.secure is not None else None,
            **limits(self.timeout),
        }
        if self.secure:
            options["tls_key_file"] = self.secure[0]
            options["tls_certificate_file"] = self.secure[-1]
        connection = Connection(**{**options, **self.options})
        try:
            connection.connect()
            if self.credentials is not None:
                connection.login(*self.credentials)
        except BaseException:
            connection.close()
            raise
        return connection

    def _header(self) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self.fromaddr
        message["To"] = ", ".join(self.toaddrs)
        return message

    def _message(self, entry: _Entry) -> EmailMessage:
        message = self._header()
        # One line: the text of a record may have several, and anything in it.
        message["Subject"] = " ".join(_clean(entry.subject).split()) or self.subject
        message["Date"] = formatdate(entry.record.created, localtime=True)
        message["Message-ID"] = make_msgid(domain=message["From"].addresses[0].domain)
        message.set_content(_clean(entry.text) + "\n")
        return message


def _clean(text: str) -> str:
    """Without lone surrogates, which no encoding of a mail has."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _part(connection: Connection) -> None:
    try:
        if connection.is_open:
            connection.quit()
    except SMTPConnError:
        pass  # The mails were sent.
    finally:
        connection.close()


#: For the child of a fork: it has no thread, and the records are its parent's.
_HANDLERS: Final[weakref.WeakSet[SMTPHandler]] = weakref.WeakSet()


def _after_fork() -> None:
    for handler in list(_HANDLERS):
        handler._begin()


os.register_at_fork(after_in_child=_after_fork)

"""An e-mail backend for Django.

In the settings:

    EMAIL_BACKEND = "smtpconn.django.EmailBackend"

It takes Django's settings (EMAIL_HOST and the others) and has two differences to Django's own:

- Without EMAIL_USE_TLS and EMAIL_USE_SSL, STARTTLS is used when the server offers it, and its
  certificate is verified.  Only to a server on this machine there is no TLS then.
- A password does NOT leave without TLS for another machine: that is an AuthError.

SMTPCONN_OPTIONS is a dict of further options of `smtpconn.Connection`, which have priority.
"""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Iterable, Mapping, Sequence
from email.message import EmailMessage, Message
from typing import Any, Final, Optional

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend

from ._addresses import derive_envelope
from ._connection import Connection
from ._envelope import Envelope
from ._limits import limits
from ._outcome import Result, SMTPConnError

__all__ = ["EmailBackend"]

#: So many messages are under way at once: the envelope of the next one leaves with the end of the
#: one before.  With more, more would be sent after one that failed.
_UNDER_WAY: Final = 2

#: What `fail_silently` keeps from the caller.
_SILENT: Final = (SMTPConnError, OSError)


class EmailBackend(BaseEmailBackend):
    """Sends the messages of a call over one connection, which pipelines them.

    It may be used by several threads: their calls take turns.  Errors are those of `smtpconn`.
    """

    def __init__(
        self,
        host: Optional[str] = None,
        port: Optional[int] = None,
        username: Optional[str] = None,
        password: Optional[str] = None,
        use_tls: Optional[bool] = None,
        fail_silently: bool = False,
        use_ssl: Optional[bool] = None,
        timeout: Optional[float] = None,
        ssl_keyfile: Optional[str] = None,
        ssl_certfile: Optional[str] = None,
        options: Optional[Mapping[str, Any]] = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fail_silently=fail_silently, **kwargs)
        self.host = host or settings.EMAIL_HOST
        self.port = port or settings.EMAIL_PORT
        self.username = _or(username, settings.EMAIL_HOST_USER)
        self.password = _or(password, settings.EMAIL_HOST_PASSWORD)
        self.use_tls = _or(use_tls, settings.EMAIL_USE_TLS)
        self.use_ssl = _or(use_ssl, settings.EMAIL_USE_SSL)
        self.timeout = _or(timeout, settings.EMAIL_TIMEOUT)
        self.ssl_keyfile = _or(ssl_keyfile, settings.EMAIL_SSL_KEYFILE)
        self.ssl_certfile = _or(ssl_certfile, settings.EMAIL_SSL_CERTFILE)
        self.options = dict(_or(options, getattr(settings, "SMTPCONN_OPTIONS", {})))
        if self.use_ssl and self.use_tls:
            raise ValueError(
                "EMAIL_USE_TLS (STARTTLS) and EMAIL_USE_SSL (TLS from the first byte) exclude each "
                "other: set one of them to True"
            )
        self.connection: Optional[Connection] = None
        self._lock = threading.RLock()

    def _make(self) -> Connection:
        local = _is_local(self.host)
        options: dict[str, Any] = {
            "host": self.host,
            "port": self.port,
            "secure": bool(self.use_ssl),
            "require_tls": bool(self.use_tls) or None,
            # A mail server on the same machine often has a certificate that nobody signed.
            "ignore_tls": (local and not self.use_tls and not self.use_ssl) or None,
            "tls_key_file": self.ssl_keyfile or None,
            "tls_certificate_file": self.ssl_certfile or None,
            **limits(self.timeout),
        }
        return Connection(**{**options, **self.options})

    def open(self) -> Optional[bool]:
        """Whether a new connection was needed; None when that failed silently."""
        with self._lock:
            if self.connection is not None and not self.connection.closed:
                # Servers close what was idle, which is noticed in the loop.
                self.connection.loop.dispatch()
                if self.connection.is_open:
                    return False
            self._drop()
            # A mistake in the settings is not silent.
            connection = self._make()
            try:
                connection.connect()
                if self.username and self.password:
                    connection.login(self.username, self.password)
            except BaseException as error:
                connection.close()
                if self.fail_silently and isinstance(error, _SILENT):
                    return None
                raise
            self.connection = connection
            return True

    def close(self) -> None:
        """Sends QUIT and closes.  A connection that was lost is no error."""
        with self._lock:
            try:
                if self.connection is not None and self.connection.is_open:
                    self.connection.quit()
            except _SILENT:
                if not self.fail_silently:
                    raise
            finally:
                self._drop()

    def _drop(self) -> None:
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()

    def send_messages(self, email_messages: Sequence[Any]) -> int:
        """How many were sent: each to at least one recipient.

        Without `fail_silently` the first failure is raised, and no further message is begun.  When
        it was found, the next message may have been sent already.
        """
        if not email_messages:
            return 0
        with self._lock:
            made = self.open()
            if made is None or self.connection is None:
                return 0
            try:
                return self._send_all(self.connection, email_messages)
            except BaseException as error:
                if not isinstance(error, Exception):
                    self._drop()  # Ctrl-C does not wait for what is under way.
                raise
            finally:
                if made:
                    self.close()

    def _send_all(self, connection: Connection, messages: Iterable[Any]) -> int:
        waiting = iter(messages)
        sent = 0
        failures: list[Exception] = []

        def begin() -> None:
            for message in waiting:
                if failures:
                    return
                try:
                    envelope = _envelope(message)
                    if envelope is not None:
                        connection.start_send(envelope, _content(message), ended)
                        return
                except Exception as error:
                    failed(error)

        def ended(error: Optional[SMTPConnError], _result: Result) -> None:
            nonlocal sent
            if error is None:
                sent += 1
            else:
                failed(error)
            begin()

        def failed(error: Exception) -> None:
            if not (self.fail_silently and isinstance(error, _SILENT)):
                failures.append(error)

        for _ in range(_UNDER_WAY):
            begin()
        connection.loop.run()
        if failures:
            raise failures[0]
        return sent


def _or(value: Any, setting: Any) -> Any:
    return setting if value is None else value


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _envelope(message: Any) -> Optional[Envelope]:
    """None without recipients.  Django's fields hold addresses as headers do, with names."""
    recipients = message.recipients()
    if not recipients:
        return None
    header = EmailMessage()
    header["From"] = str(message.from_email)
    header["To"] = ", ".join(map(str, recipients))
    return derive_envelope(header)


def _content(message: Any) -> Message:
    content = message.message()
    assert isinstance(content, Message)
    return content

"""The connection: the public face of the package."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping
from email.message import Message
from socket import socket as Socket  # noqa: N812
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, Optional, TypeVar, Union, overload

from ._addresses import derive_envelope
from ._auth import Credentials, Login, TokenSource, opened_auth
from ._constants import Chunking
from ._driven import DECISIVE, DrivenConnection
from ._envelope import DSN, Envelope, Recipients
from ._errors import SMTPConnError
from ._events import ErrorHandler, EventHandler, TokenHandler
from ._failure import check
from ._hooks import Exchange, Password, TLSContextHandler
from ._library import lib
from ._log import AnyLogger
from ._loop import Loop
from ._message import MessageLike
from ._operation import DONE, SENT, Operation
from ._options import HOOKS, OPTIONS
from ._report import report
from ._result import Result
from ._sending import opened_send

if TYPE_CHECKING:
    from ._operation import Report

# Not only for the type checker: typing.get_type_hints needs every name.
DoneHandler = Callable[[Optional[SMTPConnError]], object]
SendHandler = Callable[[Optional[SMTPConnError], Result], object]
Path = Union[str, os.PathLike[str]]
Mechanism = Callable[[Exchange, Optional[bytes]], Optional[bytes]]

Own = TypeVar("Own", bound="Connection")


class Connection(DrivenConnection):
    """A connection to an SMTP server.

    `with Connection(...) as connection:` connects, and at the end quits and closes.  After an
    exception it quits when nothing is under way; after KeyboardInterrupt it only closes.

    The options are those of the library, under their names there; None is the default.  Durations
    are in seconds.  `transaction_log` is on by default when the logger is enabled for DEBUG.

    The methods `connect`, `login`, `send`, `reset` and `quit` wait for the end of what they do.
    Each has a twin `start_...` that does not: the loop calls `callback` later, with the error or
    None, and for a send with the result.  Several may be under way; they are carried out in order.

    `socket` and `connection` are sockets, or the descriptors of some, which the library duplicates
    and makes non-blocking.  `tls_key_password` is a str, bytes, or a function that gives one when
    it is needed.  `tls_alpn` is one str with commas or several; `ignored_capabilities` is
    one with blanks or several.  `tls_context_callback` gets the address of OpenSSL's SSL_CTX;
    when it raises, `connect` raises the same and sends nothing.

    `tls_session` is what `take_tls_session` of an earlier connection gave: the handshake then has
    less to do, if the server resumes it and it is not too old.  Connections share nothing else.

    `custom_mechanisms` are login mechanisms of your own, by name: functions of an `Exchange` and a
    challenge, which return the answer as bytes.  The challenge is None at the beginning: what is
    returned then is the initial response, None for none.

    `initial_response` True puts the first answer of a login into the AUTH command, however long the
    line is; False waits for the server to ask.  `hello_after_login` says EHLO again after a login,
    for servers that then offer more.

    An exception in the source of a message ends the connection, so that no part of the message is
    delivered, and is raised as it is, with the StreamError as its context; a callback of
    `start_send` gets the StreamError with the exception as its cause.  In the same way one in a
    custom mechanism or the `token` function of a login ends the login, not the connection.

    An exception in another function of the program changes no outcome.  While a method waits, it
    is logged at ERROR on the logger "smtpconn" (and given to sys.unraisablehook when no handler is
    there), and the method returns or raises what its operation gave.  Only `connect` raises what
    `on_connect` raised; the connection is then open.  Outside of methods that wait the loop raises
    it.  What is no Exception, as KeyboardInterrupt, is raised in any case.

    Ctrl-C during a method that waits closes the connection.
    """

    def __init__(
        self,
        host: Optional[str] = None,
        port: Optional[int] = None,
        *,
        secure: Optional[bool] = None,
        ignore_tls: Optional[bool] = None,
        require_tls: Optional[bool] = None,
        opportunistic_tls: Optional[bool] = None,
        lmtp: Optional[bool] = None,
        socket_path: Optional[Path] = None,
        local_address: Optional[str] = None,
        local_port: Optional[int] = None,
        socket: Optional[Union[Socket, int]] = None,
        connection: Optional[Union[Socket, int]] = None,
        secured: Optional[bool] = None,
        name: Optional[str] = None,
        dns_timeout: Optional[float] = None,
        connection_timeout: Optional[float] = None,
        greeting_timeout: Optional[float] = None,
        socket_timeout: Optional[float] = None,
        command_timeout: Optional[float] = None,
        final_reply_timeout: Optional[float] = None,
        quit_timeout: Optional[float] = None,
        operation_timeout: Optional[float] = None,
        chunking: Optional[Chunking] = None,
        ignored_capabilities: Optional[Union[str, Iterable[str]]] = None,
        auth_method: Optional[str] = None,
        custom_mechanisms: Optional[Mapping[str, Mechanism]] = None,
        initial_response: Optional[bool] = None,
        hello_after_login: Optional[bool] = None,
        allow_insecure_auth: Optional[bool] = None,
        tls_servername: Optional[str] = None,
        tls_ca_file: Optional[Path] = None,
        tls_ca_directory: Optional[Path] = None,
        tls_ca: Optional[str] = None,
        tls_certificate_file: Optional[Path] = None,
        tls_certificate: Optional[str] = None,
        tls_key_file: Optional[Path] = None,
        tls_key: Optional[str] = None,
        tls_key_password: Optional[Password] = None,
        tls_ciphers: Optional[str] = None,
        tls_cipher_suites: Optional[str] = None,
        tls_groups: Optional[str] = None,
        tls_min_version: Optional[str] = None,
        tls_max_version: Optional[str] = None,
        tls_alpn: Optional[Union[str, Iterable[str]]] = None,
        tls_context_callback: Optional[TLSContextHandler] = None,
        tls_reject_unauthorized: Optional[bool] = None,
        tls_resumption: Optional[bool] = None,
        tls_session: Optional[bytes] = None,
        transaction_log: Optional[bool] = None,
        debug: Optional[bool] = None,
        loop: Optional[Loop] = None,
        logger: Optional[AnyLogger] = None,
        on_connect: Optional[EventHandler] = None,
        on_error: Optional[ErrorHandler] = None,
        on_end: Optional[EventHandler] = None,
        on_token: Optional[TokenHandler] = None,
    ) -> None:
        # First, so that it holds the arguments and nothing else.  No option can be left out.
        given = dict(locals())
        super().__init__(loop, logger, on_connect, on_error, on_end, on_token)
        if transaction_log is None:
            given["transaction_log"] = transaction_log = self._logger.isEnabledFor(logging.DEBUG)
        # auth_method may name a mechanism of the program, which must be known by then.
        options = {name: given[name] for name in (*HOOKS, *OPTIONS)}
        # The library calls back for every line: not for lines that nobody would see.
        wanted = logger is not None or bool(transaction_log) or bool(debug)
        wanted = wanted or self._logger.isEnabledFor(logging.WARNING)
        self._make(options, tls_session, with_log=wanted)

    # Methods that wait

    def connect(self) -> None:
        """Connects, says EHLO, changes to TLS.  Does nothing on a connection that is open."""
        if not self.is_open:
            self._wait(lambda: self._start_connect(None), (*DECISIVE, "on_connect"))

    def login(
        self,
        user: Optional[str],
        password: Optional[str] = None,
        *,
        authorization_identity: Optional[str] = None,
        access_token: Optional[str] = None,
        expires: Optional[float] = None,
        token: Optional[TokenSource] = None,
        refresh_token: Optional[str] = None,
        client_id: Optional[str] = None,
        client_secret: Optional[str] = None,
        scope: Optional[str] = None,
        access_url: Optional[str] = None,
        service_client: Optional[str] = None,
        private_key: Optional[str] = None,
    ) -> None:
        """Logs in.  After an AuthError or an OAuth2Error the connection is as good as before.

        With a password; or, without one, with an OAuth 2.0 access token (XOAUTH2): `access_token`,
        which `expires`, in seconds since 1970.  When there is none, when it has expired or when the
        server refuses it, a new one comes from the first of these that is given:

        - `token(renew)`, which returns a token, or a token and when it expires; `renew` tells that
          the last one did not serve.
        - `service_client` and its `private_key`, RSA in PEM.
        - `refresh_token`, with `client_id` and `client_secret`.

        The last two ask `access_url`, by default Google's; `on_token` gets what it gave.

        `authorization_identity` is whom to act as when that is not the user whose password it is;
        only PLAIN, or a mechanism of your own, is then used.
        """
        credentials = Credentials(
            user,
            password,
            authorization_identity=authorization_identity,
            access_token=access_token,
            expires=expires,
            token=token,
            refresh_token=refresh_token,
            client_id=client_id,
            client_secret=client_secret,
            scope=scope,
            access_url=access_url,
            service_client=service_client,
            private_key=private_key,
        )
        self._wait(lambda: self._start_login(credentials, None))

    @overload
    def send(self, envelope: Envelope, message: MessageLike, /) -> Result: ...
    @overload
    def send(
        self,
        from_addr: str,
        to_addrs: Recipients,
        message: MessageLike,
        *,
        size: Optional[int] = None,
        use_8bitmime: Optional[bool] = None,
        use_smtputf8: Optional[bool] = None,
        require_tls: Optional[bool] = None,
        dsn: Optional[DSN] = None,
        all_or_none: Optional[bool] = None,
        use_binarymime: Optional[bool] = None,
        allow_empty: Optional[bool] = None,
    ) -> Result: ...
    def send(
        self,
        from_addr: Union[str, Envelope],
        to_addrs: Union[Recipients, MessageLike],
        message: Optional[MessageLike] = None,
        *,
        size: Optional[int] = None,
        use_8bitmime: Optional[bool] = None,
        use_smtputf8: Optional[bool] = None,
        require_tls: Optional[bool] = None,
        dsn: Optional[DSN] = None,
        all_or_none: Optional[bool] = None,
        use_binarymime: Optional[bool] = None,
        allow_empty: Optional[bool] = None,
    ) -> Result:
        """Sends a message: `send(from_addr, to_addrs, message)` or `send(envelope, message)`.

        Gives the result when at least one recipient got the message and it is not in doubt whether
        others did; look at its `rejected`.  Else raises an error whose `result` tells of each
        recipient.  Some of them have the message only when `retry` is UNKNOWN: with LMTP, or when
        they went in several transactions.

        `message` is bytes, str (sent as UTF-8), a message of the email package (without its Bcc,
        in a form that the server takes), a binary or text file (from where it stands to its end),
        or an iterable of bytes or str.  After a send that failed a file stands where it stood, if
        it can be moved; an iterator, and a pipe that was read, cannot be sent again.  An empty
        message is a MessageError without `allow_empty`.
        """
        fields = {
            "size": size,
            "use_8bitmime": use_8bitmime,
            "use_smtputf8": use_smtputf8,
            "require_tls": require_tls,
            "dsn": dsn,
            "all_or_none": all_or_none,
            "use_binarymime": use_binarymime,
            "allow_empty": allow_empty,
        }
        envelope, content = _told(
            from_addr,
            to_addrs,
            message,
            {name: value for name, value in fields.items() if value is not None},
        )
        operation = self._wait(lambda: self._start_send(envelope, content, None))
        return operation.result or Result([])

    def send_message(
        self,
        message: Message,
        from_addr: Optional[str] = None,
        to_addrs: Optional[Recipients] = None,
    ) -> Result:
        """Sends a message of the email package to whom its header names.

        The sender is that of Sender or From, the recipients are those of To, Cc and Bcc, or of the
        Resent- fields of a message that was resent.  What is given is used instead of the header.
        A field that is needed and is no correct list of addresses is an EnvelopeError.
        """
        return self.send(derive_envelope(message, from_addr, to_addrs), message)

    def reset(self) -> None:
        """Sends RSET.  Never needed: a send that failed leaves nothing behind."""
        self._wait(lambda: self._start(lib.smtpconn_reset, DONE, None))

    def quit(self) -> None:
        """Sends QUIT after everything under way and ends the connection.

        A connection that is lost meanwhile, or was lost before, is no error: nothing was left to
        do.  What was under way tells its own outcome.
        """
        if not (self._over and self._established):
            self._wait(lambda: self._start(lib.smtpconn_quit, DONE, None, quits=True))

    # Methods that do not

    def start_connect(self, callback: Optional[DoneHandler] = None) -> None:
        """`connect`, without waiting."""
        self._start_connect(callback)

    def start_login(
        self,
        user: Optional[str],
        password: Optional[str] = None,
        callback: Optional[DoneHandler] = None,
        *,
        authorization_identity: Optional[str] = None,
        access_token: Optional[str] = None,
        expires: Optional[float] = None,
        token: Optional[TokenSource] = None,
        refresh_token: Optional[str] = None,
        client_id: Optional[str] = None,
        client_secret: Optional[str] = None,
        scope: Optional[str] = None,
        access_url: Optional[str] = None,
        service_client: Optional[str] = None,
        private_key: Optional[str] = None,
    ) -> None:
        """`login`, without waiting."""
        credentials = Credentials(
            user,
            password,
            authorization_identity=authorization_identity,
            access_token=access_token,
            expires=expires,
            token=token,
            refresh_token=refresh_token,
            client_id=client_id,
            client_secret=client_secret,
            scope=scope,
            access_url=access_url,
            service_client=service_client,
            private_key=private_key,
        )
        self._start_login(credentials, callback)

    def start_send(
        self, envelope: Envelope, message: MessageLike, callback: Optional[SendHandler] = None
    ) -> None:
        """`send`, without waiting.  A file or an iterable is read later, by the loop.

        Before the connection is open, and before the end of a login with `hello_after_login`, it
        is not known what the server will take.  A message of the email package then has a form
        that every server takes, if its addresses and signatures allow that.
        """
        self._start_send(envelope, message, callback)

    def start_reset(self, callback: Optional[DoneHandler] = None) -> None:
        """`reset`, without waiting."""
        self._start(lib.smtpconn_reset, DONE, _done(callback))

    def start_quit(self, callback: Optional[DoneHandler] = None) -> None:
        """`quit`, without waiting.  StateError when the connection is over already."""
        self._start(lib.smtpconn_quit, DONE, _done(callback), quits=True)

    def take_tls_session(self) -> Optional[bytes]:
        """Takes out the newest TLS session that the server gave; None without one.

        It is for the `tls_session` of another connection to the same server, and a secret.  Under
        TLS 1.3 each serves once, and there may be several.  A session that has come stays here
        until the connection is closed.
        """
        session: Optional[bytes] = self._ask(lambda _handle: self._options.take_session())
        return session

    def cancel(self) -> None:
        """Ends everything under way with CancelledError, in the next turn of the loop.

        What has begun cannot be taken back: the connection is then closed.
        """
        self._ask(
            lambda handle: check(lib.smtpconn_cancel(handle), lib.smtpconn_last_error, handle)
        )

    # What both have in common

    def _start_connect(self, callback: Optional[DoneHandler]) -> Operation:
        operation = self._start(lib.smtpconn_connect, DONE, _done(callback))
        self._started = True
        return operation

    def _start_login(self, credentials: Credentials, callback: Optional[DoneHandler]) -> Operation:
        login = Login(credentials.token)
        with opened_auth(credentials, login) as auth:
            return self._start(lib.smtpconn_login, DONE, _done(callback), auth, login=login)

    def _start_send(
        self, envelope: Envelope, message: MessageLike, callback: Optional[SendHandler]
    ) -> Operation:
        report = (
            None
            if callback is None
            else lambda error, result: callback(error, result or Result([]))
        )
        with opened_send(self, envelope, message) as (c_envelope, opened):
            return self._start(
                lib.smtpconn_send, SENT, report, c_envelope, opened.handle, reading=opened.reading
            )

    # Python's own

    def __enter__(self: Own) -> Own:
        try:
            self.connect()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        try:
            self._part(kind)
        finally:
            self.close()

    def _part(self, kind: Optional[type[BaseException]]) -> None:
        """Says QUIT, if that is possible and wanted."""
        core = self._loop._core
        if self.closed or core.forked or not self.is_open:
            return
        if kind is None:
            self.quit()
        elif not (issubclass(kind, KeyboardInterrupt) or core.dispatching_here or self._is_busy()):
            # What is raised here already must not be hidden.
            try:
                self.quit()
            except Exception as error:
                report(error, "quit()")


def _told(
    sender: Any, recipients: Any, message: Any, fields: Mapping[str, Any]
) -> tuple[Envelope, Any]:
    """What the two forms of `send` tell: the envelope and the message."""
    if not isinstance(sender, Envelope):
        if message is None:
            raise TypeError("send() takes (from_addr, to_addrs, message) or (envelope, message)")
        return Envelope(sender, recipients, **fields), message
    if message is not None:
        raise TypeError("send() takes no to_addrs beside an envelope, which has its own")
    if fields:
        names = ", ".join(fields)
        raise TypeError(f"send() takes no {names} beside an envelope: set it in the envelope")
    return sender, recipients


def _done(callback: Optional[DoneHandler]) -> Optional[Report]:
    return None if callback is None else lambda error, _result: callback(error)

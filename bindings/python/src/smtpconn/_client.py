"""The operations of a connection: methods that block, and methods that do not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from email.message import Message
from types import TracebackType
from typing import Any, Callable, Optional, TypeVar, Union, overload

from ._addresses import derive_envelope
from ._auth import Credentials, Login, TokenSource, opened_auth
from ._commands import Commands
from ._driven import DECISIVE, _last_error
from ._envelope import DSN, Envelope, Recipients, packed_addresses
from ._errors import StateError
from ._hooks import PlainExchange
from ._library import lib
from ._message import MessageLike
from ._operation import Operation
from ._outcome import Result, SMTPConnError
from ._report import report
from ._result import DONE, SENT
from ._sending import opened_send
from ._table import FIELDS

# Not only for the type checker: typing.get_type_hints needs every name.
DoneHandler = Callable[[Optional[SMTPConnError]], object]
SendHandler = Callable[[Optional[SMTPConnError], Result], object]

Own = TypeVar("Own", bound="Client")


class Client(Commands):
    """Everything about a connection but its options."""

    #: The argument of a custom mechanism.
    _exchange_type: type[PlainExchange] = PlainExchange

    # Methods that wait

    def connect(self) -> None:
        """Connects, sends EHLO, starts TLS.  Does nothing on an open connection; one that has ended
        connects again."""
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
        """Logs in.  After an AuthError or an OAuth2Error the connection can still be used.

        With a password; or with an OAuth 2.0 access token (OAUTHBEARER, XOAUTH2): `access_token`,
        which `expires`, in seconds since 1970.  When there is none, when it has expired or when the
        server refuses it, a new one comes from the first of these that is given:

        - `token(renew)`, which returns a token, or a token and when it expires; `renew` is true
          when the last token was refused or has expired.
        - `service_client` and its `private_key`, RSA in PEM.
        - `refresh_token`, with `client_id` and `client_secret`.

        The last two ask `access_url`, by default Google's; `on_token` gets what it gave.

        `authorization_identity` is whom to act as when that is not the user whose password it is;
        only PLAIN, EXTERNAL, OAUTHBEARER, or a mechanism of your own, is then used.

        EXTERNAL is used when `tls_certificate` is set, or by its name in `auth_method`; `user` may
        then be None.  So it may with ANONYMOUS, which is used by name only: there it is the trace.
        """
        # First, so that it holds the arguments and nothing else.  None can be left out.
        credentials = Credentials.of(dict(locals()))
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
        # generated: fields
        size: Optional[int] = None,
        use_8bitmime: Optional[bool] = None,
        use_smtputf8: Optional[bool] = None,
        require_tls: Optional[bool] = None,
        dsn: Optional[DSN] = None,
        all_or_none: Optional[bool] = None,
        use_binarymime: Optional[bool] = None,
        mt_priority: Optional[int] = None,
        deliver_by: Optional[str] = None,
        hold_for: Optional[int] = None,
        hold_until: Optional[str] = None,
        auth_sender: Optional[str] = None,
        solicit: Optional[Union[str, Iterable[str]]] = None,
        parameters: Optional[Mapping[str, Optional[str]]] = None,
        allow_empty: Optional[bool] = None,
        # generated: end
    ) -> Result: ...
    def send(
        self,
        from_addr: Union[str, Envelope],
        to_addrs: Union[Recipients, MessageLike],
        message: Optional[MessageLike] = None,
        *,
        # generated: fields
        size: Optional[int] = None,
        use_8bitmime: Optional[bool] = None,
        use_smtputf8: Optional[bool] = None,
        require_tls: Optional[bool] = None,
        dsn: Optional[DSN] = None,
        all_or_none: Optional[bool] = None,
        use_binarymime: Optional[bool] = None,
        mt_priority: Optional[int] = None,
        deliver_by: Optional[str] = None,
        hold_for: Optional[int] = None,
        hold_until: Optional[str] = None,
        auth_sender: Optional[str] = None,
        solicit: Optional[Union[str, Iterable[str]]] = None,
        parameters: Optional[Mapping[str, Optional[str]]] = None,
        allow_empty: Optional[bool] = None,
        # generated: end
    ) -> Result:
        """Sends a message: `send(from_addr, to_addrs, message)` or `send(envelope, message)`.

        Returns the result when at least one recipient got the message and no other is in doubt;
        look at its `rejected`.  Else raises an error whose `result` has each recipient.  Some of
        them have the message only when `retry` is UNKNOWN: with LMTP, or when they needed several
        transactions.

        `message` is bytes, str (sent as UTF-8), a message of the email package (without its Bcc,
        in a form that the server takes), a binary or text file (from where it stands to its end),
        or an iterable of bytes or str.  After a send that failed a file stands where it stood, if
        it can be moved; an iterator, and a pipe that was read, cannot be sent again.  An empty
        message is a MessageError without `allow_empty`.
        """
        # First, so that it holds the arguments and nothing else.  No field can be left out.
        given = dict(locals())
        fields = {name: given[name] for name in FIELDS if given[name] is not None}
        envelope, content = envelope_and_message(from_addr, to_addrs, message, fields)
        operation = self._wait(lambda: self._start_send(envelope, content, None))
        return operation.outcome if isinstance(operation.outcome, Result) else Result([])

    def send_message(
        self,
        message: Message,
        from_addr: Optional[str] = None,
        to_addrs: Optional[Recipients] = None,
        *,
        # generated: fields
        size: Optional[int] = None,
        use_8bitmime: Optional[bool] = None,
        use_smtputf8: Optional[bool] = None,
        require_tls: Optional[bool] = None,
        dsn: Optional[DSN] = None,
        all_or_none: Optional[bool] = None,
        use_binarymime: Optional[bool] = None,
        mt_priority: Optional[int] = None,
        deliver_by: Optional[str] = None,
        hold_for: Optional[int] = None,
        hold_until: Optional[str] = None,
        auth_sender: Optional[str] = None,
        solicit: Optional[Union[str, Iterable[str]]] = None,
        parameters: Optional[Mapping[str, Optional[str]]] = None,
        allow_empty: Optional[bool] = None,
        # generated: end
    ) -> Result:
        """Sends a message of the email package to the recipients in its header.

        The sender is that of Sender or From, the recipients are those of To, Cc and Bcc, or of the
        Resent- fields of a message that was resent.  What is given is used instead of the header.
        A field that is needed and is no correct list of addresses is an EnvelopeError.  The
        keywords are the fields of `Envelope`.
        """
        # First, so that it holds the arguments and nothing else.  No field can be left out.
        given = dict(locals())
        fields = {name: given[name] for name in FIELDS if given[name] is not None}
        return self.send(replace(derive_envelope(message, from_addr, to_addrs), **fields), message)

    def reset(self) -> None:
        """Sends RSET.  Never needed after a failed send: the library sends RSET itself."""
        self._wait(lambda: self._start_reset(None))

    def quit(self) -> None:
        """Sends QUIT after all pending operations and ends the connection.

        A connection that is lost meanwhile, or was lost before, is no error.  Pending operations
        report their own results.
        """
        if not (self._over and self._established):
            self._wait(lambda: self._start_quit(None))

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
        # First, so that it holds the arguments and nothing else.  None can be left out.
        credentials = Credentials.of(dict(locals()))
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
        self._start_reset(callback)

    def start_quit(self, callback: Optional[DoneHandler] = None) -> None:
        """`quit`, without waiting.  StateError when the connection has already ended."""
        self._start_quit(callback)

    def take_tls_session(self) -> Optional[bytes]:
        """Removes and returns the newest TLS session of the server; None without one.

        It is a SECRET, for the `tls_session` of another connection to the same server.  With TLS
        1.3 each can be used once, and there may be several.  Sessions are available until the
        connection is closed.
        """
        self._check()
        return self._options.take_session()

    def cancel(self) -> None:
        """Ends every pending operation with CancelledError, in the next turn of the loop.

        When one has begun, the connection is closed.
        """
        if self._ask(lib.smtpconn_cancel) < 0:
            raise self._study(_last_error) or StateError("nothing can be cancelled now")

    # What both have in common

    def _start_connect(self, callback: Optional[DoneHandler]) -> Operation:
        if self._over and not self._connects_once:
            self._renew()
        operation = self._start(lib.smtpconn_connect, DONE, callback)
        self._started = True
        return operation

    def _start_login(self, credentials: Credentials, callback: Optional[DoneHandler]) -> Operation:
        login = Login(credentials.token, self._exchange_type)
        with opened_auth(credentials, login) as auth:
            return self._start(lib.smtpconn_login, DONE, callback, auth, login=login)

    def _start_send(
        self, envelope: Envelope, message: MessageLike, callback: Optional[SendHandler]
    ) -> Operation:
        # What most messages are takes one call; whatever is wrong is found and named below.
        if type(message) is bytes and message:
            addresses = packed_addresses(envelope)
            if addresses is not None:
                operation = self._send_packed(addresses, message, callback)
                if operation is not None:
                    return operation
        with opened_send(self, envelope, message) as (c_envelope, opened):
            return self._start(
                lib.smtpconn_send, SENT, callback, c_envelope, opened.handle, reading=opened.reading
            )

    def _start_reset(self, callback: Optional[DoneHandler]) -> Operation:
        return self._start(lib.smtpconn_reset, DONE, callback)

    def _start_quit(self, callback: Optional[DoneHandler]) -> Operation:
        return self._start(lib.smtpconn_quit, DONE, callback, quits=True)

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
        """Sends QUIT, if that is possible and wanted."""
        loop = self._loop
        if self.closed or loop._core.forked or not self.is_open:
            return
        if kind is None:
            self.quit()
        elif not (issubclass(kind, KeyboardInterrupt) or loop._delivery.is_here or self._is_busy()):
            # What is raised here already must not be hidden.
            try:
                self.quit()
            except Exception as error:
                report(error, "quit()")


def envelope_and_message(
    sender: Any, recipients: Any, message: Any, fields: Mapping[str, Any]
) -> tuple[Envelope, Any]:
    """The envelope and the message, from either form of `send`."""
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

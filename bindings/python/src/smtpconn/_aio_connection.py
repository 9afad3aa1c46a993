"""A connection for asyncio and trio: the public face of `smtpconn.aio`."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterable, Iterable, Mapping
from dataclasses import replace
from email.message import Message
from socket import socket as Socket  # noqa: N812
from types import TracebackType
from typing import Any, Callable, Optional, TypeVar, Union, overload

from ._addresses import derive_envelope
from ._aio_commands import AsyncCommands
from ._aio_driven import AsyncDriven, listener, watched
from ._aio_feed import Feed
from ._aio_loop import AsyncLoop
from ._aio_operation import Awaited, LoggingIn, Sending, Turning
from ._aio_token import AsyncTokenSource, TokenTask
from ._auth import Credentials, LoginKeywords
from ._client import envelope_and_message
from ._connection import Connection, ConnectionOptions, Mechanism, Path, TLSContext
from ._constants import AddressFamily, Chunking
from ._envelope import DSN, Envelope, Recipients
from ._hooks import KeyLogger, Password, TLSContextHandler
from ._limits import Timeouts
from ._log import AnyLogger
from ._message import MessageLike
from ._outcome import Result, SMTPConnError
from ._report import report
from ._source import Chunk
from ._table import FIELDS, HOOKS, OPTIONS
from ._target import Target, target_of
from ._unpack import Unpack

# Not only for the type checker: typing.get_type_hints needs every name.  A handler may be a
# coroutine function.
EventHandler = Callable[["AsyncConnection"], object]
ErrorHandler = Callable[["AsyncConnection", SMTPConnError], object]
TokenHandler = Callable[["AsyncConnection", str, Optional[int]], object]
ProgressHandler = Callable[["AsyncConnection", int, Optional[int]], object]
SendingHandler = Callable[["AsyncConnection", Sending], object]

#: Every type that can be sent.
AsyncMessageLike = Union[MessageLike, AsyncIterable[Chunk]]

Own = TypeVar("Own", bound="AsyncConnection")


class AsyncKeywords(ConnectionOptions, LoginKeywords, total=False):
    """What `AsyncConnection.from_url` takes: the keywords of the class, and those of `login`."""

    token: Optional[AsyncTokenSource]  # type: ignore[misc]
    logger: Optional[AnyLogger]
    on_connect: Optional[EventHandler]
    on_error: Optional[ErrorHandler]
    on_end: Optional[EventHandler]
    on_token: Optional[TokenHandler]
    on_progress: Optional[ProgressHandler]
    on_abandoned: Optional[SendingHandler]


class AsyncConnection(AsyncCommands):
    """A connection to an SMTP server, for a coroutine that asyncio or trio runs.

        async with AsyncConnection("mail.example.org", 587, require_tls=True) as connection:
            await connection.login("user", "password")
            result = await connection.send("from@example.org", ["to@example.net"], message)

    It is made inside of a coroutine, and belongs to the event loop that runs it: no other thread
    may use it.  There is no thread but that one.  All connections of an event loop share one
    descriptor.

    Operations are carried out in the order in which they were started.  Many can be started at once
    by any number of tasks, as by asyncio.gather: they are pipelined.

    Cancellation, asyncio.timeout included.  An operation that has not begun is taken back: nothing
    of it is sent.  One that has begun goes on, since SMTP cannot undo it: `on_abandoned` gets a
    send when it is over, with its result; without that handler a warning is logged.  A message that
    is an asynchronous iterable is ended, if it was not read to its end: it is not delivered, and
    the connection ends with it.  A `connect` or a `quit` that has begun ends the connection.

    Functions of the program run in the event loop, and those that are no coroutine functions must
    not block it.  The same is true for a message that is a file or an iterable.
    """

    #: What a connection from a URL logs in with.  It holds secrets.
    _login: Optional[LoginKeywords] = None

    #: Called with the connection when it is established; `connect` waits for it, and raises what it
    #: raises.
    on_connect: Optional[EventHandler]
    #: Called with the connection and the error that ended it.
    on_error: Optional[ErrorHandler]
    #: Called with the connection when it is over.
    on_end: Optional[EventHandler]
    #: Called with the connection, an access token that an endpoint issued, and when it expires.
    on_token: Optional[TokenHandler]
    #: Called with the connection, the octets of a message that have left, and of how many or None.
    #: It is given when the connection is made.
    on_progress: Optional[ProgressHandler]
    #: Called with the connection and each send whose task was cancelled after it had begun, when it
    #: is over: look at its `error` and `result`.
    on_abandoned: Optional[SendingHandler]

    def __init__(
        self,
        # generated: options
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
        address_family: Optional[AddressFamily] = None,
        tcp_keepalive_idle: Optional[int] = None,
        tcp_keepalive_interval: Optional[int] = None,
        tcp_keepalive_count: Optional[int] = None,
        receive_buffer_size: Optional[int] = None,
        send_buffer_size: Optional[int] = None,
        proxy: Optional[str] = None,
        proxy_user: Optional[str] = None,
        proxy_password: Optional[str] = None,
        proxy_from_environment: Optional[bool] = None,
        proxy_token_endpoint: Optional[bool] = None,
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
        auth_method: Optional[Union[str, Iterable[str]]] = None,
        channel_binding: Optional[str] = None,
        initial_response: Optional[bool] = None,
        hello_after_login: Optional[bool] = None,
        custom_mechanisms: Optional[Mapping[str, Mechanism]] = None,
        allow_insecure_auth: Optional[bool] = None,
        tls_servername: Optional[str] = None,
        tls_ca_file: Optional[Path] = None,
        tls_ca_directory: Optional[Path] = None,
        tls_ca: Optional[str] = None,
        tls_pins: Optional[Union[str, Iterable[str]]] = None,
        tls_tlsa: Optional[Union[str, Iterable[str]]] = None,
        tls_mta_sts: Optional[str] = None,
        tls_crl_file: Optional[Path] = None,
        tls_require_ocsp: Optional[bool] = None,
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
        tls_key_log: Optional[KeyLogger] = None,
        tls_reject_unauthorized: Optional[bool] = None,
        tls_resumption: Optional[bool] = None,
        transaction_log: Optional[bool] = None,
        debug: Optional[bool] = None,
        # generated: end
        tls_session: Optional[bytes] = None,
        timeout: Optional[Union[float, Timeouts]] = None,
        context: Optional[TLSContext] = None,
        logger: Optional[AnyLogger] = None,
        on_connect: Optional[EventHandler] = None,
        on_error: Optional[ErrorHandler] = None,
        on_end: Optional[EventHandler] = None,
        on_token: Optional[TokenHandler] = None,
        on_progress: Optional[ProgressHandler] = None,
        on_abandoned: Optional[SendingHandler] = None,
    ) -> None:
        """Makes a connection that is not open yet.  StateError when no event loop runs here.

        The options, `timeout` and `context` are those of `Connection`, where they are described.
        Handlers may be coroutine
        functions, which run in tasks of their own; `on_abandoned(connection, sending)` is described
        above.
        """
        # First, so that it holds the arguments and nothing else.  No option can be left out.
        given = dict(locals())
        options = {name: given[name] for name in given if name in _OPTIONS}

        def make(driven: AsyncDriven, shared: AsyncLoop) -> Connection:
            watched(driven, options)
            return Connection(
                **options,
                loop=shared.loop,
                on_connect=listener(driven, AsyncDriven._connected),
                on_error=listener(driven, AsyncDriven._broken),
                on_end=listener(driven, AsyncDriven._ended),
                on_token=listener(driven, AsyncDriven._got_token),
                on_progress=progress and listener(driven, progress),
            )

        # Without a handler nothing is counted.
        progress = None if on_progress is None else AsyncDriven._progressed
        self.on_progress = on_progress
        super().__init__(make, on_connect, on_error, on_end, on_token, on_abandoned)

    @classmethod
    def from_url(cls: type[Own], url: str, **options: Unpack[AsyncKeywords]) -> Own:
        """Makes a connection, not open yet, from `smtps://user:password@host:port?option=value`.

        The URL is that of `Connection.from_url`.  With a user, or anything else to log in with,
        `connect` logs in too.
        """
        return cls._to(target_of(url, options))

    @classmethod
    def _to(cls: type[Own], target: Target) -> Own:
        connection = cls(**target.options)
        connection._login = target.login
        return connection

    async def connect(self) -> None:
        """Connects, sends EHLO, starts TLS; logs in, if the connection is from a URL with a user.

        Does nothing on an open connection.  One that has ended connects again, as a `Connection`
        does.  After a login that failed the connection is open.
        """
        if self.is_open:
            return
        self._established = self._over = False
        self._decisive = None
        await self._perform(self._start(Turning(self), self._connection._start_connect))
        if self.on_connect is not None:
            answer = self.on_connect(self)
            if inspect.isawaitable(answer):
                await answer
        if self._login is not None:
            await self.login(**self._login)

    async def login(
        self,
        user: Optional[str],
        password: Optional[str] = None,
        *,
        authorization_identity: Optional[str] = None,
        access_token: Optional[str] = None,
        expires: Optional[float] = None,
        token: Optional[AsyncTokenSource] = None,
        refresh_token: Optional[str] = None,
        client_id: Optional[str] = None,
        client_secret: Optional[str] = None,
        scope: Optional[str] = None,
        access_url: Optional[str] = None,
        service_client: Optional[str] = None,
        private_key: Optional[str] = None,
    ) -> None:
        """Logs in, as `Connection.login`, where the arguments are described.

        `token` may be a coroutine function; it runs in a task of its own.  When the task that logs
        in is cancelled, so is that one, and the login fails; a login that has begun and waits for
        no token goes on.
        """
        # First, so that it holds the arguments and nothing else.  None can be left out.
        given = dict(locals())
        source = None if token is None else TokenTask(token, self._backend)
        credentials = Credentials.of({**given, "token": source})

        def start(callback: Callable[..., None]) -> Any:
            return self._connection._start_login(credentials, callback)

        await self._perform(self._start(LoggingIn(self, source), start))

    @overload
    async def send(self, envelope: Envelope, message: AsyncMessageLike, /) -> Result: ...
    @overload
    async def send(
        self,
        from_addr: str,
        to_addrs: Recipients,
        message: AsyncMessageLike,
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
    async def send(
        self,
        from_addr: Union[str, Envelope],
        to_addrs: Union[Recipients, AsyncMessageLike],
        message: Optional[AsyncMessageLike] = None,
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

        Returns and raises what `Connection.send` does.  `message` may be an asynchronous iterable
        of bytes or str as well, such as an asynchronous generator.  It is read in a task of its
        own when the server has asked for the content, and only as fast as the server takes it.
        What it raises is raised here, and ends the connection, so that nothing is delivered.
        """
        # First, so that it holds the arguments and nothing else.  No field can be left out.
        given = locals()
        fields = {name: given[name] for name in FIELDS if given[name] is not None}
        envelope, content = envelope_and_message(from_addr, to_addrs, message, fields)
        return await self._perform(self.start_send(envelope, content))

    async def send_message(
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
        envelope = replace(derive_envelope(message, from_addr, to_addrs), **fields)
        return await self.send(envelope, message)

    def start_send(self, envelope: Envelope, message: AsyncMessageLike) -> Sending:
        """Starts a send without waiting; the result can be awaited, now or later.

        Unlike `send` it goes on when the task that awaits it is cancelled.
        """
        feed = None
        content: Any = message
        if not isinstance(message, (bytes, str)) and hasattr(type(message), "__aiter__"):
            feed = content = Feed(content, self._backend, self._resume)
        sending = Sending(self, envelope, feed)

        def start(callback: Callable[..., None]) -> Any:
            return self._connection._start_send(envelope, content, callback)

        try:
            return self._start(sending, start)
        except BaseException:
            if feed is not None:
                feed.refuse()
            raise

    async def reset(self) -> None:
        """Sends RSET.  Never needed after a failed send: the library sends RSET itself."""
        await self._perform(self._start(Awaited[None](self), self._connection._start_reset))

    async def quit(self) -> None:
        """Sends QUIT after all pending operations and ends the connection.

        A connection that is lost meanwhile, or was lost before, is no error.  Pending operations
        report their own results.
        """
        if not (self._over and self._established):
            await self._perform(self._start(Turning(self), self._connection._start_quit))

    def cancel(self) -> None:
        """Ends every pending operation with CancelledError, in the next turn of the event loop.

        When one has begun, the connection is closed.
        """
        self._connection.cancel()

    # Python's own

    async def __aenter__(self: Own) -> Own:
        try:
            await self.connect()
        except BaseException:
            self.close()
            raise
        return self

    async def __aexit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        """Sends QUIT and closes.

        After an exception it sends QUIT only when nothing is under way, and after a cancellation it
        does not.  Then it waits for handlers that are coroutine functions.
        """
        try:
            await self._part(kind)
        finally:
            self.close()
        if kind is None or issubclass(kind, Exception):
            await self._settled()

    async def _part(self, kind: Optional[type[BaseException]]) -> None:
        """Sends QUIT, if that is possible and wanted."""
        if self.closed or not self.is_open:
            return
        if kind is None:
            await self.quit()
        elif issubclass(kind, Exception) and not self._awaited:
            # What is raised here already must not be hidden.
            try:
                await self.quit()
            except Exception as error:
                report(error, "quit()")


#: What `Connection` takes and this passes on.
_OPTIONS = frozenset((*HOOKS, *OPTIONS, "tls_session", "timeout", "context", "logger"))

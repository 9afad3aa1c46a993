"""The connection: the public face of the package."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping
from socket import socket as Socket  # noqa: N812
from typing import TYPE_CHECKING, Callable, Optional, Protocol, TypedDict, TypeVar, Union, cast

from ._auth import LoginKeywords
from ._client import Client
from ._constants import AddressFamily, Chunking
from ._hooks import KeyLogger, Password, PlainExchange, TLSContextHandler
from ._limits import Timeouts, limits
from ._log import AnyLogger
from ._loop import Loop
from ._outcome import SMTPConnError
from ._table import HOOKS, OPTIONS
from ._target import Target, target_of
from ._unpack import Unpack

if TYPE_CHECKING:
    import ssl


class Exchange(PlainExchange):
    """A login with a custom mechanism, from its beginning to its end.

    The mechanism returns its response; or None to a challenge, when `respond` or `fail` is called
    later.
    """

    @property
    def connection(self) -> Connection:
        """The connection that logs in."""
        return cast("Connection", self._operation.connection)


# Not only for the type checker: typing.get_type_hints needs every name.
EventHandler = Callable[["Connection"], object]
ErrorHandler = Callable[["Connection", SMTPConnError], object]
TokenHandler = Callable[["Connection", str, Optional[int]], object]
ProgressHandler = Callable[["Connection", int, Optional[int]], object]
Path = Union[str, os.PathLike[str]]
Mechanism = Callable[[Exchange, Optional[bytes]], Optional[bytes]]

Own = TypeVar("Own", bound="Connection")


class TLSContext(Protocol):
    """An ssl.SSLContext, whose module this package does not load."""

    check_hostname: bool

    def cert_store_stats(self) -> dict[str, int]: ...


class ConnectionOptions(TypedDict, total=False):
    """The options of a `Connection` in a dict: `Connection(**options)`."""

    # generated: option types
    host: Optional[str]
    port: Optional[int]
    secure: Optional[bool]
    ignore_tls: Optional[bool]
    require_tls: Optional[bool]
    opportunistic_tls: Optional[bool]
    lmtp: Optional[bool]
    socket_path: Optional[Path]
    local_address: Optional[str]
    local_port: Optional[int]
    socket: Optional[Union[Socket, int]]
    connection: Optional[Union[Socket, int]]
    secured: Optional[bool]
    name: Optional[str]
    address_family: Optional[AddressFamily]
    tcp_keepalive_idle: Optional[int]
    tcp_keepalive_interval: Optional[int]
    tcp_keepalive_count: Optional[int]
    receive_buffer_size: Optional[int]
    send_buffer_size: Optional[int]
    proxy: Optional[str]
    proxy_user: Optional[str]
    proxy_password: Optional[str]
    proxy_from_environment: Optional[bool]
    proxy_token_endpoint: Optional[bool]
    dns_timeout: Optional[float]
    connection_timeout: Optional[float]
    greeting_timeout: Optional[float]
    socket_timeout: Optional[float]
    command_timeout: Optional[float]
    final_reply_timeout: Optional[float]
    quit_timeout: Optional[float]
    operation_timeout: Optional[float]
    chunking: Optional[Chunking]
    ignored_capabilities: Optional[Union[str, Iterable[str]]]
    auth_method: Optional[Union[str, Iterable[str]]]
    channel_binding: Optional[str]
    initial_response: Optional[bool]
    hello_after_login: Optional[bool]
    custom_mechanisms: Optional[Mapping[str, Mechanism]]
    allow_insecure_auth: Optional[bool]
    tls_servername: Optional[str]
    tls_ca_file: Optional[Path]
    tls_ca_directory: Optional[Path]
    tls_ca: Optional[str]
    tls_pins: Optional[Union[str, Iterable[str]]]
    tls_tlsa: Optional[Union[str, Iterable[str]]]
    tls_mta_sts: Optional[str]
    tls_crl_file: Optional[Path]
    tls_require_ocsp: Optional[bool]
    tls_certificate_file: Optional[Path]
    tls_certificate: Optional[str]
    tls_key_file: Optional[Path]
    tls_key: Optional[str]
    tls_key_password: Optional[Password]
    tls_ciphers: Optional[str]
    tls_cipher_suites: Optional[str]
    tls_groups: Optional[str]
    tls_min_version: Optional[str]
    tls_max_version: Optional[str]
    tls_alpn: Optional[Union[str, Iterable[str]]]
    tls_context_callback: Optional[TLSContextHandler]
    tls_key_log: Optional[KeyLogger]
    tls_reject_unauthorized: Optional[bool]
    tls_resumption: Optional[bool]
    transaction_log: Optional[bool]
    debug: Optional[bool]
    # generated: end
    tls_session: Optional[bytes]
    timeout: Optional[Union[float, Timeouts]]
    context: Optional[TLSContext]


class ConnectionKeywords(ConnectionOptions, LoginKeywords, total=False):
    """What `Connection.from_url` takes: the keywords of `Connection`, and those of `login`."""

    loop: Optional[Loop]
    logger: Optional[AnyLogger]
    on_connect: Optional[EventHandler]
    on_error: Optional[ErrorHandler]
    on_end: Optional[EventHandler]
    on_token: Optional[TokenHandler]
    on_progress: Optional[ProgressHandler]


class Connection(Client):
    """A connection to an SMTP server.

    `with Connection(...) as connection:` connects, and at the end quits and closes.  After an
    exception it quits when nothing is under way; after KeyboardInterrupt it only closes.

    The options are those of the library, under their names there; None is the default.  Durations
    are in seconds.  `transaction_log` is on by default when the logger is enabled for DEBUG.

    The methods `connect`, `login`, `send`, `reset` and `quit` block until the operation has ended.
    Each has a form `start_...` that does not: the loop calls `callback` later, with the error or
    None, and for a send with the result.  Several may be pending; they are carried out in order.

    A connection that has ended, by `quit`, by an error or by the server, can connect again with
    `connect` or `start_connect`: from `on_end` or later.  After `close()`, as at the end of `with`,
    it cannot.

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

    _exchange_type = Exchange

    #: Options that this kind of connection does not have.
    _no_options: tuple[str, ...] = ()

    #: What a connection from a URL logs in with.  It holds secrets.
    _login: Optional[LoginKeywords] = None

    #: Called with the connection when it is established, before any login.
    on_connect: Optional[EventHandler]
    #: Called with the connection and the error that ended it.
    on_error: Optional[ErrorHandler]
    #: Called with the connection when it has ended, for any reason.
    on_end: Optional[EventHandler]
    #: Called with the connection, every access token that an endpoint issued, and when it expires,
    #: in seconds since 1970, or None.
    on_token: Optional[TokenHandler]

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
        loop: Optional[Loop] = None,
        logger: Optional[AnyLogger] = None,
        on_connect: Optional[EventHandler] = None,
        on_error: Optional[ErrorHandler] = None,
        on_end: Optional[EventHandler] = None,
        on_token: Optional[TokenHandler] = None,
        on_progress: Optional[ProgressHandler] = None,
    ) -> None:
        """Makes a connection that is not open yet.

        `tls_session` is the result of `take_tls_session` of an earlier connection.

        `timeout` is for all time limits: a number of seconds, which no wait exceeds, or `Timeouts`.
        A whole operation keeps its own limit, unless the number is larger.  Options that name one
        limit take precedence.

        `context` is an ssl.SSLContext, from which the trusted certificates, `verify_mode`,
        `check_hostname`, the versions and the ciphers are taken.  What a connection cannot do is an
        OptionsError; see the README for what a context does not show, as a client certificate.

        `loop` drives the connection, by default a loop of its own.  `logger` gets the log, by
        default "smtpconn".
        `on_connect(connection)`, `on_error(connection, error)`, `on_end(connection)`,
        `on_token(connection, token, expires)` and `on_progress(connection, sent, total)` are event
        handlers.  The last gets octets of a message: those that have left, and all, or None.

        Options:
        - `host`: Host name or IP address of the server.  Default: `localhost`.
        - `port`: TCP port; 465 turns `secure` on.  Default: 25; 465 with `secure`; 24 with `lmtp`.
        - `secure`: TLS from the first byte.  Default: off; on with port 465.
        - `ignore_tls`: Never use STARTTLS.  Default: off.
        - `require_tls`: Fail without TLS.  Default: off.
        - `opportunistic_tls`: Continue WITHOUT TLS when STARTTLS fails.  Default: off.
        - `lmtp`: Speak LMTP: a final reply for each recipient.  Default: off.
        - `socket_path`: Unix domain socket to connect to, instead of host and port.
        - `local_address`: Local IP address to connect from.  Default: chosen by the system.
        - `local_port`: Local port to connect from; needs `local_address`.  Default: chosen by the
          system.
        - `socket`: An unconnected socket of the caller, which the library connects.
        - `connection`: A connected socket of the caller.
        - `secured`: `connection` is already protected, by TLS or an equivalent.  Default: off.
        - `name`: The name sent in EHLO.  Default: host name, else `[address]`.
        - `address_family`: Use only IPv4 or only IPv6 addresses.  Default: any.
        - `tcp_keepalive_idle`: Seconds without data until the first keep-alive probe.  Default: the
          system's.
        - `tcp_keepalive_interval`: Seconds between two keep-alive probes.  Default: the system's.
        - `tcp_keepalive_count`: Keep-alive probes without an answer that end the connection.
          Default: the system's.
        - `receive_buffer_size`: Octets of the socket's receive buffer (`SO_RCVBUF`).  Default: the
          system's.
        - `send_buffer_size`: Octets of the socket's send buffer (`SO_SNDBUF`).  Default: the
          system's.
        - `proxy`: URL of a proxy: `socks5`, `socks5h`, `http` or `https`.
        - `proxy_user`: User name for the proxy.
        - `proxy_password`: Password for the proxy.
        - `proxy_from_environment`: Use the proxy that `all_proxy` names, except for the hosts in
          `no_proxy`.  Default: off.
        - `proxy_token_endpoint`: Reach token endpoints through the proxy too.  Default: on.
        - `dns_timeout`: Name resolution.  Default: 30 s.
        - `connection_timeout`: Connecting, over all addresses, with the TLS handshake.  Default:
          120 s.
        - `greeting_timeout`: From the open connection to the greeting; then the next address is
          tried.  Default: 30 s.
        - `socket_timeout`: No byte in either direction.  Default: 600 s.
        - `command_timeout`: From a command to its reply.  Default: 300 s.
        - `final_reply_timeout`: From the end of a message to its reply.  Default: 600 s.
        - `quit_timeout`: From QUIT to its reply; no error when it passes.  Default: 5 s.
        - `operation_timeout`: One whole operation.  Default: 3600 s.
        - `chunking`: Content in counted chunks (RFC 3030).  NOT optimistic for a server that does
          not discard a refused chunk: it reads the content as commands.  Default: off.
        - `ignored_capabilities`: EHLO keywords to ignore.
        - `auth_method`: SASL mechanisms to use, in this order; `-LOGIN` forbids one and leaves the
          others.  Default: the best one offered.
        - `channel_binding`: Channel binding of the `-PLUS` mechanisms: `tls-exporter`,
          `tls-unique`, `tls-server-end-point` or `none`.  Default: the best one of the connection.
        - `initial_response`: Whether AUTH carries an initial response: always, or never.  Default:
          when the line is short enough.
        - `hello_after_login`: Send EHLO again after a login, for the capabilities offered then.
          Default: off.
        - `custom_mechanisms`: SASL mechanisms of the program, by name.
        - `allow_insecure_auth`: Allow a login WITHOUT TLS to other machines.  Default: off.
        - `tls_servername`: Name for SNI and for the certificate.  Default: the host.
        - `tls_ca_file`: Trusted certificates, a PEM file.  Default: the system's store.
        - `tls_ca_directory`: Trusted certificates, a directory made by `openssl rehash`.  Default:
          the system's store.
        - `tls_ca`: Trusted certificates, PEM text.  Default: the system's store.
        - `tls_pins`: SHA-256 of the public keys that the server's certificate may have; TLS is then
          required.
        - `tls_tlsa`: DANE: TLSA records, one of which the certificate must match; TLS is then
          required.
        - `tls_mta_sts`: MTA-STS: the policy of the recipients' domain; in mode enforce the server
          must be in it, and TLS is required.
        - `tls_crl_file`: Lists of revoked certificates, a PEM file with one for each CA.
        - `tls_require_ocsp`: Accept only a certificate that a stapled OCSP response confirms.
          Default: off.
        - `tls_certificate_file`: Client certificate with its chain, a PEM file.
        - `tls_certificate`: Client certificate with its chain, PEM text.
        - `tls_key_file`: Private key of the client certificate, a PEM file.  Default: in the
          certificate's file or text.
        - `tls_key`: Private key of the client certificate, PEM text.  Default: in the certificate's
          file or text.
        - `tls_key_password`: Provides the password of the key.
        - `tls_ciphers`: Ciphers up to TLS 1.2.  Default: the system's policy.
        - `tls_cipher_suites`: Cipher suites of TLS 1.3.  Default: the system's policy.
        - `tls_groups`: Groups for the key exchange, best first.  Default: the system's policy.
        - `tls_min_version`: Lowest version of TLS: `TLSv1.2` or `TLSv1.3`.  Default: `TLSv1.2`.
        - `tls_max_version`: Highest version of TLS.  Default: the highest.
        - `tls_alpn`: Protocols to offer with ALPN, best first.
        - `tls_context_callback`: Changes the SSL_CTX after every other option, and may refuse it.
        - `tls_key_log`: Gets the secrets of each handshake, with which ALL traffic can be
          decrypted; for debugging only.
        - `tls_reject_unauthorized`: Off: do NOT verify the server; for tests only.  Default: on.
        - `tls_resumption`: Resume the TLS sessions of connections made from the same options.
          Default: on.
        - `transaction_log`: Log commands and replies, without secrets.  Default: by the logger's
          level.
        - `debug`: Log the content of messages too.  Default: off.
        """
        # First, so that it holds the arguments and nothing else.  No option can be left out.
        given = dict(locals())
        self._on_progress = on_progress
        super().__init__(loop, logger, on_connect, on_error, on_end, on_token)
        if transaction_log is None:
            given["transaction_log"] = transaction_log = self._logger.isEnabledFor(logging.DEBUG)
        # auth_method may name a mechanism of the program, which must be known by then.
        options = {name: given[name] for name in (*HOOKS, *OPTIONS)}
        general = limits(timeout)
        if not isinstance(timeout, Timeouts):
            general = {name: general[name] for name in general if name not in self._no_options}
        if context is not None:
            from ._tls_context import context_options  # Loads OpenSSL for Python.

            general.update(context_options(cast("ssl.SSLContext", context), options))
        # Who names one option has said more.
        options.update((name, general[name]) for name in general if options[name] is None)
        # The descriptor of the caller is of no use a second time.
        theirs = socket is not None or connection is not None
        self._connects_once = theirs or not self._loop._is_real
        # The library calls back for every line: not for lines that nobody would see.
        wanted = logger is not None or bool(transaction_log) or bool(debug)
        wanted = wanted or self._logger.isEnabledFor(logging.WARNING)
        self._make(options, tls_session, with_log=wanted)

    @property
    def on_progress(self) -> Optional[ProgressHandler]:
        """Called with the connection, the octets of a message that have left, and of how many or
        None: at most once a turn, and when all of a message has left."""
        return self._on_progress

    @on_progress.setter
    def on_progress(self, handler: Optional[ProgressHandler]) -> None:
        self._watch_progress(handler)

    @classmethod
    def from_url(cls: type[Own], url: str, **options: Unpack[ConnectionKeywords]) -> Own:
        """Makes a connection, not open yet, from `smtps://user:password@host:port?option=value`.

        The schemes are `smtp` (port 25), `smtps` (TLS from the first byte, 465), `smtp+starttls`
        (STARTTLS required, 587), `lmtp` (24), `lmtp+starttls`, and `smtp+unix:///path` and
        `lmtp+unix:///path`.  Parameters of the URL are options; what is special in a name, password
        or value is percent-encoded.  An OptionsError names what is wrong, and no secret.

        The keywords are those of `Connection` and of `login`, whatever the URL does not say.  With
        a user, or anything else to log in with, `connect` logs in too, but `start_connect` does
        not.
        """
        return cls._to(target_of(url, options))

    @classmethod
    def _to(cls: type[Own], target: Target) -> Own:
        connection = cls(**target.options)
        connection._login = target.login
        return connection

    def connect(self) -> None:
        """Connects, sends EHLO, starts TLS; logs in, if the connection is from a URL with a user.

        Does nothing on an open connection.  One that has ended connects again, with the same
        options and event handlers: everything about the server is learned anew.  Not after
        `close()`, nor over the `socket` or `connection` of the caller.

        After a login that failed the connection is open.
        """
        was_open = self.is_open
        super().connect()
        if self._login is not None and not was_open:
            self.login(**self._login)

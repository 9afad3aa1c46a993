"""The interface of the standard library's `smtplib`, with this library.

    import smtpconn.smtplib as smtplib

SMTP, SMTP_SSL and LMTP are subclasses of the standard library's classes of these names.  A message
and a login go through this library, on the socket of the object: fewer round trips, recipients of
LMTP one by one, better login mechanisms, and errors that say whether a retry is safe.  Everything
else is the standard library's, command by command.

Three things are stricter.  Certificates are VERIFIED unless a context says otherwise.  A password
leaves without TLS for the same machine only, unless `allow_insecure_auth` is true.  And octets that
come after the reply to STARTTLS without TLS end the connection.

The exceptions are those of the standard library.  What this library reports is raised as a subclass
that is an error of `smtpconn` too, with its fields: `enhanced`, `retry`, `result`.
"""

from __future__ import annotations

import contextlib
import ipaddress
import smtplib as _standard
import socket
import ssl
import sys
from collections.abc import Sequence
from smtplib import (
    CRLF,
    LMTP_PORT,
    OLDSTYLE_AUTH,
    SMTP_PORT,
    SMTP_SSL_PORT,
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPDataError,
    SMTPException,
    SMTPHeloError,
    SMTPNotSupportedError,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
    quoteaddr,
    quotedata,
)
from socket import socket as _Socket  # noqa: N812
from typing import Any, Callable, Final, Optional, Union

from ._errors import EnvelopeError
from ._outcome import SMTPConnError
from ._smtp_dialogue import Dialogue, Ended
from ._smtp_errors import (
    DataError,
    InjectedReplyError,
    InsecureLoginError,
    RecipientsRefusedError,
    answer_of,
    login_error,
    refused,
    send_error,
)
from ._smtp_options import envelope_of
from ._smtp_wire import _MAXLINE as _MAXLINE  # The standard library has it too.
from ._smtp_wire import SMTPMessage, Wire, check_line, octets_of

__all__ = [
    "CRLF",
    "LMTP",
    "LMTP_PORT",
    "OLDSTYLE_AUTH",
    "SMTP",
    "SMTP_PORT",
    "SMTP_SSL",
    "SMTP_SSL_PORT",
    "SMTPAuthenticationError",
    "SMTPConnectError",
    "SMTPDataError",
    "SMTPException",
    "SMTPHeloError",
    "SMTPNotSupportedError",
    "SMTPRecipientsRefused",
    "SMTPResponseException",
    "SMTPSenderRefused",
    "SMTPServerDisconnected",
    "quoteaddr",
    "quotedata",
]

#: The commands of a message and of a login.  A program that has its own gets them called.
_SENDING: Final = ("mail", "rcpt", "data", "rset", "docmd", "putcmd", "send", "getreply")
_LOGIN: Final = ("auth", "auth_plain", "auth_login", "auth_cram_md5", "docmd", "putcmd", "send")

#: The modules whose methods are no program's own.
_STANDARD: Final = (__name__, Wire.__module__, "smtplib")

_Refusals = dict[str, tuple[int, bytes]]


class SMTP(Wire):
    """smtplib.SMTP, with the changes that the module names.

    `allow_insecure_auth` true, of the object or of the class, allows a login WITHOUT TLS to another
    machine.
    """

    allow_insecure_auth = False

    # As the standard library has them.
    _host: str
    _is_lmtp = False
    #: The library on the socket, with the socket and the capabilities that it was made for.
    _dialogue: Optional[Dialogue] = None
    _dialogue_is_for: tuple[Any, ...] = ()

    # Connecting

    def connect(
        self,
        host: str = "localhost",
        port: Union[int, str] = 0,
        source_address: Any = None,
    ) -> tuple[int, bytes]:
        """Connects and reads the greeting: its code and its text."""
        self._forget()
        # The name that the certificate must have, without a port.
        self._host = host if port or host.count(":") != 1 else host.partition(":")[0]
        return _standard.SMTP.connect(self, host, port, source_address)  # type: ignore[arg-type]

    def _get_socket(self, host: str, port: int, timeout: Any) -> _Socket:
        if timeout is not None and not timeout:
            raise ValueError("Non-blocking socket (timeout=0) is not supported")
        if self.debuglevel > 0:
            self._print_debug("connect: to", (host, port), self.source_address)
        return socket.create_connection((host, port), timeout, self.source_address)

    def starttls(  # type: ignore[override]
        self,
        keyfile: Optional[str] = None,
        certfile: Optional[str] = None,
        context: Optional[ssl.SSLContext] = None,
    ) -> tuple[int, bytes]:
        """Starts TLS.  Without a context the certificate is verified, by the system's store."""
        own = _context(keyfile, certfile, context)
        self.ehlo_or_helo_if_needed()
        if not self.has_extn("starttls"):
            raise SMTPNotSupportedError("STARTTLS extension not supported by server.")
        code, text = self.docmd("STARTTLS")
        if code != 220:
            raise SMTPResponseException(code, text)
        if self._unread:
            self.close()
            raise InjectedReplyError(
                "octets came in the clear after the reply to STARTTLS: somebody may have put them "
                "there, so that they count as received under TLS (RFC 3207)"
            )
        try:
            self.sock = _secured(self.sock, own, self._host)
        except BaseException:
            # Half a handshake is behind it: nothing else can be said over this socket.
            self.close()
            raise
        self._forget()
        return code, text

    def close(self) -> None:
        """Closes the connection, without QUIT."""
        self._drop_dialogue()
        self._unread = b""
        _standard.SMTP.close(self)

    def quit(self) -> tuple[int, bytes]:
        """Sends QUIT and closes the connection."""
        try:
            return _standard.SMTP.quit(self)
        finally:
            self._drop_dialogue()

    def _forget(self) -> None:
        """What the server has said about itself is out of date (RFC 3207 section 4.2)."""
        self._drop_dialogue()
        self._unread = b""
        self.helo_resp = self.ehlo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False

    # Messages

    def sendmail(  # type: ignore[override]
        self,
        from_addr: str,
        to_addrs: Union[str, Sequence[str]],
        msg: SMTPMessage,
        mail_options: Sequence[str] = (),
        rcpt_options: Sequence[str] = (),
    ) -> _Refusals:
        """Sends a message; see the standard library's.

        Line ends become CRLF in bytes too.  What the library refuses before it has sent anything,
        as an address without a domain, goes the way of the standard library.
        """
        self.ehlo_or_helo_if_needed()
        octets = octets_of(msg)
        addresses = [to_addrs] if isinstance(to_addrs, str) else list(to_addrs)
        for each in (from_addr, *addresses):
            check_line(each)
        utf8 = self.does_esmtp and any(each.lower() == "smtputf8" for each in mail_options)
        if utf8 and not self.has_extn("smtputf8"):
            raise SMTPNotSupportedError("SMTPUTF8 not supported by server")
        if self._is_standard(_SENDING):
            options = (mail_options, rcpt_options) if self.does_esmtp else ((), ())
            ended = self._try_to_send(from_addr, addresses, octets, options)
            if ended is not None:
                return self._outcome(ended, from_addr, addresses)
        return self._send_by_commands(from_addr, addresses, octets, mail_options, rcpt_options)

    def _try_to_send(
        self,
        sender: str,
        addresses: list[str],
        octets: bytes,
        options: tuple[Sequence[str], Sequence[str]],
    ) -> Optional[Ended]:
        """Sends with the library; None when it sent nothing, as it has no word for something."""
        try:
            envelope = envelope_of(sender, addresses, *options, is_empty=not octets)
        except EnvelopeError:
            return None
        return self._run(lambda connection, done: connection.start_send(envelope, octets, done))

    def _outcome(self, ended: Ended, sender: str, addresses: list[str]) -> _Refusals:
        if ended.error is None:
            return refused(ended.result, addresses)
        if self.sock is not None:
            # The library would send RSET later, with the next message.
            self._run(lambda connection, done: connection.start_reset(done))
        raise send_error(ended.error, sender, addresses, lmtp=self._is_lmtp) from None

    def _send_by_commands(
        self,
        from_addr: str,
        addresses: list[str],
        octets: bytes,
        mail_options: Sequence[str],
        rcpt_options: Sequence[str],
    ) -> _Refusals:
        return _standard.SMTP.sendmail(
            self, from_addr, addresses, octets, mail_options, rcpt_options
        )

    # Logging in

    def login(
        self, user: str, password: str, *, initial_response_ok: bool = True
    ) -> tuple[int, bytes]:
        """Logs in with the best mechanism that the server offers.

        Without TLS to another machine it is an SMTPNotSupportedError, and nothing is sent.
        """
        self.ehlo_or_helo_if_needed()
        if not self.has_extn("auth"):
            raise SMTPNotSupportedError("SMTP AUTH extension not supported by server.")
        self._check_login()
        self.user, self.password = user, password
        if self._is_standard(_LOGIN):
            ended = self._run(
                lambda connection, done: connection.start_login(user, password, done),
                initial_response=None if initial_response_ok else False,
                hides=True,
            )
            if ended is not None:
                return self._login_outcome(ended)
        return _standard.SMTP.login(self, user, password, initial_response_ok=initial_response_ok)

    def _login_outcome(self, ended: Ended) -> tuple[int, bytes]:
        if ended.error is None:
            return answer_of(ended.response)
        if ended.error.response_code == 503:  # As for the standard library: already logged in.
            return answer_of(ended.error.response)
        raise login_error(ended.error) from None

    def auth(
        self,
        mechanism: str,
        authobject: Callable[..., Any],
        *,
        initial_response_ok: bool = True,
    ) -> tuple[int, bytes]:
        """AUTH with a mechanism of the program; see the standard library's, and `login`."""
        self._check_login()
        self._hides = True
        try:
            return _standard.SMTP.auth(
                self, mechanism, authobject, initial_response_ok=initial_response_ok
            )
        finally:
            self._hides = False

    def _check_login(self) -> None:
        if not (self.allow_insecure_auth or _is_private(self.sock)):
            raise InsecureLoginError(
                "a login without TLS would show the password to everybody on the way: call "
                "starttls() before login(), use SMTP_SSL, or set allow_insecure_auth = True"
            )

    # The library on the socket

    def _run(
        self,
        start: Callable[[Any, Any], None],
        *,
        initial_response: Optional[bool] = None,
        hides: bool = False,
    ) -> Optional[Ended]:
        """Carries an operation out with the library; None when nothing was sent."""
        dialogue = self._find_dialogue(initial_response)
        if dialogue is None:
            return None
        self._hides = hides
        try:
            ended = dialogue.run(start, self._observe)
        except BaseException:
            # Nobody knows what the server has got, and whose reply comes next.
            self.close()
            raise
        finally:
            self._hides = False
        if not dialogue.is_open:
            self.close()
        return ended if ended.spoke or ended.error is None else None

    def _find_dialogue(self, initial_response: Optional[bool]) -> Optional[Dialogue]:
        # Not an object of the program that merely looks like a socket.
        if not isinstance(self.sock, _Socket) or self._unread:
            return None
        purpose = (self.sock, dict(self.esmtp_features), self.does_esmtp, initial_response)
        if self._dialogue is None or self._dialogue_is_for != purpose:
            self._drop_dialogue()
            try:
                self._dialogue = Dialogue(
                    self.sock,
                    self.esmtp_features,
                    esmtp=self.does_esmtp,
                    lmtp=self._is_lmtp,
                    initial_response=initial_response,
                )
            except SMTPConnError:
                return None
            self._dialogue_is_for = purpose
        return self._dialogue

    def _drop_dialogue(self) -> None:
        dialogue, self._dialogue = self._dialogue, None
        if dialogue is not None:
            dialogue.close()

    def _observe(self, what: str, octets: bytes) -> None:
        if what == "send:":
            sys.audit("smtplib.send", self, octets)
        if self.debuglevel > 0:
            self._print_debug(what, repr(octets))

    def _is_standard(self, names: tuple[str, ...]) -> bool:
        """Whether these methods are the standard library's or ours, and not the program's."""
        own = self.__dict__
        return not any(name in own for name in names) and _are_standard(type(self), names)


class SMTP_SSL(SMTP, _standard.SMTP_SSL):  # noqa: N801
    """smtplib.SMTP_SSL: TLS from the first octet.  Without a context the certificate is verified,
    by the system's store."""

    def __init__(
        self,
        host: str = "",
        port: int = 0,
        local_hostname: Optional[str] = None,
        keyfile: Optional[str] = None,
        certfile: Optional[str] = None,
        timeout: Any = socket._GLOBAL_DEFAULT_TIMEOUT,  # type: ignore[attr-defined]
        source_address: Any = None,
        context: Optional[ssl.SSLContext] = None,
    ) -> None:
        self.keyfile, self.certfile = keyfile, certfile
        self.context = _context(keyfile, certfile, context)
        _standard.SMTP.__init__(self, host, port, local_hostname, timeout, source_address)

    def _get_socket(self, host: str, port: int, timeout: Any) -> _Socket:
        plain = SMTP._get_socket(self, host, port, timeout)
        try:
            return _secured(plain, self.context, self._host)
        except BaseException:
            plain.close()
            raise


class LMTP(SMTP, _standard.LMTP):
    """smtplib.LMTP: a host that begins with "/" is the path of a Unix domain socket.

    The server answers for each recipient after the message (RFC 2033 section 4.2): `sendmail`
    returns those that it refused.  `data` reads the first of these replies; `getreply` the others.
    """

    _is_lmtp = True

    def __init__(
        self,
        host: str = "",
        port: int = LMTP_PORT,
        local_hostname: Optional[str] = None,
        source_address: Any = None,
        timeout: Any = socket._GLOBAL_DEFAULT_TIMEOUT,  # type: ignore[attr-defined]
    ) -> None:
        _standard.SMTP.__init__(self, host, port, local_hostname, timeout, source_address)

    def connect(
        self,
        host: str = "localhost",
        port: Union[int, str] = 0,
        source_address: Any = None,
    ) -> tuple[int, bytes]:
        """Connects and reads the greeting: its code and its text."""
        if not host.startswith("/"):
            return SMTP.connect(self, host, port, source_address)
        if self.timeout is not None and not self.timeout:
            raise ValueError("Non-blocking socket (timeout=0) is not supported")
        self._forget()
        self._host = ""
        own = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            if self.timeout is not socket._GLOBAL_DEFAULT_TIMEOUT:  # type: ignore[attr-defined]
                own.settimeout(self.timeout)
            own.connect(host)
        except BaseException:
            own.close()
            if self.debuglevel > 0:
                self._print_debug("connect fail:", host)
            raise
        self.sock, self.file = own, None
        code, text = self.getreply()
        if self.debuglevel > 0:
            self._print_debug("connect:", text)
        return code, text

    def _send_by_commands(
        self,
        from_addr: str,
        addresses: list[str],
        octets: bytes,
        mail_options: Sequence[str],
        rcpt_options: Sequence[str],
    ) -> _Refusals:
        """As the standard library, which reads one reply after the message, whoever it is about."""
        options = [f"size={len(octets)}"] if self.has_extn("size") else []
        code, text = self.mail(from_addr, [*options, *mail_options])
        if code != 250:
            self._give_up(code)
            raise SMTPSenderRefused(code, text, from_addr)
        refusals: _Refusals = {}
        accepted: list[str] = []
        for each in addresses:
            code, text = self.rcpt(each, rcpt_options)
            if code in (250, 251):
                accepted.append(each)
                continue
            refusals[each] = code, text
            if code == 421:
                self.close()
                raise SMTPRecipientsRefused(refusals)
        if not accepted:
            self._give_up(code)
            raise SMTPRecipientsRefused(refusals)
        code, text = self.data(octets)
        for index, each in enumerate(accepted):
            if index:
                code, text = self.getreply()
            if code != 250:
                refusals[each] = code, text
            if code == 421:
                self.close()
                break
        if len(refusals) < len(addresses):
            return refusals
        if len(addresses) == 1:
            raise DataError(code, text)
        raise RecipientsRefusedError(refusals)

    def _give_up(self, code: int) -> None:
        """Ends the transaction, so that another may begin."""
        if code == 421:
            self.close()
        else:
            with contextlib.suppress(SMTPServerDisconnected):
                self.rset()


def _context(
    keyfile: Optional[str], certfile: Optional[str], context: Optional[ssl.SSLContext]
) -> ssl.SSLContext:
    if context is not None:
        if keyfile is not None or certfile is not None:
            raise ValueError("context and keyfile or certfile are mutually exclusive")
        return context
    own = ssl.create_default_context()
    if certfile is not None:
        own.load_cert_chain(certfile, keyfile)
    elif keyfile is not None:
        raise ValueError("certfile must be specified with keyfile")
    return own


def _secured(plain: Any, context: ssl.SSLContext, host: str) -> ssl.SSLSocket:
    # Without a name to check, ssl wants None.
    return context.wrap_socket(plain, server_hostname=host or None)


def _is_private(sock: Any) -> bool:
    """Whether nobody else can listen: TLS, the same machine, or something unknown of the program's
    own."""
    if not isinstance(sock, _Socket) or isinstance(sock, ssl.SSLSocket):
        return True
    if sock.family not in (socket.AF_INET, socket.AF_INET6):
        return True
    try:
        peer = ipaddress.ip_address(sock.getpeername()[0].partition("%")[0])
    except (OSError, ValueError):
        return False
    mapped = getattr(peer, "ipv4_mapped", None)
    return (mapped or peer).is_loopback


def _are_standard(cls: type, names: tuple[str, ...]) -> bool:
    return all(getattr(cls, name).__module__ in _STANDARD for name in names)

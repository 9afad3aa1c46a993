"""One connection of the server of `smtpconn.testing`: the server's side of SMTP and LMTP."""

from __future__ import annotations

import re
import socket
import ssl
import tempfile
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import partial
from typing import Callable, Final, Optional

from ._throwaway import Identity

#: A path (RFC 5321 section 4.1.2), with a local part that may be quoted, and the parameters.
_PATH: Final = re.compile(r'<((?:"(?:\\.|[^"\\])*"|[^">])*)>(.*)', re.DOTALL)
_ROUTE: Final = re.compile(r"@[^:]*:")
_VERBS: Final = re.compile(r"(?i)(MAIL FROM|RCPT TO):\s*")

_BAD_SEQUENCE: Final = "503 5.5.1 bad sequence of commands"


@dataclass(frozen=True)
class ReceivedMessage:
    """A message that the server of a test has accepted."""

    #: The reverse-path, "" when it is null.
    sender: str
    #: The recipients that were accepted, with the message.
    recipients: tuple[str, ...]
    #: The octets: CRLF, the dots of SMTP removed.
    content: bytes
    #: The parameters of MAIL, as "SIZE=120", and those of RCPT by recipient.
    mail_parameters: tuple[str, ...] = ()
    recipient_parameters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: Who had logged in.
    user: Optional[str] = None
    #: Whether it came over TLS.
    secure: bool = False
    #: The name that the client gave in EHLO or LHLO.
    hello: str = ""

    @property
    def email(self) -> EmailMessage:
        """The message as an object of the email package, whose text has lines that end with LF."""
        octets = self.content.replace(b"\r\n", b"\n")
        parsed = message_from_bytes(octets, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed


@dataclass(frozen=True)
class Plan:
    """What a test wants done with a command; nothing set: what a server does."""

    reply: tuple[str, ...] = ()
    cut: bool = False
    #: The command is carried out before the connection is cut.
    after: bool = False

    @property
    def refuses(self) -> bool:
        return bool(self.reply) and self.reply[-1][0] in "45"


class _Over(Exception):  # noqa: N818
    """The connection ends."""


@dataclass
class _Transaction:
    sender: str
    parameters: tuple[str, ...]
    recipients: dict[str, tuple[str, ...]] = field(default_factory=dict)
    #: Of BDAT, which must not be mixed with DATA.
    content: bytearray = field(default_factory=bytearray)
    chunked: bool = False


class Session:
    """Runs in a thread of its own; `end` may be called from any."""

    def __init__(
        self,
        client: socket.socket,
        *,
        plan: Callable[[str], Plan],
        received: Callable[[str], None],
        keep: Callable[[ReceivedMessage], int],
        identity: Optional[Identity],
        starttls: bool,
        secure: bool,
        lmtp: bool,
        users: Optional[Mapping[str, str]],
        mechanisms: Sequence[str],
        capabilities: Sequence[str],
    ) -> None:
        self._socket = client
        self._plan, self._received, self._keep = plan, received, keep
        self._identity = identity
        self._starttls, self._secure, self._lmtp = starttls, secure, lmtp
        self._users, self._mechanisms = users, mechanisms
        self._capabilities = capabilities
        self._buffer = bytearray()
        self._tls = False
        self._ended = False
        self._hello = ""
        self._user: Optional[str] = None
        self._transaction: Optional[_Transaction] = None

    def end(self) -> None:
        """Wakes `run`, which closes."""
        self._ended = True
        with suppress(OSError):  # It is over already.
            # Not that of SSLSocket, which takes TLS from the thread that reads.
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def run(self) -> None:
        """Serves until the client or a plan ends the connection."""
        try:
            if self._secure:
                self._begin_tls()
            self._answer("greeting", lambda: "220 localhost ESMTP smtpconn.testing")
            while True:
                self._command(self._line().decode("utf-8", "surrogateescape"))
        except (_Over, OSError):
            pass  # OSError: the client is gone, or does not trust the certificate.
        finally:
            self._socket.close()

    def _begin_tls(self) -> None:
        assert self._identity is not None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # The ssl module takes files only.
        with tempfile.NamedTemporaryFile("w", prefix="smtpconn-", suffix=".pem") as both:
            both.write(self._identity.key + self._identity.certificate)
            both.flush()
            context.load_cert_chain(both.name)
        wrapped = context.wrap_socket(self._socket, server_side=True, do_handshake_on_connect=False)
        self._socket = wrapped
        if self._ended:
            raise _Over  # `end` may have had the other socket, which is none any more.
        wrapped.do_handshake()
        self._tls = True
        # What was sent before STARTTLS is not trusted after it (RFC 3207 section 4.2).
        self._buffer.clear()
        self._hello, self._user, self._transaction = "", None, None

    # Commands

    def _command(self, line: str) -> None:
        self._received(line)
        verb = line.partition(" ")[0].upper()
        if verb in ("MAIL", "RCPT"):
            line = _VERBS.sub(lambda found: f"{found[1].upper()}:", line)
        if verb == "DATA":
            self._data(line)
        elif verb == "BDAT":
            self._chunk(line)
        elif verb == "STARTTLS" and self._starttls and not self._tls:
            if self._answer(line, lambda: "220 2.0.0 go ahead"):
                self._begin_tls()
        else:
            self._answer(line, lambda: self._perform(verb, line))
            if verb == "QUIT":
                raise _Over

    def _answer(self, event: str, perform: Callable[[], str]) -> bool:
        """Does what the test wants, else what `perform` says; whether the command was done."""
        plan = self._plan(event)
        if plan.cut and not plan.after:
            raise _Over
        if plan.refuses:
            lines = plan.reply
        else:
            usual = perform()
            if plan.cut:
                raise _Over
            lines = plan.reply or tuple(usual.split("\n"))
        self._send(*lines)
        if lines[-1].startswith("421"):
            raise _Over
        return lines[-1][0] in "23"

    def _perform(self, verb: str, line: str) -> str:
        if verb in ("EHLO", "HELO", "LHLO"):
            return self._greet(verb, line)
        if verb == "AUTH" and self._users is not None:
            return self._authenticate(line)
        if verb == "MAIL":
            return self._mail(line)
        if verb == "RCPT":
            return self._recipient(line)
        if verb in ("RSET", "NOOP"):
            if verb == "RSET":
                self._transaction = None
            return "250 2.0.0 ok"
        if verb == "QUIT":
            return "221 2.0.0 bye"
        return "502 5.5.1 not implemented"

    def _greet(self, verb: str, line: str) -> str:
        if (verb == "LHLO") is not self._lmtp:
            return f"500 5.5.1 this is {'LMTP' if self._lmtp else 'SMTP'}"
        self._hello = line.partition(" ")[2].strip()
        self._transaction = None
        if verb == "HELO":
            return "250 localhost"
        offers = ["localhost", *self._capabilities]
        if self._starttls and not self._tls:
            offers.append("STARTTLS")
        if self._users is not None:
            offers.append(" ".join(("AUTH", *self._mechanisms)))
        last = len(offers) - 1
        return "\n".join(f"250{' ' if at == last else '-'}{text}" for at, text in enumerate(offers))

    def _mail(self, line: str) -> str:
        found = _PATH.search(line)
        if found is None or self._transaction is not None or not self._hello:
            return "501 5.5.4 MAIL FROM:<address>" if found is None else _BAD_SEQUENCE
        sender = _ROUTE.sub("", found[1], count=1) if found[1].startswith("@") else found[1]
        self._transaction = _Transaction(sender, tuple(found[2].split()))
        return "250 2.1.0 ok"

    def _recipient(self, line: str) -> str:
        found = _PATH.search(line)
        if found is None or self._transaction is None:
            return "501 5.5.4 RCPT TO:<address>" if found is None else _BAD_SEQUENCE
        self._transaction.recipients[found[1]] = tuple(found[2].split())
        return "250 2.1.5 ok"

    # Content

    def _data(self, line: str) -> None:
        begun = self._transaction
        ready = begun is not None and begun.recipients and not begun.chunked
        if not ready:
            self._answer(line, lambda: _BAD_SEQUENCE)
        elif self._answer(line, lambda: "354 go ahead"):
            content = bytearray()
            while (text := self._line()) != b".":
                content += text[1:] if text.startswith(b".") else text
                content += b"\r\n"
            self._finish(bytes(content))

    def _chunk(self, line: str) -> None:
        """BDAT (RFC 3030 section 2): its octets follow, whatever becomes of it."""
        words = line.split()
        if len(words) not in (2, 3) or not words[1].isdecimal():
            self._send("501 5.5.4 BDAT size [LAST]")
            raise _Over  # Where the next command begins is not known.
        octets = self._exactly(int(words[1]))
        begun = self._transaction
        if begun is None or not begun.recipients:
            self._answer(line, lambda: _BAD_SEQUENCE)
            return
        begun.content += octets
        begun.chunked = True
        if len(words) == 3:
            self._finish(bytes(begun.content))
        elif not self._answer(line, lambda: "250 2.0.0 ok"):
            self._transaction = None

    def _finish(self, content: bytes) -> None:
        """The final reply; with LMTP one for each recipient (RFC 2033 section 4.2)."""
        begun, self._transaction = self._transaction, None
        assert begun is not None
        if not self._lmtp:
            self._answer("content", partial(self._take, begun, list(begun.recipients), content))
            return
        for recipient in begun.recipients:
            self._answer(f"content <{recipient}>", partial(self._take, begun, [recipient], content))

    def _take(self, begun: _Transaction, recipients: list[str], content: bytes) -> str:
        number = self._keep(
            ReceivedMessage(
                begun.sender,
                tuple(recipients),
                content,
                begun.parameters,
                {each: begun.recipients[each] for each in recipients},
                self._user,
                self._tls,
                self._hello,
            )
        )
        return f"250 2.0.0 Ok: queued as {number:010X}"

    # Logins

    def _authenticate(self, line: str) -> str:
        _, mechanism, *initial = line.split(" ", 2)
        mechanism = mechanism.upper()
        if mechanism not in self._mechanisms:
            return "504 5.5.4 mechanism not supported"
        if mechanism == "LOGIN":
            user = initial[0] if initial else self._ask("Username:")
            pair = _text(user), _text(self._ask("Password:"))
        else:
            response = _text(initial[0] if initial else self._ask(""))
            pair = _credentials(mechanism, response)
        assert self._users is not None
        if self._users.get(pair[0]) != pair[1]:
            if mechanism in ("XOAUTH2", "OAUTHBEARER"):
                # The reason is a challenge, which the client answers (RFC 7628 section 3.2.3).
                self._ask('{"status":"401"}')
            return "535 5.7.8 authentication credentials invalid"
        self._user = pair[0]
        return "235 2.7.0 authenticated"

    def _ask(self, challenge: str) -> str:
        self._send(f"334 {b64encode(challenge.encode()).decode()}")
        answer = self._line().decode("ascii", "replace")
        self._received(answer)
        return answer

    # Octets

    def _send(self, *lines: str) -> None:
        octets = "".join(f"{line}\r\n" for line in lines).encode("utf-8", "surrogateescape")
        self._socket.sendall(octets)

    def _line(self) -> bytes:
        while (end := self._buffer.find(b"\r\n")) < 0:
            self._read()
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    def _exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._read()
        octets = bytes(self._buffer[:size])
        del self._buffer[:size]
        return octets

    def _read(self) -> None:
        octets = self._socket.recv(65536)
        if not octets:
            raise _Over
        self._buffer += octets


def _text(encoded: str) -> str:
    try:
        return b64decode(encoded).decode("utf-8", "replace")
    except ValueError:
        return ""


def _credentials(mechanism: str, response: str) -> tuple[str, str]:
    """User, and password or token."""
    if mechanism == "PLAIN":
        _, user, password = (*response.split("\0"), "", "", "")[:3]
        return user, password
    # XOAUTH2 has user=NAME, OAUTHBEARER n,a=NAME, both then auth=Bearer TOKEN, ended by \x01.
    fields = dict(_fields(response))
    token = fields.get("auth", "").partition(" ")[2]
    return fields.get("user", ""), token


def _fields(response: str) -> Iterator[tuple[str, str]]:
    for part in response.split("\x01"):
        if part.startswith("n,"):
            yield "user", part[2:].partition("a=")[2].rstrip(",")
        else:
            name, _, value = part.partition("=")
            yield name, value

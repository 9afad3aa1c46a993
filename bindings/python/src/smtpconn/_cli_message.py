"""The message of the command: read, or made of its arguments."""

from __future__ import annotations

import argparse
import mimetypes
import re
import sys
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.parser import BytesHeaderParser
from email.policy import SMTP
from email.utils import localtime, make_msgid
from pathlib import Path
from typing import TYPE_CHECKING, Final, Optional

from ._addresses import derive_envelope
from ._cli_arguments import UsageError
from ._email import needs_smtputf8, serialise
from ._envelope import DSN, Envelope, opened_envelope
from ._errors import EnvelopeError, MessageError

if TYPE_CHECKING:
    from ._connection import Connection

_END_OF_HEADER: Final = re.compile(rb"(?:\A|\r?\n)\r?\n")
#: The line of a mailbox file (mbox) before a message.
_MBOX: Final = re.compile(rb"\A>?From [^\n]*\n")
_BCC: Final = re.compile(rb"(?im)^(?:resent-)?bcc[ \t]*:[^\n]*\n?(?:[ \t][^\n]*\n?)*")


class NoInputError(Exception):
    """A file that cannot be read."""


@dataclass(frozen=True)
class Outgoing:
    """A message and its envelope."""

    octets: bytes
    envelope: Envelope

    @property
    def header(self) -> bytes:
        return _split(self.octets)[0]

    @property
    def needs_smtputf8(self) -> bool:
        return self.envelope.use_smtputf8 or not self.header.isascii()

    @property
    def is_eight_bit(self) -> bool:
        return not self.octets.isascii()

    def fits(self, connection: Connection) -> bool:
        """Whether the server takes it as it is."""
        return not self.is_eight_bit or connection.has_capability("8BITMIME")

    def parsed(self) -> Message:
        """It in a form that can be encoded for the server."""
        return message_from_bytes(self.octets, policy=SMTP)

    def declared(self, connection: Connection) -> Envelope:
        """The envelope for a message that the library cannot inspect, for it comes in pieces."""
        utf8 = self.envelope.use_smtputf8
        if not self.header.isascii():
            utf8 = utf8 or connection.has_capability("SMTPUTF8")
        return replace(
            self.envelope,
            size=len(self.octets),
            use_8bitmime=self.is_eight_bit,
            use_smtputf8=utf8,
        )


def read_message(wanted: argparse.Namespace) -> Optional[Outgoing]:
    """The message; None for a check without one."""
    if wanted.composes:
        return _composed(wanted)
    if wanted.message is None and wanted.check:
        if wanted.recipients:
            raise UsageError("argument RECIPIENT: a check without a message has none")
        return None
    octets = _MBOX.sub(b"", _octets(wanted, "message", wanted.message or "-"), count=1)
    header, body = _split(octets)
    if not header.strip() and not body.strip():
        raise MessageError("the message is empty")
    fields = BytesHeaderParser(policy=SMTP).parsebytes(header)
    envelope = _envelope(fields, wanted)
    return Outgoing(_BCC.sub(b"", header) + body, envelope)


def _split(octets: bytes) -> tuple[bytes, bytes]:
    """The header, and the empty line with what follows."""
    end = _END_OF_HEADER.search(octets)
    if end is None:
        return octets, b""
    # The line end of the last field belongs to the header.
    middle = 0 if end.start() == 0 else end.start() + end[0].index(b"\n") + 1
    return octets[:middle], octets[middle:]


def _envelope(message: Message, wanted: argparse.Namespace) -> Envelope:
    dsn = DSN(ret=wanted.dsn_return, envid=wanted.dsn_envid, notify=wanted.dsn_notify)
    try:
        envelope = derive_envelope(message, wanted.sender, wanted.recipients or None)
    except EnvelopeError as error:
        # It names the arguments of a function.
        told = error.message.replace("from_addr", "--sender")
        raise EnvelopeError(told.replace("to_addrs", "recipients after the options")) from None
    envelope = replace(envelope, dsn=None if dsn == DSN() else dsn)
    with opened_envelope(envelope):
        pass  # What is wrong with it is known before anything is asked for or connected.
    return envelope


def _composed(wanted: argparse.Namespace) -> Outgoing:
    author = getattr(wanted, "from")
    if author is None:
        raise UsageError("argument --from: a message needs an author")
    message = EmailMessage(policy=SMTP)
    fields = [("From", author, "--from"), ("Subject", wanted.subject, "--subject")]
    for name in ("to", "cc", "bcc"):
        fields.append((name.capitalize(), ", ".join(getattr(wanted, name)) or None, f"--{name}"))
    for line in wanted.header:
        name, colon, value = line.partition(":")
        if not colon or not re.fullmatch(r"[!-9;-~]+", name):
            raise UsageError(f"argument --header: 'NAME: VALUE' is needed, not {line!r}")
        fields.append((name, value.strip(), "--header"))
    for name, value, argument in fields:
        if value is not None:
            _add_field(message, name, value, argument)
    if "Date" not in message:
        message["Date"] = localtime()
    _add_content(message, wanted)
    envelope = _envelope(message, wanted)
    if "Message-ID" not in message:
        domain = envelope.from_addr.rpartition("@")[2]
        message["Message-ID"] = make_msgid(domain=domain if domain.isascii() else None)
    octets = serialise(message)
    utf8 = needs_smtputf8(message, octets)
    return Outgoing(octets, replace(envelope, use_smtputf8=utf8))


def _add_field(message: EmailMessage, name: str, value: str, argument: str) -> None:
    try:
        message[name] = value
    except (ValueError, IndexError, TypeError) as error:
        raise UsageError(f"argument {argument}: {error}") from None


def _add_content(message: EmailMessage, wanted: argparse.Namespace) -> None:
    text = wanted.body or ""
    if wanted.body_file is not None:
        try:
            text = _octets(wanted, "body-file", wanted.body_file).decode("utf-8")
        except UnicodeDecodeError:
            raise UsageError("argument --body-file: the text is not UTF-8") from None
    try:
        message.set_content(text if text.endswith("\n") or not text else text + "\n")
    except UnicodeEncodeError:
        raise UsageError("argument --body: the text is not UTF-8") from None
    for path in wanted.attach:
        octets = _octets(wanted, "attach", path)
        kind, encoding = mimetypes.guess_type(path)
        major, _, minor = (kind if kind and not encoding else "application/octet-stream").partition(
            "/"
        )
        name = Path(path).name
        if major == "message":
            # Such a part has no encoding of its own (RFC 2046 section 5.2.1).
            message.add_attachment(message_from_bytes(octets, policy=SMTP), filename=name)
        else:
            message.add_attachment(octets, maintype=major, subtype=minor, filename=name)


def _octets(wanted: argparse.Namespace, argument: str, path: str) -> bytes:
    try:
        if path != "-":
            return Path(path).read_bytes()
        if 0 in (wanted.password_fd, wanted.token_fd):
            raise UsageError(
                f"argument --{argument}: standard input holds the password; give a file"
            )
        if sys.stdin.isatty():
            sys.stderr.write("smtpconn: reading from the terminal, to Ctrl-D\n")
        return sys.stdin.buffer.read()
    except OSError as error:
        shown = "standard input" if path == "-" else path
        raise NoInputError(f"argument --{argument}: {shown}: {error.strerror}") from None

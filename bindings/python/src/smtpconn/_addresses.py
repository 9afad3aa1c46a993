"""The addresses in the header of a message of the email package."""

from __future__ import annotations

import re
from email.errors import NonASCIILocalPartDefect, ObsoleteHeaderDefect, UndecodableBytesDefect
from email.header import Header
from email.message import Message
from email.policy import SMTP
from typing import TYPE_CHECKING, Any, Final

from ._envelope import Envelope
from ._errors import EnvelopeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ._envelope import Recipients

_ORIGINATORS: Final = ("Sender", "From")
_RECIPIENTS: Final = ("To", "Cc", "Bcc")
PREFIXES: Final = ("", "Resent-")
#: Fields that carry addresses and are sent.
_VISIBLE: Final = ("From", "Sender", "Reply-To", "To", "Cc")

#: Defects with which it is still certain which addresses are meant: the obsolete syntax, which
#: must be read (RFC 5322 section 4), a local part that needs SMTPUTF8, and octets of an unknown
#: encoding, which may stand in a name; in an address they are looked for separately.
_HARMLESS: Final = (ObsoleteHeaderDefect, NonASCIILocalPartDefect, UndecodableBytesDefect)

#: Some programs write a name so; it is certain where such an encoded word ends.
_BLANK_IN_WORD: Final = "whitespace inside encoded word"

#: Blanks outside ASCII: the email package drops them from a domain, and joins what they separate.
_BLANK: Final = re.compile(r"[^\S\x00-\x7f]")
_UNFOLDED: Final = SMTP.clone(utf8=True, max_line_length=0)
_LINE_BREAK: Final = re.compile(r"\r\n|\r|\n")

_ENCODED_WORD: Final = re.compile(r"=\?[^?\s]*\?[bBqQ]\?[^?]*\?=")
#: Replaces an encoded word, and a blank outside ASCII.  In an address, where neither may be (RFC
#: 2047 section 5), it shows up.
_WORD: Final = "\ue000"


def derive_envelope(
    message: Message, from_addr: str | None = None, to_addrs: Recipients | None = None
) -> Envelope:
    """The envelope that the header names, for what was not given.

    A message that was resent (RFC 5322 section 3.6.6) goes where its Resent- fields say; with
    more than one set of them the newest cannot be told from the others.
    """
    if not isinstance(message, Message):
        raise TypeError(
            "send_message takes a message of the email package, not "
            f"{type(message).__name__}: use send(from_addr, to_addrs, message)"
        )
    resent = sum(name.lower() == "resent-date" for name, _ in message.raw_items())
    if resent > 1 and (from_addr is None or to_addrs is None):
        raise EnvelopeError("the message was resent more than once: give from_addr and to_addrs")
    prefix = PREFIXES[min(resent, 1)]
    if from_addr is None:
        from_addr = _originator(message, prefix)
    if to_addrs is None:
        found = [address for name in _RECIPIENTS for address in _addresses(message, prefix + name)]
        if not found:
            raise EnvelopeError("the header names no recipient in To, Cc or Bcc: give to_addrs")
        to_addrs = list(dict.fromkeys(found))
    return Envelope(from_addr, to_addrs)


def has_addresses_outside_ascii(message: Message) -> bool:
    """Whether the header has an address that RFC 6531 alone allows; names have an encoding."""
    fields = [prefix + name for prefix in PREFIXES for name in _VISIBLE]
    for name in fields:
        for value in _values(message, name):
            try:
                addresses, _ = _read(value)
            except Exception:
                continue  # Whoever derives the envelope from it is given the reason.
            if any(not address.isascii() for address in addresses):
                return True
    return False


def _originator(message: Message, prefix: str) -> str:
    for name in _ORIGINATORS:
        addresses = _addresses(message, prefix + name)
        if addresses:
            return addresses[0]
    raise EnvelopeError("the header names no sender in Sender or From: give from_addr")


def _addresses(message: Message, name: str) -> list[str]:
    found: list[str] = []
    for value in _values(message, name):
        argument = "to_addrs" if name.endswith(_RECIPIENTS) else "from_addr"
        complaint = f"the field {name} is no correct list of addresses: mend it or give {argument}"
        try:
            addresses, defects = _read(value)
        except Exception as error:
            # Not only HeaderParseError: some versions raise an IndexError for "a@".
            raise EnvelopeError(f"{complaint} ({error})") from error
        if defects:
            # Anything may be missing from the addresses that were found nevertheless.
            raise EnvelopeError(f"{complaint} ({defects[0]})")
        found += addresses
    return found


def _values(message: Message, name: str) -> Iterator[Any]:
    """The fields as they are stored: reading them by name may raise or replace octets."""
    return (value for key, value in message.raw_items() if key.lower() == name.lower())


def _read(value: Any) -> tuple[list[str], list[Exception | str]]:
    """The addresses of a field, and what makes them doubtful."""
    if isinstance(value, Header):
        value = value.encode()
    if hasattr(value, "addresses"):
        source: str = value.fold(policy=_UNFOLDED).partition(":")[2]
        if _BLANK.search(source):
            value = source.strip()
    if not hasattr(value, "addresses"):
        # A space, so that nothing is glued together that the line break kept apart.
        unfolded = _BLANK.sub(_WORD, _LINE_BREAK.sub(" ", str(value)))
        value = SMTP.header_factory("To", _ENCODED_WORD.sub(f"{_WORD} ", unfolded))
    defects: list[Exception | str] = [
        defect
        for defect in value.defects
        if not isinstance(defect, _HARMLESS) and str(defect) != _BLANK_IN_WORD
    ]
    addresses = [from_octets(address.addr_spec) for address in value.addresses]
    if any(_WORD in address for address in addresses):
        defects.append("an address holds an encoded word or a blank that is none in ASCII")
    return addresses, defects


def from_octets(raw: str) -> str:
    """What the octets say that the email package has put into surrogates."""
    return raw.encode("utf-8", "surrogateescape").decode("utf-8")

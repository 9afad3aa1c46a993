"""Messages of the email package: their octets and their envelope."""

from __future__ import annotations

import copy
import io
from email.generator import BytesGenerator
from email.message import Message
from email.policy import SMTP, EmailPolicy
from email.utils import getaddresses
from typing import TYPE_CHECKING, Any, Final

from ._envelope import Envelope
from ._errors import EnvelopeError

if TYPE_CHECKING:
    AnyMessage = Message[Any, Any]

_ORIGINATORS: Final = ("Sender", "From")
_RECIPIENTS: Final = ("To", "Cc", "Bcc")
_PREFIXES: Final = ("", "Resent-")
#: Fields that carry addresses and are sent.
_VISIBLE: Final = ("From", "Sender", "Reply-To", "To", "Cc")


def needs_smtputf8(message: AnyMessage) -> bool:
    """Whether an address in the header is outside ASCII; names have an encoding, those have not."""
    fields = [prefix + name for prefix in _PREFIXES for name in _VISIBLE]
    values = [str(value) for name in fields for value in message.get_all(name, [])]
    return any(not address.isascii() for _, address in getaddresses(values))


def serialise(message: AnyMessage, *, allow_8bit: bool = True) -> bytes:
    """The octets to send: CRLF, no Bcc.  The message itself is left as it is."""
    clone = _copy_tree(message)
    for prefix in _PREFIXES:
        del clone[prefix + "Bcc"]
    policy = message.policy.clone(linesep="\r\n", mangle_from_=False)
    if not allow_8bit:
        policy = policy.clone(cte_type="7bit")
    if needs_smtputf8(message):
        # The older kind of policy cannot write such an address at all.
        modern = policy if isinstance(policy, EmailPolicy) else SMTP
        policy = modern.clone(utf8=True, cte_type=policy.cte_type)
    output = io.BytesIO()
    BytesGenerator(output, mangle_from_=False, policy=policy).flatten(clone)
    return output.getvalue()


def _copy_tree(message: AnyMessage) -> AnyMessage:
    """A copy whose header can be changed; the generator gives parts their boundaries."""
    clone = copy.copy(message)
    if message.is_multipart():
        parts: Any = message.get_payload()
        clone.set_payload([_copy_tree(part) for part in parts])
    return clone


def derive_envelope(
    message: AnyMessage, from_addr: str | None = None, to_addrs: Any = None
) -> Envelope:
    """The envelope that the header tells, for what was not given.

    A message that was resent (RFC 5322 section 3.6.6) goes where its Resent- fields say; with
    more than one set of them the newest cannot be told from the others.
    """
    resent = len(message.get_all("Resent-Date", []))
    if resent > 1 and (from_addr is None or to_addrs is None):
        raise EnvelopeError("the message was resent more than once: give from_addr and to_addrs")
    prefix = _PREFIXES[min(resent, 1)]
    if from_addr is None:
        from_addr = _originator(message, prefix)
    if to_addrs is None:
        found = (_addresses(message, prefix + name) for name in _RECIPIENTS)
        to_addrs = list(dict.fromkeys(address for each in found for address in each))
        if not to_addrs:
            raise EnvelopeError("the header names no recipient in To, Cc or Bcc: give to_addrs")
    return Envelope(from_addr, to_addrs)


def _originator(message: AnyMessage, prefix: str) -> str:
    for name in _ORIGINATORS:
        addresses = _addresses(message, prefix + name)
        if addresses:
            return addresses[0]
    raise EnvelopeError("the header names no sender in Sender or From: give from_addr")


def _addresses(message: AnyMessage, name: str) -> list[str]:
    found = []
    for value in map(str, message.get_all(name, [])):
        addresses = [address for _, address in getaddresses([value])]
        # An empty one stands for what could not be read, and also for an empty group, "nobody:;".
        if "" in addresses and value.strip() and not value.rstrip().endswith(";"):
            raise EnvelopeError(f"the field {name} cannot be read as a list of addresses")
        found += [address for address in addresses if address]
    return found

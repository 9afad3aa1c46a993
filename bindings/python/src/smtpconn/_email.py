"""Messages of the email package: their octets."""

from __future__ import annotations

import copy
import io
import re
from base64 import encodebytes
from email import message_from_bytes
from email.generator import BytesGenerator
from email.message import Message
from email.policy import SMTP, EmailPolicy, Policy
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ._addresses import PREFIXES, from_octets, has_addresses_outside_ascii
from ._errors import MessageError

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Fields with a signature over the header and the body.
_SIGNATURES: Final = ("DKIM-Signature", "ARC-Message-Signature", "DomainKey-Signature")

#: Folding white space (RFC 5322 section 2.2.3) without its white space.
_FOLD: Final = re.compile(r"\r?\n(?=[ \t])")
#: A line break that folds nothing.  The email package writes more than CR and LF as one.
_BREAK: Final = re.compile(r"(?:\r\n|\r(?!\n)|[\n\v\f\x1c-\x1e])(?![ \t]|\Z)")
_LINE_END: Final = re.compile(rb"\r\n|\r|\n")


class Offers(NamedTuple):
    """What a server offers; False as long as the server is not known."""

    known: bool = False
    eight_bit: bool = False
    utf8: bool = False


def serialise(message: Message, offers: Offers = Offers()) -> bytes:  # noqa: B008
    """The octets to send: CRLF, no Bcc.  The message itself is left as it is.

    They suit the server: what it does not take is encoded.  A server that is not known yet gets
    what every server takes.  Where a signature or an address does not allow that, the octets stay
    as they are; a server that is known and does not take them is a MessageError.
    """
    _check_line_breaks(message)
    try:
        octets = _written(message, offers)
    except MessageError:
        raise
    except Exception as error:
        # HeaderParseError, UnicodeEncodeError, LookupError for a charset, and whatever else the
        # email package raises for a message that it cannot write.
        raise MessageError(f"the message has no form to be sent in: {error!r}") from error
    if not offers.known:
        return octets
    if not offers.utf8 and needs_smtputf8(message, octets):
        raise MessageError(
            "a header of the message is outside ASCII and cannot be encoded, for its addresses or "
            "because it is signed, and the server does not offer SMTPUTF8"
        )
    body = octets[len(_header_of(octets)) :]
    if not body.isascii() and not offers.eight_bit and _signed(message):
        raise MessageError(
            "the message is signed and its content is 8-bit: it cannot be encoded without breaking "
            "the signature, and the server does not offer 8BITMIME; sign it in a 7-bit encoding"
        )
    return octets


def _check_line_breaks(message: Message) -> None:
    """Nothing in a field may look like another field, or end the header.

    The older kind of message takes any name and value.
    """
    for part in message.walk():
        for name, value in part.raw_items():
            if _BREAK.search(f"{name}:"):
                raise MessageError(f"the name {name!r} of a header field holds a line break")
            # A value that has a name of its own was checked when it was made.
            if not hasattr(value, "name") and _BREAK.search(str(value)):
                raise MessageError(
                    f"the field {name} of the message holds a line break: write it in one line, "
                    "or with a blank after each break"
                )


def needs_smtputf8(message: Message, octets: bytes) -> bool:
    """Whether they have a header outside ASCII; parts have one too (RFC 6532 section 3.2)."""
    if octets.isascii():
        return False
    if not _header_of(octets).isascii():
        return True
    if not getattr(message.policy, "utf8", False):
        return False  # Such a policy writes none; it may have come so, and goes on as it came.
    parts = message_from_bytes(octets).walk()
    return any(not str(value).isascii() for part in parts for _, value in part.raw_items())


def _header_of(octets: bytes) -> bytes:
    """The header of a message; it may have none."""
    return b"" if octets.startswith(b"\r\n") else octets.partition(b"\r\n\r\n")[0]


def _written(message: Message, offers: Offers) -> bytes:
    clone = _copy_tree(message)
    for prefix in PREFIXES:
        del clone[prefix + "Bcc"]
    own = message.policy.clone(linesep="\r\n", mangle_from_=False)
    needs_utf8 = has_addresses_outside_ascii(message)
    _check_signed_fields(clone, own)
    as_signed = _flatten(clone, own)
    utf8 = needs_utf8 or (offers.utf8 and getattr(own, "utf8", False))
    suiting = own if offers.eight_bit or needs_utf8 else own.clone(cte_type="7bit")
    if utf8 or getattr(own, "utf8", False):
        # The older kind of policy cannot write such an address at all.
        modern = suiting if isinstance(suiting, EmailPolicy) else SMTP
        suiting = modern.clone(utf8=utf8, cte_type=suiting.cte_type)
    if any(name in clone for name in _SIGNATURES) or _breaks_a_signature(clone, own, suiting):
        if needs_utf8 and not getattr(own, "utf8", False):
            raise MessageError(
                "the message is signed and has an address outside ASCII, which its policy cannot "
                "write: make it and sign it with email.policy.SMTPUTF8"
            )
        return as_signed
    _encode_header(clone, utf8)
    if suiting.cte_type == "7bit":
        _encode_content(clone)
    octets = _flatten(clone, suiting)
    if utf8 and isinstance(suiting, EmailPolicy) and _header_of(octets).isascii():
        # For the headers of parts alone, no server must offer SMTPUTF8.
        suiting = suiting.clone(utf8=False)
        if not _breaks_a_signature(clone, own, suiting):
            _encode_header(clone, False)
            octets = _flatten(clone, suiting)
    return octets


def _copy_tree(message: Message) -> Message:
    """A copy whose header can be changed; the generator gives parts their boundaries."""
    clone = copy.copy(message)
    if message.is_multipart():
        parts: Any = message.get_payload()
        clone.set_payload([_copy_tree(part) for part in parts])
    return clone


def _flatten(message: Message, policy: Policy) -> bytes:
    output = io.BytesIO()
    BytesGenerator(output, mangle_from_=False, policy=policy).flatten(message)
    return output.getvalue()


def _signed(message: Message) -> bool:
    return any(name in message for name in _SIGNATURES) or any(_signed_contents(message))


def _signed_contents(message: Message) -> Iterator[Message]:
    """The first part of every multipart/signed (RFC 1847 section 2.1)."""
    for part in message.walk():
        if part.get_content_type() == "multipart/signed" and part.is_multipart():
            contents: Any = part.get_payload()
            yield from contents[:1]


def _check_signed_fields(message: Message, own: Policy) -> None:
    """A signature is over the octets of a field, which a policy may not be able to write."""
    for content in _signed_contents(message):
        for part in content.walk():
            for name, value in part.raw_items():
                if type(value) is not str or value.isascii():
                    continue
                written = own.fold_binary(name, value)
                octets = value.encode("utf-8", "surrogateescape")
                if not all(line in written for line in octets.splitlines()):
                    raise MessageError(
                        f"the field {name} of a signed part is outside ASCII, and the policy of "
                        "the message would encode it, which breaks the signature: parse the "
                        "message from bytes with email.policy.compat32 or SMTPUTF8, or give the "
                        "field in its encoded form"
                    )


def _breaks_a_signature(message: Message, own: Policy, suiting: Policy) -> bool:
    # In signed parts the generator does not fold lines.
    one, other = (policy.clone(max_line_length=0) for policy in (own, suiting))
    try:
        return any(
            _flatten(part, one) != _flatten(part, other) for part in _signed_contents(message)
        )
    except (UnicodeError, LookupError):
        return True  # It can only be written as it is.


def _encode_content(part: Message) -> None:
    """Encodes content outside ASCII that the generator cannot, or would change.

    That is content without a charset, or that is not what its charset says.
    """
    payload: Any = part.get_payload()
    if part.is_multipart():
        if part.get_content_type() != "multipart/signed":
            for each in payload:
                _encode_content(each)
        return
    if str(payload).isascii():
        return
    octets: Any = part.get_payload(decode=True)
    try:
        octets.decode(part.get_content_charset() or "ascii")
    except (UnicodeError, LookupError):
        if part.get_content_maintype() == "text":
            octets = _LINE_END.sub(b"\r\n", octets)
        del part["Content-Transfer-Encoding"]
        part["Content-Transfer-Encoding"] = "base64"
        if "MIME-Version" not in part:
            part["MIME-Version"] = "1.0"
        part.set_payload(encodebytes(octets).decode("ascii"))


def _encode_header(message: Message, utf8: bool) -> None:
    """Gives fields outside ASCII a form that every policy writes as it is.

    That is RFC 2047 and RFC 2231, or UTF-8 if the server takes it; octets that are no UTF-8 are
    encoded in any case, as "unknown-8bit" (RFC 1428).
    """
    fields = list(message.raw_items())
    if not all(str(value).isascii() for _, value in fields):
        for name in {name for name, _ in fields}:
            del message[name]
        for name, value in fields:
            message.set_raw(name, _encoded(name, value, utf8))
    if message.is_multipart() and message.get_content_type() != "multipart/signed":
        parts: Any = message.get_payload()
        for part in parts:
            _encode_header(part, utf8)


def _encoded(name: str, value: Any, utf8: bool) -> Any:
    # A value with a name, or a Header, knows how to write itself.
    if type(value) is not str or value.isascii():
        return value
    raw = _FOLD.sub("", value)
    if "\r" in raw or "\n" in raw:
        raise MessageError(f"the field {name} of the message holds a line break")
    try:
        text = from_octets(raw)
    except UnicodeDecodeError:
        text = raw
    else:
        if utf8:
            return text
    folded: str = SMTP.header_factory(name, text).fold(policy=SMTP)
    return folded.partition(":")[2].strip()

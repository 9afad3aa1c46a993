"""The envelope: who sends to whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from operator import attrgetter, is_
from typing import TYPE_CHECKING, Callable, Final, Optional, Union

from ._errors import EnvelopeError
from ._failure import check
from ._library import lib
from ._table import DSN_FIELDS, FIELDS, RECIPIENT_FIELDS
from ._text import encode, encode_flag, encode_list, shortened

if TYPE_CHECKING:
    from ._ffi import EnvelopeHandle

# Annotations of public classes are also read at run time, by typing.get_type_hints: under
# Python 3.9 they must not be written as `X | None`, and no name may exist for mypy only.

#: One text with commas, or several texts.
Texts = Union[str, Iterable[str]]


def _hashable(texts: Optional[Texts]) -> object:
    return texts if texts is None or isinstance(texts, (str, tuple)) else None


@dataclass(frozen=True)
class DSN:
    """Delivery status notifications (RFC 3461), for servers that offer DSN.

    `ret`: "FULL" or "HDRS", how much of the message comes back.  `envid`: what identifies the
    message to you.  `notify`: "NEVER", or any of "SUCCESS", "FAILURE", "DELAY", as one string with
    commas or several.  `orcpt`: the original recipient.  The last two hold for every recipient that
    has none of its own.
    """

    ret: Optional[str] = None
    envid: Optional[str] = None
    notify: Optional[Texts] = None
    orcpt: Optional[str] = None

    def __hash__(self) -> int:
        return hash((self.ret, self.envid, _hashable(self.notify), self.orcpt))


@dataclass(frozen=True)
class Recipient:
    """A recipient with values of its own.

    `notify` and `orcpt`: see `DSN`.  `rrvs`: deliver only if the mailbox has had its owner since
    this moment (RRVS, RFC 7293): "2026-01-31T12:00:00Z".  `parameters`: further parameters of
    RCPT, names with their values; None for a name alone.
    """

    address: str
    notify: Optional[Texts] = None
    orcpt: Optional[str] = None
    rrvs: Optional[str] = None
    parameters: Optional[Mapping[str, Optional[str]]] = None

    def __hash__(self) -> int:
        # Of what is equal; a list and a tuple are not, and may have one hash.
        return hash((self.address, _hashable(self.notify), self.orcpt, self.rrvs))


#: One recipient, or any number of them.
Recipients = Union[str, Recipient, Iterable[Union[str, Recipient]]]


@dataclass
class Envelope:
    """Sender and recipients of a message, apart from what its header says.

    Values are checked when the envelope is used: a wrong type is a TypeError, a bad value an
    EnvelopeError, and nothing is sent then.

    Fields:
    - `from_addr`: Reverse-path, a mailbox; empty or `<>` is the null reverse-path of a bounce.
    - `to_addrs`: Forward-paths, a mailbox each.
    - `size`: Expected size of a message that is not in memory.
    - `use_8bitmime`: Declare 8-bit content; when unset, a message in memory is inspected.
    - `use_smtputf8`: Require SMTPUTF8, which is used anyway where an address needs it.
    - `require_tls`: REQUIRETLS (RFC 8689): verified TLS for every further hop.
    - `dsn`: Delivery status notifications (RFC 3461).
    - `all_or_none`: Send to every recipient or to none.
    - `use_binarymime`: Send every octet unchanged (RFC 3030); needs `chunking`.
    - `mt_priority`: Priority of the message (MT-PRIORITY, RFC 6710); the higher, the more urgent.
    - `deliver_by`: Seconds in which to deliver, and what happens then (DELIVERBY, RFC 2852):
      `3600;R` returns, `3600;N` notifies.
    - `hold_for`: Seconds for which the server holds the message back (FUTURERELEASE, RFC 4865).
    - `hold_until`: Moment in UTC until which the server holds the message back (FUTURERELEASE);
      instead of `hold_for`.
    - `auth_sender`: Who has submitted the message (AUTH= of MAIL, RFC 4954): a mailbox, or `<>`
      when that is not known.
    - `solicit`: Kinds of solicitation that the message is (NO-SOLICITING, RFC 3865).
    - `parameters`: Further parameters of MAIL: names, each with its value or None.
    - `allow_empty`: Allow a message without content, which is an error otherwise.
    """

    # generated: fields
    from_addr: str
    to_addrs: Recipients
    size: Optional[int] = None
    use_8bitmime: Optional[bool] = None
    use_smtputf8: bool = False
    require_tls: bool = False
    dsn: Optional[DSN] = None
    all_or_none: bool = False
    use_binarymime: bool = False
    mt_priority: Optional[int] = None
    deliver_by: Optional[str] = None
    hold_for: Optional[int] = None
    hold_until: Optional[str] = None
    auth_sender: Optional[str] = None
    solicit: Optional[Union[str, Iterable[str]]] = None
    parameters: Optional[Mapping[str, Optional[str]]] = None
    allow_empty: bool = False
    # generated: end

    def recipients(self) -> list[Union[str, Recipient]]:
        """The recipients as a list; TypeError when `to_addrs` is none of what it may be."""
        if isinstance(self.to_addrs, (str, Recipient)):
            return [self.to_addrs]
        # The octets of bytes are numbers, and a mapping would lose its values.
        wrong = isinstance(self.to_addrs, (bytes, bytearray, memoryview, Mapping))
        if wrong or not isinstance(self.to_addrs, Iterable):
            raise TypeError(
                "to_addrs must be a str, a Recipient, or an iterable of these, "
                f"not {type(self.to_addrs).__name__}"
            )
        return list(self.to_addrs)


def _of_kind(kind: str) -> tuple[str, ...]:
    """The fields whose values are carried in one way, found once and not for every message."""
    return tuple(name for name, each in FIELDS.items() if each == kind)


_FLAGS: Final = _of_kind("flag")
_OPEN_FLAGS: Final = _of_kind("flag or unset")
_OCTETS: Final = _of_kind("octets")
_NUMBERS: Final = _of_kind("number")
_TEXTS: Final[tuple[tuple[str, Callable[[object, str, type[EnvelopeError]], bytes]], ...]] = (
    *((name, encode) for name in _of_kind("text")),
    *((name, encode_list) for name in _of_kind("list")),
)


def check_envelope(envelope: object) -> None:
    if not isinstance(envelope, Envelope):
        raise TypeError(f"the envelope must be an Envelope, not {type(envelope).__name__}")


@contextmanager
def opened_envelope(envelope: Envelope) -> Iterator[EnvelopeHandle]:
    """The C object, freed at the end."""
    handle = lib.smtpconn_envelope_new()
    if not handle:
        raise MemoryError("no memory for an envelope")
    try:
        _fill(handle, envelope)
        yield handle
    finally:
        lib.smtpconn_envelope_free(handle)


#: The fields besides the addresses, and their defaults.
_others: Final = attrgetter(*FIELDS)
_PLAIN: Final = _others(Envelope("", ""))


def packed_addresses(envelope: object) -> bytes | None:
    """The addresses in the form of smtpconn_send_packed, when the envelope has nothing else.

    None for every other envelope, also for a bad one: `opened_envelope` says what is wrong with it.
    """
    if type(envelope) is not Envelope or not all(map(is_, _others(envelope), _PLAIN)):
        return None
    recipients = envelope.to_addrs
    if type(recipients) is str:
        recipients = (recipients,)
    elif type(recipients) is not list and type(recipients) is not tuple:
        return None
    try:
        text = "\0".join((envelope.from_addr, *recipients, ""))
        if text.count("\0") != len(recipients) + 1 or text.startswith("<>"):
            return None
        return text.encode()
    except (TypeError, UnicodeEncodeError):
        return None


def _fill(handle: EnvelopeHandle, envelope: Envelope) -> None:
    def put(function: str, *arguments: object) -> None:
        status = getattr(lib, f"smtpconn_envelope_{function}")(handle, *arguments)
        check(status, lib.smtpconn_envelope_last_error, handle)

    def text(value: object, what: str) -> bytes:
        return encode(value, what, EnvelopeError)

    def texts(value: object, what: str) -> bytes:
        return encode_list(value, what, EnvelopeError)

    if envelope.from_addr is None:
        raise TypeError('from_addr must be a str, not None: "" is the null sender')
    put("set_from", text("" if envelope.from_addr == "<>" else envelope.from_addr, "from_addr"))
    for index, recipient in enumerate(envelope.recipients()):
        what = f"to_addrs[{index}]"
        if not isinstance(recipient, Recipient):
            put("add_to", text(recipient, what))
            continue
        put("add_to", text(recipient.address, f"{what}.address"))
        for name, (function, kind) in RECIPIENT_FIELDS.items():
            value = getattr(recipient, name)
            if value is not None:
                carry = texts if kind == "list" else text
                put(f"set_{function}", index, carry(value, f"{what}.{name}"))
        for pair in _pairs(recipient.parameters, f"{what}.parameters"):
            put("set_to_parameter", index, *pair)
    for name in _FLAGS:
        put(f"set_{name}", encode_flag(getattr(envelope, name), name))
    for name in _OPEN_FLAGS:
        value = getattr(envelope, name)
        put(f"set_{name}", -1 if value is None else encode_flag(value, name))
    for name in _OCTETS:
        value = getattr(envelope, name)
        if value is not None:
            put(f"set_{name}", _whole(value, name, range(2**64)))
    for name in _NUMBERS:
        value = getattr(envelope, name)
        if value is not None:
            # The lowest would remove the field.
            put(f"set_{name}", _whole(value, name, range(1 - 2**31, 2**31)))
    for name, encoded in _TEXTS:
        value = getattr(envelope, name)
        if value is not None:
            put(f"set_{name}", encoded(value, name, EnvelopeError))
    for pair in _pairs(envelope.parameters, "parameters"):
        put("set_parameter", *pair)
    encode_flag(envelope.allow_empty, "allow_empty")
    if envelope.dsn is not None:
        if not isinstance(envelope.dsn, DSN):
            raise TypeError(f"dsn must be a DSN, not {type(envelope.dsn).__name__}")
        for name, (function, kind) in DSN_FIELDS.items():
            value = getattr(envelope.dsn, name)
            if value is not None:
                carry = texts if kind == "list" else text
                put(f"set_{function}", carry(value, f"dsn.{name}"))


def _pairs(parameters: object, what: str) -> Iterator[tuple[bytes, bytes]]:
    """Names and values for the library, where an empty value is none."""
    if parameters is None:
        return
    if not isinstance(parameters, Mapping):
        raise TypeError(f"{what} must be a dict, not {type(parameters).__name__}")
    for name, value in parameters.items():
        label = f"{what}[{name!r}]"
        if value == "":
            raise EnvelopeError(f"{label} is empty: give None for a name without a value")
        yield (
            encode(name, label, EnvelopeError),
            b"" if value is None else encode(value, label, EnvelopeError),
        )


def _whole(value: object, what: str, room: range) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{what} must be an int, not {type(value).__name__}")
    # ctypes would cut off what does not fit.
    if value not in room:
        raise EnvelopeError(f"{what} is out of range: {shortened(value)}")
    return value

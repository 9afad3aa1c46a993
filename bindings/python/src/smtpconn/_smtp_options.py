"""Options of MAIL and RCPT as `smtplib` has them, as an envelope of ours."""

from __future__ import annotations

import re
import smtplib
from typing import TYPE_CHECKING, Any, Final, Optional, Union

from ._envelope import DSN, Envelope, Recipient
from ._errors import EnvelopeError

if TYPE_CHECKING:
    from collections.abc import Iterable

#: What parseaddr would leave as it is, which takes it long.
_PLAIN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+")
_XTEXT: Final = re.compile(r"\+([0-9A-F]{2})")


def envelope_of(
    sender: str,
    recipients: list[str],
    mail_options: Iterable[str],
    rcpt_options: Iterable[str],
    *,
    is_empty: bool,
) -> Envelope:
    """The same for the library.  EnvelopeError when it has no word for something."""
    fields: dict[str, Any] = {}
    dsn: dict[str, str] = {}
    parameters: dict[str, Optional[str]] = {}
    for keyword, value in map(_split, mail_options):
        if keyword == "BODY" and value is not None and value.upper() in ("7BIT", "8BITMIME"):
            fields["use_8bitmime"] = value.upper() == "8BITMIME"
        elif keyword == "SMTPUTF8" and value is None:
            fields["use_smtputf8"] = True
        elif keyword == "REQUIRETLS" and value is None:
            fields["require_tls"] = True
        elif keyword in ("RET", "ENVID") and value:
            dsn[keyword.lower()] = _from_xtext(value)
        else:
            parameters[keyword] = value
    own = _recipient_fields(rcpt_options)
    addressees: list[Union[str, Recipient]] = [
        Recipient(_address(each), **own) if own else _address(each) for each in recipients
    ]
    return Envelope(
        _address(sender),
        addressees,
        dsn=DSN(**dsn) if dsn else None,
        parameters=parameters or None,
        # The library is quicker without it.
        allow_empty=is_empty,
        **fields,
    )


def _recipient_fields(options: Iterable[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    parameters: dict[str, Optional[str]] = {}
    for keyword, value in map(_split, options):
        if keyword == "NOTIFY" and value:
            fields["notify"] = value
        elif keyword == "ORCPT" and value:
            fields["orcpt"] = _from_xtext(value)
        else:
            parameters[keyword] = value
    return {**fields, "parameters": parameters} if parameters else fields


def _split(option: str) -> tuple[str, Optional[str]]:
    keyword, equals, value = option.partition("=")
    return keyword.upper(), value if equals else None


def _from_xtext(value: str) -> str:
    """The library encodes what it is given (RFC 3461 section 4)."""
    return _XTEXT.sub(lambda match: chr(int(match[1], 16)), value)


def _address(text: str) -> str:
    """The mailbox that MAIL and RCPT would name."""
    if _PLAIN.fullmatch(text):
        return text
    quoted = smtplib.quoteaddr(text).strip()
    if not (quoted.startswith("<") and quoted.endswith(">")):
        raise EnvelopeError(f"no mailbox: {text!r}")
    return quoted[1:-1]

"""Commands with one reply: methods that block, and methods that do not."""

from __future__ import annotations

from collections.abc import Mapping
from ctypes import c_char_p
from typing import Any, Callable, Optional

from ._driven import DrivenConnection
from ._errors import CommandError
from ._library import lib
from ._operation import Operation
from ._outcome import Reply, SMTPConnError
from ._result import REPLY
from ._text import encode, encode_flag

# Not only for the type checker: typing.get_type_hints needs every name.
ReplyHandler = Callable[[Optional[SMTPConnError], Optional[Reply]], object]
Attributes = Mapping[str, Optional[str]]


class Commands(DrivenConnection):
    """What can be asked of a server besides sending mail.

    A method returns the reply, and raises CommandError when the server refused or does not offer
    the command; the connection can then be used as before.  A callback gets the error, and the
    reply when there is one, refusals included.
    """

    # Methods that wait

    def noop(self) -> Reply:
        """NOOP: whether the server still answers."""
        return self._command(lib.smtpconn_noop)

    def verify(self, text: str) -> Reply:
        """VRFY: whether there is such a user or address.  Look at the `code` of the reply.

        250 and 251: there is.  252: the server does not say, which most servers do about every
        address.  No such user is a CommandError, with 550.
        """
        return self._command(lib.smtpconn_verify, _text(text, "text"))

    def expand(self, name: str) -> Reply:
        """EXPN: the members of a mailing list, one in each of the `lines` of the reply."""
        return self._command(lib.smtpconn_expand, _text(name, "name"))

    def etrn(self, node: str) -> Reply:
        """ETRN (RFC 1985): asks the server to deliver now what it has for a domain.

        "@domain" includes the domains below it, "#name" is a queue.
        """
        return self._command(lib.smtpconn_etrn, _text(node, "node"))

    def hello(self) -> Reply:
        """EHLO again: the capabilities are those of this reply.  Never needed for a send."""
        return self._command(lib.smtpconn_hello)

    def xclient(self, attributes: Attributes) -> Reply:
        """XCLIENT: the server takes this connection for that of another client.

        `attributes` are such as {"ADDR": "192.0.2.1", "NAME": None}; None is "[UNAVAILABLE]".  An
        IPv6 address is written "IPV6:2001:db8::1".  The session begins anew: a login is forgotten,
        and EHLO is sent again.  Sends that were started after one that fails are not tried.
        """
        return self._command(lib.smtpconn_xclient, *_attributes(attributes))

    def xforward(self, attributes: Attributes) -> Reply:
        """XFORWARD: who sent the next message, for the server's log.  See `xclient`."""
        return self._command(lib.smtpconn_xforward, *_attributes(attributes))

    def command(self, line: str, *, hidden: bool = False) -> Reply:
        """A command that has no method here: one line, with one reply.

        Refused are those that have a method, since more than the reply depends on them.  With
        `hidden` all after the first word is kept out of the log.
        """
        return self._command(lib.smtpconn_command, *_line(line, hidden))

    # Methods that do not

    def start_noop(self, callback: Optional[ReplyHandler] = None) -> None:
        """`noop`, without waiting."""
        self._start_command(lib.smtpconn_noop, callback)

    def start_verify(self, text: str, callback: Optional[ReplyHandler] = None) -> None:
        """`verify`, without waiting."""
        self._start_command(lib.smtpconn_verify, callback, _text(text, "text"))

    def start_expand(self, name: str, callback: Optional[ReplyHandler] = None) -> None:
        """`expand`, without waiting."""
        self._start_command(lib.smtpconn_expand, callback, _text(name, "name"))

    def start_etrn(self, node: str, callback: Optional[ReplyHandler] = None) -> None:
        """`etrn`, without waiting."""
        self._start_command(lib.smtpconn_etrn, callback, _text(node, "node"))

    def start_hello(self, callback: Optional[ReplyHandler] = None) -> None:
        """`hello`, without waiting."""
        self._start_command(lib.smtpconn_hello, callback)

    def start_xclient(
        self, attributes: Attributes, callback: Optional[ReplyHandler] = None
    ) -> None:
        """`xclient`, without waiting."""
        self._start_command(lib.smtpconn_xclient, callback, *_attributes(attributes))

    def start_xforward(
        self, attributes: Attributes, callback: Optional[ReplyHandler] = None
    ) -> None:
        """`xforward`, without waiting."""
        self._start_command(lib.smtpconn_xforward, callback, *_attributes(attributes))

    def start_command(
        self, line: str, callback: Optional[ReplyHandler] = None, *, hidden: bool = False
    ) -> None:
        """`command`, without waiting."""
        self._start_command(lib.smtpconn_command, callback, *_line(line, hidden))

    # What both have in common

    def _command(self, function: Callable[..., int], *arguments: Any) -> Reply:
        operation = self._wait(lambda: self._start_command(function, None, *arguments))
        # There is no success without a reply.
        return operation.outcome if isinstance(operation.outcome, Reply) else Reply(0, ())

    def _start_command(
        self, function: Callable[..., int], callback: Optional[ReplyHandler], *arguments: Any
    ) -> Operation:
        return self._start(function, REPLY, callback, *arguments)


def _text(value: object, what: str) -> bytes:
    return encode(value, what, CommandError)


def _line(line: object, hidden: object) -> tuple[bytes, int]:
    return _text(line, "line"), encode_flag(hidden, "hidden")


def _attributes(attributes: object) -> tuple[Any, int]:
    """As an array of C strings, and their number."""
    if not isinstance(attributes, Mapping):
        raise TypeError(f"attributes must be a mapping, not {type(attributes).__name__}")
    texts: list[bytes] = []
    for name, value in attributes.items():
        start = _text(name, "the name of an attribute")
        if b"=" in start:
            raise CommandError(f'the name of an attribute has no "=": {name!r}')
        known = "[UNAVAILABLE]" if value is None else value
        texts.append(start + b"=" + _text(known, f"attributes[{name!r}]"))
    return (c_char_p * len(texts))(*texts), len(texts)

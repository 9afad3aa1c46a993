"""What a server made of a message when it put it into a mailbox."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Delivery:
    """A file in a mailbox: the header fields that the server puts in front, and
    the message."""

    trace: bytes
    content: bytes

    @classmethod
    def read(cls, file: bytes) -> Self:
        trace = _TRACE.match(file)
        assert trace is not None, f"not what a server delivers: {file[:200]!r}"
        return cls(trace[0], file[trace.end() :])

    @property
    def queue_id(self) -> str:
        found = re.search(rb"^Received: .*?\bid ([^\s;]+)", self.trace, re.DOTALL | re.M)
        assert found is not None, f"no queue id in {self.trace!r}"
        return found[1].decode()

    @property
    def protocol(self) -> str:
        """As in the Received field (RFC 3848): ESMTPSA is with TLS and a login."""
        found = re.search(rb"\bwith (?:UTF8)?((?:E?SMTP|LMTP)S?A?)\b", self.trace, re.I)
        assert found is not None, f"no protocol in {self.trace!r}"
        return found[1].decode().upper()

    @property
    def reverse_path(self) -> str:
        found = re.search(rb"^Return-Path: <(.*)>\r?$", self.trace, re.I | re.M)
        assert found is not None, f"no reverse-path in {self.trace!r}"
        return found[1].decode()


_TRACE = re.compile(
    rb"(?:(?:Return-Path|X-Original-To|Delivered-To): [^\n]*\n)*"
    rb"Received: [^\n]*\n(?:[ \t][^\n]*\n)*",
    re.I,
)

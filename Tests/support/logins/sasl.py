"""What mechanisms put on the wire (RFC 4954): commands and responses, in base64."""

from __future__ import annotations

import base64


def b64(text: str | bytes) -> bytes:
    return base64.b64encode(text.encode() if isinstance(text, str) else text)


def plain(user: str, password: str) -> bytes:
    """RFC 4616."""
    return b"AUTH PLAIN " + b64(f"\0{user}\0{password}")


def xoauth2(user: str, token: str) -> bytes:
    return b"AUTH XOAUTH2 " + b64(f"user={user}\1auth=Bearer {token}\1\1")


def oauthbearer(identity: str, token: str, port: int, host: str = "127.0.0.1") -> bytes:
    """RFC 7628 section 3.1."""
    message = f"n,a={identity},\1host={host}\1port={port}\1auth=Bearer {token}\1\1"
    return b"AUTH OAUTHBEARER " + b64(message)

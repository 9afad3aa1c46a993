"""The programs in the pages of docs/, and the servers that they meet.

A fenced block of Python is a program.  Comments of HTML directly after it, which no reader
sees, belong to its test:

    <!-- given        what is run before it
    <!-- then         what is run after it: what must be true
"""

from __future__ import annotations

import ast
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import smtpconn
from smtpconn._throwaway import make_identity
from smtpconn.testing import ReceivedMessage, Server

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted((ROOT / "docs").rglob("*.md"))

_FENCE = re.compile(
    r"^```(\w*)[^\n]*\n(.*?)^```$((?:\s*<!-- (?:given|then)\n.*?-->)*)", re.M | re.S
)
_COMMENT = re.compile(r"<!-- (given|then)\n(.*?)-->", re.S)


@dataclass
class Block:
    page: Path
    line: int
    language: str
    code: str
    given: str
    then: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT / 'docs')}:{self.line}"

    def uses(self, name: str) -> bool:
        """Whether it reads a name that it does not set."""
        nodes = [node for node in ast.walk(ast.parse(self.code)) if isinstance(node, ast.Name)]
        found = [node for node in nodes if node.id == name]
        return bool(found) and all(isinstance(node.ctx, ast.Load) for node in found)


def blocks(language: str) -> Iterator[Block]:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for found in _FENCE.finditer(text):
            if found[1] == language:
                line = text.count("\n", 0, found.start()) + 1
                hidden = dict.fromkeys(("given", "then"), "")
                hidden.update(_COMMENT.findall(found[3]))
                yield Block(page, line, language, found[2], hidden["given"], hidden["then"])


#: Whatever host a page names; the certificate is for all of them.
HOSTS = (
    "localhost",
    "mail.example.org",
    "mail.example.com",
    "smtp.gmail.com",
    "smtp.office365.com",
    "email-smtp.eu-west-1.amazonaws.com",
    "smtp.fastmail.com",
    "mx1.example.net",
    "mx2.example.net",
)
#: Everybody who logs in, with the password, or the token.
USERS = {
    "ann@example.org": ("secret", "fresh"),
    "ann@gmail.com": ("secret", "fresh"),
    "ann@fastmail.com": ("secret",),
    "ann@proton.me": ("secret",),
    "AKIAEXAMPLE": ("secret",),
    "shop": ("secret",),
    "ann": ("secret",),
    "user": ("password",),
}


class _Secrets(dict[str, str]):
    """Compares with any secret that the user has."""

    def get(self, user: str, default: Any = None) -> Any:
        return _AnyOf(USERS.get(user, ()))


class _AnyOf(tuple[str, ...]):
    __slots__ = ()

    def __ne__(self, other: object) -> bool:
        return other not in tuple(self)

    __hash__ = tuple.__hash__


class World:
    """Three servers, and a package that reaches them whatever server a program names."""

    def __init__(self) -> None:
        self.starttls = Server(starttls=True, users={})
        self.secure = Server(secure=True, users={})
        self.lmtp = Server(lmtp=True)
        self.servers = (self.starttls, self.secure, self.lmtp)
        for server in self.servers[:2]:
            server._users = _Secrets()

    def place(self, port: int | None, secure: bool, lmtp: bool) -> Server:
        if lmtp:
            return self.lmtp
        return self.secure if secure or port == 465 else self.starttls

    def received(self) -> list[ReceivedMessage]:
        return [message for server in self.servers for message in server.messages]

    def clear(self) -> None:
        for server in self.servers:
            server.clear()

    def close(self) -> None:
        for server in self.servers:
            server.close()

    def redirect(self, patch: pytest.MonkeyPatch) -> None:
        """Connections go to these servers; a name in a certificate stays that of the program."""
        original = smtpconn.Connection.__init__
        world = self
        own: set[tuple[str | None, int | None]] = {
            (server.host, server.port) for server in self.servers
        }

        def init(
            self: smtpconn.Connection,
            host: str | None = None,
            port: int | None = None,
            **options: Any,
        ) -> None:
            if (host, port) not in own and not (host == "127.0.0.1" and port not in (None, 1025)):
                place = world.place(port, bool(options.get("secure")), bool(options.get("lmtp")))
                options["secure"] = place is world.secure
                if place.ca is not None and host != "127.0.0.1":
                    options.setdefault("tls_servername", host or "localhost")
                for name in ("socket_path", "proxy"):
                    options.pop(name, None)
                host, port = place.host, place.port
            original(self, host, port, **options)

        patch.setattr(smtpconn.Connection, "__init__", init)
        # smtpconn.smtplib has sockets of Python.
        plain = socket.create_connection

        def connect(address: tuple[str, int], *arguments: Any, **options: Any) -> socket.socket:
            if address not in own:
                place = world.place(address[1], False, False)
                address = place.host, place.port
            return plain(address, *arguments, **options)

        patch.setattr(socket, "create_connection", connect)


def make_world(patch: pytest.MonkeyPatch) -> World:
    patch.setattr("smtpconn.testing.make_identity", partial(make_identity, HOSTS))
    return World()

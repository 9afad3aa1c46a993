"""Every program in the pages of docs/ does what its page says."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import smtpconn
from endpoint import Endpoint
from site_blocks import PAGES, ROOT, Block, World, blocks, make_world

PYTHON = list(blocks("python"))
#: Tests/c/test_documents.py compiles and runs them.
OTHERS = [*blocks("c"), *blocks("cpp")]


@pytest.fixture(scope="module")
def servers() -> Iterator[World]:
    with pytest.MonkeyPatch.context() as patch:
        made = make_world(patch)
        yield made
        made.close()


@pytest.fixture
def world(
    servers: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, endpoint: Endpoint
) -> World:
    """As a reader's machine: secrets in the environment, certificates in files."""
    servers.clear()
    assert servers.starttls.ca is not None
    assert servers.secure.ca is not None
    store = tmp_path / "store.pem"
    store.write_text(servers.starttls.ca + servers.secure.ca)
    for name in ("ca.pem", "bridge.pem"):
        (tmp_path / name).write_text(store.read_text())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(store))
    for name in ("SMTP_PASSWORD", "APP_PASSWORD", "BRIDGE_PASSWORD", "SES_PASSWORD"):
        monkeypatch.setenv(name, "secret")
    for name in ("CLIENT_ID", "CLIENT_SECRET", "REFRESH_TOKEN"):
        monkeypatch.setenv(name, "given by the provider")
    monkeypatch.setenv("SES_USER", "AKIAEXAMPLE")
    servers.redirect(monkeypatch)
    login = smtpconn.Connection.login

    def with_endpoint(self: smtpconn.Connection, *arguments: Any, **options: Any) -> None:
        if options.get("refresh_token"):
            options["access_url"] = endpoint.url
        login(self, *arguments, **options)

    monkeypatch.setattr(smtpconn.Connection, "login", with_endpoint)
    return servers


def names_for(world: World) -> dict[str, Any]:
    """What a fragment finds."""
    message = EmailMessage()
    message["From"] = "ann@example.org"
    message["To"] = "bob@example.net"
    message["Subject"] = "Hello"
    message.set_content("Hello Bob.\n")
    kept: list[str] = []

    def received() -> Any:
        (one,) = world.received()
        return one

    return {
        "__name__": "__main__",
        "os": os,
        "smtpconn": smtpconn,
        "sender": "ann@example.org",
        "recipients": ["bob@example.net"],
        "message": message,
        "server": world.starttls,
        "lmtp": world.lmtp,
        "received": received,
        "all_received": world.received,
        "commands": lambda: [line for server in world.servers for line in server.commands],
        "tenant": "11111111-2222-3333-4444-555555555555",
        "kept": kept,
        "keep_token": lambda _connection, token, _expires: kept.append(token),
        "msal_application": SimpleNamespace(
            acquire_token_for_client=lambda _scopes: {"access_token": "fresh"}
        ),
    }


@pytest.mark.parametrize("block", PYTHON, ids=str)
def test_python(block: Block, world: World, capsys: pytest.CaptureFixture[str]) -> None:
    names = names_for(world)
    names["printed"] = lambda: capsys.readouterr().out
    lent = None
    if block.uses("connection"):
        lent = names["connection"] = smtpconn.Connection("mail.example.org", 587)
        lent.connect()
    try:
        for part, text in (("given", block.given), ("code", block.code), ("then", block.then)):
            # Such that a traceback names the page and the line.
            tree = ast.parse(text, f"{block} ({part})")
            if part == "code":
                ast.increment_lineno(tree, block.line)
            exec(compile(tree, f"{block} ({part})", "exec"), names)
    finally:
        for value in names.values():
            if isinstance(value, smtpconn.Connection):
                value.close()


def test_all_are_here() -> None:
    """No block is written in a way that the tests do not see."""
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert text.count("```python\n") == len(PYTHON) > 30
    assert text.count("<!-- ") - text.count("<!-- generated") == sum(
        bool(block.given) + bool(block.then) for block in (*PYTHON, *OTHERS)
    )


def test_what_is_wrong_is_found(world: World) -> None:
    """A block that fails, and one whose result is another, fail their test."""
    good = Block(ROOT / "docs" / "index.md", 1, "python", "x = 1\n", "", "assert x == 1\n")
    assert not good.uses("x")
    for bad in ("x = connection.nothing\n", "x = 2\n"):
        with pytest.raises((AttributeError, AssertionError)):
            test_python(Block(good.page, 1, "python", bad, "", good.then), world, None)  # type: ignore[arg-type]

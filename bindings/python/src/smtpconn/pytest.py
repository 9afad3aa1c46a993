"""The server of `smtpconn.testing` as a fixture of pytest.

In conftest.py:

    pytest_plugins = ["smtpconn.pytest"]

and in a test:

    def test_greeting(smtp_server):
        send_greeting(smtp_server.host, smtp_server.port)
        assert smtp_server.messages[0].email["Subject"] == "Hello"

It is not loaded by itself: not every test run of a program that has smtpconn installed wants it.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .testing import Server, ServerOptions

__all__ = ["smtp_server", "smtp_server_options"]


@pytest.fixture
def smtp_server_options() -> ServerOptions:
    """The arguments of the server.  Define a fixture of this name to change them."""
    return {}


@pytest.fixture
def smtp_server(smtp_server_options: ServerOptions) -> Iterator[Server]:
    """A server for one test, which accepts every message."""
    with Server(**smtp_server_options) as server:
        yield server

"""Logins in the clear to a scripted server, as most tests of them have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from support.drive import Option
from support.drive.connection import Connection
from support.drive.credentials import Tokens
from support.drive.outcomes import Failure
from support.logins.sasl import plain
from support.servers.script import Step, greets, script
from support.servers.scripted import Peer

if TYPE_CHECKING:
    from conftest import Opener

USER, PASSWORD = "alice", "open sesame"
PLAIN = plain(USER, PASSWORD)
#: The response of PLAIN alone.
RESPONSE = PLAIN.rsplit(b" ", 1)[1]
WELCOME = b"235 2.7.0 welcome"


def offered(connect: Opener, offer: bytes, *exchange: Step, **options: Option) -> Connection:
    """An open connection to a server that makes this offer and has this exchange."""
    return connect.opened(script(greets(offer), *exchange, Peer.quit), **options)


def logs_in(
    connection: Connection,
    user: str | None = USER,
    password: str | None = PASSWORD,
    **tokens: Unpack[Tokens],
) -> None:
    """A login that the server accepts, and QUIT."""
    connection.start_login(user, password, **tokens).succeeds()
    assert connection.info()["authenticated"] == 1
    connection.start_quit().succeeds()


def is_refused(
    connection: Connection,
    user: str | None = USER,
    password: str | None = PASSWORD,
    **tokens: Unpack[Tokens],
) -> Failure:
    """A login that fails, after which the connection is as good as before, and QUIT."""
    failure = connection.start_login(user, password, **tokens).fails("EAUTH")
    assert failure.phase == "auth"
    assert PASSWORD not in failure.message
    assert connection.info()["authenticated"] == 0
    assert connection.info()["open"] == 1
    connection.start_quit().succeeds()
    assert connection.error is None
    return failure

"""Logins with access tokens to a scripted server, as most tests of them have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from support.drive.connection import Connection
from support.drive.credentials import Refreshing, TokenCallback, Tokens
from support.drive.outcomes import Failure
from support.logins.logins import USER
from support.logins.sasl import b64, xoauth2
from support.servers.endpoint import TokenEndpoint
from support.servers.script import script
from support.servers.scripted import Dialogue, Peer

if TYPE_CHECKING:
    from conftest import Opener

LONG_AGO = 1
#: What a server says about a token that it does not take.
EXPLANATION = '{"status":"401","schemes":"Bearer","scope":"https://mail.example/"}'


def explain(peer: Peer, explanation: str = EXPLANATION) -> None:
    """Refuses as Google does: first in JSON, then with a code."""
    peer.reply(b"334 " + b64(explanation))
    peer.answer(b"", b"535 5.7.8 not accepted")


def taking(*steps: tuple[str, str], then: Dialogue = Peer.quit) -> Dialogue:
    """A server that is given these tokens; each is "welcome", "explained" or gets this reply.
    Who has a token and no password chooses XOAUTH2."""

    def dialogue(peer: Peer) -> None:
        peer.greet(b"AUTH PLAIN XOAUTH2")
        for token, verdict in steps:
            peer.expect(xoauth2(USER, token))
            if verdict == "explained":
                explain(peer)
            else:
                peer.reply(b"235 2.7.0 welcome" if verdict == "welcome" else verdict.encode())
        then(peer)

    return dialogue


def accepting(*tokens: str) -> Dialogue:
    """A server that takes the last of these tokens, and is given all of them."""
    refused = [(token, "535 5.7.8 expired") for token in tokens[:-1]]
    return taking(*refused, (tokens[-1], "welcome"))


#: No token comes, and mail goes out without a login.
sees_no_token = taking(then=script(Peer.delivery, Peer.quit))


def refreshing(endpoint: TokenEndpoint | str) -> Refreshing:
    """Everything that a new token is got with from an endpoint."""
    url = endpoint if isinstance(endpoint, str) else endpoint.url
    return {"refresh_token": "refresh", "client": ("id", "secret"), "access_url": url}


def providing(connect: Opener, *tokens: str | tuple[str, int]) -> TokenCallback:
    """A callback that provides these tokens, one for each time that it is asked."""
    asked = TokenCallback(connect.drive)
    for token in tokens:
        asked.when_asked(asked.providing(*([token] if isinstance(token, str) else token)))
    return asked


def logs_in(
    connection: Connection, ask: TokenCallback | None = None, **tokens: Unpack[Tokens]
) -> None:
    """A login that the server accepts, and QUIT."""
    connection.start_login(USER, ask=ask, **tokens).succeeds()
    assert connection.info()["authenticated"] == 1
    connection.start_quit().succeeds()


def is_refused(
    connection: Connection,
    name: str = "EAUTH",
    ask: TokenCallback | None = None,
    *,
    sends: bool = False,
    **tokens: Unpack[Tokens],
) -> Failure:
    """A login that fails, after which the connection is as good as before, and QUIT."""
    failure = connection.start_login(USER, ask=ask, **tokens).fails(name)
    assert failure.command == "AUTH XOAUTH2"
    assert failure.phase == "auth"
    assert connection.info()["authenticated"] == 0
    if name == "EOAUTH2":
        # The server has said nothing.
        assert failure.response is None
    if sends:
        connection.start_send().succeeds()
    connection.start_quit().succeeds()
    assert connection.error is None
    return failure

"""The Python package and a real Dovecot: logins with OAuth 2.0 access tokens
(XOAUTH2 and OAUTHBEARER), from wherever they come."""

from __future__ import annotations

import functools
import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import smtpconn

from support.messages.content import HELLO
from support.realservers.dovecot import Dovecot
from support.realservers.mailboxes import ALICE, BOB, PASSWORD
from support.realservers.tokens import LIFETIME, Endpoint, Signer, decode
from support.servers.certificates import Certificates

Connect = Callable[..., smtpconn.Connection]


@pytest.fixture(params=["XOAUTH2", "OAUTHBEARER"])
def mechanism(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def connect(dovecot: Dovecot, certificates: Certificates, mechanism: str) -> Connect:
    """Makes connections to the submission service, under STARTTLS, for logins with the mechanism
    or a password."""
    return functools.partial(
        smtpconn.Connection,
        **dovecot.address("submission"),
        tls_ca_file=certificates.ca_file,
        require_tls=True,
        auth_method=[mechanism, "PLAIN"],
    )


class Source:
    """A token function that gives these, one after the other."""

    def __init__(self, *tokens: str) -> None:
        self._tokens = list(tokens)
        self.asked: list[bool] = []

    def __call__(self, renew: bool) -> str:
        self.asked.append(renew)
        return self._tokens.pop(0)


class Keeper:
    """Remembers the tokens that an endpoint gave."""

    def __init__(self) -> None:
        self.tokens: list[str] = []
        self.lifetimes: list[float] = []

    def __call__(self, connection: smtpconn.Connection, token: str, expires: int | None) -> None:
        self.tokens.append(token)
        self.lifetimes.append((expires or 0) - time.time())


def refused(
    error: smtpconn.SMTPConnError, mechanism: str, *secrets: str, has_reason: bool = True
) -> None:
    """By Dovecot, which says why in JSON first, or not at all."""
    assert error.response == "535 5.7.8 Authentication failed."
    assert error.response_code == 535
    assert error.command == f"AUTH {mechanism}"
    assert ("(status " in error.message) == has_reason, error.message
    assert error.retry is smtpconn.Retry.NO
    for secret in secrets:
        assert secret not in str(error)


# --- a token -----------------------------------------------------------------


@pytest.mark.parametrize("method", [None, str.upper, str.lower])
def test_access_token(
    dovecot: Dovecot,
    connect: Connect,
    signer: Signer,
    mechanism: str,
    method: Callable[[str], str] | None,
) -> None:
    """By itself the library chooses the one that names the server, too."""
    since = len(dovecot.log())
    with connect(auth_method=method and method(mechanism)) as connection:
        assert mechanism in connection.capabilities["AUTH"]
        connection.login(ALICE, access_token=signer.token(ALICE))
        assert connection.is_authenticated
        dovecot.wait_login(since, mechanism if method else "OAUTHBEARER")
        assert connection.send(ALICE, [BOB], HELLO).accepted == [BOB]


def test_which_goes_first(
    dovecot: Dovecot, connect: Connect, signer: Signer, mechanism: str
) -> None:
    """What shows no secret, then the token."""
    without = "-SCRAM-SHA-256 -SCRAM-SHA-1"
    for methods, used in (
        (None, "SCRAM-SHA-256"),
        (without, "OAUTHBEARER"),
        (["PLAIN", mechanism], "PLAIN"),
    ):
        since = len(dovecot.log())
        with connect(auth_method=methods) as connection:
            connection.login(ALICE, PASSWORD, access_token=signer.token(ALICE))
            dovecot.wait_login(since, used)


# What Dovecot makes of each, for its log.
EXPIRED, OF_ANOTHER = "Token has expired", "did not match"
TOKENS: dict[str, Callable[[Signer], str]] = {
    EXPIRED: lambda signer: signer.token(ALICE, lifetime=-60),
    OF_ANOTHER: lambda signer: signer.token(BOB),
    "Incorrect JWT signature": lambda _: Signer().token(ALICE),
    "Not a JWT token": lambda _: "ya29.x",
}


@pytest.mark.parametrize("reason", TOKENS)
def test_refused_token(
    dovecot: Dovecot, connect: Connect, signer: Signer, reason: str, mechanism: str
) -> None:
    """There is no way to renew it. The connection is as good as before."""
    token = TOKENS[reason](signer)
    since = len(dovecot.log())
    with connect() as connection:
        with pytest.raises(smtpconn.AuthError) as caught:
            connection.login(ALICE, access_token=token)
        # A good token, only not hers: 2.4 refuses it as it does a password.
        has_reason = reason != OF_ANOTHER or dovecot.version < (2, 4)
        refused(caught.value, mechanism, token, has_reason=has_reason)
        dovecot.wait_log(rf"auth(?:: Info: oauth2)?\({ALICE},.*{reason}", since)
        assert connection.is_open
        assert not connection.is_authenticated
        connection.login(ALICE, access_token=signer.token(ALICE))
        assert connection.is_authenticated


# --- from a function --------------------------------------------------------


def test_token_function(dovecot: Dovecot, connect: Connect, signer: Signer, mechanism: str) -> None:
    source = Source(signer.token(ALICE))
    since = len(dovecot.log())
    with connect() as connection:
        connection.login(ALICE, token=source)
        dovecot.wait_login(since, mechanism)
    assert source.asked == [False]


def test_token_function_is_asked_again(connect: Connect, signer: Signer) -> None:
    """After a refusal, once."""
    source = Source(signer.token(ALICE, lifetime=-60), signer.token(ALICE))
    with connect() as connection:
        connection.login(ALICE, token=source)
        assert connection.is_authenticated
    assert source.asked == [False, True]


def test_token_function_is_not_asked_for_ever(
    connect: Connect, signer: Signer, mechanism: str
) -> None:
    expired = [signer.token(ALICE, lifetime=-seconds) for seconds in (60, 120, 180)]
    source = Source(*expired)
    with connect() as connection:
        with pytest.raises(smtpconn.AuthError) as caught:
            connection.login(ALICE, token=source)
        refused(caught.value, mechanism, *expired)
        assert source.asked == [False, True]
        connection.login(ALICE, PASSWORD)


def test_given_token_is_tried_first(connect: Connect, signer: Signer) -> None:
    source = Source(signer.token(ALICE))
    with connect() as connection:
        expired = signer.token(ALICE, lifetime=-60)
        connection.login(ALICE, access_token=expired, token=source)
        assert connection.is_authenticated
    assert source.asked == [True]


# --- from an endpoint -------------------------------------------------------

REFRESH: dict[str, Any] = {
    "refresh_token": "1//keep me",
    "client_id": "a client",
    "client_secret": "s&cret=?",
}


def asked(endpoint: Endpoint) -> None:
    """Once, and as RFC 6749 section 6 has it."""
    assert endpoint.requests == [{"grant_type": "refresh_token", **REFRESH}]


def test_refresh_token(connect: Connect, signer: Signer) -> None:
    fresh, keeper = signer.token(ALICE), Keeper()
    with Endpoint(fresh) as endpoint, connect(on_token=keeper) as connection:
        connection.login(ALICE, **REFRESH, access_url=endpoint.url)
        assert connection.is_authenticated
        asked(endpoint)
    assert keeper.tokens == [fresh]
    assert LIFETIME - 60 < keeper.lifetimes[0] <= LIFETIME


def test_renewed_after_a_refusal(connect: Connect, signer: Signer) -> None:
    expired, fresh, keeper = signer.token(ALICE, lifetime=-60), signer.token(ALICE), Keeper()
    with Endpoint(fresh) as endpoint, connect(on_token=keeper) as connection:
        connection.login(ALICE, access_token=expired, **REFRESH, access_url=endpoint.url)
        assert connection.is_authenticated
        asked(endpoint)
    assert keeper.tokens == [fresh]


def test_renewed_before_it_is_refused(
    dovecot: Dovecot, connect: Connect, signer: Signer, mechanism: str
) -> None:
    """Dovecot does not see a token of which is known that it has expired."""
    since = len(dovecot.log())
    expired = signer.token(ALICE, lifetime=-60)
    with Endpoint(signer.token(ALICE)) as endpoint, connect() as connection:
        connection.login(
            ALICE,
            access_token=expired,
            expires=time.time() - 60,
            **REFRESH,
            access_url=endpoint.url,
        )
        asked(endpoint)
        dovecot.wait_login(since, mechanism)
    assert EXPIRED not in dovecot.log()[since:]


@pytest.mark.parametrize("given", [True, False])
def test_renewed_only_once(connect: Connect, signer: Signer, given: bool, mechanism: str) -> None:
    """Whether the token that is refused was given or had to be asked for."""
    first, *others = (signer.token(ALICE, lifetime=-seconds) for seconds in (60, 120, 180))
    answers = others if given else [first, *others]
    with Endpoint(*answers) as endpoint, connect() as connection:
        with pytest.raises(smtpconn.AuthError) as caught:
            connection.login(
                ALICE,
                access_token=first if given else None,
                **REFRESH,
                access_url=endpoint.url,
            )
        refused(caught.value, mechanism, first, *others, *REFRESH.values())
        assert len(endpoint.requests) == (1 if given else 2)
        connection.login(ALICE, PASSWORD)
        assert connection.is_authenticated


def test_endpoint_that_refuses(connect: Connect) -> None:
    with Endpoint() as endpoint, connect() as connection:
        with pytest.raises(smtpconn.OAuth2Error, match="invalid_grant") as caught:
            connection.login(ALICE, **REFRESH, access_url=endpoint.url)
        asked(endpoint)
        assert caught.value.response is None
        assert connection.is_open
        connection.login(ALICE, PASSWORD)
        assert connection.is_authenticated


def test_service_account(connect: Connect, signer: Signer, tmp_path: Path) -> None:
    """The endpoint is shown an assertion (RFC 7523) that only the key can make."""
    openssl = functools.partial(
        subprocess.run, cwd=tmp_path, check=True, capture_output=True, text=True
    )
    openssl(["openssl", "genrsa", "-out", "key.pem", "2048"])
    openssl(["openssl", "rsa", "-in", "key.pem", "-pubout", "-out", "public.pem"])
    key = (tmp_path / "key.pem").read_text()
    with Endpoint(signer.token(ALICE)) as endpoint, connect() as connection:
        connection.login(
            ALICE, service_client="robot@example.com", private_key=key, access_url=endpoint.url
        )
        assert connection.is_authenticated
        (request,) = endpoint.requests
    assert request.keys() == {"grant_type", "assertion"}
    assert request["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    header, claims, signature = request["assertion"].split(".")
    assert json.loads(decode(header))["alg"] == "RS256"
    told = json.loads(decode(claims))
    assert (told["iss"], told["sub"], told["aud"]) == ("robot@example.com", ALICE, endpoint.url)
    (tmp_path / "signature").write_bytes(decode(signature))
    (tmp_path / "signed").write_text(f"{header}.{claims}")
    verify = ["openssl", "dgst", "-sha256", "-verify", "public.pem", "-signature", "signature"]
    assert openssl([*verify, "signed"]).stdout == "Verified OK\n"

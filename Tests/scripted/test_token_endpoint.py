"""Token endpoints that do not behave: the login fails, and nothing else does.

Tests/SMTPProtocolTests has each single response; here it is that
the connection waits for no endpoint without end, and goes on without it.
"""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Opener
from support.drive import Option
from support.drive.credentials import Tokens
from support.drive.outcomes import RETRY_NO, RETRY_SAFE, Failure
from support.logins.logins import USER
from support.logins.tokenlogins import accepting, is_refused, logs_in, refreshing, sees_no_token
from support.servers.certificates import Certificates, Identity, openssl
from support.servers.endpoint import (
    Answer,
    Request,
    TokenEndpoint,
    answer,
    granted,
    read_request,
    refused,
    repeats_the_request,
)
from support.servers.script import greets, script, sends
from support.servers.scripted import Dialogue, Peer
from support.slowness import LIMIT
from support.system import in_mount_namespace, in_network_namespace


def fails(connect: Opener, url: str, **options: Option) -> Failure:
    """A login whose token cannot be had; mail goes out without one."""
    connection = connect.opened(sees_no_token, **options)
    failure = is_refused(connection, "EOAUTH2", sends=True, **refreshing(url))
    assert connection.tokens == []
    return failure


# --- answers that are answers --------------------------------------------------------


def in_chunks(peer: Peer, _: Request) -> None:
    body = granted("fresh")
    peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for octet in body:
        peer.send(b"1\r\n" + bytes([octet]) + b"\r\n")
    peer.send(b"0\r\n\r\n")


def until_close(peer: Peer, _: Request) -> None:
    peer.send(b"HTTP/1.1 200 OK\r\n\r\n" + granted("fresh"))
    peer.half_close()


def after_a_hint(peer: Peer, _: Request) -> None:
    peer.send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
    answer(peer, granted("fresh"))


def octet_by_octet(peer: Peer, _: Request) -> None:
    body = granted("fresh")
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
    peer.send(*(bytes([octet]) for octet in head + body))


@pytest.mark.parametrize("given", [in_chunks, until_close, after_a_hint, octet_by_octet])
@pytest.mark.parametrize("secure", [False, True])
def test_ways_to_answer(
    connect: Opener, certificates: Certificates, given: Answer, secure: bool
) -> None:
    identity = certificates.name_only if secure else None
    endpoint = connect.joins(TokenEndpoint(given, identity=identity, host="localhost"))
    connection = connect.opened(accepting("fresh"))
    logs_in(connection, **refreshing(endpoint))
    ((token, _),) = connection.tokens
    assert token == "fresh"
    (request,) = endpoint.requests
    assert request.target == "/token"
    assert request.headers["host"] == f"localhost:{endpoint.port}"


# --- answers that are refusals -------------------------------------------------------


def status(code: bytes, body: bytes = b"", *headers: bytes) -> Answer:
    return lambda peer, _: answer(peer, body, code, *headers)


@pytest.mark.parametrize(
    ("given", "told", "retry"),
    [
        (
            status(b"400 Bad Request", refused("invalid_grant", "Token has\r\nbeen revoked.")),
            "refused: invalid_grant: Token has??been revoked.",
            RETRY_NO,
        ),
        (status(b"401 Unauthorized", refused("invalid_client")), "invalid_client", RETRY_NO),
        (status(b"200 OK", b"{not JSON"), "answered 200 without JSON", RETRY_NO),
        (status(b"200 OK", b'"a string"'), "answered 200 without JSON", RETRY_NO),
        (status(b"200 OK", granted("a\r\nQUIT")), "without an access token", RETRY_NO),
        (status(b"404 Not Found", b"<html>"), "answered 404 without JSON", RETRY_NO),
        (status(b"503 Busy", b"later"), "answered 503 without JSON", RETRY_SAFE),
        (status(b"429 Slow down", refused("slow_down")), "slow_down", RETRY_SAFE),
    ],
)
def test_refusals(connect: Opener, given: Answer, told: str, retry: int) -> None:
    endpoint = connect.joins(TokenEndpoint(given))
    failure = fails(connect, endpoint.url)
    assert told in failure.message
    assert failure.retry == retry


@pytest.mark.parametrize("code", [b"301 Moved", b"302 Found", b"307 Temporary", b"308 Permanent"])
def test_redirect(connect: Opener, code: bytes) -> None:
    """A request is for its endpoint alone: there is no connection elsewhere."""
    elsewhere = connect.server()
    location = b"Location: http://127.0.0.1:%d/token" % elsewhere.port
    endpoint = connect.joins(TokenEndpoint(status(code, b"", location)))
    failure = fails(connect, endpoint.url)
    assert f"answered {code[:3].decode()}" in failure.message


@pytest.mark.parametrize(
    ("refresh_token", "secret", "repeat"),
    [
        ("1//0g-very/secret", "id", repeats_the_request),
        ("1//0g-very/secret", "id", status(b"400", refused("x", "token 1%2f%2F0g-very%2fsecret"))),
        ("1//0g-very/secret", "id", status(b"400", refused("x", "token 1//0g-very/secret is"))),
        ("1//0g-very/secret", "id", status(b"400", refused("1//0g-very/secret"))),
        ("r", "s%c!", repeats_the_request),
        ("r", "s%c!", status(b"400", refused("x", "100% of s%c! is wrong: %2"))),
    ],
)
def test_secrets_repeated(connect: Opener, refresh_token: str, secret: str, repeat: Answer) -> None:
    """As they are, or as a form has them, in whichever case of digits."""
    endpoint = connect.joins(TokenEndpoint(repeat))
    means = Tokens(refresh_token=refresh_token, client=("id", secret), access_url=endpoint.url)
    failure = is_refused(connect.opened(sees_no_token), "EOAUTH2", sends=True, **means)
    assert "****" in failure.message
    assert "0g-very" not in failure.message
    assert "c!" not in failure.message
    assert "c%21" not in failure.message


def test_short_values_are_not_hidden(connect: Opener) -> None:
    """A short word that occurs in a refusal by chance is no secret."""
    given = status(b"400", refused("invalid_client", "id is not known"))
    endpoint = connect.joins(TokenEndpoint(given))
    means = Tokens(refresh_token="known", client=("id", "not"), access_url=endpoint.url)
    failure = is_refused(connect.opened(sees_no_token), "EOAUTH2", sends=True, **means)
    assert "id is not known" in failure.message


# --- no answers ----------------------------------------------------------------------


def closing_after(octets: bytes) -> Dialogue:
    return script(read_request, sends(octets))


def endless(octets: bytes, beginning: bytes = b"HTTP/1.1 200 OK\r\n") -> Dialogue:
    """Says the same until the client leaves."""

    def dialogue(peer: Peer) -> None:
        read_request(peer)
        peer.send(beginning)
        # A client that never leaves has its operation_timeout, and fails the test.
        with contextlib.suppress(OSError):
            while True:
                peer.send(octets)

    return dialogue


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "dialogue",
    [
        Peer.close,
        closing_after(b""),
        closing_after(b"HTTP/1.1 200 OK\r\nContent-Le"),
        closing_after(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"),
        closing_after(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"),
        closing_after(b"220 mail.example ESMTP\r\n"),
        closing_after(b"HTTP/2 200\r\n\r\n{}"),
        closing_after(b"\x16\x03\x01"),
        endless(b"X-Filler: " + b"x" * 1000 + b"\r\n"),
        endless(b"X: y\r\n"),
        endless(b"x" * 1000),
        endless(b"\r\n" + b"x" * 1000),
        endless(b"x" * 1000, beginning=b""),
        endless(b"HTTP/1.1 100 Continue\r\n\r\n", beginning=b""),
        endless(b"3e8\r\n" + b"x" * 1000 + b"\r\n", CHUNKED),
        endless(b"X: y\r\n", CHUNKED + b"0\r\n"),
    ],
)
def test_not_as_it_should(connect: Opener, dialogue: Dialogue) -> None:
    endpoint = connect.server(dialogue)
    failure = fails(connect, f"http://127.0.0.1:{endpoint.port}/token")
    assert f"127.0.0.1:{endpoint.port}" in failure.message


def test_no_listener(connect: Opener) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    failure = fails(connect, f"http://127.0.0.1:{port}/token")
    assert failure.errno
    assert failure.address == f"127.0.0.1:{port}"


def mute(peer: Peer) -> None:
    read_request(peer)
    peer.until_closed()


@pytest.mark.parametrize("drips", [False, True])
def test_operation_timeout(connect: Opener, drips: bool) -> None:
    """The login's own limit is over the endpoint's; a little that comes now and then does not
    prolong it."""
    endpoint = connect.server(mute)
    forsaken = script(greets(b"AUTH XOAUTH2"), Peer.until_closed)
    connection = connect.opened(forsaken, operation_timeout=LIMIT)
    login = connection.start_login(USER, **refreshing(f"http://127.0.0.1:{endpoint.port}/token"))
    endpoint.wait_for(b"refresh_token")
    if drips:
        endpoint.peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n")
    for _ in range(4):
        assert not login.ended
        if drips:
            endpoint.peer.send(b" ")
        connect.drive.advance(LIMIT // 4)
    failure = login.fails("ETIMEDOUT")
    assert "operation_timeout" in failure.message
    assert failure.phase == "auth"
    connection.wait_end()


@pytest.mark.parametrize("way", ["close", "free"])
@pytest.mark.parametrize("handshake", [False, True])
def test_ended_while_the_endpoint_is_asked(connect: Opener, way: str, handshake: bool) -> None:
    """Nothing of the request is left; the fixtures count descriptors."""

    def waits(peer: Peer) -> None:
        if handshake:
            peer.handshake_began()
        else:
            read_request(peer)
        peer.until_closed()

    endpoint = connect.server(waits)
    connection = connect.opened(script(greets(b"AUTH XOAUTH2"), Peer.until_closed))
    scheme = "https" if handshake else "http"
    login = connection.start_login(
        USER, **refreshing(f"{scheme}://127.0.0.1:{endpoint.port}/token")
    )
    endpoint.wait_for(b"\x16" if handshake else b"refresh_token")
    if way == "close":
        connection.close()
    else:
        connection.free()
    login.fails("ECANCELLED")


# --- TLS -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        # Verified, with its name, whatever holds for the mail server.
        *[
            (kind, {"tls_reject_unauthorized": verifies})
            for kind in ("wrong_host", "expired", "self_signed", "name_only")
            for verifies in (0, 1)
        ],
        # Who is trusted is the same for both.
        ("good", {"tls_ca_file": None}),
    ],
)
def test_certificates(
    connect: Opener, certificates: Certificates, kind: str, options: dict[str, Option]
) -> None:
    identity: Identity = getattr(certificates, kind)
    if "tls_ca_file" in options:
        options = {"tls_ca_file": certificates.other_ca.certificate}
    endpoint = connect.server(lambda peer: peer.refused_tls(identity))
    url = f"https://127.0.0.1:{endpoint.port}/token"
    assert fails(connect, url, **options).tls_reason


def test_no_tls_where_there_should_be(connect: Opener) -> None:
    dialogue = script(Peer.handshake_began, sends(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    endpoint = connect.server(dialogue)
    failure = fails(connect, f"https://127.0.0.1:{endpoint.port}/token")
    assert failure.tls_reason


# --- service accounts --------------------------------------------------------------------


def no_key(folder: Path) -> None:
    (folder / "key").write_text("none")


def elliptic(folder: Path) -> None:
    openssl(folder, "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "key")


def encrypted(folder: Path) -> None:
    openssl(folder, "genrsa", "-aes128", "-passout", "pass:sesame", "-out", "key", "2048")


@pytest.mark.parametrize("make", [no_key, elliptic, encrypted])
def test_keys_of_no_use(connect: Opener, tmp_path: Path, make: Callable[[Path], None]) -> None:
    """RSA without a password (RFC 7518 section 3.3), or the endpoint is not asked."""
    make(tmp_path)
    key = (tmp_path / "key").read_text()
    endpoint = connect.joins(TokenEndpoint())
    means = Tokens(service_account=("robot", key), access_url=endpoint.url)
    failure = is_refused(connect.opened(sees_no_token), "EOAUTH2", sends=True, **means)
    assert "private_key" in failure.message


# --- where it is -------------------------------------------------------------------


def ask_where_localhost_is(address: str, tmp_path: Path) -> dict[str, str | int | None]:
    """Asks http://localhost in a world where that is `address`."""
    hosts = tmp_path / "hosts"
    hosts.write_text(f"{address} localhost\n")
    child = Path(__file__).with_name("elsewhere.py")
    world = [*in_mount_namespace({hosts: Path("/etc/hosts")}), *in_network_namespace(address)]
    done = subprocess.run(
        [*world, sys.executable, str(child), address],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, str | int | None] = json.loads(done.stdout)
    return answer


def test_localhost_is_elsewhere(tmp_path: Path) -> None:
    """A name proves nothing: no secret leaves this machine in the clear."""
    answer = ask_where_localhost_is("192.0.2.1", tmp_path)
    assert answer["error"] == "EOAUTH2"
    assert "use https" in str(answer["message"])
    assert answer["connections"] == 0


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9"])
def test_localhost_is_here(address: str, tmp_path: Path) -> None:
    answer = ask_where_localhost_is(address, tmp_path)
    assert answer["error"] is None, answer["message"]
    assert answer["connections"] == 1

"""MTA-STS: what the policy of a domain says about a server (RFC 8461)."""

from __future__ import annotations

import pytest

from conftest import Opener
from support.drive import Option
from support.servers.certificates import Certificates
from support.servers.script import script
from support.servers.scripted import Peer
from support.servers.tls import agreed, quits, refused

pytestmark = pytest.mark.slow_under_valgrind


def policy(*servers: str, mode: str = "enforce") -> str:
    names = "".join(f"mx: {server}\n" for server in servers)
    return f"version: STSv1\nmode: {mode}\n{names}max_age: 86400\n"


def to(host: str, *servers: str, mode: str = "enforce") -> dict[str, Option]:
    return {"host": host, "tls_mta_sts": policy(*servers, mode=mode)}


def test_server_of_the_policy(connect: Opener, certificates: Certificates) -> None:
    """The certificate is compared as ever: with the name that the policy has."""
    good = certificates.good
    info = agreed(connect, good, **to("localhost", "mx.example", "LOCALHOST"))
    assert info["tls_peer_name"] == "localhost"
    other = certificates.wrong_host
    assert refused(connect, other, **to("localhost", "localhost")).kind == "TLS_NAME"
    by_address = to("127.0.0.1", "*.example")
    agreed(connect, other, **by_address, tls_servername="other.example")


@pytest.mark.parametrize("servers", [("mx.example",), ("*.localhost",), ("mx.example", "*.local")])
def test_server_that_is_not_in_it(connect: Opener, servers: tuple[str, ...]) -> None:
    failure = connect.drive.refused_connection(**to("localhost", *servers))
    assert failure.message == 'host must be a server that tls_mta_sts allows, not "localhost"'


def test_server_without_tls(connect: Opener) -> None:
    """The mail must not go there (RFC 8461 section 5); in mode testing it does."""
    plain = script(Peer.greet, Peer.quit)
    enforced = connect(script(Peer.greet, Peer.until_closed), **to("localhost", "localhost"))
    assert enforced.start_connect().fails("ETLS").kind == "TLS_NOT_OFFERED"
    enforced.wait_end()
    for mode in ("testing", "none"):
        connection = connect.opened(plain, **to("localhost", "mx.example", mode=mode))
        connection.start_quit().succeeds()


def test_mode_that_is_not_enforced_with_tls(connect: Opener, certificates: Certificates) -> None:
    connection = connect.opened(
        quits,
        certificates.wrong_host,
        secure=1,
        tls_reject_unauthorized=0,
        **to("localhost", "mx.example", mode="testing"),
    )
    connection.start_quit().succeeds()

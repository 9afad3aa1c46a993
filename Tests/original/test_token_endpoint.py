"""Cases 104 and 105: the certificate of a token endpoint.

Refresh tokens and client secrets go there, so it is always verified. To trust an
endpoint with a certificate of one's own, name its authority.
"""

from __future__ import annotations

from conftest import Opener
from support.certificates import Certificates
from support.endpoint import TokenEndpoint, granted
from support.sasl import xoauth2
from support.script import greets, script
from support.scripted import Peer

USER = "alice"


def self_signed(connect: Opener, certificates: Certificates, verifies: int) -> None:
    """There is no token from an endpoint with an untrusted certificate."""

    def endpoint(peer: Peer) -> None:
        peer.refused_tls(certificates.self_signed)

    tokens = connect.server(endpoint)
    dialogue = script(greets(b"AUTH XOAUTH2"), Peer.quit)
    connection = connect.opened(dialogue, tls_reject_unauthorized=verifies)
    failure = connection.start_login(
        USER, refresh_token="refresh", access_url=f"https://127.0.0.1:{tokens.port}/token"
    ).fails("EOAUTH2")
    assert failure.tls_reason
    assert failure.address == f"127.0.0.1:{tokens.port}"
    assert connection.tokens == []
    connection.start_quit().succeeds()


def test_case_104_self_signed(connect: Opener, certificates: Certificates) -> None:
    self_signed(connect, certificates, verifies=1)


def test_case_105_tls_reject_unauthorized(connect: Opener, certificates: Certificates) -> None:
    """That is for the mail server, and does not reach the endpoint; tls_ca_file does."""
    self_signed(connect, certificates, verifies=0)
    endpoint = connect.joins(TokenEndpoint(granted("fresh"), identity=certificates.good))
    dialogue = script(greets(b"AUTH XOAUTH2"), (xoauth2(USER, "fresh"), b"235 welcome"), Peer.quit)
    connection = connect.opened(dialogue, tls_ca_file=certificates.ca_file)
    connection.start_login(USER, refresh_token="refresh", access_url=endpoint.url).succeeds()
    connection.start_quit().succeeds()

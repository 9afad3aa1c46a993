"""Cases 104 and 105: the certificate of a token endpoint.

Refresh tokens and client secrets go there, so it is always verified. To trust an
endpoint with a certificate of one's own, name its authority.
"""

from __future__ import annotations

from conftest import Opener
from support.logins.tokenlogins import accepting, is_refused, logs_in, taking
from support.servers.certificates import Certificates
from support.servers.endpoint import TokenEndpoint, granted


def self_signed(connect: Opener, certificates: Certificates, verifies: int) -> None:
    """There is no token from an endpoint with an untrusted certificate."""
    tokens = connect.server(lambda peer: peer.refused_tls(certificates.self_signed))
    connection = connect.opened(taking(), tls_reject_unauthorized=verifies)
    url = f"https://127.0.0.1:{tokens.port}/token"
    failure = is_refused(connection, "EOAUTH2", refresh_token="refresh", access_url=url)
    assert failure.tls_reason
    assert failure.address == f"127.0.0.1:{tokens.port}"
    assert connection.tokens == []


def test_case_104_self_signed(connect: Opener, certificates: Certificates) -> None:
    self_signed(connect, certificates, verifies=1)


def test_case_105_tls_reject_unauthorized(connect: Opener, certificates: Certificates) -> None:
    """That is for the mail server, and does not reach the endpoint; tls_ca_file does."""
    self_signed(connect, certificates, verifies=0)
    endpoint = connect.joins(TokenEndpoint(granted("fresh"), identity=certificates.good))
    connection = connect.opened(accepting("fresh"), tls_ca_file=certificates.ca_file)
    logs_in(connection, refresh_token="refresh", access_url=endpoint.url)

"""Token endpoints through a proxy, and those that are reached directly."""

from __future__ import annotations

import pytest

from conftest import Opener
from support.logins.logins import USER
from support.logins.tokenlogins import accepting, logs_in, refreshing, sees_no_token
from support.servers.certificates import Certificates
from support.servers.endpoint import TokenEndpoint, granted
from support.servers.scripted import Peer
from support.servers.tunnelproxy import TunnelProxy
from support.servers.tunnels import http_request

SCHEMES = ["socks5", "socks5h", "http", "https"]


def url(scheme: str, proxy: TunnelProxy) -> str:
    host = "localhost" if scheme == "https" else "127.0.0.1"
    return f"{scheme}://{host}:{proxy.port}"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_token_through_the_proxy(connect: Opener, certificates: Certificates, scheme: str) -> None:
    """The endpoint's certificate is for its own name, inside the TLS of the proxy."""
    endpoint = connect.joins(TokenEndpoint(granted("fresh"), identity=certificates.address_only))
    server = connect.server(accepting("fresh"))
    identity = certificates.name_only if scheme == "https" else None
    with TunnelProxy(scheme, identity) as proxy:
        connection = connect.opened(server, proxy=url(scheme, proxy), allow_insecure_auth=1)
        logs_in(connection, **refreshing(endpoint))
        assert proxy.targets == [("127.0.0.1", server.port), ("127.0.0.1", endpoint.port)]


def test_token_without_the_proxy(connect: Opener, certificates: Certificates) -> None:
    endpoint = connect.joins(TokenEndpoint(granted("fresh"), identity=certificates.good))
    server = connect.server(accepting("fresh"))
    with TunnelProxy("http") as proxy:
        connection = connect.opened(
            server, proxy=url("http", proxy), allow_insecure_auth=1, proxy_token_endpoint=0
        )
        logs_in(connection, **refreshing(endpoint))
        assert proxy.targets == [("127.0.0.1", server.port)]


def test_endpoint_on_this_machine(connect: Opener) -> None:
    """With http it is reached directly, whatever the proxy."""
    endpoint = connect.joins(TokenEndpoint(granted("fresh")))
    server = connect.server(accepting("fresh"))
    with TunnelProxy("http") as proxy:
        connection = connect.opened(server, proxy=url("http", proxy), allow_insecure_auth=1)
        logs_in(connection, **refreshing(endpoint))
        assert proxy.targets == [("127.0.0.1", server.port)]


def test_proxy_that_refuses_the_endpoint(connect: Opener) -> None:
    def first(peer: Peer) -> None:
        http_request(peer)
        peer.reply(b"HTTP/1.1 200 OK", b"")
        sees_no_token(peer)

    def second(peer: Peer) -> None:
        (_, host, port), _ = http_request(peer)
        assert (host, port) == ("id.example", 443)
        peer.reply(b"HTTP/1.1 403 Forbidden", b"")
        peer.until_closed()

    server = connect.server(first, second)
    connection = connect.opened(
        server, proxy=f"http://127.0.0.1:{server.port}", allow_insecure_auth=1
    )
    login = connection.start_login(USER, **refreshing("https://id.example/token"))
    failure = login.fails("EOAUTH2")
    assert "the proxy did not connect to id.example:443: it answered 403" in failure.message
    assert failure.response == "HTTP/1.1 403 Forbidden"
    connection.start_send().succeeds()
    connection.start_quit().succeeds()

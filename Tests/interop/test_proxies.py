"""Through real proxies to a real Postfix."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.messages.content import HELLO, stored
from support.realservers.client import Client, send
from support.realservers.postfix import Postfix
from support.realservers.proxies import MicroSocks, RealProxy, TinyProxy
from support.servers.certificates import Certificates

pytestmark = pytest.mark.parametrize("server", ["postfix"], indirect=True)


@pytest.fixture(scope="module", params=[MicroSocks, TinyProxy])
def proxy(request: pytest.FixtureRequest, certificates: Certificates) -> Iterator[RealProxy]:
    with request.param(certificates.good) as made:
        yield made


@pytest.mark.parametrize("service", ["smtp", "submission", "smtps"])
def test_delivery(client: Client[Postfix], proxy: RealProxy, service: str) -> None:
    """STARTTLS, and TLS from the start, with the certificate of the server."""
    connect = client.logged_in if service == "smtps" else client.opened
    connection = connect(service, proxy=proxy.url(), host="localhost")
    info = connection.info()
    assert info["secure"] == 1
    assert info["tls_peer_name"] == "localhost"
    if service == "submission":
        connection.start_quit().succeeds()
        return
    assert client.delivered(send(connection)) == stored(HELLO)
    connection.start_quit().succeeds()


def test_names_that_are_resolved_here(client: Client[Postfix], certificates: Certificates) -> None:
    with MicroSocks(certificates.good) as proxy:
        url = proxy.url().replace("socks5h", "socks5")
        connection = client.opened("smtp", proxy=url, host="localhost")
        assert client.delivered(send(connection)) == stored(HELLO)
        connection.start_quit().succeeds()


@pytest.mark.parametrize("login", ["", "somebody:wrong@"])
def test_login_refused(client: Client[Postfix], proxy: RealProxy, login: str) -> None:
    failure = client("smtp", proxy=proxy.url(login)).start_connect().fails("EPROXY")
    assert "proxy_user and proxy_password" in failure.message
    assert failure.phase == "proxy"


def test_server_that_is_not_there(client: Client[Postfix], proxy: RealProxy) -> None:
    """Port 9 refuses."""
    failure = client("smtp", proxy=proxy.url(), port=9).start_connect().fails("EPROXY")
    assert "did not connect to 127.0.0.1:9" in failure.message
    assert failure.kind == "PROXY_UNREACHABLE"

"""The secrets of handshakes, for programs that look into TLS."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from ssl import SSLContext

import pytest

from conftest import Opener
from support.servers.certificates import Certificates, Identity
from support.servers.resuming import VERSIONS, Remembering, visit
from support.servers.script import script
from support.servers.scripted import Peer
from support.servers.tls import agreed, refused

LABELS = {
    "TLSv1.2": {"CLIENT_RANDOM"},
    "TLSv1.3": {
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        "SERVER_HANDSHAKE_TRAFFIC_SECRET",
        "CLIENT_TRAFFIC_SECRET_0",
        "SERVER_TRAFFIC_SECRET_0",
        "EXPORTER_SECRET",
    },
}


@dataclass(frozen=True)
class Logging(Remembering):
    """A server that writes down its own secrets."""

    log: Path | None = None

    def server_context(self) -> SSLContext:
        context = super().server_context()
        if context.keylog_filename is None:
            context.keylog_filename = str(self.log)
        return context

    def lines(self) -> list[str]:
        assert self.log is not None
        lines = self.log.read_text().splitlines()
        return [line for line in lines if not line.startswith("#")]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_same_as_of_the_server(
    connect: Opener, certificates: Certificates, tmp_path: Path, version: str
) -> None:
    """Both sides have the same secrets, which is what lets a third one read everything; and
    the connection is known by the random of its first message. A resumed handshake has new
    ones."""
    drive, good = connect.drive, certificates.good
    identity = Logging(good.certificate, good.key, version, log=tmp_path / "keys")
    randoms: list[str] = []

    def dialogue(peer: Peer) -> None:
        # Record, message and version are before it (RFC 8446 section 4.1.2).
        randoms.append(peer.hello()[11:43].hex())
        peer.start_tls(identity)
        peer.greet()
        peer.quit()

    server = connect.server(dialogue, dialogue)
    options = connect.options(server, secure=1, tls_key_log_callback="keys")
    infos = [visit(drive, options) for _ in range(2)]
    connect.join()
    assert [info["tls_resumed"] for info in infos] == [0, 1]
    assert sorted(drive.keys) == sorted(identity.lines())
    assert {line.split()[1] for line in drive.keys} == set(randoms)
    assert {line.split()[0] for line in drive.keys} == LABELS[version]


def test_nothing_without_being_asked(connect: Opener, certificates: Certificates) -> None:
    agreed(connect, certificates.good)
    assert connect.drive.keys == []


def test_handshake_that_fails(connect: Opener, certificates: Certificates) -> None:
    """What there is of one, to see why it failed."""
    refused(connect, certificates.wrong_host, host="localhost", tls_key_log_callback="keys")
    assert {line.split()[0] for line in connect.drive.keys} <= LABELS["TLSv1.3"]
    assert connect.drive.keys


@pytest.mark.parametrize("deed", ["free connection", "close"])
def test_connection_that_ends_there(connect: Opener, certificates: Certificates, deed: str) -> None:
    """In the callback everything may be called."""
    drive, good = connect.drive, certificates.good

    def dialogue(peer: Peer) -> None:
        peer.start_tls(good)
        peer.until_closed()

    connection = connect(dialogue, secure=1, tls_key_log_callback="keys")
    drive.on("keys", [*deed.split(), connection.name])
    connection.start_connect().fails("ECANCELLED")


@pytest.mark.parametrize("identity", ["good", "wrong_host"])
def test_token_endpoint(connect: Opener, certificates: Certificates, identity: str) -> None:
    """It is another server, and nobody asked for its secrets."""
    shown: Identity = getattr(certificates, identity)

    def endpoint(peer: Peer) -> None:
        if identity == "good":
            peer.start_tls(shown)
            peer.until_closed()
        else:
            peer.refused_tls(shown)

    server = connect.server(endpoint)
    login = script(lambda peer: peer.greet(b"AUTH XOAUTH2"), Peer.until_closed)
    connection = connect.opened(login, tls_key_log_callback="keys")
    url = f"https://localhost:{server.port}/token"
    started = connection.start_login("alice", refresh_token="x", access_url=url)
    if identity == "good":
        server.wait_for(b"POST /token")
        connection.close()
    started.fails("ECANCELLED" if identity == "good" else "EOAUTH2")
    connection.close()
    assert connect.drive.keys == []

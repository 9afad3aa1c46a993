"""TLS sessions that one connection leaves to the next."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from conftest import Opener
from support.drive.credentials import Mechanism
from support.drive.outcomes import LOG_TLS
from support.header import header_functions
from support.options import good_value
from support.servers.certificates import Certificates
from support.servers.endpoint import answer, granted, read_request
from support.servers.resuming import (
    FULL,
    REFUSED,
    RESUMED,
    VERSIONS,
    Forgetful,
    Remembering,
    Witness,
    offers_session,
    visit,
)
from support.servers.script import script
from support.servers.scripted import Peer, ScriptedServer

# --- resuming ---------------------------------------------------------------


@pytest.mark.parametrize("starttls", [False, True])
@pytest.mark.parametrize("version", VERSIONS)
def test_each_resumes_the_one_before(
    connect: Opener, certificates: Certificates, version: str, starttls: bool
) -> None:
    """What can be asked of a connection is the same, but for this."""
    identity = Remembering.like(certificates.good, version)
    server = connect.joins(Witness(identity, 4, starttls=starttls))
    options = connect.options(server, host="localhost", secure=int(not starttls))
    infos = [visit(connect.drive, options) for _ in range(4)]
    connect.join()
    assert server.seen == [FULL, RESUMED, RESUMED, RESUMED]
    assert [info["tls_resumed"] for info in infos] == [0, 1, 1, 1]
    assert {info["tls_version"] for info in infos} == {version}
    assert {info["tls_peer_name"] for info in infos} == {"localhost"}
    assert {info["secure"] for info in infos} == {1}
    said = [line for line in connect.drive.transcript(LOG_TLS) if version in line]
    assert [line.endswith(", resumed") for line in said] == [False, True, True, True]


def test_by_address(connect: Opener, certificates: Certificates) -> None:
    server = connect.joins(Witness(Remembering.like(certificates.address_only)))
    options = connect.options(server, secure=1)
    assert [visit(connect.drive, options)["tls_peer_name"] for _ in range(2)] == [None, None]
    connect.join()
    assert server.seen == [FULL, RESUMED]


@pytest.mark.parametrize("version", VERSIONS)
def test_without_verification(connect: Opener, certificates: Certificates, version: str) -> None:
    """There as well, and nothing becomes verified by it."""
    server = connect.joins(Witness(Remembering.like(certificates.self_signed, version)))
    options = connect.options(server, host="localhost", secure=1, tls_reject_unauthorized=0)
    infos = [visit(connect.drive, options) for _ in range(2)]
    connect.join()
    assert server.seen == [FULL, RESUMED]
    assert [info["tls_peer_name"] for info in infos] == [None, None]


def test_required_tls(connect: Opener, certificates: Certificates) -> None:
    """REQUIRETLS needs a certificate that was verified, as that of the session was."""

    def take(peer: Peer) -> None:
        for command, reply in (
            (b"MAIL FROM:<a@example.com> REQUIRETLS", b"250 ok"),
            (b"RCPT TO:<b@example.com>", b"250 ok"),
            (b"DATA", b"354 go on"),
        ):
            peer.answer(command, reply)
        peer.content()
        peer.reply(b"250 ok")
        peer.quit()

    drive = connect.drive
    server = connect.joins(
        Witness(Remembering.like(certificates.good), 2, b"REQUIRETLS", then=take)
    )
    options = connect.options(server, secure=1)
    for _ in range(2):
        connection = drive.connection_from(options)
        connection.start_connect().succeeds()
        envelope = drive.envelope("a@example.com", ["b@example.com"])
        assert drive.describe(envelope, "require_tls", 1) is None
        connection.delivers(envelope=envelope)
    connect.join()
    assert server.seen == [FULL, RESUMED]


@pytest.mark.parametrize("version", VERSIONS)
def test_no_two_share_a_session(connect: Opener, certificates: Certificates, version: str) -> None:
    """There is one, and two connections at once: RFC 8446 appendix C.4."""
    drive = connect.drive
    identity = Remembering.like(certificates.good, version, tickets=1)
    server = connect.joins(Witness(identity, 3, together=2))
    options = connect.options(server, secure=1)
    visit(drive, options)
    connections = [drive.connection_from(options) for _ in range(2)]
    for opening in [connection.start_connect() for connection in connections]:
        opening.succeeds()
    assert sorted(each.info()["tls_resumed"] for each in connections) == [0, 1]
    for leaving in [connection.start_quit() for connection in connections]:
        leaving.succeeds()
    connect.join()
    assert server.seen[0] == FULL
    assert sorted(server.seen[1:]) == [FULL, RESUMED]


@pytest.mark.parametrize("version", VERSIONS)
def test_refused_by_the_server(connect: Opener, certificates: Certificates, version: str) -> None:
    """That is a full handshake."""
    server = connect.joins(Witness(Forgetful.like(certificates.good, version)))
    options = connect.options(server, host="localhost", secure=1)
    infos = [visit(connect.drive, options) for _ in range(2)]
    connect.join()
    assert server.seen == [FULL, REFUSED]
    assert [info["tls_resumed"] for info in infos] == [0, 0]
    assert infos[1]["tls_peer_name"] == "localhost"


@pytest.mark.parametrize("version", VERSIONS)
def test_refused_by_another_server(
    connect: Opener, certificates: Certificates, version: str
) -> None:
    """A full handshake is judged by what is shown in it."""
    drive = connect.drive
    server = connect.joins(Witness(Remembering.like(certificates.good, version), 1))
    options = connect.options(server, secure=1)
    visit(drive, options)
    connect.join()

    def impostor(peer: Peer) -> None:
        assert offers_session(peer.hello())
        peer.refused_tls(Remembering.like(certificates.self_signed, version))

    connect.server(impostor, port=server.port)
    drive.connection_from(options).start_connect().fails("ETLS")


def test_off(connect: Opener, certificates: Certificates) -> None:
    server = connect.joins(Witness(Remembering.like(certificates.good)))
    options = connect.options(server, secure=1, tls_resumption=0)
    infos = [visit(connect.drive, options) for _ in range(2)]
    assert connect.drive.take_session(options) is None
    connect.join()
    assert server.seen == [FULL, FULL]
    assert [info["tls_resumed"] for info in infos] == [0, 0]


def test_token_endpoint_is_another_server(connect: Opener, certificates: Certificates) -> None:
    """It is not offered what the mail server gave, and gives nothing."""
    drive = connect.drive
    identity = Remembering.like(certificates.good, tickets=1)

    def give_token(peer: Peer) -> None:
        assert not offers_session(peer.hello())
        peer.start_tls(identity)
        read_request(peer)
        answer(peer, granted("token"))

    endpoint = connect.server(give_token)
    take_login = script((b"AUTH XOAUTH2 ", b"235 ok"), Peer.quit)
    server = connect.joins(Witness(identity, 1, b"AUTH XOAUTH2", then=take_login))
    options = connect.options(server, secure=1)
    connection = drive.connection_from(options)
    connection.start_connect().succeeds()
    url = f"https://127.0.0.1:{endpoint.port}/token"
    connection.start_login("alice", refresh_token="x", access_url=url).succeeds()
    connection.start_quit().succeeds()
    assert drive.take_session(options) is not None
    assert drive.take_session(options) is None


# --- forgetting -------------------------------------------------------------


@pytest.mark.parametrize("how", ["alert", "close"])
@pytest.mark.parametrize("version", VERSIONS)
def test_forgotten_when_a_handshake_fails(
    connect: Opener, certificates: Certificates, version: str, how: str
) -> None:
    """It may have been the session: not all that are left have to be tried."""
    drive = connect.drive
    identity = Remembering.like(certificates.good, version)
    with Witness(identity, 1) as server:
        options = connect.options(server, secure=1)
        visit(drive, options)

    def confused(peer: Peer) -> None:
        assert offers_session(peer.hello())
        if how == "alert":
            peer.send(b"\x15\x03\x03\x00\x02\x02\x50")  # internal_error
        peer.handshake_began()

    with ScriptedServer(confused, port=server.port):
        drive.connection_from(options).start_connect().fails("ETLS")
    with Witness(identity, 1, port=server.port) as server:
        visit(drive, options)
    assert server.seen == [FULL]


PREFIX = "smtpconn_options_set_"
# A URL is none: it sets several of them.
SETTERS = sorted(
    {name.removeprefix(PREFIX) for name in header_functions() if name.startswith(PREFIX)} - {"url"}
)


@pytest.mark.parametrize("option", SETTERS)
def test_what_is_set_and_what_is_forgotten(
    connect: Opener, certificates: Certificates, option: str
) -> None:
    """Also what is set to the value that it has."""
    drive = connect.drive
    server = connect.joins(Witness(Remembering.like(certificates.good), 1))
    options = connect.options(server, secure=1)
    visit(drive, options)
    connect.join()
    value = Mechanism(drive) if option == "custom_mechanism" else good_value(option)
    assert drive.set(options, option, value) is None
    decides = option in (
        *("host", "port", "secure", "lmtp", "socket_path"),
        *("proxy", "proxy_from_environment"),
    )
    assert (drive.take_session(options) is None) == (decides or option.startswith("tls_"))


@pytest.mark.parametrize(
    ("option", "value"), [("port", 65536), ("host", "a b"), ("tls_max_version", "1.3")]
)
def test_a_refused_value_changes_nothing(
    connect: Opener, certificates: Certificates, option: str, value: str | int
) -> None:
    drive = connect.drive
    server = connect.joins(Witness(Remembering.like(certificates.good)))
    options = connect.options(server, secure=1)
    visit(drive, options)
    assert drive.set(options, option, value) is not None
    visit(drive, options)
    connect.join()
    assert server.seen == [FULL, RESUMED]


def test_another_host(connect: Opener, certificates: Certificates) -> None:
    """By another name the same server is another one."""
    drive = connect.drive
    server = connect.joins(Witness(Remembering.like(certificates.good), 3))
    options = connect.options(server, secure=1)
    for host in ("localhost", "127.0.0.1", "localhost"):
        assert drive.set(options, "host", host) is None
        visit(drive, options)
    connect.join()
    assert server.seen == [FULL, FULL, FULL]


def test_verification_switched_on(connect: Opener, certificates: Certificates) -> None:
    """A session without verification is never used by a connection that verifies."""
    drive = connect.drive
    identity = Remembering.like(certificates.self_signed)
    server = connect.joins(Witness(identity, 1))
    options = connect.options(server, secure=1, tls_reject_unauthorized=0)
    visit(drive, options)
    connect.join()
    assert drive.set(options, "tls_reject_unauthorized", 1) is None

    def refused(peer: Peer) -> None:
        assert not offers_session(peer.hello())
        peer.refused_tls(identity)

    connect.server(refused, port=server.port)
    drive.connection_from(options).start_connect().fails("ETLS")


# --- what is read once ------------------------------------------------------


def test_password_is_requested_once(
    connect: Opener, certificates: Certificates, tmp_path: Path
) -> None:
    """The key is read for all connections, and anew when an option was set."""
    drive, mine = connect.drive, certificates.name_only
    key = tmp_path / "encrypted.key"
    command = ["openssl", "pkey", "-in", str(mine.key), "-aes256", "-passout", "pass:sesame"]
    subprocess.run([*command, "-out", str(key)], check=True, capture_output=True)
    server = connect.joins(Witness(Remembering.like(certificates.good), 4))
    options = connect.options(
        server,
        secure=1,
        tls_certificate_file=mine.certificate,
        tls_key_file=key,
        tls_key_password_callback="sesame",
    )
    for _ in range(3):
        visit(drive, options)
    assert drive.order.count("asked password") == 1
    assert drive.set(options, "tls_key_file", key) is None
    visit(drive, options)
    assert drive.order.count("asked password") == 2
    connect.join()
    assert server.seen == [FULL, RESUMED, RESUMED, FULL]


def test_what_cannot_be_read_is_tried_again(
    connect: Opener, certificates: Certificates, tmp_path: Path
) -> None:
    drive, file = connect.drive, tmp_path / "ca.pem"
    server = connect.joins(Witness(Remembering.like(certificates.good)))
    options = connect.options(server, secure=1, tls_ca_file=file)
    drive.connection_from(options).start_connect().fails("ETLS")
    file.write_bytes(certificates.ca_file.read_bytes())
    visit(drive, options)
    # It was read.
    file.unlink()
    visit(drive, options)
    connect.join()
    assert server.seen == [FULL, RESUMED]


def test_context_callback_is_for_each_connection(
    connect: Opener, certificates: Certificates
) -> None:
    """Nobody knows what it has done, so nothing is resumed."""
    drive = connect.drive
    server = connect.joins(Witness(Remembering.like(certificates.good, "TLSv1.2")))
    options = connect.options(server, secure=1, tls_context_callback="x")
    for _ in range(2):
        visit(drive, options)
        assert drive.take_session(options) is None
    connect.join()
    assert drive.order.count("asked context") == 2
    assert server.seen == [FULL, FULL]

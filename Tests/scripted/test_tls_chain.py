"""What can be read of the certificates of a server."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from conftest import Opener
from support.drive.outcomes import Json
from support.servers.certificates import Certificates, Identity
from support.servers.resuming import FULL, RESUMED, VERSIONS, Remembering, Witness, visit
from support.servers.script import script
from support.servers.scripted import Peer
from support.servers.stapling import certificate_der
from support.servers.tls import agreed, quits


def told_by_openssl(identity: Identity) -> Json:
    """The same by the openssl command."""
    command = ["openssl", "x509", "-in", str(identity.certificate), "-noout"]
    form = ["-nameopt", "RFC2253,-esc_msb", "-dateopt", "iso_8601"]

    def ask(what: str) -> str:
        done = subprocess.run([*command, what, *form], capture_output=True, text=True, check=True)
        return done.stdout.strip().partition("=")[2]

    def time(what: str) -> str:
        when = datetime.strptime(ask(what), "%Y-%m-%d %H:%M:%SZ").replace(tzinfo=UTC)
        return when.strftime("%Y-%m-%dT%H:%M:%SZ")

    return {
        "der": certificate_der(identity).hex(),
        "subject": ask("-subject"),
        "issuer": ask("-issuer"),
        "not_before": time("-startdate"),
        "not_after": time("-enddate"),
    }


def same(shown: Json, identity: Identity) -> bool:
    told = told_by_openssl(identity)
    # The program writes octets, not letters.
    return {key: shown[key].encode("latin-1").decode() for key in told} == told


def test_chain(connect: Opener, certificates: Certificates, tmp_path: Path) -> None:
    """All that the server sends, in its order, needed or not."""
    chain = [certificates.chained, certificates.intermediate, certificates.ca]
    path = tmp_path / "chain.pem"
    path.write_text("".join(each.certificate.read_text() for each in chain))
    server = Identity(path, certificates.chained.key)
    shown = agreed(connect, server)["certificates"]
    assert len(shown) == 3
    for one, identity in zip(shown, chain, strict=True):
        assert same(one, identity)
    assert shown[0]["names"] == "localhost 127.0.0.1 ::1"
    assert [one["names"] for one in shown[1:]] == ["", ""]
    assert shown[0]["subject"] == "CN=localhost"
    assert shown[0]["issuer"] == shown[1]["subject"] == "CN=authority below"


@pytest.mark.parametrize("name", ["expired", "nul_in_name", "subject_of_all_kinds"])
def test_strange(connect: Opener, certificates: Certificates, name: str) -> None:
    """Whatever is in it, when nobody verifies."""
    identity = getattr(certificates, name)
    (shown,) = agreed(connect, identity, tls_reject_unauthorized=0)["certificates"]
    assert same(shown, identity)
    if name == "nul_in_name":
        assert shown["names"] == "localhost?.example"
    if name == "subject_of_all_kinds":
        assert "M\u00fcller" in shown["subject"].encode("latin-1").decode()
        assert "\\0A" in shown["subject"]
        assert shown["names"] == "a?b.example c.example"


@pytest.mark.parametrize("version", VERSIONS)
def test_resumed(connect: Opener, certificates: Certificates, version: str) -> None:
    """A resumed handshake shows none: they are those of the session."""
    drive = connect.drive
    identity = Remembering.like(certificates.good, version)
    server = connect.joins(Witness(identity, 3))
    options = connect.options(server, secure=1)
    first, second = (visit(drive, options)["certificates"] for _ in range(2))
    assert first == second
    assert same(first[0], certificates.good)
    session = drive.take_session(options)
    assert session is not None
    other = connect.options(server, secure=1)
    assert drive.add_session(other, session) is None
    assert visit(drive, other)["certificates"] == first
    connect.join()
    assert server.seen == [FULL, RESUMED, RESUMED]


@pytest.mark.parametrize("starttls", [False, True])
def test_when(connect: Opener, certificates: Certificates, starttls: bool) -> None:
    """There are none before TLS and after the end."""
    good = certificates.good
    if starttls:
        connection = connect(script(lambda peer: peer.secure(good), Peer.quit))
    else:
        connection = connect(quits, good, secure=1)
    assert connection.info()["certificates"] == []
    connection.start_connect().succeeds()
    assert len(connection.info()["certificates"]) == 1
    connection.start_quit().succeeds()
    connection.wait_end()
    assert connection.info()["certificates"] == []


def test_without_tls(connect: Opener) -> None:
    connection = connect.opened(script(Peer.greet, Peer.quit))
    assert connection.info()["certificates"] == []
    connection.start_quit().succeeds()

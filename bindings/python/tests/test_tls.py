"""TLS as Python sees it."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

import pytest

import smtpconn
from scripted_server import HELLO, QUIT, SEND, ScriptedServer

STARTTLS = HELLO.replace("250-8BITMIME", "250-STARTTLS") + "C: STARTTLS\nS: 220 go\nT:\n"
HELLO_AGAIN = HELLO.replace("S: 220 test ESMTP\n", "")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a key and a certificate of its own, for localhost."""
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
        "-subj /CN=localhost -addext subjectAltName=DNS:localhost"
    )
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command.split(), *files], check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_bytes(key.read_bytes() + certificate.read_bytes())
    return both


@pytest.fixture
def tls_server(server: ScriptedServer, certificate: Path) -> ScriptedServer:
    server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.tls.load_cert_chain(certificate)
    return server


def test_starttls(tls_server: ScriptedServer, certificate: Path) -> None:
    tls_server.play(STARTTLS, HELLO_AGAIN, SEND, QUIT)
    with smtpconn.Connection(
        "localhost", tls_server.port, require_tls=True, tls_ca_file=certificate
    ) as connection:
        assert connection.is_secure
        assert connection.tls_version == "TLSv1.3"
        assert connection.tls_cipher
        assert connection.tls_peer_name == "localhost"
        assert "STARTTLS" not in connection.capabilities
        assert "TLS" in repr(connection)
        connection.send("a@example.org", "b@example.org", "x")
    tls_server.check()


def test_tls_from_the_first_byte(tls_server: ScriptedServer, certificate: Path) -> None:
    tls_server.play("T:", HELLO, QUIT)
    with smtpconn.Connection(
        "127.0.0.1",
        tls_server.port,
        secure=True,
        tls_servername="localhost",
        tls_ca_file=str(certificate),
    ) as connection:
        assert connection.is_secure


def test_certificate_that_nobody_vouches_for(tls_server: ScriptedServer) -> None:
    tls_server.play(STARTTLS)
    connection = smtpconn.Connection("localhost", tls_server.port)
    with pytest.raises(smtpconn.TLSError) as caught:
        connection.connect()
    assert caught.value.tls_reason
    assert caught.value.name == "ETLS"
    connection.close()
    tls_server.finish()
    tls_server.faults.clear()  # Its handshake failed, as it should.


def test_no_starttls_where_it_is_required(server: ScriptedServer) -> None:
    server.play(HELLO, "E:")
    connection = smtpconn.Connection("127.0.0.1", server.port, require_tls=True)
    with pytest.raises(smtpconn.TLSError):
        connection.connect()
    connection.close()

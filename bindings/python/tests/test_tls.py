"""TLS as Python sees it."""

from __future__ import annotations

import base64
import hashlib
import socket
import ssl
import subprocess
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

import smtpconn
from scripted_server import HELLO, QUIT, SEND, ScriptedServer

STARTTLS = HELLO.replace("250-8BITMIME", "250-STARTTLS") + "C: STARTTLS\nS: 220 go\nT:\n"
HELLO_AGAIN = HELLO.replace("S: 220 test ESMTP\n", "")


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


def test_certificate_from_an_untrusted_ca(tls_server: ScriptedServer) -> None:
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


def test_opportunistic_tls_that_is_refused(server: ScriptedServer) -> None:
    refused = STARTTLS.replace("S: 220 go\nT:\n", "S: 454 4.7.0 not now\n")
    server.play(refused, SEND, QUIT)
    with smtpconn.Connection("127.0.0.1", server.port, opportunistic_tls=True) as connection:
        assert not connection.is_secure
        connection.send("a@example.org", "b@example.org", "x")
    server.check()
    assert server.messages == [b"x\r\n"]


def test_opportunistic_tls_whose_handshake_fails(tls_server: ScriptedServer) -> None:
    tls_server.play(STARTTLS)
    tls_server.play(STARTTLS.split("C: STARTTLS")[0], SEND, QUIT)
    # Nobody vouches for the certificate.
    with smtpconn.Connection("localhost", tls_server.port, opportunistic_tls=True) as connection:
        assert not connection.is_secure
        connection.send("a@example.org", "b@example.org", "x")
    tls_server.finish()
    assert len(tls_server.faults) == 1  # Its handshake.
    tls_server.faults.clear()
    assert tls_server.messages == [b"x\r\n"]


def test_settings(tls_server: ScriptedServer, certificate: Path) -> None:
    assert tls_server.tls is not None
    tls_server.tls.set_alpn_protocols(["smtp"])
    tls_server.play("T:", HELLO, QUIT)
    contexts: list[int] = []
    with smtpconn.Connection(
        "localhost",
        tls_server.port,
        secure=True,
        tls_ca=certificate.read_text(),
        tls_max_version="TLSv1.2",
        tls_min_version="TLSv1.2",
        tls_ciphers="ECDHE-ECDSA-AES256-GCM-SHA384",
        tls_cipher_suites="TLS_AES_128_GCM_SHA256",
        tls_groups="P-256",
        tls_alpn=["smtp", "other"],
        tls_context_callback=contexts.append,
    ) as connection:
        assert connection.tls_version == "TLSv1.2"
        assert connection.tls_cipher == "ECDHE-ECDSA-AES256-GCM-SHA384"
    assert len(contexts) == 1
    assert contexts[0]


@pytest.mark.parametrize("error", [RuntimeError("cannot pin the certificate"), KeyboardInterrupt()])
def test_context_callback_that_raises(error: BaseException) -> None:
    """Nobody learns the password over a context that was to be hardened: nothing is sent."""

    def harden(_context: int) -> None:
        raise error

    ends: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        connection = smtpconn.Connection(
            "127.0.0.1", port, secure=True, tls_context_callback=harden
        )
        connection.start_connect(ends.append)
        connection.start_login("alice", "secret", ends.append)
        with pytest.raises(type(error)) as raised:
            connection.quit()
        connection.close()
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert raised.value is error
    assert [type(end) for end in ends] == [smtpconn.TLSError] * 2
    assert "tls_context_callback" in str(ends[0])


def test_message_that_requires_tls(tls_server: ScriptedServer, certificate: Path) -> None:
    hello = HELLO.replace("8BITMIME", "REQUIRETLS")
    tls_server.play("T:", hello, SEND.replace("FROM:*", "FROM:<a@example.org> REQUIRETLS"), QUIT)
    with smtpconn.Connection(
        "localhost", tls_server.port, secure=True, tls_ca_file=certificate
    ) as connection:
        connection.send("a@example.org", "b@example.org", "x", require_tls=True)
    tls_server.check()


def take_session(tls_server: ScriptedServer, certificate: Path, **options: Any) -> bytes:
    """From a connection that only quits, as does one that the server awaits behind it."""
    tls_server.play("T:", HELLO, QUIT).play("T:", HELLO, QUIT)
    with smtpconn.Connection(
        "localhost", tls_server.port, secure=True, tls_ca_file=certificate, **options
    ) as connection:
        session = connection.take_tls_session()
    assert session is not None
    return session


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_session_that_is_resumed(
    tls_server: ScriptedServer, certificate: Path, version: str
) -> None:
    session = None
    for _ in range(3):
        tls_server.play("T:", HELLO, QUIT)
    for resumes in (False, True, True):
        with smtpconn.Connection(
            "localhost",
            tls_server.port,
            secure=True,
            tls_ca_file=certificate,
            tls_max_version=version,
            tls_session=session,
        ) as connection:
            assert connection.tls_resumed is resumes
            assert connection.tls_version == version
            assert connection.tls_peer_name == "localhost"
            session = connection.take_tls_session()
        assert session is not None
        with pytest.raises(smtpconn.StateError):
            connection.take_tls_session()
        with pytest.raises(smtpconn.StateError):
            connection.tls_resumed  # noqa: B018
    tls_server.check()


def test_session_is_taken_once(tls_server: ScriptedServer, certificate: Path) -> None:
    """A server of TLS 1.3 gives two, and each is another."""
    tls_server.play("T:", HELLO, QUIT)
    with smtpconn.Connection(
        "localhost", tls_server.port, secure=True, tls_ca_file=certificate
    ) as connection:
        taken = [connection.take_tls_session() for _ in range(3)]
    assert taken[0]
    assert taken[1]
    assert taken[0] != taken[1]
    assert taken[2] is None


def test_no_session_where_none_is_wanted(tls_server: ScriptedServer, certificate: Path) -> None:
    session = take_session(tls_server, certificate)
    with smtpconn.Connection(
        "localhost", tls_server.port, secure=True, tls_ca_file=certificate, tls_resumption=False
    ) as connection:
        assert connection.take_tls_session() is None
        assert connection.tls_resumed is False
    with pytest.raises(smtpconn.OptionsError, match="tls_resumption"):
        smtpconn.Connection("localhost", tls_resumption=False, tls_session=session)


def test_session_of_a_connection_in_the_clear(server: ScriptedServer) -> None:
    server.play(HELLO, QUIT)
    with smtpconn.Connection("127.0.0.1", server.port) as connection:
        assert connection.tls_resumed is False
        assert connection.take_tls_session() is None


def test_what_is_no_session() -> None:
    with pytest.raises(smtpconn.OptionsError, match="TLS session"):
        smtpconn.Connection("localhost", tls_session=b"no session")
    with pytest.raises(TypeError, match="tls_session must be bytes, not str"):
        smtpconn.Connection("localhost", tls_session="no session")  # type: ignore[arg-type]


def test_session_from_an_unverified_connection(
    tls_server: ScriptedServer, certificate: Path
) -> None:
    session = take_session(tls_server, certificate, tls_reject_unauthorized=False)
    with smtpconn.Connection(
        "localhost", tls_server.port, secure=True, tls_ca_file=certificate, tls_session=session
    ) as connection:
        assert connection.tls_resumed is False


@pytest.fixture(scope="module")
def encrypted_key(certificate: Path) -> Path:
    """The same key, with the password "geheim"."""
    path = certificate.with_name("encrypted.pem")
    command = ["openssl", "pkcs8", "-topk8", "-in", str(certificate), "-passout", "pass:geheim"]
    subprocess.run([*command, "-out", str(path)], check=True, capture_output=True)
    return path


@pytest.mark.parametrize("password", ["geheim", b"geheim", lambda: "geheim", lambda: b"geheim"])
@pytest.mark.parametrize("in_memory", [False, True])
def test_client_certificate(
    password: Any,
    in_memory: bool,
    tls_server: ScriptedServer,
    certificate: Path,
    encrypted_key: Path,
) -> None:
    assert tls_server.tls is not None
    tls_server.tls.verify_mode = ssl.CERT_REQUIRED
    tls_server.tls.load_verify_locations(certificate)
    tls_server.play("T:", HELLO, QUIT)
    options: dict[str, Any]
    if in_memory:
        options = {
            "tls_certificate": certificate.read_text(),
            "tls_key": encrypted_key.read_text(),
        }
    else:
        options = {"tls_certificate_file": certificate, "tls_key_file": encrypted_key}
    with smtpconn.Connection(
        "localhost",
        tls_server.port,
        secure=True,
        tls_ca_file=certificate,
        tls_key_password=password,
        **options,
    ) as connection:
        assert connection.is_secure


def _no_password() -> str:
    raise LookupError("no password")


@pytest.mark.parametrize(
    ("password", "error"),
    [
        ("wrong", smtpconn.TLSError),
        (None, smtpconn.TLSError),
        (_no_password, LookupError),
        (lambda: 5, TypeError),
        ("x" * 2000, smtpconn.AuthError),
    ],
)
def test_key_without_its_password(
    password: Any, error: type[Exception], certificate: Path, encrypted_key: Path
) -> None:
    connection = smtpconn.Connection(
        "127.0.0.1",
        1,
        secure=True,
        tls_certificate_file=certificate,
        tls_key_file=encrypted_key,
        tls_key_password=password,
    )
    with pytest.raises(error):
        connection.connect()
    connection.close()


def test_certificates(tls_server: ScriptedServer, certificate: Path) -> None:
    tls_server.play("T:", HELLO, QUIT)
    with smtpconn.Connection(
        "localhost", tls_server.port, secure=True, tls_ca_file=certificate
    ) as connection:
        (shown,) = connection.tls_certificates
        pem = certificate.read_text()
        der = ssl.PEM_cert_to_DER_cert(pem[pem.index("-----BEGIN CERTIFICATE") :])
        assert shown.der == der
        assert shown.issuer == shown.subject
        assert shown.subject.startswith("CN=")
        assert "localhost" in shown.names
        assert shown.not_before < datetime.now(timezone.utc) < shown.not_after
    tls_server.check()


def test_no_certificates(server: ScriptedServer) -> None:
    server.play(HELLO, QUIT)
    with smtpconn.Connection("127.0.0.1", server.port) as connection:
        assert connection.tls_certificates == []
    server.check()


def test_key_log(tls_server: ScriptedServer, certificate: Path) -> None:
    tls_server.play("T:", HELLO, QUIT)
    lines: list[str] = []
    with smtpconn.Connection(
        "localhost",
        tls_server.port,
        secure=True,
        tls_ca_file=certificate,
        tls_key_log=lines.append,
    ):
        pass
    assert len({line.split()[1] for line in lines}) == 1
    assert "CLIENT_TRAFFIC_SECRET_0" in {line.split()[0] for line in lines}
    tls_server.check()


def test_key_log_that_raises(
    tls_server: ScriptedServer, certificate: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is reported, and the connection goes on."""

    def fail(_line: str) -> None:
        raise RuntimeError("no room for secrets")

    tls_server.play("T:", HELLO, QUIT)
    with smtpconn.Connection(
        "localhost", tls_server.port, secure=True, tls_ca_file=certificate, tls_key_log=fail
    ) as connection:
        assert connection.is_secure
    tls_server.check()
    assert "tls_key_log raised an exception" in caplog.text


def test_pins_and_records(tls_server: ScriptedServer, certificate: Path) -> None:
    """Both are lists: one str, or several."""
    key = subprocess.run(
        ["openssl", "x509", "-in", str(certificate), "-pubkey", "-noout"],
        capture_output=True,
        check=True,
    ).stdout
    digest = hashlib.sha256(base64.b64decode(b"".join(key.splitlines()[1:-1]))).digest()
    pin, other = (base64.b64encode(octets).decode() for octets in (digest, bytes(32)))
    record = "3 1 1 " + digest.hex()
    options: list[smtpconn.ConnectionOptions] = [
        {"tls_pins": pin, "tls_ca_file": certificate},
        {"tls_pins": [other, "sha256//" + pin], "tls_reject_unauthorized": False},
        {"tls_tlsa": record},
        {"tls_tlsa": ["3 1 1 " + "00" * 32, record]},
    ]
    for _ in options:
        tls_server.play("T:", HELLO, QUIT)
    for each in options:
        each["host"], each["port"], each["secure"] = "localhost", tls_server.port, True
        with smtpconn.Connection(**each):
            pass
    tls_server.check()

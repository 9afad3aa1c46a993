"""smtpconn.smtplib: what is stricter than in the standard library, and TLS."""

from __future__ import annotations

import smtplib as standard
import socket
import ssl
import threading
from pathlib import Path
from typing import Any

import pytest

import smtpconn
import smtpconn.smtplib as smtplib
from scripted_server import ScriptedServer

HELLO = """C: ehlo *
S: 250-test
S: 250-STARTTLS
S: 250 AUTH SCRAM-SHA-256 PLAIN LOGIN
"""
STARTTLS = "S: 220 test\n" + HELLO + "C: STARTTLS\nS: 220 go\n"
SEND = """C: MAIL FROM:<a@example.org>
S: 250 ok
C: RCPT TO:<b@example.org>
S: 250 ok
C: DATA
S: 354 go
M:
S: 250 queued
C: quit
S: 221 bye
"""
PLAIN = "C: AUTH PLAIN AHVzZXIAc2VjcmV0\nS: 235 2.7.0 welcome\n"


@pytest.fixture
def tls_server(server: ScriptedServer, certificate: Path) -> ScriptedServer:
    server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.tls.load_cert_chain(certificate)
    return server


def trusting(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


def unverified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def refused_by_client(server: ScriptedServer) -> None:
    """The one handshake that failed."""
    server.finish()
    assert [fault[:2] for fault in server.faults] == ["T:"], server.faults
    server.faults.clear()


@pytest.mark.parametrize("verified", [True, False])
def test_starttls(tls_server: ScriptedServer, certificate: Path, verified: bool) -> None:
    tls_server.play(STARTTLS, "T:", HELLO, SEND)
    context = trusting(certificate) if verified else unverified()
    with smtplib.SMTP("localhost", tls_server.port) as smtp:
        assert smtp.starttls(context=context) == (220, b"go")
        assert smtp.esmtp_features == {}
        assert isinstance(smtp.sock, ssl.SSLSocket)
        assert smtp.sendmail("a@example.org", "b@example.org", b"x" * 2_000_000) == {}
        smtp.quit()
    tls_server.check()
    assert len(tls_server.messages[0]) == 2_000_002


class Broken(ssl.SSLSocket):
    """TLS that fails when it is said so."""

    fails = False

    def recv(self, *arguments: Any) -> bytes:
        if not self.fails:
            return super().recv(*arguments)
        raise ssl.SSLError(ssl.SSL_ERROR_SSL, "bad record mac")


def test_tls_that_breaks(tls_server: ScriptedServer, certificate: Path) -> None:
    """The number of such an error is none of the system's: 1 would be EPERM."""
    tls_server.play(STARTTLS, "T:", HELLO, "C: MAIL*\nS: 250 ok\nE:")
    context = trusting(certificate)
    context.sslsocket_class = Broken
    smtp = smtplib.SMTP("localhost", tls_server.port)
    smtp.starttls(context=context)
    smtp.ehlo()
    assert isinstance(smtp.sock, Broken)
    smtp.sock.fails = True
    with pytest.raises(smtplib.SMTPServerDisconnected, match="reset") as caught:
        smtp.sendmail("a@example.org", "b@example.org", b"x")
    assert isinstance(caught.value, smtpconn.SMTPConnError)
    assert smtp.sock is None
    tls_server.finish()
    tls_server.faults.clear()


def test_starttls_verifies(tls_server: ScriptedServer) -> None:
    tls_server.play(STARTTLS, "T:")
    with smtplib.SMTP("localhost", tls_server.port) as smtp:
        with pytest.raises(ssl.SSLCertVerificationError):
            smtp.starttls()
        # The server may take anything that follows for TLS.
        assert smtp.sock is None
        with pytest.raises(smtplib.SMTPServerDisconnected):
            smtp.noop()
    refused_by_client(tls_server)


def test_the_name_is_verified(tls_server: ScriptedServer, certificate: Path) -> None:
    """The host may be given to connect(), and with its port."""
    tls_server.play(STARTTLS, "T:").play(STARTTLS, "T:", HELLO.replace("STARTTLS", "HELP"))
    smtp = smtplib.SMTP()
    smtp.connect("127.0.0.1", tls_server.port)
    with pytest.raises(ssl.SSLCertVerificationError, match="IP address mismatch"):
        smtp.starttls(context=trusting(certificate))
    smtp = smtplib.SMTP(f"localhost:{tls_server.port}")
    smtp.starttls(context=trusting(certificate))
    smtp.ehlo()
    smtp.close()
    refused_by_client(tls_server)


def test_octets_before_tls(certificate: Path) -> None:
    """They are in one segment with the reply, as the attacker would send them."""
    with socket.create_server(("localhost", 0)) as listener:
        answers = [b"220 test\r\n", b"250-test\r\n250 STARTTLS\r\n", b"220 go\r\n250 evil\r\n"]

        def serve() -> None:
            client, _ = listener.accept()
            with client:
                for answer in answers:
                    client.sendall(answer)
                    client.recv(65536)

        thread = threading.Thread(target=serve)
        thread.start()
        with smtplib.SMTP("localhost", listener.getsockname()[1]) as smtp:
            with pytest.raises(smtplib.SMTPException, match="in the clear") as caught:
                smtp.starttls(context=trusting(certificate))
            assert isinstance(caught.value, smtpconn.TLSError)
            assert smtp.sock is None
        thread.join()


def test_tls_from_the_first_octet(tls_server: ScriptedServer, certificate: Path) -> None:
    tls_server.play("T:", "S: 220 test\n", HELLO, PLAIN, SEND)
    context = trusting(certificate)
    with smtplib.SMTP_SSL("localhost", tls_server.port, context=context) as smtp:
        smtp.ehlo()
        smtp.esmtp_features["auth"] = "PLAIN"
        assert smtp.login("user", "secret") == (235, b"2.7.0 welcome")
        smtp.sendmail("a@example.org", "b@example.org", b"x")
        smtp.quit()


def test_tls_from_the_first_octet_verifies(tls_server: ScriptedServer) -> None:
    tls_server.play("T:")
    with pytest.raises(ssl.SSLCertVerificationError):
        smtplib.SMTP_SSL("localhost", tls_server.port)
    refused_by_client(tls_server)


def test_a_key_without_certificate() -> None:
    with pytest.raises(ValueError, match="certfile"):
        smtplib.SMTP_SSL(keyfile="key.pem")
    with pytest.raises(ValueError, match="exclusive"):
        smtplib.SMTP_SSL(certfile="certificate.pem", context=unverified())


class Far(socket.socket):
    """Its other end is on another machine."""

    peer: tuple[Any, ...] = ("192.0.2.1", 25)

    def getpeername(self) -> Any:
        return self.peer


class FarSMTP(smtplib.SMTP):
    peer: tuple[Any, ...] = ("192.0.2.1", 25)

    def _get_socket(self, host: str, port: int, timeout: Any) -> Far:
        far = Far(fileno=super()._get_socket(host, port, timeout).detach())
        far.peer = self.peer
        return far


def own_mechanism(_challenge: object = None) -> str:
    return "\0user\0secret"


@pytest.mark.parametrize("peer", ["192.0.2.1", "10.0.0.1", "2001:db8::1", "::ffff:192.0.2.1"])
def test_no_password_without_tls(server: ScriptedServer, peer: str) -> None:
    server.play("S: 220 test\n", HELLO, "C: quit\nS: 221 bye")
    with FarSMTP("127.0.0.1", server.port) as smtp:
        assert smtp.sock is not None
        vars(smtp.sock)["peer"] = (peer, 25)
        with pytest.raises(standard.SMTPNotSupportedError, match="starttls") as caught:
            smtp.login("user", "secret")
        assert isinstance(caught.value, smtpconn.AuthError)
        with pytest.raises(standard.SMTPNotSupportedError, match="allow_insecure_auth"):
            smtp.auth("PLAIN", own_mechanism)
        smtp.quit()


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_a_password_on_the_same_machine(server: ScriptedServer, peer: str) -> None:
    hello = HELLO.replace("SCRAM-SHA-256 ", "")
    server.play("S: 220 test\n", hello, PLAIN, "C: quit\nS: 221 bye")
    with FarSMTP("127.0.0.1", server.port) as smtp:
        assert smtp.sock is not None
        vars(smtp.sock)["peer"] = (peer, 25)
        smtp.login("user", "secret")
        smtp.quit()


def test_a_password_without_tls_on_request(server: ScriptedServer) -> None:
    hello = HELLO.replace("SCRAM-SHA-256 ", "")
    server.play("S: 220 test\n", hello, PLAIN, "C: quit\nS: 221 bye")
    with FarSMTP("127.0.0.1", server.port) as smtp:
        smtp.allow_insecure_auth = True
        smtp.login("user", "secret")
        smtp.quit()


def test_the_best_mechanism(server: ScriptedServer) -> None:
    """One that the standard library does not know."""
    server.play("S: 220 test\n", HELLO, "C: AUTH SCRAM-SHA-256 *\nS: 535 5.7.8 no\n", "X:")
    smtp = smtplib.SMTP("127.0.0.1", server.port)
    with pytest.raises(smtplib.SMTPException):
        smtp.login("user", "secret")
    smtp.close()


def test_a_refused_login(server: ScriptedServer) -> None:
    hello = HELLO.replace("SCRAM-SHA-256 PLAIN ", "")
    login = "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: *\nS: 334 UGFzc3dvcmQ6\nC: *\n"
    login += "S: 535-5.7.8 no\nS: 535 5.7.8 never\n"
    server.play("S: 220 test\n", hello, login, "C: noop\nS: 250 ok\nC: quit\nS: 221 bye\n")
    with smtplib.SMTP("127.0.0.1", server.port) as smtp:
        with pytest.raises(standard.SMTPAuthenticationError) as caught:
            smtp.login("user", "secret")
        assert caught.value.args == (535, b"5.7.8 no\n5.7.8 never")
        assert isinstance(caught.value, smtpconn.AuthError)
        assert caught.value.enhanced == "5.7.8"
        assert smtp.noop() == (250, b"ok")
        smtp.quit()


def test_without_an_initial_response(server: ScriptedServer) -> None:
    hello = HELLO.replace("SCRAM-SHA-256 ", "")
    login = "C: AUTH PLAIN\nS: 334\nC: AHVzZXIAc2VjcmV0\nS: 235 ok\n"
    server.play("S: 220 test\n", hello, login, "C: quit\nS: 221 bye\n")
    with smtplib.SMTP("127.0.0.1", server.port) as smtp:
        smtp.login("user", "secret", initial_response_ok=False)
        smtp.quit()


def test_a_mechanism_of_the_program(server: ScriptedServer) -> None:
    """Programs log in with OAuth2 so."""
    server.play("S: 220 test\n", HELLO, "C: AUTH XOAUTH2 dG9rZW4=\nS: 235 ok\nC: quit\nS: 221 x\n")
    with smtplib.SMTP("127.0.0.1", server.port) as smtp:
        smtp.ehlo()
        assert smtp.auth("XOAUTH2", lambda _challenge=None: "token") == (235, b"ok")
        smtp.quit()


def test_debug_hides_the_password(
    server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    hello = HELLO.replace("SCRAM-SHA-256 ", "")
    server.play("S: 220 test\n", hello, PLAIN, SEND)
    with smtplib.SMTP("127.0.0.1", server.port) as smtp:
        smtp.set_debuglevel(1)
        smtp.login("user", "secret")
        smtp.sendmail("a@example.org", "b@example.org", b"x")
        smtp.quit()
    shown = capsys.readouterr().err
    assert "AHVzZXI" not in shown
    assert "235 2.7.0 welcome" in shown
    assert "MAIL FROM:<a@example.org>" in shown


def test_debug_hides_what_goes_the_way_of_the_standard_library(
    server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """The library logs in once only."""
    hello = HELLO.replace("SCRAM-SHA-256 ", "")
    server.play("S: 220 test\n", hello, PLAIN, PLAIN, "C: quit\nS: 221 x\n")
    with smtplib.SMTP("127.0.0.1", server.port) as smtp:
        smtp.set_debuglevel(1)
        smtp.login("user", "secret")
        assert smtp.login("user", "secret")[0] == 235
        smtp.quit()
    shown = capsys.readouterr().err
    assert "AHVzZXI" not in shown
    assert shown.count("(hidden)") == 2
    assert "quit" in shown


def test_a_reply_that_never_ends(server: ScriptedServer) -> None:
    lines = "".join(f"S: 250-{'x' * 4000}\n" for _ in range(300))
    server.play("S: 220 test\n", "C: ehlo *\n", lines, "E:")
    smtp = smtplib.SMTP("127.0.0.1", server.port)
    with pytest.raises(smtplib.SMTPResponseException, match="too long"):
        smtp.ehlo()
    assert smtp.sock is None
    # It may have been sending still.
    server.finish()
    server.faults.clear()

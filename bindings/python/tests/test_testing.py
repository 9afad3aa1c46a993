"""The server for tests of programs, with this package and with the standard library's clients."""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

import pytest

import smtpconn
from smtpconn.testing import Server, ServerOptions

pytest_plugins = ["smtpconn.pytest", "pytester"]

FROM, BOB, EVE = "a@example.org", "bob@example.net", "eve@example.net"
TEXT = "Subject: hi\r\n\r\n.dot\r\nGrüße\r\n".encode()


def send(server: Server, *recipients: str, **options: Any) -> smtpconn.Result:
    with smtpconn.Connection(**{**server.options, **options}) as connection:
        return connection.send(FROM, recipients or (BOB,), TEXT)


@pytest.fixture
def lmtp() -> Iterator[Server]:
    with Server(lmtp=True) as server:
        yield server


def test_what_was_received(smtp_server: Server) -> None:
    result = send(smtp_server, BOB, EVE, name="me.example")
    (message,) = smtp_server.messages
    assert message.sender == FROM
    assert message.recipients == (BOB, EVE)
    assert message.content == TEXT
    assert message.email["Subject"] == "hi"
    assert message.hello == "me.example"
    assert message.user is None
    assert not message.secure
    assert "BODY=8BITMIME" in message.mail_parameters
    assert message.recipient_parameters == {BOB: (), EVE: ()}
    assert result.queue_id is not None
    assert smtp_server.commands[0] == "EHLO me.example"
    assert smtp_server.connections == 1


@pytest.mark.parametrize("chunking", [smtpconn.Chunking.ON, smtpconn.Chunking.OPTIMISTIC])
def test_chunks(smtp_server: Server, chunking: smtpconn.Chunking) -> None:
    parts = [b"Subject: hi\r\n\r\n", b"x" * 300_000 + b"\r\n", b".\r\n"]
    with smtpconn.Connection(**smtp_server.options, chunking=chunking) as connection:
        connection.send(FROM, BOB, iter(parts))
        connection.send(FROM, BOB, TEXT)
    assert [each.content for each in smtp_server.messages] == [b"".join(parts), TEXT]
    assert any(line.startswith("BDAT") for line in smtp_server.commands)


@pytest.mark.parametrize("options", [{"starttls": True}, {"secure": True}])
def test_tls(options: ServerOptions) -> None:
    with Server(**options) as server:
        send(server)
        with pytest.raises(smtpconn.TLSError):
            send(server, tls_ca=None)
        (message,) = server.messages
        assert message.secure


def test_tls_with_the_strict_verification_of_the_standard_library() -> None:
    with Server(starttls=True) as server:
        context = ssl.create_default_context(cafile=server.ca_file)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        for host in ("localhost", "127.0.0.1"):
            with smtplib.SMTP(host, server.port) as client:
                client.starttls(context=context)
                client.sendmail(FROM, [BOB], TEXT)
        assert [each.secure for each in server.messages] == [True, True]
        file = Path(server.ca_file or "")
        assert file.exists()
    assert not file.exists()


def test_what_was_sent_before_tls_is_forgotten() -> None:
    """A command in the same packet as STARTTLS was not protected (RFC 3207 section 4.2)."""
    with Server(starttls=True) as server:
        with socket.create_connection((server.host, server.port)) as plain:
            assert plain.recv(4096).startswith(b"220")
            plain.sendall(b"STARTTLS\r\nVRFY injected\r\n")
            assert plain.recv(4096).startswith(b"220")
            context = ssl.create_default_context(cafile=server.ca_file)
            with context.wrap_socket(plain, server_hostname="localhost") as secure:
                secure.sendall(b"NOOP\r\n")
                assert secure.recv(4096).startswith(b"250")
        assert server.commands == ["STARTTLS", "NOOP"]


def test_each_server_has_a_key_of_its_own() -> None:
    with Server(secure=True) as one, Server(secure=True) as other:
        assert one.ca != other.ca
        with pytest.raises(smtpconn.TLSError):
            send(one, tls_ca=other.ca)


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER"])
def test_login(mechanism: str) -> None:
    name = "access_token" if "AUTH" in mechanism else "password"
    credentials: dict[str, Any] = {name: "secret"}
    with Server(users={"ann": "secret", "tim": "other"}) as server:
        with smtpconn.Connection(**server.options, auth_method=mechanism) as connection:
            with pytest.raises(smtpconn.AuthError):
                connection.login("tim", **credentials)
            connection.login("ann", **credentials)
            connection.send(FROM, BOB, TEXT)
        assert server.messages[0].user == "ann"
    assert any(line.startswith(f"AUTH {mechanism}") for line in server.commands)


def test_lmtp(lmtp: Server) -> None:
    lmtp.reply(f"content <{EVE}>", "452 4.2.2 full")
    result = send(lmtp, BOB, EVE)
    assert (result.accepted, result.rejected) == ([BOB], [EVE])
    assert [each.recipients for each in lmtp.messages] == [(BOB,)]
    assert lmtp.commands[0].startswith("LHLO ")


@pytest.mark.parametrize("lmtp", [True, False])
def test_unix_domain_socket(tmp_path: Path, lmtp: bool) -> None:
    path = tmp_path / "socket"
    with Server(socket_path=path, lmtp=lmtp) as server:
        send(server)
        assert len(server.messages) == 1
        assert server.port == 0
    assert not path.exists()


def test_reply(smtp_server: Server) -> None:
    smtp_server.reply("rcpt to:<EVE@*", "550-5.1.1 no\n550 5.1.1 such user")
    result = send(smtp_server, BOB, EVE)
    assert result.rejected == [EVE]
    assert result.rejected_errors[0].response == "550-5.1.1 no\n550 5.1.1 such user"
    assert smtp_server.messages[0].recipients == (BOB,)


def test_a_positive_reply_is_given_to_what_is_done(smtp_server: Server) -> None:
    smtp_server.reply("content", "250 2.0.0 Ok: queued as 4F2A")
    smtp_server.reply("VRFY", "252 2.5.0 perhaps")
    assert send(smtp_server).queue_id == "4F2A"
    assert len(smtp_server.messages) == 1
    with smtpconn.Connection(**smtp_server.options) as connection:
        assert connection.verify("bob").code == 252


def test_a_literal_is_no_pattern(smtp_server: Server) -> None:
    smtp_server.reply("RCPT TO:<a@[192.0.2.1]>", "550 no")
    assert send(smtp_server, "a@[192.0.2.1]", "a@[192.0.2.2]").rejected == ["a@[192.0.2.1]"]


@pytest.mark.parametrize("event", ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "content"])
def test_defer(smtp_server: Server, event: str) -> None:
    smtp_server.defer(event, times=1)
    with pytest.raises(smtpconn.SMTPConnError) as caught:
        send(smtp_server)
    assert caught.value.retry is smtpconn.Retry.SAFE
    assert caught.value.response == "451 4.3.0 try again later"
    assert smtp_server.messages == []
    send(smtp_server)
    assert len(smtp_server.messages) == 1


@pytest.mark.parametrize("event", ["greeting", "MAIL", "DATA", "content"])
def test_cut(smtp_server: Server, event: str) -> None:
    smtp_server.cut(event, times=1)
    with pytest.raises(smtpconn.ConnectionLostError) as caught:
        send(smtp_server)
    unknown = event == "content"
    assert caught.value.retry is (smtpconn.Retry.UNKNOWN if unknown else smtpconn.Retry.SAFE)
    assert smtp_server.messages == []
    send(smtp_server)


def test_cut_after_the_message_was_taken(smtp_server: Server) -> None:
    smtp_server.cut("content", after=True)
    with pytest.raises(smtpconn.ConnectionLostError) as caught:
        send(smtp_server)
    assert caught.value.retry is smtpconn.Retry.UNKNOWN
    assert len(smtp_server.messages) == 1


def test_closing_reply(smtp_server: Server) -> None:
    smtp_server.reply("MAIL", "421 4.3.2 going down")
    with pytest.raises(smtpconn.SMTPConnError) as caught:
        send(smtp_server)
    assert caught.value.response_code == 421


def in_thread(function: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=function)
    thread.start()
    return thread


def test_hold(smtp_server: Server) -> None:
    with smtp_server.hold("content") as hold:
        sending = in_thread(lambda: send(smtp_server))
        hold.wait()
        assert smtp_server.messages == []
    smtp_server.wait_for(1)
    sending.join()


def test_hold_that_nothing_reaches(smtp_server: Server) -> None:
    with pytest.raises(TimeoutError, match="no 'DATA' was received within 0"):
        smtp_server.hold("DATA").wait(timeout=0)


def test_close_releases(lmtp: Server) -> None:
    hold = lmtp.hold("DATA")
    errors: list[smtpconn.SMTPConnError] = []

    def sending() -> None:
        try:
            send(lmtp)
        except smtpconn.SMTPConnError as error:
            errors.append(error)

    thread = in_thread(sending)
    hold.wait()
    lmtp.close()
    thread.join()
    lmtp.close()
    assert len(errors) == 1
    assert "closed" in repr(lmtp)


def test_close_ends_a_client_that_is_silent() -> None:
    """In the middle of a TLS handshake, too."""
    with Server(secure=True) as server, Server() as plain:
        silent = [socket.create_connection((each.host, each.port)) for each in (server, plain)]
        while server.connections + plain.connections < 2:
            threading.Event().wait(0.001)
    for each in silent:
        each.close()


def test_wait_for_says_what_came(smtp_server: Server) -> None:
    smtp_server.reply("MAIL", "550 no")
    with pytest.raises(smtpconn.EnvelopeError):
        send(smtp_server)
    with pytest.raises(TimeoutError, match=r"0 of 2 messages.*MAIL FROM"):
        smtp_server.wait_for(2, timeout=0)


def test_clear(smtp_server: Server) -> None:
    smtp_server.defer("MAIL")
    hold = smtp_server.hold("RCPT")
    smtp_server.clear()
    send(smtp_server)
    assert len(smtp_server.messages) == 1
    smtp_server.clear()
    assert (smtp_server.messages, smtp_server.commands) == ([], [])
    del hold


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda _: Server(starttls=True, secure=True), "exclude each other"),
        (lambda server: server.reply("MAIL", "no"), "begins with its code"),
        (lambda server: server.defer("MAIL", times=0), "at least 1"),
    ],
)
def test_mistakes(smtp_server: Server, wrong: Callable[[Server], object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        wrong(smtp_server)


def test_order_of_commands(smtp_server: Server) -> None:
    with smtplib.SMTP(smtp_server.host, smtp_server.port) as client:
        client.ehlo()
        codes = [client.docmd(line)[0] for line in ("DATA", "RCPT TO:<a@b>", "MAIL FROM:<>")]
        codes += [
            client.docmd(line)[0] for line in ("MAIL FROM:<>", "RCPT a@b", "AUTH PLAIN", "LHLO")
        ]
        codes += [client.docmd(line)[0] for line in ('RCPT TO: <"a>b"@c> A=1', "RSET", "DATA")]
    assert codes == [503, 503, 250, 503, 501, 502, 500, 250, 250, 503]


def test_fixture_with_options(pytester: pytest.Pytester) -> None:
    """What the module's docstring and the documentation show."""
    pytester.makeconftest('pytest_plugins = ["smtpconn.pytest"]')
    pytester.makepyfile("""
        import pytest

        @pytest.fixture
        def smtp_server_options():
            return {"lmtp": True}

        def test_it(smtp_server):
            assert smtp_server.options["lmtp"]
    """)
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)

"""`connect`, `send` and `Connection.from_url`: one call, from a URL or from arguments."""

from __future__ import annotations

import logging
import re
import socket
import ssl
import traceback
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

import smtpconn
from logins import b64
from scripted_server import HELLO, QUIT, SEND, ScriptedServer
from smtpconn._url import SCHEMES

LOGIN = f"C: AUTH PLAIN {b64(chr(0) + 'ann' + chr(0) + 'sesame')}\nS: 235 ok"
REFUSED = "C: AUTH PLAIN *\nS: 535 5.7.8 no"
FROM, TO = "a@example.org", "b@example.org"


@pytest.fixture
def local(server: ScriptedServer) -> str:
    return f"127.0.0.1:{server.port}"


@pytest.fixture
def letter() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Cc"] = FROM, TO, "c@example.org"
    message.set_content("Hello\n")
    return message


def test_connect(server: ScriptedServer, local: str) -> None:
    server.play(HELLO, LOGIN, SEND, QUIT)
    with smtpconn.connect(f"smtp://ann:sesame@{local}?name=client.example") as connection:
        assert connection.is_open
        assert connection.is_authenticated
        assert connection.client_name == "client.example"
        connection.send(FROM, TO, "x")


def test_connect_without_a_user(server: ScriptedServer, local: str) -> None:
    server.play(HELLO, QUIT)
    with smtpconn.connect(f"smtp://{local}") as connection:
        assert connection.is_open
        assert not connection.is_authenticated


def test_the_password_as_an_argument(server: ScriptedServer, local: str) -> None:
    server.play(HELLO, LOGIN, QUIT)
    with smtpconn.connect(f"smtp://ann@{local}", password="sesame", on_end=lambda _: None):
        pass


def test_a_token(server: ScriptedServer, local: str) -> None:
    offers = HELLO.replace("PLAIN LOGIN", "XOAUTH2 PLAIN")
    token = b64("user=ann\1auth=Bearer fresh\1\1")
    server.play(offers, f"C: AUTH XOAUTH2 {token}\nS: 235 ok", QUIT)
    with smtpconn.connect(f"smtp://ann@{local}", token=lambda renew: "fresh"):
        pass


def test_starttls_is_required(server: ScriptedServer, local: str) -> None:
    server.play(HELLO, "E:")
    with pytest.raises(smtpconn.TLSError) as caught:
        smtpconn.connect(f"smtp+starttls://{local}")
    assert caught.value.kind == smtpconn.FailureKind.TLS_NOT_OFFERED


def test_tls_from_the_first_byte(server: ScriptedServer, certificate: Path) -> None:
    server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.tls.load_cert_chain(certificate)
    server.play("T:", HELLO, QUIT)
    url = f"smtps://127.0.0.1:{server.port}?tls_servername=localhost&tls_ca_file={certificate}"
    with smtpconn.connect(url) as connection:
        assert connection.tls_peer_name == "localhost"


def test_a_unix_socket(tmp_path: Path) -> None:
    path = tmp_path / "l m"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        with ScriptedServer(listener) as server:
            server.play(HELLO.replace("EHLO", "LHLO"), SEND.replace("4F2A", "5"), QUIT)
            url = f"lmtp+unix://{str(path).replace(' ', '%20')}"
            assert smtpconn.send("x", url=url, from_addr=FROM, to_addrs=TO).accepted == [TO]


def test_a_failed_login_closes(server: ScriptedServer, local: str) -> None:
    server.play(HELLO, REFUSED, "E:")
    ends: list[bool] = []
    with pytest.raises(smtpconn.AuthError):
        smtpconn.connect(
            f"smtp://ann:sesame@{local}", auth_method="PLAIN", on_end=lambda _: ends.append(True)
        )
    assert ends == [True]


class Mine(smtpconn.Connection):
    pass


def test_from_url(server: ScriptedServer, local: str) -> None:
    server.play(HELLO, LOGIN, QUIT)
    connection = Mine.from_url(f"smtp://ann:sesame@{local}")
    assert isinstance(connection, Mine)
    assert connection.stage is smtpconn.Stage.NEW
    with connection:
        assert connection.is_authenticated
        connection.connect()  # Nothing is left to do.


def test_from_url_leaves_the_login_to_who_does_not_wait(server: ScriptedServer, local: str) -> None:
    server.play(HELLO, QUIT)
    connection = smtpconn.Connection.from_url(f"smtp://ann:sesame@{local}")
    connection.start_connect()
    connection.start_quit()
    connection.loop.run()
    connection.close()
    assert "AUTH" not in " ".join(server.commands)


def test_a_login_that_failed_leaves_it_open(server: ScriptedServer, local: str) -> None:
    server.play(HELLO, REFUSED, QUIT)
    connection = smtpconn.Connection.from_url(f"smtp://ann:x@{local}", auth_method="PLAIN")
    with pytest.raises(smtpconn.AuthError):
        connection.connect()
    assert connection.is_open
    connection.quit()
    connection.close()


@pytest.mark.parametrize(
    ("url", "given", "name"),
    [
        ("smtp://h", {"host": "i"}, "host"),
        ("smtp://h:25", {"port": 25}, "port"),
        ("smtps://h", {"secure": True}, "secure"),
        ("smtp://h?name=c", {"name": "d"}, "name"),
        ("smtp://ann@h", {"user": "ann"}, "user"),
        ("smtp://ann:sesame@h", {"password": "sesame"}, "password"),
    ],
)
def test_what_is_given_twice(url: str, given: dict[str, Any], name: str) -> None:
    with pytest.raises(smtpconn.OptionsError, match=f"^{name} is given twice: by the URL") as error:
        smtpconn.connect(url, **given)
    assert "sesame" not in str(error.value)


def test_none_is_not_given(server: ScriptedServer, local: str) -> None:
    server.play(HELLO, QUIT)
    with smtpconn.connect(f"smtp://{local}", host=None, user=None, password=None):
        pass


def test_an_unknown_keyword_names_itself() -> None:
    with pytest.raises(TypeError, match="'hots'"):
        smtpconn.connect("smtp://h", hots="x")  # type: ignore[call-arg]


def test_no_secret_is_shown(
    server: ScriptedServer, local: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "smtpconn")
    server.play(HELLO, REFUSED, QUIT)
    connection = smtpconn.Connection.from_url(f"smtp://ann:sesame@{local}", auth_method="PLAIN")
    with pytest.raises(smtpconn.AuthError) as caught:
        connection.connect()
    connection.quit()
    connection.close()
    shown = "".join(traceback.format_exception(caught.type, caught.value, caught.tb))
    shown += caplog.text + repr(connection)
    assert "AUTH" in shown
    for secret in ("sesame", b64("\0ann\0sesame")):
        assert secret not in shown


# --- send ---------------------------------------------------------------------


def test_send_a_letter(server: ScriptedServer, local: str, letter: EmailMessage) -> None:
    two = SEND.replace("C: DATA", "C: RCPT TO:<c@example.org>\nS: 250 ok\nC: DATA")
    server.play(HELLO, LOGIN, two, QUIT)
    result = smtpconn.send(letter, url=f"smtp://ann:sesame@{local}")
    assert result.queue_id == "4F2A"
    assert result.accepted == [TO, "c@example.org"]
    server.check()
    assert "MAIL FROM:<a@example.org>" in server.commands[2]


def test_send_with_arguments(server: ScriptedServer) -> None:
    server.play(HELLO.replace("8BITMIME", "DSN"), LOGIN, SEND, QUIT)
    smtpconn.send(
        b"x",
        host="127.0.0.1",
        port=server.port,
        user="ann",
        password="sesame",
        from_addr=FROM,
        to_addrs=[TO],
        dsn=smtpconn.DSN(ret="HDRS", notify="NEVER"),
    )
    server.check()
    assert server.commands[2:4] == [
        "MAIL FROM:<a@example.org> RET=HDRS",
        "RCPT TO:<b@example.org> NOTIFY=NEVER",
    ]
    assert server.messages == [b"x\r\n"]


def test_a_letter_with_another_envelope(
    server: ScriptedServer, local: str, letter: EmailMessage
) -> None:
    server.play(HELLO.replace("8BITMIME", "DSN"), SEND, QUIT).play(HELLO, SEND, QUIT)
    dsn = smtpconn.DSN(ret="FULL")
    smtpconn.send(letter, url=f"smtp://{local}", from_addr="", to_addrs="d@example.org", dsn=dsn)
    envelope = smtpconn.Envelope("e@example.org", "f@example.org")
    smtpconn.send(letter, url=f"smtp://{local}", envelope=envelope)
    server.check()
    told = [line for line in server.commands if line.startswith(("MAIL", "RCPT"))]
    assert told[:2] == ["MAIL FROM:<> RET=FULL", "RCPT TO:<d@example.org>"]
    assert told[2].startswith("MAIL FROM:<e@example.org>")
    assert told[3:] == ["RCPT TO:<f@example.org>"]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({}, "needs from_addr"),
        ({"to_addrs": TO}, "needs from_addr"),
        ({"from_addr": FROM}, "needs to_addrs"),
        ({"envelope": smtpconn.Envelope(FROM, TO), "to_addrs": TO}, "not both"),
        ({"envelope": smtpconn.Envelope(FROM, TO), "from_addr": FROM}, "not both"),
        ({"envelope": smtpconn.Envelope(FROM, TO), "dsn": smtpconn.DSN()}, "not both"),
    ],
)
def test_no_server_is_asked_for_what_cannot_be_sent(given: dict[str, Any], reason: str) -> None:
    with pytest.raises(TypeError, match=reason):
        smtpconn.send("x", host="server.invalid", **given)


def test_a_wrong_header_is_found_before_connecting(letter: EmailMessage) -> None:
    del letter["From"]
    with pytest.raises(smtpconn.EnvelopeError, match="from_addr"):
        smtpconn.send(letter, host="server.invalid")


def test_refused_recipients_raise(server: ScriptedServer, local: str) -> None:
    refused = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 550 5.1.1 unknown\nC: RSET\nS: 250 ok"
    server.play(HELLO, refused.replace("\nC: RSET\nS: 250 ok", ""), QUIT)
    with pytest.raises(smtpconn.EnvelopeError) as caught:
        smtpconn.send("x", url=f"smtp://{local}", from_addr=FROM, to_addrs=TO)
    assert caught.value.result is not None
    assert caught.value.result.rejected == [TO]


def test_an_iterator_as_a_message(server: ScriptedServer, local: str) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"one\n"
        yield b"two\n"

    server.play(HELLO, SEND, QUIT)
    smtpconn.send(chunks(), url=f"smtp://{local}", from_addr=FROM, to_addrs=TO)
    server.check()
    assert server.messages == [b"one\r\ntwo\r\n"]


def test_the_table_of_urls_is_complete() -> None:
    """README.md names every scheme, with the port that a connection then has."""
    readme = (Path(__file__).resolve().parents[1] / "README.md").read_text()
    table = readme.partition("\n## URLs\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1:3] for line in table.splitlines() if line.startswith("| `")]
    named = {}
    for urls, meaning in rows:
        for url in re.findall(r"`([^`]*)`", urls):
            named[url.partition(":")[0]] = meaning
    assert set(named) == set(SCHEMES)
    for scheme, meaning in named.items():
        unix = scheme.endswith("+unix")
        connection = smtpconn.Connection.from_url(f"{scheme}://{'/run/s' if unix else 'h'}")
        place = repr(connection).split()[1]
        connection.close()
        port = re.search(r"port (\d+)", meaning)
        assert place == ("/run/s" if port is None else f"h:{port[1]}")
        assert unix == (port is None)

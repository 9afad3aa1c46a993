"""Names outside ASCII: A-labels by libidn2, where that is on the machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import Opener
from support.drive import Drive
from support.drive.separate import names_mean, separate
from support.servers.certificates import Certificates
from support.servers.script import greets, script
from support.servers.scripted import Peer, ScriptedServer
from support.servers.tls import quits

UNICODE = "b\u00fccher.example"
ASCII = "xn--bcher-kva.example"


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Drive]:
    """A program that finds no libidn2."""
    (tmp_path / "libidn2.so.0").touch()
    with separate(before=["env", f"LD_LIBRARY_PATH={tmp_path}"]) as drive:
        yield drive


def utf8(text: str) -> str:
    """The program tells octets."""
    return text.encode("latin-1").decode()


# --- hosts ------------------------------------------------------------------


@pytest.mark.parametrize("host", [UNICODE, "B\u00dcCHER.Example", "bu\u0308cher\u3002example"])
def test_a_host(certificates: Certificates, tmp_path: Path, host: str) -> None:
    """Resolved, named in SNI, and looked for in the certificate as its A-label."""
    names = names_mean(tmp_path, {ASCII: ["127.0.0.1"]})
    with (
        separate(before=names) as drive,
        ScriptedServer(quits, identity=certificates.international) as server,
    ):
        connection = drive.connection(
            host=host, port=server.port, secure=1, tls_ca_file=certificates.ca_file
        )
        connection.start_connect().succeeds()
        connection.start_quit().succeeds()
    (peer,) = server.peers
    assert peer.server_name == ASCII


def test_a_host_with_the_certificate_of_another(
    connect: Opener, certificates: Certificates
) -> None:
    connection = connect(
        lambda peer: peer.refused_tls(certificates.wrong_host),
        secure=1,
        tls_servername=UNICODE,
    )
    assert ASCII in connection.start_connect().fails("ETLS").message
    connection.wait_end()


def test_the_name_of_the_client(connect: Opener) -> None:
    """RFC 6531 section 3.7.1: before EHLO nothing is known of the server."""

    def dialogue(peer: Peer) -> None:
        peer.reply(b"220 test.local ESMTP")
        peer.answer(b"EHLO " + ASCII.encode(), b"250 test.local")
        peer.quit()

    connection = connect.opened(dialogue, name=UNICODE)
    connection.start_quit().succeeds()


@pytest.mark.parametrize("option", ["host", "name", "tls_servername"])
@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("\u2615.example", "\u2615"),
        ("a.-\u00e9.example", "-\u00e9"),
        ("\u00e9b.xn--\u00e9.example", "xn--\u00e9"),
        ("\u00e9" * 70 + ".example", "\u00e9" * 40),
    ],
)
def test_a_label_that_is_none(drive: Drive, option: str, name: str, label: str) -> None:
    message = utf8(drive.refuses(option, name).message)
    assert message.startswith(f'{option} "')
    assert f'has no A-label: "{label}' in message


@pytest.mark.parametrize("option", ["host", "name", "tls_servername"])
@pytest.mark.parametrize(
    "name", ["\u00e9\u200b.example", "\u00e9\x01.example", "\u00e9\r\n.example", "\u00e9 b.example"]
)
def test_what_is_in_no_name(drive: Drive, option: str, name: str) -> None:
    drive.refuses(option, name)


@pytest.mark.parametrize("option", ["host", "name", "tls_servername"])
def test_octets_that_are_no_utf8(drive: Drive, option: str) -> None:
    assert "is not UTF-8" in drive.refuses(option, b"\xe9.example").message


@pytest.mark.parametrize("option", ["host", "name", "tls_servername"])
def test_an_option_without_libidn2(bare: Drive, option: str) -> None:
    message = bare.refuses(option, UNICODE).message
    assert "package libidn2-0" in message
    assert "give the A-label" in message
    assert bare.set(bare.options(), option, ASCII) is None


# --- addresses --------------------------------------------------------------


def test_addresses(connect: Opener) -> None:
    """Where SMTPUTF8 is not offered; in the result they are as they were given."""
    dialogue = script(
        greets(b"8BITMIME"),
        (b"MAIL FROM:<a@" + ASCII.encode() + b">", b"250 ok"),
        (b"RCPT TO:<B@" + ASCII.encode() + b">", b"250 ok"),
        (b"RCPT TO:<c@example.com>", b"550 no"),
        (b"RCPT TO:<d@x." + ASCII.encode() + b">", b"550 no"),
        (b"DATA", b"354 go"),
        Peer.content,
        lambda peer: peer.reply(b"250 ok"),
        Peer.quit,
    )
    connection = connect.opened(dialogue)
    given = [f"B@{UNICODE}", "c@example.com", f"d@x.{UNICODE}"]
    envelope = connection.drive.envelope(f"a@{UNICODE}", given)
    sending = connection.start_send(envelope=envelope)
    result = sending.result()
    named = [utf8(each.recipient) for each in result.recipients]
    assert named == given
    connection.start_quit().succeeds()


def test_addresses_where_they_may_stay(connect: Opener) -> None:
    """With SMTPUTF8 a domain may be in U-labels (RFC 6531 section 3.2)."""
    dialogue = script(
        greets(b"SMTPUTF8"),
        (f"MAIL FROM:<a@{UNICODE}> SMTPUTF8".encode(), b"250 ok"),
        (f"RCPT TO:<z\u00f6@{UNICODE}>".encode(), b"250 ok"),
        (b"DATA", b"354 go"),
        Peer.content,
        lambda peer: peer.reply(b"250 ok"),
        Peer.quit,
    )
    connection = connect.opened(dialogue)
    envelope = connection.drive.envelope(f"a@{UNICODE}", [f"z\u00f6@{UNICODE}"])
    connection.delivers(envelope=envelope)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        (f"z\u00f6@{UNICODE}", "which the server does not offer"),
        ("a@\u2615.example", '; its domain has no A-label: "\u2615": '),
        # A mapping must not make another address of it.
        ("a@\u00e9\uff20example.com", "; its domain "),
    ],
)
def test_an_address_without_an_a_label(connect: Opener, address: str, reason: str) -> None:
    connection = connect.opened(script(Peer.greet, Peer.quit))
    envelope = connection.drive.envelope("a@example.com", [address])
    failure = connection.start_send(envelope=envelope).fails("EENVELOPE")
    assert reason in utf8(failure.message)
    assert failure.recipient is not None
    assert utf8(failure.recipient) == address
    connection.start_quit().succeeds()


def test_an_address_without_libidn2(bare: Drive) -> None:
    """Refused where the server does not offer SMTPUTF8, and only there."""
    plain = script(Peer.greet, Peer.quit)
    able = script(
        greets(b"SMTPUTF8"),
        (f"MAIL FROM:<a@{UNICODE}> SMTPUTF8".encode(), b"550 no"),
        Peer.quit,
    )
    envelope = bare.envelope(f"a@{UNICODE}", ["b@example.com"])
    for dialogue in (plain, able):
        with ScriptedServer(dialogue) as server:
            connection = bare.connection(host=server.host, port=server.port)
            connection.start_connect().succeeds()
            failure = connection.start_send(envelope=envelope).fails("EENVELOPE")
            connection.start_quit().succeeds()
        is_known = failure.response is None
        assert is_known == (dialogue is plain)
        assert ("package libidn2-0" in failure.message) == is_known

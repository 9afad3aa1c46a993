"""TLS: what must be true of a server before anything is sent to it."""

from __future__ import annotations

import threading

import pytest

from conftest import Opener
from support.drive import Drive
from support.servers.certificates import Certificates
from support.servers.script import greets, says, script, secures, sends
from support.servers.scripted import PATIENCE, Peer, ScriptedServer
from support.servers.tls import refused, unusable

# --- certificates -----------------------------------------------------------

# The list of what the authority revoked, which is a file of the fixture.
LIST = "the list"

# (certificate, host, options, the kind of the refusal if there is one, what it must say)
JUDGEMENTS: list[tuple[str, str, dict[str, str | int], str | None, tuple[str, ...]]] = [
    ("good", "localhost", {}, None, ()),
    ("good", "127.0.0.1", {}, None, ()),
    ("address_only", "127.0.0.1", {}, None, ()),
    ("address_only", "localhost", {}, "TLS_NAME", ("localhost",)),
    ("name_only", "localhost", {}, None, ()),
    ("name_only", "127.0.0.1", {}, "TLS_NAME", ("127.0.0.1",)),
    ("name_only", "127.0.0.1", {"tls_servername": "localhost"}, None, ()),
    ("wrong_host", "localhost", {}, "TLS_NAME", ("other.example", "localhost")),
    ("wrong_host", "localhost", {"tls_servername": "other.example"}, None, ()),
    ("good", "localhost", {"tls_servername": "other.example"}, "TLS_NAME", ("other.example",)),
    ("expired", "localhost", {}, "TLS_EXPIRED", ("expired",)),
    ("self_signed", "localhost", {}, "TLS_SELF_SIGNED", ("self-signed",)),
    ("common_name_only", "localhost", {}, "TLS_NAME", ("localhost",)),
    ("not_yet_valid", "localhost", {}, "TLS_NOT_YET_VALID", ("not valid yet",)),
    ("unknown_authority", "localhost", {}, "TLS_UNKNOWN_ISSUER", ("not from a trusted CA",)),
    ("forged", "localhost", {}, "TLS_UNTRUSTED", ("cannot be trusted", "signature")),
    # RFC 9525 section 6.3: for one label, which is the first one and the whole of it.
    ("wildcard", "localhost", {"tls_servername": "a.example.com"}, None, ()),
    (
        "wildcard",
        "localhost",
        {"tls_servername": "a.b.example.com"},
        "TLS_NAME",
        ("*.example.com",),
    ),
    ("wildcard", "localhost", {"tls_servername": "example.com"}, "TLS_NAME", ("*.example.com",)),
    ("wildcard_of_all", "localhost", {}, "TLS_NAME", ("localhost",)),
    ("wildcard_in_part", "localhost", {"tls_servername": "ab.example.com"}, "TLS_NAME", ("a*",)),
    ("nul_in_name", "localhost", {}, "TLS_NAME", ("is for localhost?.example, not for",)),
    ("address_as_name", "127.0.0.1", {}, "TLS_NAME", ("127.0.0.1",)),
    ("weak_key", "localhost", {}, "TLS_WEAK_KEY", ("too weak",)),
    ("revoked", "localhost", {}, None, ()),
    ("revoked", "localhost", {"tls_crl_file": LIST}, "TLS_REVOKED", ("revoked",)),
    ("good", "localhost", {"tls_crl_file": LIST}, None, ()),
    ("wrong_host", "localhost", {"tls_reject_unauthorized": 0}, None, ()),
    ("expired", "localhost", {"tls_reject_unauthorized": 0}, None, ()),
    ("self_signed", "localhost", {"tls_reject_unauthorized": 0}, None, ()),
]


@pytest.mark.parametrize("way", ["starttls", "implicit"])
@pytest.mark.parametrize(
    ("certificate", "host", "options", "kind", "words"),
    JUDGEMENTS,
    ids=[f"{c}-{h}-{'-'.join(o) or 'defaults'}" for c, h, o, _, _ in JUDGEMENTS],
)
def test_certificate(
    connect: Opener,
    certificates: Certificates,
    way: str,
    certificate: str,
    host: str,
    options: dict[str, str | int],
    kind: str | None,
    words: tuple[str, ...],
) -> None:
    identity = getattr(certificates, certificate)
    if options.get("tls_crl_file") == LIST:
        options = {**options, "tls_crl_file": str(certificates.crl)}

    def dialogue(peer: Peer) -> None:
        if way == "starttls":
            peer.greet(b"STARTTLS", b"AUTH PLAIN")
            peer.answer(b"STARTTLS", b"220 go")
        if kind is not None:
            return peer.refused_tls(identity)
        peer.start_tls(identity)
        if way == "starttls":
            peer.ehlo()
        else:
            peer.greet()
        peer.expect(b"QUIT")
        return peer.reply(b"221 bye")

    server = connect.server(dialogue)
    connection = connect(server, host=host, secure=int(way == "implicit"), **options)
    with connection.drive.held():
        opening = connection.start_connect()
        # Queued after the connect: must not be sent to a server that failed.
        login = None if kind is None else connection.start_login("alice", "sesame")
    if kind is None:
        opening.succeeds()
        connection.start_quit().succeeds()
        return
    failure = opening.fails("ETLS")
    assert failure.kind == kind
    assert failure.phase in ("tls", way)
    assert failure.tls_reason
    for word in words:
        assert word in failure.message, f"{word!r} is not said: {failure.message}"
    assert login is not None
    login.fails("ETLS")
    connection.wait_end()
    connect.join()
    assert server.peer.protected == b""


def test_store(connect: Opener, certificates: Certificates) -> None:
    """A file replaces the system's store, which has no authority of ours."""
    refused(connect, certificates.good, tls_ca_file=certificates.other_ca.certificate)
    refused(connect, certificates.good, tls_ca_file=None)


@pytest.mark.parametrize("secure", [0, 1])
def test_ca_file_that_is_missing(connect: Opener, secure: int) -> None:
    failure = unusable(connect, secure=secure, tls_ca_file="/nonexistent/ca.pem")
    assert "/nonexistent/ca.pem" in failure.message


def test_verification_belongs_to_one_connection(
    drive: Drive, connect: Opener, certificates: Certificates
) -> None:
    """Switching it off on one must not switch it off on its neighbour, and what
    one has seen must not help the other, on the same loop and at the same time."""

    identity = certificates.wrong_host
    accepted = script(lambda peer: peer.start_tls(identity), Peer.greet, (b"QUIT", b"221 bye"))
    server = connect.server(accepted, lambda peer: peer.refused_tls(identity))
    loop = drive.loop()
    lax, strict = (
        drive.connection(
            loop,
            host="localhost",
            port=server.port,
            secure=1,
            tls_ca_file=certificates.ca_file,
            **options,
        )
        for options in ({"tls_servername": "other.example"}, {})
    )
    lax.start_connect().succeeds()
    strict.start_connect().fails("ETLS")
    lax.start_quit().succeeds()


# --- STARTTLS and what an attacker makes of it ------------------------------


def test_injection_inside_the_handshake(connect: Opener, certificates: Certificates) -> None:
    """The same a moment later, in place of a server's first message."""
    dialogue = script(
        greets(b"STARTTLS"),
        (b"STARTTLS", b"220 go"),
        sends(b"250 X-INJECTED\r\n"),
        Peer.until_closed,
    )
    connection = connect(dialogue)
    connection.start_connect().fails("ETLS")
    connection.wait_end()
    assert "INJECTED" not in str(connection.info())


# --- the wrong kind of port -------------------------------------------------


def test_tls_to_a_plain_port(connect: Opener) -> None:
    dialogue = script(says(b"220 test.local ESMTP"), Peer.until_closed)
    failure = connect(dialogue, secure=1).start_connect().fails("ETLS")
    assert "TLS" in failure.message
    assert "STARTTLS" in failure.message or "secure" in failure.message
    assert failure.tls_reason


def test_plain_to_a_port_that_answers_with_an_alert(connect: Opener) -> None:
    """Some TLS servers send an alert when nothing comes."""
    dialogue = script(sends(b"\x15\x03\x01\x00\x02\x02\x46"), Peer.until_closed)
    failure = connect(dialogue).start_connect().fails("ETLS")
    assert "set secure" in failure.message


@pytest.mark.parametrize("way", ["starttls", "implicit"])
@pytest.mark.parametrize("how", ["close", "reset"])
def test_lost_in_the_handshake(connect: Opener, way: str, how: str) -> None:
    def dialogue(peer: Peer) -> None:
        if way == "starttls":
            peer.greet(b"STARTTLS")
            peer.answer(b"STARTTLS", b"220 go")
        # The first octets of the client's hello have come.
        peer.handshake_began()
        if how == "close":
            peer.half_close()
            peer.until_closed()
        else:
            peer.reset()

    connection = connect(dialogue, secure=int(way == "implicit"))
    connection.start_connect().fails("ETLS", "ECONNECTION", "ESOCKET")
    connection.wait_end()


def test_close_without_close_notify_ends_nothing_well(
    connect: Opener, certificates: Certificates
) -> None:
    """A truncated TLS stream in the middle of a send is a lost connection."""
    dialogue = script(secures(certificates.good), b"MAIL FROM:", Peer.close_below_tls)
    connection = connect.opened(dialogue)
    connection.start_send().fails("ECONNECTION", "ETLS")
    connection.wait_end()


def test_close_notify(connect: Opener, certificates: Certificates) -> None:
    """It ends a dialogue that has come to its end, and nothing else: a message that breaks off
    must not look as if that was all."""
    ended: list[bool] = []
    begun = threading.Event()

    def whole(peer: Peer) -> None:
        peer.minds_the_end = True
        peer.secure(certificates.good)
        peer.answer(b"QUIT", b"221 bye")
        ended.append(peer.is_told_of_the_end())

    def broken_off(peer: Peer) -> None:
        peer.minds_the_end = True
        peer.secure(certificates.good)
        peer.envelope()
        peer.read_some()
        begun.set()
        ended.append(peer.is_told_of_the_end())

    with ScriptedServer(whole) as server:
        connect.opened(server).start_quit().succeeds()
    with ScriptedServer(broken_off) as server:
        connection = connect.opened(server)
        sending = connection.start_send(message=connect.drive.reader(b"x\r\n", "!pause"))
        assert begun.wait(PATIENCE)
        connection.close()
        sending.fails("ECANCELLED")
    assert ended == [True, False]

"""SCRAM that is tied to the TLS connection (RFC 5802 section 6): the octets are those that Python's
ssl module and the server's own certificate give."""

from __future__ import annotations

import hashlib
import ssl

import pytest

from conftest import Opener
from support.drive.connection import Connection
from support.drive.outcomes import Failure
from support.logins.logins import PASSWORD, USER, is_refused, logs_in
from support.logins.sasl import b64
from support.logins.scram import ALL, MECHANISMS, ScramServer
from support.servers.certificates import Certificates, Identity
from support.servers.resuming import Forgetful, Remembering
from support.servers.script import greets, script
from support.servers.scripted import Peer

PLUS = "SCRAM-SHA-256-PLUS"


def end_point(identity: Identity, function: str = "sha256") -> bytes:
    """RFC 5929 section 4.1."""
    return hashlib.new(
        function, ssl.PEM_cert_to_DER_cert(identity.certificate.read_text())
    ).digest()


def bound(mechanism: str, kind: str, identity: Identity, function: str = "sha256") -> ScramServer:
    def data(peer: Peer) -> bytes:
        if kind == "tls-unique":
            return peer.tls_unique
        return end_point(identity, function)

    return ScramServer(mechanism, header=f"p={kind},,".encode(), binding=data)


def opened(
    connect: Opener, identity: Identity, server: ScramServer, offer: bytes = ALL, **options: str
) -> Connection:
    return connect.opened(
        script(greets(offer + b" PLAIN"), server, Peer.quit), identity, secure=1, **options
    )


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_end_point(connect: Opener, certificates: Certificates, mechanism: str) -> None:
    """-PLUS goes first wherever it is offered."""
    identity = certificates.good
    name = f"{mechanism}-PLUS"
    server = bound(name, "tls-server-end-point", identity)
    offer = f"AUTH SCRAM-SHA-512 {name}".encode()
    logs_in(opened(connect, identity, server, offer, channel_binding="tls-server-end-point"))


@pytest.mark.parametrize("starttls", [False, True])
def test_unique(connect: Opener, certificates: Certificates, starttls: bool) -> None:
    """By default with TLS 1.2: the client's Finished message of a full handshake, and the
    server's of one that resumes a session (RFC 5929 section 3.1)."""
    identity = Remembering.like(certificates.good, "TLSv1.2")

    def dialogue(peer: Peer) -> None:
        if starttls:
            peer.secure(identity, ALL)
        else:
            peer.greet(ALL)
        resumed.append(peer.has_resumed)
        bound("SCRAM-SHA-512-PLUS", "tls-unique", identity)(peer)
        peer.quit()

    resumed: list[bool] = []
    server = connect.server(dialogue, dialogue, identity=None if starttls else identity)
    options = connect.options(server, secure=int(not starttls))
    for _ in range(2):
        connection = connect.drive.connection_from(options)
        connection.start_connect().succeeds()
        logs_in(connection)
    connect.join()
    assert resumed == [False, True]


def test_the_exporter_of_tls_1_3(connect: Opener, certificates: Certificates) -> None:
    """It is taken by default. Its octets: Tests/SMTPTransportTests/ChannelBindingTests.swift."""
    identity = certificates.good
    seen: list[bytes] = []

    def dialogue(peer: Peer) -> None:
        peer.greet(ALL)
        server = ScramServer("SCRAM-SHA-512-PLUS", header=b"p=tls-exporter,,")
        seen.append(server.asked(peer))
        peer.line()
        peer.reply(b"535 5.7.8 no")
        peer.quit()

    failure = is_refused(connect.opened(dialogue, identity, secure=1))
    connect.join()
    assert seen
    assert "the channel binding was tls-exporter; channel_binding chooses" in failure.message


@pytest.mark.parametrize(
    ("offer", "options", "header"),
    [
        # RFC 5802 section 6: the server notices when somebody has removed it from its offer.
        (b"AUTH SCRAM-SHA-256", {}, b"y,,"),
        (b"AUTH SCRAM-SHA-256", {"channel_binding": "none"}, b"n,,"),
        (ALL, {"channel_binding": "none", "auth_method": "SCRAM-SHA-256"}, b"n,,"),
        (ALL, {"auth_method": "SCRAM-SHA-256"}, b"n,,"),
        (b"AUTH SCRAM-SHA-256 SCRAM-SHA-1-PLUS", {"auth_method": "SCRAM-SHA-256"}, b"n,,"),
        # An attacker has put one into the offer that the client does not use.
        (
            b"AUTH SCRAM-SHA-256 SCRAM-SHA-1-PLUS",
            {"auth_method": "SCRAM-SHA-256-PLUS SCRAM-SHA-256"},
            b"y,,",
        ),
    ],
)
def test_without_binding(
    connect: Opener,
    certificates: Certificates,
    offer: bytes,
    options: dict[str, str],
    header: bytes,
) -> None:
    server = ScramServer("SCRAM-SHA-256", header=header)
    logs_in(opened(connect, certificates.good, server, offer, **options))


@pytest.mark.parametrize("refusal", [b"535 5.7.8 no", b"504 5.5.4 no", b"534 5.7.9 no"])
def test_a_stripped_offer_is_noticed(
    connect: Opener, certificates: Certificates, refusal: bytes
) -> None:
    """The server offers -PLUS, and an attacker has removed it from what the client sees. Whatever
    the code is, the attacker gets no password instead."""

    def notices(peer: Peer) -> None:
        peer.greet(b"AUTH SCRAM-SHA-256 PLAIN")
        server = ScramServer("SCRAM-SHA-256", header=b"y,,")
        server.proven(peer)
        peer.reply(b"334 " + b64("e=server-does-support-channel-binding"))
        peer.expect(b"")
        peer.reply(refusal)
        peer.quit()

    failure = is_refused(connect.opened(notices, certificates.good, secure=1))
    assert "an attacker may have removed" in failure.message
    assert failure.kind == "LOGIN_CHANNEL_BINDING"


def test_a_refused_binding_is_not_forgotten(connect: Opener, certificates: Certificates) -> None:
    """An attacker may answer that -PLUS is not supported. What is tried then says that there could
    have been a binding, which a server that supports it refuses."""

    def dialogue(peer: Peer) -> None:
        peer.greet(b"AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256")
        peer.answer(b"AUTH SCRAM-SHA-256-PLUS ", b"504 5.5.4 not here")
        ScramServer("SCRAM-SHA-256", header=b"y,,")(peer)
        peer.quit()

    logs_in(connect.opened(dialogue, certificates.good, secure=1))


def refuses(connection: Connection) -> Failure:
    """Before AUTH."""
    failure = connection.start_login(USER, PASSWORD).fails("EAUTH")
    connection.start_quit().succeeds()
    return failure


def test_a_binding_that_is_missing(connect: Opener, certificates: Certificates) -> None:
    """Whoever names one does not get a login without it."""
    quits = script(greets(ALL + b" PLAIN"), Peer.quit)
    identity = Forgetful.like(certificates.good, "TLSv1.2")
    connection = connect.opened(quits, identity, secure=1, channel_binding="tls-exporter")
    assert "tls-exporter" in refuses(connection).message
    for options in ({"channel_binding": "tls-unique"}, {"auth_method": PLUS}):
        assert "TLS" in refuses(connect.opened(quits, **options)).message
    connection = connect.opened(quits, identity, secure=1, channel_binding="none", auth_method=PLUS)
    assert "channel_binding is none" in refuses(connection).message


def test_insisting(connect: Opener, certificates: Certificates) -> None:
    """With its name a login without it does not happen."""
    quits = script(greets(b"AUTH SCRAM-SHA-256 PLAIN"), Peer.quit)
    connection = connect.opened(quits, certificates.good, secure=1, auth_method=PLUS)
    assert PLUS in refuses(connection).message


@pytest.mark.parametrize("value", ["", "tls", "TLS-UNIQUE", "tls-unique ", "tls-unique-for-telnet"])
def test_no_binding(connect: Opener, value: str) -> None:
    failure = connect.drive.refuses("channel_binding", value)
    assert "tls-server-end-point" in failure.message

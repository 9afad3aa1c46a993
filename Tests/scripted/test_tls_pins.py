"""Public keys that a server must have: tls_pins."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from conftest import Opener
from support.drive import Drive, Option
from support.drive.outcomes import LOG_TLS, Failure
from support.servers.certificates import Certificates, Identity, pin
from support.servers.resuming import FULL, RESUMED, VERSIONS, Remembering, Witness, visit
from support.servers.scripted import Peer
from support.servers.tls import agreed

OTHER = "sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


def is_left(connect: Opener, identity: Identity, **options: Option) -> Failure:
    """Why a server was left after a complete handshake, before anything was sent to it. With
    `secure` 0 the handshake is after STARTTLS."""
    options = {"secure": 1, **options}

    def dialogue(peer: Peer) -> None:
        if not options["secure"]:
            peer.greet(b"STARTTLS")
            peer.answer(b"STARTTLS", b"220 go")
        peer.refused_tls(identity)

    connection = connect(dialogue, **options)
    failure = connection.start_connect().fails("ETLS")
    connection.wait_end()
    connect.join()
    return failure


FORMS: list[Callable[[str], str]] = [
    lambda pin: pin,
    lambda pin: pin.removeprefix("sha256//"),
    lambda pin: f"{OTHER} {pin}",
    lambda pin: f" {OTHER},{pin.removeprefix('sha256//')}, ",
    lambda pin: f"{pin};{OTHER}",
]


@pytest.mark.parametrize("form", range(len(FORMS)))
def test_pinned(connect: Opener, certificates: Certificates, form: int) -> None:
    """One pin or several, in each form."""
    agreed(connect, certificates.good, tls_pins=FORMS[form](pin(certificates.good)))


@pytest.mark.parametrize("starttls", [False, True])
@pytest.mark.parametrize("version", VERSIONS)
def test_not_pinned(
    connect: Opener, certificates: Certificates, version: str, starttls: bool
) -> None:
    """A certificate that is right in every other way. The message has the pin that would be
    right, and nothing makes the next attempt better."""
    identity = Remembering.like(certificates.good, version)
    failure = is_left(connect, identity, secure=int(not starttls), tls_pins=OTHER)
    assert "tls_pins" in failure.message
    assert pin(certificates.good) in failure.message
    assert failure.tls_reason == "the key is not pinned"
    assert failure.kind == "TLS_PIN"
    assert failure.phase == ("starttls" if starttls else "tls")


def test_authority_is_no_server(connect: Opener, certificates: Certificates) -> None:
    """Only the certificate of the server counts, not those that vouch for it."""
    is_left(connect, certificates.good, tls_pins=pin(certificates.ca))


@pytest.mark.parametrize("name", ["wrong_host", "expired", "self_signed"])
def test_besides_verification(connect: Opener, certificates: Certificates, name: str) -> None:
    """A pin vouches for nothing but the key: all else is as without it. With verification
    switched off it is the only thing that counts."""
    identity = getattr(certificates, name)
    options: dict[str, Option] = {"host": "localhost", "tls_pins": pin(identity)}
    assert is_left(connect, identity, **options).tls_reason != "the key is not pinned"
    agreed(connect, identity, tls_reject_unauthorized=0, **options)
    assert any("only the key verified" in line for line in connect.drive.transcript(LOG_TLS))
    options["tls_pins"] = OTHER
    failure = is_left(connect, identity, tls_reject_unauthorized=0, **options)
    assert failure.tls_reason == "the key is not pinned"


@pytest.mark.parametrize("how", ["no STARTTLS", "STARTTLS refused"])
def test_required(connect: Opener, certificates: Certificates, how: str) -> None:
    """Nothing goes to a server without TLS, which has no key."""

    def dialogue(peer: Peer) -> None:
        if how == "no STARTTLS":
            peer.greet()
        else:
            peer.greet(b"STARTTLS")
            peer.answer(b"STARTTLS", b"454 not now")
        assert b"MAIL" not in peer.until_closed()

    connection = connect(dialogue, tls_pins=OTHER)
    with connection.drive.held():
        opening, sending = connection.start_connect(), connection.start_send()
    assert how != "no STARTTLS" or "tls_pins" in opening.fails("ETLS").message
    sending.fails("ETLS")


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ,",
        "sha256//",
        "sha1//AAECAwQFBgcICQoLDA0ODxAREhM=",
        OTHER[:-1],
        OTHER + "=",
        OTHER + "AAAA",
        OTHER.replace("E", "\u00e9"),
        OTHER.replace("s", "S"),
        OTHER + " " + OTHER[:-2],
        "AAECAwQFBgcICQoLDA0ODxAREhM=",
    ],
)
def test_malformed(drive: Drive, value: str) -> None:
    """Refused by the setter, which says what is wanted."""
    assert "sha256//" in drive.refuses("tls_pins", value).message


@pytest.mark.parametrize("version", VERSIONS)
def test_resumed(connect: Opener, certificates: Certificates, version: str) -> None:
    """A session of a pinned key is resumed as any other."""
    server = connect.joins(Witness(Remembering.like(certificates.good, version)))
    options = connect.options(server, secure=1, tls_pins=pin(certificates.good))
    for _ in range(2):
        visit(connect.drive, options)
    connect.join()
    assert server.seen == [FULL, RESUMED]


@pytest.mark.parametrize("verifies", [0, 1])
@pytest.mark.parametrize("version", VERSIONS)
def test_session_of_another_key(
    connect: Opener, certificates: Certificates, version: str, verifies: int
) -> None:
    """One that was added is offered only when its key is a pin: the server of a session
    proves no more than that it is the one of that session."""
    drive = connect.drive
    identity = Remembering.like(certificates.good, version)
    common: dict[str, Option] = {"secure": 1, "tls_reject_unauthorized": verifies}
    with Witness(identity, 1) as server:
        first = connect.options(server, **common)
        visit(drive, first)
    session = drive.take_session(first)
    assert session is not None
    with Witness(identity, 1) as server:
        options = connect.options(server, tls_pins=pin(identity), **common)
        assert drive.add_session(options, session) is None
        visit(drive, options)
    assert server.seen == [RESUMED]

    other = Remembering.like(certificates.name_only, version)
    with Witness(other, 1) as server:
        options = connect.options(server, host="localhost", tls_pins=pin(other), **common)
        assert drive.add_session(options, session) is None
        visit(drive, options)
    assert server.seen == [FULL]


def test_command_of_the_header(certificates: Certificates) -> None:
    """What the header says how to get a pin is what gets one."""
    command = (
        f"openssl x509 -in {certificates.good.certificate} -pubkey -noout |"
        " openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | openssl base64"
    )
    done = subprocess.run(command, shell=True, check=True, capture_output=True, text=True)
    assert "sha256//" + done.stdout.strip() == pin(certificates.good)

"""DANE: servers known by TLSA records (RFC 6698, RFC 7672)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Opener
from support.drive import Drive, Option
from support.servers.certificates import Certificates, Chained, Identity
from support.servers.resuming import FULL, VERSIONS, Remembering, Witness, visit
from support.servers.scripted import Peer
from support.servers.stapling import certificate_der, fields
from support.servers.tls import agreed, refused

pytestmark = pytest.mark.slow_under_valgrind

SELECTED: list[Callable[[Identity], bytes]] = [
    certificate_der,
    lambda identity: fields(identity)[5][0],
]
MATCHED: list[Callable[[bytes], bytes]] = [
    lambda octets: octets,
    lambda octets: hashlib.sha256(octets).digest(),
    lambda octets: hashlib.sha512(octets).digest(),
]
ZEROS = "3 1 1 " + "00" * 32


def record(usage: int, selector: int, matching: int, identity: Identity) -> str:
    """The TLSA record of a certificate, as in a zone file."""
    octets = MATCHED[matching](SELECTED[selector](identity))
    return f"{usage} {selector} {matching} {octets.hex()}"


def trusting(*records: str, **options: Option) -> dict[str, Option]:
    """Options for nothing but these records: no other authority is there."""
    return {"host": "localhost", "tls_ca_file": None, "tls_tlsa": ",".join(records), **options}


@pytest.mark.parametrize("matching", [0, 1, 2])
@pytest.mark.parametrize("selector", [0, 1])
def test_certificate_of_the_server(
    connect: Opener, certificates: Certificates, selector: int, matching: int
) -> None:
    """Usage 3, in every form."""
    mine = record(3, selector, matching, certificates.self_signed)
    info = agreed(connect, certificates.self_signed, **trusting(mine))
    # Nobody has compared it.
    assert info["tls_peer_name"] is None
    other = record(3, selector, matching, certificates.good)
    failure = refused(connect, certificates.self_signed, **trusting(other))
    assert "tls_tlsa" in failure.message
    assert failure.kind == "TLS_DANE"


@pytest.mark.parametrize(
    "name", ["self_signed", "wrong_host", "expired", "not_yet_valid", "common_name_only"]
)
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_neither_name_nor_time(
    connect: Opener, certificates: Certificates, name: str, host: str
) -> None:
    """Usage 3 is about the key, and the zone says whose it is (RFC 7672 section 3.1.1)."""
    identity = getattr(certificates, name)
    agreed(connect, identity, **trusting(record(3, 1, 1, identity), host=host))


@pytest.mark.parametrize("matching", [0, 1, 2])
@pytest.mark.parametrize("selector", [0, 1])
def test_authority(
    connect: Opener, certificates: Certificates, tmp_path: Path, selector: int, matching: int
) -> None:
    """Usage 2: any authority of the chain, which the server sends."""
    intermediate, ca = certificates.intermediate, certificates.ca
    server = Chained.by(tmp_path, certificates.chained, intermediate, ca)
    for authority in (intermediate, ca):
        mine = record(2, selector, matching, authority)
        info = agreed(connect, server, **trusting(mine))
        assert info["tls_peer_name"] == "localhost"
    refused(connect, server, **trusting(record(2, selector, matching, certificates.other_ca)))


@pytest.mark.parametrize(
    ("name", "words"), [("wrong_host", "other.example"), ("expired", "not valid any more")]
)
def test_authority_counts_name_and_time(
    connect: Opener, certificates: Certificates, tmp_path: Path, name: str, words: str
) -> None:
    """With usage 2 all else is as ever (RFC 7672 section 3.1.2)."""
    server = Chained.by(tmp_path, getattr(certificates, name), certificates.ca)
    mine = record(2, 0, 1, certificates.ca)
    assert words in refused(connect, server, **trusting(mine)).message
    if name == "wrong_host":
        agreed(connect, server, **trusting(mine, tls_servername="other.example"))


def test_authority_that_is_not_sent(connect: Opener, certificates: Certificates) -> None:
    """A digest alone is of no use then (RFC 7672 section 3.1.2); the whole certificate is."""
    refused(connect, certificates.good, **trusting(record(2, 0, 1, certificates.ca)))
    agreed(connect, certificates.good, **trusting(record(2, 0, 0, certificates.ca)))


def test_one_of_several(connect: Opener, certificates: Certificates) -> None:
    mine = record(3, 1, 1, certificates.self_signed)
    agreed(connect, certificates.self_signed, **trusting(ZEROS, mine))
    agreed(connect, certificates.self_signed, **trusting(mine, ZEROS))
    refused(connect, certificates.self_signed, **trusting(ZEROS, ZEROS))


def test_no_other_authority(connect: Opener, certificates: Certificates) -> None:
    """What the records do not say no other authority can."""
    pem = certificates.ca_file
    refused(connect, certificates.good, **trusting(ZEROS, tls_ca_file=pem))
    missing = record(2, 0, 1, certificates.other_ca)
    refused(connect, certificates.good, **trusting(missing, tls_ca_file=pem))


def test_pin_too(connect: Opener, certificates: Certificates) -> None:
    """Both must be satisfied."""
    mine = record(3, 1, 1, certificates.good)
    pin = "sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

    def dialogue(peer: Peer) -> None:
        peer.refused_tls(certificates.good)

    connection = connect(dialogue, **trusting(mine, secure=1, tls_pins=pin))
    assert "tls_pins" in connection.start_connect().fails("ETLS").message


@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_is_resumed(connect: Opener, certificates: Certificates, version: str) -> None:
    """A resumed handshake shows no chain that could match a record."""
    drive = connect.drive
    identity = Remembering.like(certificates.good, version)
    server = connect.joins(Witness(identity))
    options = connect.options(server, secure=1, tls_tlsa=record(3, 1, 1, identity))
    for _ in range(2):
        visit(drive, options)
    assert drive.take_session(options) is None
    connect.join()
    assert server.seen == [FULL, FULL]
    with Witness(identity, 1) as other:
        first = connect.options(other, secure=1)
        visit(drive, first)
    session = drive.take_session(first)
    assert session is not None
    failure = drive.add_session(options, session)
    assert failure is not None
    assert "tls_tlsa" in failure.message


def test_required(connect: Opener) -> None:
    """A zone with TLSA records says that its server has TLS (RFC 7672 section 2.2)."""

    def dialogue(peer: Peer) -> None:
        peer.greet()
        assert b"MAIL" not in peer.until_closed()

    connection = connect(dialogue, tls_tlsa=ZEROS)
    with connection.drive.held():
        opening, sending = connection.start_connect(), connection.start_send()
    assert "tls_tlsa" in opening.fails("ETLS").message
    sending.fails("ETLS")


@pytest.mark.parametrize(
    "value",
    [
        "",
        ",",
        ZEROS + ",",
        "3 1 1",
        "3 1 1 ",
        "0 1 1 " + "00" * 32,
        "1 1 1 " + "00" * 32,
        "4 1 1 " + "00" * 32,
        "3 2 1 " + "00" * 32,
        "3 1 3 " + "00" * 32,
        "3 1 1 " + "00" * 31,
        "3 1 1 " + "00" * 33,
        "3 1 2 " + "00" * 32,
        "3 1 1 " + "0" * 63,
        "3 1 1 " + "0g" * 32,
        "3 1 0 " + "00" * 32,
        "2 0 0 " + "00" * 32,
        "33 1 1 " + "00" * 32,
        "-3 1 1 " + "00" * 32,
        "3 1 1 \u0663" + "00" * 32,
        "_25._tcp.mx.example. IN TLSA " + ZEROS,
    ],
)
def test_unusable_record(drive: Drive, value: str) -> None:
    """Refused by the setter: what is unusable must not be left out, since a connection
    without records would be made."""
    drive.refuses("tls_tlsa", value)


def test_form_of_a_zone_file(connect: Opener, certificates: Certificates) -> None:
    """Digits in either case, and in pieces."""
    digits = record(3, 1, 2, certificates.good).split()[3].upper()
    text = f"  3\t1 2  {digits[:40]}\n\t{digits[40:]} "
    agreed(connect, certificates.good, **trusting(text))

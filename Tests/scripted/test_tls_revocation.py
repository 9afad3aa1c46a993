"""Certificates that are revoked: lists, and stapled OCSP responses."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from conftest import Opener
from support.drive import Option
from support.drive.outcomes import RETRY_NO, RETRY_SAFE
from support.servers.certificates import Certificates, Chained, Identity
from support.servers.resuming import FULL, Remembering, Witness, visit
from support.servers.stapling import DAY, HOUR, UNKNOWN, Response, Stapling, now, revoked
from support.servers.tls import agreed, refused, unusable

# --- lists ------------------------------------------------------------------


def test_list(connect: Opener, certificates: Certificates) -> None:
    """The same authority has signed both; one is on its list."""
    agreed(connect, certificates.good, tls_crl_file=certificates.crl)
    agreed(connect, certificates.revoked)
    failure = refused(connect, certificates.revoked, tls_crl_file=certificates.crl)
    assert "revoked" in failure.message
    assert failure.tls_reason == "certificate revoked"
    assert failure.kind == "TLS_REVOKED"


@pytest.mark.parametrize("name", ["old_crl", "other_crl"])
def test_list_that_says_nothing(connect: Opener, certificates: Certificates, name: str) -> None:
    """Out of date, or of another authority: nobody knows what is revoked now."""
    file = getattr(certificates, name)
    failure = refused(connect, certificates.good, tls_crl_file=file)
    assert "tls_crl_file needs" in failure.message
    assert failure.kind == "TLS_CRL"


def test_every_authority(connect: Opener, certificates: Certificates, tmp_path: Path) -> None:
    """Each of the chain needs a list, since it may be revoked itself."""
    server = Chained.by(tmp_path, certificates.chained, certificates.intermediate)
    for one in (certificates.crl, certificates.intermediate_crl):
        failure = refused(connect, server, tls_crl_file=one)
        assert "tls_crl_file needs" in failure.message
        assert failure.kind == "TLS_CRL"
    lists = tmp_path / "lists.pem"
    lists.write_text(certificates.crl.read_text() + certificates.intermediate_crl.read_text())
    agreed(connect, server, tls_crl_file=lists)


def test_authority_that_is_no_root(
    connect: Opener, certificates: Certificates, tmp_path: Path
) -> None:
    """Nobody can say whether it is revoked, since its own authority is not trusted."""
    lists = tmp_path / "lists.pem"
    lists.write_text(certificates.crl.read_text() + certificates.intermediate_crl.read_text())
    failure = refused(
        connect,
        certificates.chained,
        tls_ca_file=certificates.intermediate.certificate,
        tls_crl_file=lists,
    )
    assert "tls_crl_file needs" in failure.message
    assert failure.kind == "TLS_CRL"


@pytest.mark.parametrize("how", ["missing", "certificate", "empty", "damaged"])
def test_list_that_cannot_be_read(
    connect: Opener, certificates: Certificates, tmp_path: Path, how: str
) -> None:
    """Nothing is said to the server."""
    path = tmp_path / "crl.pem"
    text = certificates.crl.read_text()
    if how == "certificate":
        path.write_text(certificates.ca_file.read_text())
    elif how == "empty":
        path.write_text("")
    elif how == "damaged":
        lines = text.splitlines(keepends=True)
        path.write_text(text + "".join(lines[:2] + lines[3:]))
    assert "tls_crl_file" in unusable(connect, secure=1, tls_crl_file=path).message


# --- stapled responses ------------------------------------------------------

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


def answer(certificates: Certificates, **fields: object) -> bytes:
    """A response about the certificate that is good, as it should be but for these fields."""
    right: dict[str, object] = {
        "certificate": certificates.good,
        "issuer": certificates.ca,
        "signer": certificates.ca,
    }
    return Response(**{**right, **fields}).octets()  # type: ignore[arg-type]


@pytest.mark.parametrize("version", VERSIONS)
def test_confirmed(connect: Opener, certificates: Certificates, version: ssl.TLSVersion) -> None:
    """A server that has none is refused, but only where one is required."""
    good = certificates.good
    for response in (answer(certificates), None):
        agreed(connect, Stapling.like(good, response, version))
    agreed(connect, Stapling.like(good, answer(certificates), version), tls_require_ocsp=1)
    failure = refused(connect, Stapling.like(good, None, version), tls_require_ocsp=1)
    assert "tls_require_ocsp" in failure.message
    assert failure.tls_reason == "OCSP: the server sends none"
    assert failure.retry == RETRY_SAFE
    assert failure.kind == "TLS_OCSP"


@pytest.mark.parametrize(
    "fields",
    [
        {"algorithm": "sha256"},
        {"until": None},
        # Clocks differ.
        {"since": timedelta(minutes=4)},
        {"until": -timedelta(minutes=4)},
    ],
    ids=str,
)
def test_also_good(connect: Opener, certificates: Certificates, fields: dict[str, object]) -> None:
    identity = Stapling.like(certificates.good, answer(certificates, **fields))
    agreed(connect, identity, tls_require_ocsp=1)


def test_responder(connect: Opener, certificates: Certificates) -> None:
    """The authority may let another sign, whose certificate says so."""
    response = answer(certificates, signer=certificates.responder)
    agreed(connect, Stapling.like(certificates.good, response), tls_require_ocsp=1)


Wrong = Callable[[Certificates], bytes]
WRONG: dict[str, tuple[Wrong, str, int]] = {
    "revoked": (lambda c: answer(c, status=revoked(now() - DAY)), "is revoked", RETRY_NO),
    # What was revoked stays it.
    "revoked long ago": (
        lambda c: answer(c, status=revoked(now() - DAY), since=-2 * DAY, until=-DAY),
        "is revoked",
        RETRY_NO,
    ),
    "unknown": (lambda c: answer(c, status=UNKNOWN), "does not know", RETRY_NO),
    "out of date": (lambda c: answer(c, since=-DAY, until=-HOUR), "out of date", RETRY_SAFE),
    "not yet": (lambda c: answer(c, since=HOUR), "out of date", RETRY_SAFE),
    "without end and old": (
        lambda c: answer(c, since=-2 * DAY, until=None),
        "out of date",
        RETRY_SAFE,
    ),
    "another certificate": (
        lambda c: answer(c, certificate=c.name_only),
        "another certificate",
        RETRY_NO,
    ),
    "another issuer": (lambda c: answer(c, issuer=c.other_ca, signer=c.ca), "not signed", RETRY_NO),
    "forged": (lambda c: answer(c, signer=c.other_ca), "not signed", RETRY_NO),
    "signed by a server": (lambda c: answer(c, signer=c.name_only), "not signed", RETRY_NO),
    "signed by itself": (lambda c: answer(c, signer=c.good), "not signed", RETRY_NO),
    "signature damaged": (lambda c: answer(c, damaged=True), "not signed", RETRY_NO),
    "try later": (lambda c: answer(c, answer=3), "no answer", RETRY_SAFE),
    "no response": (lambda c: b"\0" * 20, "damaged", RETRY_SAFE),
    "cut": (lambda c: answer(c)[:-9], "damaged", RETRY_SAFE),
    "empty": (lambda c: b"\x30\0", "damaged", RETRY_SAFE),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_not_confirmed(connect: Opener, certificates: Certificates, wrong: str) -> None:
    make, words, retry = WRONG[wrong]
    identity = Stapling.like(certificates.good, make(certificates))
    failure = refused(connect, identity, tls_require_ocsp=1)
    assert words in failure.message
    assert failure.tls_reason is not None
    assert failure.tls_reason.startswith("OCSP: ")
    assert failure.retry == retry
    assert failure.kind == ("TLS_REVOKED" if wrong.startswith("revoked") else "TLS_OCSP")
    # Nobody asked.
    agreed(connect, certificates.good)


def test_responder_of_another_authority(connect: Opener, certificates: Certificates) -> None:
    """It may speak for that authority only, though both are trusted (RFC 6960 section
    4.2.2.2)."""
    both = certificates.ca_file.read_text() + certificates.other_ca.certificate.read_text()
    response = answer(certificates, signer=certificates.other_responder)
    failure = refused(
        connect,
        Stapling.like(certificates.good, response),
        tls_ca_file=None,
        tls_ca=both,
        tls_require_ocsp=1,
    )
    assert "not signed" in failure.message


def test_server_that_is_trusted_itself(connect: Opener, certificates: Certificates) -> None:
    """It has no issuer here whose word would count."""
    failure = refused(
        connect,
        Stapling.like(certificates.good, answer(certificates)),
        tls_ca_file=certificates.good.certificate,
        tls_require_ocsp=1,
    )
    assert "about another certificate" in failure.message


def test_first_of_all_the_chain(connect: Opener, certificates: Certificates) -> None:
    """A response helps no certificate that is wrong."""
    response = answer(certificates, certificate=certificates.expired)
    failure = refused(connect, Stapling.like(certificates.expired, response), tls_require_ocsp=1)
    assert "not valid any more" in failure.message


# --- sessions ---------------------------------------------------------------


@pytest.mark.parametrize("option", ["tls_crl_file", "tls_require_ocsp"])
def test_nothing_is_resumed(connect: Opener, certificates: Certificates, option: str) -> None:
    """A session knows nothing of what was revoked since."""
    drive = connect.drive
    plain = Remembering.like(certificates.good)
    with Witness(plain, 1) as server:
        first = connect.options(server, secure=1)
        visit(drive, first)
    session = drive.take_session(first)
    assert session is not None
    values: dict[str, Option] = {"tls_crl_file": certificates.crl, "tls_require_ocsp": 1}
    identity: Identity = plain
    if option == "tls_require_ocsp":
        identity = Stapling.like(certificates.good, answer(certificates))
    server = connect.joins(Witness(identity))
    options = connect.options(server, secure=1, **{option: values[option]})
    failure = drive.add_session(options, session)
    assert failure is not None
    assert option in failure.message
    for _ in range(2):
        visit(drive, options)
    assert drive.take_session(options) is None
    connect.join()
    assert server.seen == [FULL, FULL]

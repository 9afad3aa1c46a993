"""The settings of TLS: whom to trust, who the client is, and what is spoken."""

from __future__ import annotations

import ssl
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from conftest import Opener
from support.drive.outcomes import RETRY_NO
from support.servers.certificates import Certificates, Identity
from support.servers.scripted import Peer
from support.servers.tls import agreed, quits, refused, unusable


@dataclass(frozen=True)
class Demanding(Identity):
    """A server that asks for a certificate, or speaks only some of TLS."""

    trusted: Path | None = None
    least: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2
    most: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
    protocols: list[str] = field(default_factory=list)

    def server_context(self) -> ssl.SSLContext:
        context = super().server_context()
        context.minimum_version, context.maximum_version = self.least, self.most
        if self.trusted is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.trusted)
        if self.protocols:
            context.set_alpn_protocols(self.protocols)
        return context


def secured(peer: Peer) -> ssl.SSLSocket:
    assert isinstance(peer._socket, ssl.SSLSocket)
    return peer._socket


# --- whom to trust ----------------------------------------------------------


def test_ca_as_text(connect: Opener, certificates: Certificates) -> None:
    """One or several; it replaces the file that was set before."""
    pem, other = certificates.ca_file.read_text(), certificates.other_ca.certificate.read_text()
    agreed(connect, certificates.good, tls_ca_file=None, tls_ca=pem)
    agreed(connect, certificates.good, tls_ca="some words\n" + other + pem)
    refused(connect, certificates.good, tls_ca=other)


@pytest.mark.parametrize("secure", [0, 1])
@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("tls_ca", "no certificate"),
        ("tls_ca", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        ("tls_certificate", "no certificate"),
        ("tls_certificate_file", "/nonexistent/certificate.pem"),
        ("tls_ciphers", "NO-SUCH-CIPHER"),
        ("tls_cipher_suites", "NO_SUCH_SUITE"),
        ("tls_groups", "NO-SUCH-GROUP"),
        ("tls_groups", ""),
    ],
)
def test_what_cannot_be_used(connect: Opener, secure: int, option: str, value: str) -> None:
    assert option in unusable(connect, secure=secure, **{option: value}).message


# --- who the client is ------------------------------------------------------


def encrypted(key: Path, folder: Path, password: str) -> Path:
    path = folder / "encrypted.key"
    command = ["openssl", "pkey", "-in", str(key), "-aes256", "-passout", f"pass:{password}"]
    subprocess.run([*command, "-out", str(path)], check=True, capture_output=True)
    return path


@pytest.mark.parametrize("certificate", ["file", "text"])
@pytest.mark.parametrize("key", ["file", "text", "with", "encrypted file", "encrypted text"])
def test_client_certificate(
    connect: Opener, certificates: Certificates, tmp_path: Path, certificate: str, key: str
) -> None:
    mine = certificates.name_only
    path = tmp_path / "mine.pem"
    path.write_text(mine.certificate.read_text())
    if key == "with":
        path.write_text(mine.key.read_text() + mine.certificate.read_text())
    key_path = encrypted(mine.key, tmp_path, "sesame") if "encrypted" in key else mine.key
    options: dict[str, str | int | bytes | Path | None] = {}
    if certificate == "file":
        options["tls_certificate_file"] = path
    else:
        options["tls_certificate"] = path.read_text()
    if "file" in key:
        options["tls_key_file"] = key_path
    elif "text" in key:
        options["tls_key"] = key_path.read_text()
    # Asked for only when it is needed.
    options["tls_key_password_callback"] = "sesame"
    seen: list[object] = []

    def dialogue(peer: Peer) -> None:
        seen.append(secured(peer).getpeercert())
        quits(peer)

    good = certificates.good
    identity = Demanding(good.certificate, good.key, certificates.ca_file)
    connection = connect.opened(dialogue, identity, secure=1, **options)
    connect.quit(connection)
    asked = "asked password" in connect.drive.order
    assert asked == ("encrypted" in key)
    assert "localhost" in str(seen[0])
    connect.drive.call("free", "everything")
    assert connect.drive.released == ["password"]


@pytest.mark.parametrize("password", ["wrong", "!none", "!toomuch", None, ""])
def test_wrong_password(
    connect: Opener, certificates: Certificates, tmp_path: Path, password: str | None
) -> None:
    mine = certificates.name_only
    key = encrypted(mine.key, tmp_path, "sesame")
    failure = unusable(
        connect,
        tls_certificate_file=mine.certificate,
        tls_key_file=key,
        tls_key_password_callback=password,
    )
    assert f"tls_key_file {key}" in failure.message
    assert "encrypted" in failure.message
    assert "sesame" not in failure.message
    assert connect.drive.order.count("asked password") == (0 if password is None else 1)


@pytest.mark.parametrize("there", [False, True])
def test_keys_of_no_use(
    connect: Opener, certificates: Certificates, tmp_path: Path, there: bool
) -> None:
    """Nobody is asked for the password of what is no key."""
    key = tmp_path / "no.key"
    if there:
        key.write_text("none")
    failure = unusable(
        connect,
        tls_certificate_file=certificates.name_only.certificate,
        tls_key_file=key,
        tls_key_password_callback="sesame",
    )
    assert f"tls_key_file {key}" in failure.message
    assert "encrypted" not in failure.message
    assert "asked password" not in connect.drive.order


def test_key_of_another(connect: Opener, certificates: Certificates) -> None:
    mine, other = certificates.name_only.certificate, certificates.good.key
    failure = unusable(connect, tls_certificate_file=mine, tls_key_file=other)
    assert "tls_key" in failure.message
    assert failure.tls_reason


def test_no_certificate_to_show(connect: Opener, certificates: Certificates) -> None:
    good = certificates.good
    identity = Demanding(good.certificate, good.key, certificates.ca_file)
    connection = connect(lambda peer: peer.refused_tls(identity), secure=1)
    connection.start_connect().fails("ETLS", "ECONNECTION")


# --- what is spoken ---------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "version", "cipher"),
    [
        ({"tls_max_version": "TLSv1.2"}, "TLSv1.2", None),
        ({"tls_min_version": "TLSv1.3"}, "TLSv1.3", None),
        ({"tls_min_version": "TLSv1.2", "tls_max_version": "TLSv1.2"}, "TLSv1.2", None),
        (
            {"tls_max_version": "TLSv1.2", "tls_ciphers": "ECDHE-ECDSA-AES256-GCM-SHA384"},
            "TLSv1.2",
            "ECDHE-ECDSA-AES256-GCM-SHA384",
        ),
        ({"tls_cipher_suites": "TLS_AES_128_GCM_SHA256"}, "TLSv1.3", "TLS_AES_128_GCM_SHA256"),
        # What OpenSSL has and the options do not.
        ({"tls_context_callback": "x"}, "TLSv1.2", None),
    ],
)
def test_versions_and_ciphers(
    connect: Opener,
    certificates: Certificates,
    options: dict[str, str],
    version: str,
    cipher: str | None,
) -> None:
    info = agreed(connect, certificates.good, **options)
    assert info["tls_version"] == version
    assert cipher in (None, info["tls_cipher"])


@pytest.mark.parametrize("how", [{"secure": 1}, {"require_tls": 1}, {"opportunistic_tls": 1}, {}])
def test_context_refused(connect: Opener, how: dict[str, int]) -> None:
    """A context that could not be made as it has to be is used for nothing: the server, which
    nobody may connect to here, sees nothing."""
    failure = unusable(connect, tls_context_callback="!refuse", **how)
    assert "tls_context_callback" in failure.message
    assert failure.retry == RETRY_NO


@pytest.mark.parametrize(
    ("option", "value", "least", "most"),
    [
        ("tls_max_version", "TLSv1.2", ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3),
        ("tls_min_version", "TLSv1.3", ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2),
    ],
)
def test_no_common_version(
    connect: Opener,
    certificates: Certificates,
    option: str,
    value: str,
    least: ssl.TLSVersion,
    most: ssl.TLSVersion,
) -> None:
    good = certificates.good
    identity = Demanding(good.certificate, good.key, None, least, most)
    refused(connect, identity, **{option: value})


@pytest.mark.parametrize(
    ("offered", "spoken", "chosen"),
    [("smtp", ["smtp"], "smtp"), ("x,smtp", ["smtp", "x"], "smtp"), (None, ["smtp"], None)],
)
def test_alpn(
    connect: Opener,
    certificates: Certificates,
    offered: str | None,
    spoken: list[str],
    chosen: str | None,
) -> None:
    seen: list[str | None] = []

    def dialogue(peer: Peer) -> None:
        seen.append(secured(peer).selected_alpn_protocol())
        quits(peer)

    good = certificates.good
    identity = Demanding(good.certificate, good.key, protocols=spoken)
    connection = connect.opened(dialogue, identity, secure=1, tls_alpn=offered)
    connect.quit(connection)
    assert seen == [chosen]

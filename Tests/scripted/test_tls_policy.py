"""The system's policy for TLS (openssl.cnf): options make it stricter, and never laxer."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from conftest import Opener
from support import drive as driving
from support.servers import tls
from support.servers.certificates import Certificates, Identity
from support.servers.resuming import VERSIONS, extension_in
from support.servers.scripted import Peer
from support.servers.tls import agreed, refused

pytestmark = pytest.mark.slow_under_valgrind

CONFIGURATION = """\
openssl_conf = all
[all]
ssl_conf = tls
[tls]
system_default = policy
[policy]
"""

# RFC 8446 section 4.2.7, RFC 8422 section 5.1.1.
P_256, P_384, P_521, X25519 = 23, 24, 25, 29
SUPPORTED_GROUPS = 10

AES_128, AES_256 = "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"
SUITE_128, SUITE_256 = "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"

Governed = Callable[[str], Opener]


@pytest.fixture
def governed(
    certificates: Certificates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Governed]:
    """Makes connections in a program that runs under a policy."""
    openers: list[Opener] = []

    def under(policy: str) -> Opener:
        path = tmp_path / "openssl.cnf"
        path.write_text(CONFIGURATION + policy)
        monkeypatch.setenv("OPENSSL_CONF", str(path))
        drive = driving.start()
        monkeypatch.delenv("OPENSSL_CONF")
        opener = Opener(drive, certificates)
        openers.append(opener)
        return opener

    yield under
    for opener in openers:
        opener.join()
        drive = opener.drive
        drive.finish()
        status = drive.close()
        message = drive.stderr()
        drive.remove_files()
        assert status == 0, message


@dataclass(frozen=True)
class Only(Identity):
    """Speaks one version."""

    version: str = "TLSv1.2"

    def server_context(self) -> ssl.SSLContext:
        context = super().server_context()
        context.minimum_version = context.maximum_version = VERSIONS[self.version]
        return context


def only(identity: Identity, version: str) -> Only:
    return Only(identity.certificate, identity.key, version)


def unusable(connect: Opener, *words: str, **options: str) -> None:
    """Options of which the policy leaves nothing."""
    failure = tls.unusable(connect, secure=0, **options)
    for word in (*words, "openssl.cnf"):
        assert word in failure.message


def offered_groups(connect: Opener, **options: str) -> list[int]:
    """The groups in the client's first message."""
    hellos: list[bytes] = []

    def listen(peer: Peer) -> None:
        hellos.append(peer.hello())

    connect(listen, secure=1, **options).start_connect().wait()
    connect.join()
    octets = extension_in(hellos[0], SUPPORTED_GROUPS)
    assert octets is not None
    return [int.from_bytes(octets[at : at + 2]) for at in range(2, len(octets), 2)]


# --- versions -----------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"tls_min_version": "TLSv1.2"}])
def test_lowest_version(
    governed: Governed, certificates: Certificates, options: dict[str, str]
) -> None:
    connect = governed("MinProtocol = TLSv1.3\n")
    refused(connect, only(certificates.good, "TLSv1.2"), **options)
    assert agreed(connect, certificates.good, **options)["tls_version"] == "TLSv1.3"


@pytest.mark.parametrize("options", [{}, {"tls_max_version": "TLSv1.3"}])
def test_highest_version(
    governed: Governed, certificates: Certificates, options: dict[str, str]
) -> None:
    connect = governed("MaxProtocol = TLSv1.2\n")
    assert agreed(connect, certificates.good, **options)["tls_version"] == "TLSv1.2"


def test_laxer_policy(governed: Governed, certificates: Certificates) -> None:
    """What the system allows is not asked for."""
    connect = governed("MinProtocol = TLSv1\nMaxProtocol = TLSv1.3\n")
    assert agreed(connect, certificates.good, tls_max_version="TLSv1.2")["tls_version"] == "TLSv1.2"
    refused(connect, only(certificates.good, "TLSv1.2"), tls_min_version="TLSv1.3")


@pytest.mark.parametrize(
    ("policy", "options"),
    [
        ("MinProtocol = TLSv1.3\n", {"tls_max_version": "TLSv1.2"}),
        ("MaxProtocol = TLSv1.2\n", {"tls_min_version": "TLSv1.3"}),
    ],
)
def test_no_version_is_left(governed: Governed, policy: str, options: dict[str, str]) -> None:
    unusable(governed(policy), "tls_min_version", "tls_max_version", **options)


def test_version_from_before(governed: Governed) -> None:
    """RFC 8996: a policy does not bring back what the library does without."""
    unusable(governed("MaxProtocol = TLSv1.1\n"), "MaxProtocol")


# --- ciphers ------------------------------------------------------------------------


@pytest.mark.parametrize("wanted", [f"{AES_128}:{AES_256}", "ALL", "ALL:@SECLEVEL=0"])
def test_ciphers(governed: Governed, certificates: Certificates, wanted: str) -> None:
    connect = governed(f"CipherString = {AES_256}\nMaxProtocol = TLSv1.2\n")
    assert agreed(connect, certificates.good, tls_ciphers=wanted)["tls_cipher"] == AES_256
    assert agreed(connect, certificates.good)["tls_cipher"] == AES_256


def test_order_of_ciphers(governed: Governed, certificates: Certificates) -> None:
    """It is the caller's; the server here has none of its own."""
    connect = governed(f"CipherString = {AES_256}:{AES_128}\nMaxProtocol = TLSv1.2\n")
    wanted = f"{AES_128}:{AES_256}"
    assert agreed(connect, certificates.good, tls_ciphers=wanted)["tls_cipher"] in (
        AES_128,
        AES_256,
    )
    assert agreed(connect, certificates.good, tls_ciphers=AES_128)["tls_cipher"] == AES_128


def test_no_cipher_is_left(governed: Governed) -> None:
    unusable(governed(f"CipherString = {AES_256}\n"), "tls_ciphers", tls_ciphers=AES_128)


def test_suites(governed: Governed, certificates: Certificates) -> None:
    connect = governed(f"Ciphersuites = {SUITE_256}\n")
    wanted = f"{SUITE_128}:{SUITE_256}"
    info = agreed(connect, certificates.good, tls_cipher_suites=wanted)
    assert (info["tls_version"], info["tls_cipher"]) == ("TLSv1.3", SUITE_256)
    unusable(connect, "tls_cipher_suites", tls_cipher_suites=SUITE_128)


@pytest.mark.parametrize("wanted", ["DEFAULT@SECLEVEL=1", "ALL:@SECLEVEL=0"])
def test_security_level(governed: Governed, certificates: Certificates, wanted: str) -> None:
    """192 bits are asked for, which the certificates here do not have."""
    connect = governed("CipherString = DEFAULT@SECLEVEL=4\n")
    for options in ({}, {"tls_ciphers": wanted}, {"tls_groups": "P-384"}):
        refused(connect, certificates.good, **options)


def test_security_level_of_the_caller(governed: Governed, certificates: Certificates) -> None:
    connect = governed("CipherString = DEFAULT@SECLEVEL=1\n")
    refused(connect, certificates.good, tls_ciphers="DEFAULT@SECLEVEL=4")
    agreed(connect, certificates.good, tls_ciphers="DEFAULT@SECLEVEL=2")


# --- groups -------------------------------------------------------------------------


def test_groups(governed: Governed, certificates: Certificates) -> None:
    connect = governed("Groups = P-384:P-521\n")
    assert offered_groups(connect) == [P_384, P_521]
    assert offered_groups(connect, tls_groups="X25519:P-521:P-384:P-256") == [P_521, P_384]
    assert offered_groups(connect, tls_groups="P-384") == [P_384]
    agreed(connect, certificates.good, tls_groups="X25519:P-384")
    unusable(connect, "tls_groups", tls_groups="X25519:P-256")


def test_no_policy(governed: Governed, certificates: Certificates) -> None:
    """Then the options say what may be agreed on."""
    connect = governed("")
    assert offered_groups(connect, tls_groups="P-521:X25519") == [P_521, X25519]
    agreed(connect, certificates.good, tls_groups="P-256")
    # Nobody's default.
    options = {"tls_ciphers": "ECDHE-ECDSA-AES128-CCM8:@SECLEVEL=0", "tls_max_version": "TLSv1.2"}
    refused(connect, certificates.good, **options)


def test_broken_file(governed: Governed, certificates: Certificates) -> None:
    """OpenSSL goes on without what it does not understand, and so do we."""
    connect = governed("MinProtocol = TLSv1.3\nNoSuchThing = 1\n")
    assert (
        agreed(connect, certificates.good, tls_cipher_suites=SUITE_128)["tls_cipher"] == SUITE_128
    )
    refused(connect, only(certificates.good, "TLSv1.2"))

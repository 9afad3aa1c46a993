"""What client and server agree on under TLS, and what is said when that is nothing."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from conftest import Opener
from support.drive.outcomes import RETRY_NO, RETRY_SAFE
from support.servers.certificates import Certificates, Identity, openssl
from support.servers.resuming import extension_in
from support.servers.script import Step, greets, script, sends
from support.servers.scripted import Peer
from support.servers.tls import agreed, refused


def test_groups(connect: Opener, certificates: Certificates) -> None:
    """Those that are named are offered, in this order, and no others."""
    hellos: list[bytes] = []

    def listen(peer: Peer) -> None:
        hellos.append(peer.hello())
        peer.start_tls(certificates.good)
        peer.greet()
        peer.quit()

    connection = connect.opened(listen, secure=1, tls_groups="P-384:X25519")
    connect.quit(connection)
    # RFC 8446 section 4.2.7: secp384r1 and x25519.
    assert extension_in(hellos[0], 10) == b"\0\4\0\x18\0\x1d"


# --- what is said of a server that cannot keep up ------------------------------------


@dataclass(frozen=True)
class Narrow(Identity):
    """Agrees on little."""

    ciphers: str = ""
    parameters: Path | None = None

    def server_context(self) -> ssl.SSLContext:
        context = super().server_context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(self.ciphers)
        if self.parameters is not None:
            context.load_dh_params(str(self.parameters))
        return context


def test_small_parameters(connect: Opener, certificates: Certificates, tmp_path: Path) -> None:
    """The message says which option helps, and it does."""
    rsa = "req -x509 -newkey rsa:2048 -nodes -keyout rsa.key -out rsa.pem -subj /CN=x"
    openssl(tmp_path, *rsa.split(), "-addext", "subjectAltName=IP:127.0.0.1")
    openssl(tmp_path, "dhparam", "-dsaparam", "-out", "small.pem", "1024")
    ca = tmp_path / "rsa.pem"
    small = Narrow(ca, tmp_path / "rsa.key", "ALL:@SECLEVEL=0", tmp_path / "small.pem")
    only_small = replace(small, ciphers="DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0")
    failure = refused(connect, only_small, tls_ca_file=ca)
    assert "too small" in failure.message
    assert 'tls_ciphers "DEFAULT:!kDHE"' in failure.message
    agreed(connect, small, tls_ca_file=ca, tls_ciphers="DEFAULT:!kDHE")


def test_nothing_in_common(connect: Opener, certificates: Certificates) -> None:
    """A refusal alone does not show the cause: all options are named."""
    narrow = Narrow(certificates.good.certificate, certificates.good.key, "AES256-SHA:@SECLEVEL=0")
    failure = refused(connect, narrow)
    for word in ("ciphers", "groups", "tls_ciphers", "tls_cipher_suites", "tls_groups"):
        assert word in failure.message


# --- what a server says of a handshake that it ends ------------------------------------

#: Whether another try makes sense (RFC 8446 section 6.2).
ALERTS = {
    10: ("unexpected_message", RETRY_NO),
    20: ("bad_record_mac", RETRY_SAFE),
    22: ("record_overflow", RETRY_NO),
    40: ("handshake_failure", RETRY_NO),
    42: ("bad_certificate", RETRY_NO),
    43: ("unsupported_certificate", RETRY_NO),
    44: ("certificate_revoked", RETRY_NO),
    45: ("certificate_expired", RETRY_NO),
    46: ("certificate_unknown", RETRY_NO),
    47: ("illegal_parameter", RETRY_NO),
    48: ("unknown_ca", RETRY_NO),
    49: ("access_denied", RETRY_NO),
    50: ("decode_error", RETRY_NO),
    51: ("decrypt_error", RETRY_NO),
    70: ("protocol_version", RETRY_NO),
    71: ("insufficient_security", RETRY_NO),
    80: ("internal_error", RETRY_SAFE),
    86: ("inappropriate_fallback", RETRY_NO),
    109: ("missing_extension", RETRY_NO),
    110: ("unsupported_extension", RETRY_NO),
    112: ("unrecognized_name", RETRY_NO),
    113: ("bad_certificate_status_response", RETRY_NO),
    115: ("unknown_psk_identity", RETRY_SAFE),
    116: ("certificate_required", RETRY_NO),
    120: ("no_application_protocol", RETRY_NO),
}


@pytest.mark.parametrize("way", ["starttls", "implicit"])
def test_fatal_alert(connect: Opener, way: str) -> None:
    """All of them, one connection after the other."""
    told: dict[int, int] = {}
    for number in ALERTS:
        alert = sends(b"\x15\x03\x03\x00\x02\x02" + bytes([number]))
        starttls: list[Step] = (
            [greets(b"STARTTLS"), (b"STARTTLS", b"220 go ahead")] if way == "starttls" else []
        )
        dialogue = script(*starttls, Peer.hello, alert, Peer.until_closed)
        connection = connect(dialogue, secure=int(way == "implicit"))
        failure = connection.start_connect().fails("ETLS")
        connection.wait_end()
        assert failure.tls_reason
        assert failure.phase == ("tls" if way == "implicit" else "starttls")
        told[number] = failure.retry
    assert told == {number: retry for number, (_, retry) in ALERTS.items()}

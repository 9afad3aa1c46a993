"""What client and server agree on under TLS, and what is said when that is nothing."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, replace
from pathlib import Path

from conftest import Opener
from support.certificates import Certificates, Identity, openssl
from support.resuming import extension_in
from support.scripted import Peer, ScriptedServer


def quit_under_tls(peer: Peer) -> None:
    peer.greet()
    peer.quit()


def test_groups(connect: Opener, certificates: Certificates) -> None:
    """Those that are named are offered, in this order, and no others."""
    hellos: list[bytes] = []

    def listen(peer: Peer) -> None:
        hellos.append(peer.hello())
        peer.start_tls(certificates.good)
        peer.greet()
        peer.quit()

    connection = connect.opened(listen, secure=1, tls_groups="P-384:X25519")
    connection.start_quit().succeeds()
    connect.join()
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
    openssl(
        tmp_path,
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        "rsa.key",
        "-out",
        "rsa.pem",
        "-subj",
        "/CN=x",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
    )
    openssl(tmp_path, "dhparam", "-dsaparam", "-out", "small.pem", "1024")
    ca = tmp_path / "rsa.pem"
    small = Narrow(ca, tmp_path / "rsa.key", "ALL:@SECLEVEL=0", tmp_path / "small.pem")
    only_small = replace(small, ciphers="DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0")
    with ScriptedServer(lambda peer: peer.refused_tls(only_small)) as server:
        failure = connect(server, secure=1, tls_ca_file=ca).start_connect().fails("ETLS")
    assert "too small" in failure.message
    assert 'tls_ciphers "DEFAULT:!kDHE"' in failure.message
    with ScriptedServer(quit_under_tls, identity=small) as server:
        connection = connect.opened(server, secure=1, tls_ca_file=ca, tls_ciphers="DEFAULT:!kDHE")
        connection.start_quit().succeeds()


def test_nothing_in_common(connect: Opener, certificates: Certificates) -> None:
    """A refusal alone does not show the cause: all options are named."""
    narrow = Narrow(certificates.good.certificate, certificates.good.key, "AES256-SHA:@SECLEVEL=0")
    failure = connect(lambda peer: peer.refused_tls(narrow), secure=1).start_connect().fails("ETLS")
    connect.join()
    for word in ("ciphers", "groups", "tls_ciphers", "tls_cipher_suites", "tls_groups"):
        assert word in failure.message

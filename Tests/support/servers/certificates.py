"""Certificates for the test servers, made afresh with the openssl command.

Nothing here is kept: an authority and its certificates live for a day, in a
temporary folder.
"""

from __future__ import annotations

import base64
import hashlib
import ssl
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from support.servers.der import SEQUENCE, der

# How long a certificate is good. The command has no other way to make one that is good
# no more that Debian 12 and 13 both know.
DAY = ("-days", "1")
FUTURE = ("-startdate", "20980101000000Z", "-enddate", "20990101000000Z")
PAST = ("-startdate", "20210101000000Z", "-enddate", "20210102000000Z")

# What the authority signs, and that it signs it as it was asked to.
AUTHORITY = """
[ca]
default_ca = authority
[authority]
certificate = ca.pem
private_key = ca.key
database = signed
new_certs_dir = .
rand_serial = yes
unique_subject = no
default_md = sha256
policy = subject
copy_extensions = copy
[subject]
commonName = supplied
"""

OLD_LIST = ("-crl_lastupdate", "20210101000000Z", "-crl_nextupdate", "20210102000000Z")
CURVE = ("-pkeyopt", "ec_paramgen_curve:P-256")

LOCAL = "DNS:localhost,IP:127.0.0.1,IP:::1"


@dataclass(frozen=True)
class Identity:
    """A certificate and its key, both PEM files."""

    certificate: Path
    key: Path

    def server_context(self) -> ssl.SSLContext:
        """A TLS context for a server that shows this certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


@dataclass(frozen=True)
class Weak(Identity):
    """One that this system's OpenSSL would not show without being told to."""

    def server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.load_cert_chain(self.certificate, self.key)
        return context


@dataclass(frozen=True)
class Chained(Identity):
    """Sends the certificates of its authorities too."""

    @classmethod
    def by(cls, folder: Path, identity: Identity, *authorities: Identity) -> Chained:
        chain = folder / "chain.pem"
        chain.write_text("".join(each.certificate.read_text() for each in (identity, *authorities)))
        return cls(chain, identity.key)


def openssl(folder: Path, *arguments: str) -> None:
    """The openssl command, run in this folder; it must succeed."""
    done = subprocess.run(
        ["openssl", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"openssl {arguments[0]} failed: {done.stdout}{done.stderr}")


def dns_name(name: bytes) -> str:
    """A subjectAltName with this name, whatever octets it has."""
    return "DER:" + der(SEQUENCE, der(0x82, name)).hex(":")


def pin(identity: Identity) -> str:
    """The public key of a certificate, as tls_pins has it."""
    done = subprocess.run(
        ["openssl", "x509", "-in", str(identity.certificate), "-pubkey", "-noout"],
        capture_output=True,
        text=True,
        check=True,
    )
    # SubjectPublicKeyInfo (RFC 7468 section 13).
    key = base64.b64decode("".join(done.stdout.splitlines()[1:-1]))
    return "sha256//" + base64.b64encode(hashlib.sha256(key).digest()).decode()


class Certificates:
    """An authority, and what it signed: one certificate for each thing that can
    be right or wrong with one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.ca = self._self_signed("ca", "smtpconn test authority", None)
        self.other_ca = self._self_signed("other-ca", "another authority", None)
        (folder / "authority.conf").write_text(AUTHORITY)
        (folder / "signed").touch()
        # As a user wants it.
        self.good = self._signed("good", "localhost", LOCAL)
        # For another host than the one that is connected to.
        self.wrong_host = self._signed("wrong-host", "other.example", "DNS:other.example")
        # Valid by address only, and by name only.
        self.address_only = self._signed("address-only", "by address", "IP:127.0.0.1")
        self.name_only = self._signed("name-only", "localhost", "DNS:localhost")
        # For a host whose name is outside ASCII.
        self.international = self._signed("international", "bücher", "DNS:xn--bcher-kva.example")
        self.expired = self._signed("expired", "localhost", LOCAL, PAST)
        # Self-signed.
        self.self_signed = self._self_signed("self-signed", "localhost", LOCAL)
        # From an authority below the authority; neither is shown to the client.
        self.intermediate = self._signed(
            "intermediate", "authority below", None, more=["basicConstraints=critical,CA:TRUE"]
        )
        self.chained = self._signed("chained", "localhost", LOCAL, by="intermediate")
        # With a name in the subject and none in the place where names belong.
        self.common_name_only = self._signed("common-name-only", "localhost", None)
        self.not_yet_valid = self._signed("not-yet-valid", "localhost", LOCAL, FUTURE)
        # From an authority that nobody knows.
        self.unknown_authority = self._signed(
            "unknown-authority", "localhost", LOCAL, by="other-ca"
        )
        # With a signature that is not the authority's.
        self.forged = self._damaged("forged", self.good)
        self.wildcard = self._signed("wildcard", "wildcard", "DNS:*.example.com")
        self.wildcard_of_all = self._signed("wildcard-of-all", "wildcard", "DNS:*")
        self.wildcard_in_part = self._signed("wildcard-in-part", "wildcard", "DNS:a*.example.com")
        # What a program in C takes for "localhost".
        self.nul_in_name = self._signed("nul-in-name", "nul", dns_name(b"localhost\0.example"))
        # Letters, and what is no letter, where a person would look.
        self.subject_of_all_kinds = self._signed(
            "subject-of-all-kinds",
            "M\u00fcller, Inc.\n\\+x",
            "DNS:a b.example,email:x@example.com,URI:smtp://x,DNS:c.example",
        )
        # An address in the place of a name.
        self.address_as_name = self._signed("address-as-name", "by address", "DNS:127.0.0.1")
        # A key that is too small for the security level that Debian's OpenSSL has.
        weak = self._signed("weak-key", "localhost", LOCAL, key="rsa:1024")
        self.weak_key = Weak(weak.certificate, weak.key)
        self.revoked = self._signed("revoked", "localhost", LOCAL)
        self._openssl("ca", "-config", "authority.conf", "-revoke", "revoked.pem")
        # The authority's lists of what it revoked: as it should be, out of date, and that of
        # another authority.
        self.crl = self._revocations("crl", "ca", "-crldays", "1")
        self.old_crl = self._revocations("old-crl", "ca", *OLD_LIST)
        self.other_crl = self._revocations("other-crl", "other-ca", "-crldays", "1")
        self.intermediate_crl = self._revocations(
            "intermediate-crl", "intermediate", "-crldays", "1"
        )
        # May sign OCSP responses for the authority.
        signs = ["extendedKeyUsage=OCSPSigning"]
        self.responder = self._signed("responder", "responder", None, more=signs)
        self.other_responder = self._signed(
            "other-responder", "responder", None, by="other-ca", more=signs
        )

    def _damaged(self, name: str, identity: Identity) -> Identity:
        octets = bytearray(ssl.PEM_cert_to_DER_cert(identity.certificate.read_text()))
        # The signature is at the end.
        octets[-1] ^= 1
        path = self._folder / f"{name}.pem"
        path.write_text(ssl.DER_cert_to_PEM_cert(bytes(octets)))
        return Identity(path, identity.key)

    def of(self, person: str) -> Identity:
        """One of a client, whose subject is this person."""
        return self._signed(f"of-{person}", person, None)

    def _revocations(self, name: str, by: str, *times: str) -> Path:
        self._openssl(
            *["ca", "-config", "authority.conf", "-gencrl", *times],
            *["-cert", f"{by}.pem", "-keyfile", f"{by}.key", "-out", f"{name}.pem"],
        )
        return self._folder / f"{name}.pem"

    @property
    def ca_file(self) -> Path:
        """The file with the authority that a client should trust."""
        return self.ca.certificate

    def _openssl(self, *arguments: str) -> None:
        openssl(self._folder, *arguments)

    def _identity(self, name: str) -> Identity:
        return Identity(self._folder / f"{name}.pem", self._folder / f"{name}.key")

    def _self_signed(self, name: str, common_name: str, alt_names: str | None) -> Identity:
        extra = ["-addext", f"subjectAltName={alt_names}"] if alt_names else []
        self._openssl(
            *["req", "-x509", "-newkey", "ec", *CURVE, "-nodes"],
            *["-keyout", f"{name}.key", "-out", f"{name}.pem"],
            *["-subj", f"/CN={common_name}", "-days", "1", *extra],
        )
        return self._identity(name)

    def _signed(
        self,
        name: str,
        common_name: str,
        alt_names: str | None,
        lifetime: tuple[str, ...] = DAY,
        by: str = "ca",
        more: Sequence[str] = (),
        key: str = "ec",
    ) -> Identity:
        extensions = [*([f"subjectAltName={alt_names}"] if alt_names else []), *more]
        extra = [word for each in extensions for word in ("-addext", each)]
        self._openssl(
            *["req", "-new", "-newkey", key, *(CURVE if key == "ec" else ()), "-nodes"],
            *["-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={common_name}"],
            *["-utf8", *extra],
        )
        self._openssl(
            *["ca", "-config", "authority.conf", "-batch", "-notext", *lifetime],
            *["-cert", f"{by}.pem", "-keyfile", f"{by}.key"],
            *["-in", f"{name}.csr", "-out", f"{name}.pem"],
        )
        return self._identity(name)

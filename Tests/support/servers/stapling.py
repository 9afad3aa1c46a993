"""Servers that staple an OCSP response to their certificate (RFC 6066 section 8), and the
responses (RFC 6960)."""

from __future__ import annotations

import ctypes
import hashlib
import ssl
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from support.servers.certificates import Identity
from support.servers.der import (
    BITS,
    ENUMERATED,
    NULL,
    OCTETS,
    OID,
    SEQUENCE,
    der,
    inside,
    time_of,
)

# The functions of libssl that the ssl module has no names for.
SET_STATUS_CALLBACK, SET_STATUS_RESPONSE = 63, 71
SENT, NOT_SENT = 0, 3
Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)

HASHES = {"sha1": "2b0e03021a", "sha256": "608648016503040201"}
BASIC = "2b0601050507300101"
ECDSA_SHA256 = "2a8648ce3d040302"

GOOD = der(0x80)
UNKNOWN = der(0x82)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def revoked(when: datetime) -> bytes:
    return der(0xA1, time_of(when))


def now() -> datetime:
    return datetime.now(UTC)


def oid(hexadecimal: str) -> bytes:
    return der(OID, bytes.fromhex(hexadecimal))


def certificate_der(identity: Identity) -> bytes:
    """The first certificate of the file."""
    text = identity.certificate.read_text()
    end = "-----END CERTIFICATE-----"
    return ssl.PEM_cert_to_DER_cert(text[: text.index(end) + len(end)])


def fields(identity: Identity) -> list[tuple[bytes, bytes]]:
    """Serial number, algorithm, issuer, validity, subject and key of a certificate (RFC 5280
    section 4.1)."""
    found = inside(inside(certificate_der(identity))[0][0])
    # Version 1 does not say so.
    return found[1:] if found[0][0][0] == 0xA0 else found


@dataclass(frozen=True)
class Response:
    """What a responder says of a certificate, and how it signs that."""

    certificate: Identity
    issuer: Identity
    #: Signs; the certificate is part of the response when it is not the issuer.
    signer: Identity
    status: bytes = GOOD
    #: From when, and until when; None: no end.
    since: timedelta = -HOUR
    until: timedelta | None = DAY
    algorithm: str = "sha1"
    #: OCSPResponseStatus: successful, or tryLater (3) and others without an answer.
    answer: int = 0
    damaged: bool = False

    def _certificate_id(self) -> bytes:
        issuer = fields(self.issuer)
        subject, key = issuer[4][0], inside(issuer[5][0])[1][1][1:]
        hashed = [hashlib.new(self.algorithm, octets).digest() for octets in (subject, key)]
        return der(
            SEQUENCE,
            der(SEQUENCE, oid(HASHES[self.algorithm]), der(NULL)),
            *[der(OCTETS, digest) for digest in hashed],
            fields(self.certificate)[0][0],
        )

    def octets(self) -> bytes:
        if self.answer:
            return der(SEQUENCE, der(ENUMERATED, bytes([self.answer])))
        single = [self._certificate_id(), self.status, time_of(now() + self.since)]
        if self.until is not None:
            single.append(der(0xA0, time_of(now() + self.until)))
        data = der(
            SEQUENCE,
            der(0xA1, fields(self.signer)[4][0]),
            time_of(now() + self.since),
            der(SEQUENCE, der(SEQUENCE, *single)),
        )
        signature = subprocess.run(
            ["openssl", "dgst", "-sha256", "-sign", str(self.signer.key)],
            input=data,
            capture_output=True,
            check=True,
        ).stdout
        if self.damaged:
            signature = signature[:-1] + bytes([signature[-1] ^ 1])
        parts = [data, der(SEQUENCE, oid(ECDSA_SHA256)), der(BITS, b"\0", signature)]
        if self.signer != self.issuer:
            parts.append(der(0xA0, der(SEQUENCE, certificate_der(self.signer))))
        basic = der(SEQUENCE, oid(BASIC), der(OCTETS, der(SEQUENCE, *parts)))
        return der(SEQUENCE, der(ENUMERATED, b"\0"), der(0xA0, basic))


@dataclass(frozen=True)
class Stapling(Identity):
    """A server with a response for clients that ask for it; without one it sends none."""

    response: bytes | None = None
    most: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3

    @classmethod
    def like(
        cls,
        identity: Identity,
        response: bytes | None,
        most: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
    ) -> Stapling:
        return cls(identity.certificate, identity.key, response, most)

    def server_context(self) -> ssl.SSLContext:
        context = super().server_context()
        context.maximum_version = self.most
        libssl = ctypes.CDLL("libssl.so.3")
        libssl.SSL_ctrl.argtypes = [
            ctypes.c_void_p,
            ctypes.c_int,
            ctypes.c_long,
            ctypes.c_void_p,
        ]
        libssl.CRYPTO_malloc.restype = ctypes.c_void_p

        def staple(connection: int, _: int | None) -> int:
            if self.response is None:
                return NOT_SENT
            # OpenSSL frees it.
            memory = libssl.CRYPTO_malloc(ctypes.c_size_t(len(self.response)), b"", 0)
            ctypes.memmove(memory, self.response, len(self.response))
            libssl.SSL_ctrl(connection, SET_STATUS_RESPONSE, len(self.response), memory)
            return SENT

        callback = Callback(staple)
        # The first member of the object after what every object has.
        pointer = ctypes.c_void_p.from_address(id(context) + object.__basicsize__).value
        libssl.SSL_CTX_callback_ctrl(ctypes.c_void_p(pointer), SET_STATUS_CALLBACK, callback)
        # As long as the context.
        KEPT.append(callback)
        return context


KEPT: list[object] = []

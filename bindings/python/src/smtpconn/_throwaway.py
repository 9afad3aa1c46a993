"""A key and a certificate for a server of tests: made anew each time, trusted by nobody else.

The standard library can use certificates but cannot make one.  This makes one kind, with a key on
the curve P-256.  It takes no care that its timing hides the key, which lives as long as one test.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from base64 import encodebytes
from collections.abc import Iterable
from typing import Final, NamedTuple, Optional

# The curve P-256 (FIPS 186-4 appendix D.1.2.3): y^2 = x^3 - 3x + b modulo P, and a generator.
_P: Final = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_GENERATOR: Final = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)

# Object identifiers, encoded: RFC 5480 section 2.1.1, RFC 5758 section 3.2, RFC 5280.
_EC_PUBLIC_KEY: Final = bytes.fromhex("06072a8648ce3d0201")
_CURVE: Final = bytes.fromhex("06082a8648ce3d030107")
_ECDSA_SHA256: Final = bytes.fromhex("06082a8648ce3d040302")
_COMMON_NAME: Final = bytes.fromhex("0603550403")
_KEY_ID: Final = bytes.fromhex("0603551d0e")
_KEY_USAGE: Final = bytes.fromhex("0603551d0f")
_NAMES: Final = bytes.fromhex("0603551d11")
_BASIC: Final = bytes.fromhex("0603551d13")

_TRUE: Final = b"\x01\x01\xff"
_DAY: Final = 86_400

_Point = Optional[tuple[int, int]]


class Identity(NamedTuple):
    """PEM text."""

    key: str
    certificate: str


def make_identity(hosts: Iterable[str] = ("localhost",)) -> Identity:
    """For these, 127.0.0.1 and ::1, valid from yesterday for a month; signed by itself."""
    secret = _scalar()
    point = _times(secret, _GENERATOR)
    assert point is not None  # The scalar is below the order.
    public = b"\x04" + _octets(point[0]) + _octets(point[1])
    key = _der(
        0x30,
        _der(2, b"\x01"),
        _der(4, _octets(secret)),
        _der(0xA0, _CURVE),
        _der(0xA1, _der(3, b"\x00", public)),
    )
    return Identity(
        _pem("EC PRIVATE KEY", key), _pem("CERTIFICATE", _certificate(secret, public, hosts))
    )


def _certificate(secret: int, public: bytes, hosts: Iterable[str]) -> bytes:
    """RFC 5280 section 4.1."""
    algorithm = _der(0x30, _ECDSA_SHA256)
    name = _der(0x30, _der(0x31, _der(0x30, _COMMON_NAME, _der(12, b"localhost"))))
    now = time.time()
    body = _der(
        0x30,
        _der(0xA0, _der(2, b"\x02")),
        _der(2, b"\x01", secrets.token_bytes(15)),
        algorithm,
        name,
        _der(0x30, _time(now - _DAY), _time(now + 30 * _DAY)),
        name,
        _der(0x30, _der(0x30, _EC_PUBLIC_KEY, _CURVE), _der(3, b"\x00", public)),
        _der(0xA3, _der(0x30, *_extensions(public, hosts))),
    )
    return _der(0x30, body, algorithm, _der(3, b"\x00", _sign(secret, body)))


def _extensions(public: bytes, hosts: Iterable[str]) -> list[bytes]:
    """What the strict verification of Python 3.13 asks for too."""
    names = (
        *(_der(0x82, host.encode()) for host in hosts),
        b"\x87\x04" + bytes([127, 0, 0, 1]),
        b"\x87\x10" + bytes(15) + b"\x01",
    )
    key_id = hashlib.sha256(public).digest()[:20]
    return [
        _der(0x30, _NAMES, _der(4, _der(0x30, *names))),
        _der(0x30, _BASIC, _TRUE, _der(4, _der(0x30, _TRUE))),
        # digitalSignature and keyCertSign.
        _der(0x30, _KEY_USAGE, _TRUE, _der(4, b"\x03\x02\x02\x84")),
        _der(0x30, _KEY_ID, _der(4, _der(4, key_id))),
    ]


def _sign(secret: int, octets: bytes) -> bytes:
    """ECDSA with SHA-256 (FIPS 186-4 section 6.4)."""
    digest = int.from_bytes(hashlib.sha256(octets).digest(), "big")
    while True:
        once = _scalar()
        point = _times(once, _GENERATOR)
        r = point[0] % _ORDER if point else 0
        s = pow(once, -1, _ORDER) * (digest + r * secret) % _ORDER
        if r and s:
            return _der(0x30, _integer(r), _integer(s))


def _scalar() -> int:
    return secrets.randbelow(_ORDER - 1) + 1


def _add(one: _Point, other: _Point) -> _Point:
    if one is None or other is None:
        return one or other
    (x1, y1), (x2, y2) = one, other
    if x1 == x2:
        if (y1 + y2) % _P == 0:
            return None
        slope = (3 * x1 * x1 - 3) * pow(2 * y1, -1, _P)
    else:
        slope = (y2 - y1) * pow(x2 - x1, -1, _P)
    x = (slope * slope - x1 - x2) % _P
    return x, (slope * (x1 - x) - y1) % _P


def _times(factor: int, point: _Point) -> _Point:
    total: _Point = None
    while factor:
        if factor & 1:
            total = _add(total, point)
        point = _add(point, point)
        factor >>= 1
    return total


def _der(tag: int, *parts: bytes) -> bytes:
    """A value in DER (ITU-T X.690)."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def _integer(value: int) -> bytes:
    return _der(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _octets(value: int) -> bytes:
    return value.to_bytes(32, "big")


def _time(seconds: float) -> bytes:
    """UTCTime, which is for years before 2050, else GeneralizedTime (RFC 5280 section 4.1.2.5)."""
    when = time.gmtime(seconds)
    if when.tm_year < 2050:
        return _der(0x17, time.strftime("%y%m%d%H%M%SZ", when).encode())
    return _der(0x18, time.strftime("%Y%m%d%H%M%SZ", when).encode())


def _pem(label: str, octets: bytes) -> str:
    return f"-----BEGIN {label}-----\n{encodebytes(octets).decode()}-----END {label}-----\n"

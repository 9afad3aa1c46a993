"""DER (ITU-T X.690), as much of it as certificates and OCSP need, written and read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

BOOLEAN, INTEGER, BITS, OCTETS, NULL, OID, ENUMERATED = 1, 2, 3, 4, 5, 6, 10
TIME, SEQUENCE = 0x18, 0x30


def der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(length)]) + length + content


def time_of(when: datetime) -> bytes:
    """GeneralizedTime; the time is in UTC."""
    return der(TIME, when.strftime("%Y%m%d%H%M%SZ").encode())


def values(octets: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The values that follow each other here: each as a whole, and its content."""
    at = 0
    while at < len(octets):
        start, size = at, octets[at + 1]
        at += 2
        if size & 0x80:
            count = size & 0x7F
            size = int.from_bytes(octets[at : at + count])
            at += count
        at += size
        yield octets[start:at], octets[at - size : at]


def inside(octets: bytes) -> list[tuple[bytes, bytes]]:
    """The values inside the first one."""
    return list(values(next(values(octets))[1]))

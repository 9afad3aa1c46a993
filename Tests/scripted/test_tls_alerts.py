"""What a server says of a handshake that it ends: whether another try makes sense
(RFC 8446 section 6.2)."""

from __future__ import annotations

import pytest

from conftest import Opener
from support.outcomes import RETRY_NO, RETRY_SAFE
from support.scripted import Peer, ScriptedServer

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

        def dialogue(peer: Peer, number: int = number) -> None:
            if way == "starttls":
                peer.greet(b"STARTTLS")
                peer.answer(b"STARTTLS", b"220 go ahead")
            peer.hello()
            peer.send(b"\x15\x03\x03\x00\x02\x02" + bytes([number]))
            peer.until_closed()

        with ScriptedServer(dialogue) as server:
            connection = connect(server, secure=int(way == "implicit"))
            failure = connection.start_connect().fails("ETLS")
            connection.wait_end()
        assert failure.tls_reason
        assert failure.phase == ("tls" if way == "implicit" else "starttls")
        told[number] = failure.retry
    assert told == {number: retry for number, (_, retry) in ALERTS.items()}

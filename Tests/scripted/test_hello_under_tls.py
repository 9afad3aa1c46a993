"""EHLO and HELO once more, under TLS."""

from __future__ import annotations

import pytest

from conftest import Opener
from support.certificates import Certificates
from support.scripted import Peer


@pytest.mark.parametrize("way", ["starttls", "implicit"])
def test_helo_is_enough_under_tls(connect: Opener, certificates: Certificates, way: str) -> None:
    """require_tls asks for TLS, and that is there."""

    def dialogue(peer: Peer) -> None:
        if way == "starttls":
            peer.greet(b"STARTTLS")
            peer.answer(b"STARTTLS", b"220 go")
            peer.start_tls(certificates.good)
        else:
            peer.reply(b"220 hi")
        peer.answer(b"EHLO ", b"502 what?")
        peer.answer(b"HELO ", b"250 test.local")
        peer.answer(b"QUIT", b"221 bye")

    identity = certificates.good if way == "implicit" else None
    connection = connect.opened(dialogue, identity, require_tls=1, secure=int(way == "implicit"))
    assert connection.info()["secure"] == 1
    connection.start_quit().succeeds()

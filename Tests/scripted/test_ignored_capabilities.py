"""What a server offers and the connection is to take no notice of."""

from __future__ import annotations

from conftest import Opener
from support.servers.certificates import Certificates
from support.servers.script import script, secures
from support.servers.scripted import Peer
from support.servers.strict import StrictServer

OFFERS = (b"PIPELINING", b"SIZE 10", b"8BITMIME", b"DSN", b"LIMITS RCPTMAX=1")


def test_what_is_shown(connect: Opener) -> None:
    """Only what is left, in the lines too."""
    connection = connect.opened(
        StrictServer(OFFERS), ignored_capabilities="size limits nothing-of-the-kind"
    )
    assert connection.info()["capabilities"] == ["PIPELINING", "8BITMIME", "DSN"]
    assert connection.capability("SIZE") == (False, None)
    assert connection.capability("LIMITS") == (False, None)
    assert connection.capability("DSN") == (True, "")
    connection.start_quit().succeeds()


def test_under_tls(connect: Opener, certificates: Certificates) -> None:
    """Both replies to EHLO; STARTTLS itself is not touched."""
    dialogue = script(secures(certificates.good, b"PIPELINING", b"DSN"), Peer.quit)
    connection = connect.opened(
        dialogue, host="localhost", require_tls=1, ignored_capabilities="DSN"
    )
    assert connection.info()["capabilities"] == ["PIPELINING"]
    connection.start_quit().succeeds()

"""Cases 22 to 34, as far as they are not in Tests/transcripts: under TLS, what cannot be reached,
and the log."""

from __future__ import annotations

import errno
import socket

import pytest

from conftest import Opener
from support.drive import Drive
from support.drive.outcomes import LOG_CLIENT, LOG_MESSAGE, RETRY_SAFE
from support.servers.certificates import Certificates
from support.servers.script import script, secures
from support.servers.scripted import Peer

# --- in the clear and under TLS ---------------------------------------------


def test_case_022_starttls_when_offered(connect: Opener, certificates: Certificates) -> None:
    dialogue = script(secures(certificates.good, b"AUTH PLAIN", b"SIZE 77"), (b"QUIT", b"221 bye"))
    server = connect.server(dialogue)
    connection = connect.opened(server, host="localhost")
    info = connection.info()
    assert info["secure"] == 1
    assert info["tls_version"] in ("TLSv1.2", "TLSv1.3")
    assert info["tls_cipher"]
    assert info["tls_peer_name"] == "localhost"
    # Only what was said under TLS counts.
    assert info["capabilities"] == ["AUTH PLAIN", "SIZE 77"]
    assert connection.capability("STARTTLS") == (False, None)
    connection.start_quit().succeeds()
    assert server.peer.server_name == "localhost"
    connect.join()
    assert server.peer.clear.startswith(b"EHLO client.test\r\nSTARTTLS\r\n")
    assert server.peer.protected == b"EHLO client.test\r\nQUIT\r\n"


def test_case_025_required_and_opportunistic(drive: Drive) -> None:
    """One contradicts the other."""
    failure = drive.refused_connection(require_tls=1, opportunistic_tls=1)
    for option in ("require_tls", "opportunistic_tls"):
        assert option in failure.message


def test_case_028_implicit_tls(connect: Opener, certificates: Certificates) -> None:
    def dialogue(peer: Peer) -> None:
        # STARTTLS inside TLS is not for us.
        peer.greet(b"STARTTLS")
        peer.delivery()
        peer.answer(b"QUIT", b"221 bye")

    server = connect.server(dialogue, identity=certificates.good)
    connection = connect.opened(server, secure=1)
    info = connection.info()
    assert info["secure"] == 1
    # Found by address, so there is no name to tell.
    assert info["tls_peer_name"] is None
    connection.delivers()
    assert server.peer.server_name is None, "an address was sent as SNI"


# --- what cannot be reached -------------------------------------------------


def test_case_029_closed_port(drive: Drive) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    connection = drive.connection(host="127.0.0.1", port=port)
    failure = connection.start_connect().fails("ESOCKET")
    assert failure.errno == errno.ECONNREFUSED
    assert failure.phase == "connect"
    assert failure.command == "CONN"
    assert failure.address == f"127.0.0.1:{port}"
    assert failure.retry == RETRY_SAFE
    connection.ends_with(failure)
    assert not connection.had("connect")


@pytest.mark.parametrize("port", [999_999_999, 65_536, -1])
def test_case_030_impossible_port(drive: Drive, port: int) -> None:
    """Refused when it is set: nothing has to be connected to find that out."""
    drive.refuses("port", port)


# --- the log ----------------------------------------------------------------


def test_case_034_message_from_a_file_and_a_log(connect: Opener) -> None:
    """The log gets the content, and so does the server, octet for octet."""
    content = b"Subject: from a file\r\n\r\n.dot\r\n" + b"line\r\n" * 20_000
    arrived: list[bytes] = []

    def dialogue(peer: Peer) -> None:
        peer.greet()
        arrived.append(peer.delivery())
        peer.quit()

    connection = connect.opened(dialogue, debug=1)
    drive = connection.drive
    message = drive.message(content, "descriptor")
    connection.delivers(message=message)
    assert "DATA" in drive.transcript(LOG_CLIENT)
    logged = "".join(drive.transcript(LOG_MESSAGE))
    assert "Subject: from a file" in logged
    assert logged.count("line") == 20_000
    connect.join()
    assert arrived == [content.replace(b"\r\n.dot", b"\r\n..dot") + b".\r\n"]

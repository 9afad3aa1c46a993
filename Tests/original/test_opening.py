"""Cases 3 to 20, as far as they are not in Tests/transcripts/opening.txt: closing while a name is
resolved, hardening, the version, the name in EHLO, and the octets of replies."""

from __future__ import annotations

import contextlib
import re
import threading

import pytest

from conftest import FIRST, SECOND, TWO, Driver, Opener
from support.drive import BUILD, PATIENCE, ROOT, Connection, Drive
from support.drive.connection import refused_at_once
from support.drive.outcomes import RETRY_SAFE
from support.header import header_version
from support.resolving import resolving
from support.servers.certificates import Certificates
from support.servers.script import script, sends
from support.servers.scripted import Dialogue, Peer, ScriptedServer
from support.system import full_listener


def octets(text: str | None) -> bytes:
    """What the server sent, as the drive program hands it on."""
    assert text is not None
    return text.encode("latin-1")


def mail_answered(*pieces: bytes) -> Dialogue:
    """MAIL gets this, each piece in a write of its own."""
    return script(Peer.greet, b"MAIL FROM:", sends(*pieces), Peer.quit_after_reset)


# --- closed while the name is resolved --------------------------------------


@pytest.mark.parametrize("how", ["closed", "freed"])
def test_case_003_name_resolved_after_the_end(how: str) -> None:
    """The answer arrives too late and has no effect."""
    assert resolving("answered")["connected"], "the answer is no good"
    told = resolving(how)
    assert told["error"] == "ECANCELLED"
    assert told["retry"] == RETRY_SAFE
    assert not told["connected"]


# --- hardening --------------------------------------------------------------


def test_case_004_an_error_ends_the_connection(connect: Opener) -> None:
    """What the library closes by itself is seen to be closed."""
    seen = threading.Event()

    def dialogue(peer: Peer) -> None:
        peer.greet()
        assert seen.wait(PATIENCE)
        peer.reply(b"250 nobody has asked")
        peer.nothing_more()

    connection = connect.opened(dialogue)
    assert connection.info()["open"] == 1
    seen.set()
    connection.wait_end()
    assert connection.info()["open"] == 0
    refused_at_once("ESTATE", connection.start_send)


def test_case_005_reset_on_a_dead_connection(connect: Opener) -> None:
    """An operation that was started gets the error; another is not started at all."""
    connection = connect.opened(script(Peer.greet, b"RSET"))
    connection.start_reset().fails("ECONNECTION")
    connection.wait_end()
    refused_at_once("ESTATE", connection.start_reset)


@pytest.mark.parametrize("point", ["greeting", "idle", "send"])
def test_case_006_one_error_event(connect: Opener, point: str) -> None:
    """Whenever it fails, whatever other callbacks there are."""

    def dialogue(peer: Peer) -> None:
        if point != "greeting":
            peer.greet()
        if point == "send":
            peer.expect(b"MAIL FROM:")

    connection = connect(dialogue)
    with connection.drive.held():
        connection.start_connect()
        if point == "send":
            connection.start_send()
    connection.wait_end()
    events = [] if point == "greeting" else ["connect"]
    events += ["error", "end"]
    assert connection.drive.events == [f"{connection.name}.{event}" for event in events]


def test_case_008_late_error_of_an_address_given_up(
    certificates: Certificates, where_two: Driver
) -> None:
    """The first address does not answer, the second one connects, and then the first
    refuses: it is not listened to any more."""
    dialogue = script(Peer.greet, Peer.delivery, Peer.quit)
    with contextlib.ExitStack() as stack:
        drive = stack.enter_context(where_two.used())
        with full_listener(FIRST) as port:
            server = stack.enter_context(ScriptedServer(dialogue, address=SECOND, port=port))
            connection = Opener(drive, certificates).opened(server, host=TWO)
        assert connection.info()["remote_address"] == f"{SECOND}:{port}"
        connection.delivers()
        connection.ends_well()


# --- the version ------------------------------------------------------------


def test_case_009_version(drive: Drive) -> None:
    """The library that is running, its header, what pkg-config says, and the Python
    package."""
    package = ROOT / "bindings" / "python" / "src" / "smtpconn" / "_version.py"
    told = re.search(r'^__version__ = "(.*)"$', package.read_text(), re.MULTILINE)
    assert told is not None
    version = header_version()
    assert drive.about["version"] == version
    assert f"Version: {version}" in (BUILD / "smtpconn.pc").read_text().splitlines()
    assert told[1] == version


# --- the name in EHLO -------------------------------------------------------

HOSTILE = "client.test\r\nMAIL FROM:<x@example.com>\r\nRCPT TO:<y@example.com>\r\nDATA"


def refuses_name(drive: Drive, options: str, name: str) -> None:
    """Nothing is removed from a name: it is refused whole."""
    failure = drive.refuses("name", name, options)
    assert "name" in failure.message
    assert all(ord(character) >= 0x20 for character in failure.message)


@pytest.mark.parametrize("name", [HOSTILE, "a\rb", "a\nb", "a\r\n\r\nb", "a\r", "\na"])
def test_case_010_011_line_ends_in_the_name(drive: Drive, name: str) -> None:
    refuses_name(drive, drive.options(), name)


def test_case_013_hostile_name_on_the_wire(connect: Opener) -> None:
    """A program that does not look at the result: the name from before holds."""
    server = connect.server(script(Peer.greet, Peer.quit))
    drive = connect.drive
    options = drive.options(host=server.host, port=server.port, name="client.test")
    refuses_name(drive, options, HOSTILE)
    connection = Connection(drive, drive.name("c"))
    assert drive.call("new", connection.name, options, "~")["reply"] == 1
    connection.start_connect().succeeds()
    connect.quit(connection)
    assert server.peer.received == b"EHLO client.test\r\nQUIT\r\n"


# --- the octets of replies --------------------------------------------------


def test_case_016_octets_that_are_not_utf8(connect: Opener) -> None:
    """The response has the octets as they came; in the message, which is text,
    others stand for them."""
    connection = connect.opened(mail_answered(b"451 4.7.0 \xff\xfe\r\n"))
    failure = connection.start_send().fails("EENVELOPE")
    assert octets(failure.response) == b"451 4.7.0 \xff\xfe"
    assert failure.enhanced == "4.7.0"
    assert octets(failure.message).decode().count("\N{REPLACEMENT CHARACTER}") == 2
    connection.start_quit().succeeds()

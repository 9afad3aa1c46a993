"""Which socket: one in the file system, one from a given address, the caller's own."""

from __future__ import annotations

import errno
import socket
from pathlib import Path

import pytest

from conftest import Opener
from support.drive import Drive, Option
from support.drive.outcomes import RETRY_NO, RETRY_SAFE
from support.drive.separate import handed
from support.servers.certificates import Certificates
from support.servers.manners import silent
from support.servers.relay import relayed
from support.servers.script import Step, greets, says, script, secures
from support.servers.scripted import PATIENCE, Peer, ScriptedServer
from support.slowness import LIMIT

LMTP: list[Step] = [says(b"220 hi"), (b"LHLO ", b"250 test.local")]
one_delivery = script(Peer.greet, Peer.delivery, Peer.quit)
last_delivery = script(Peer.greet, Peer.delivery, Peer.hang_up)


# --- in the file system -----------------------------------------------------


@pytest.mark.parametrize("lmtp", [0, 1])
def test_socket_path(connect: Opener, tmp_path: Path, lmtp: int) -> None:
    dialogue = script(*LMTP, Peer.delivery, Peer.quit) if lmtp else one_delivery
    path = tmp_path / "the socket"
    server = connect.server(dialogue)
    with relayed(path, server):
        # Nobody resolves the host, or connects to the port.
        connection = connect.opened(
            server, socket_path=path, host="nowhere.invalid", port=1, lmtp=lmtp
        )
        connection.delivers()


def test_socket_path_without_a_name(drive: Drive, tmp_path: Path) -> None:
    """What stands in EHLO must be a domain or an address literal all the same."""
    greeted: list[bytes] = []

    def dialogue(peer: Peer) -> None:
        peer.reply(b"220 hi")
        greeted.append(peer.line())
        peer.reply(b"250 test.local")
        peer.quit()

    with ScriptedServer(dialogue) as server, relayed(tmp_path / "s", server):
        connection = drive.connection(socket_path=tmp_path / "s")
        connection.start_connect().succeeds()
        connection.start_quit().succeeds()
    verb, _, name = greeted[0].partition(b" ")
    assert verb == b"EHLO"
    assert b"." in name or name.startswith(b"[")


def test_socket_path_and_tls(connect: Opener, certificates: Certificates, tmp_path: Path) -> None:
    """The host is still the name that the certificate is checked against."""

    def refused(peer: Peer) -> None:
        peer.greet(b"STARTTLS")
        peer.answer(b"STARTTLS", b"220 go")
        peer.refused_tls(certificates.wrong_host)

    server = connect.server(script(secures(certificates.name_only), (b"QUIT", b"221 bye")), refused)
    with relayed(tmp_path / "s", server):
        connection = connect.opened(server, socket_path=tmp_path / "s", host="localhost")
        assert connection.info()["tls_peer_name"] == "localhost"
        connection.start_quit().succeeds()
        connection = connect(server, socket_path=tmp_path / "s", host="localhost")
        assert connection.start_connect().fails("ETLS").tls_reason


def test_password_to_a_socket_path(connect: Opener, tmp_path: Path) -> None:
    """It does not leave this machine."""
    dialogue = script(greets(b"AUTH PLAIN"), (b"AUTH PLAIN ", b"235 welcome"), Peer.quit)
    server = connect.server(dialogue)
    with relayed(tmp_path / "s", server):
        connection = connect.opened(server, socket_path=tmp_path / "s")
        connection.start_login("alice", "sesame").succeeds()
        connection.start_quit().succeeds()


@pytest.mark.parametrize("there", [False, True])
def test_no_listener_at_the_path(drive: Drive, tmp_path: Path, there: bool) -> None:
    path = tmp_path / "s"
    if there:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as abandoned:
            abandoned.bind(str(path))
    connection = drive.connection(socket_path=path)
    failure = connection.start_connect().fails("ESOCKET")
    assert failure.errno
    assert str(path) in failure.message
    connection.wait_end()


class Crowded:
    """A listener whose queue is full: connect(2) puts whoever comes off."""

    def __init__(self, path: Path) -> None:
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.settimeout(PATIENCE)
        self.listener.bind(str(path))
        self.listener.listen(0)
        self._first = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._first.connect(str(path))

    def __enter__(self) -> Crowded:
        return self

    def __exit__(self, *_: object) -> None:
        self._first.close()
        self.listener.close()


def test_busy_socket_path(drive: Drive, tmp_path: Path) -> None:
    """It is tried again, and served when there is room."""
    with Crowded(tmp_path / "s") as crowded:
        connection = drive.connection(socket_path=tmp_path / "s", lmtp=1)
        connecting = connection.start_connect()
        crowded.listener.accept()[0].close()
        peer, _ = crowded.listener.accept()
        with peer:
            peer.settimeout(PATIENCE)
            peer.sendall(b"220 hi\r\n")
            assert peer.recv(100).startswith(b"LHLO ")
            peer.sendall(b"250 test.local\r\n")
            connecting.succeeds()
            connection.close()


def test_socket_path_that_stays_busy(drive: Drive, tmp_path: Path) -> None:
    with Crowded(tmp_path / "s"):
        connection = drive.connection(socket_path=tmp_path / "s", connection_timeout=LIMIT)
        opening = connection.start_connect()
        drive.advance(LIMIT)
        failure = opening.fails("ETIMEDOUT")
        assert failure.address == str(tmp_path / "s")
        assert failure.retry == RETRY_SAFE
        connection.wait_end()


@pytest.mark.parametrize("way", ["close", "free"])
def test_left_while_the_socket_path_is_busy(drive: Drive, tmp_path: Path, way: str) -> None:
    with Crowded(tmp_path / "s"):
        connection = drive.connection(socket_path=tmp_path / "s")
        connecting = connection.start_connect()
        if way == "close":
            connection.close()
        else:
            connection.free()
        connecting.fails("ECANCELLED")


# --- from where -------------------------------------------------------------


def free_port(address: str) -> int:
    with socket.create_server((address, 0)) as held:
        return int(held.getsockname()[1])


@pytest.mark.parametrize("with_port", [False, True])
def test_local_address(connect: Opener, with_port: bool) -> None:
    seen: list[tuple[str, int]] = []

    def dialogue(peer: Peer) -> None:
        seen.append(peer._socket.getpeername())
        one_delivery(peer)

    port = free_port("127.0.0.3") if with_port else 0
    connection = connect.opened(dialogue, local_address="127.0.0.3", local_port=port)
    connection.delivers()
    connect.join()
    assert seen[0][0] == "127.0.0.3"
    if with_port:
        assert seen[0][1] == port


@pytest.mark.parametrize("secure", [0, 1])
def test_write_to_a_socket_that_is_shut(secure: int, certificates: Certificates) -> None:
    """It ends in an error, and raises no SIGPIPE: the program has the default action."""
    ours, theirs = socket.socketpair()
    theirs.sendall(b"220 hi\r\n")
    ours.shutdown(socket.SHUT_WR)
    with theirs, handed(ours) as (drive, number):
        connection = drive.connection(
            connection=number, secure=secure, tls_ca_file=certificates.ca_file
        )
        failure = connection.start_connect().wait().error
        assert failure is not None
        assert failure.errno == errno.EPIPE
        connection.wait_end()


# --- the caller's socket ----------------------------------------------------


@pytest.mark.parametrize(
    ("options", "named"),
    [
        # RFC 5737: for documentation only.
        ({"local_address": "192.0.2.1"}, "local_address 192.0.2.1"),
        ({"local_address": "::1"}, "local_address [::1]"),
        ({"socket": "tcp6"}, ""),
        ({"socket": "unix"}, ""),
        ({"connection": "tcp4"}, "connection"),
        ({"connection": "unix"}, "connection"),
        ({"connection": "listening"}, "connection"),
    ],
)
def test_of_no_use(connect: Opener, options: dict[str, Option], named: str) -> None:
    """Not here, of another family, or not connected."""
    connection = connect(connect.server(), **options)
    failure = connection.start_connect().fails("ESOCKET")
    assert named in failure.message
    if options.get("local_address") == "192.0.2.1":
        assert failure.errno
    elif "local_address" in options:
        # It would be the same tomorrow.
        assert failure.retry == RETRY_NO
    connection.wait_end()


@pytest.mark.parametrize(
    "options",
    [
        # The name localhost has both families; only one can be connected to from here.
        {"host": "localhost", "local_address": "127.0.0.1"},
        {"socket": "tcp4"},
        {"host": "localhost", "socket": "tcp4"},
    ],
)
def test_address_of_the_family(connect: Opener, options: dict[str, Option]) -> None:
    server = connect.server(last_delivery)
    connection = connect.opened(server, **options)
    assert connection.info()["remote_address"] == f"127.0.0.1:{server.port}"
    connection.delivers()


def test_connection(connect: Opener) -> None:
    server = connect.server(last_delivery)
    connection = connect.opened(
        server, connection=f"to:127.0.0.1:{server.port}", host="nowhere.invalid", port=1
    )
    assert connection.info()["remote_address"] == f"127.0.0.1:{server.port}"
    assert connection.info()["secure"] == 0
    connection.delivers()


def test_connection_in_the_file_system(connect: Opener, tmp_path: Path) -> None:
    server = connect.server(script(*LMTP, Peer.delivery, Peer.hang_up))
    with relayed(tmp_path / "s", server):
        connection = connect.opened(server, connection=f"to:{tmp_path / 's'}", lmtp=1)
        connection.delivers()


@pytest.mark.parametrize("way", ["starttls", "implicit"])
def test_connection_and_tls(connect: Opener, certificates: Certificates, way: str) -> None:
    def dialogue(peer: Peer) -> None:
        if way == "starttls":
            peer.secure(certificates.name_only)
        else:
            peer.greet()
        peer.answer(b"QUIT", b"221 bye")

    identity = certificates.name_only if way == "implicit" else None
    server = connect.server(dialogue, identity=identity)
    connection = connect.opened(
        server,
        connection=f"to:127.0.0.1:{server.port}",
        host="localhost",
        secure=int(way == "implicit"),
    )
    info = connection.info()
    assert info["secure"] == 1
    assert info["tls_peer_name"] == "localhost"
    connection.start_quit().succeeds()


def test_connection_and_the_wrong_certificate(connect: Opener, certificates: Certificates) -> None:
    server = connect.server(lambda peer: peer.refused_tls(certificates.wrong_host))
    connection = connect(
        server, connection=f"to:127.0.0.1:{server.port}", host="localhost", secure=1
    )
    assert connection.start_connect().fails("ETLS").tls_reason
    connection.wait_end()


@pytest.mark.parametrize("secure", [0, 1])
def test_secured(connect: Opener, secure: int) -> None:
    """The caller's own TLS: none is begun, STARTTLS is left alone, a password is
    sent. But nobody has seen the certificate: no REQUIRETLS."""
    dialogue = script(
        greets(b"STARTTLS", b"AUTH PLAIN", b"REQUIRETLS"),
        (b"AUTH PLAIN ", b"235 welcome"),
        Peer.delivery,
        Peer.hang_up,
    )
    server = connect.server(dialogue)
    connection = connect.opened(
        server, connection=f"to:127.0.0.1:{server.port}", secured=1, secure=secure
    )
    connection.start_login("alice", "sesame").succeeds()
    envelope = connection.drive.envelope("a@example.com", ["b@example.com"], require_tls=1)
    connection.start_send(envelope=envelope).fails("EREQUIRETLS")
    connection.delivers()


@pytest.mark.parametrize("option", ["socket", "connection"])
def test_quit_ends_it(connect: Opener, option: str) -> None:
    """The server sees the end, even when another process holds the socket."""
    closed: list[bool] = []

    def dialogue(peer: Peer) -> None:
        peer.greet()
        peer.hang_up()
        peer.nothing_more()
        closed.append(True)

    server = connect.server(dialogue)
    kind = "tcp4" if option == "socket" else f"to:127.0.0.1:{server.port}"
    connection = connect.opened(server, **{option: kind})
    connect.quit(connection)
    assert closed == [True]


@pytest.mark.parametrize("option", ["socket", "connection"])
def test_descriptor_taken_back(connect: Opener, option: str) -> None:
    server = connect.server(silent)
    drive = connect.drive
    before = drive.counts()
    name = drive.options(host=server.host, port=server.port)
    assert drive.set(name, option, f"to:127.0.0.1:{server.port}") is None
    assert drive.counts() == (before[0] + 1, before[1])
    assert drive.set(name, option, -1) is None
    assert drive.counts() == before


def test_no_descriptor_is_left(connect: Opener) -> None:
    """Not by unused options, nor by a refused connect."""
    drive = connect.drive
    before = drive.counts()
    server = connect.server(last_delivery)
    drive.options(socket="tcp4")
    drive.connection(connection="tcp6").start_connect().fails("ESOCKET")
    connection = connect.opened(server, connection=f"to:127.0.0.1:{server.port}")
    connection.delivers()
    connection.free()
    connect.join()
    drive.finish()
    assert drive.counts() == before


def test_socket_that_reaches_itself(drive: Drive) -> None:
    """Where nobody listens, a socket that has the port itself is its own peer, and every
    command would come back as a reply."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    connection = drive.connection(
        host="127.0.0.1", port=port, local_address="127.0.0.1", local_port=port
    )
    failure = connection.start_connect().fails("ESOCKET")
    assert failure.errno == errno.ECONNREFUSED
    assert failure.retry == RETRY_SAFE

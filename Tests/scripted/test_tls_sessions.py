"""TLS sessions that are taken out of options, and added to others."""

from __future__ import annotations

import re
import time

import pytest

from conftest import Opener
from support import drive as driving
from support.drive import Drive, Option
from support.servers.certificates import Certificates, Identity
from support.servers.resuming import (
    FULL,
    REFUSED,
    RESUMED,
    VERSIONS,
    Remembering,
    Seen,
    Witness,
    offers_session,
    visit,
)
from support.servers.scripted import Peer
from support.slowness import repeated

HOUR, DAY = 3600, 86400


class Sessions:
    """Exports sessions from visits to a server, and tries them on another client."""

    def __init__(self, connect: Opener) -> None:
        self._connect = connect
        self._drive = connect.drive

    def exported(self, identity: Identity, **options: Option) -> bytes:
        with Witness(identity, 1) as server:
            name = self._connect.options(server, **{"host": "localhost", "secure": 1, **options})
            visit(self._drive, name)
        session = self._drive.take_session(name)
        assert session is not None
        return session

    def passed_on(
        self, session: bytes, identity: Identity, **options: Option
    ) -> tuple[Seen, bytes]:
        """What the server sees of a client with this session, which it must let in, and what
        it gives that client."""
        with Witness(identity, 1) as server:
            name = self._connect.options(server, **{"host": "localhost", "secure": 1, **options})
            assert self._drive.add_session(name, session) is None
            info = visit(self._drive, name)
        assert info["tls_resumed"] == server.seen[0].resumed
        following = self._drive.take_session(name)
        assert following is not None
        return server.seen[0], following

    def tried(self, session: bytes, identity: Identity, **options: Option) -> Seen:
        return self.passed_on(session, identity, **options)[0]


@pytest.fixture
def sessions(connect: Opener) -> Sessions:
    return Sessions(connect)


# --- there and back ---------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_other_options(sessions: Sessions, certificates: Certificates, version: str) -> None:
    identity = Remembering.like(certificates.good, version)
    session = sessions.exported(identity)
    assert sessions.tried(session, identity) == RESUMED


@pytest.mark.parametrize("version", VERSIONS)
def test_another_process(
    connect: Opener, sessions: Sessions, certificates: Certificates, version: str
) -> None:
    """And what it exports goes on from there."""
    identity = Remembering.like(certificates.good, version)
    session = sessions.exported(identity)
    other = driving.start()
    try:
        seen, following = Sessions(Opener(other, certificates)).passed_on(session, identity)
        other.finish()
        assert other.close() == 0, other.stderr()
    finally:
        other.kill()
        other.remove_files()
    assert seen == RESUMED
    assert sessions.tried(following, identity) == RESUMED


def test_taken_is_gone(connect: Opener, certificates: Certificates) -> None:
    """One use for each, here or elsewhere."""
    drive = connect.drive
    server = connect.joins(Witness(Remembering.like(certificates.good, tickets=2)))
    options = connect.options(server, secure=1)
    assert drive.take_session(options) is None
    visit(drive, options)
    taken = [drive.take_session(options) for _ in range(3)]
    assert None not in taken[:2]
    assert taken[0] != taken[1]
    assert taken[2] is None
    visit(drive, options)
    connect.join()
    assert server.seen == [FULL, FULL]


def test_how_many_are_kept(connect: Opener, certificates: Certificates) -> None:
    """The newest eight, and the newest first."""
    drive = connect.drive
    server = connect.joins(Witness(Remembering.like(certificates.good, tickets=6)))
    options = connect.options(server, secure=1)
    visit(drive, options)
    first = drive.take_session(options)
    assert first is not None
    assert drive.add_session(options, first) is None
    # The one that was added last goes, and one comes.
    visit(drive, options)
    connect.join()
    assert server.seen == [FULL, RESUMED]
    for _ in range(4):
        assert drive.add_session(options, first) is None
    taken = []
    while (session := drive.take_session(options)) is not None:
        taken.append(session)
    assert taken[:4] == [first] * 4
    assert len(taken) == 8


def test_session_outlives_its_connection(connect: Opener, certificates: Certificates) -> None:
    """Which was not even closed in an orderly way."""
    drive = connect.drive
    identity = Remembering.like(certificates.good)
    with Witness(identity, 1, then=Peer.until_closed) as server:
        options = connect.options(server, secure=1)
        connection = drive.connection_from(options)
        connection.start_connect().succeeds()
        connection.free()
    with Witness(identity, 1, port=server.port) as server:
        visit(drive, options)
    assert server.seen == [RESUMED]


def test_options_that_are_gone(connect: Opener, certificates: Certificates) -> None:
    """Sessions that arrive when they cannot be used any more."""
    drive = connect.drive
    server = connect.joins(Witness(Remembering.like(certificates.good), 1))
    options = connect.options(server, secure=1)
    connection = drive.connection_from(options)
    drive.call("free", "options", options)
    connection.start_connect().succeeds()
    connection.start_quit().succeeds()


# --- what does not vouch ----------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", ["good", "self_signed", "wrong_host"])
def test_from_a_connection_that_did_not_verify(
    connect: Opener, sessions: Sessions, certificates: Certificates, kind: str, version: str
) -> None:
    """Whatever its certificate was like, it has to be shown now."""
    identity = Remembering.like(getattr(certificates, kind), version)
    session = sessions.exported(identity, tls_reject_unauthorized=0)
    assert sessions.tried(session, identity, tls_reject_unauthorized=0) == RESUMED
    session = sessions.exported(identity, tls_reject_unauthorized=0)
    if kind == "good":
        assert sessions.tried(session, identity) == FULL
        return
    refused(connect, session, identity)


def refused(connect: Opener, session: bytes, identity: Identity) -> None:
    """The session is not offered, and the server's certificate is judged."""

    def dialogue(peer: Peer) -> None:
        assert not offers_session(peer.hello())
        peer.refused_tls(identity)

    drive = connect.drive
    server = connect.server(dialogue)
    options = connect.options(server, host="localhost", secure=1)
    assert drive.add_session(options, session) is None
    failure = drive.connection_from(options).start_connect().fails("ETLS")
    assert failure.tls_reason
    assert drive.take_session(options) is None


@pytest.mark.parametrize("version", VERSIONS)
def test_for_another_name(
    connect: Opener, sessions: Sessions, certificates: Certificates, version: str
) -> None:
    identity = Remembering.like(certificates.wrong_host, version)
    session = sessions.exported(identity, tls_servername="other.example")
    refused(connect, session, identity)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_name_and_address(sessions: Sessions, certificates: Certificates, host: str) -> None:
    """A certificate by name vouches for no address, and the other way round."""
    named = Remembering.like(certificates.name_only)
    session = sessions.exported(named)
    seen = sessions.tried(session, Remembering.like(certificates.good), host=host)
    assert seen == (REFUSED if host == "localhost" else FULL)
    addressed = Remembering.like(certificates.address_only)
    session = sessions.exported(addressed, host="127.0.0.1")
    seen = sessions.tried(session, Remembering.like(certificates.good), host=host)
    assert seen == (FULL if host == "localhost" else REFUSED)


# What stands before a date in the octets, and in how many octets that stands itself: [1]
# EXPLICIT INTEGER, when the session was given, and OCTET STRING, when the certificate was verified.
GIVEN, VERIFIED = (b"\xa1\x06\x02\x04", 4), (b"\x04\x08", 8)


def age(session: bytes, date: tuple[bytes, int]) -> float:
    mark, size = date
    at = session.rindex(mark) + len(mark)
    return time.time() - int.from_bytes(session[at : at + size])


def aged(session: bytes, date: tuple[bytes, int], seconds: int) -> bytes:
    """The session, so much older."""
    mark, size = date
    assert abs(age(session, date)) < 100, "this is no date"
    at = session.rindex(mark) + len(mark)
    moved = int.from_bytes(session[at : at + size]) - seconds
    return session[:at] + moved.to_bytes(size) + session[at + size :]


@pytest.mark.parametrize(
    ("date", "seconds", "expected"),
    [
        (GIVEN, HOUR, RESUMED),
        (GIVEN, 3 * HOUR, FULL),  # OpenSSL lets a session live for two.
        (GIVEN, -HOUR, FULL),
        (VERIFIED, DAY - HOUR, RESUMED),
        (VERIFIED, DAY + 1, FULL),
        (VERIFIED, -HOUR, FULL),
    ],
)
@pytest.mark.parametrize("version", VERSIONS)
def test_too_old(
    sessions: Sessions,
    certificates: Certificates,
    version: str,
    date: tuple[bytes, int],
    seconds: int,
    expected: Seen,
) -> None:
    """Or from the future."""
    identity = Remembering.like(certificates.good, version)
    session = aged(sessions.exported(identity), date, seconds)
    assert sessions.tried(session, identity) == expected


@pytest.mark.parametrize("verifies", [0, 1])
def test_certificate_that_has_expired(
    sessions: Sessions, certificates: Certificates, verifies: int
) -> None:
    """Since it was verified. The time in the session is changed: it is not verified again."""
    identity = Remembering.like(certificates.good)
    session = sessions.exported(identity, tls_reject_unauthorized=verifies)
    begin, end = re.findall(rb"\x17\x0d(\d{12})Z", session)
    assert begin < end
    session = session.replace(end, begin)
    seen = sessions.tried(session, identity, tls_reject_unauthorized=verifies)
    assert seen == (FULL if verifies else RESUMED)


def test_verified_once_for_all_that_follow(sessions: Sessions, certificates: Certificates) -> None:
    """A session that comes of another is no younger in this, however often it is passed on."""
    identity = Remembering.like(certificates.good)
    session = aged(sessions.exported(identity), VERIFIED, DAY - HOUR)
    for _ in range(3):
        seen, session = sessions.passed_on(session, identity)
        assert seen == RESUMED
        assert age(session, GIVEN) < 100
        assert abs(age(session, VERIFIED) - DAY + HOUR) < 100


def test_of_a_version_that_is_not_allowed(sessions: Sessions, certificates: Certificates) -> None:
    session = sessions.exported(Remembering.like(certificates.good, "TLSv1.2"))
    identity = Remembering.like(certificates.good, "TLSv1.3")
    assert sessions.tried(session, identity, tls_min_version="TLSv1.3") == FULL


# --- what is no session -----------------------------------------------------


def test_no_session(connect: Opener, sessions: Sessions, certificates: Certificates) -> None:
    session = sessions.exported(Remembering.like(certificates.good))
    drive = connect.drive
    options = drive.options()
    for octets in (
        *(b"", b"x", bytes(1000), b"\x30\x00", b"\x30\x84\xff\xff\xff\xff"),
        *(session[:-1], session[1:], session + b"x", session * 2),
    ):
        failure = drive.add_session(options, octets)
        assert failure is not None, octets
        assert failure.name == "EOPTIONS"
        assert "TLS session" in failure.message
    assert drive.take_session(options) is None
    # As good as before.
    assert drive.add_session(options, session) is None


def test_not_when_nothing_is_resumed(
    drive: Drive, sessions: Sessions, certificates: Certificates
) -> None:
    session = sessions.exported(Remembering.like(certificates.good))
    failure = drive.add_session(drive.options(tls_resumption=0), session)
    assert failure is not None
    assert failure.name == "EOPTIONS"
    assert "tls_resumption" in failure.message


@pytest.mark.parametrize("version", VERSIONS)
def test_damaged(
    connect: Opener, sessions: Sessions, certificates: Certificates, version: str
) -> None:
    """Whatever octet is another: it is refused, or does no harm."""
    drive = connect.drive
    session = sessions.exported(Remembering.like(certificates.good, version))
    for at in range(0, len(session), len(session) // repeated(300)):
        options = drive.options()
        damaged = session[:at] + bytes([session[at] ^ (1 << at % 8)]) + session[at + 1 :]
        if drive.add_session(options, damaged) is None:
            assert drive.take_session(options) is not None
        drive.call("free", "options", options)

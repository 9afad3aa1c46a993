"""When a mechanism of the caller's own is tried, and what comes after it."""

from __future__ import annotations

import pytest

from conftest import Opener
from support.credentials import Mechanism
from support.drive import Drive
from support.sasl import b64, plain
from support.script import greets, script
from support.scripted import Peer

USER, PASSWORD = "alice", "open sesame"


def welcome(peer: Peer) -> None:
    peer.reply(b"235 2.7.0 welcome")
    peer.quit()


def test_before_built_in_ones(connect: Opener) -> None:
    """What the server offers first does not matter; nor does the case of a name."""
    mechanism = Mechanism(connect.drive, "x-Mine")
    dialogue = script(greets(b"AUTH PLAIN x-mine LOGIN"), b"AUTH X-MINE", welcome)
    connection = connect.opened(dialogue, custom_mechanism=mechanism)
    connection.start_login(USER, PASSWORD).succeeds()
    connection.start_quit().succeeds()


def test_instead_of_a_built_in_one(connect: Opener) -> None:
    mechanism = Mechanism(connect.drive, "plain")
    mechanism.answers(b"my own")
    dialogue = script(greets(b"AUTH PLAIN"), b"AUTH PLAIN " + b64(b"my own"), welcome)
    connection = connect.opened(dialogue, custom_mechanism=mechanism)
    connection.start_login(USER, PASSWORD).succeeds()
    connection.start_quit().succeeds()


def test_the_later_one_of_the_same_name(connect: Opener) -> None:
    """It replaces the first, which is released at once."""
    first, second = Mechanism(connect.drive), Mechanism(connect.drive, "x-mine")
    second.answers(b"second")
    dialogue = script(greets(b"AUTH X-MINE"), b"AUTH X-MINE " + b64(b"second"), welcome)
    connection = connect.opened(dialogue, custom_mechanism=first, another=second)
    assert first.released == 1
    connection.start_login(USER, PASSWORD).succeeds()
    connection.start_quit().succeeds()


def test_taken_away(drive: Drive) -> None:
    mechanism = Mechanism(drive)
    options = drive.options(custom_mechanism=mechanism, auth_method="X-MINE")
    mechanism.take_away(options)
    assert mechanism.released == 1
    answer = drive.call("new", "never", options, "~")
    assert answer["error"]["name"] == "EOPTIONS"


@pytest.mark.parametrize("name", ["", "X MINE", "X\r\nQUIT", "X.MINE", "X-MÜLLER", "X" * 21])
def test_names_that_are_none(drive: Drive, name: str) -> None:
    """RFC 4422 section 3.1. Released all the same."""
    mechanism = Mechanism(drive, name)
    failure = mechanism.offer(drive.options())
    assert failure is not None
    assert failure.name == "EOPTIONS"
    assert mechanism.released == 1


@pytest.mark.parametrize("name", ["X", "X" * 20, "X_9-"])
def test_names(connect: Opener, name: str) -> None:
    mechanism = Mechanism(connect.drive, name)
    dialogue = script(greets(b"AUTH " + name.encode()), b"AUTH " + name.encode(), welcome)
    connection = connect.opened(dialogue, custom_mechanism=mechanism, auth_method=name)
    connection.start_login(None).succeeds()
    connection.start_quit().succeeds()


@pytest.mark.parametrize("offered", [b"AUTH GSSAPI", b"AUTH X-MINE-2 X", b"X-AUTH X-MINE"])
def test_not_offered(connect: Opener, offered: bytes) -> None:
    mechanism = Mechanism(connect.drive)
    connection = connect.opened(script(greets(offered), Peer.quit), custom_mechanism=mechanism)
    connection.start_login(USER, PASSWORD).fails("EAUTH")
    assert mechanism.challenges == []
    connection.start_quit().succeeds()


@pytest.mark.parametrize("at", ["the command", "a challenge"])
def test_next_one_when_not_supported(connect: Opener, at: str) -> None:
    """504 says so (RFC 4954 section 4)."""

    def dialogue(peer: Peer) -> None:
        peer.greet(b"AUTH X-MINE PLAIN LOGIN")
        peer.expect(b"AUTH X-MINE")
        if at == "a challenge":
            peer.reply(b"334 ")
            peer.expect(b64(b"me"))
        peer.reply(b"504 5.5.4 not that one")
        peer.answer(plain(USER, PASSWORD), b"504 5.5.4 nor that")
        peer.answer(b"AUTH LOGIN", b"334 ")
        peer.answer(b64(USER), b"334 ")
        peer.expect(b64(PASSWORD))
        welcome(peer)

    mechanism = Mechanism(connect.drive)
    mechanism.answers(None, b"me")
    connection = connect.opened(dialogue, custom_mechanism=mechanism)
    connection.start_login(USER, PASSWORD).succeeds()
    connection.start_quit().succeeds()


@pytest.mark.parametrize("wanted", [None, "X-MINE"])
@pytest.mark.parametrize("reply", [b"535 5.7.8 no", b"454 4.7.0 no", b"500 no"])
def test_no_next_one_after_a_refusal(connect: Opener, wanted: str | None, reply: bytes) -> None:
    """Each try counts towards locking the account."""
    mechanism = Mechanism(connect.drive)
    dialogue = script(greets(b"AUTH X-MINE PLAIN"), (b"AUTH X-MINE", reply), Peer.quit)
    connection = connect.opened(dialogue, custom_mechanism=mechanism, auth_method=wanted)
    failure = connection.start_login(USER, PASSWORD).fails("EAUTH")
    assert failure.response == reply.decode()
    connection.start_quit().succeeds()


def test_no_next_one_when_none_is_left(connect: Opener) -> None:
    """auth_method names one, and one only."""
    mechanism = Mechanism(connect.drive)
    dialogue = script(
        greets(b"AUTH X-MINE PLAIN"), (b"AUTH X-MINE", b"504 5.5.4 not that one"), Peer.quit
    )
    connection = connect.opened(dialogue, custom_mechanism=mechanism, auth_method="X-MINE")
    assert connection.start_login(USER, PASSWORD).fails("EAUTH").response_code == 504
    connection.start_quit().succeeds()

"""Mechanisms of the caller's own: what they are asked, what they may say, and that
nobody else learns of it."""

from __future__ import annotations

import pytest

from conftest import Opener
from support.drive import Drive, Option
from support.drive.credentials import Mechanism
from support.drive.outcomes import CODES, LOG_CLIENT, LOG_SERVER, OK
from support.logins.logins import PASSWORD, USER, WELCOME, is_refused, logs_in, offered
from support.logins.sasl import b64, plain
from support.servers.script import Step
from support.servers.scripted import Peer

# --- what is said --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("initial", "sent"),
    [
        (None, b"AUTH X-MINE"),
        (b"", b"AUTH X-MINE ="),
        (b"hello", b"AUTH X-MINE aGVsbG8="),
        (bytes(range(256)), b"AUTH X-MINE " + b64(bytes(range(256)))),
    ],
)
def test_initial_response(connect: Opener, initial: bytes | None, sent: bytes) -> None:
    """RFC 4954 section 4; the mechanism itself knows when all is said."""
    mechanism = Mechanism(connect.drive)
    mechanism.answers(initial)
    logs_in(offered(connect, b"AUTH X-MINE", (sent, WELCOME), custom_mechanism=mechanism))
    assert mechanism.challenges == [None]


def test_initial_response_that_is_too_long(connect: Opener) -> None:
    """It answers the first challenge, which is not the mechanism's (RFC 4954 section
    4)."""
    response = b"r" * 1000
    mechanism = Mechanism(connect.drive)
    mechanism.answers(response, b"that is all")
    exchange: list[Step] = [
        (b"AUTH X-MINE", b"334 "),
        (b64(response), b"334 " + b64(b"and?")),
        (b64(b"that is all"), WELCOME),
    ]
    logs_in(offered(connect, b"AUTH X-MINE", *exchange, custom_mechanism=mechanism))
    assert mechanism.challenges == [None, b"and?"]


@pytest.mark.parametrize("later", [False, True])
def test_challenges(connect: Opener, later: bool) -> None:
    """Any octets, both ways; an empty challenge is not the beginning."""
    rounds = [(b"", b""), (bytes(range(256)), b"\0"), (b"\0", bytes(reversed(range(256))))]

    def dialogue(peer: Peer) -> None:
        peer.greet(b"AUTH X-MINE")
        peer.expect(b"AUTH X-MINE")
        for challenge, response in rounds:
            peer.reply(b"334 " + b64(challenge))
            peer.expect(b64(response))
        peer.reply(WELCOME)
        peer.quit()

    mechanism = Mechanism(connect.drive)
    if not later:
        mechanism.answers(None, *(response for _, response in rounds))
    connection = connect.opened(dialogue, custom_mechanism=mechanism)
    login = connection.start_login(USER, PASSWORD)
    for number, (_, response) in enumerate(rounds):
        if later:
            mechanism.wait(number + 2)
            assert mechanism.respond(response) == OK
    login.succeeds()
    assert mechanism.challenges == [None, *(challenge for challenge, _ in rounds)]
    connection.start_quit().succeeds()


# --- replies to what was not said yet ------------------------------------------------


@pytest.mark.parametrize("second", ["X-MINE", "LOGIN"])
def test_half_a_reply_before_the_next_mechanism(connect: Opener, second: str) -> None:
    """Its name was not said yet."""
    first = "X-FIRST" if second == "X-MINE" else "PLAIN"
    said = b"AUTH X-FIRST" if second == "X-MINE" else b"AUTH PLAIN "

    def dialogue(peer: Peer) -> None:
        peer.greet(b"AUTH %s %s" % (first.encode(), second.encode()))
        peer.expect(said)
        peer.send(b"504 5.5.4 not here\r\n235 wel")
        assert peer.until_closed() == b""

    server = connect.server(dialogue)
    drive = connect.drive
    options = drive.options(host="127.0.0.1", port=server.port, name="client.test")
    if second == "X-MINE":
        for name in (first, second):
            mechanism = Mechanism(drive, name)
            mechanism.answers(None)
            assert mechanism.offer(options) is None
    connection = drive.connection_from(options)
    connection.start_connect().succeeds()
    failure = connection.start_login(USER, PASSWORD).fails("EAUTH")
    assert failure.response == "504 5.5.4 not here"
    assert "the server sent a reply without a command" in failure.message
    assert "after that the connection was given up" in failure.message
    lost = connection.breaks("EPROTOCOL")
    assert lost.command == f"AUTH {second}"


# --- giving up -----------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["no card\r\nin the reader", None])
def test_given_up_at_the_beginning(connect: Opener, reason: str | None) -> None:
    """Nothing is said to the server."""
    mechanism = Mechanism(connect.drive)
    mechanism.when_asked(mechanism.giving_up(reason))
    failure = is_refused(offered(connect, b"AUTH X-MINE PLAIN", custom_mechanism=mechanism))
    assert failure.response is None
    assert "given up" in failure.message
    assert "\r" not in failure.message
    if reason is not None:
        assert "no card??in the reader" in failure.message


@pytest.mark.parametrize("answer", [b"501 5.0.0 cancelled", b"535 no", b"235 2.7.0 welcome"])
def test_given_up_at_a_challenge(connect: Opener, answer: bytes) -> None:
    """ "*" cancels (RFC 4954 section 4), whatever the server answers."""
    mechanism = Mechanism(connect.drive)
    mechanism.answers(None)
    mechanism.when_asked(mechanism.giving_up("no card"))
    exchange: list[Step] = [(b"AUTH X-MINE", b"334 "), (b"*", answer)]
    connection = offered(connect, b"AUTH X-MINE PLAIN", *exchange, custom_mechanism=mechanism)
    assert "no card" in is_refused(connection).message


def test_rounds_are_bounded(connect: Opener) -> None:
    """A mechanism that always answers does not keep a server company for ever."""
    rounds = 0

    def dialogue(peer: Peer) -> None:
        nonlocal rounds
        peer.greet(b"AUTH X-MINE")
        peer.expect(b"AUTH X-MINE")
        while rounds < 1000:
            peer.reply(b"334 ")
            try:
                peer.expect(b64(b"yes"))
            except (AssertionError, OSError):
                return
            rounds += 1
        raise AssertionError("a thousand challenges were answered")

    mechanism = Mechanism(connect.drive)
    mechanism.answers(None, *[b"yes"] * 50)
    connection = connect.opened(dialogue, custom_mechanism=mechanism)
    connection.start_login(USER, PASSWORD).fails("EPROTOCOL")
    connection.wait_end()
    connect.join()
    # SCRAM and Kerberos need no more than four.
    assert 8 <= rounds <= 50


# --- what must not be logged ---------------------------------------------------------------

SPOKEN = [b"my-f1rst-s3cret-words", b"my-s3cond-s3cret-words", b"the-s3rvers-own-words"]


@pytest.mark.parametrize("debug", [0, 1])
@pytest.mark.parametrize("repeats", [None, "plain", "base64"])
def test_hidden_in_the_log(connect: Opener, debug: int, repeats: str | None) -> None:
    """All of the exchange, even when the server repeats it."""
    initial, response, challenge = SPOKEN

    def dialogue(peer: Peer) -> None:
        peer.greet(b"AUTH X-MINE")
        peer.answer(b"AUTH X-MINE " + b64(initial), b"334 " + b64(challenge))
        peer.expect(b64(response))
        if repeats is None:
            peer.reply(b"235 2.7.0 welcome")
        else:
            said = response if repeats == "plain" else b64(response)
            peer.reply(b"535-5.7.8 no", b"535 5.7.8 who would say " + said)
        peer.quit()

    mechanism = Mechanism(connect.drive)
    mechanism.answers(initial, response)
    connection = connect.opened(
        dialogue, custom_mechanism=mechanism, transaction_log=1, debug=debug
    )
    failure = connection.start_login(USER, PASSWORD).wait().error
    connection.start_quit().succeeds()
    told = connection.drive.transcript()
    if failure is not None:
        told += [failure.message, failure.response or ""]
    for octets in SPOKEN:
        for secret in (octets.decode(), b64(octets).decode()):
            for start in range(len(secret) - 9):
                assert not any(secret[start : start + 10] in line for line in told)
    # That there was an exchange is no secret.
    client = connection.drive.transcript(LOG_CLIENT)
    assert any(line.startswith("AUTH X-MINE ") for line in client)
    assert any(line.startswith("334") for line in connection.drive.transcript(LOG_SERVER))


def test_exchange_and_octets_of_none(connect: Opener) -> None:
    """A NULL exchange is a state that nothing can be answered in."""
    mechanism = Mechanism(connect.drive)
    assert mechanism.respond(b"x") == CODES["ESTATE"]
    assert mechanism.give_up("x") == CODES["ESTATE"]


# --- when it is tried, and what comes after it ---------------------------------------------


def test_before_built_in_ones(connect: Opener) -> None:
    """What the server offers first does not matter; nor does the case of a name."""
    mechanism = Mechanism(connect.drive, "x-Mine")
    exchange = (b"AUTH X-MINE", WELCOME)
    logs_in(offered(connect, b"AUTH PLAIN x-mine LOGIN", exchange, custom_mechanism=mechanism))


def test_instead_of_a_built_in_one(connect: Opener) -> None:
    mechanism = Mechanism(connect.drive, "plain")
    mechanism.answers(b"my own")
    exchange = (b"AUTH PLAIN " + b64(b"my own"), WELCOME)
    logs_in(offered(connect, b"AUTH PLAIN", exchange, custom_mechanism=mechanism))


def test_the_later_one_of_the_same_name(connect: Opener) -> None:
    """It replaces the first, which is released at once."""
    first, second = Mechanism(connect.drive), Mechanism(connect.drive, "x-mine")
    second.answers(b"second")
    exchange = (b"AUTH X-MINE " + b64(b"second"), WELCOME)
    connection = offered(connect, b"AUTH X-MINE", exchange, custom_mechanism=first, another=second)
    assert first.released == 1
    logs_in(connection)


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
    options: dict[str, Option] = {
        "custom_mechanism": Mechanism(connect.drive, name),
        "auth_method": name,
    }
    command = b"AUTH " + name.encode()
    logs_in(offered(connect, command, (command, WELCOME), **options), None, None)


@pytest.mark.parametrize("offer", [b"AUTH GSSAPI", b"AUTH X-MINE-2 X", b"X-AUTH X-MINE"])
def test_not_offered(connect: Opener, offer: bytes) -> None:
    mechanism = Mechanism(connect.drive)
    is_refused(offered(connect, offer, custom_mechanism=mechanism))
    assert mechanism.challenges == []


@pytest.mark.parametrize("at", ["the command", "a challenge"])
def test_next_one_when_not_supported(connect: Opener, at: str) -> None:
    """504 says so (RFC 4954 section 4)."""
    refused: list[Step] = [(b"AUTH X-MINE", b"504 5.5.4 not that one")]
    if at == "a challenge":
        refused = [(b"AUTH X-MINE", b"334 "), (b64(b"me"), b"504 5.5.4 not that one")]
    exchange: list[Step] = [
        *refused,
        (plain(USER, PASSWORD), b"504 5.5.4 nor that"),
        *[(b"AUTH LOGIN", b"334 "), (b64(USER), b"334 "), (b64(PASSWORD), WELCOME)],
    ]
    mechanism = Mechanism(connect.drive)
    mechanism.answers(None, b"me")
    offer = b"AUTH X-MINE PLAIN LOGIN"
    logs_in(offered(connect, offer, *exchange, custom_mechanism=mechanism))


@pytest.mark.parametrize(
    ("reply", "wanted"),
    [
        # Each try counts towards locking the account.
        *[
            (reply, wanted)
            for reply in (b"535 5.7.8 no", b"454 4.7.0 no", b"500 no")
            for wanted in (None, "X-MINE")
        ],
        # auth_method names one, and one only.
        (b"504 5.5.4 not that one", "X-MINE"),
    ],
)
def test_no_next_one(connect: Opener, reply: bytes, wanted: str | None) -> None:
    connection = offered(
        connect,
        b"AUTH X-MINE PLAIN",
        (b"AUTH X-MINE", reply),
        custom_mechanism=Mechanism(connect.drive),
        auth_method=wanted,
    )
    assert is_refused(connection).response == reply.decode()

"""Logins that ask the caller, and what becomes of the questions: whatever is closed,
freed or answered, and whenever, nothing is left behind and nothing is used again.

That nothing is left is told by the release functions here, and by ASan and valgrind
when the drive program ends.
"""

from __future__ import annotations

import threading

import pytest

from conftest import Opener
from support.drive import Connection, Operation
from support.drive.credentials import Mechanism, TokenCallback, Tokens
from support.drive.outcomes import CODES, OK
from support.logins.sasl import b64, xoauth2
from support.logins.tokenlogins import refreshing
from support.servers.endpoint import TokenEndpoint, granted
from support.servers.manners import tolerant
from support.servers.script import greets, script
from support.servers.scripted import Peer, ScriptedServer
from support.slowness import LIMIT, repeated

ESTATE = CODES["ESTATE"]
LOGINS = repeated(100)


@tolerant
def any_login(peer: Peer) -> None:
    """Asks once, whatever the mechanism says, and refuses; the client may go at any
    point."""
    peer.greet(b"AUTH XOAUTH2 X-MINE")
    while (line := peer.line()) != b"QUIT":
        if line.startswith(b"AUTH"):
            peer.reply(b"334 " + b64(b"who?"))
        elif line == b"*":
            peer.reply(b"501 5.0.0 cancelled")
        else:
            peer.reply(b"535 5.7.8 no")
    peer.reply(b"221 bye")


# --- a hundred ---------------------------------------------------------------


@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize("given", ["fresh", None])
def test_a_hundred_logins_with_a_token_callback(
    connect: Opener, later: bool, given: str | None
) -> None:
    drive = connect.drive

    def dialogue(peer: Peer) -> None:
        peer.greet(b"AUTH XOAUTH2")
        if given is not None:
            peer.answer(xoauth2("alice", "fresh"), b"235 welcome")
        peer.quit()

    server = connect.server(dialogue, repeat=True)
    for _ in range(LOGINS):
        asked = TokenCallback(drive)
        answer = asked.withholding("none") if given is None else asked.providing(given)
        connection = connect.opened(server)
        if not later:
            asked.when_asked(answer)
        login = connection.start_login("alice", ask=asked)
        if later:
            asked.wait()
            assert drive.call(*answer)["reply"] == OK
        assert (login.wait().error is None) == (given is not None)
        connection.start_quit().succeeds()
        drive.call("free", "everything")
        assert asked.released == 1


@pytest.mark.parametrize("grants", [False, True])
def test_a_hundred_logins_with_an_endpoint(connect: Opener, grants: bool) -> None:
    def dialogue(peer: Peer) -> None:
        peer.greet(b"AUTH XOAUTH2")
        if grants:
            peer.answer(xoauth2("alice", "fresh"), b"235 welcome")
        peer.quit()

    server = connect.server(dialogue, repeat=True)
    endpoint = connect.joins(TokenEndpoint(granted("fresh") if grants else b"no JSON", repeat=True))
    for _ in range(LOGINS):
        connection = connect.opened(server)
        login = connection.start_login("alice", **refreshing(endpoint))
        assert (login.wait().error is None) == grants
        connection.start_quit().succeeds()
        connect.drive.call("free", "everything")


@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize("gives_up", [False, True])
def test_a_hundred_logins_with_a_mechanism(connect: Opener, later: bool, gives_up: bool) -> None:
    drive = connect.drive
    dialogue = script(
        greets(b"AUTH X-MINE"),
        (b"AUTH X-MINE", b"334 " + b64(b"who?")),
        (b"*" if gives_up else b64(b"me"), b"501 cancelled" if gives_up else b"235 welcome"),
        Peer.quit,
    )
    server = connect.server(dialogue, repeat=True)
    for _ in range(LOGINS):
        mechanism = Mechanism(drive)
        answer = mechanism.giving_up("no") if gives_up else mechanism.responding(b"me")
        connection = connect.opened(server, custom_mechanism=mechanism)
        mechanism.answers(None)
        if not later:
            mechanism.when_asked(answer)
        login = connection.start_login("alice", "x")
        if later:
            mechanism.wait(2)
            assert drive.call(*answer)["reply"] == OK
        assert (login.wait().error is None) == (not gives_up)
        connection.start_quit().succeeds()
        drive.call("free", "everything")
        assert mechanism.released == 1


# --- ended inside a callback -----------------------------------------------------

every_way = pytest.mark.parametrize("way", ["close", "cancel", "free"])


def ending(connection: Connection, way: str) -> list[str]:
    """The call that ends the connection."""
    return ["free", "connection", connection.name] if way == "free" else [way, connection.name]


def released(question: TokenCallback | Mechanism) -> None:
    """Nothing asks any more once everything is freed."""
    question._program.call("free", "everything")
    assert question.released == 1


@every_way
@pytest.mark.parametrize("answers", ["before: a token", "before: none", "after", "never"])
@pytest.mark.parametrize("renews", [False, True])
def test_ended_inside_the_token_callback(
    connect: Opener, way: str, answers: str, renews: bool
) -> None:
    """An answer that was given is on its way, and comes to nothing."""
    asked = TokenCallback(connect.drive)
    connection = connect.opened(any_login)
    end = ending(connection, way)
    calls = {
        "before: a token": [asked.providing("fresh"), end],
        "before: none": [asked.withholding("none"), end],
        # After free the login has ended, and with it the request.
        "after": [end] if way == "free" else [end, asked.providing("fresh")],
        "never": [end],
    }[answers]
    asked.when_asked(*calls)
    tokens = Tokens(access_token="old") if renews else Tokens()
    connection.start_login("alice", ask=asked, **tokens).fails("ECANCELLED")
    connect.join()
    assert asked.asked == [renews]
    released(asked)
    assert asked.results == [OK, ESTATE if answers == "after" else OK][: len(calls)]


@every_way
@pytest.mark.parametrize("challenge", [0, 1])
@pytest.mark.parametrize("answers", ["before", "after", "gives up", "never"])
def test_ended_inside_the_mechanism(
    connect: Opener, way: str, challenge: int, answers: str
) -> None:
    """At the beginning and at a challenge."""
    mechanism = Mechanism(connect.drive)
    connection = connect.opened(any_login, custom_mechanism=mechanism, auth_method="X-MINE")
    if challenge == 1:
        mechanism.answers(None)
    end = ending(connection, way)
    calls = {
        "before": [mechanism.responding(b"me"), end],
        # After free the login has ended, and with it the exchange.
        "after": [end] if way == "free" else [end, mechanism.responding(b"me")],
        "gives up": [end] if way == "free" else [end, mechanism.giving_up("no")],
        "never": [end],
    }[answers]
    mechanism.when_asked(*calls)
    connection.start_login("alice", "x").fails("ECANCELLED")
    connect.join()
    released(mechanism)
    assert mechanism.results == [OK, OK if answers == "before" else ESTATE][: len(calls)]


@every_way
def test_ended_in_the_new_token_callback(connect: Opener, way: str) -> None:
    """Before the token is used."""
    endpoint = connect.joins(TokenEndpoint(granted("fresh")))
    connection = connect.opened(any_login)
    connect.drive.on(f"{connection.name}.token", ending(connection, way))
    connection.start_login("alice", **refreshing(endpoint)).fails("ECANCELLED")
    assert [token for token, _ in connection.tokens] == ["fresh"]


@every_way
@pytest.mark.parametrize("mechanism", ["XOAUTH2", "X-MINE"])
def test_ended_after_a_reason(connect: Opener, mechanism: str, way: str) -> None:
    """The server has explained itself, or the mechanism has given up, and nothing more comes.
    Whoever ends the connection then is told that, and of no loss."""
    mine = Mechanism(connect.drive)
    dialogue = script(
        greets(b"AUTH XOAUTH2 X-MINE"),
        (b"AUTH ", b"334 " + b64(b"who?")),
        b"*" if mechanism == "X-MINE" else b"",
        Peer.until_closed,
    )
    server = connect.server(dialogue)
    connection = connect.opened(server, custom_mechanism=mine, auth_method=mechanism)
    mine.answers(None)
    mine.when_asked(mine.giving_up("no card"))
    login = connection.start_login("alice", access_token="old")
    server.wait_for(b"*\r\n" if mechanism == "X-MINE" else b"\r\n\r\n")
    connection.drive.call(*ending(connection, way))
    login.fails("ECANCELLED")


# --- ended while the answer is due --------------------------------------------------


def unanswered(
    connect: Opener, server: ScriptedServer, kind: str, **options: int
) -> tuple[Connection, Operation, TokenCallback | Mechanism]:
    """A login that waits for the caller."""
    if kind == "token":
        asked = TokenCallback(connect.drive)
        connection = connect.opened(server, **options)
        login = connection.start_login("alice", ask=asked)
        asked.wait()
        return connection, login, asked
    mechanism = Mechanism(connect.drive)
    connection = connect.opened(server, custom_mechanism=mechanism, auth_method="X-MINE", **options)
    login = connection.start_login("alice", "x")
    mechanism.wait(2)
    return connection, login, mechanism


def late_answer(question: TokenCallback | Mechanism, gives_up: bool) -> list[str]:
    if isinstance(question, TokenCallback):
        return question.withholding("no") if gives_up else question.providing("late")
    return question.giving_up("no") if gives_up else question.responding(b"late")


@pytest.mark.parametrize("kind", ["token", "mechanism"])
@pytest.mark.parametrize("way", ["close", "cancel", "free", "everything"])
def test_ended_while_an_answer_is_due(connect: Opener, kind: str, way: str) -> None:
    server = connect.server(any_login)
    connection, login, question = unanswered(connect, server, kind)
    if way == "everything":
        connect.drive.call("free", "everything")
    else:
        connect.drive.call(*ending(connection, way))
    login.fails("ECANCELLED")
    connect.join()
    released(question)


@pytest.mark.parametrize("kind", ["token", "mechanism"])
@pytest.mark.parametrize("way", ["close", "cancel"])
@pytest.mark.parametrize("gives_up", [False, True])
def test_answered_after_the_end(connect: Opener, kind: str, way: str, gives_up: bool) -> None:
    """The caller learns of the end from the callback of the login. What it answers
    before that callback, and inside it, is refused."""
    drive = connect.drive
    server = connect.server(any_login)
    connection, login, question = unanswered(connect, server, kind)
    answer = late_answer(question, gives_up)
    drive.on(login.tag, answer)
    with drive.held():
        drive.call(*ending(connection, way))
        assert not login.ended
        assert drive.call(*answer)["reply"] == ESTATE
    login.fails("ECANCELLED")
    connect.join()
    released(question)
    assert drive.actions[login.tag] == [ESTATE]


@pytest.mark.parametrize("kind", ["token", "mechanism"])
def test_lost_while_an_answer_is_due(connect: Opener, kind: str) -> None:
    """By the server, which does not wait for the caller."""
    drive = connect.drive

    def dialogue(peer: Peer) -> None:
        peer.greet(b"AUTH XOAUTH2 X-MINE")
        if kind == "mechanism":
            peer.answer(b"AUTH X-MINE", b"334 " + b64(b"who?"))
        asked.wait()
        peer.reply(b"421 4.3.2 shutting down")

    asked = threading.Event()
    server = connect.server(dialogue)
    connection, login, question = unanswered(connect, server, kind)
    drive.on(login.tag, late_answer(question, False))
    asked.set()
    assert login.fails("ECONNECTION").phase == "auth"
    connection.wait_end()
    connect.join()
    released(question)
    assert drive.actions[login.tag] == [ESTATE]


@pytest.mark.parametrize("kind", ["token", "mechanism"])
@pytest.mark.parametrize("limit", ["operation_timeout", "socket_timeout"])
def test_never_answered(connect: Opener, kind: str, limit: str) -> None:
    server = connect.server(any_login)
    connection, login, question = unanswered(connect, server, kind, **{limit: LIMIT})
    connect.drive.on(login.tag, late_answer(question, False))
    connect.drive.advance_past(LIMIT)
    failure = login.fails("ETIMEDOUT")
    assert limit in failure.message
    assert failure.phase == "auth"
    connection.wait_end()
    connect.join()
    released(question)
    assert connect.drive.actions[login.tag] == [ESTATE]


def test_the_server_is_not_blamed_for_the_wait(connect: Opener) -> None:
    """While the caller thinks about a challenge no reply is due."""
    mechanism = Mechanism(connect.drive)
    dialogue = script(
        greets(b"AUTH X-MINE"), (b"AUTH X-MINE", b"334 " + b64(b"who?")), Peer.nothing_more
    )
    connection = connect.opened(
        dialogue, mine=mechanism, command_timeout=LIMIT // 2, operation_timeout=LIMIT
    )
    login = connection.start_login("alice", "sesame")
    mechanism.wait(1)
    connect.drive.advance(LIMIT)
    failure = login.fails("ETIMEDOUT")
    assert "operation_timeout" in failure.message
    connection.wait_end()


# --- more answers than questions ----------------------------------------------------


def test_two_answers_to_one_challenge(connect: Opener) -> None:
    """At the beginning, inside, and later: the second is refused, and so is one that
    comes when the server has not asked."""
    mechanism = Mechanism(connect.drive)
    asked = threading.Event()

    def dialogue(peer: Peer) -> None:
        peer.greet(b"AUTH X-MINE")
        peer.answer(b"AUTH X-MINE " + b64(b"begin"), b"334 " + b64(b"who?"))
        peer.answer(b64(b"me"), b"334 " + b64(b"really?"))
        peer.expect(b64(b"yes"))
        asked.wait()
        peer.reply(b"235 welcome")
        peer.quit()

    connection = connect.opened(dialogue, custom_mechanism=mechanism)
    mechanism.when_asked(mechanism.responding(b"begin"), mechanism.responding(b"x"))
    mechanism.when_asked(mechanism.responding(b"me"), mechanism.giving_up("no"))
    login = connection.start_login("alice", "x")
    mechanism.wait(3)
    assert mechanism.respond(b"yes") == OK
    assert mechanism.respond(b"x") == ESTATE
    assert mechanism.give_up("no") == ESTATE
    asked.set()
    login.succeeds()
    connect.quit(connection)
    assert mechanism.results == [OK, ESTATE, OK, ESTATE]
    assert mechanism.challenges == [None, b"who?", b"really?"]


def test_an_answer_to_a_mechanism_that_was_given_up(connect: Opener) -> None:
    """The server does not support it (504): the next one is tried, and the exchange
    stays valid until the login has ended."""
    first = Mechanism(connect.drive, "X-FIRST")
    second = Mechanism(connect.drive, "X-SECOND")
    dialogue = script(
        greets(b"AUTH X-FIRST X-SECOND"),
        (b"AUTH X-FIRST", b"334 " + b64(b"who?")),
        (b64(b"me"), b"504 5.5.4 not that"),
        (b"AUTH X-SECOND", b"334 " + b64(b"who?")),
        (b64(b"also me"), b"235 welcome"),
        Peer.quit,
    )
    connection = connect.opened(dialogue, custom_mechanism=first, another=second)
    first.answers(None, b"me")
    login = connection.start_login("alice", "x")
    second.wait(2)
    assert first.respond(b"x") == ESTATE
    assert first.give_up() == ESTATE
    assert second.respond(b"also me") == OK
    login.succeeds()
    connect.quit(connection)
    released(first)
    assert second.released == 1

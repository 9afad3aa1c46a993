"""Endings at every point of the dialogue: each pending callback exactly once,
with the right code, and the caller knows whether a retry is safe."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

import pytest

from conftest import Opener
from support.drive import PATIENCE, Connection, Operation
from support.drive.outcomes import LOG_NETWORK, NOT_TRIED, RETRY_SAFE, RETRY_UNKNOWN, UNKNOWN
from support.servers.script import script
from support.servers.scripted import Peer
from support.slowness import LIMIT

Step = tuple[str, str, Callable[[Peer], object]]

# The whole dialogue, cut into what the server does between two of its waits:
# what it waits for behind the step, the operation that is then under way, and
# the step itself.
STEPS: list[Step] = [
    ("the greeting", "connect", lambda peer: None),
    ("the rest of the greeting", "connect", lambda peer: peer.send(b"220-hi\r\n220 the")),
    ("EHLO", "connect", lambda peer: peer.send(b"re\r\n")),
    ("the reply to EHLO", "connect", lambda peer: peer.expect(b"EHLO ")),
    ("the rest of that", "connect", lambda peer: peer.send(b"250-test.local\r\n250-AUTH PLA")),
    ("AUTH", "login", lambda peer: peer.send(b"IN LOGIN\r\n250 8BITMIME\r\n")),
    ("the reply to AUTH", "login", lambda peer: peer.expect(b"AUTH PLAIN ")),
    ("MAIL", "first", lambda peer: peer.reply(b"235 welcome")),
    ("the reply to MAIL", "first", lambda peer: peer.expect(b"MAIL FROM:")),
    ("RCPT", "first", lambda peer: peer.reply(b"250 ok")),
    ("the reply to RCPT", "first", lambda peer: peer.expect(b"RCPT TO:")),
    ("DATA", "first", lambda peer: peer.reply(b"250 ok")),
    ("the reply to DATA", "first", lambda peer: peer.expect(b"DATA")),
    ("the content", "first", lambda peer: peer.reply(b"354 go")),
    ("the final reply", "first", lambda peer: peer.content()),
    ("RSET", "reset", lambda peer: peer.reply(b"250 ok")),
    ("the reply to RSET", "reset", lambda peer: peer.expect(b"RSET")),
    ("MAIL again", "second", lambda peer: peer.reply(b"250 ok")),
    ("the final reply again", "second", lambda peer: peer.delivery_without_reply()),
    ("QUIT", "quit", lambda peer: peer.reply(b"250 ok")),
    ("the reply to QUIT", "quit", lambda peer: peer.expect(b"QUIT")),
]
NAMES = ["connect", "login", "first", "reset", "second", "quit"]

every_point = pytest.mark.parametrize("point", range(len(STEPS)), ids=[s[0] for s in STEPS])


def start_everything(connection: Connection) -> dict[str, Operation]:
    with connection.drive.held():
        return {
            "connect": connection.start_connect(),
            "login": connection.start_login("alice", "sesame"),
            "first": connection.start_send(),
            "reset": connection.start_reset(),
            "second": connection.start_send(),
            "quit": connection.start_quit(),
        }


def judge(
    operations: dict[str, Operation], point: int, names: set[str], code: int | None = None
) -> None:
    """What was over has succeeded, what was under way has failed with one of the
    names, and what waited has failed and was not tried."""
    waited_for, under_way, _ = STEPS[point]
    for name in NAMES[: NAMES.index(under_way)]:
        operations[name].succeeds()
    for name in NAMES[NAMES.index(under_way) :]:
        done = operations[name].wait()
        if name == "quit" and waited_for.endswith("QUIT") and done.error is None:
            continue  # after QUIT was sent nothing is an error
        failure = done.error
        assert failure is not None, f"{name} succeeded"
        if name == under_way:
            assert failure.name in names, failure
            if code is not None:
                assert failure.response_code == code
        else:
            assert failure.name in names | {"ECONNECTION", "ECANCELLED"}, failure
        unknown = name == under_way and waited_for.startswith("the final reply") and code is None
        if name == under_way and waited_for == "the content":
            # All of it may have left before the end was seen, or not.
            unknown = failure.retry == RETRY_UNKNOWN
        if name in ("first", "second"):
            result = operations[name].result()
            if unknown:
                assert result.statuses == [UNKNOWN]
            elif code is None:
                assert result.statuses == [NOT_TRIED]
        assert failure.retry == (RETRY_UNKNOWN if unknown else RETRY_SAFE), (name, failure)


def run_until(point: int, ending: Callable[[Peer], None]) -> Callable[[Peer], None]:
    def dialogue(peer: Peer) -> None:
        for _, _, step in STEPS[: point + 1]:
            step(peer)
        ending(peer)

    return dialogue


def close(peer: Peer) -> None:
    peer.half_close()
    # The client must not stay half open.
    peer.until_closed()


def reset(peer: Peer) -> None:
    peer.reset()


@every_point
@pytest.mark.parametrize("ending", [close, reset])
def test_server_ends(connect: Opener, point: int, ending: Callable[[Peer], None]) -> None:
    server = connect.server(run_until(point, ending))
    connection = connect(server)
    operations = start_everything(connection)
    names = {"ECONNECTION"} if ending is close else {"ECONNECTION", "ESOCKET"}
    judge(operations, point, names)
    connection.wait_end()
    if operations["quit"].wait().error is not None:
        assert connection.error is not None
        assert connection.error.name in names
        # The address that was in use helps to find the culprit.
        assert connection.error.address == f"127.0.0.1:{server.port}"
        # Callbacks first, then error, then end.
        order = connection.drive.order
        assert order[-2:] == [f"event {connection.name}.error", f"event {connection.name}.end"]


def test_reset_after_a_part_of_a_reply(connect: Opener) -> None:
    """A server that explains itself and resets the connection in the middle of the line."""
    dialogue = script(
        Peer.greet, b"MAIL FROM:", lambda peer: peer.send(b"421 too many connections"), Peer.reset
    )
    connection = connect.opened(dialogue)
    failure = connection.start_send().fails("ECONNECTION")
    assert failure.response == "421 too many connections"
    connection.wait_end()
    assert connection.error == failure


# Points at which the server has a command to answer, and so can say 421.
ANSWERS = [
    number
    for number, (waited_for, _, _) in enumerate(STEPS)
    if "reply to" in waited_for or waited_for in ("the greeting", "the final reply")
]


@pytest.mark.parametrize("point", ANSWERS, ids=[STEPS[number][0] for number in ANSWERS])
@pytest.mark.parametrize("closes", [True, False], ids=["closes", "stays"])
def test_421(connect: Opener, point: int, closes: bool) -> None:
    """Whoever says 421 closes; whether it does so at once must not matter."""

    def ending(peer: Peer) -> None:
        peer.reply(b"421 4.3.2 test.local shutting down")
        if closes:
            peer.half_close()
        rest = peer.until_closed()
        assert rest in (b"", b"QUIT\r\n"), rest

    connection = connect(run_until(point, ending))
    operations = start_everything(connection)
    judge(operations, point, {"ECONNECTION", "EMESSAGE"}, code=421)
    connection.wait_end()
    if STEPS[point][0] != "the reply to QUIT":
        assert connection.error is not None
        assert connection.error.name == "ECONNECTION"
        assert connection.error.response_code == 421


@every_point
@pytest.mark.parametrize("how", ["close", "cancel", "free"])
def test_caller_ends(connect: Opener, point: int, how: str) -> None:
    """The caller closes, cancels or frees while the server is waited for."""

    def ending(peer: Peer) -> None:
        reached.set()
        peer.until_closed()

    reached = threading.Event()
    connection = connect(run_until(point, ending))
    operations = start_everything(connection)
    assert reached.wait(PATIENCE)
    getattr(connection, how)()
    under_way = STEPS[point][1]
    # What the server has answered may not have been read yet, so operations
    # before the one under way may have been cancelled as well; all of them
    # have ended, and none that was not answered has succeeded.
    for name in NAMES:
        done = operations[name].wait()
        if done.error is None:
            assert NAMES.index(name) <= NAMES.index(under_way)
        else:
            assert done.error.name == "ECANCELLED", done.error
    if how != "free":
        connection.ends_well()
    else:
        assert not connection.had("end")


@every_point
def test_freed_in_a_callback(connect: Opener, point: int) -> None:
    """Every callback on the way of a dialogue that breaks off frees the
    connection: the first one wins, all others are told inside that call."""

    connection = connect(run_until(point, close))
    under_way = STEPS[point][1]
    with connection.drive.held():
        operations = start_everything(connection)
        connection.when(operations[under_way].tag, "free", "connection", connection.name)
    for name in NAMES:
        operations[name].wait()
    assert not connection.had("end")


def test_close_in_the_middle_of_content(connect: Opener) -> None:
    """A message in parts must never look whole."""
    rest: list[bytes] = []

    def dialogue(peer: Peer) -> None:
        peer.greet()
        peer.envelope()
        peer.read_some()
        reached.set()
        # Nothing is read meanwhile, so the client cannot have written all of it.
        assert closed.wait(PATIENCE)
        rest.append(peer.until_closed())

    reached, closed = threading.Event(), threading.Event()
    connection = connect.opened(dialogue)
    sending = connection.start_send(b"x\r\n" * 10_000_000)
    assert reached.wait(PATIENCE)
    connection.close()
    closed.set()
    assert sending.fails("ECANCELLED").retry == RETRY_SAFE
    connect.join()
    assert b"\r\n.\r\n" not in rest[0]
    assert b"QUIT" not in rest[0]


def test_cancel_takes_quit_back(connect: Opener) -> None:
    """A quit that had not begun: the connection serves on."""
    connection = connect.opened(script(Peer.greet, Peer.delivery, Peer.quit))
    with connection.drive.held():
        quitting = connection.start_quit()
        assert connection.cancel() == 0
    quitting.fails("ECANCELLED")
    connection.delivers()


def test_quit_without_a_reply(connect: Opener) -> None:
    """After QUIT nothing is an error, not even silence."""
    dialogue = script(Peer.greet, b"QUIT", Peer.until_closed)
    server = connect.server(dialogue)
    connection = connect.opened(server, quit_timeout=LIMIT, operation_timeout=2 * LIMIT)
    quitting = connection.start_quit()
    server.wait_for(b"QUIT")
    connect.drive.advance(LIMIT)
    quitting.succeeds()
    connection.ends_well()
    connect.join()
    # Once, and not again because the server has taken the command.
    log = "\n".join(connection.drive.transcript(LOG_NETWORK))
    assert "(quit_timeout)" in log
    assert "(operation_timeout)" not in log


def test_started_in_a_callback(connect: Opener) -> None:
    """A callback may start the next operation."""
    connection = connect.opened(script(Peer.greet, Peer.delivery, Peer.delivery, Peer.quit))
    drive = connection.drive
    envelope = drive.envelope("a@example.com", ["b@example.com"])
    message = drive.message(b"x")
    second, call = connection.later("send", envelope, message)
    quitting, last = connection.later("quit")
    with drive.held():
        first = connection.start_send()
        connection.when(first.tag, *call)
        connection.when(second.tag, *last)
    for operation in (first, second, quitting):
        operation.succeeds()
    assert drive.actions == {first.tag: [0], second.tag: [0]}


def test_run_inside_a_callback(connect: Opener) -> None:
    """The loop must not be driven from inside itself."""
    connection = connect.opened(script(Peer.greet, Peer.delivery, Peer.quit))
    with connection.drive.held():
        sending = connection.start_send()
        connection.when(sending.tag, "run", connection.name)
    sending.succeeds()
    connection.drive.wait(lambda: sending.tag in connection.drive.actions, "the action")
    assert connection.drive.actions[sending.tag] == [-15], "ESTATE was expected"
    connection.start_quit().succeeds()


@pytest.mark.parametrize("first_freed", [0, 1])
def test_neighbours_on_one_loop(connect: Opener, first_freed: int) -> None:
    """One connection ends the other from inside a callback."""

    def dialogue(peer: Peer) -> None:
        peer.reply(b"220 hi")
        # The victim may be gone before it has said a word.
        with contextlib.suppress(AssertionError, OSError):
            peer.ehlo()
            peer.until_closed()

    one = connect.server(dialogue)
    two = connect.server(dialogue)
    drive = connect.drive
    loop = drive.loop()
    pair = [
        drive.connection(loop, host="127.0.0.1", port=server.port, name="client.test")
        for server in (one, two)
    ]
    killer, victim = pair[first_freed], pair[1 - first_freed]
    with drive.held():
        operations = [connection.start_connect() for connection in pair]
        killer.when(operations[first_freed].tag, "free", "connection", victim.name)
    operations[first_freed].succeeds()
    operations[1 - first_freed].wait()
    assert not victim.had("end")
    killer.free()


def test_loop_freed_first(connect: Opener) -> None:
    """Not as one should, but it must not break anything: the connection can from
    then on only be freed."""
    server = connect.server(script(Peer.greet, Peer.until_closed))
    drive = connect.drive
    loop = drive.loop()
    connection = drive.connection(loop, host="127.0.0.1", port=server.port, name="client.test")
    connection.start_connect().succeeds()
    sending = connection.start_send()
    # Both in one call: the program watches the loops that it knows.
    drive.call("free", "loopfirst", loop, connection.name)
    sending.fails("ECANCELLED")

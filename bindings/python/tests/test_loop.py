"""Several connections on one loop, other event loops, other threads."""

from __future__ import annotations

import selectors
import signal
import threading
import time
from types import FrameType
from typing import Any

import pytest

import smtpconn
from scripted_server import HELLO, LIMIT, QUIT, SEND, ScriptedServer

ENVELOPE = smtpconn.Envelope("a@example.org", ["b@example.org"])


def start_all(
    connection: smtpconn.Connection, message: Any, reports: list[tuple[Any, smtpconn.Result]]
) -> None:
    connection.start_connect()
    connection.start_send(ENVELOPE, message, lambda *report: reports.append(report))
    connection.start_quit()


def test_two_connections_on_one_loop(server: ScriptedServer, loop: smtpconn.Loop) -> None:
    server.play(HELLO, SEND, QUIT).play(HELLO, SEND, QUIT)
    reports: list[tuple[Any, smtpconn.Result]] = []
    connections = [smtpconn.Connection("127.0.0.1", server.port, loop=loop) for _ in range(2)]
    for number, connection in enumerate(connections):
        assert connection.loop is loop
        start_all(connection, f"{number}\r\n", reports)
    assert not reports
    assert loop.run() is False
    server.check()
    assert [error for error, _ in reports] == [None, None]
    assert sorted(server.messages) == [b"0\r\n", b"1\r\n"]
    assert not any(connection.is_open for connection in connections)


def test_waiting_on_one_of_two_connections(server: ScriptedServer, loop: smtpconn.Loop) -> None:
    server.play(HELLO, SEND, QUIT).play(HELLO, SEND, QUIT)
    with smtpconn.Connection("127.0.0.1", server.port, loop=loop) as one:
        with smtpconn.Connection("127.0.0.1", server.port, loop=loop) as two:
            two.send(ENVELOPE, "two")
        assert one.is_open
        one.send(ENVELOPE, "one")
    server.check()
    assert server.messages == [b"two\r\n", b"one\r\n"]
    assert not loop.closed


def test_sends_are_queued_and_end_in_order(server: ScriptedServer, loop: smtpconn.Loop) -> None:
    server.play(HELLO, *[SEND] * 3, QUIT)
    order: list[object] = []

    def note(error: smtpconn.SMTPConnError | None, result: smtpconn.Result) -> None:
        order.append(result.message_size)

    connection = smtpconn.Connection("127.0.0.1", server.port, loop=loop)
    connection.start_connect(lambda error: order.append("connect"))
    for size in (10, 20, 30):
        connection.start_send(ENVELOPE, b"x" * (size - 2) + b"\r\n", note)
    connection.start_quit(lambda error: order.append("quit"))
    loop.run()
    assert order == ["connect", 10, 20, 30, "quit"]


def test_in_the_programs_event_loop(server: ScriptedServer, loop: smtpconn.Loop) -> None:
    server.play(HELLO, SEND, QUIT)
    reports: list[tuple[Any, smtpconn.Result]] = []
    connection = smtpconn.Connection("127.0.0.1", server.port, loop=loop)
    start_all(connection, "x", reports)
    with selectors.DefaultSelector() as selector:
        selector.register(loop, selectors.EVENT_READ)
        pending = True
        while pending:
            assert selector.select(LIMIT)
            pending = loop.dispatch()
    assert reports[0][1].accepted == ["b@example.org"]


def test_run_once(server: ScriptedServer, loop: smtpconn.Loop) -> None:
    server.play(HELLO, QUIT)
    events: list[str] = []
    connection = smtpconn.Connection("127.0.0.1", server.port, loop=loop)
    connection.start_connect(lambda error: events.append("connected"))
    assert loop.run_once(LIMIT) is True or events
    while loop.run_once():
        pass
    assert events == ["connected"]
    connection.start_quit()
    while loop.run_once(LIMIT):
        pass
    assert not connection.is_open


def test_run_once_obeys_its_timeout(server: ScriptedServer, loop: smtpconn.Loop) -> None:
    server.play("E:")
    connection = smtpconn.Connection("127.0.0.1", server.port, loop=loop, greeting_timeout=LIMIT)
    connection.start_connect()
    begun = time.monotonic()
    assert loop.run_once(0.3) is True
    assert time.monotonic() - begun >= 0.3
    assert loop.dispatch() is True
    # Else it would have waited for the end of greeting_timeout.
    timeout = loop.timeout()
    assert timeout is not None
    assert timeout > 1
    with pytest.raises(ValueError, match="timeout"):
        loop.run_once(-1)


def test_an_idle_loop_does_not_wait(loop: smtpconn.Loop) -> None:
    assert loop.run() is False
    assert loop.run_once() is False
    assert loop.dispatch() is False
    assert loop.timeout() is None
    assert loop.fileno() >= 0


def test_wakeup_from_another_thread(server: ScriptedServer, loop: smtpconn.Loop) -> None:
    server.play("E:")
    connection = smtpconn.Connection("127.0.0.1", server.port, loop=loop)
    connection.start_connect()
    timer = threading.Timer(0.05, loop.wakeup)
    timer.start()
    assert loop.run() is True  # Woken, with an operation still pending.
    timer.join()
    loop.wakeup()
    assert loop.run_once() is True


def test_wakeup_from_a_signal_handler(server: ScriptedServer, loop: smtpconn.Loop) -> None:
    server.play("E:")
    connection = smtpconn.Connection("127.0.0.1", server.port, loop=loop)
    connection.start_connect()

    def handler(number: int, frame: FrameType | None) -> None:
        loop.wakeup()

    previous = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        assert loop.run() is True
    finally:
        signal.signal(signal.SIGALRM, previous)


def test_two_threads_take_turns(server: ScriptedServer, loop: smtpconn.Loop) -> None:
    server.play(*[HELLO, *[SEND] * 20, QUIT]).play(*[HELLO, *[SEND] * 20, QUIT])
    failures: list[BaseException] = []

    def work(name: str) -> None:
        try:
            with smtpconn.Connection("127.0.0.1", server.port, loop=loop) as connection:
                for number in range(20):
                    connection.send(ENVELOPE, f"{name} {number}\r\n")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert failures == []
    server.check()
    expected = [f"{name} {number}\r\n".encode() for name in ("one", "two") for number in range(20)]
    assert sorted(server.messages) == sorted(expected)


@pytest.mark.parametrize("way", ["cancel", "close"])
def test_ended_from_another_thread(way: str, server: ScriptedServer) -> None:
    server.play(HELLO, "C: RSET", "E:")
    connection = smtpconn.Connection("127.0.0.1", server.port)
    connection.connect()

    def interfere() -> None:
        while "RSET" not in server.commands:
            time.sleep(0.001)
        getattr(connection, way)()

    thread = threading.Thread(target=interfere)
    thread.start()
    with pytest.raises(smtpconn.CancelledError) as caught:
        connection.reset()
    assert caught.value.name == "ECANCELLED"
    thread.join()
    connection.close()


def test_cancel_before_anything_began(server: ScriptedServer, loop: smtpconn.Loop) -> None:
    server.play(HELLO, QUIT)
    errors: list[object] = []
    with smtpconn.Connection("127.0.0.1", server.port, loop=loop) as connection:
        connection.start_reset(errors.append)
        connection.cancel()
        loop.run()
        assert connection.is_open
    assert [type(error) for error in errors] == [smtpconn.CancelledError]


def test_close_ends_everything_pending(server: ScriptedServer, loop: smtpconn.Loop) -> None:
    server.play(HELLO, "E:")
    reports: list[tuple[Any, smtpconn.Result]] = []
    connection = smtpconn.Connection("127.0.0.1", server.port, loop=loop)
    connection.connect()
    connection.on_end = lambda connection: reports.append(("end", smtpconn.Result([])))
    connection.start_send(ENVELOPE, "x", lambda *report: reports.append(report))
    connection.close()
    (error, result), (end, _) = reports
    assert isinstance(error, smtpconn.CancelledError)
    assert result.recipients[0].status is smtpconn.RecipientStatus.NOT_TRIED
    assert end == "end"
    assert loop.run() is False


def test_closing_a_loop_closes_its_connections(server: ScriptedServer) -> None:
    server.play(HELLO, "E:")
    errors: list[object] = []
    with smtpconn.Loop() as loop:
        connection = smtpconn.Connection("127.0.0.1", server.port, loop=loop)
        connection.connect()
        connection.start_reset(errors.append)
        assert repr(loop) == "<smtpconn.Loop pending=1>"
    assert [type(error) for error in errors] == [smtpconn.CancelledError]
    assert connection.closed
    assert repr(loop) == "<smtpconn.Loop closed>"
    loop.close()
    for use in (loop.run, loop.dispatch, loop.fileno, loop.timeout):
        with pytest.raises(smtpconn.StateError, match="closed"):
            use()
    loop.wakeup()
    with pytest.raises(smtpconn.StateError, match="closed"):
        smtpconn.Connection(loop=loop)


def test_a_loop_cannot_run_or_close_inside_of_itself(
    server: ScriptedServer, loop: smtpconn.Loop
) -> None:
    server.play(HELLO, QUIT)
    refused = []

    def meddle(error: smtpconn.SMTPConnError | None) -> None:
        for use in (loop.run, loop.run_once, loop.dispatch, loop.close):
            try:
                use()
            except smtpconn.StateError:
                refused.append(use)

    connection = smtpconn.Connection("127.0.0.1", server.port, loop=loop)
    connection.start_connect(meddle)
    connection.start_quit()
    loop.run()
    assert len(refused) == 4


def test_a_callback_starts_the_next_operation(server: ScriptedServer, loop: smtpconn.Loop) -> None:
    """The last operation has ended when its callback runs, and yet there is more to do."""
    server.play(HELLO, SEND, QUIT)
    connection = smtpconn.Connection("127.0.0.1", server.port, loop=loop)
    outcomes: list[object] = []

    def connected(error: object) -> None:
        outcomes.append(error)
        envelope = smtpconn.Envelope("a@example.org", "b@example.org")
        connection.start_send(envelope, b"x", sent)

    def sent(error: object, _result: object) -> None:
        outcomes.append(error)
        connection.start_quit(outcomes.append)

    connection.start_connect(connected)
    assert loop.run() is False
    assert outcomes == [None] * 3
    connection.close()

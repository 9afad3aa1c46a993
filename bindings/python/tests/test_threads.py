"""Several threads and signal handlers on one loop: nobody spins or waits for ever."""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import signal
import threading
import time
import weakref
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytest

import smtpconn
from scripted_server import HELLO, LIMIT, QUIT, SEND, ScriptedServer
from smtpconn import _client, _driven, _driver, _inbox, _reading, _release, _result, _source
from smtpconn._library import lib

ENVELOPE = smtpconn.Envelope("a@example.org", "b@example.org")
RESET = "C: RSET\nS: 250 ok"


def wait_for(server: ScriptedServer, command: str, times: int = 1) -> None:
    while server.commands.count(command) < times:
        time.sleep(0.001)


class CountingLibrary:
    def __init__(self) -> None:
        self.turns = 0
        self.threads: set[int | None] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(lib, name)

    def smtpconn_loop_dispatch(self, loop: Any) -> Any:
        self.turns += 1
        self.threads.add(threading.get_ident())
        return lib.smtpconn_loop_dispatch(loop)


def test_two_threads_that_wait_do_not_spin(
    server: ScriptedServer, loop: smtpconn.Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.play(HELLO, "C: RSET", "E:").play(HELLO, "C: RSET", "E:")
    connections = [smtpconn.Connection("127.0.0.1", server.port, loop=loop) for _ in range(2)]
    for connection in connections:
        connection.connect()
    ends: list[object] = []

    def wait(connection: smtpconn.Connection) -> None:
        try:
            connection.reset()
        except smtpconn.CancelledError as error:
            ends.append(error)

    threads = [threading.Thread(target=wait, args=(each,)) for each in connections]
    for thread in threads:
        thread.start()
    wait_for(server, "RSET", 2)
    watched = CountingLibrary()
    monkeypatch.setattr(_driver, "lib", watched)
    time.sleep(0.5)  # As long as they had spun.
    assert watched.turns < 20
    for connection in connections:
        connection.close()
    for thread in threads:
        thread.join(LIMIT)
    assert len(ends) == 2


def test_the_one_that_stands_by_continues_when_the_other_has_gone(
    server: ScriptedServer, loop: smtpconn.Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = threading.Event()
    server.play(HELLO, "C: RSET", "E:").play(HELLO, *[RESET] * 50, QUIT)
    first = smtpconn.Connection("127.0.0.1", server.port, loop=loop)
    second = smtpconn.Connection("127.0.0.1", server.port, loop=loop)
    first.connect()
    second.connect()

    def wait() -> None:
        with pytest.raises(smtpconn.CancelledError):
            first.reset()
        done.set()

    thread = threading.Thread(target=wait)
    thread.start()
    wait_for(server, "RSET")
    watched = CountingLibrary()
    monkeypatch.setattr(_driver, "lib", watched)
    for _ in range(25):
        second.reset()  # The other thread drives.
    assert watched.threads == {thread.ident}
    first.close()
    assert done.wait(LIMIT)
    thread.join()
    for _ in range(25):
        second.reset()
    assert watched.threads == {thread.ident, threading.get_ident()}
    second.quit()
    second.close()


def test_signal_handlers_while_another_thread_has_the_loop(
    server: ScriptedServer, loop: smtpconn.Loop
) -> None:
    server.play(HELLO, "C: RSET", "E:").play(HELLO, "E:")
    waiting = smtpconn.Connection("127.0.0.1", server.port, loop=loop)
    other = smtpconn.Connection("127.0.0.1", server.port, loop=loop)
    waiting.connect()
    other.connect()

    def wait() -> None:
        with pytest.raises(smtpconn.CancelledError):
            waiting.reset()

    thread = threading.Thread(target=wait)
    thread.start()
    wait_for(server, "RSET")
    seen: list[bool] = []

    def look(number: int, frame: FrameType | None) -> None:
        seen.append(other.is_open)
        if len(seen) == 50:
            other.close()

    previous = signal.signal(signal.SIGALRM, look)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
        while not other.closed:
            other.is_open  # noqa: B018
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    assert all(seen[:50])
    waiting.close()
    thread.join(LIMIT)
    assert not thread.is_alive()


def test_a_signal_handler_may_wait_in_the_middle_of_a_wait(server: ScriptedServer) -> None:
    server.play(HELLO, "C: RSET", "E:").play(HELLO, RESET, QUIT)
    with smtpconn.Loop() as loop:
        waiting = smtpconn.Connection("127.0.0.1", server.port, loop=loop)
        waiting.connect()

        def send(number: int, frame: FrameType | None) -> None:
            with smtpconn.Connection("127.0.0.1", server.port, loop=loop) as other:
                other.reset()
            waiting.close()

        previous = signal.signal(signal.SIGALRM, send)
        try:

            def ring() -> None:
                wait_for(server, "RSET")
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGALRM)

            timer = threading.Thread(target=ring)
            timer.start()
            with pytest.raises(smtpconn.CancelledError):
                waiting.reset()
            timer.join()
        finally:
            signal.signal(signal.SIGALRM, previous)


def test_generators_that_look_at_each_others_connections(server: ScriptedServer) -> None:
    """Neither thread may hold what the other one waits for."""
    server.play(HELLO, SEND, QUIT).play(HELLO, SEND, QUIT)
    connections = [smtpconn.Connection("127.0.0.1", server.port) for _ in range(2)]
    for connection in connections:
        connection.connect()
    both = threading.Barrier(2)
    results: list[smtpconn.Result] = []

    def content(other: smtpconn.Connection) -> Iterator[bytes]:
        yield b"Subject: x\r\n\r\n"
        both.wait(LIMIT)
        yield f"{other.is_open} {other.stage}\r\n".encode()
        both.wait(LIMIT)

    def work(own: smtpconn.Connection, other: smtpconn.Connection) -> None:
        results.append(own.send(ENVELOPE, content(other)))

    threads = [
        threading.Thread(target=work, args=pair, daemon=True)
        for pair in (connections, connections[::-1])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert len(results) == 2
    for connection in connections:
        connection.quit()
        connection.close()


def test_the_finally_of_a_generator_runs_where_its_body_ran(server: ScriptedServer) -> None:
    server.play(HELLO, SEND.split("M:\n")[0], "E:")
    places: list[int] = []
    begun = threading.Event()
    looked = threading.Event()

    def content() -> Iterator[bytes]:
        try:
            places.append(threading.get_ident())
            while True:
                yield b"x" * 998 + b"\r\n"
                begun.set()
                looked.wait(LIMIT)
        finally:
            places.append(threading.get_ident())

    connection = smtpconn.Connection("127.0.0.1", server.port)
    idle = smtpconn.Connection("127.0.0.1", 1)
    connection.connect()

    def work() -> None:
        connection.start_send(ENVELOPE, content())
        while "DATA" not in server.commands or not begun.is_set():
            connection.loop.run_once(0.01)
        connection.cancel()
        connection.loop.run()

    def look() -> None:
        begun.wait(LIMIT)
        while thread.is_alive():
            idle.is_open  # noqa: B018
            idle.loop.dispatch()
            looked.set()

    thread = threading.Thread(target=work)
    thread.start()
    look()
    thread.join(LIMIT)
    assert len(places) == 2
    assert places[0] == places[1]
    connection.close()
    idle.close()


# Loops that several connections share


def test_a_connection_on_the_loop_of_another(server: ScriptedServer) -> None:
    server.play(HELLO, "E:").play(HELLO, RESET, QUIT)
    first = smtpconn.Connection("127.0.0.1", server.port)
    second = smtpconn.Connection("127.0.0.1", server.port, loop=first.loop)
    first.connect()
    second.connect()
    first.close()
    second.reset()
    assert second.is_open
    second.quit()
    second.close()
    assert first.loop.closed  # After the last one.


def test_what_handlers_raise_does_not_stay_in_the_loop(
    server: ScriptedServer, loop: smtpconn.Loop, caplog: pytest.LogCaptureFixture
) -> None:
    server.play(HELLO, RESET, QUIT).play(HELLO, "X:", "E:")
    waiting = smtpconn.Connection("127.0.0.1", server.port, loop=loop)
    waiting.connect()
    lost = smtpconn.Connection("127.0.0.1", server.port, loop=loop)
    lost.connect()

    def fail(connection: smtpconn.Connection) -> None:
        raise ValueError("from a handler")

    lost.on_end = fail
    while lost.is_open:
        loop._driver.advance()
    del lost
    waiting.reset()
    assert "from a handler" in caplog.text
    loop.dispatch()  # It has nothing to raise.
    waiting.quit()
    waiting.close()


def test_a_log_handler_that_waits(server: ScriptedServer) -> None:
    server.play(HELLO, QUIT)
    refused: list[object] = []

    class Waiting(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            try:
                connection.reset()
            except smtpconn.StateError as error:
                refused.append(error)

    logger = logging.Logger("my.mail", logging.DEBUG)
    logger.addHandler(Waiting())
    connection = smtpconn.Connection("127.0.0.1", server.port, logger=logger)
    connection.start_connect()
    connection.start_quit()
    # A start calls nobody.
    assert refused == []
    connection.loop.run()
    connection.close()
    assert refused


# What is left behind


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def fail_to_connect(_server: ScriptedServer) -> smtpconn.Connection:
    connection = smtpconn.Connection("127.0.0.1", 1)
    with pytest.raises(smtpconn.SMTPConnError):
        connection.connect()
    return connection


def lose(server: ScriptedServer) -> smtpconn.Connection:
    server.play(HELLO, "C: RSET\nX:", "E:")
    connection = smtpconn.Connection("127.0.0.1", server.port)
    connection.connect()
    with pytest.raises(smtpconn.ConnectionLostError):
        connection.reset()
    return connection


def be_refused(server: ScriptedServer) -> smtpconn.Connection:
    server.play(HELLO, "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 550 no\nC: RSET\nS: 250 ok", "E:")
    connection = smtpconn.Connection("127.0.0.1", server.port)
    connection.connect()
    with pytest.raises(smtpconn.EnvelopeError):
        connection.send(ENVELOPE, "x")
    connection.reset()
    return connection


def raise_in_the_source(server: ScriptedServer) -> smtpconn.Connection:
    def content() -> Iterator[bytes]:
        yield b"x"
        raise ValueError

    server.play(HELLO, SEND.split("M:\n")[0] + "E:")
    connection = smtpconn.Connection("127.0.0.1", server.port)
    connection.connect()
    with pytest.raises(ValueError):
        connection.send(ENVELOPE, content())
    return connection


@pytest.mark.filterwarnings("ignore:.*left open:ResourceWarning")
@pytest.mark.parametrize("fail", [fail_to_connect, lose, be_refused, raise_in_the_source])
def test_a_failure_makes_no_cycle(fail: Any, server: ScriptedServer) -> None:
    """A connection that is dropped goes at once, with its descriptors."""
    gc.collect()
    gc.disable()
    try:
        before = descriptors()
        connection = fail(server)
        assert descriptors() > before
        reference = weakref.ref(connection)
        del connection
        server.finish()
        assert reference() is None
        assert descriptors() <= before
    finally:
        gc.enable()


# What several hands must not lose


def test_whoever_waits_is_woken_by_another_thread(
    server: ScriptedServer, loop: smtpconn.Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.play(HELLO, "C: RSET", "E:")
    connection = smtpconn.Connection("127.0.0.1", server.port, loop=loop)
    connection.connect()
    # Without it a wait ends after a while, and nothing would be noticed.
    monkeypatch.setattr(_driver, "SLICE", 2 * LIMIT)

    def wait() -> None:
        with pytest.raises(smtpconn.CancelledError):
            connection.reset()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    wait_for(server, "RSET")
    connection.close()
    thread.join(LIMIT / 4)
    assert not thread.is_alive()


def test_a_source_is_ended_by_the_driver_of_its_loop() -> None:
    class Sent:
        loop = object()

    operation = Sent()
    ended: list[str] = []

    def content() -> Iterator[bytes]:
        try:
            yield b"x"
        finally:
            ended.append("here")

    chunks = content()
    next(chunks)
    reading = _reading.Reading(None)
    reading.begun = True
    reading.operation = weakref.ref(operation)
    token = _release.lend(_source.Source(chunks, reading, True))
    _release._returned.append(token)
    _release.collect(object())
    assert ended == []
    _release.collect(Sent.loop)
    assert ended == ["here"]


class Alarm:
    """The library, and a signal handler that raises as one of its calls returns."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        function = getattr(lib, name)
        if name != self._name:
            return function

        def call(*arguments: Any) -> Any:
            self._name = ""
            function(*arguments)
            raise TimeoutError("of the program")

        return call


@pytest.mark.parametrize("message", [b"x", "x"], ids=["packed", "text"])
def test_an_alarm_when_a_send_was_started(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, message: bytes | str
) -> None:
    """Nobody would learn what became of it: so nothing becomes of it."""
    server.play(HELLO, "E:")
    connection = smtpconn.Connection("127.0.0.1", server.port)
    connection.connect()
    alarm = Alarm("smtpconn_send_packed" if isinstance(message, bytes) else "smtpconn_send")
    monkeypatch.setattr(_driven, "lib", alarm)
    monkeypatch.setattr(_client, "lib", alarm)
    with pytest.raises(TimeoutError, match="of the program"):
        connection.send(ENVELOPE, message)
    assert connection.closed


@pytest.mark.parametrize("message", [b"x", "x"], ids=["packed", "text"])
def test_an_alarm_when_a_queued_send_was_started(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, message: bytes | str
) -> None:
    """Its callback is called."""
    server.play(HELLO, SEND, QUIT)
    told: list[object] = []
    with smtpconn.Connection("127.0.0.1", server.port) as connection:
        alarm = Alarm("smtpconn_send_packed" if isinstance(message, bytes) else "smtpconn_send")
        with monkeypatch.context() as patch:
            patch.setattr(_driven, "lib", alarm)
            patch.setattr(_client, "lib", alarm)
            with pytest.raises(TimeoutError):
                connection.start_send(ENVELOPE, message, lambda error, _result: told.append(error))
        connection.loop.run()
        # One that was refused closes nothing.
        with pytest.raises(smtpconn.EnvelopeError):
            connection.send(smtpconn.Envelope("a@example.org", "b@-"), message)
        assert connection.is_open
    assert told == [None]


def test_an_alarm_leaves_a_generator_to_its_send(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two sends that read one generator would each get a part of it."""
    server.play(HELLO, SEND, QUIT)
    content = iter([b"x"])
    told: list[object] = []
    with smtpconn.Connection("127.0.0.1", server.port) as connection:
        with monkeypatch.context() as patch:
            patch.setattr(_client, "lib", Alarm("smtpconn_send"))
            with pytest.raises(TimeoutError):
                connection.start_send(ENVELOPE, content, lambda error, _result: told.append(error))
        with pytest.raises(smtpconn.MessageError, match="being sent already"):
            connection.start_send(ENVELOPE, content)
        connection.loop.run()
    assert told == [None]


def test_records_are_found_after_an_interrupt() -> None:
    head = _result.HEAD.pack(_result.HEAD_SIZE, 1, _result.DONE, 7, 0, 0, 0, 0)
    record = head.ljust(_result.HEAD_SIZE, b"\0")

    class Owner:
        handle = None

    calls: list[int] = []

    def take(_handle: object, address: int, _capacity: int, _left: object) -> int:
        calls.append(address)
        if len(calls) > 1:
            return 0
        ctypes.memmove(address, record * 2, 2 * len(record))
        raise KeyboardInterrupt  # As the call returns.

    inbox = _inbox.Inbox()
    items: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        inbox.fetch(take, Owner(), lambda kind, token, octets: token, items)
    assert items == []
    inbox.fetch(take, Owner(), lambda kind, token, octets: token, items)
    assert items == [7, 7]
    inbox.fetch(take, Owner(), lambda kind, token, octets: token, items)
    assert items == [7, 7]

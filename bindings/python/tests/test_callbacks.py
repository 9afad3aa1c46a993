"""What Python code raises inside of the library reaches the caller, and nothing is delivered."""

from __future__ import annotations

import io
import logging
import signal
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Any, Callable

import pytest

import smtpconn
from scripted_server import HELLO, LIMIT, QUIT, SEND, ScriptedServer
from smtpconn import _delivery

#: The client closes in the middle of the message, without the final dot.
BROKEN = SEND.split("M:\n")[0] + "E:"


class MyError(Exception):
    pass


class Failing(io.RawIOBase):
    def __init__(self) -> None:
        self.reads = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        self.reads += 1
        if self.reads > 2:
            raise MyError("disk on fire")
        return b"Subject: x\r\n"


def failing(error: BaseException) -> Iterator[bytes]:
    yield b"Subject: x\r\n\r\n"
    raise error


def wrong_type() -> Iterator[Any]:
    yield b"Subject: x\r\n\r\n"
    yield 5


def nothing() -> Iterator[Any]:
    yield b"Subject: x\r\n\r\n"
    yield None


SOURCES: list[tuple[Callable[[], Any], type[BaseException]]] = [
    (lambda: failing(MyError("disk on fire")), MyError),
    (lambda: failing(KeyboardInterrupt()), KeyboardInterrupt),
    (lambda: failing(StopAsyncIteration()), StopAsyncIteration),
    (lambda: failing(GeneratorExit()), GeneratorExit),
    (Failing, MyError),
    (wrong_type, TypeError),
    (nothing, TypeError),
    (lambda: ["fine", "\udc80"], smtpconn.MessageError),
]


@pytest.mark.parametrize(("source", "error"), SOURCES)
def test_failing_source(
    source: Callable[[], Any], error: type[BaseException], server: ScriptedServer
) -> None:
    server.play(HELLO, BROKEN)
    connection = smtpconn.Connection("127.0.0.1", server.port)
    connection.connect()
    with pytest.raises(error) as caught:
        connection.send("a@example.org", "b@example.org", source())
    assert not connection.is_open
    connection.close()
    server.check()
    assert server.messages == []
    context = caught.value.__context__
    while isinstance(context, UnicodeEncodeError):
        context = context.__context__
    assert isinstance(context, smtpconn.StreamError)
    assert context.retry is not smtpconn.Retry.UNKNOWN
    assert context.result is not None
    assert context.result.accepted == []


def test_failing_source_without_waiting(server: ScriptedServer, loop: smtpconn.Loop) -> None:
    server.play(HELLO, BROKEN)
    reports: list[tuple[Any, Any]] = []
    connection = smtpconn.Connection("127.0.0.1", server.port, loop=loop)
    connection.start_connect()
    envelope = smtpconn.Envelope("a@example.org", "b@example.org")
    error = MyError("disk on fire")
    connection.start_send(envelope, failing(error), lambda *report: reports.append(report))
    loop.run()
    ((told, result),) = reports
    assert isinstance(told, smtpconn.StreamError)
    assert told.__cause__ is error
    assert result.accepted == []
    assert told.result is result


def test_interrupt_in_a_source_without_waiting(server: ScriptedServer, loop: smtpconn.Loop) -> None:
    server.play(HELLO, BROKEN)
    connection = smtpconn.Connection("127.0.0.1", server.port, loop=loop)
    connection.start_connect()
    envelope = smtpconn.Envelope("a@example.org", "b@example.org")
    connection.start_send(envelope, failing(KeyboardInterrupt()), lambda error, result: None)
    with pytest.raises(KeyboardInterrupt):
        loop.run()


def test_generator_is_closed_when_it_is_not_read_to_its_end(server: ScriptedServer) -> None:
    server.play(HELLO, SEND.split("M:\n")[0], "M: 1000\nX:", "E:")
    closed = []

    def endless() -> Iterator[bytes]:
        try:
            while True:
                yield b"line\r\n" * 1000
        finally:
            closed.append(True)

    lines = endless()
    connection = smtpconn.Connection("127.0.0.1", server.port)
    connection.connect()
    with pytest.raises(smtpconn.SMTPConnError):
        connection.send("a@example.org", "b@example.org", lines)
    connection.close()
    assert closed == [True]


def test_connection_closed_by_the_source(server: ScriptedServer) -> None:
    server.play(HELLO, BROKEN)
    connection = smtpconn.Connection("127.0.0.1", server.port)
    connection.connect()

    def rash() -> Iterator[bytes]:
        yield b"Subject: x\r\n\r\n"
        connection.close()
        yield b"more" * 100000

    with pytest.raises(smtpconn.CancelledError):
        connection.send("a@example.org", "b@example.org", rash())
    assert connection.closed
    server.check()
    assert server.messages == []


@pytest.mark.parametrize(("event", "expected"), [("on_connect", ["on_connect"]), ("on_end", [])])
def test_failing_handler(
    event: str, expected: list[str], server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.play(HELLO, QUIT)

    def fail(connection: smtpconn.Connection) -> None:
        raise MyError(event)

    connection = smtpconn.Connection("127.0.0.1", server.port)
    setattr(connection, event, fail)
    raised = []
    for step in (connection.connect, connection.quit, connection.close):
        try:
            step()
        except MyError as error:
            raised.append(str(error))
    # Only that of on_connect can stop anything; what was done stays done.
    assert raised == expected
    assert [record.getMessage() for record in caplog.records if record.exc_info] == (
        [] if expected else ["on_end raised an exception, which is ignored"]
    )


def test_failing_error_handler(server: ScriptedServer, caplog: pytest.LogCaptureFixture) -> None:
    server.play(HELLO, "C: RSET\nX:", "E:")

    def fail(connection: smtpconn.Connection, error: smtpconn.SMTPConnError) -> None:
        raise MyError

    connection = smtpconn.Connection("127.0.0.1", server.port, on_error=fail)
    connection.connect()
    with pytest.raises(smtpconn.ConnectionLostError):
        connection.reset()
    assert [type(record.exc_info[1]) for record in caplog.records if record.exc_info] == [MyError]
    connection.close()


def test_failing_callback_comes_out_of_the_loop(
    server: ScriptedServer, loop: smtpconn.Loop
) -> None:
    server.play(HELLO, QUIT)

    def fail(error: smtpconn.SMTPConnError | None) -> None:
        raise MyError

    connection = smtpconn.Connection("127.0.0.1", server.port, loop=loop)
    connection.start_connect(fail)
    with pytest.raises(MyError):
        loop.run()
    assert connection.is_open
    connection.start_quit()
    loop.run()


def test_failing_callback_of_a_cancelled_operation(caplog: pytest.LogCaptureFixture) -> None:
    def fail(error: smtpconn.SMTPConnError | None) -> None:
        raise MyError

    connection = smtpconn.Connection("127.0.0.1")
    connection.start_connect(fail)
    connection.close()
    assert connection.closed
    assert "the callback raised" in caplog.text


def test_no_waiting_inside_a_callback(server: ScriptedServer) -> None:
    server.play(HELLO, QUIT)
    connection = smtpconn.Connection("127.0.0.1", server.port)
    connection.on_connect = lambda connection: connection.reset()
    with pytest.raises(smtpconn.StateError, match="callback"):
        connection.connect()
    assert connection.is_open  # Nothing was started.
    connection.quit()
    connection.close()


def test_close_inside_a_callback(server: ScriptedServer) -> None:
    server.play(HELLO, "E:")
    reports: list[object] = []
    connection = smtpconn.Connection("127.0.0.1", server.port)
    connection.on_end = lambda connection: reports.append("end")
    connection.start_connect(lambda error: connection.close())
    connection.start_reset(lambda error: reports.append(type(error)))
    connection.loop.run()
    assert reports == [smtpconn.CancelledError, "end"]
    assert connection.closed
    assert connection.loop.closed


def interrupt_when(condition: Callable[[], bool]) -> threading.Thread:
    def wait() -> None:
        while not condition():
            time.sleep(0.001)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


@pytest.fixture
def heeds_interrupts() -> Iterator[None]:
    """Also where the tests were started in the background, which ignores them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeds_interrupts")
def test_ctrl_c_while_waiting(server: ScriptedServer) -> None:
    server.play(HELLO, "C: RSET", "E:")
    connection = smtpconn.Connection("127.0.0.1", server.port)
    connection.connect()
    thread = interrupt_when(lambda: "RSET" in server.commands)
    with pytest.raises(KeyboardInterrupt):
        connection.reset()
    assert connection.closed
    thread.join()


class InterruptingHandler(logging.Handler):
    """Is interrupted when a command leaves."""

    def __init__(self, command: str) -> None:
        super().__init__()
        self._line = f"C: {command}"

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage() == self._line:
            raise KeyboardInterrupt


def test_ctrl_c_in_a_callback_does_not_wait_for_the_operation(server: ScriptedServer) -> None:
    server.play(HELLO, "C: RSET", "E:")
    logger = logging.Logger("my.mail", logging.DEBUG)
    logger.addHandler(InterruptingHandler("RSET"))
    ended: list[object] = []
    connection = smtpconn.Connection(
        "127.0.0.1", server.port, logger=logger, operation_timeout=LIMIT
    )
    connection.on_error = lambda connection, error: ended.append(error)
    connection.connect()
    with pytest.raises(KeyboardInterrupt):
        connection.reset()
    assert connection.closed
    assert ended == []  # The time limit of the operation would come here.


class AlarmError(Exception):
    pass


# One that strikes on the doorstep of a callback without a result is printed by ctypes.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_handlers_that_raise_during_a_message_damage_nothing() -> None:
    """A signal handler that raises may strike between any two steps, also on the doorstep of the
    read callback.  The message then arrives whole or not at all."""
    part = b"0123456789" * 97 + b"\r\n"
    whole = part * 2000

    def ring(number: int, frame: FrameType | None) -> None:
        raise AlarmError

    def attempt(delay: float) -> bool:
        with ScriptedServer() as server:
            server.play(HELLO, SEND, QUIT)
            connection = smtpconn.Connection("127.0.0.1", server.port)
            connection.connect()
            try:
                signal.setitimer(signal.ITIMER_REAL, delay)
                try:
                    connection.send("a@example.org", "b@example.org", (part for _ in range(2000)))
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
            except (AlarmError, smtpconn.CancelledError):
                pass
            connection.close()
            server.finish()
            server.faults.clear()  # The connection ended wherever it was.
            assert server.messages in ([], [whole])
            return bool(server.messages)

    previous = signal.signal(signal.SIGALRM, ring)
    try:
        delivered = [attempt(step * 0.0003) for step in range(1, 41)]
    finally:
        signal.signal(signal.SIGALRM, previous)
    assert not delivered[0]


@pytest.mark.parametrize(("where", "begun"), [(-2, False), (-1, False), (0, True), (6, True)])
def test_a_first_instruction_that_raises_before_python_3_11(
    where: int, begun: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without RESUME the first instruction is the function's own: it is not called again."""

    def callback() -> FrameType:
        return sys._getframe()

    inner = TracebackType(None, callback(), where, 1)
    error = NameError().with_traceback(TracebackType(inner, sys._getframe(), 0, 1))
    monkeypatch.setattr(_delivery, "_RESUME", None)
    assert _delivery._has_begun(error, callback) is begun

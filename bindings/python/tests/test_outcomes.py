"""The outcome of a delivery is reported, whatever happens after it."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, Callable

import pytest

import smtpconn
from scripted_server import HELLO, LIMIT, QUIT, SEND, ScriptedServer
from smtpconn import Retry, _operation
from smtpconn._report import report
from stepped import Stepped

A, B = "a@example.org", "b@example.org"
ENVELOPE = smtpconn.Envelope(A, B)

#: How a server may end a connection that has nothing more to do.
ENDINGS = {
    "closes after the message": "X:",
    "closes after QUIT": "C: QUIT\nX:",
    "says 421": "S: 421 4.3.2 closing\nX:",
    "refuses QUIT": "C: QUIT\nS: 500 what?\nX:",
    "answers QUIT with garbage": "C: QUIT\nS: garbage\nX:",
    "is silent": "C: QUIT\nE:",
}


class MyError(Exception):
    pass


def connected(server: ScriptedServer, **options: Any) -> smtpconn.Connection:
    return smtpconn.Connection("127.0.0.1", server.port, operation_timeout=LIMIT, **options)


def wait_for_the_end(server: ScriptedServer, ending: str) -> None:
    """Where the server ends by itself, so that the client finds it ended."""
    if "C:" not in ENDINGS[ending]:
        server.finish()


@pytest.fixture(params=ENDINGS)
def ending(request: pytest.FixtureRequest, server: ScriptedServer) -> str:
    server.play(HELLO, SEND, ENDINGS[request.param])
    return str(request.param)


def limits(ending: str) -> dict[str, Any]:
    return {"quit_timeout": 0.05} if ending == "is silent" else {}


def test_the_server_ends_before_the_with_does(ending: str, server: ScriptedServer) -> None:
    with smtpconn.Connection("127.0.0.1", server.port, **limits(ending)) as connection:
        result = connection.send(A, B, "x")
        wait_for_the_end(server, ending)
    assert result.accepted == [B]


def test_the_server_ends_before_a_quit(ending: str, server: ScriptedServer) -> None:
    connection = smtpconn.Connection("127.0.0.1", server.port, **limits(ending))
    connection.connect()
    connection.send(A, B, "x")
    wait_for_the_end(server, ending)
    connection.quit()
    connection.quit()  # Nothing is left to do.
    assert not connection.is_open
    connection.close()


@pytest.mark.parametrize("ending", [name for name, script in ENDINGS.items() if "QUIT" in script])
def test_a_quit_that_fails_is_no_error(
    ending: str, server: ScriptedServer, loop: smtpconn.Loop
) -> None:
    server.play(HELLO, SEND, ENDINGS[ending])
    told: list[object] = []
    connection = smtpconn.Connection("127.0.0.1", server.port, loop=loop, **limits(ending))
    connection.on_error = lambda connection, error: told.append(error)
    connection.connect()
    connection.send(A, B, "x")
    connection.start_quit(told.append)
    loop.run()
    assert told == [None]


def test_a_connection_lost_before_quit_was_sent_is_no_error(loop: smtpconn.Loop) -> None:
    # Nothing arrives here by chance: the client finds the end when it goes on.
    with Stepped() as stepped:
        connection = stepped.connect("PIPELINING")
        told: list[object] = []
        connection.on_error = lambda connection, error: told.append(error)
        stepped.hang_up()
        connection.start_quit(told.append)
        connection.loop.run()
        assert told == [None]
        connection.quit()


def test_a_quit_without_a_connection_is_an_error() -> None:
    connection = smtpconn.Connection("127.0.0.1", 1)
    connection.start_connect()
    with pytest.raises(smtpconn.SocketError):
        connection.quit()
    connection.close()


def test_a_send_that_is_lost_during_a_quit_is_lost(
    server: ScriptedServer, loop: smtpconn.Loop
) -> None:
    server.play(HELLO, SEND.split("M:\n")[0], "M: 1\nX:", "E:")
    told: list[object] = []
    connection = smtpconn.Connection("127.0.0.1", server.port, loop=loop)
    connection.on_error = lambda connection, error: told.append(("on_error", type(error)))
    connection.connect()
    connection.start_send(ENVELOPE, "x", lambda error, result: told.append(type(error)))
    connection.quit()
    connection.close()
    lost = smtpconn.ConnectionLostError
    assert sorted(told, key=str) == [("on_error", lost), lost]


def test_cancelling_a_quit_is_an_error(server: ScriptedServer, loop: smtpconn.Loop) -> None:
    server.play(HELLO, "E:")
    told: list[object] = []
    connection = smtpconn.Connection("127.0.0.1", server.port, loop=loop)
    connection.connect()
    connection.start_quit(told.append)
    connection.cancel()
    loop.run()
    assert [type(each) for each in told] == [smtpconn.CancelledError]


# What the functions of the program raise after a delivery


class Closing:
    """An iterator whose close() raises."""

    def __init__(self) -> None:
        self.left = ["x"]

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if not self.left:
            raise StopIteration
        return self.left.pop()

    def close(self) -> None:
        raise MyError("close")


def fail(*_arguments: object) -> None:
    raise MyError("handler")


class FailingHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        raise MyError("handler")


class FailingFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        raise MyError("filter")


@pytest.mark.parametrize("hook", ["close", "on_end", "on_error", "logger", "filter", "on_connect"])
def test_a_hook_that_fails_after_a_delivery(
    hook: str, server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.play(HELLO, SEND, QUIT)
    options: dict[str, Any] = {}
    if hook.startswith("on_"):
        options[hook] = fail
    logger = logging.Logger("my.mail", logging.DEBUG)
    if hook == "filter":
        logger.addFilter(FailingFilter())
    if hook == "logger":
        logger.addHandler(FailingHandler())
    connection = smtpconn.Connection("127.0.0.1", server.port, logger=logger, **options)
    connection.start_connect()
    result = connection.send(A, B, Closing() if hook == "close" else "x")
    connection.quit()
    connection.close()
    assert result.accepted == [B]
    failures = [record for record in caplog.records if record.exc_info]
    assert all(record.levelno == logging.ERROR for record in failures)
    assert {type(record.exc_info[1]) for record in failures if record.exc_info} <= {MyError}
    assert bool(failures) is (hook != "on_error")  # Which was never called.


def test_an_iterator_whose_close_fails_without_waiting(
    server: ScriptedServer, loop: smtpconn.Loop, caplog: pytest.LogCaptureFixture
) -> None:
    server.play(HELLO, SEND, QUIT)
    told: list[object] = []
    connection = smtpconn.Connection("127.0.0.1", server.port, loop=loop)
    connection.start_connect()
    connection.start_send(ENVELOPE, Closing(), lambda error, result: told.append(error))
    connection.start_quit()
    loop.run()
    assert told == [None]
    assert "close() of the source raised" in caplog.text


def test_a_close_that_fails_does_not_hide_the_refusal(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.play(HELLO, SEND.replace("250 2.0.0 Ok: queued as 4F2A", "554 spam"), QUIT)
    with (
        connected(server) as connection,
        pytest.raises(smtpconn.MessageError, match="554 spam"),
    ):
        connection.send(A, B, Closing())
    assert "close() of the source raised" in caplog.text


def test_a_callback_that_fails_while_another_operation_is_waited_for(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.play(HELLO, "C: RSET\nS: 250 ok", SEND, QUIT)
    with connected(server) as connection:
        connection.start_reset(fail)
        assert connection.send(A, B, "x").accepted == [B]
    assert "the callback raised" in caplog.text


def test_ctrl_c_in_a_hook_is_raised_in_any_case(server: ScriptedServer) -> None:
    server.play(HELLO, QUIT, "E:")

    def interrupt(connection: smtpconn.Connection) -> None:
        raise KeyboardInterrupt

    connection = connected(server, on_end=interrupt)
    connection.connect()
    with pytest.raises(KeyboardInterrupt):
        connection.quit()
    connection.close()


def test_ctrl_c_in_a_callback_of_a_close_is_raised() -> None:
    def interrupt(error: smtpconn.SMTPConnError | None) -> None:
        raise KeyboardInterrupt

    connection = smtpconn.Connection("127.0.0.1")
    connection.start_connect(interrupt)
    with pytest.raises(KeyboardInterrupt):
        connection.close()
    assert connection.closed


def test_a_failure_stays_with_its_connection(server: ScriptedServer, loop: smtpconn.Loop) -> None:
    # The neighbour's callback fails while this one waits: the loop raises it afterwards.
    server.play(HELLO, "C: RSET\nS: 250 ok", QUIT).play(HELLO, SEND, QUIT)
    neighbour = smtpconn.Connection("127.0.0.1", server.port, loop=loop)
    neighbour.connect()
    with smtpconn.Connection("127.0.0.1", server.port, loop=loop) as connection:
        neighbour.start_reset(fail)
        while neighbour._is_busy():
            loop._driver.advance()
        assert connection.send(A, B, "x").accepted == [B]
        with pytest.raises(MyError):
            loop.run()
    neighbour.quit()
    neighbour.close()


# Where they are reported


@pytest.fixture
def unraisable(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    found: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", found.append)
    return found


def test_without_logging_it_is_printed(
    unraisable: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("smtpconn"), "propagate", False)
    error = MyError()
    report(error, "on_end")
    (printed,) = unraisable
    assert printed.exc_value is error
    assert "on_end" in printed.err_msg


def test_a_report_that_cannot_be_logged_is_printed(
    unraisable: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Reentrant(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            report(MyError("inner"), "inner")  # As a handler that mails would.
            raise MyError("handler")

    logger = logging.getLogger("smtpconn")
    handler = Reentrant()
    logger.addHandler(handler)
    try:
        report(MyError("outer"), "outer")
    finally:
        logger.removeHandler(handler)
    assert [str(each.exc_value) for each in unraisable] == ["inner", "outer", "handler"]


# What is raised is not logged as an error as well


def outcomes() -> dict[str, tuple[tuple[str, ...], Callable[[smtpconn.Connection], object]]]:
    lost = (HELLO, "C: RSET\nX:", "E:")
    refused = (HELLO, "C: MAIL *\nS: 550 no", QUIT)
    return {
        "lost": (lost, lambda connection: connection.reset()),
        "refused": (refused, lambda connection: connection.send(A, B, "x")),
        "no login": ((HELLO, "C: AUTH *\nS: 535 no", QUIT), lambda c: c.login("u", "p")),
        "no service": (("S: 554 no", "E:"), lambda connection: None),
        "garbage": (("S: garbage", "E:"), lambda connection: None),
    }


@pytest.mark.parametrize("name", outcomes())
def test_what_is_raised_is_not_logged_as_an_error(
    name: str, server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "smtpconn")
    script, use = outcomes()[name]
    server.play(*script)
    with pytest.raises(smtpconn.SMTPConnError), connected(server) as connection:
        use(connection)
    assert caplog.records
    assert [each for each in caplog.records if each.levelno > logging.INFO] == []


def no_memory(_result: object, *, plain: bool) -> smtpconn.Result:
    raise MemoryError("no memory for a result")


def test_an_outcome_that_cannot_be_read_is_no_success(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.play(HELLO, SEND, QUIT)
    monkeypatch.setattr(_operation, "read_result", no_memory)
    with connected(server) as connection:
        with pytest.raises(smtpconn.CancelledError, match="MemoryError") as caught:
            connection.send(A, B, "x")
        assert caught.value.retry is Retry.UNKNOWN
        assert isinstance(caught.value.__cause__, MemoryError)
    server.check()


def test_an_outcome_that_cannot_be_read_is_unknown(
    server: ScriptedServer, loop: smtpconn.Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.play(HELLO, SEND, QUIT)
    monkeypatch.setattr(_operation, "read_result", no_memory)
    connection = connected(server, loop=loop)
    connection.connect()
    told: list[Any] = []
    connection.start_send(ENVELOPE, "x", lambda error, result: told.append((error, result)))
    with pytest.raises(MemoryError):
        loop.run()
    ((error, result),) = told
    assert error.retry is Retry.UNKNOWN
    assert result.recipients == []
    connection.quit()


class Interrupted:
    """An iterator of one part, in which Ctrl-C is pressed."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.parts = ["x"]

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.parts:
            return self.parts.pop()
        if self.where == "next":
            raise KeyboardInterrupt
        raise StopIteration

    def close(self) -> None:
        if self.where == "close":
            raise KeyboardInterrupt


@pytest.mark.parametrize("where", ["next", "close"])
def test_ctrl_c_in_a_source_closes_the_connection(where: str, server: ScriptedServer) -> None:
    server.play(HELLO, SEND if where == "close" else SEND.split("M:\n")[0] + "E:")
    connection = connected(server)
    connection.connect()
    with pytest.raises(KeyboardInterrupt):
        connection.send(A, B, Interrupted(where))
    assert connection.closed


WITHOUT_LOGGING = """
import sys, smtpconn

def on_end(connection):
    raise ValueError("on_end failed")

if {chained}:
    sys.unraisablehook = lambda arguments: sys.__unraisablehook__(arguments)
with smtpconn.Connection("127.0.0.1", {port}, on_end=on_end) as connection:
    result = connection.send("a@example.org", "b@example.org", "x")
print(result.accepted)
"""


@pytest.mark.parametrize("chained", [False, True])
def test_without_logging_and_with_the_hook_of_the_interpreter(
    chained: bool, server: ScriptedServer
) -> None:
    # In a process of its own: pytest has a logging handler and a hook.
    server.play(HELLO, SEND, QUIT)
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_LOGGING.format(chained=chained, port=server.port)],
        capture_output=True,
        text=True,
        timeout=LIMIT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert (done.returncode, done.stdout) == (0, "['b@example.org']\n")
    assert "ignored what on_end raised" in done.stderr
    assert "ValueError: on_end failed" in done.stderr
    server.check()

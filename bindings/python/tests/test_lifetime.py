"""Nothing leaks, and nothing is used after it was freed."""

from __future__ import annotations

import ctypes
import gc
import os
import threading
import warnings
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

import smtpconn
from scripted_server import HELLO, QUIT, SEND, ScriptedServer
from smtpconn import _constants, _core, _events, _reading, _release, _source
from smtpconn._library import lib


def state() -> tuple[int, int, int]:
    """What is held: descriptors, messages, connections."""
    gc.collect()  # Of the tests before.
    return len(os.listdir("/proc/self/fd")), len(_release._lent), len(_events._connections)


def test_nothing_is_left_behind() -> None:
    before = state()
    for _ in range(50):
        with ScriptedServer() as server:
            server.play(HELLO, SEND, QUIT)
            with smtpconn.Connection("127.0.0.1", server.port) as connection:
                connection.send("a@example.org", "b@example.org", ["one", "two"])
    assert state() == before


def test_nothing_is_left_behind_after_failures() -> None:
    before = state()
    for _ in range(50):
        connection = smtpconn.Connection("127.0.0.1", 1)
        with pytest.raises(smtpconn.SMTPConnError), connection:
            pass
    assert state() == before


def test_a_dropped_connection_closes(server: ScriptedServer) -> None:
    server.play(HELLO, "E:")
    connection = smtpconn.Connection("127.0.0.1", server.port)
    connection.connect()
    with pytest.warns(ResourceWarning, match=f"127.0.0.1:{server.port}> was left open"):
        del connection
    server.check()  # The server sees the end, without waiting for the garbage collector.


def test_a_dropped_connection_on_a_shared_loop_closes(
    server: ScriptedServer, loop: smtpconn.Loop
) -> None:
    server.play(HELLO, "E:")
    connection = smtpconn.Connection("127.0.0.1", server.port, loop=loop)
    connection.connect()
    with pytest.warns(ResourceWarning, match="left open"):
        del connection
    server.check()
    assert loop.run() is False


def test_a_connection_dropped_in_the_middle_of_an_operation(server: ScriptedServer) -> None:
    server.play(HELLO, SEND.split("M:\n")[0], "E:")
    message = memoryview(b"x")
    seen: list[object] = []

    def source() -> Iterator[bytes]:
        yield b"x" * 1000
        seen.append("read")
        yield bytes(message)

    def work() -> weakref.ref[smtpconn.Connection]:
        connection = smtpconn.Connection("127.0.0.1", server.port)
        connection.connect()
        envelope = smtpconn.Envelope("a@example.org", "b@example.org")
        connection.start_send(envelope, source(), lambda error, result: seen.append(error))
        while "DATA" not in server.commands:
            connection.loop.run_once(0.001)
        return weakref.ref(connection)

    with pytest.warns(ResourceWarning, match="left open"):
        reference = work()
        gc.collect()
    assert reference() is None
    server.check()
    assert not any(isinstance(entry, smtpconn.SMTPConnError) for entry in seen)


def test_a_loop_keeps_what_is_pending(server: ScriptedServer, loop: smtpconn.Loop) -> None:
    server.play(HELLO, SEND, QUIT)
    results: list[smtpconn.Result] = []

    def start() -> None:
        connection = smtpconn.Connection("127.0.0.1", server.port, loop=loop)
        connection.start_connect()
        envelope = smtpconn.Envelope("a@example.org", "b@example.org")
        connection.start_send(envelope, b"x" * 100, lambda error, result: results.append(result))
        connection.start_quit()

    start()
    gc.collect()
    loop.run()
    assert results[0].accepted == ["b@example.org"]


def test_dropped_in_one_thread_while_another_waits(
    server: ScriptedServer, loop: smtpconn.Loop
) -> None:
    server.play(HELLO, "C: RSET\nS: 250 ok", QUIT).play(HELLO, "E:")
    waiting = smtpconn.Connection("127.0.0.1", server.port, loop=loop)
    waiting.connect()
    dropped = [smtpconn.Connection("127.0.0.1", server.port, loop=loop)]
    dropped[0].connect()
    stop = threading.Event()

    def wait() -> None:
        while not stop.is_set():
            loop.run_once(0.01)

    thread = threading.Thread(target=wait)
    thread.start()
    with pytest.warns(ResourceWarning, match="left open"):
        dropped.clear()
    stop.set()
    thread.join()
    waiting.reset()
    waiting.quit()
    waiting.close()


class WatchedLibrary:
    """The library, with a note of each connection that is freed."""

    def __init__(self) -> None:
        self.freed: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(lib, name)

    def smtpconn_free(self, handle: Any) -> None:
        self.freed.append(threading.get_ident())
        lib.smtpconn_free(handle)


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> WatchedLibrary:
    watched = WatchedLibrary()
    monkeypatch.setattr(_core, "lib", watched)
    return watched


def test_dropped_inside_of_the_library(
    server: ScriptedServer, loop: smtpconn.Loop, library: WatchedLibrary
) -> None:
    server.play(HELLO, SEND, QUIT).play(HELLO, "E:")
    waiting = smtpconn.Connection("127.0.0.1", server.port, loop=loop)
    waiting.connect()
    dropped = [smtpconn.Connection("127.0.0.1", server.port, loop=loop)]
    dropped[0].connect()
    inside: list[int] = []

    def drop() -> Iterator[bytes]:
        with pytest.warns(ResourceWarning, match="left open"):
            dropped.clear()
        # The library goes through its connections now.
        inside.append(len(library.freed))
        yield b"x"

    waiting.send("a@example.org", "b@example.org", drop())
    assert inside == [0]
    assert len(library.freed) == 1
    waiting.quit()
    waiting.close()


def test_dropped_while_another_thread_is_in_the_library(
    server: ScriptedServer, loop: smtpconn.Loop, library: WatchedLibrary
) -> None:
    server.play(HELLO, "E:")
    dropped = [smtpconn.Connection("127.0.0.1", server.port, loop=loop)]
    dropped[0].connect()

    def drop() -> None:
        with pytest.warns(ResourceWarning, match="left open"):
            dropped.clear()

    thread = threading.Thread(target=drop)
    # As when this thread is in the library, which has called a function of the program.
    loop._core.dispatcher = threading.get_ident()
    thread.start()
    thread.join()
    assert library.freed == []
    loop._core.dispatcher = 0
    # Whoever was there frees it.
    loop.dispatch()
    assert library.freed == [threading.get_ident()]


def test_nothing_is_written_to_memory_that_was_given_back() -> None:
    def chunks() -> Iterator[bytes]:
        yield b"before"
        # As the library does when the source closes the connection: then the buffer is gone.
        _release._returned.append(token)
        yield b"after"

    source = _source.Source(chunks(), _reading.Reading(None), True)
    token = _release.lend(source)
    buffer = (ctypes.c_uint8 * 32)(*[0xAA] * 32)
    assert source.callback(buffer, len(buffer), None) == _constants.READ_ERROR
    assert bytes(buffer) == b"before" + b"\xaa" * 26
    assert source.callback(buffer, len(buffer), None) == _constants.READ_ERROR
    assert bytes(buffer) == b"before" + b"\xaa" * 26
    _release.collect()
    assert token not in _release._lent


def test_no_warning_for_what_was_ended(server: ScriptedServer, loop: smtpconn.Loop) -> None:
    server.play(HELLO, QUIT).play(HELLO, "E:").play(HELLO, "C: RSET\nX:", "E:")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        connection = smtpconn.Connection("127.0.0.1", server.port, loop=loop)
        connection.connect()
        connection.quit()
        del connection
        connection = smtpconn.Connection("127.0.0.1", server.port, loop=loop)
        connection.connect()
        connection.close()
        del connection
        connection = smtpconn.Connection("127.0.0.1", server.port, loop=loop)
        connection.connect()
        with pytest.raises(smtpconn.ConnectionLostError):
            connection.reset()
        del connection
        smtpconn.Connection()
        with pytest.raises(smtpconn.OptionsError):
            smtpconn.Connection(port=-1)
        gc.collect()
    assert [each for each in caught if each.category is ResourceWarning] == []


def test_a_child_process_may_only_close(server: ScriptedServer) -> None:
    server.play(HELLO, SEND, QUIT)
    told: list[object] = []
    with smtpconn.Connection("127.0.0.1", server.port) as connection:
        envelope = smtpconn.Envelope("a@example.org", "b@example.org")
        connection.start_send(envelope, "x", lambda error, result: told.append(error))
        child = os.fork()
        if child == 0:
            status = 1
            try:
                connection.on_end = lambda connection: told.append("end")
                with pytest.raises(smtpconn.StateError, match="fork"):
                    connection.reset()
                with pytest.raises(smtpconn.StateError, match="fork"):
                    connection.is_open  # noqa: B018
                connection.close()
                forgotten = not connection.loop._pending and not told
                status = 0 if connection.closed and forgotten else 2
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        # The parent's connection is as good as before, and its message is delivered.
        connection.loop.run()
        assert told == [None]

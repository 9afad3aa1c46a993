"""Ctrl-C at any moment: it reaches the program once, and every callback is called once.

The signals are real and come from another process, at random moments, some hundred times.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Callable

import pytest

import smtpconn
from scripted_server import LIMIT
from smtpconn import _client, _core, _driven, _driver, _loop
from smtpconn._library import lib

ENVELOPE = smtpconn.Envelope("a@example.org", "b@example.org")
MESSAGES = 15
TRIES = 200

#: Accepts everything, from one connection after the other.
SINK = """
import socket
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    client, _ = listener.accept()
    client.sendall(b"220 ready\\r\\n")
    content = False
    try:
        for line in client.makefile("rb"):
            word = line[:4].upper()
            if content:
                content = line != b".\\r\\n"
                if not content:
                    client.sendall(b"250 ok\\r\\n")
            elif word == b"EHLO":
                client.sendall(b"250-test\\r\\n250 PIPELINING\\r\\n")
            elif word == b"DATA":
                content = True
                client.sendall(b"354 go\\r\\n")
            else:
                client.sendall(b"250 ok\\r\\n")
    except OSError:
        pass
    client.close()
"""

#: Interrupts its parent after as many seconds as each line says.
INTERRUPTER = """
import os, signal, sys, time
for line in sys.stdin:
    time.sleep(float(line))
    os.kill(os.getppid(), signal.SIGINT)
"""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with subprocess.Popen([sys.executable, "-c", SINK], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.kill()


class Interrupts:
    """Counts the interrupts that came, and those that the program got."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.came = 0
        self.caught = 0

    def handle(self, number: int, frame: FrameType | None) -> None:
        self.came += 1
        raise KeyboardInterrupt

    def during(self, longest: float, work: Callable[[], object]) -> None:
        """Does `work`, in which an interrupt may come, and waits for the interrupt."""
        before = self.came
        try:
            try:
                assert self._process.stdin is not None
                self._process.stdin.write(f"{random.uniform(0, longest)}\n")
                self._process.stdin.flush()
                work()
            finally:
                while self.came == before:
                    signal.sigtimedwait([], 0.001)
        except KeyboardInterrupt:
            self.caught += 1
        assert self.caught == self.came


@pytest.fixture
def interrupts() -> Iterator[Interrupts]:
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTER], stdin=subprocess.PIPE, text=True
    ) as process:
        counted = Interrupts(process)
        before = signal.signal(signal.SIGINT, counted.handle)
        yield counted
        signal.signal(signal.SIGINT, before)
        process.kill()


# What Python drops itself is a warning: nothing may be.
pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")


def test_during_queued_sends(port: int, interrupts: Interrupts) -> None:
    for _ in range(TRIES):
        connection = smtpconn.Connection("127.0.0.1", port)
        connection.connect()
        told: list[int] = []
        started: list[int] = []

        def work(
            connection: smtpconn.Connection = connection,
            told: list[int] = told,
            started: list[int] = started,
        ) -> None:
            for number in range(MESSAGES):

                def note(
                    error: smtpconn.SMTPConnError | None,
                    result: smtpconn.Result,
                    number: int = number,
                ) -> None:
                    told.append(number)

                connection.start_send(ENVELOPE, b"x" * 100, note)
                started.append(number)
            connection.loop.run()

        interrupts.during(0.004, work)
        # The loop is free for others, whatever happened.
        other = threading.Thread(target=connection.close)
        other.start()
        other.join(LIMIT)
        assert not other.is_alive()
        # One that was interrupted as it was started may have been started.
        assert told in (started, [*started, len(started)])


def test_during_a_send_that_waits(port: int, interrupts: Interrupts) -> None:
    connection = smtpconn.Connection("127.0.0.1", port)
    for _ in range(TRIES):
        if connection.closed or not connection.is_open:
            connection = smtpconn.Connection("127.0.0.1", port)
            connection.connect()

        def work(connection: smtpconn.Connection = connection) -> None:
            for _ in range(4):
                result = connection.send(ENVELOPE, b"x" * 100)
                assert result.accepted == ["b@example.org"]

        interrupts.during(0.002, work)
    connection.close()


class Interrupting:
    """The library; an interrupt comes as one of its calls returns."""

    def __init__(self, call: int) -> None:
        self._left = call

    @property
    def has_come(self) -> bool:
        return self._left <= 0

    def __getattr__(self, name: str) -> Callable[..., object]:
        function = getattr(lib, name)

        def call(*arguments: object) -> object:
            answer: object = function(*arguments)
            self._left -= 1
            if self._left == 0:
                raise KeyboardInterrupt
            return answer

        return call


@pytest.mark.parametrize("message", [b"x" * 100, "x" * 100], ids=["packed", "text"])
def test_at_each_call_of_a_send_that_waits(
    port: int, monkeypatch: pytest.MonkeyPatch, message: bytes | str
) -> None:
    """It is raised as what it is, and the message is not sent later, when nobody would know."""
    for number in range(1, 100):
        connection = smtpconn.Connection("127.0.0.1", port)
        connection.connect()
        library = Interrupting(number)
        with monkeypatch.context() as patch:
            for module in (_client, _driven, _driver, _loop, _core):
                patch.setattr(module, "lib", library)
            try:
                result = connection.send(ENVELOPE, message)
            except KeyboardInterrupt:
                assert connection.closed
                assert not connection.loop._pending
                continue
        assert result.accepted == ["b@example.org"]
        assert not library.has_come
        connection.close()
        assert number > 5
        return
    raise AssertionError("the send has too many calls")


def test_during_close(port: int, interrupts: Interrupts) -> None:
    for _ in range(TRIES):
        connection = smtpconn.Connection("127.0.0.1", port)
        connection.connect()
        told: list[int] = []
        for number in range(MESSAGES):

            def note(
                error: smtpconn.SMTPConnError | None,
                result: smtpconn.Result,
                number: int = number,
                told: list[int] = told,
            ) -> None:
                told.append(number)

            connection.start_send(ENVELOPE, b"x" * 100, note)
        interrupts.during(0.0005, connection.close)
        connection.close()
        assert connection.closed
        assert connection.loop.closed
        assert told == list(range(MESSAGES))


def test_a_handler_that_raises_leaves_nothing_behind(port: int, interrupts: Interrupts) -> None:
    with smtpconn.Connection("127.0.0.1", port) as connection:

        def work() -> None:
            for _ in range(50):
                connection.is_open  # noqa: B018
                connection.loop.run_once(0)

        for _ in range(TRIES):
            interrupts.during(0.0005, work)
            seen: list[bool] = []
            other = threading.Thread(target=lambda seen=seen: seen.append(connection.is_open))
            other.start()
            other.join(LIMIT)
            assert seen == [True]
        assert connection.send(ENVELOPE, "x").accepted

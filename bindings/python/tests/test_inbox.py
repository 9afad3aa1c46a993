"""Records are fetched once each, whoever comes in between: signal handlers, and other threads."""

from __future__ import annotations

import ctypes
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Callable

import pytest

import smtpconn
from smtpconn import _inbox, _operation, _result

Where = Callable[[], None]


class Library:
    """Has records, of which some are larger than what the inbox asks for."""

    handle = None

    def __init__(self, here: Where) -> None:
        self._here = here
        self.records: deque[bytes] = deque()

    def keep(self, *numbers: int, size: int = _result.HEAD_SIZE) -> None:
        for number in numbers:
            head = _result.HEAD.pack(size, 1, _result.DONE, number, 0, 0, 0, 0)
            self.records.append(head.ljust(size, b"\0"))

    def take(self, _handle: None, address: int, capacity: int, left: Any) -> int:
        taken = b""
        while self.records and len(taken) + len(self.records[0]) <= capacity:
            taken += self.records.popleft()
        ctypes.memmove(address, taken, len(taken))
        left._obj.value = sum(map(len, self.records))
        self._here()
        return len(taken)


class Interrupted:
    """An inbox, and something that happens at one of the points where anything may."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, point: int) -> None:
        self._left = point
        #: What happens there.
        self.meanwhile: Callable[[], None] = lambda: None
        self.library = Library(self._here)
        self.inbox = _inbox.Inbox()
        self.fetched: list[int] = []
        unpack, memset, made = _result.HEAD.unpack_from, ctypes.memset, memoryview
        monkeypatch.setattr(_inbox, "HEAD", self)
        self.unpack_from = self._after(unpack)
        monkeypatch.setattr(ctypes, "memset", self._after(memset))
        monkeypatch.setattr(_inbox, "memoryview", self._after(made), raising=False)

    def _after(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            answer = function(*arguments)
            self._here()
            return answer

        return call

    def _here(self) -> None:
        self._left -= 1
        if self._left == 0:
            self.meanwhile()

    @property
    def has_happened(self) -> bool:
        return self._left <= 0

    def append(self, number: int) -> None:
        self.fetched.append(number)
        self._here()

    def fetch(self) -> None:
        self.inbox.fetch(self.library.take, self.library, self._open, self)  # type: ignore[arg-type]

    def _open(self, _kind: int, number: int, record: bytes) -> int:
        self._here()
        assert len(record) >= _result.HEAD_SIZE
        return number


@pytest.fixture(params=[_result.HEAD_SIZE, 100_000], ids=["small", "large"])
def size(request: pytest.FixtureRequest) -> int:
    """Of the records; the inbox makes itself room for a large one."""
    found: int = request.param
    return found


def points(monkeypatch: pytest.MonkeyPatch, size: int) -> Iterator[Interrupted]:
    """One inbox for each point, until there is none any more."""
    for point in range(1, 1000):
        with monkeypatch.context() as patch:
            interrupted = Interrupted(patch, point)
            interrupted.library.keep(1, 2, 3, size=size)
            yield interrupted
            happened, interrupted._left = interrupted.has_happened, 0
            interrupted.fetch()
            assert interrupted.fetched == list(range(1, interrupted.fetched[-1] + 1)), point
            if not happened:
                assert point > 10
                return
    raise AssertionError("too many points")


def test_another_fetches_meanwhile(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    for each in points(monkeypatch, size):

        def meanwhile(each: Interrupted = each) -> None:
            each.library.keep(4, 5, size=size)
            each.fetch()

        each.meanwhile = meanwhile
        each.fetch()
        assert len(each.fetched) == (5 if each.has_happened else 3)


def test_a_signal_handler_raises(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    for each in points(monkeypatch, size):

        def meanwhile() -> None:
            raise KeyboardInterrupt

        each.meanwhile = meanwhile
        try:
            each.fetch()
        except KeyboardInterrupt:
            each.library.keep(4, size=size)


def test_another_is_interrupted_meanwhile(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """A signal handler begins to fetch, and a second one raises in it, at each of its points."""
    for inner in range(1, 40):
        for each in points(monkeypatch, size):

            def again() -> None:
                raise KeyboardInterrupt

            def meanwhile(each: Interrupted = each, inner: int = inner) -> None:
                each.library.keep(4, 5, size=size)
                each.meanwhile, each._left = again, inner
                with suppress(KeyboardInterrupt):
                    each.fetch()
                each._left = 0

            each.meanwhile = meanwhile
            each.fetch()


def test_the_first_who_reads_a_record_reads_it_right() -> None:
    """Whoever comes later finds zeros where it was, and lets go of them."""
    with smtpconn.Loop() as loop:
        connection = smtpconn.Connection(loop=loop)
        operation = _operation.Operation(connection, loop, None, _result.DONE)
        record = _result.HEAD.pack(_result.HEAD_SIZE, 1, _result.DONE, operation.token, 0, 0, -1, 0)
        loop._opened(_result.DONE, operation.token, record)
        loop._opened(_result.DONE, operation.token, bytes(len(record)))
        assert operation.record == record
        operation.forget()

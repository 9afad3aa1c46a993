"""A server that takes its time, by the clock that the library sees."""

from __future__ import annotations

import threading

from support.drive import Drive
from support.slowness import PATIENCE


class Pace:
    """The server takes a turn; so much time passes; it goes on."""

    def __init__(self) -> None:
        self._waiting = threading.Semaphore(0)
        self._passed = threading.Semaphore(0)

    def take_turn(self) -> None:
        """In the dialogue: the time passes while this waits."""
        self._waiting.release()
        assert self._passed.acquire(timeout=PATIENCE), "no turn was given"

    def give_turns(self, drive: Drive, count: int, milliseconds: int) -> None:
        """In the test: so many turns, each of which takes so long."""
        for _ in range(count):
            assert self._waiting.acquire(timeout=PATIENCE), "no turn was taken"
            drive.advance(milliseconds)
            self._passed.release()

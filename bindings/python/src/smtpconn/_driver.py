"""Waiting for a loop: one thread drives it, and others that wait for it stand by."""

from __future__ import annotations

import math
import select
import threading
import time
import weakref
from collections import deque
from collections.abc import Sized
from contextlib import suppress
from typing import Any, Callable, Final, Protocol

from ._constants import ErrorCode
from ._core import Core
from ._delivery import Delivery
from ._errors import StateError
from ._failure import bare_error
from ._library import lib
from ._release import collect

#: Seconds of a single wait.  A signal that the system gives to another thread ends no wait, and
#: Python's handlers run in the main thread after its wait only.
SLICE: Final = 0.25

#: Turns without a wait, in which others could run, as long as each of them finds something.
_LIVELY: Final = 16

#: At most.  And at most an eighth of what is pending, so that callbacks start further operations
#: before the library has none.
_AHEAD: Final = 15

INSIDE: Final = "the loop runs already: this was called inside of a callback"


class _Turn:
    """Of one call of `drive`: who drives."""

    def __init__(self) -> None:
        self.thread: Final = threading.get_ident()


class Owner(Protocol):
    """The loop, as its driver sees it."""

    #: Operations under way.
    @property
    def _pending(self) -> Sized: ...

    def _fetch(self) -> None: ...


class Driver:
    """Drives a loop, for threads that wait.

    The wait itself is Python's, on the descriptor of the loop, so that signals, other threads and
    gevent are served as by the standard library.
    """

    def __init__(self, owner: Owner, core: Core, delivery: Delivery) -> None:
        #: The loop, by weak reference: it has this.
        self._owner_reference: Final = weakref.ref(owner)
        self._core: Final = core
        self._delivery: Final = delivery
        #: Whether operations were pending after the last turn.
        self.is_pending = False
        self._descriptor = -1
        #: How often the library is called once more before the records are fetched, without a
        #: wait: it finds the next reply when the server is as quick as that.
        self._ahead = 0
        #: Holds the turn of the thread that drives, under 0; setdefault() is one step.
        self._driving: Final[dict[int, _Turn]] = {}
        #: A lock for each thread that stands by, locked.
        self._waiters: Final[deque[Any]] = deque()
        self._free_later = False

    def refuse_inside(self, message: str = INSIDE) -> None:
        """StateError inside of a function of the program that this loop runs."""
        core = self._core
        inside = self._delivery.is_here
        if not inside and core.dispatcher == threading.get_ident():
            # Inside of the library too, unless a signal handler has come after its return.
            inside = lib.smtpconn_loop_dispatch(core.handle) == ErrorCode.ESTATE
        if inside:
            raise StateError(message)

    def advance(self) -> None:
        """Does what is possible without waiting."""
        core, delivery = self._core, self._delivery
        core.check()
        before = core.dispatcher
        thread = threading.get_ident()
        if before and before != thread:
            return  # Another is in the library, which has called a function of the program.
        activity = delivery.activity
        try:
            core.dispatcher = thread
            core.turns += 1
            status: int = lib.smtpconn_loop_dispatch(core.handle)
            for _ in range(self._ahead):
                if status <= 0:
                    break
                core.turns += 1
                status = lib.smtpconn_loop_dispatch(core.handle)
            owner = self._owner_reference()
            if owner is not None:
                owner._fetch()
        finally:
            core.dispatcher = before
            core.turns += 1
        if status < 0:
            raise bare_error(status) if status != ErrorCode.ESTATE else StateError(INSIDE)
        self.is_pending = status > 0
        core.dig()
        try:
            if delivery.items:
                delivery.deliver()
            delivery.raise_fatal()
        finally:
            collect(owner)
            came = delivery.activity - activity
            if came:
                self.notify()
            # Something has come of each call: twice as many, next time.
            more = 2 * self._ahead + 1 if came > self._ahead else 0
            self._ahead = more and min(more, _AHEAD, len(owner._pending) // 8 if owner else 0)
            if self._free_later:
                self.close()

    def drive(self, over: Callable[[], bool], deadline: float = math.inf) -> None:
        """Turns until `over()`, or until the deadline, after one turn at least.

        A thread that finds another driving waits until that one has something for it, or leaves.
        """
        turn, driving, delivery = _Turn(), self._driving, self._delivery
        # How often something happened since the last wait; at first there may be something to do.
        lively = 1
        try:
            while True:
                holder = driving.setdefault(0, turn)
                if holder is not turn and holder.thread != turn.thread:
                    self._stand_by(over, min(deadline - time.monotonic(), SLICE))
                else:  # A signal handler continues for the thread that it interrupted.
                    if lively == 0 or lively > _LIVELY:
                        self._wait(min(deadline - time.monotonic(), SLICE))
                        lively = 0
                    before = delivery.activity
                    self.advance()
                    lively = 0 if delivery.activity == before else lively + 1
                if over() or time.monotonic() >= deadline:
                    return
        finally:
            if 0 in driving and driving[0] is turn:
                del driving[0]
            if self._waiters:
                self._wake_waiters()
            if self._free_later:
                self.close()

    def notify(self) -> None:
        """Something was delivered, for which others may wait."""
        if self._waiters:
            self._wake_waiters()
        turn = self._driving.get(0)
        if turn is not None and turn.thread != threading.get_ident():
            self._core.wake()

    def close(self) -> None:
        """Frees the loop: now, or as soon as nobody is in it or waits for it."""
        core = self._core
        core.closed = True
        self.is_pending = False
        self._free_later = True
        if not self._driving and not core.dispatcher:
            self._free_later = False
            core.free()
            collect(self._owner_reference())
        elif core.handle is not None:
            core.wake()

    def _wait(self, seconds: float) -> None:
        if self._descriptor < 0:
            self._core.check()
            self._descriptor = lib.smtpconn_loop_fd(self._core.handle)
        poller = select.poll()
        poller.register(self._descriptor, select.POLLIN)
        poller.poll(max(0, math.ceil(seconds * 1000)))

    def _stand_by(self, over: Callable[[], bool], seconds: float) -> None:
        waiter = threading.Lock()
        waiter.acquire()
        self._waiters.append(waiter)
        try:
            # Both may have come just before the lock was there to be opened.
            if not over() and 0 in self._driving and seconds > 0:
                waiter.acquire(timeout=seconds)
        finally:
            with suppress(ValueError):
                self._waiters.remove(waiter)

    def _wake_waiters(self) -> None:
        waiters = self._waiters
        while waiters:
            try:
                waiters.popleft().release()
            except IndexError:  # Another thread was here.
                return

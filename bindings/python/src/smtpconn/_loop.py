"""The loop: one thread waits for any number of connections."""

from __future__ import annotations

import math
import time
import weakref
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Final, NamedTuple, NoReturn, Optional, Protocol, TypeVar

from ._core import Core
from ._errors import StateError
from ._failure import bare_error
from ._library import lib
from ._report import report

#: Milliseconds that a single call into the library waits at most.  Python's signal handlers run
#: between two calls; when a signal goes to another thread, no call ends early for it.
SLICE: Final = 250


Own = TypeVar("Own", bound="Loop")


class Driven(Protocol):
    """A connection, as the loop sees it."""

    def close(self) -> None: ...


class Pending(Protocol):
    """An operation under way, as the loop sees it."""

    done: bool

    def lose(self) -> None: ...


class Failure(NamedTuple):
    """What a function of the program raised inside of the library."""

    connection: object
    error: BaseException
    #: The name of the function: "on_end".
    where: str


class Loop:
    """Drives the connections that were made with `loop=`.

    A connection made without one has its own, and its blocking methods drive it.  A shared loop is
    for several connections at once, or for an event loop of one's own: watch `fileno()` for reading
    and call `dispatch()` when it is readable.

    `run`, `run_once` and `dispatch` raise the exceptions of callbacks and event handlers.
    """

    #: Whether there is a loop in C.  A connection without a socket has none.
    _is_real = True

    def __init__(self) -> None:
        self._core: Final = Core(has_loop=self._is_real)
        #: Operations under way, which this keeps alive together with their connections.
        self._pending: Final[dict[int, Pending]] = {}
        #: Counts the callbacks that ran.
        self._activity = 0
        self._connections: Final[weakref.WeakSet[Driven]] = weakref.WeakSet()
        self._failures: list[Failure] = []
        self._woken = False
        self._close_later = False

    def run(self) -> bool:
        """Runs callbacks until nothing is pending, or until `wakeup()`: then it returns True."""
        while True:
            pending, woken = self._turn(math.inf)
            if not pending or woken:
                return pending

    def run_once(self, timeout: Optional[float] = None) -> bool:
        """Waits until a callback ran, for at most `timeout` seconds; True while any is pending.

        It returns after `wakeup()` too.
        """
        if timeout is not None and not timeout >= 0:
            raise ValueError(f"timeout must not be negative: {timeout}")
        return self._turn(math.inf if timeout is None else time.monotonic() + timeout)[0]

    def dispatch(self) -> bool:
        """Does what is possible without waiting; True while operations are pending."""
        pending = self._advance(None)
        self._raise_failures()
        return pending

    def fileno(self) -> int:
        """A descriptor that is readable whenever `dispatch` has something to do."""
        with self._core as loop:
            descriptor: int = lib.smtpconn_loop_fd(loop)
        return descriptor

    def timeout(self) -> Optional[float]:
        """Seconds until `dispatch` has something to do even if the descriptor is not readable.

        A program that watches the descriptor all the time does not need it: the descriptor becomes
        readable when a time limit passes.
        """
        with self._core as loop:
            milliseconds: int = lib.smtpconn_loop_timeout(loop)
        return None if milliseconds < 0 else milliseconds / 1000

    def wakeup(self) -> None:
        """Makes `run` and `run_once` return; from any thread and from signal handlers."""
        self._woken = True
        self._core.wake()

    def close(self) -> None:
        """Closes the connections, then the loop; the second time does nothing."""
        if self._core.dispatching_here:
            raise StateError("a loop cannot be closed inside of its own callback")
        with ExitStack() as stack:  # One that fails to close keeps no other open.
            stack.callback(self._core.close)
            for connection in list(self._connections):
                stack.callback(connection.close)

    def _close_when_idle(self) -> None:
        """For the connection that owns this loop, and may be closing in its callback."""
        if self._core.dispatching_here:
            self._close_later = True
        else:
            self._core.close()

    @property
    def closed(self) -> bool:
        return self._core.closed

    def __enter__(self: Own) -> Own:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self.closed else f"pending={len(self._pending)}"
        return f"<smtpconn.Loop {state}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a loop can be neither copied nor pickled")

    # For the rest of the package, as all names with an underscore.

    def _turn(self, deadline: float) -> tuple[bool, bool]:
        before = self._activity
        # With nothing to wait for, the library would wait all the same.
        wait = bool(self._pending)
        while True:
            left = max(0.0, min((deadline - time.monotonic()) * 1000, SLICE))
            pending = self._advance(math.ceil(left) if wait and not self._woken else 0)
            self._raise_failures()
            woken, self._woken = self._woken, False
            expired = time.monotonic() >= deadline
            if not pending or woken or expired or self._activity != before:
                return pending, woken
            wait = True

    def _advance(self, milliseconds: Optional[int], until: Optional[Pending] = None) -> bool:
        """One call into the library, unless `until` is over; None for one that does not wait."""
        with self._core as loop:
            if self._core.dispatching_here:
                raise StateError("the loop runs already: this was called inside of a callback")
            if until is not None and until.done:
                return True
            status = self._enter(loop, milliseconds)
        if self._close_later:
            self._core.close()
        self._raise_fatal()
        if status < 0:
            raise bare_error(status)
        return status > 0

    def _enter(self, loop: Any, milliseconds: Optional[int]) -> int:
        status: int
        with self._core.callbacks():
            if milliseconds is None:
                status = lib.smtpconn_loop_dispatch(loop)
            else:
                status = lib.smtpconn_loop_run_once(loop, milliseconds)
        if status == 0:
            for operation in list(self._pending.values()):
                operation.lose()
        return status

    def _failed(self, connection: object, error: BaseException, where: str) -> None:
        """Keeps what was raised inside of a callback until nobody in C is on the stack."""
        self._activity += 1
        self._failures.append(Failure(connection, error, where))

    def _take_failures(self, connection: Optional[object] = None) -> list[Failure]:
        """Those of one connection, or of all."""
        taken = [each for each in self._failures if connection in (None, each.connection)]
        self._failures = [each for each in self._failures if each not in taken]
        return taken

    def _raise_failures(self) -> None:
        """Raises the first; further ones are reported."""
        failures = self._take_failures()
        for failure in failures[1:]:
            report(failure.error, failure.where)
        if failures:
            raise failures[0].error

    def _raise_fatal(self) -> None:
        """What is no Exception, as KeyboardInterrupt, waits for no operation to end."""
        for failure in self._failures:
            if not isinstance(failure.error, Exception):
                self._failures.remove(failure)
                raise failure.error

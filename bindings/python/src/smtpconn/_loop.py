"""The loop: one thread waits for any number of connections."""

from __future__ import annotations

import math
import time
import weakref
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Final, NoReturn, Optional, Protocol, TypeVar

from ._core import Core
from ._delivery import Delivery, Item
from ._driver import Driver
from ._events import opened_event
from ._inbox import Inbox
from ._library import lib
from ._result import REPLY

Own = TypeVar("Own", bound="Loop")


class Driven(Protocol):
    """A connection, as the loop sees it."""

    @property
    def closed(self) -> bool: ...

    def close(self) -> None: ...


class Pending(Item, Protocol):
    """An operation under way, as the loop sees it."""

    done: bool
    started: bool
    record: Optional[bytes]

    def take_record(self, record: bytes) -> None: ...
    def forget(self) -> None: ...


class Loop:
    """Drives the connections that were made with `loop=`.

    A connection made without one has its own, and its blocking methods drive it.  A shared loop is
    for several connections at once, or for an event loop of one's own: watch `fileno()` for reading
    and call `dispatch()` when it is readable.

    Any thread may use a loop and its connections at any time, and so may signal handlers.  While
    one thread drives the loop, others that wait for something stand by: callbacks run in the thread
    that drives.

    `run`, `run_once` and `dispatch` raise the exceptions of callbacks and event handlers.
    """

    #: Whether there is a loop in C.  A connection without a socket has none.
    _is_real = True
    #: Whether a connection made it for itself, and closes it.
    _is_own = False

    def __init__(self) -> None:
        self._core: Final = Core(has_loop=self._is_real)
        self._delivery: Final = Delivery()
        self._inbox: Final = Inbox()
        self._driver: Final = Driver(self, self._core, self._delivery)
        #: Operations under way, which this keeps alive together with their connections.
        self._pending: Final[dict[int, Pending]] = {}
        self._connections: Final[weakref.WeakSet[Driven]] = weakref.WeakSet()
        self._woken = False

    def run(self) -> bool:
        """Runs callbacks until nothing is pending, or until `wakeup()`: then it returns True."""
        driver, delivery = self._driver, self._delivery
        driver.refuse_inside()

        def over() -> bool:
            return self._woken or not driver.is_pending or bool(delivery.failures)

        while True:
            driver.drive(over)
            delivery.raise_failures()
            woken, self._woken = self._woken, False
            if woken or not driver.is_pending:
                return driver.is_pending

    def run_once(self, timeout: Optional[float] = None) -> bool:
        """Waits until a callback ran, for at most `timeout` seconds; True while any is pending.

        It returns after `wakeup()` too.
        """
        return self._turn(math.inf if timeout is None else _deadline(timeout))[0]

    def dispatch(self) -> bool:
        """Does what is possible without waiting; True while operations are pending."""
        self._driver.refuse_inside()
        self._driver.advance()
        self._delivery.raise_failures()
        return self._driver.is_pending

    def fileno(self) -> int:
        """A descriptor that is readable whenever `dispatch` has something to do."""
        self._core.check()
        descriptor: int = lib.smtpconn_loop_fd(self._core.handle)
        return descriptor

    def timeout(self) -> Optional[float]:
        """Seconds until `dispatch` has something to do even if the descriptor is not readable.

        A program that watches the descriptor all the time does not need it: the descriptor becomes
        readable when a time limit passes.
        """
        self._core.check()
        milliseconds: int = lib.smtpconn_loop_timeout(self._core.handle)
        return None if milliseconds < 0 else milliseconds / 1000

    def wakeup(self) -> None:
        """Makes `run` and `run_once` return; from any thread and from signal handlers."""
        self._woken = True
        self._core.wake()

    def close(self) -> None:
        """Closes the connections, then the loop; the second time does nothing."""
        self._driver.refuse_inside("a loop cannot be closed inside of its own callback")
        with ExitStack() as stack:  # One that fails to close keeps no other open.
            stack.callback(self._delivery.report_failures)
            stack.callback(self._driver.close)
            for connection in list(self._connections):
                stack.callback(connection.close)

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
        driver, delivery = self._driver, self._delivery
        driver.refuse_inside()
        before = delivery.activity

        def over() -> bool:
            return delivery.activity != before or self._woken or not driver.is_pending

        driver.drive(over, deadline)
        delivery.raise_failures()
        woken, self._woken = self._woken, False
        return driver.is_pending, woken

    def _drive(self, operation: Pending) -> None:
        """Until it is done."""
        self._driver.drive(lambda: operation.done)

    def _fetch(self) -> None:
        """What the library has kept, for delivery."""
        take = lib.smtpconn_loop_take_records
        self._inbox.fetch(take, self._core, self._opened, self._delivery.items)

    def _opened(self, kind: int, token: int, record: bytes) -> Any:
        if kind > REPLY:
            return opened_event(kind, token, record)
        operation = self._pending.get(token)
        if operation is not None:
            operation.take_record(record)
        return operation

    def _lose(self, connection: object) -> None:
        """The connection is closed, and no records of it are left."""
        for operation in list(self._pending.values()):
            if operation.connection is not connection or operation.record is not None:
                continue
            if operation.started:
                # No signal handler comes between these two lines.
                operation.record = b""
                self._delivery.items.append(operation)
            else:  # A signal handler raised before it was.
                operation.forget()

    def _leave(self) -> None:
        """A connection was closed: closes a loop that a connection made, after the last one."""
        if self._is_own and all(each.closed for each in list(self._connections)):
            self._driver.close()


def _deadline(timeout: object) -> float:
    if not isinstance(timeout, (int, float)) or isinstance(timeout, bool):
        raise TypeError(f"timeout must be a number of seconds, not {type(timeout).__name__}")
    if not timeout >= 0:
        raise ValueError(f"timeout must not be negative: {timeout}")
    # No clock of this program counts so far, and not every int fits into a float.
    return math.inf if timeout > 10**9 else time.monotonic() + timeout

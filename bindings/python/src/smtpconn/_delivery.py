"""What the library has reported, on its way to the functions of the program."""

from __future__ import annotations

import opcode
import threading
import weakref
from collections import deque
from typing import Any, Callable, Final, NamedTuple, Optional, Protocol

from ._report import report


class Call(NamedTuple):
    """A function of the program, its arguments, and what it is called in a report."""

    function: Callable[..., object]
    arguments: tuple[Any, ...]
    where: str


class Item(Protocol):
    """Something that happened."""

    @property
    def connection(self) -> object:
        """The connection to which it happened."""

    @property
    def counts(self) -> bool:
        """Whether it is something to wait for, which a line of the log is not."""

    def prepare(self) -> Optional[Call]:
        """Records it, and says whom to tell.  May be called again, when it was interrupted."""


class Failure(NamedTuple):
    """What a function of the program raised."""

    connection: weakref.ref[Any]
    error: BaseException
    #: The name of the function: "on_end".
    where: str


class _Here(threading.local):
    """Of the current thread."""

    #: Whose functions of the program are running.
    deliveries: tuple[Delivery, ...] = ()


_here: Final = _Here()


class Delivery:
    """The items of a loop, in order, each of which is delivered once.

    A signal handler may raise between any two steps.  So an item is removed in the step in which
    its function is entered; whoever comes next continues with those that are there.
    """

    def __init__(self) -> None:
        self.items: Final[deque[Item]] = deque()
        #: Counts what was delivered.
        self.activity = 0
        self.failures: list[Failure] = []

    @property
    def is_here(self) -> bool:
        """Whether the caller is a function of the program that this runs."""
        return self in _here.deliveries

    def deliver(self) -> None:
        """Delivers what is there.  Raises what is no Exception, as KeyboardInterrupt, at once."""
        items = self.items
        while items:
            try:
                item = items[0]
            except IndexError:  # Another thread was here.
                return
            call = item.prepare()
            if call is None:
                self._drop(item)
            else:
                self._tell(item, call)
            if self.failures:
                self.raise_fatal()

    def _drop(self, item: Item) -> None:
        try:
            if self.items[0] is item:
                del self.items[0]
                self.activity += item.counts
        except IndexError:
            pass

    def _tell(self, item: Item, call: Call) -> None:
        before = _here.deliveries
        items, (function, arguments, where) = self.items, call
        try:
            _here.deliveries = (*before, self)
            if not items or items[0] is not item:
                return
            self.activity += item.counts
            # No signal handler, and no other thread, comes between these two lines.
            del items[0]
            function(*arguments)
        except BaseException as error:
            if not _has_begun(error, function):
                items.appendleft(item)
            self.failed(item.connection, error, where)
        finally:
            _here.deliveries = before

    # What functions of the program raised

    def failed(self, connection: object, error: BaseException, where: str) -> None:
        """Keeps it until whoever drives the loop can raise it."""
        self.activity += 1
        self.failures.append(Failure(weakref.ref(connection), error, where))

    def take_failures(self, connection: object) -> list[Failure]:
        """Those of one connection.

        What concerns another that is over is reported: whoever waits on connections never runs the
        loop, which would raise it, and until then it would stay here.
        """
        kept, taken = [], []
        for failure in self.failures:
            owner = failure.connection()
            if owner is connection:
                taken.append(failure)
            elif (owner is None or owner._is_over) and isinstance(failure.error, Exception):
                report(failure.error, failure.where)
            else:
                kept.append(failure)
        self.failures = kept
        return taken

    def report_failures(self) -> None:
        """Nobody will drive the loop any more."""
        while self.failures:
            failure = self.failures.pop()
            report(failure.error, failure.where)

    def raise_failures(self) -> None:
        """Raises the first; further ones are reported."""
        if not self.failures:
            return
        first, *others = self.failures
        self.failures = []
        for failure in others:
            report(failure.error, failure.where)
        error = first.error
        del first
        try:
            raise error
        finally:
            del error  # Or its traceback would hold it for ever.

    def raise_fatal(self) -> None:
        """What is no Exception, as KeyboardInterrupt, waits for nothing else."""
        for failure in self.failures:
            if not isinstance(failure.error, Exception):
                self.failures.remove(failure)
                error = failure.error
                del failure
                try:
                    raise error
                finally:
                    del error


_RESUME: Final = opcode.opmap.get("RESUME")


def _has_begun(error: BaseException, function: Callable[..., object]) -> bool:
    """False when a signal handler raised before the first instruction of `function`."""
    trace = error.__traceback__
    inner = None if trace is None else trace.tb_next
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    if inner is None or code is None or inner.tb_frame.f_code is not code:
        return True
    first = -1  # Before Python 3.11: not even the instruction at 0 was tried.
    if _RESUME is not None:
        operations = code.co_code[::2]
        first = 2 * operations.index(_RESUME) if _RESUME in operations else first
    return inner.tb_lasti > first

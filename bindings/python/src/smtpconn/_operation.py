"""Operations under way, and the C functions that report their end."""

from __future__ import annotations

import itertools
import weakref
from typing import TYPE_CHECKING, Any, Callable, Final, Protocol

from ._constants import Retry
from ._errors import CancelledError
from ._failure import read_error
from ._ffi import DoneCallback, ReplyCallback, SendCallback
from ._outcome import Result, SMTPConnError
from ._result import read_reply, read_result

if TYPE_CHECKING:
    from ._ffi import ConnHandle, ErrorHandle, ExchangeHandle, ReplyHandle, ResultHandle
    from ._loop import Loop
    from ._outcome import Reply
    from ._reading import Reading

    #: Gets the error, and what the operation gives: a result, a reply, or nothing.
    Report = Callable[[SMTPConnError | None, Any], object]

_tokens: Final = itertools.count(1)

#: By token, which is the `user` of the C callbacks.  The loop keeps them alive, so that a loop that
#: is dropped with all of its connections takes its operations with it.
_operations: Final[weakref.WeakValueDictionary[int, Operation]] = weakref.WeakValueDictionary()


class Starter(Protocol):
    """The connection, as its operations see it."""

    #: Whether an operation was lost with the connection.
    _lost_work: bool

    @property
    def loop(self) -> Loop: ...

    def _is_loss(self, error: SMTPConnError) -> bool: ...


class LoginPart(Protocol):
    """The part of a login that runs in Python, as its operation sees it."""

    #: What the program's own function raised.
    failure: BaseException | None
    over: bool

    def exchange(self, handle: ExchangeHandle, mechanism: str, operation: Operation) -> Any: ...


class Operation:
    """One connect, login, send, command or quit, from its start to its end."""

    def __init__(
        self,
        connection: Starter,
        loop: Loop,
        report: Report | None,
        reading: Reading | None,
        login: LoginPart | None = None,
        *,
        quits: bool = False,
    ) -> None:
        self.connection = connection
        self.token = next(_tokens)
        self.done = False
        self.error: SMTPConnError | None = None
        self.outcome: Result | Reply | None = None
        self._loop = loop
        self._report = report
        self._reading = reading
        self._quits = quits
        #: The part of a login that runs in Python.
        self.login = login
        _operations[self.token] = self
        loop._pending[self.token] = self

    @property
    def source_failure(self) -> BaseException | None:
        """What the Python source of the message, or of a token or an answer, raised."""
        source = self._reading or self.login
        return None if source is None else source.failure

    def forget(self) -> None:
        """It is over, or was never started."""
        self.done = True
        if self.login is not None:
            self.login.over = True
        self._loop._pending.pop(self.token, None)

    def finish(self, error: SMTPConnError | None, outcome: Result | Reply | None) -> None:
        """Records the outcome, once, and tells whoever started it."""
        if self.done:
            return
        if error is not None and self.connection._is_loss(error):
            if self._quits:
                error = None
            else:
                self.connection._lost_work = True
        self.error, self.outcome = error, outcome
        if error is not None and isinstance(outcome, Result):
            error.result = outcome
        if self._reading is not None:
            self._reading.end(delivered=error is None)
        self.forget()
        self._loop._activity += 1
        if self._report is not None:
            self._tell(self._report)

    def _tell(self, report: Report) -> None:
        failure = self.source_failure
        if failure is not None:
            if self.error is not None:
                self.error.__cause__ = failure
            if not isinstance(failure, Exception):
                # Ctrl-C is for the whole program and not only for this callback.
                self._loop._failed(self.connection, failure, "the source")
        try:
            report(self.error, self.outcome)
        except BaseException as error:
            self._loop._failed(self.connection, error, "the callback")

    def lose(self, cause: BaseException | None = None) -> None:
        """The library is through with it, and yet its end was never told.

        A signal handler raised on the doorstep of the callback, where ctypes drops the exception;
        or the outcome could not be read, as when there is no memory.
        """
        what = "a signal handler" if cause is None else f"{type(cause).__name__}"
        error = CancelledError(
            f"{what} interrupted the report of the outcome: it is unknown", retry=Retry.UNKNOWN
        )
        error.__cause__ = cause
        self.finish(error, None)


def _finish(error: ErrorHandle, read: Callable[[], Result | Reply | None], token: int) -> None:
    operation = _operations.get(token)
    if operation is None:
        return
    try:
        outcome = read()
        operation.finish(read_error(error), outcome)
    except BaseException as exception:
        operation.connection.loop._failed(operation.connection, exception, "the outcome")
        # No success that nobody knows of.
        operation.lose(exception)


def _done(_connection: ConnHandle, error: ErrorHandle, token: int) -> None:
    _finish(error, lambda: None, token)


def _sent(_connection: ConnHandle, error: ErrorHandle, result: ResultHandle, token: int) -> None:
    _finish(error, lambda: read_result(result), token)


def _replied(_connection: ConnHandle, error: ErrorHandle, reply: ReplyHandle, token: int) -> None:
    _finish(error, lambda: read_reply(reply) if reply else None, token)


#: One C function for all, alive as long as the module: the token tells them apart.
DONE: Final = DoneCallback(_done)
SENT: Final = SendCallback(_sent)
REPLIED: Final = ReplyCallback(_replied)

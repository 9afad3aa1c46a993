"""Operations under way, and the C functions that report their end."""

from __future__ import annotations

import itertools
import weakref
from typing import TYPE_CHECKING, Any, Callable, Final, Protocol

from ._constants import Retry
from ._delivery import Call
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

#: By token, which is the `user` of the C callbacks: operations that have not ended.  Weak, so that
#: a loop that is dropped with all of its connections takes its operations with it.
_operations: Final[dict[int, weakref.ref[Operation]]] = {}


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
        if reading is not None:
            reading.operation = weakref.ref(self)
        self._quits = quits
        #: The part of a login that runs in Python.
        self.login = login
        _operations[self.token] = weakref.ref(self)
        loop._pending[self.token] = self

    @property
    def loop(self) -> Loop:
        return self._loop

    @property
    def source_failure(self) -> BaseException | None:
        """What the Python source of the message, or of a token or an answer, raised."""
        source = self._reading or self.login
        return None if source is None else source.failure

    def take_failure(self) -> BaseException | None:
        """The same, once: what is raised must not be held by what its traceback refers to."""
        failure = self.source_failure
        source = self._reading or self.login
        if source is not None:
            source.failure = None
        return failure

    def forget(self) -> None:
        """It is over, or was never started."""
        self.done = True
        if self.login is not None:
            self.login.over = True
        self._loop._pending.pop(self.token, None)
        _operations.pop(self.token, None)

    def finish(self, error: SMTPConnError | None, outcome: Result | Reply | None) -> Call | None:
        """Records the outcome, and says whom to tell."""
        if error is not None and self.connection._is_loss(error):
            if self._quits:
                error = None
            else:
                self.connection._lost_work = True
        failure = self.source_failure
        if error is not None and failure is not None and self._report is not None:
            error.__cause__ = failure
        if error is not None and isinstance(outcome, Result):
            error.result = outcome
        if not self.done:
            self.error, self.outcome = error, outcome
            if self._reading is not None:
                self._reading.end(delivered=error is None)
            if self._report is not None and not isinstance(failure, (Exception, type(None))):
                # Ctrl-C is for the whole program and not only for this callback.
                self._loop._delivery.failed(self.connection, failure, "the source")
            self.forget()
        if self._report is None:
            return None
        return Call(self._report, (error, outcome), "the callback")


class Ended:
    """The end of an operation."""

    counts = True

    def __init__(
        self, operation: Operation, error: SMTPConnError | None, outcome: Result | Reply | None
    ) -> None:
        self.connection: object = operation.connection
        self._operation = operation
        self._error = error
        self._outcome = outcome

    def prepare(self) -> Call | None:
        return self._operation.finish(self._error, self._outcome)


def _finish(error: ErrorHandle, read: Callable[[], Result | Reply | None], token: int) -> None:
    reference = _operations.get(token)
    operation = None if reference is None else reference()
    if operation is None:
        return
    try:
        ended = Ended(operation, read_error(error), read())
    except BaseException as exception:
        operation._loop._delivery.failed(operation.connection, exception, "the outcome")
        # No success that nobody knows of.
        unknown = CancelledError(
            f"{type(exception).__name__} interrupted the report of the outcome: it is unknown",
            retry=Retry.UNKNOWN,
        )
        unknown.__cause__ = exception
        ended = Ended(operation, unknown, None)
    operation._loop._delivery.items.append(ended)


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

"""Operations under way, and how they end."""

from __future__ import annotations

import itertools
import threading
import weakref
from typing import TYPE_CHECKING, Any, Callable, Final, Protocol

from ._constants import Retry
from ._delivery import Call
from ._errors import CancelledError
from ._outcome import Result, SMTPConnError
from ._result import DONE, SENT, is_plain, read_failure, read_reply, read_result

if TYPE_CHECKING:
    from ._ffi import ExchangeHandle
    from ._loop import Loop
    from ._outcome import Reply
    from ._reading import Reading

    #: Gets the error, and what the operation gives if it gives anything: a result, or a reply.
    Report = Callable[..., object]

_tokens: Final = itertools.count(1)


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
    """One connect, login, send, command or quit, from its start to its end.

    `token` is its `user` in the library.  It is also what is delivered when its record is there.
    """

    __slots__ = (
        "__weakref__",
        "_loop",
        "_quits",
        "_reading",
        "_report",
        "connection",
        "content",
        "done",
        "error",
        "kind",
        "login",
        "outcome",
        "record",
        "started",
        "thread",
        "token",
    )

    #: Its end is something to wait for.
    counts = True

    def __init__(
        self,
        connection: Starter,
        loop: Loop,
        report: Report | None,
        kind: int,
        reading: Reading | None = None,
        login: LoginPart | None = None,
        content: bytes | None = None,
        *,
        quits: bool = False,
    ) -> None:
        self.connection = connection
        self.token = token = next(_tokens)
        #: Of its record: DONE, SENT, REPLY.
        self.kind = kind
        #: Empty when the connection was closed without one.
        self.record: bytes | None = None
        #: Whether the library was called for it.
        self.started = False
        #: The thread that waits for it, 0 when a callback will be told.
        self.thread = threading.get_ident() if report is None else 0
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
        #: Lent to the library until the record is there.
        self.content = content
        loop._pending[token] = self

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

    def look_for_record(self) -> bool:
        """Takes its record, if the library has ended it; whether there is one."""
        self._loop._fetch()
        return self.done or self.record is not None

    def take_record(self, record: bytes) -> None:
        """The library is through with it."""
        if self.record is None:  # Else somebody came in between who has it: see `Inbox`.
            self.record = record
        if self.login is not None:
            self.login.over = True

    def forget(self) -> None:
        """It is over, or was never started."""
        self.done = True
        if self.login is not None:
            self.login.over = True
        loop = self._loop
        if self.content is not None and loop._core.dispatcher:
            loop._core.lent.append(self.content)
        loop._pending.pop(self.token, None)

    def prepare(self) -> Call | None:
        """Notes the end, and says whom to tell."""
        error, outcome = self._read()
        if error is not None:
            error = self._judge(error, outcome)
        if not self.done:
            self.error, self.outcome = error, outcome
            if self._reading is not None:
                self._reading.end(delivered=error is None)
            if self._report is not None:
                self._keep_interruption()
            self.forget()
        if self._report is None:
            return None
        arguments = (error,) if self.kind == DONE else (error, outcome)
        return Call(self._report, arguments, "the callback")

    def _read(self) -> tuple[SMTPConnError | None, Result | Reply | None]:
        record = self.record
        try:
            if record:
                plain = is_plain(record)
                error = None if plain else read_failure(record)
                if self.kind == DONE:
                    return error, None
                if self.kind == SENT:
                    return error, read_result(record, plain=plain)
                return error, read_reply(record)
            unknown = CancelledError(
                "the connection was closed: the outcome is unknown", retry=Retry.UNKNOWN
            )
        except Exception as exception:  # No success that nobody knows of.
            unknown = CancelledError(
                f"{type(exception).__name__} interrupted the report of the outcome: it is unknown",
                retry=Retry.UNKNOWN,
            )
            unknown.__cause__ = exception
            if not self.done:
                self._loop._delivery.failed(self.connection, exception, "the outcome")
        return unknown, Result([]) if self.kind == SENT else None

    def _judge(self, error: SMTPConnError, outcome: Result | Reply | None) -> SMTPConnError | None:
        if self.connection._is_loss(error):
            if self._quits:
                return None
            self.connection._lost_work = True
        failure = self.source_failure
        if failure is not None and self._report is not None:
            error.__cause__ = failure
        if isinstance(outcome, Result):
            error.result = outcome
        return error

    def _keep_interruption(self) -> None:
        failure = self.source_failure
        if failure is not None and not isinstance(failure, Exception):
            # Ctrl-C is for the whole program and not only for this callback.
            self._loop._delivery.failed(self.connection, failure, "the source")

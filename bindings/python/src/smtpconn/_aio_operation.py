"""What a task awaits: one operation of a connection."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Callable, Generic, Optional, Protocol, TypeVar

from ._aio_feed import Feed
from ._envelope import Envelope
from ._errors import AuthError, OAuth2Error, StreamError
from ._outcome import Result, SMTPConnError

if TYPE_CHECKING:
    from ._aio_backend import Backend, Flag
    from ._aio_token import TokenTask
    from ._operation import Operation

Outcome = TypeVar("Outcome")


class Owner(Protocol):
    """A connection, as its operations see it."""

    _backend: Backend

    def _over_with(self, awaited: Awaited[Any]) -> None: ...

    def _withdraw(self, operation: Operation) -> bool: ...

    def _end_early(self) -> None: ...

    def _take_decisive(self) -> BaseException | None: ...

    def _tell_abandoned(self, sending: Sending) -> None: ...


class Awaited(Generic[Outcome]):
    """One operation that was started.  Any number of tasks may wait for it."""

    __slots__ = ("_done", "_error", "_flags", "_operation", "_outcome", "_owner")

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        #: Until its end.
        self._operation: Operation | None = None
        self._flags: list[Flag] = []
        self._done = False
        self._error: SMTPConnError | None = None
        self._outcome: Outcome | None = None

    def _begin(self, start: Callable[[Callable[..., None]], Operation]) -> None:
        """Raises what the start raises; nothing has begun then."""
        self._operation = start(self._finish)

    def _flag(self) -> Flag:
        """Set at the end, which is not yet."""
        flag = self._owner._backend.flag()
        self._flags.append(flag)
        return flag

    def _value(self) -> Outcome:
        """The outcome, or what failed is raised."""
        error = self._reason(self._error)
        try:
            if error is not None:
                raise error
            return self._outcome  # type: ignore[return-value]
        finally:
            # The traceback of the error refers to this frame.
            del self, error

    def _reason(self, error: SMTPConnError | None) -> BaseException | None:
        """What it raises: what a function of the program raised, if that was the reason."""
        if error is None or not isinstance(error, (StreamError, AuthError, OAuth2Error)):
            return error
        cause = error.__cause__
        if cause is None:
            return error
        error.__cause__ = None
        add_context(cause, error)
        return cause

    # The library

    def _finish(self, error: SMTPConnError | None, outcome: Any = None) -> None:
        self._end(error, outcome)

    def _end(self, error: SMTPConnError | None, outcome: Any) -> None:
        self._done, self._error, self._outcome = True, error, outcome
        # It refers to this.
        self._operation = None
        for flag in self._flags:
            flag.set()
        self._owner._over_with(self)

    # The task that awaited it was cancelled

    def _give_up(self) -> None:
        """Takes it back when it has not begun.  What has begun goes on."""
        self._withdraw()

    def _withdraw(self) -> bool:
        """Takes it back when it has not begun; False when it has, or has ended."""
        return self._operation is not None and self._owner._withdraw(self._operation)


class Turning(Awaited[None]):
    """A connect or a quit: when it is given up, so is the connection."""

    __slots__ = ()

    def _give_up(self) -> None:
        if not self._withdraw():
            self._owner._end_early()

    def _reason(self, error: SMTPConnError | None) -> BaseException | None:
        decisive = self._owner._take_decisive()
        if error is None or decisive is None:
            return error
        add_context(decisive, error)
        return decisive


class LoggingIn(Awaited[None]):
    """A login, with the token that it may wait for."""

    __slots__ = ("_source",)

    def __init__(self, owner: Owner, source: Optional[TokenTask]) -> None:
        super().__init__(owner)
        self._source = source

    def _give_up(self) -> None:
        if not self._withdraw() and self._source is not None:
            self._source.stop()


class Sending(Awaited[Result]):
    """A send that was started: `await` it for its result.

    Any number of tasks may await it, and a task that is cancelled meanwhile leaves it as it is:
    await it again, or `cancel()` it.
    """

    __slots__ = ("__weakref__", "_abandoned", "_feed", "envelope")

    def __init__(self, owner: Owner, envelope: Envelope, feed: Optional[Feed]) -> None:
        super().__init__(owner)
        #: What it was started with.
        self.envelope = envelope
        self._feed = feed
        #: Whether the task of `send` was cancelled after it had begun.
        self._abandoned = False

    @property
    def done(self) -> bool:
        """Whether it is over."""
        return self._done

    @property
    def result(self) -> Optional[Result]:
        """What became of each recipient, after a failure too; None before the end."""
        return self._outcome

    @property
    def error(self) -> Optional[SMTPConnError]:
        """Why it failed; None before the end and after a success."""
        return self._error

    def cancel(self) -> bool:
        """Takes it back when it has not begun: True, and nothing of it is sent.

        It then ends with a CancelledError.  False when it has begun, which cannot be undone, or is
        over: awaiting it says what became of it.  Then only a message that is an asynchronous
        iterable is ended, when it was not read to its end: it is not delivered, and the connection
        ends with it.
        """
        if self._withdraw():
            return True
        if not self._done and self._feed is not None and self._feed.unfinished:
            self._feed.stop()
        return False

    def __await__(self) -> Generator[Any, None, Result]:
        return self._wait().__await__()

    def _give_up(self) -> None:
        if self.cancel():
            return
        if self._done:  # At the same moment.
            self._owner._tell_abandoned(self)
        else:
            self._abandoned = True

    def _end(self, error: SMTPConnError | None, outcome: Any) -> None:
        super()._end(error, outcome)
        if self._abandoned:
            self._owner._tell_abandoned(self)

    async def _wait(self) -> Result:
        if not self._done:
            flag = self._flag()
            try:
                await flag.wait()
            except BaseException:
                self._flags.remove(flag)
                raise
        return self._value()

    def _finish(self, error: SMTPConnError | None, outcome: Any = None) -> None:
        if self._feed is None:
            self._end(error, outcome)
        else:
            self._feed.end(error is None, lambda: self._end(error, outcome))

    def __repr__(self) -> str:
        state = "sent" if self._error is None else self._error.name
        state = state if self._done else "pending"
        return f"<smtpconn.aio.Sending {state}>"


def add_context(error: BaseException, context: BaseException | None) -> None:
    """At the end of what `error` has as its context already."""
    while error.__context__ is not None and error.__context__ is not context:
        error = error.__context__
    if error is not context:
        error.__context__ = context

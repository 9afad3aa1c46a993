"""The life of a connection in an event loop: operations, events, the way out."""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Awaitable, Coroutine
from typing import TYPE_CHECKING, Any, Callable, Optional, TypeVar

from ._aio_loop import AsyncLoop
from ._aio_operation import Awaited, Sending
from ._aio_state import AsyncState
from ._driven import DECISIVE
from ._errors import StateError
from ._library import lib
from ._log import LOGGER
from ._outcome import SMTPConnError
from ._report import report

if TYPE_CHECKING:
    from ._aio_backend import Backend, Flag
    from ._connection import Connection
    from ._operation import Operation

Outcome = TypeVar("Outcome")
Waited = TypeVar("Waited", bound=Awaited[Any])


class AsyncDriven(AsyncState):
    """Everything about a connection but what is said over it."""

    def __init__(
        self,
        make: Callable[[AsyncDriven, AsyncLoop], Connection],
        on_connect: Optional[Callable[[Any], object]],
        on_error: Optional[Callable[[Any, SMTPConnError], object]],
        on_end: Optional[Callable[[Any], object]],
        on_token: Optional[Callable[[Any, str, Optional[int]], object]],
        on_abandoned: Optional[Callable[[Any, Sending], object]],
    ) -> None:
        # `AsyncConnection` has their types: it is what they are called with.
        self.on_connect = on_connect
        self.on_error = on_error
        self.on_end = on_end
        self.on_token = on_token
        self.on_abandoned = on_abandoned
        #: Operations under way.
        self._awaited: set[Awaited[Any]] = set()
        #: The number of handlers that run in tasks.
        self._handlers = 0
        self._idle: list[Flag] = []
        self._established = False
        self._over = False
        #: What a function of the program raised that decides whether there is a connection.
        self._decisive: Optional[BaseException] = None
        shared = AsyncLoop.current()
        shared.join(self)
        try:
            self._connection = make(self, shared)
        except BaseException:
            shared.leave(self)
            raise
        self._shared = shared
        self._backend: Backend = shared.backend

    # Operations

    def _start(self, awaited: Waited, start: Callable[[Callable[..., None]], Operation]) -> Waited:
        """Raises what the start raises; nothing has begun then."""
        if not self._backend.is_here():
            raise StateError("the connection belongs to another event loop, that made it")
        awaited._begin(start)
        self._awaited.add(awaited)
        return awaited

    async def _perform(self, awaited: Awaited[Outcome]) -> Outcome:
        """Waits for the end; what is cancelled meanwhile is given up."""
        try:
            if not awaited._done:
                await awaited._flag().wait()
        except BaseException:
            awaited._give_up()
            raise
        try:
            if awaited._error is None:
                return awaited._outcome  # type: ignore[return-value]
            return awaited._value()
        finally:
            # The traceback of an error refers to this frame, and the operation to the error.
            del self, awaited

    def _end_early(self) -> None:
        """Ends the connection, and with it all operations under way, in the next turn."""
        if not self.closed:
            self._connection.cancel()

    def _over_with(self, awaited: Awaited[Any]) -> None:
        self._awaited.discard(awaited)

    def _tell_abandoned(self, sending: Sending) -> None:
        if self.on_abandoned is None:
            LOGGER.warning(
                "a send from <%s> ended after the task that awaited it was cancelled: %s",
                sending.envelope.from_addr,
                "delivered" if sending.error is None else sending.error,
            )
        self._event("on_abandoned", sending)

    def _withdraw(self, operation: Operation) -> bool:
        if self.closed:
            return False
        withdrawn: int = self._connection._ask(lib.smtpconn_withdraw, operation.token)
        return withdrawn > 0

    def _resume(self) -> None:
        """Lets the library go on with a message that had nothing for it."""
        if not self.closed:
            self._connection._ask(lib.smtpconn_resume)

    # Events

    def _event(self, name: str, *arguments: object) -> None:
        """Calls a handler as soon as the library has returned."""
        handler = getattr(self, name)
        if handler is not None:
            self._shared.later(lambda: self._call(name, handler, arguments))

    def _call(self, name: str, handler: Callable[..., object], arguments: tuple[Any, ...]) -> None:
        try:
            answer = handler(self, *arguments)
        except Exception as error:
            report(error, name)
            return
        if inspect.isawaitable(answer):
            self._spawn(_guarded(answer, name))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs a handler in a task, for which the end of `async with` waits."""
        self._handlers += 1
        self._backend.spawn(work, self._handled)

    def _handled(self) -> None:
        self._handlers -= 1
        if not self._handlers:
            for flag in self._idle:
                flag.set()

    async def _settled(self) -> None:
        """Waits for the handlers that run in tasks."""
        while self._handlers:
            flag = self._backend.flag()
            self._idle.append(flag)
            try:
                await flag.wait()
            finally:
                self._idle.remove(flag)

    def _connected(self) -> None:
        self._established = True

    def _broken(self, error: SMTPConnError) -> None:
        self._event("on_error", error)

    def _ended(self) -> None:
        self._over = True
        self._event("on_end")

    def _got_token(self, token: str, expires: Optional[int]) -> None:
        self._event("on_token", token, expires)

    def _progressed(self, sent: int, total: Optional[int]) -> None:
        self._event("on_progress", sent, total)

    def _raises(self, error: BaseException) -> bool:
        return self._decisive is error

    def _take_decisive(self) -> Optional[BaseException]:
        error, self._decisive = self._decisive, None
        return error

    # The way out

    def close(self) -> None:
        """Closes at once, without QUIT; the second time does nothing.

        What is under way ends with a CancelledError, of this package, in the tasks that await it.
        """
        if self.closed:
            return
        try:
            self._connection.close()
        finally:
            self._shared.leave(self)

    def __repr__(self) -> str:
        return repr(self._connection).replace("smtpconn.Connection", "smtpconn.aio.AsyncConnection")


async def _guarded(work: Awaitable[object], where: str) -> None:
    try:
        await work
    except Exception as error:
        report(error, where)


def listener(driven: AsyncDriven, method: Callable[..., None]) -> Callable[..., None]:
    """A handler of `Connection` that keeps no `AsyncConnection` alive."""
    weak = weakref.ref(driven)

    def listen(_connection: object, *arguments: object) -> None:
        strong = weak()
        if strong is not None:
            method(strong, *arguments)

    return listen


def watched(driven: AsyncDriven, options: dict[str, Any]) -> None:
    """Replaces the functions whose exception is the reason why an operation failed: it is kept."""
    weak = weakref.ref(driven)

    def wrap(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            try:
                return function(*arguments)
            except Exception as error:
                strong = weak()
                if strong is not None:
                    strong._decisive = error
                raise

        return call

    for name in DECISIVE:
        if callable(options.get(name)):
            options[name] = wrap(options[name])

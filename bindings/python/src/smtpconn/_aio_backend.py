"""The little that this package needs of asyncio or trio: one small adapter for each."""

from __future__ import annotations

import asyncio
import contextvars
import sys
from collections.abc import Awaitable, Coroutine
from typing import Any, Callable, Final, Protocol

from ._errors import StateError

#: Ends something that goes on meanwhile.
Stop = Callable[[], object]

_NAME: Final = "smtpconn"


class Flag(Protocol):
    """Set once, and waited for by one task."""

    def set(self) -> None: ...

    def wait(self) -> Awaitable[object]: ...


class Backend(Protocol):
    """A running event loop.  All of it is called in the thread of that event loop."""

    @property
    def key(self) -> object:
        """The same object for the same event loop."""

    def is_here(self) -> bool:
        """Whether the caller runs in this event loop."""

    def flag(self) -> Flag: ...

    def spawn(self, work: Coroutine[Any, Any, None], ended: Callable[[], None]) -> Stop:
        """Runs a coroutine, which raises nothing, beside the caller; the result cancels it.

        `ended` is called after it, also when it was cancelled before its first step.
        """

    def watch(self, descriptor: int, ready: Callable[[], None], ended: Callable[[], None]) -> Stop:
        """Calls `ready` whenever the descriptor is readable, until it is stopped.

        `ended` is called once when nothing watches the descriptor any more.
        """


def current_backend() -> Backend:
    """That of the event loop in which the caller runs.  StateError when there is none.

    anyio is one of the two.  uvloop is an event loop of asyncio.
    """
    if _library() == "trio":
        return Trio(sys.modules["trio"])
    try:
        return Asyncio(asyncio.get_running_loop())
    except RuntimeError:
        raise StateError(
            "no event loop runs here: call this inside of a coroutine that asyncio or trio runs"
        ) from None


def _library() -> str | None:
    """The library that runs the caller, as far as it says so.  None is imported for that."""
    sniffio: Any = sys.modules.get("sniffio")
    if sniffio is not None:
        try:
            return str(sniffio.current_async_library())
        except sniffio.AsyncLibraryNotFoundError:
            return None
    trio: Any = sys.modules.get("trio")
    if trio is not None:
        try:
            trio.lowlevel.current_task()
            return "trio"
        except RuntimeError:
            return None
    return None


class _Future:
    """The flag of asyncio."""

    __slots__ = ("_future",)

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._future = loop.create_future()

    def set(self) -> None:
        # Nobody can be waiting in an event loop that was closed.
        if not self._future.done() and not self._future.get_loop().is_closed():
            self._future.set_result(None)

    def wait(self) -> Awaitable[object]:
        return self._future


class Asyncio:
    """asyncio, and what has its interface, such as uvloop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        #: Those that run; asyncio itself keeps weak references only.
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def key(self) -> object:
        return self._loop

    def is_here(self) -> bool:
        try:
            return asyncio.get_running_loop() is self._loop
        except RuntimeError:
            return False

    def flag(self) -> Flag:
        return _Future(self._loop)

    def spawn(self, work: Coroutine[Any, Any, None], ended: Callable[[], None]) -> Stop:
        if self._loop.is_closed():
            work.close()
            return _nothing
        task = self._loop.create_task(work)
        self._tasks.add(task)

        def done(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            ended()

        task.add_done_callback(done)
        return task.cancel

    def watch(self, descriptor: int, ready: Callable[[], None], ended: Callable[[], None]) -> Stop:
        self._loop.add_reader(descriptor, ready)

        def stop() -> None:
            # Nothing happens in an event loop that was closed.
            self._loop.remove_reader(descriptor)
            ended()

        return stop


class Trio:
    """trio.  What goes on beside the tasks of the program runs in system tasks."""

    def __init__(self, trio: Any) -> None:
        self._trio = trio
        self._token = trio.lowlevel.current_trio_token()

    @property
    def key(self) -> object:
        return self._token

    def is_here(self) -> bool:
        try:
            return self._trio.lowlevel.current_trio_token() is self._token
        except RuntimeError:
            return False

    def flag(self) -> Flag:
        event: Flag = self._trio.Event()
        return event

    def spawn(self, work: Coroutine[Any, Any, None], ended: Callable[[], None]) -> Stop:
        if not self.is_here():  # trio has ended.
            work.close()
            return _nothing
        scope = self._trio.CancelScope()

        async def run() -> None:
            try:
                with scope:
                    await work
            finally:
                ended()

        self._trio.lowlevel.spawn_system_task(run, name=_NAME, context=contextvars.copy_context())
        return self._cancel(scope)

    def watch(self, descriptor: int, ready: Callable[[], None], ended: Callable[[], None]) -> Stop:
        scope = self._trio.CancelScope()

        async def run() -> None:
            try:
                with scope:
                    while True:
                        await self._trio.lowlevel.wait_readable(descriptor)
                        ready()
            finally:
                # Not earlier: trio must not watch a descriptor that was closed.
                ended()

        self._trio.lowlevel.spawn_system_task(run, name=_NAME)
        return self._cancel(scope)

    def _cancel(self, scope: Any) -> Stop:
        def stop() -> None:
            if self.is_here():  # Else trio has ended, and with it all that could be stopped.
                scope.cancel()

        return stop


def _nothing() -> None:
    """Nothing goes on that could be ended."""

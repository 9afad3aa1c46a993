"""One loop of the library for all connections of an event loop."""

from __future__ import annotations

import threading
import weakref
from typing import Callable, Final, Protocol

from ._aio_backend import Backend, Stop, current_backend
from ._loop import Loop
from ._report import report


class User(Protocol):
    """A connection, as the loop sees it."""

    def _raises(self, error: BaseException) -> bool:
        """Whether an operation of it will raise this."""


class AsyncLoop:
    """Drives a `Loop` from the event loop that runs: one descriptor, and no thread.

    It begins with the first connection that joins, and is over when the last has left.
    """

    def __init__(self, backend: Backend) -> None:
        self.backend: Final = backend
        self.loop: Final = Loop()
        self._users: Final[weakref.WeakSet[User]] = weakref.WeakSet()
        self._over = False
        self._inside = False
        #: What waits for the library to have returned.
        self._later: list[Callable[[], None]] = []
        # The event loop refers to it as long as it watches.
        self._stop: Final[Stop] = backend.watch(self.loop.fileno(), self._ready, self._unwatched)

    @staticmethod
    def current() -> AsyncLoop:
        """That of the event loop that runs here.  StateError when none does."""
        backend = current_backend()
        with _lock:
            known = _loops.get(backend.key)
            shared = None if known is None else known()
            if shared is None or shared._over:
                shared = AsyncLoop(backend)
                _loops[backend.key] = weakref.ref(shared)
            return shared

    def join(self, user: User) -> None:
        self._users.add(user)

    def leave(self, user: User) -> None:
        """The second time does nothing."""
        self._users.discard(user)
        if not self._users and not self._over:
            self._over = True
            self.later(self._stop)

    def later(self, call: Callable[[], object]) -> None:
        """Calls as soon as the library has returned, which is at once when it does not run."""
        if self._inside:
            self._later.append(lambda: (call(), None)[1])
        else:
            call()

    def _ready(self) -> None:
        if self._over:
            return
        self._inside = True
        try:
            self.loop.dispatch()
        except Exception as error:
            # Of a function of the program that the library called.
            if not any(user._raises(error) for user in list(self._users)):
                report(error, "a callback")
        finally:
            self._inside = False
            waiting, self._later = self._later, []
            for call in waiting:
                call()

    def _unwatched(self) -> None:
        # When the event loop has ended first, the connections are still open: each says so when it
        # is dropped.
        if self._over:
            self.loop.close()


_lock: Final = threading.Lock()
#: By event loop.  Weak on both sides: an event loop that is dropped takes its own with it.
_loops: Final[weakref.WeakKeyDictionary[object, weakref.ref[AsyncLoop]]] = (
    weakref.WeakKeyDictionary()
)

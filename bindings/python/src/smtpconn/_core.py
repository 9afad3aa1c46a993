"""The C loop, who may touch it, and what is to be freed in it."""

from __future__ import annotations

import os
import threading
import weakref
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from ._errors import StateError
from ._failure import system_error
from ._library import lib
from ._release import collect

if TYPE_CHECKING:
    from types import TracebackType

    from ._ffi import LoopHandle


class Core:
    """Owns a smtpconn_loop.  `with core as loop:` makes the calling thread its only user.

    The library allows one thread at a time in a loop.  ctypes releases the GIL, so the GIL does not
    ensure that.  A thread that comes while another one waits in the loop wakes it up and is next.

    Connections without a socket have no smtpconn_loop: `loop` is None, and the rest is the same.
    """

    def __init__(self, *, has_loop: bool = True) -> None:
        loop = lib.smtpconn_loop_new() if has_loop else None
        if has_loop and not loop:
            raise system_error("a loop cannot be made")
        self._loop: LoopHandle | None = loop
        self._is_closed = False
        self._pid: Final = os.getpid()
        self._lock: Final = threading.RLock()
        #: Held while waiting for the lock, which whoever just released it would win otherwise.
        self._queue: Final = threading.Lock()
        #: Guards against the loop being freed during a wake-up, which takes no other lock.  A
        #: signal handler may wake the loop up in the middle of a wake-up: hence an RLock.
        self._waking: Final = threading.RLock()
        self._owner = 0
        self._depth = 0
        #: True while the library runs callbacks.
        self.dispatching = False
        self._graveyard: Final[deque[Any]] = deque()
        self._finalizer: Final = weakref.finalize(self, lib.smtpconn_loop_free, loop)
        self._finalizer.atexit = False

    @property
    def closed(self) -> bool:
        return self._is_closed

    @property
    def forked(self) -> bool:
        """Whether this is a child of the process that made the loop."""
        return self._pid != os.getpid()

    @property
    def dispatching_here(self) -> bool:
        """Whether the caller runs inside of a callback."""
        return self.dispatching and self._owner == threading.get_ident()

    @contextmanager
    def callbacks(self) -> Iterator[None]:
        """Around a call, with the lock held, in which the library runs callbacks."""
        before, self.dispatching = self.dispatching, True
        try:
            yield
        finally:
            self.dispatching = before

    def __enter__(self) -> LoopHandle | None:
        if self.forked:
            raise StateError("made before fork(): a child process may only close it")
        if self._owner == threading.get_ident():
            self._lock.acquire()
        else:
            with self._queue:
                if not self._lock.acquire(blocking=False):
                    self.wake()
                    self._lock.acquire()
            self._owner = threading.get_ident()
        self._depth += 1
        if self._is_closed:
            self.__exit__(None, None, None)
            raise StateError("the loop is closed")
        return self._loop

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._depth -= 1
        if self._depth == 0:
            self._owner = 0
        self._lock.release()
        self._bury()
        collect()

    def wake(self) -> None:
        """Ends the wait of whoever is in the loop."""
        with self._waking:
            if self._loop is not None:
                lib.smtpconn_loop_wakeup(self._loop)

    def close(self) -> None:
        """Frees the loop; the second time does nothing."""
        if self.forked:
            self._loop, self._is_closed = None, True
            self._finalizer()
            return
        if self._is_closed:
            return
        with self:
            with self._waking:
                self._loop, self._is_closed = None, True
            self._finalizer()

    def bury(self, connection: Any) -> None:
        """Frees a connection that was dropped: now, or as soon as nobody is in the loop.

        The garbage collector calls this, in any thread and in the middle of anything.
        """
        self._graveyard.append(connection)
        self._bury()

    def _bury(self) -> None:
        # Whoever holds the lock comes by here after releasing it.
        while self._graveyard and self._lock.acquire(blocking=False):
            try:
                if self._depth:
                    return
                self._depth += 1
                try:
                    while self._graveyard:
                        lib.smtpconn_free(self._graveyard.popleft())
                finally:
                    self._depth -= 1
            finally:
                self._lock.release()

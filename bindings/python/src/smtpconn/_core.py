"""The C loop, who is in it, and what is to be freed in it."""

from __future__ import annotations

import os
import threading
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from ._errors import StateError
from ._failure import system_error
from ._library import lib

if TYPE_CHECKING:
    from ._ffi import LoopHandle


#: How often this process has been the child of a fork.  Cheaper than os.getpid().
_forks = 0


def _after_fork() -> None:
    global _forks
    _forks += 1


os.register_at_fork(after_in_child=_after_fork)


class Core:
    """Owns a smtpconn_loop.

    The library allows one thread at a time in a loop.  No lock ensures that, but the GIL, which
    every call keeps (see _library): a call is one step for every other thread and for every signal
    handler.  Only a function of the program that the library calls, such as the iterator of a
    message, may let others in; there the library allows every call but a second dispatch.

    So nobody ever waits for a lock here, not in a signal handler either, and no exception leaves
    one locked.  What this asks for in return: a handle is read from its attribute in the very
    expression that passes it on.  Python runs signal handlers and other threads after a call and at
    the end of a loop's body, but not between reading an attribute and the call that follows.

    Connections without a socket have no smtpconn_loop: `handle` is None, and the rest is the same.
    """

    #: Before __init__ is through, and when it raises.
    handle: LoopHandle | None = None

    def __init__(self, *, has_loop: bool = True) -> None:
        self.closed = False
        #: The thread that is in dispatch(), or 0.
        self.dispatcher = 0
        #: Counts when somebody came there or left, and when a connection was freed.
        self.turns = 0
        #: Around several calls that belong together, none of which runs code of the program: the
        #: fields of an error object.  Nobody waits while holding it.
        self.guard: Final = threading.RLock()
        #: How often it is held by somebody who reads from an object of the library.
        self.studies = 0
        #: Content that was lent to the library until nobody is in it.
        self.lent: Final[list[bytes]] = []
        self._forks: Final = _forks
        self._graves: Final[deque[Any]] = deque()
        if has_loop:
            handle = lib.smtpconn_loop_new()
            if not handle:
                raise system_error("a loop cannot be made")
            self.handle = handle

    @property
    def forked(self) -> bool:
        """Whether this is a child of the process that made the loop."""
        return self._forks != _forks

    def check(self) -> None:
        """StateError when the loop cannot be used any more."""
        if self._forks != _forks:
            raise StateError("made before fork(): a child process may only close it")
        if self.closed:
            raise StateError("the loop is closed")

    def wake(self) -> None:
        """Ends the wait of whoever waits for the loop."""
        lib.smtpconn_loop_wakeup(self.handle)

    def free(self) -> None:
        """Frees the loop, in which nobody is; the second time does nothing."""
        handle = self.handle
        self.handle = None
        lib.smtpconn_loop_free(handle)

    def bury(self, connection: Any) -> None:
        """Frees a connection that was dropped: now, or as soon as nobody is in the loop.

        The garbage collector calls this, in any thread and in the middle of anything.
        """
        self._graves.append(connection)
        self.dig()

    def dig(self) -> None:
        """Frees what was dropped, unless somebody is there, who comes by here afterwards."""
        if self.lent and not self.dispatcher:
            self.lent.clear()
        while self._graves and not self.dispatcher and not self.studies:
            try:
                connection = self._graves[0]
                del self._graves[0]
            except IndexError:  # Another thread was here.
                return
            self.turns += 1
            lib.smtpconn_free(connection)

    def __del__(self) -> None:
        if self.handle is not None:
            self.free()

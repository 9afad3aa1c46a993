"""The life of a connection: made, driven by a loop, closed."""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Callable, Final, NoReturn, Optional

from . import _events, _log
from ._constants import ErrorCode
from ._errors import StateError
from ._failure import check, read_error, system_error
from ._library import lib
from ._loop import SLICE, Loop
from ._operation import Operation
from ._options import Options
from ._outcome import SMTPConnError
from ._report import report
from ._state import ConnectionState
from ._text import decode

if TYPE_CHECKING:
    from ._auth import Login
    from ._ffi import LoopHandle, OptionsHandle
    from ._hooks import Hook
    from ._log import AnyLogger
    from ._operation import Report
    from ._reading import Reading


#: How a connection can be lost.  While quitting that is no error: nothing else was to be done.
_LOSSES: Final = frozenset(
    (
        ErrorCode.ECONNECTION,
        ErrorCode.ESOCKET,
        ErrorCode.ETIMEDOUT,
        ErrorCode.ETLS,
        ErrorCode.EPROTOCOL,
    )
)

#: Hooks whose exception is the reason why the operation failed.
DECISIVE: Final = ("tls_key_password", "tls_context_callback")


class DrivenConnection(ConnectionState):
    """Everything about a connection but what is said over it."""

    # Before __init__ is through, and when it raises.
    _handle = None
    #: From the connect event on, and for ever.
    _established = False
    _over = False
    _label = ""

    def __init__(
        self,
        loop: Optional[Loop],
        logger: Optional[AnyLogger],
        on_connect: Optional[Callable[[Any], object]],
        on_error: Optional[Callable[[Any, SMTPConnError], object]],
        on_end: Optional[Callable[[Any], object]],
        on_token: Optional[Callable[[Any, str, Optional[int]], object]],
    ) -> None:
        self._logger = _log.LOGGER if logger is None else logger
        # `Connection` has their types: it is what they are called with.
        self.on_connect = on_connect
        self.on_error = on_error
        self.on_end = on_end
        self.on_token = on_token
        #: Kept for the library, which knows them by number only.
        self._hooks: list[Hook] = []
        self._started = False
        self._quitting = False
        #: Whether an operation was lost with the connection.
        self._lost_work = False
        self._own_loop = loop is None
        # Last, as it may fail.
        self._loop = self._loop_for(loop)

    def _loop_for(self, loop: Optional[Loop]) -> Loop:
        return Loop() if loop is None else loop

    def _new(self, options: OptionsHandle, loop: Optional[LoopHandle]) -> Any:
        return lib.smtpconn_new(options, loop)

    def _make(
        self, options: Mapping[str, object], tls_session: Optional[bytes], *, with_log: bool
    ) -> None:
        #: Kept as long as the connection: the library puts TLS sessions there.
        self._options = Options(options, tls_session, self)
        try:
            self._open(self._options.handle, with_log)
        except BaseException:
            self._options.free()
            raise
        self._loop._connections.add(self)

    def _open(self, options: OptionsHandle, with_log: bool) -> None:
        with self._loop._core as loop:
            handle = self._new(options, loop)
            if not handle:
                error = read_error(lib.smtpconn_options_last_error(options))
                raise error or system_error("a connection cannot be made")
            self._handle = handle
            self._finalizer = weakref.finalize(self, self._loop._core.bury, handle)
            self._finalizer.atexit = False
            host = decode(lib.smtpconn_options_host(options) or b"")
            path = decode(lib.smtpconn_options_socket_path(options))
            self._label = path or f"{host}:{lib.smtpconn_options_port(options)}"
            _events.attach(self, handle, with_log=with_log)

    # Operations

    def _start(
        self,
        function: Callable[..., int],
        trampoline: Any,
        report: Optional[Report],
        *arguments: Any,
        reading: Optional[Reading] = None,
        login: Optional[Login] = None,
        quits: bool = False,
    ) -> Operation:
        self._open_handle()
        with self._loop._core:
            handle = self._open_handle()
            operation = Operation(self, self._loop, report, reading, login, quits=quits)
            try:
                status = function(handle, *arguments, trampoline, operation.token)
                check(status, lib.smtpconn_last_error, handle)
            except BaseException:
                operation.forget()
                raise
            self._quitting = self._quitting or quits
        return operation

    def _wait(
        self, start: Callable[[], Operation], decisive: tuple[str, ...] = DECISIVE
    ) -> Operation:
        """Starts an operation, drives the loop until it is over, and raises what failed.

        What the hooks named in `decisive` raised is raised too; that of others is reported.
        """
        if self._loop._core.dispatching_here:
            raise StateError("a method that waits was called inside of a callback: use start_...")
        try:
            operation = start()
        except Exception:
            raise  # Refused: nothing has begun, and nothing is lost.
        except BaseException:
            self.close()
            raise
        try:
            self._drive(operation)
        except BaseException:
            self.close()
            raise
        try:
            self._conclude(operation, decisive)
        except Exception:
            raise
        except BaseException:  # Ctrl-C in a function of the program.
            self.close()
            raise
        return operation

    def _conclude(self, operation: Operation, decisive: tuple[str, ...]) -> None:
        cause = None if operation.error is None else operation.source_failure
        for failure in self._loop._take_failures(self):
            if failure.where in decisive and cause is None:
                cause = failure.error
            else:
                _ignore(failure.error, failure.where)
        if operation.error is None and operation.source_failure is not None:
            _ignore(operation.source_failure, "the source")
        if cause is not None:
            _add_context(cause, operation.error)
            raise cause
        if operation.error is not None:
            raise operation.error

    def _drive(self, operation: Operation) -> None:
        try:
            while not operation.done:
                self._loop._advance(SLICE, operation)
            if not (self._over or self.closed or self.is_open):
                # It ended the connection: the events of that come with it.
                self._loop._advance(0)
        except StateError:
            # Another thread closed the connection, and its loop, between two looks.
            if not operation.done:
                raise

    def _is_busy(self) -> bool:
        """Whether an operation is under way."""
        return bool(self._operations())

    def _current_login(self) -> Optional[Operation]:
        """The login that is under way: operations are carried out in order."""
        return next((each for each in self._operations() if each.login is not None), None)

    def _operations(self) -> list[Operation]:
        """Its own that are under way, in the order in which they were started."""
        pending = list(self._loop._pending.values())
        return [each for each in pending if isinstance(each, Operation) and each.connection is self]

    def _awaits_hello(self) -> bool:
        """Whether the server will say again what it offers, after a login that is under way."""
        again = lib.smtpconn_options_hello_after_login(self._options.handle)
        return bool(again) and self._current_login() is not None

    # The way out

    def close(self) -> None:
        """Closes at once, without QUIT; the second time does nothing.

        What is under way ends with CancelledError before this returns.  Nothing but `closed` and
        the `is_` properties can be used afterwards.
        """
        if self._handle is None:
            return
        if self._loop._core.forked:
            self._abandon()
        else:
            self._free()
        if self._own_loop:
            self._loop._close_when_idle()
        for failure in self._loop._take_failures(self):
            _ignore(failure.error, failure.where)

    def _abandon(self) -> None:
        """In a child process: only the parent may tell the callbacks."""
        self._loop._pending.clear()
        self._options.free()
        handle, self._handle = self._handle, None
        self._finalizer.detach()
        self._loop._core.bury(handle)

    def _free(self) -> None:
        with self._loop._core, self._loop._core.callbacks():
            handle, self._handle = self._handle, None
            if handle is None:
                return
            self._finalizer.detach()
            lib.smtpconn_free(handle)
            self._options.free()
            # The library tells of no event any more.
            try:
                self._ended()
            except BaseException as error:
                self._loop._failed(self, error, "on_end")

    # Events

    def _connected(self) -> None:
        self._loop._activity += 1
        self._established = True
        if self.on_connect is not None:
            self.on_connect(self)

    def _broken(self, error: Optional[SMTPConnError]) -> None:
        self._loop._activity += 1
        if error is not None and self._quitting and not self._lost_work and self._is_loss(error):
            return
        if self.on_error is not None and error is not None:
            self.on_error(self, error)

    def _ended(self) -> None:
        self._loop._activity += 1
        if self._over or not self._started:
            return
        self._over = True
        if self.on_end is not None:
            self.on_end(self)

    def _got_token(self, token: str, expires: Optional[int]) -> None:
        self._loop._activity += 1
        if self.on_token is not None:
            self.on_token(self, token, expires)

    def _is_loss(self, error: SMTPConnError) -> bool:
        """Whether a connection that was there was lost."""
        return self._established and error.code in _LOSSES

    def _logged(self, level: int, kind: int, text: bytes) -> None:
        _log.write(self._logger, level, kind, text)

    # Python's own

    def __del__(self, _warn: Callable[..., None] = warnings.warn) -> None:
        # The library cannot be reached: the garbage collector may come in the middle of anything.
        open_still = self._handle is not None and self._established and not self._over
        ending = self._quitting or self._lost_work
        if open_still and not ending and not self._loop._core.forked:
            what = f"<smtpconn.Connection {self._label}>"
            _warn(f"{what} was left open", ResourceWarning, source=self)

    def __repr__(self) -> str:
        if self.closed:
            state = "closed"
        elif self.is_open:
            state = "open, TLS" if self.is_secure else "open"
        else:
            state = "over" if self._over else "not connected"
        return f"<smtpconn.Connection {self._label} {state}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a connection can be neither copied nor pickled")


def _add_context(error: BaseException, context: Optional[BaseException]) -> None:
    """At the end of what `error` has as its context already."""
    while error.__context__ is not None:
        error = error.__context__
    if error is not context:
        error.__context__ = context


def _ignore(error: BaseException, where: str) -> None:
    if not isinstance(error, Exception):
        raise error  # Ctrl-C is for the whole program.
    report(error, where)

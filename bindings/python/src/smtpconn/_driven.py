"""The life of a connection: made, driven by a loop, closed."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Mapping
from ctypes import ArgumentError
from typing import TYPE_CHECKING, Any, Callable, Final, NoReturn, Optional

from . import _events, _keep, _log
from ._constants import ErrorCode
from ._delivery import Call
from ._errors import StateError
from ._failure import bare_error, read_error, system_error
from ._library import lib
from ._loop import Loop
from ._operation import Operation
from ._options import Options
from ._outcome import SMTPConnError
from ._release import collect
from ._report import report
from ._result import DONE, ENDED, REPLY, SENT
from ._state import ConnectionState
from ._text import decode

if TYPE_CHECKING:
    from ._auth import Login
    from ._ffi import ConnHandle, LoopHandle, OptionsHandle
    from ._hooks import Hook
    from ._log import AnyLogger
    from ._operation import Report
    from ._reading import Reading


_KEEPERS: Final = {DONE: _keep.DONE, SENT: _keep.SENT, REPLY: _keep.REPLIED}

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
    #: Whether all that `close()` does was done.
    _is_shut = False
    _token = 0
    #: The number of the event that is its end.
    _end: Optional[int] = None
    _on_progress: Optional[Callable[[Any, int, Optional[int]], object]] = None
    #: Whether it cannot connect again after its end.
    _connects_once = True

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
        # Last, as it may fail.
        self._loop = self._loop_for(loop)

    def _loop_for(self, loop: Optional[Loop]) -> Loop:
        if loop is None:
            loop = Loop()
            loop._is_own = True
        return loop

    def _new(self, options: OptionsHandle, loop: Optional[LoopHandle]) -> Any:
        return lib.smtpconn_new(options, loop)

    def _make(
        self, options: Mapping[str, object], tls_session: Optional[bytes], *, with_log: bool
    ) -> None:
        #: Kept as long as the connection: the library puts TLS sessions there.
        self._options = Options(options, tls_session, self)
        self._with_log = with_log
        try:
            self._open(self._options.handle, with_log)
        except BaseException:
            self._options.free()
            raise
        self._loop._connections.add(self)

    def _open(self, options: OptionsHandle, with_log: bool) -> None:
        core = self._loop._core
        core.check()
        with core.guard:
            handle = self._new(options, core.handle)
            if not handle:
                error = read_error(lib.smtpconn_options_last_error(options))
                raise error or system_error("a connection cannot be made")
            self._handle = handle
        host = decode(lib.smtpconn_options_host(options) or b"")
        path = decode(lib.smtpconn_options_socket_path(options))
        self._label = path or f"{host}:{lib.smtpconn_options_port(options)}"
        self._token = _events.attach(self, handle, with_log=with_log)
        if self._on_progress is not None:
            _events.watch_progress(handle, self._token, wanted=True)

    def _renew(self) -> None:
        """Another connection of the library, from the same options: each connects only once."""
        self._check()
        with self._loop._core.guard:
            if not self._over:
                return  # Another thread was here.
            old, token = self._handle, self._token
            self._open(self._options.handle, self._with_log)
            self._established = self._over = self._started = False
            self._quitting = self._lost_work = False
            self._end = None
        _events.detach(token)
        self._loop._core.bury(old)

    # Operations

    def _start(
        self,
        function: Callable[..., int],
        kind: int,
        report: Optional[Report],
        *arguments: Any,
        reading: Optional[Reading] = None,
        login: Optional[Login] = None,
        quits: bool = False,
    ) -> Operation:
        self._check()
        operation = Operation(self, self._loop, report, kind, reading, login, quits=quits)
        status = 0
        try:
            with self._loop._core.guard:
                # No signal handler comes between these two lines.
                operation.started = True
                status = function(self._handle, *arguments, _KEEPERS[kind], operation.token)
                if status < 0:
                    raise self._study(_last_error) or bare_error(status)
        except BaseException as error:
            if status < 0 or not operation.started or isinstance(error, ArgumentError):
                operation.forget()
            raise  # A signal handler raised when it had been started: it stays pending.
        self._quitting = self._quitting or quits
        # Whoever runs the loop goes on, when a callback of the last operation has started this.
        self._loop._driver.is_pending = True
        return operation

    def _send_packed(
        self, addresses: bytes, content: bytes, report: Optional[Report]
    ) -> Optional[Operation]:
        """A send in one call; None when it was refused."""
        self._check()
        operation = Operation(self, self._loop, report, SENT, None, None, content)
        room, size, token = len(addresses), len(content), operation.token
        send, kept = lib.smtpconn_send_packed, _keep.SENT
        operation.started = True
        if send(self._handle, None, addresses, room, content, size, 1, kept, token) < 0:
            operation.forget()
            return None
        self._loop._driver.is_pending = True
        return operation

    def _wait(
        self, start: Callable[[], Operation], decisive: tuple[str, ...] = DECISIVE
    ) -> Operation:
        """Starts an operation, drives the loop until it is over, and raises what failed.

        What the hooks named in `decisive` raised is raised too; that of others is reported.
        """
        self._loop._driver.refuse_inside(
            "a method that waits was called inside of a callback: use start_..."
        )
        try:
            operation = start()
        except BaseException as error:
            # Refused: nothing has begun, and nothing is lost.  Unless a signal handler raised it.
            if not isinstance(error, Exception) or self._waits_here():
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
        # None of these may refer to what is raised, whose traceback refers to them.
        error, operation.error = operation.error, None
        source = operation.take_failure()
        cause = None if error is None else source
        failure = None
        try:
            for failure in self._loop._delivery.take_failures(self):
                if failure.where in decisive and cause is None:
                    cause = failure.error
                else:
                    _ignore(failure.error, failure.where)
            if error is None and source is not None:
                _ignore(source, "the source")
            if cause is not None:
                _add_context(cause, error)
                raise cause
            if error is not None:
                raise error
        finally:
            del error, source, cause, failure

    def _drive(self, operation: Operation) -> None:
        try:
            self._loop._drive(operation)
            if not (self._over or self.closed or self.is_open):
                # It ended the connection: the events of that come with it.
                self._loop._driver.advance()
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

    def _waits_here(self) -> bool:
        """Whether an operation is under way that this thread would wait for."""
        here = threading.get_ident()
        return any(each.started and each.thread == here for each in self._operations())

    def _awaits_hello(self) -> bool:
        """Whether the server will say again what it offers, after a login that is under way."""
        again = lib.smtpconn_options_hello_after_login(self._options.handle)
        return bool(again) and self._current_login() is not None

    # The way out

    def close(self) -> None:
        """Closes at once, without QUIT; the second time does nothing.

        What is under way ends with CancelledError before this returns.  Nothing but `closed` and
        the `is_` properties can be used afterwards.  From any thread, and from signal handlers.
        """
        if self._loop._core.forked:
            self._abandon()
            return
        if self._handle is None and self._loop._delivery.is_here:
            return  # Whoever closed it carries on.
        interruption: Optional[BaseException] = None
        try:
            while not self._is_shut:
                try:
                    self._shut()
                except Exception:
                    raise
                except BaseException as error:
                    # Such as Ctrl-C, which is raised when everything is closed, and told.
                    interruption = interruption or error
            if interruption is not None:
                raise interruption
        finally:
            del interruption
        for failure in self._loop._delivery.take_failures(self):
            _ignore(failure.error, failure.where)

    def _shut(self) -> None:
        """All of it, or what was interrupted before."""
        loop = self._loop
        self._free()
        loop._lose(self)
        if self._started and self._end is None:
            # The library reports no event any more.
            loop._delivery.items.append(_events.Event(self, ENDED))
        loop._delivery.deliver()
        loop._delivery.raise_fatal()
        collect(loop)
        _events.detach(self._token)
        self._options.free()
        loop._driver.notify()
        loop._leave()
        self._is_shut = True

    def _free(self) -> None:
        """Its last records are there afterwards."""
        core = self._loop._core
        with core.guard:
            handle = self._handle
            self._handle = None
            if not core.studies:
                core.turns += 1
                lib.smtpconn_free(handle)
            else:  # A signal handler closes what is just being read.
                core.bury(handle)
        self._loop._fetch()

    def _abandon(self) -> None:
        """In a child process: only the parent may tell the callbacks."""
        self._loop._pending.clear()
        if self._handle is None:
            return
        self._options.free()
        handle, self._handle = self._handle, None
        self._loop._core.bury(handle)
        if self._loop._is_own:
            self._loop._core.closed = True
            self._loop._core.free()

    # Events

    def _connected(self) -> Optional[Call]:
        self._established = True
        return self._call(self.on_connect, "on_connect")

    def _broken(self, error: Optional[SMTPConnError]) -> Optional[Call]:
        if error is None:
            return None
        if self._quitting and not self._lost_work and self._is_loss(error):
            return None
        return self._call(self.on_error, "on_error", error)

    def _ended(self, number: int) -> Optional[Call]:
        if not self._started or self._end not in (None, number):
            return None
        self._end = number
        self._over = True
        return self._call(self.on_end, "on_end")

    def _got_token(self, token: str, expires: Optional[int]) -> Optional[Call]:
        return self._call(self.on_token, "on_token", token, expires)

    def _progressed(self, sent: int, total: Optional[int]) -> Optional[Call]:
        return self._call(self._on_progress, "on_progress", sent, total)

    def _watch_progress(
        self, handler: Optional[Callable[[Any, int, Optional[int]], object]]
    ) -> None:
        self._on_progress = handler
        if self._handle is not None:
            _events.watch_progress(self._handle, self._token, wanted=handler is not None)

    def _call(
        self, handler: Optional[Callable[..., object]], where: str, *arguments: object
    ) -> Optional[Call]:
        return None if handler is None else Call(handler, (self, *arguments), where)

    def _logged(self, level: int, kind: int, text: bytes, dropped: int) -> Optional[Call]:
        return Call(_log.write, (self._logger, level, kind, text, dropped), "the logger")

    @property
    def _is_over(self) -> bool:
        return self._over or self.closed

    def _is_loss(self, error: SMTPConnError) -> bool:
        """Whether a connection that was there was lost."""
        return self._established and error.code in _LOSSES

    # Python's own

    def __del__(self, _warn: Callable[..., None] = warnings.warn) -> None:
        handle = self._handle
        if handle is None:
            return
        _events.detach(self._token)
        core = self._loop._core
        ending = self._over or self._quitting or self._lost_work
        if self._established and not ending and not core.forked:
            what = f"<smtpconn.Connection {self._label}>"
            _warn(f"{what} was left open", ResourceWarning, source=self)
        self._handle = None
        core.bury(handle)

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


def _last_error(handle: ConnHandle) -> Optional[SMTPConnError]:
    return read_error(lib.smtpconn_last_error(handle))


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

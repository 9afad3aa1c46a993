"""The properties of a connection."""

from __future__ import annotations

from typing import Any, Callable, Optional

from ._certificate import Certificate, certificates_of
from ._constants import Stage, TimePart
from ._errors import OptionsError, StateError
from ._ffi import ConnHandle
from ._library import lib
from ._loop import Loop
from ._text import decode, encode


class ConnectionState:
    """The read-only side of a connection.

    After `close()` the three `is_` properties are False, `stage` is CLOSED, and everything else
    raises StateError.
    """

    _handle: Optional[ConnHandle]
    _loop: Loop

    @property
    def loop(self) -> Loop:
        """The loop that drives the connection."""
        return self._loop

    @property
    def closed(self) -> bool:
        """Whether `close()` was called."""
        return self._handle is None

    @property
    def stage(self) -> Stage:
        """The stage of the connection."""
        return Stage.CLOSED if self._handle is None else Stage(self._ask(lib.smtpconn_stage))

    @property
    def id(self) -> Optional[str]:
        """A random identifier, for logs that mix several connections."""
        return self._text(lib.smtpconn_id)

    @property
    def client_name(self) -> Optional[str]:
        """The name sent in EHLO; None before there is a connection."""
        return self._text(lib.smtpconn_client_name)

    @property
    def is_open(self) -> bool:
        """True from the connect event to the end event."""
        return self._flag(lib.smtpconn_is_open)

    @property
    def is_secure(self) -> bool:
        """True while TLS protects the connection."""
        return self._flag(lib.smtpconn_is_secure)

    @property
    def is_authenticated(self) -> bool:
        """True after a successful login."""
        return self._flag(lib.smtpconn_is_authenticated)

    @property
    def tls_version(self) -> Optional[str]:
        """ "TLSv1.3"; None without TLS."""
        return self._text(lib.smtpconn_tls_version)

    @property
    def tls_cipher(self) -> Optional[str]:
        """The cipher suite; None without TLS."""
        return self._text(lib.smtpconn_tls_cipher)

    @property
    def tls_peer_name(self) -> Optional[str]:
        """The name in the certificate that matched; None when no name was checked."""
        return self._text(lib.smtpconn_tls_peer_name)

    @property
    def tls_resumed(self) -> bool:
        """Whether the session of an earlier connection was resumed: `tls_session`."""
        return bool(self._ask(lib.smtpconn_tls_resumed))

    @property
    def tls_certificates(self) -> list[Certificate]:
        """The certificates that the server has sent, its own first; none without TLS."""
        return list(self._study(certificates_of))

    @property
    def remote_address(self) -> Optional[str]:
        """Address and port of the server, "192.0.2.1:25"; None before there is one."""
        return self._text(lib.smtpconn_remote_address)

    @property
    def timings(self) -> dict[TimePart, float]:
        """Seconds that each part took, as far as it has taken place; of logins and messages the
        sums.  A `Result` has those of its message."""

        def read(connection: ConnHandle) -> dict[TimePart, float]:
            times = {part: lib.smtpconn_time(connection, part) for part in TimePart}
            return {part: time / 1000 for part, time in times.items() if time >= 0}

        result: dict[TimePart, float] = self._study(read)
        return result

    @property
    def last_response(self) -> Optional[str]:
        """The last reply, its lines joined by LF; None before the first."""
        return self._text(lib.smtpconn_last_response)

    @property
    def capability_lines(self) -> list[str]:
        """The capabilities of the server, line by line as received."""

        def lines(connection: ConnHandle) -> list[str]:
            count: int = lib.smtpconn_capability_count(connection)
            found = (lib.smtpconn_capability_line(connection, index) for index in range(count))
            return [decode(line) for line in found if line is not None]

        return list(self._study(lines))

    @property
    def capabilities(self) -> dict[str, str]:
        """The capabilities of the server: keywords in upper case and their parameters."""
        found: dict[str, str] = {}
        for line in self.capability_lines:
            keyword, _, parameters = line.partition(" ")
            # When a keyword is offered twice, the library uses the first.
            if "=" not in keyword:
                found.setdefault(keyword.upper(), parameters.strip())
        # Older servers write "AUTH=LOGIN PLAIN", which the library converts.
        mechanisms = self._text(lambda handle: lib.smtpconn_capability_parameters(handle, b"AUTH"))
        if mechanisms is not None:
            found["AUTH"] = mechanisms
        return found

    def has_capability(self, keyword: str) -> bool:
        """Whether the server offered a keyword, in any case."""
        name = encode(keyword, "keyword", OptionsError)
        return bool(self._ask(lib.smtpconn_has_capability, name))

    def _ask(self, question: Callable[..., Any], *arguments: object) -> Any:
        """One call of the library.  Several would not be one step: see `Core`."""
        self._check()
        answer = question(self._handle, *arguments)
        # Without a handle the library has answered something.
        self._check()
        return answer

    def _study(self, question: Callable[[Any], Any]) -> Any:
        """Several calls of the library, during which the connection is not freed."""
        core = self._loop._core
        with core.guard:
            core.studies += 1
            try:
                self._check()
                return question(self._handle)
            finally:
                core.studies -= 1
                core.dig()

    def _text(self, question: Callable[..., Any]) -> Optional[str]:
        octets: Optional[bytes] = self._ask(question)
        return decode(octets)

    def _flag(self, question: Callable[..., Any]) -> bool:
        try:
            return bool(self._ask(question))
        except StateError:
            if self._handle is None:
                return False
            raise

    def _check(self) -> None:
        """StateError when the connection cannot be used any more."""
        if self._handle is None:
            raise StateError("the connection is closed")
        self._loop._core.check()

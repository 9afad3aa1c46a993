"""The properties of a connection in an event loop: those of `Connection`."""

from __future__ import annotations

from typing import Optional

from ._certificate import Certificate
from ._connection import Connection
from ._constants import Stage, TimePart


class AsyncState:
    """The read-only side of a connection.

    After `close()` the three `is_` properties are False, `stage` is CLOSED, and everything else
    raises StateError.
    """

    _connection: Connection

    @property
    def closed(self) -> bool:
        """Whether `close()` was called."""
        return self._connection.closed

    @property
    def stage(self) -> Stage:
        """The stage of the connection."""
        return self._connection.stage

    @property
    def id(self) -> Optional[str]:
        """A random identifier, for logs that mix several connections."""
        return self._connection.id

    @property
    def client_name(self) -> Optional[str]:
        """The name sent in EHLO; None before there is a connection."""
        return self._connection.client_name

    @property
    def is_open(self) -> bool:
        """True from the connect event to the end event."""
        return self._connection.is_open

    @property
    def is_secure(self) -> bool:
        """True while TLS protects the connection."""
        return self._connection.is_secure

    @property
    def is_authenticated(self) -> bool:
        """True after a successful login."""
        return self._connection.is_authenticated

    @property
    def tls_version(self) -> Optional[str]:
        """ "TLSv1.3"; None without TLS."""
        return self._connection.tls_version

    @property
    def tls_cipher(self) -> Optional[str]:
        """The cipher suite; None without TLS."""
        return self._connection.tls_cipher

    @property
    def tls_peer_name(self) -> Optional[str]:
        """The name in the certificate that matched; None when no name was checked."""
        return self._connection.tls_peer_name

    @property
    def tls_resumed(self) -> bool:
        """Whether the session of an earlier connection was resumed: `tls_session`."""
        return self._connection.tls_resumed

    @property
    def tls_certificates(self) -> list[Certificate]:
        """The certificates that the server has sent, its own first; none without TLS."""
        return self._connection.tls_certificates

    @property
    def remote_address(self) -> Optional[str]:
        """Address and port of the server, "192.0.2.1:25"; None before there is one."""
        return self._connection.remote_address

    @property
    def timings(self) -> dict[TimePart, float]:
        """Seconds that each part took, as far as it has taken place; of logins and messages the
        sums.  A `Result` has those of its message."""
        return self._connection.timings

    @property
    def last_response(self) -> Optional[str]:
        """The last reply, its lines joined by LF; None before the first."""
        return self._connection.last_response

    @property
    def capability_lines(self) -> list[str]:
        """The capabilities of the server, line by line as received."""
        return self._connection.capability_lines

    @property
    def capabilities(self) -> dict[str, str]:
        """The capabilities of the server: keywords in upper case and their parameters."""
        return self._connection.capabilities

    def has_capability(self, keyword: str) -> bool:
        """Whether the server offered a keyword, in any case."""
        return self._connection.has_capability(keyword)

    def take_tls_session(self) -> Optional[bytes]:
        """Removes and returns the newest TLS session of the server; None without one.

        It is a SECRET, for the `tls_session` of another connection to the same server.
        """
        return self._connection.take_tls_session()

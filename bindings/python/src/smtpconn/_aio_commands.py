"""Commands with one reply, for a connection in an event loop."""

from __future__ import annotations

from typing import Any, Callable

from ._aio_driven import AsyncDriven
from ._aio_operation import Awaited
from ._commands import Attributes, _attributes, _line, _text
from ._library import lib
from ._outcome import Reply


class AsyncCommands(AsyncDriven):
    """What can be asked of a server besides sending mail.

    A method returns the reply, and raises CommandError when the server refused or does not offer
    the command; the connection can then be used as before.  A command whose task is cancelled is
    taken back when it has not been sent; else its reply is dropped.
    """

    async def noop(self) -> Reply:
        """NOOP: whether the server still answers."""
        return await self._command(lib.smtpconn_noop)

    async def verify(self, text: str) -> Reply:
        """VRFY: whether there is such a user or address; see `Connection.verify`."""
        return await self._command(lib.smtpconn_verify, _text(text, "text"))

    async def expand(self, name: str) -> Reply:
        """EXPN: the members of a mailing list, one in each of the `lines` of the reply."""
        return await self._command(lib.smtpconn_expand, _text(name, "name"))

    async def etrn(self, node: str) -> Reply:
        """ETRN (RFC 1985): asks the server to deliver now what it has for a domain."""
        return await self._command(lib.smtpconn_etrn, _text(node, "node"))

    async def hello(self) -> Reply:
        """EHLO again: the capabilities are those of this reply.  Never needed for a send."""
        return await self._command(lib.smtpconn_hello)

    async def xclient(self, attributes: Attributes) -> Reply:
        """XCLIENT: the server takes this connection for that of another client.

        See `Connection.xclient`.
        """
        return await self._command(lib.smtpconn_xclient, *_attributes(attributes))

    async def xforward(self, attributes: Attributes) -> Reply:
        """XFORWARD: who sent the next message, for the server's log.  See `xclient`."""
        return await self._command(lib.smtpconn_xforward, *_attributes(attributes))

    async def command(self, line: str, *, hidden: bool = False) -> Reply:
        """A command that has no method here: one line, with one reply.

        Refused are those that have a method, since more than the reply depends on them.  With
        `hidden` all after the first word is kept out of the log.
        """
        return await self._command(lib.smtpconn_command, *_line(line, hidden))

    async def _command(self, function: Callable[..., int], *arguments: Any) -> Reply:
        def start(callback: Callable[..., None]) -> Any:
            return self._connection._start_command(function, callback, *arguments)

        return await self._perform(self._start(Awaited[Reply](self), start))

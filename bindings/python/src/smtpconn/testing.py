"""An SMTP or LMTP server for the tests of your own program.

    from smtpconn.testing import Server

    with Server() as server:
        server.reply("RCPT TO:<nobody@*", "550 5.1.1 no such user")
        program_under_test(server.host, server.port)
        assert server.messages[0].recipients == ("bob@example.net",)

It listens on this machine only, keeps what it receives in memory and delivers nothing.  It serves
any client, not only this package.  With pytest use the fixture of `smtpconn.pytest`.
"""

from __future__ import annotations

import os
import socket
import tempfile
import threading
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from types import TracebackType
from typing import Optional, TypedDict, TypeVar, Union

from ._served import Plan, ReceivedMessage, Session
from ._throwaway import make_identity

__all__ = ["ClientOptions", "Hold", "ReceivedMessage", "Server", "ServerOptions"]

#: What is offered in the reply to EHLO, besides STARTTLS and AUTH.
CAPABILITIES = (
    "PIPELINING",
    "SIZE 33554432",
    "8BITMIME",
    "SMTPUTF8",
    "ENHANCEDSTATUSCODES",
    "DSN",
    "CHUNKING",
)

Own = TypeVar("Own", bound="Server")
Path = Union[str, os.PathLike[str]]


class ServerOptions(TypedDict, total=False):
    """The arguments of a `Server` in a dict: `Server(**options)`."""

    starttls: bool
    secure: bool
    lmtp: bool
    users: Optional[Mapping[str, str]]
    mechanisms: str
    capabilities: Iterable[str]
    socket_path: Optional[Path]


class ClientOptions(TypedDict, total=False):
    """The part of the options of a `Connection` that says where a server is."""

    host: str
    port: int
    socket_path: str
    lmtp: bool
    secure: bool
    require_tls: bool
    tls_ca: str
    tls_servername: str


class Hold:
    """Commands that the server does not answer until `release()`; see `Server.hold`.

    Used in a `with`, it releases at the end.
    """

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._reached = threading.Event()
        self._released = threading.Event()

    def wait(self, timeout: float = 30.0) -> None:
        """Waits until the server has received such a command.

        TimeoutError after `timeout` seconds.
        """
        if not self._reached.wait(timeout):
            raise TimeoutError(f"no {self._pattern!r} was received within {timeout} s")

    def release(self) -> None:
        """Lets the server answer, now and from now on."""
        self._released.set()

    def _pass(self) -> None:
        self._reached.set()
        self._released.wait()

    def __enter__(self) -> Hold:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.release()


class _Rule:
    """What is done with commands that match a pattern."""

    def __init__(self, pattern: str, plan: Plan, times: Optional[int]) -> None:
        if times is not None and times < 1:
            raise ValueError(f"times must be at least 1, or None for always: {times}")
        self.pattern = pattern
        self.plan = plan
        self.left = times


def _matches(pattern: str, event: str) -> bool:
    """Brackets are those of address literals: they have no other meaning."""
    return fnmatchcase(event.lower(), pattern.lower().replace("[", "[[]") + "*")


class Server:
    """A server on a free port of 127.0.0.1, or on the Unix domain socket `socket_path`.

    It accepts every message, until `reply`, `defer`, `cut` or `hold` say something else.  Each
    connection has a thread; all methods and attributes may be used from any thread.

    - `starttls`: STARTTLS is offered.  `secure`: TLS from the first byte.  The certificate is made
      for this server; clients trust it by `ca` or `ca_file`.
    - `lmtp`: LMTP, with a final reply for each recipient.
    - `users`: names with their passwords, or with the access tokens of XOAUTH2 and OAUTHBEARER.
      AUTH is then offered, with `mechanisms`.  Nobody has to log in.
    - `capabilities`: what the reply to EHLO offers, besides STARTTLS and AUTH.

    A pattern is the beginning of a command, where `*` and `?` stand for any characters, in upper
    or lower case: "MAIL", "RCPT TO:<bob@example.net>", "RCPT TO:<*@example.net>".  Two patterns
    are no commands: "greeting", and "content", which is the end of a message.  With LMTP there is
    one for each recipient, "content <bob@example.net>".
    """

    def __init__(
        self,
        *,
        starttls: bool = False,
        secure: bool = False,
        lmtp: bool = False,
        users: Optional[Mapping[str, str]] = None,
        mechanisms: str = "PLAIN LOGIN XOAUTH2 OAUTHBEARER",
        capabilities: Iterable[str] = CAPABILITIES,
        socket_path: Optional[Path] = None,
    ) -> None:
        if starttls and secure:
            raise ValueError("starttls and secure exclude each other: STARTTLS begins without TLS")
        self._starttls = starttls
        self._secure = secure
        self._lmtp = lmtp
        self._users = None if users is None else dict(users)
        self._mechanisms = mechanisms.upper().split()
        self._capabilities = tuple(capabilities)
        self._path = None if socket_path is None else os.fspath(socket_path)
        self._changed = threading.Condition()
        self._rules: list[_Rule] = []
        self._holds: list[Hold] = []
        self._messages: list[ReceivedMessage] = []
        self._commands: list[str] = []
        self._accepted = 0
        self._kept = 0
        self._sessions: dict[Session, threading.Thread] = {}
        self._closed = False
        self._identity = make_identity() if starttls or secure else None
        self._ca_file: Optional[str] = None
        self._listener = self._listen()
        self._thread = threading.Thread(target=self._accept, name="smtpconn.testing", daemon=True)
        self._thread.start()

    def _listen(self) -> socket.socket:
        if self._path is None:
            return socket.create_server(("127.0.0.1", 0))
        listener = socket.socket(socket.AF_UNIX)
        try:
            listener.bind(self._path)
            listener.listen()
        except BaseException:
            listener.close()
            raise
        return listener

    # Where it is

    @property
    def host(self) -> str:
        """The address, 127.0.0.1."""
        return "127.0.0.1"

    @property
    def port(self) -> int:
        """The TCP port; 0 with `socket_path`."""
        return 0 if self._path is not None else int(self._listener.getsockname()[1])

    @property
    def ca(self) -> Optional[str]:
        """The certificate in PEM, for `tls_ca`; None without TLS."""
        return None if self._identity is None else self._identity.certificate

    @property
    def ca_file(self) -> Optional[str]:
        """The same as a file, which is there until `close()`."""
        with self._changed:
            if self._ca_file is None and self._identity is not None:
                descriptor, self._ca_file = tempfile.mkstemp(prefix="smtpconn-", suffix=".pem")
                with os.fdopen(descriptor, "w") as file:
                    file.write(self._identity.certificate)
            return self._ca_file

    @property
    def options(self) -> ClientOptions:
        """What a `Connection` to this server needs: `Connection(**server.options)`."""
        options: ClientOptions = {"lmtp": self._lmtp}
        if self._path is not None:
            options["socket_path"] = self._path
        else:
            options["host"], options["port"] = self.host, self.port
        if self._identity is not None:
            options["secure"], options["require_tls"] = self._secure, True
            options["tls_ca"] = self._identity.certificate
            options["tls_servername"] = "localhost"
        return options

    # What it received

    @property
    def messages(self) -> list[ReceivedMessage]:
        """The messages that were accepted, in the order in which they arrived: a copy."""
        with self._changed:
            return list(self._messages)

    @property
    def commands(self) -> list[str]:
        """The commands of all connections; secrets of AUTH too."""
        with self._changed:
            return list(self._commands)

    @property
    def connections(self) -> int:
        """How many connections were accepted."""
        with self._changed:
            return self._accepted

    def wait_for(self, count: int = 1, timeout: float = 30.0) -> list[ReceivedMessage]:
        """Waits until so many messages have arrived, and returns them all.

        TimeoutError after `timeout` seconds, with what was received until then.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._messages) >= count, timeout):
                raise TimeoutError(
                    f"{len(self._messages)} of {count} messages arrived within {timeout} s; "
                    f"the commands were {self._commands}"
                )
            return list(self._messages)

    def clear(self) -> None:
        """Forgets messages, commands and all that was set by `reply`, `defer`, `cut`, `hold`."""
        with self._changed:
            for hold in self._holds:
                hold.release()
            for each in (self._rules, self._holds, self._messages, self._commands):
                each.clear()

    # What it does

    def reply(self, pattern: str, reply: str, times: Optional[int] = None) -> None:
        """Answers such commands with `reply`, the next `times`, or always.

        A reply 4yz or 5yz refuses: the command has no effect.  421 ends the connection too.  With
        2yz or 3yz the command is carried out and only its reply differs.  A reply of several lines
        has all of them with their codes, "250-one\\n250 two".  The newest rule that matches counts.
        """
        lines = tuple(reply.split("\n"))
        for line in lines:
            if not (line[:3].isascii() and line[:3].isdigit()):
                raise ValueError(
                    f"a line of a reply begins with its code, as in '550 no': {line!r}"
                )
        self._add(_Rule(pattern, Plan(reply=lines), times))

    def defer(self, pattern: str, times: Optional[int] = None) -> None:
        """Refuses such commands for now, with 451."""
        self.reply(pattern, "451 4.3.0 try again later", times)

    def cut(self, pattern: str, times: Optional[int] = None, *, after: bool = False) -> None:
        """Closes the connection instead of answering.

        With `after` the command is carried out first, and only its reply is lost.  After "content"
        the server has the message then, and the client cannot know it.
        """
        self._add(_Rule(pattern, Plan(cut=True, after=after), times))

    def hold(self, pattern: str) -> Hold:
        """Lets such commands wait until `release()` of the result, which `close()` calls too."""
        hold = Hold(pattern)
        with self._changed:
            self._holds.append(hold)
        return hold

    def _add(self, rule: _Rule) -> None:
        with self._changed:
            self._rules.append(rule)

    # What sessions ask

    def _plan(self, event: str) -> Plan:
        """What to do with a command; waits as long as it is held."""
        with self._changed:
            holds = [each for each in self._holds if _matches(each._pattern, event)]
        for hold in holds:
            hold._pass()
        with self._changed:
            for rule in reversed(self._rules):
                if rule.left != 0 and _matches(rule.pattern, event):
                    if rule.left is not None:
                        rule.left -= 1
                    return rule.plan
        return Plan()

    def _received(self, command: str) -> None:
        with self._changed:
            self._commands.append(command)
            self._changed.notify_all()

    def _keep(self, message: ReceivedMessage) -> int:
        """The number of the message, for its reply."""
        with self._changed:
            self._messages.append(message)
            self._kept += 1
            self._changed.notify_all()
            return self._kept

    # Its life

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # close() was called.
            if client.family == socket.AF_INET:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            session = Session(
                client,
                plan=self._plan,
                received=self._received,
                keep=self._keep,
                identity=self._identity,
                starttls=self._starttls,
                secure=self._secure,
                lmtp=self._lmtp,
                users=self._users,
                mechanisms=self._mechanisms,
                capabilities=self._capabilities,
            )
            thread = threading.Thread(
                target=self._serve, args=(session,), name="smtpconn.testing", daemon=True
            )
            with self._changed:
                self._accepted += 1
                self._sessions[session] = thread
                if self._closed:
                    session.end()
            thread.start()

    def _serve(self, session: Session) -> None:
        try:
            session.run()
        finally:
            with self._changed:
                self._sessions.pop(session, None)

    def close(self) -> None:
        """Closes the connections and stops listening; the second time does nothing."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            sessions = dict(self._sessions)
            for hold in self._holds:
                hold.release()
            for session in sessions:
                session.end()
        # What makes accept() return; closing the descriptor does not.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        with self._changed:
            sessions.update(self._sessions)
        for thread in sessions.values():
            thread.join()
        for path in (self._path, self._ca_file):
            if path is not None and os.path.exists(path):
                os.unlink(path)

    def __enter__(self: Own) -> Own:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        if self._closed:
            return "<smtpconn.testing.Server closed>"
        return f"<smtpconn.testing.Server {self._path or f'{self.host}:{self.port}'}>"

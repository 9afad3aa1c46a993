"""The library under test, driven line by line: its objects, by name.

The test says what to call and waits for what the callbacks were told; what a line
looks like is told in Tests/c/drive/main.c.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Unpack

from support.drive.connection import Connection
from support.drive.credentials import Mechanism, TokenCallback, Tokens
from support.drive.outcomes import OK, Failure, read_failure
from support.drive.program import BUILD, Program, quote
from support.slowness import MODE

# enum smtpconn_chunking
CHUNKING_OFF, CHUNKING_ON, CHUNKING_OPTIMISTIC = range(3)

Option = str | int | bytes | Path | Mechanism | None


class Drive(Program):
    """One running drive program, and the objects in it."""

    def options(self, **values: Option) -> str:
        """Options with these values; all of them must be accepted. A mechanism stands
        under whatever name: it has its own."""
        name = self.name("o")
        self.call("options", name)
        for option, value in values.items():
            failure = self.set(name, option, value)
            assert failure is None, f"{option}={value!r} was refused: {failure}"
        return name

    def set(self, options: str, option: str, value: Option) -> Failure | None:
        """Sets one option; the failure says why it was refused."""
        if isinstance(value, Mechanism):
            return value.offer(options)
        if isinstance(value, int):
            text = str(int(value))
        else:
            text = quote(str(value) if isinstance(value, Path) else value)
        answer = self.call("set", options, option, text)
        failure = read_failure(answer["error"])
        assert (answer["reply"] == OK) == (failure is None)
        return failure

    def refuses(self, option: str, value: Option, options: str | None = None) -> Failure:
        """Why this value is none; the message names the option."""
        failure = self.set(options or self.options(), option, value)
        assert failure is not None
        assert failure.name == "EOPTIONS"
        assert option in failure.message
        return failure

    def connection(
        self,
        loop: str | None = None,
        **options: Option,
    ) -> Connection:
        """A connection with these options, not connected yet."""
        return self.connection_from(self.options(**options), loop)

    def connection_from(self, options: str, loop: str | None = None) -> Connection:
        """The same with options by name, which may serve several."""
        name = self.name("c")
        answer = self.call("new", name, options, loop or "~")
        assert answer["reply"] == 1, f"refused: {answer['error']}"
        return Connection(self, name)

    def pumped(self, options: str, port: int, kind: str = "whole") -> Connection:
        """A connection without a socket. The program moves its octets to and from this port:
        "whole", "lines" or "octets" at a time."""
        name = self.name("c")
        answer = self.call("pumped", name, options, str(port), kind)
        assert answer["reply"] == 1, f"refused: {answer['error']}"
        return Connection(self, name)

    def take_session(self, options: str) -> bytes | None:
        """The newest TLS session of these options."""
        octets = self.call("take_session", options)["octets"]
        return None if octets is None else bytes.fromhex(octets)

    def add_session(self, options: str, octets: bytes) -> Failure | None:
        """Adds a session; the failure says why it was refused."""
        answer = self.call("add_session", options, quote(octets.hex()))
        failure = read_failure(answer["error"])
        assert (answer["reply"] == OK) == (failure is None)
        return failure

    def refused_connection(self, **options: Option) -> Failure:
        """Why a connection with these options cannot be had."""
        answer = self.call("new", self.name("c"), self.options(**options), "~")
        assert answer["reply"] == 0, "a connection was made"
        failure = read_failure(answer["error"])
        assert failure is not None
        assert failure.name == "EOPTIONS"
        return failure

    def loop(self) -> str:
        name = self.name("l")
        self.call("loop", name)
        return name

    def auth(
        self,
        user: str | bytes | None,
        password: str | bytes | None = None,
        ask: TokenCallback | None = None,
        **tokens: Unpack[Tokens],
    ) -> str:
        name = self.name("a")
        self.call("auth", name, quote(user), quote(password))
        for credential, value in tokens.items():
            result = self.set_credential(name, credential, value)
            assert result == OK, f"{credential}={value!r} was refused: {result}"
        if ask is not None:
            assert self.call("ask", name, ask.tag)["reply"] == OK
        return name

    def set_credential(self, auth: str, credential: str, value: object) -> int:
        """Sets one of Tokens, and returns what the library says."""
        words = []
        for each in value if isinstance(value, tuple) else (value,):
            assert each is None or isinstance(each, int | str | bytes)
            words.append(str(each) if isinstance(each, int) else quote(each))
        return int(self.call("credential", auth, credential, *words)["reply"])

    def envelope(
        self,
        sender: str | bytes | None,
        recipients: list[str] | list[bytes] | list[str | bytes],
        size: int = 0,
        use_8bitmime: int | None = None,
        **values: str | int,
    ) -> str:
        name, failure = self.try_envelope(sender, recipients, size, use_8bitmime)
        assert failure is None, f"the envelope was refused: {failure}"
        for field_name, value in values.items():
            failure = self.describe(name, field_name, value)
            assert failure is None, f"{field_name}={value!r} was refused: {failure}"
        return name

    def describe(
        self, envelope: str, field_name: str, value: str | int | None, index: int | None = None
    ) -> Failure | None:
        """Sets one value of an envelope, or of a recipient by its index; the
        failure says why it was refused."""
        text = str(value) if isinstance(value, int) else quote(value)
        answer = self.call(
            "describe", envelope, field_name, text, "~" if index is None else str(index)
        )
        failure = read_failure(answer["error"])
        assert (answer["reply"] == OK) == (failure is None)
        return failure

    def try_envelope(
        self,
        sender: str | bytes | None,
        recipients: list[str] | list[bytes] | list[str | bytes],
        size: int = 0,
        use_8bitmime: int | None = None,
    ) -> tuple[str, Failure | None]:
        name = self.name("e")
        words = [quote(recipient) for recipient in recipients]
        answer = self.call(
            *["envelope", name, quote(sender), str(size)],
            "~" if use_8bitmime is None else str(int(use_8bitmime)),
            *words,
        )
        return name, read_failure(answer["error"])

    def message(self, content: bytes, way: str = "copy") -> str:
        """A message from memory ("copy" or "borrowed") or a "descriptor"."""
        name = self.name("m")
        assert self.call("message", name, way, self.file(content))["reply"] == 1
        return name

    def reader(self, *pieces: str | bytes) -> str:
        """A message that a callback provides in exactly these pieces. A str is
        "!pause", "!error", "!toomuch" or "!nonsense"."""
        name = self.name("m")
        words = [
            piece if isinstance(piece, str) else quote("@" + self.file(piece)) for piece in pieces
        ]
        assert self.call("message", name, "reader", *words)["reply"] == 1
        return name

    def transcript(self, *kinds: int) -> list[str]:
        """The lines of the log, of these kinds or of all."""
        return [log["text"] for log in self.logs if not kinds or log["kind"] in kinds]


def valgrind() -> list[str]:
    """The command in front of a program to run it under valgrind."""
    return [
        "valgrind",
        *["--quiet", "--leak-check=full", "--show-leak-kinds=definite,indirect,possible"],
        *["--errors-for-leak-kinds=definite,indirect,possible", "--error-exitcode=9"],
        *["--track-fds=no", f"--suppressions={Path(__file__).with_name('valgrind.supp')}"],
    ]


def start(
    mode: str | None = None, before: Sequence[str] = (), descriptors: Sequence[int] = ()
) -> Drive:
    """The drive program as SMTPCONN_TEST_MODE says: plain, valgrind or asan. `before`
    is a command to run it with; it inherits the descriptors."""
    mode = mode or MODE
    if mode == "valgrind":
        return Drive(prefix=[*before, *valgrind()], descriptors=descriptors)
    if mode == "asan":
        drive = Drive(BUILD / "asan" / "drive", [*before], descriptors)
        assert drive.about["asan"] == "yes", "ASan is not on"
        return drive
    if mode == "plain":
        return Drive(prefix=[*before], descriptors=descriptors)
    raise ValueError(f"SMTPCONN_TEST_MODE={mode}: plain, valgrind or asan")

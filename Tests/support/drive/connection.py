"""Connections of the program under test, and the operations that are started on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ParamSpec, Unpack

from support.drive.outcomes import OK, Done, Failure, Json, Result, read_failure
from support.drive.program import Started, quote

if TYPE_CHECKING:
    from support.drive import Drive
    from support.drive.credentials import TokenCallback, Tokens

Arguments = ParamSpec("Arguments")


class Connection:
    """A connection by name."""

    def __init__(self, drive: Drive, name: str) -> None:
        self.drive = drive
        self.name = name

    def _start(self, verb: str, *words: str, tag: str | None = None) -> Operation:
        tag = tag or self.drive.name("t")
        # Known before the call: nothing may be told before the call returned,
        # and _note() would find it out.
        answer = self.drive.call(verb, self.name, tag, *words)
        if answer["reply"] != OK:
            failure = read_failure(answer["error"])
            assert failure is not None, f"{verb} gave {answer['reply']} and no error"
            assert failure.code == answer["reply"]
            raise RefusedError(failure)
        self.drive.started[tag] = Started()
        return Operation(self.drive, tag)

    def later(self, verb: str, *words: str) -> tuple[Operation, list[str]]:
        """An operation that an action will start: it, and the call to give to
        when()."""
        tag = self.drive.name("t")
        self.drive.started[tag] = Started()
        return Operation(self.drive, tag), [verb, self.name, tag, *words]

    def start_connect(self) -> Operation:
        return self._start("connect")

    def start_login(
        self,
        user: str | bytes | None,
        password: str | bytes | None = None,
        ask: TokenCallback | None = None,
        **tokens: Unpack[Tokens],
    ) -> Operation:
        return self._start("login", self.drive.auth(user, password, ask, **tokens))

    def start_send(
        self,
        content: bytes = b"Subject: x\r\n\r\nbody\r\n",
        sender: str = "a@example.com",
        recipients: list[str] | None = None,
        message: str | None = None,
        envelope: str | None = None,
        tag: str | None = None,
    ) -> Operation:
        envelope = envelope or self.drive.envelope(sender, recipients or ["b@example.com"])
        return self._start("send", envelope, message or self.drive.message(content), tag=tag)

    def delivers(
        self,
        content: bytes = b"Subject: x\r\n\r\nbody\r\n",
        sender: str = "a@example.com",
        recipients: list[str] | None = None,
        message: str | None = None,
        envelope: str | None = None,
    ) -> None:
        """A message that goes out well, and QUIT."""
        self.start_send(content, sender, recipients, message, envelope).succeeds()
        self.start_quit().succeeds()

    def start_reset(self) -> Operation:
        return self._start("reset")

    def start_command(self, verb: str, *words: str | bytes) -> Operation:
        """An operation with one reply: noop, hello, verify, expand, etrn, command, hidden,
        xclient, xforward."""
        return self._start(verb, *map(quote, words))

    def start_quit(self) -> Operation:
        return self._start("quit")

    def close(self) -> None:
        self.drive.call("close", self.name)

    def cancel(self) -> int:
        return int(self.drive.call("cancel", self.name)["reply"])

    def withdraw(self, operation: Operation) -> int:
        return int(self.drive.call("withdraw", self.name, operation.tag)["reply"])

    def resume(self) -> int:
        return int(self.drive.call("resume", self.name)["reply"])

    def run(self) -> int:
        return int(self.drive.call("run", self.name)["reply"])

    def free(self) -> None:
        self.drive.call("free", "connection", self.name)

    def info(self) -> Json:
        return self.drive.call("info", self.name)

    def capability(self, keyword: str) -> tuple[bool, str | None]:
        answer = self.drive.call("capability", self.name, quote(keyword))
        return answer["reply"] == 1, answer["parameters"]

    def when(self, what: str, *call: str) -> None:
        """Makes a call from inside a callback: of the event connect, error or
        end of this connection, or of the operation with this tag."""
        tag = f"{self.name}.{what}" if what in ("connect", "error", "end") else what
        self.drive.on(tag, list(call))

    def had(self, event: str) -> bool:
        return f"{self.name}.{event}" in self.drive.events

    def wait_end(self) -> None:
        """Waits for the end event."""
        self.drive.wait(lambda: self.had("end"), f"the end of {self.name}")

    def ends_well(self) -> None:
        """Ends without an error event."""
        self.ends_with(None)

    def ends_with(self, failure: Failure | None) -> None:
        """Ends, and the error event has told of this failure."""
        self.wait_end()
        assert self.error == failure

    def breaks(self, name: str) -> Failure:
        """Ends with an error event of this name."""
        self.wait_end()
        assert self.error is not None
        assert self.error.name == name, self.error
        return self.error

    @property
    def tokens(self) -> list[tuple[str, int]]:
        """The new tokens that were reported, and when they expire."""
        return self.drive.tokens.get(f"{self.name}.token", [])

    @property
    def error(self) -> Failure | None:
        """The error of the error event."""
        return self.drive.errors.get(f"{self.name}.error")


class RefusedError(Exception):
    """An operation that was not started."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure


def refused_at_once(
    name: str,
    start: Callable[Arguments, Operation],
    *args: Arguments.args,
    **options: Arguments.kwargs,
) -> Failure:
    """Why this is not even started; the error has this name."""
    try:
        start(*args, **options)
    except RefusedError as refused:
        assert refused.failure.name == name, refused.failure
        return refused.failure
    raise AssertionError("it was started")


class Operation:
    """An operation that was started."""

    def __init__(self, drive: Drive, tag: str) -> None:
        self._drive = drive
        self.tag = tag

    @property
    def ended(self) -> bool:
        return bool(self._drive.started[self.tag].ended)

    def wait(self) -> Done:
        """Waits for the callback."""
        self._drive.wait(lambda: self.ended, self.tag)
        return self._drive.started[self.tag].ended[0]

    def succeeds(self) -> Done:
        done = self.wait()
        done.succeeded()
        return done

    def fails(self, *names: str) -> Failure:
        """With an error of one of these names."""
        return self.wait().failed(*names)

    def result(self) -> Result:
        result = self.wait().result
        assert result is not None
        return result

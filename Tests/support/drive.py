"""The library under test, as a child process: build/tests/drive.

The test says what to call and waits for what the callbacks were told. Nothing
sleeps: a wait ends when its event arrives, or fails after a generous limit.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from support.outcomes import (
    OK,
    Done,
    Failure,
    Json,
    Result,
    read_failure,
    read_result,
)

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"

# How long a wait may take before the test is called hung. Valgrind is slow.
PATIENCE = 20.0


def quote(text: str | bytes | None) -> str:
    """A string argument in the notation of drive.c."""
    if text is None:
        return "~"
    octets = text.encode() if isinstance(text, str) else text
    if 0 in octets:
        raise ValueError("a C string holds no NUL")
    plain = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:/_-@<>!"
    return "=" + "".join(chr(c) if c in plain else f"%{c:02x}" for c in octets)


@dataclass
class _Started:
    """An operation that was started, and how it ended."""

    ended: list[Done] = field(default_factory=list)


class Drive:
    """One running drive program."""

    def __init__(
        self,
        program: Path | None = None,
        prefix: list[str] | None = None,
        descriptors: Sequence[int] = (),
    ) -> None:
        program = program or BUILD / "tests" / "drive"
        self._files = Path(tempfile.mkdtemp(prefix="smtpconn-drive-"))
        self._stderr = (self._files / "stderr").open("w+b")
        self._process = subprocess.Popen(
            [*(prefix or []), str(program)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            pass_fds=descriptors,
        )
        self._lines: queue.Queue[Json | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._numbers = 0
        self._held = False
        self._forget()
        self.about = self._reply()

    # --- the pipe ---------------------------------------------------------

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(json.loads(line))
        self._lines.put(None)

    def _forget(self) -> None:
        self.started: dict[str, _Started] = {}
        self.events: list[str] = []
        self.errors: dict[str, Failure] = {}
        self.logs: list[Json] = []
        self.released: list[str] = []
        self.pauses: list[str] = []
        self.actions: dict[str, int] = {}
        self.order: list[str] = []

    def _next(self, deadline: float) -> Json:
        try:
            line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            raise AssertionError(f"nothing came in {PATIENCE} s; so far: {self.order}") from None
        if line is None:
            raise AssertionError(f"the program ended: {self.stderr()}")
        return line

    def _note(self, line: Json) -> None:
        """Files away what a callback was told."""
        event, tag = line["event"], line["tag"]
        if event == "done":
            done = Done(read_failure(line["error"]), read_result(line.get("result")))
            assert tag in self.started, f"the callback of {tag}, which was never started"
            self.started[tag].ended.append(done)
            assert len(self.started[tag].ended) == 1, f"the callback of {tag} was called twice"
        elif event == "event":
            self.events.append(tag)
            if (failure := read_failure(line.get("error"))) is not None:
                self.errors[tag] = failure
        elif event == "log":
            assert line["length"] == len(line["text"])
            self.logs.append(line)
            return
        elif event == "release":
            self.released.append(tag)
        elif event == "pause":
            self.pauses.append(tag)
        elif event == "action":
            self.actions[tag] = line["result"]
        self.order.append(f"{event} {tag}")

    def _reply(self) -> Json:
        deadline = time.monotonic() + PATIENCE
        while True:
            line = self._next(deadline)
            if "reply" in line:
                return line
            self._note(line)

    def call(self, *words: str) -> Json:
        """Makes a call, and returns its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(" ".join(words).encode() + b"\n")
        self._process.stdin.flush()
        return self._reply()

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Waits until what the callbacks were told makes the condition true."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            try:
                line = self._next(deadline)
            except AssertionError as error:
                raise AssertionError(f"waiting for {what}: {error}") from None
            self._note(line)

    def wait_pauses(self, count: int) -> None:
        """Waits until readers have paused so often."""
        self.wait(lambda: len(self.pauses) == count, f"pause {count}")

    def stderr(self) -> str:
        return (self._files / "stderr").read_text(errors="replace")

    def close(self) -> int:
        """Ends the program and returns its exit status."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        status = self._process.wait(timeout=4 * PATIENCE)
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._stderr.close()
        return status

    def remove_files(self) -> None:
        shutil.rmtree(self._files, ignore_errors=True)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        self._process.kill()

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Lets several operations start before the first of them goes on."""
        outer, self._held = self._held, True
        if not outer:
            self.call("hold", "1")
        try:
            yield
        finally:
            self._held = outer
            if not outer and self.alive:
                self.call("hold", "0")

    # --- between tests ----------------------------------------------------

    def counts(self) -> tuple[int, int]:
        """Open descriptors and threads of the program."""
        answer = self.call("counts")
        return answer["descriptors"], answer["threads"]

    def finish(self) -> None:
        """Frees everything and checks what must hold whatever the test did:
        every operation that was started ended once."""
        self.call("free", "everything")
        unfinished = [tag for tag, operation in self.started.items() if not operation.ended]
        ends = [tag for tag in self.events if tag.endswith(".end")]
        doubled = {tag for tag in ends if ends.count(tag) > 1}
        self._forget()
        assert not unfinished, f"callbacks that were never called: {unfinished}"
        assert not doubled, f"end events that came twice: {doubled}"

    # --- the objects ------------------------------------------------------

    def name(self, prefix: str) -> str:
        self._numbers += 1
        return f"{prefix}{self._numbers}"

    def file(self, content: bytes) -> str:
        """A file with this content, for messages."""
        path = self._files / self.name("content")
        path.write_bytes(content)
        return str(path)

    def options(self, **values: str | int | bytes | Path | None) -> str:
        """Options with these values; all of them must be accepted."""
        name = self.name("o")
        self.call("options", name)
        for option, value in values.items():
            failure = self.set(name, option, value)
            assert failure is None, f"{option}={value!r} was refused: {failure}"
        return name

    def set(
        self, options: str, option: str, value: str | int | bytes | Path | None
    ) -> Failure | None:
        """Sets one option; the failure says why it was refused."""
        if isinstance(value, int):
            text = str(int(value))
        else:
            text = quote(str(value) if isinstance(value, Path) else value)
        answer = self.call("set", options, option, text)
        failure = read_failure(answer["error"])
        assert (answer["reply"] == OK) == (failure is None)
        return failure

    def connection(
        self, loop: str | None = None, **options: str | int | bytes | Path | None
    ) -> Connection:
        """A connection with these options, not connected yet."""
        name = self.name("c")
        answer = self.call("new", name, self.options(**options), loop or "~")
        assert answer["reply"] == 1, f"refused: {answer['error']}"
        return Connection(self, name)

    def refused_connection(self, **options: str | int | bytes | Path | None) -> Failure:
        """Why a connection with these options cannot be had."""
        answer = self.call("new", self.name("c"), self.options(**options), "~")
        assert answer["reply"] == 0, "a connection was made"
        failure = read_failure(answer["error"])
        assert failure is not None
        return failure

    def loop(self) -> str:
        name = self.name("l")
        self.call("loop", name)
        return name

    def auth(self, user: str | bytes | None, password: str | bytes | None) -> str:
        name = self.name("a")
        self.call("auth", name, quote(user), quote(password))
        return name

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
        self.drive.started[tag] = _Started()
        return Operation(self.drive, tag)

    def later(self, verb: str, *words: str) -> tuple[Operation, list[str]]:
        """An operation that an action will start: it, and the call to give to
        when()."""
        tag = self.drive.name("t")
        self.drive.started[tag] = _Started()
        return Operation(self.drive, tag), [verb, self.name, tag, *words]

    def start_connect(self) -> Operation:
        return self._start("connect")

    def start_login(self, user: str | bytes | None, password: str | bytes | None) -> Operation:
        return self._start("login", self.drive.auth(user, password))

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

    def start_reset(self) -> Operation:
        return self._start("reset")

    def start_quit(self) -> Operation:
        return self._start("quit")

    def close(self) -> None:
        self.drive.call("close", self.name)

    def cancel(self) -> int:
        return int(self.drive.call("cancel", self.name)["reply"])

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
        self.drive.call("on", tag, *call)

    def had(self, event: str) -> bool:
        return f"{self.name}.{event}" in self.drive.events

    def wait_end(self) -> None:
        """Waits for the end event."""
        self.drive.wait(lambda: self.had("end"), f"the end of {self.name}")

    @property
    def error(self) -> Failure | None:
        """What the error event told."""
        return self.drive.errors.get(f"{self.name}.error")


class RefusedError(Exception):
    """An operation that was not started."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure


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

    def fails(self, name: str) -> Failure:
        return self.wait().failed(name)

    def result(self) -> Result:
        result = self.wait().result
        assert result is not None
        return result


def valgrind() -> list[str]:
    """The command in front of a program to run it under valgrind."""
    return [
        "valgrind",
        *["--quiet", "--leak-check=full", "--show-leak-kinds=definite,indirect,possible"],
        *["--errors-for-leak-kinds=definite,indirect,possible", "--error-exitcode=9"],
        *["--track-fds=no", f"--suppressions={ROOT / 'Tests' / 'support' / 'valgrind.supp'}"],
    ]


def start(
    mode: str | None = None, before: Sequence[str] = (), descriptors: Sequence[int] = ()
) -> Drive:
    """The drive program as SMTPCONN_TEST_MODE says: plain, valgrind or asan. `before`
    is a command to run it with; it inherits the descriptors."""
    mode = mode or os.environ.get("SMTPCONN_TEST_MODE", "plain")
    if mode == "valgrind":
        return Drive(prefix=[*before, *valgrind()], descriptors=descriptors)
    if mode == "asan":
        drive = Drive(BUILD / "asan" / "drive", [*before], descriptors)
        assert drive.about["asan"] == "yes", "ASan is not on"
        return drive
    if mode == "plain":
        return Drive(prefix=[*before], descriptors=descriptors)
    raise ValueError(f"SMTPCONN_TEST_MODE={mode}: plain, valgrind or asan")

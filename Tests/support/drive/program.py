"""The program under test, as a child process: build/tests/drive, and its reports.

A call is written to it and answered; whatever callbacks are told comes in between
and is filed away. Nothing sleeps: a wait ends when its event arrives, or fails after
a generous limit.
"""

from __future__ import annotations

import contextlib
import json
import queue
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from support.drive.outcomes import Done, Failure, Json, read_failure, read_result, read_said
from support.slowness import PATIENCE

# What others take from here.
__all__ = ["BUILD", "PATIENCE", "ROOT", "Program", "Started", "quote"]

ROOT = Path(__file__).resolve().parents[3]
BUILD = ROOT / "build"


def quote(text: str | bytes | None) -> str:
    """A string argument in the notation of the program (Tests/c/drive/script.c)."""
    if text is None:
        return "~"
    octets = text.encode() if isinstance(text, str) else text
    if 0 in octets:
        raise ValueError("a C string holds no NUL")
    plain = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:/_-@<>!"
    return "=" + "".join(chr(c) if c in plain else f"%{c:02x}" for c in octets)


@dataclass
class Started:
    """An operation that was started, and how it ended."""

    ended: list[Done] = field(default_factory=list)


class Program:
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
        self._contents: list[Path] = []
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
        self.started: dict[str, Started] = {}
        self.events: list[str] = []
        self.errors: dict[str, Failure] = {}
        self.logs: list[Json] = []
        self.released: list[str] = []
        self.pauses: list[str] = []
        #: What the calls that callbacks made gave back.
        self.actions: dict[str, list[int]] = {}
        #: For each token callback, whether it was asked to renew.
        self.wanted: dict[str, list[bool]] = {}
        #: For each mechanism, what it was asked; None is the beginning.
        self.challenges: dict[str, list[bytes | None]] = {}
        #: New tokens and when they end.
        self.tokens: dict[str, list[tuple[str, int]]] = {}
        #: Secrets of TLS handshakes, in the form of SSLKEYLOGFILE.
        self.keys: list[str] = []
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
            error, result = read_failure(line["error"]), read_result(line.get("result"))
            done = Done(error, result, read_said(line.get("said")))
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
            self.actions.setdefault(tag, []).append(line["result"])
        elif event == "wanted":
            self.wanted.setdefault(tag, []).append(line["renew"] == 1)
        elif event == "challenge":
            octets = line["octets"]
            challenge = None if octets is None else bytes.fromhex(octets)
            self.challenges.setdefault(tag, []).append(challenge)
        elif event == "key":
            self.keys.append(line["line"])
        elif event == "token":
            self.tokens.setdefault(tag, []).append((line["token"], line["expires"]))
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

    def on(self, tag: str, *calls: list[str]) -> None:
        """Has the callback make these calls when it is called; said again, the next
        time that it is called."""
        self.call("on", tag, " ; ".join(" ".join(call) for call in calls))

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
        status = self._process.wait(timeout=PATIENCE)
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

    def advance(self, milliseconds: int) -> None:
        """Puts the clock that the library sees forward, after it has done what it can. What is
        due then has happened when this returns."""
        self.settle()
        self.call("advance", str(milliseconds))
        self.settle()

    def advance_past(self, limit: int) -> None:
        """The same for a limit that counts from when the peer last took something: the
        library looks at that ten times in a limit, so that it ends up to a tenth later. The
        system of the peer may acknowledge a moment after it took something, which the library
        sees at the look after that."""
        for _ in range(3):
            self.advance(limit)

    def settle(self) -> None:
        """Has the library do what it can: read what has arrived, and look at its limits."""
        self.call("hold", str(int(self._held)))

    # --- between tests ----------------------------------------------------

    def counts(self) -> tuple[int, int]:
        """Open descriptors and threads of the program."""
        answer = self.call("counts")
        return answer["descriptors"], answer["threads"]

    def wait_for_counts(self, expected: tuple[int, int]) -> None:
        """A thread that has done its work may still be on its way out."""
        deadline = time.monotonic() + PATIENCE
        while (found := self.counts()) != expected:
            left = f"(descriptors, threads) are {found}, and were {expected} before"
            assert time.monotonic() < deadline, left

    def finish(self) -> None:
        """Frees everything and checks what must hold whatever the test did:
        every operation that was started ended once."""
        self.call("free", "everything")
        unfinished = [tag for tag, operation in self.started.items() if not operation.ended]
        ends = [tag for tag in self.events if tag.endswith(".end")]
        doubled = {tag for tag in ends if ends.count(tag) > 1}
        # Before the system writes them to a disk: together they are gigabytes.
        for path in self._contents:
            path.unlink()
        self._contents.clear()
        self._forget()
        assert not unfinished, f"callbacks that were never called: {unfinished}"
        assert not doubled, f"end events that came twice: {doubled}"

    # --- names ------------------------------------------------------------

    def name(self, prefix: str) -> str:
        self._numbers += 1
        return f"{prefix}{self._numbers}"

    def file(self, content: bytes) -> str:
        """A file with this content, for messages."""
        path = self._files / self.name("content")
        path.write_bytes(content)
        self._contents.append(path)
        return str(path)

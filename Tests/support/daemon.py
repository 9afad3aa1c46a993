"""What the real servers of the interop tests have in common: each runs in the
foreground on loopback, with ports that the kernel chose, everything it needs lies
in a temporary folder, and no process is left of it.
"""

from __future__ import annotations

import abc
import contextlib
import functools
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from support.certificates import Identity

HOST = "127.0.0.1"
DOMAIN = "test.local"
USER, PASSWORD = "alice", 'open "sesame" \\o/'
ALICE, BOB = f"alice@{DOMAIN}", f"bob@{DOMAIN}"

# How long starting, stopping and delivering may take.
PATIENCE = 20.0


@dataclass(frozen=True)
class Delivery:
    """A file in a mailbox: the header fields that the server puts in front, and
    the message."""

    trace: bytes
    content: bytes

    @property
    def queue_id(self) -> str:
        found = re.search(rb"^Received: .*?\bid ([^\s;]+)", self.trace, re.DOTALL | re.M)
        assert found is not None, f"no queue id in {self.trace!r}"
        return found[1].decode()

    @property
    def protocol(self) -> str:
        """As in the Received field (RFC 3848): ESMTPSA is with TLS and a login."""
        found = re.search(rb"\bwith (?:UTF8)?((?:E?SMTP|LMTP)S?A?)\b", self.trace)
        assert found is not None, f"no protocol in {self.trace!r}"
        return found[1].decode()


_TRACE = re.compile(
    rb"(?:(?:Return-Path|X-Original-To|Delivered-To): [^\n]*\n)*"
    rb"Received: [^\n]*\n(?:[ \t][^\n]*\n)*"
)


def _parse(file: bytes) -> Delivery:
    trace = _TRACE.match(file)
    assert trace is not None, f"not what a server delivers: {file[:200]!r}"
    return Delivery(trace[0], file[trace.end() :])


def program(name: str) -> str:
    path = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    if path is None:
        raise RuntimeError(f"there is no program {name}")
    return path


def _install(name: str) -> None:
    """The servers, from Debian's packages."""
    script = Path(__file__).with_name("require.sh")
    done = subprocess.run(["sh", str(script), "test"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{name} cannot be had.\n{done.stderr}{done.stdout}")


def _free_ports(count: int) -> list[int]:
    """Ports of the kernel's choice. All are held until all are known, so they
    are different ones."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((HOST, 0))
        return [one.getsockname()[1] for one in sockets]


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether the process is over. Its id stays taken until it is waited for, and
    with it the id of its group."""
    how = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return os.waitid(os.P_PID, process.pid, how) is not None


class DaemonError(Exception):
    """A server did not do something in time."""


class EndedError(DaemonError):
    """A server ended by itself."""


class Daemon(abc.ABC):
    """A running server, which shows this certificate. In a `with` statement it
    ends with the block."""

    name: ClassVar[str]
    # The ports, and those of them where the server says nothing before TLS.
    services: ClassVar[tuple[str, ...]]
    silent: ClassVar[frozenset[str]] = frozenset()
    host = HOST

    def __init__(self, identity: Identity) -> None:
        _install(self.name)
        self._identity = identity
        self._folder = Path(tempfile.mkdtemp(prefix=f"smtpconn-{self.name.lower()}-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._seen: dict[Path, Delivery] = {}
        self.ports: dict[str, int] = {}
        try:
            self._prepare()
            self._start()
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # --- what each does in its own way --------------------------------------

    @abc.abstractmethod
    def _prepare(self) -> None:
        """Fills the folder, but for what depends on the ports."""

    @abc.abstractmethod
    def _configure(self) -> None:
        """Writes what depends on the ports."""

    @abc.abstractmethod
    def _command(self) -> list[str]:
        """What runs the server in the foreground."""

    @abc.abstractmethod
    def _mailbox(self, address: str) -> Path:
        """The folder with the messages of this mailbox, a Maildir's `new`."""

    def _environment(self) -> dict[str, str]:
        """Nothing of the environment should change what the server does."""
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}

    def address(self, service: str) -> dict[str, Any]:
        """The options of a connection to this service."""
        return {"host": self.host, "port": self.ports[service]}

    # --- the process ------------------------------------------------------

    def _start(self) -> None:
        # The ports were free, and one might be taken by now. The server then ends,
        # and some have no log by then, so every early end has another try.
        for attempt in (1, 2, 3):
            self.ports = dict(zip(self.services, _free_ports(len(self.services)), strict=True))
            self._configure()
            try:
                self._try_start()
                return
            except EndedError:
                if attempt == 3:
                    raise
                self._end_process()

    def _try_start(self) -> None:
        with (self._folder / "stderr").open("wb") as stderr:
            self._process = subprocess.Popen(
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                cwd=self._folder,
                env=self._environment(),
                start_new_session=True,
            )
        for name in self.services:
            self._wait(functools.partial(self._answers, name), f"the port {name}")

    def _answers(self, name: str) -> bool:
        """Whether the service greets, or takes connections if it greets under TLS."""
        assert self._process is not None
        if _has_ended(self._process):
            errors = (self._folder / "stderr").read_text(errors="replace")
            raise EndedError(f"{self.name} ended:\n{errors}{self.log()}")
        try:
            with socket.create_connection((HOST, self.ports[name]), timeout=PATIENCE) as client:
                return name in self.silent or client.recv(4) == b"220 "
        except ConnectionError:
            return False
        except TimeoutError:
            raise DaemonError(f"no greeting on the port {name}:\n{self.log()}") from None

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                raise DaemonError(f"{what} did not come:\n{self.log()}")
            time.sleep(0.01)

    def _end_process(self) -> None:
        if self._process is None:
            return
        process, self._process = self._process, None
        # It takes its children with it. Nothing here is of Popen, which would wait
        # for a process that has ended and so set its id free.
        os.kill(process.pid, signal.SIGTERM)
        with contextlib.suppress(DaemonError):
            self._wait(functools.partial(_has_ended, process), f"the end of {self.name}")
        # Whatever is left of it. Its process group is its own, so nobody else is hit.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)

    def stop(self) -> None:
        """Ends the server and removes everything it left."""
        self._end_process()
        # The last of its children may still write while they end.
        deadline = time.monotonic() + PATIENCE
        while self._folder.exists() and time.monotonic() < deadline:
            shutil.rmtree(self._folder, ignore_errors=True)

    # --- what it did ------------------------------------------------------

    def log(self) -> str:
        """What it has logged so far."""
        try:
            return (self._folder / "log").read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def wait_log(self, pattern: str, since: int = 0) -> str:
        """Waits for a line of the log behind that position, and returns what
        matched the pattern."""
        found: list[str] = []

        def logged() -> bool:
            match = re.search(pattern, self.log()[since:])
            if match is not None:
                found.append(match[0])
            return match is not None

        self._wait(logged, f"the line {pattern!r}")
        return found[0]

    def deliveries(self, address: str) -> list[Delivery]:
        """What is in a mailbox."""
        folder = self._mailbox(address)
        for path in folder.glob("*"):
            if path not in self._seen:
                # A file gets its name in this folder when it is complete.
                self._seen[path] = _parse(path.read_bytes())
        return [found for path, found in self._seen.items() if path.parent == folder]

    def delivered(self, address: str, queue_id: str) -> Delivery:
        """What is in the mailbox under this identifier: it must be there exactly
        once."""
        found = [one for one in self.deliveries(address) if one.queue_id == queue_id]
        assert len(found) == 1, f"{queue_id} was delivered {len(found)} times to {address}"
        return found[0]

"""What the real mail servers of the interop tests have in common.

Each runs on loopback, from a configuration and a queue of its own in a temporary
folder, beside whatever server the machine has, and cannot send mail anywhere.
What it accepts becomes one file for each recipient, so that a test can compare
messages octet for octet.
"""

from __future__ import annotations

import contextlib
import functools
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from support.certificates import Identity

HOST = "127.0.0.1"
DOMAIN = "test.local"
USER, PASSWORD = "alice", 'open "sesame" \\o/'
ALICE, BOB = f"alice@{DOMAIN}", f"bob@{DOMAIN}"
# A local part that needs SMTPUTF8.
ZOE = f"zoë@{DOMAIN}"
# For messages to many.
BOXES = tuple(f"box{number}@{DOMAIN}" for number in range(12))
MAILBOXES = (ALICE, BOB, ZOE, *BOXES)
# Local parts that begin with these are refused: for good, and for now.
NOBODY, BUSY = f"nosuch@{DOMAIN}", f"busy@{DOMAIN}"
# Accepted, and then it cannot be delivered to.
BROKEN = f"broken@{DOMAIN}"
# What the port `small` takes at most.
SMALL_LIMIT = 20_000

# How many recipients the port `few` takes in one transaction.
FEW = 5

# How long starting, stopping and delivering may take.
PATIENCE = 20.0
# When whoever started it was killed, a server ends by itself after so many seconds.
LONGEST_LIFE = 3600


def program(name: str) -> str:
    path = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    if path is None:
        raise RuntimeError(f"there is no program {name}")
    return path


def require(name: str) -> None:
    """The server and what it needs, from Debian's packages."""
    script = Path(__file__).with_name("require.sh")
    done = subprocess.run(["sh", str(script), "test"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{name} cannot be had.\n{done.stderr}{done.stdout}")
    if os.geteuid() != 0:
        raise RuntimeError(f"{name} gives up rights that only root has: run these tests as root")


def free_ports(count: int) -> list[int]:
    """Ports of the kernel's choice. All are held until all are known, so they
    are different ones."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((HOST, 0))
        return [one.getsockname()[1] for one in sockets]


@dataclass(frozen=True)
class Delivery:
    """A file in a mailbox: the header fields that the server puts in front, and
    the message."""

    trace: bytes
    content: bytes

    @property
    def queue_id(self) -> str:
        found = re.search(rb"^Received: .*?\bid ([0-9A-Za-z-]+)", self.trace, re.DOTALL | re.M)
        assert found is not None, f"no queue id in {self.trace!r}"
        return found[1].decode()

    @property
    def protocol(self) -> str:
        """As in the Received field: ESMTPSA is with TLS and a login."""
        found = re.search(rb"\bwith (?:UTF8)?(E?SMTPS?A?)\b", self.trace, re.I)
        assert found is not None, f"no protocol in {self.trace!r}"
        return found[1].decode().upper()

    @property
    def reverse_path(self) -> str:
        found = re.search(rb"^Return-Path: <(.*)>$", self.trace, re.I | re.M)
        assert found is not None, f"no reverse-path in {self.trace!r}"
        return found[1].decode()


_TRACE = re.compile(
    rb"(?:(?:Return-Path|X-Original-To|Delivered-To): [^\n]*\n)*"
    rb"Received: [^\n]*\n(?:[ \t][^\n]*\n)*",
    re.I,
)


def _parse(file: bytes) -> Delivery:
    trace = _TRACE.match(file)
    assert trace is not None, f"not what a server delivers: {file[:200]!r}"
    return Delivery(trace[0], file[trace.end() :])


class ServerError(Exception):
    """A server did not do something in time."""


class EndedError(ServerError):
    """A server ended by itself."""


class RealServer(ABC):
    """A running server with several ports, each a service of its own kind."""

    host = HOST
    # For names of files and in messages.
    name: str
    services: tuple[str, ...]
    # The services where TLS comes first, so that nothing is said in the clear.
    tls_services: tuple[str, ...] = ()

    def __init__(self, identity: Identity) -> None:
        require(self.name)
        self.folder = Path(tempfile.mkdtemp(prefix=f"smtpconn-{self.name}-"))
        # What it writes to its standard output and error.
        self.output_file = self.folder / "output"
        self.ports: dict[str, int] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._seen: dict[Path, Delivery] = {}
        try:
            # Its programs run as other users and must find their files.
            self.folder.chmod(0o755)
            self.prepare(identity)
            self._start()
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # --- what each server does in its own way -----------------------------

    @abstractmethod
    def prepare(self, identity: Identity) -> None:
        """Fills the folder, as far as the ports do not matter."""

    @abstractmethod
    def configure(self) -> None:
        """Writes what depends on the ports."""

    @abstractmethod
    def command(self) -> list[str]:
        """Starts the server, in the foreground."""

    @abstractmethod
    def log_file(self) -> Path: ...

    @abstractmethod
    def mailbox(self, local_part: str) -> Path:
        """The folder with its messages; a file has its name when it is complete."""

    @abstractmethod
    def is_done(self, queue_id: str) -> bool:
        """Whether nothing is left to do for a message."""

    # --- the folder -------------------------------------------------------

    def make(self, name: str, user: int, group: int, mode: int) -> Path:
        folder = self.folder / name
        folder.mkdir()
        os.chown(folder, user, group)
        folder.chmod(mode)
        return folder

    def add_users(self, names: dict[str, str]) -> dict[Path, Path]:
        """Lists of users that have these names too, each with the number of a user
        that there is, and where a program looks for them."""
        lists = {"passwd": "", "group": ""}
        for name, known in names.items():
            user = pwd.getpwnam(known)
            numbers = f"{user.pw_uid}:{user.pw_gid}"
            lists["passwd"] += f"{name}:x:{numbers}::/nonexistent:/usr/sbin/nologin\n"
            lists["group"] += f"{name}:x:{user.pw_gid}:\n"
        mounts = {}
        for kind, ours in lists.items():
            of_machine = Path("/etc", kind)
            list_of_users = self.folder / kind
            # The first of a name counts.
            list_of_users.write_text(ours + of_machine.read_text())
            mounts[list_of_users] = of_machine
        return mounts

    def environment(self) -> dict[str, str]:
        """Nothing of the environment should change what a server does."""
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}

    # --- the process ------------------------------------------------------

    def _start(self) -> None:
        # The ports were free, and one might be taken by now. A server may then end
        # before it has a log, so every early end has another try.
        for attempt in (1, 2, 3):
            free = free_ports(len(self.services))
            self.ports = dict(zip(self.services, free, strict=True))
            self.configure()
            try:
                self._try_start()
                return
            except EndedError:
                if attempt == 3:
                    raise
                self._end_process()

    def _try_start(self) -> None:
        with self.output_file.open("ab") as output:
            # A session of its own, so that its process group is too.
            self._process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.folder,
                env=self.environment(),
                start_new_session=True,
            )
        for service in self.services:
            self.wait(functools.partial(self._answers, service), f"the port {service}")

    def _answers(self, service: str) -> bool:
        """Whether the service greets; with TLS, whether it takes connections."""
        process = self._process
        if process is None or process.poll() is not None:
            status = process.returncode if process is not None else None
            said = self.output_file.read_text(errors="replace")
            raise EndedError(f"{self.name} ended with {status}:\n{said}{self.log()}")
        try:
            with socket.create_connection((HOST, self.ports[service]), timeout=PATIENCE) as client:
                return service in self.tls_services or client.recv(4) == b"220 "
        except ConnectionError:
            return False
        except TimeoutError:
            raise ServerError(f"no greeting on the port {service}:\n{self.log()}") from None

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                raise ServerError(f"{what} did not come:\n{self.log()}")
            time.sleep(0.003)

    def _end_process(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        # Asked first, so that it can end its children and remove what it shares.
        process.terminate()
        deadline = time.monotonic() + PATIENCE
        # Seen but not reaped: its number, which is that of the process group, is
        # nobody else's until then.
        ended = os.WEXITED | os.WNOHANG | os.WNOWAIT
        while os.waitid(os.P_PID, process.pid, ended) is None and time.monotonic() < deadline:
            time.sleep(0.01)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)

    def stop(self) -> None:
        """Ends the server and removes everything it left."""
        self._end_process()
        # The last of its children may still write while they end.
        deadline = time.monotonic() + PATIENCE
        while self.folder.exists() and time.monotonic() < deadline:
            shutil.rmtree(self.folder, ignore_errors=True)

    # --- what it did ------------------------------------------------------

    def log(self) -> str:
        """What it has logged so far."""
        try:
            return self.log_file().read_text(errors="replace")
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

        self.wait(logged, f"the line {pattern!r}")
        return found[0]

    def wait_done(self, queue_id: str) -> None:
        """Waits until nothing is left to do for a message."""
        self.wait(lambda: self.is_done(queue_id), f"the end of {queue_id}")

    def deliveries(self, address: str) -> list[Delivery]:
        """What is in a mailbox."""
        folder = self.mailbox(address.partition("@")[0])
        for path in folder.glob("*"):
            self._seen[path] = _parse(path.read_bytes())
            # It is known now, and a large one need not get to the disk.
            path.unlink()
        return [found for path, found in self._seen.items() if path.parent == folder]

    def delivery(self, address: str, queue_id: str | None) -> Delivery:
        """Waits until the message with this identifier is done with, and returns
        what is in the mailbox: it must be there exactly once."""
        assert queue_id is not None, "the queue id is not known"
        self.wait_done(queue_id)
        found = [one for one in self.deliveries(address) if one.queue_id == queue_id]
        assert len(found) == 1, f"{queue_id} was delivered {len(found)} times to {address}"
        return found[0]


class TellingServer(RealServer):
    """One whose log also tells of sessions and notifications."""

    @abstractmethod
    def came_with(self, message_id: str) -> str:
        """What it says of a message with this Message-ID: a pattern, with its own
        identifier as its group."""

    @abstractmethod
    def notified(self, queue_id: str) -> str:
        """What it says when it tells the sender what became of the message: a
        pattern, with the identifier of the notification as its group."""

    @abstractmethod
    def mails(self, queue_id: str | None) -> int:
        """How often a client said MAIL in the session in which it brought this
        message, which must be over or about to be."""

    def identifiers(self, message_id: str) -> list[str]:
        """Of every copy of a message that came, so far."""
        return re.findall(self.came_with(re.escape(message_id)), self.log())

    def notifications(self, queue_id: str | None) -> list[str]:
        """The identifiers of the notifications about a message, so far."""
        assert queue_id is not None, "the queue id is not known"
        return re.findall(self.notified(re.escape(queue_id)), self.log())

    def notification(self, queue_id: str | None) -> Delivery:
        """Waits for a delivery status notification about a message from Alice."""
        self.wait(lambda: bool(self.notifications(queue_id)), f"a notification of {queue_id}")
        return self.delivery(ALICE, self.notifications(queue_id)[0])

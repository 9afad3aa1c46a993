"""What the real servers of the interop tests have in common as programs: each runs
in the foreground on loopback, with ports that the kernel chose, everything it needs
lies in a temporary folder, and no process is left of it. The configuration and the
running instance of the machine's own server, if it has any, are neither read nor
touched.
"""

from __future__ import annotations

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
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Self

from support.drive import ROOT
from support.servers.certificates import Identity
from support.slowness import PATIENCE

HOST = "127.0.0.1"

# Nothing of the environment should change what a server does.
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}

# In front of a server, without a time limit. When whoever started it was killed, it
# ends the server: one that changes the user it runs as would not hear of it itself.
GUARD = ("setpriv", "--pdeathsig", "TERM", "timeout", "--kill-after=10", "0")


def program(name: str) -> str:
    path = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    if path is None:
        raise RuntimeError(f"there is no program {name}")
    return path


def _require(name: str) -> None:
    """The server and what it needs, from Debian's packages."""
    script = ROOT / "Tests" / "support" / "running" / "require.sh"
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


class Daemon(ABC):
    """A running server with several ports, each a service of its own kind. It shows
    this certificate. In a `with` statement it ends with the block."""

    name: ClassVar[str]
    services: ClassVar[tuple[str, ...]]
    # Where TLS comes first, so that nothing is said in the clear.
    tls_services: ClassVar[tuple[str, ...]] = ()
    # Whether it gives up rights that only root has.
    needs_root: ClassVar[bool] = True
    host = HOST

    def __init__(self, identity: Identity) -> None:
        _require(self.name)
        if self.needs_root and os.geteuid() != 0:
            raise RuntimeError(f"{self.name} must be started as root: run these tests as root")
        self._folder = Path(tempfile.mkdtemp(prefix=f"smtpconn-{self.name}-"))
        # What it writes to its standard output and error.
        self._output = self._folder / "output"
        self._process: subprocess.Popen[bytes] | None = None
        self.ports: dict[str, int] = {}
        try:
            # Its programs may run as other users, and must find their files.
            self._folder.chmod(0o755)
            self._prepare(identity)
            self._start()
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # --- what each does in its own way --------------------------------------

    @abstractmethod
    def _prepare(self, identity: Identity) -> None:
        """Fills the folder, but for what depends on the ports."""

    @abstractmethod
    def _configure(self) -> None:
        """Writes what depends on the ports."""

    @abstractmethod
    def _command(self) -> list[str]:
        """What runs the server in the foreground."""

    def _environment(self) -> dict[str, str]:
        return ENVIRONMENT

    def _log_file(self) -> Path:
        return self._folder / "log"

    def address(self, service: str) -> dict[str, Any]:
        """The options of a connection to this service."""
        secure = service in self.tls_services
        return {"host": self.host, "port": self.ports[service], "secure": secure}

    # --- the folder -------------------------------------------------------

    def _make(self, name: str, user: int, group: int, mode: int) -> Path:
        folder = self._folder / name
        folder.mkdir()
        os.chown(folder, user, group)
        folder.chmod(mode)
        return folder

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
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(
                [*GUARD, *self._command()],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self._folder,
                env=self._environment(),
                # So that its process group is its own, too.
                start_new_session=True,
            )
        for service in self.services:
            self.wait(functools.partial(self._answers, service), f"the port {service}")

    def _answers(self, service: str) -> bool:
        """Whether the service greets, or takes connections if it greets under TLS."""
        self._check_running()
        try:
            with socket.create_connection((HOST, self.ports[service]), timeout=PATIENCE) as client:
                return service in self.tls_services or client.recv(4) == b"220 "
        except ConnectionError:
            return False
        except TimeoutError:
            raise DaemonError(f"no greeting on the port {service}:\n{self.log()}") from None

    def _check_running(self) -> None:
        assert self._process is not None
        if _has_ended(self._process):
            said = self._output.read_text(errors="replace")
            raise EndedError(f"{self.name} ended:\n{said}{self.log()}")

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                raise DaemonError(f"{what} did not come:\n{self.log()}")
            time.sleep(0.003)

    def _end_process(self) -> None:
        if self._process is None:
            return
        process, self._process = self._process, None
        # Asked first, so that it can end its children. Nothing here is of Popen, which
        # would wait for a process that has ended and so set its id free.
        os.kill(process.pid, signal.SIGTERM)
        with contextlib.suppress(DaemonError):
            self.wait(functools.partial(_has_ended, process), f"the end of {self.name}")
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

    # --- the log ----------------------------------------------------------

    def log(self) -> str:
        """What it has logged so far."""
        try:
            return self._log_file().read_text(errors="replace")
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

"""The sink, and postfix's smtp-sink for a check of it."""

from __future__ import annotations

import json
import os
import queue
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache

from bench.places import POSTFIX, PROGRAMS, postfix_environment

PATIENCE = 60.0


@dataclass(frozen=True)
class Seen:
    """What the sink tells of a connection: see sink/main.c."""

    messages: int
    octets: int
    commands: int
    waits: int
    hello: float
    seconds: float


class Sink:
    """A running sink. Its reports are read as they come: a pipe holds few."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self._output = process.stdout
        self._reports: queue.Queue[Seen] = queue.Queue()
        self.port: int = json.loads(self._output.readline())["port"]
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self._output:
            self._reports.put(Seen(**json.loads(line)))

    def reports(self, connections: int = 1) -> list[Seen]:
        return [self._reports.get(timeout=PATIENCE) for _ in range(connections)]


@contextmanager
def sink(prefix: Sequence[str], *options: str) -> Iterator[Sink]:
    command = [*prefix, str(PROGRAMS / "sink"), *options]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Sink(process)
        finally:
            # The end of its input is its own.
            assert process.stdin is not None
            process.stdin.close()
            process.wait(PATIENCE)


@cache
def certificate() -> tuple[str, str]:
    """A certificate, which is its own authority, and its key."""
    names = str(PROGRAMS / "certificate.pem"), str(PROGRAMS / "key.pem")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-subj", "/CN=localhost", "-days", "1"),
            *("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
            *("-out", names[0], "-keyout", names[1]),
        ],
        check=True,
        capture_output=True,
    )
    return names


class Sinks:
    """One of each kind, for as long as they are needed: in the clear, and with the two
    ways to TLS."""

    def __init__(self, prefix: Sequence[str], *options: str) -> None:
        self._prefix, self._options = prefix, options
        self._running: dict[str, tuple[Sink, ExitStack]] = {}

    def __enter__(self) -> Sinks:
        return self

    def __exit__(self, *_: object) -> None:
        for kind in list(self._running):
            self.replace(kind)

    def of(self, kind: str) -> Sink:
        """`kind` is "", "--tls" or "--starttls"."""
        if kind not in self._running:
            options = [*self._options, *((kind, *certificate()) if kind else ())]
            stack = ExitStack()
            self._running[kind] = stack.enter_context(sink(self._prefix, *options)), stack
        return self._running[kind][0]

    def replace(self, kind: str) -> None:
        """After a client that failed: what it left would be told later."""
        _, stack = self._running.pop(kind)
        stack.close()


def _greets(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
            return client.recv(4) == b"220 "
    except ConnectionError:
        return False


@contextmanager
def smtp_sink(prefix: Sequence[str]) -> Iterator[int]:
    """Postfix's, on a port that was free a moment ago; it can only be told one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    # It does not run as root.
    user = ["-u", "daemon"] if os.geteuid() == 0 else []
    program = str(POSTFIX / "sbin" / "smtp-sink")
    command = [*prefix, program, *user, f"127.0.0.1:{port}", "64"]
    with subprocess.Popen(command, env=postfix_environment()) as process:
        try:
            while not _greets(port):
                if process.poll() is not None:
                    raise RuntimeError("smtp-sink has ended")
                time.sleep(0.003)
            yield port
        finally:
            process.terminate()

"""What the clients in Python have in common: arguments, message and clock, as common.h."""

from __future__ import annotations

import json
import ssl
import sys
import threading
import time
from functools import cached_property
from pathlib import Path

SENDER = "sender@example.com"
HEAD = 1024


class Arguments:
    """PORT FILE COUNT [KEY=VALUE]..."""

    def __init__(self) -> None:
        port, path, count, *rest = sys.argv[1:]
        self.options = options = dict(one.split("=", 1) for one in rest)
        self.port = int(port)
        self.count = int(count)
        self.path = Path(path)
        self.mode = options.get("mode", "")
        self.ca_file = options.get("tls")
        self.is_warm = options.get("warm", "1") == "1"
        self.connections = int(options.get("connections", "1"))
        self.recipients = [
            f"recipient{index}@example.net" for index in range(int(options.get("recipients", "1")))
        ]

    @cached_property
    def message(self) -> bytes:
        return self.path.read_bytes()

    @property
    def head(self) -> bytes:
        """Whole lines, up to 1 KiB of them."""
        with self.path.open("rb") as file:
            octets = file.read(HEAD)
        return octets[: octets.rfind(b"\n") + 1]

    def start_computing(self) -> None:
        """A thread that computes, when that is asked for."""
        if self.options.get("computing") == "1":
            threading.Thread(target=_compute, daemon=True).start()

    def tls(self) -> ssl.SSLContext | None:
        return ssl.create_default_context(cafile=self.ca_file) if self.ca_file else None


class Clock:
    """Prints what went by between its start and its end."""

    def __init__(self) -> None:
        self._wall = time.perf_counter()
        self._cpu = time.process_time()

    def stop(self) -> None:
        cpu = time.process_time() - self._cpu
        print_report(time.perf_counter() - self._wall, cpu)


def print_report(seconds: float | None, cpu: float) -> None:
    status = Path("/proc/self/status").read_text()
    peak = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    print(json.dumps({"seconds": seconds, "cpu": cpu, "peak": int(peak)}))


def _compute() -> None:
    while True:
        sum(range(1000))

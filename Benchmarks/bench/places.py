"""Where things are, and what the machine has."""

from __future__ import annotations

import os
import platform
import re
import shutil
import ssl
import subprocess
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
PROGRAMS = BUILD / "bench"
SCRIPTS = ROOT / "Benchmarks" / "clients"
LIBRARY = BUILD / "stripped" / "libsmtpconn.so.0"
# Unpacked and not installed: a machine has a mail server of its own, or none.
POSTFIX = BUILD / "unpacked" / "postfix" / "usr"

PROCESSORS = sorted(os.sched_getaffinity(0))


def on(processor: int) -> list[str]:
    return ["taskset", "-c", str(processor)]


# Client and server on one processor, and each on its own. A machine that has one
# processor has no other way.
TOGETHER = on(PROCESSORS[-1])
CLIENT_APART = on(PROCESSORS[0])
SERVER_APART = on(PROCESSORS[-1])


def postfix_environment() -> dict[str, str]:
    return {**os.environ, "LD_LIBRARY_PATH": str(POSTFIX / "lib" / "postfix")}


def libcurl() -> Path:
    """The library that the client with libcurl is linked with."""
    linked = subprocess.run(
        ["ldd", str(PROGRAMS / "curl")], capture_output=True, text=True, check=True
    )
    found = re.search(r"=> (\S*libcurl\S*)", linked.stdout)
    assert found is not None
    return Path(found[1]).resolve()


def _processor_model() -> str:
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()


def _package(name: str) -> str:
    if shutil.which("dpkg-query") is None:
        return "unknown"
    asked = ["dpkg-query", "-W", "-f=${Version}", name]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout


def describe() -> dict[str, object]:
    return {
        "processor": _processor_model(),
        "processors": len(PROCESSORS),
        "kernel": platform.release(),
        "smtpconn": subprocess.run(
            ["git", "-C", str(ROOT), "describe", "--always", "--dirty"],
            capture_output=True,
            text=True,
            check=False,
        ).stdout.strip(),
        "libcurl": _package("libcurl4"),
        "libESMTP": _package("libesmtp6"),
        "OpenSSL": ssl.OPENSSL_VERSION,
        "Python": platform.python_version(),
        "aiosmtplib": metadata.version("aiosmtplib"),
    }

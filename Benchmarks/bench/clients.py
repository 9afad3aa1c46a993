"""The clients, and how one is run."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bench.places import POSTFIX, PROGRAMS, SCRIPTS
from bench.servers import Seen, Sinks, certificate
from bench.texts import Text

PATIENCE = 60.0


class ClientError(Exception):
    """A client did not do what it was to do."""


@dataclass(frozen=True)
class Client:
    name: str
    command: tuple[str, ...]
    options: tuple[str, ...] = ()
    # Sends what it is given as it is, so it is given what DATA needs.
    repairs_nothing: bool = False
    has_tls: bool = True
    starts_tls: bool = False

    def kind(self, tls: bool) -> str:
        """The kind of sink that it needs."""
        if not tls:
            return ""
        return "--starttls" if self.starts_tls else "--tls"

    def with_options(self, *options: str) -> Client:
        return replace(self, options=(*self.options, *options))

    def arguments(self, port: int, text: Text, count: int, tls: bool) -> list[str]:
        path = text.ready if self.repairs_nothing else text.path
        more = [f"tls={certificate()[0]}"] if tls else []
        if "source=callback" in self.options:
            more.append(f"piece={text.ready_piece if self.repairs_nothing else text.piece}")
        return [*self.command, str(port), str(path), str(count), *more, *self.options]


def _program(name: str) -> tuple[str, ...]:
    return (str(PROGRAMS / name),)


def _script(name: str) -> tuple[str, ...]:
    return (sys.executable, str(SCRIPTS / f"{name}.py"))


def _straight(name: str, mode: str, *options: str) -> Client:
    counts = mode in {"bdat", "flight"}
    return Client(name, _program("straight"), (f"mode={mode}", *options), not counts)


QUEUED = Client("smtpconn, queued", _program("smtpconn"), ("mode=queued",))
LOCKSTEP = Client("smtpconn, lockstep", _program("smtpconn"), ("mode=lockstep",))
CHUNKING = Client("smtpconn, chunking", _program("smtpconn"), ("mode=chunking",))
OPTIMISTIC = Client("smtpconn, optimistic", _program("smtpconn"), ("mode=optimistic",))
LIBCURL = Client("libcurl", _program("curl"))
LIBESMTP = Client("libESMTP", _program("esmtp"), starts_tls=True)
STRAIGHT_LOCKSTEP = _straight("straight C: lockstep", "lockstep")
STRAIGHT_GROUP = _straight("straight C: MAIL+RCPT+DATA", "group")
STRAIGHT_NEXT = _straight("straight C: end+envelope", "next")
STRAIGHT_RSET = _straight("straight C: end+RSET+envelope", "rset")
STRAIGHT_BDAT = _straight("straight C: BDAT, 32 in flight", "bdat")
STRAIGHT_FLIGHT = _straight("straight C: BDAT, 32 a write", "flight")
PYTHON_QUEUED = Client("Python: smtpconn, queued", _script("smtpconn_client"), ("mode=queued",))
PYTHON_OPTIMISTIC = Client(
    "Python: smtpconn, optimistic", _script("smtpconn_client"), ("mode=optimistic",)
)
PYTHON_LOCKSTEP = Client(
    "Python: smtpconn, lockstep", _script("smtpconn_client"), ("mode=lockstep",)
)
SMTPLIB = Client("Python: smtplib", _script("smtplib_client"))
AIOSMTPLIB = Client("Python: aiosmtplib", _script("aiosmtplib_client"))
AIO_SERIAL, AIO_QUEUED, AIO_OPTIMISTIC = (
    Client(f"Python: smtpconn.aio, {mode}", _script("smtpconn_aio_client"), (f"mode={mode}",))
    for mode in ("serial", "queued", "optimistic")
)
SMTP_SOURCE = Client(
    "smtp-source",
    _script("smtp_source"),
    (f"program={POSTFIX / 'sbin' / 'smtp-source'}",),
    has_tls=False,
)

STRAIGHT = (
    STRAIGHT_LOCKSTEP,
    STRAIGHT_GROUP,
    STRAIGHT_NEXT,
    STRAIGHT_RSET,
    STRAIGHT_BDAT,
    STRAIGHT_FLIGHT,
)
EVERY = (
    *(QUEUED, LOCKSTEP, CHUNKING, OPTIMISTIC),
    *(LIBCURL, LIBESMTP),
    *(SMTP_SOURCE, *STRAIGHT),
    *(PYTHON_QUEUED, PYTHON_OPTIMISTIC, PYTHON_LOCKSTEP, SMTPLIB, AIOSMTPLIB),
)


def run(command: Sequence[str]) -> str:
    """What it prints."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired:
        raise ClientError("it did not end") from None
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        raise ClientError(said[-1] if said else f"it ended with {done.returncode}")
    return done.stdout


@dataclass(frozen=True)
class Figures:
    """What a run took; `peak` is the most memory, in octets."""

    seconds: float
    cpu: float
    peak: int
    seen: Seen


def measure(
    client: Client,
    sinks: Sinks,
    text: Text,
    count: int,
    *,
    prefix: Sequence[str] = (),
    tls: bool = False,
) -> Figures:
    """Runs a client that sends over one connection, and looks whether all arrived."""
    kind = client.kind(tls)
    sink = sinks.of(kind)
    is_warm = "warm=0" not in client.options
    try:
        printed = run([*prefix, *client.arguments(sink.port, text, count, tls)])
    except ClientError:
        sinks.replace(kind)
        raise
    (seen,) = sink.reports()
    if seen.messages != count + is_warm or not text.arrives(seen.octets, count, is_warm):
        raise ClientError(f"{seen.messages} messages with {seen.octets} octets arrived")
    figures = json.loads(printed)
    seconds = figures["seconds"] or seen.seconds
    return Figures(seconds, figures["cpu"], figures["peak"] * 1024, seen)

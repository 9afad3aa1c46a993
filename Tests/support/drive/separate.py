"""The library in a program of its own, for tests that need it in another place
than the one that all tests share."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

from support import drive as driving
from support.drive import Drive
from support.system import in_mount_namespace


@contextlib.contextmanager
def separate(before: Sequence[str] = (), descriptors: Sequence[int] = ()) -> Iterator[Drive]:
    """A drive program; in the end every callback must have been called once, and
    nothing may be left."""
    drive = driving.start(before=before, descriptors=descriptors)
    try:
        # As the one that all share: the first use of OpenSSL does not count.
        drive.connection()
        drive.finish()
        baseline = drive.counts()
        yield drive
        drive.finish()
        drive.wait_for_counts(baseline)
        assert drive.close() == 0, drive.stderr()
    finally:
        if drive.alive:
            drive.kill()
            drive.close()
        drive.remove_files()


@contextlib.contextmanager
def handed(connection: socket.socket) -> Iterator[tuple[Drive, int]]:
    """A drive program that has inherited a socket of the test, and its number. The
    test's own is closed, as a program would that has handed it over."""
    with connection:
        number = connection.fileno()
        with separate(descriptors=[number]) as drive:
            connection.close()
            yield drive, number


def names_mean(folder: Path, names: dict[str, list[str]]) -> list[str]:
    """The command in front of a program for which the names have these addresses, in this
    order."""
    hosts = folder / "hosts"
    lines = [f"{address} {name}" for name, addresses in names.items() for address in addresses]
    hosts.write_text("\n".join(lines) + "\n")
    return in_mount_namespace({hosts: Path("/etc/hosts")})

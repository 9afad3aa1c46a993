"""Root folders with a release of Debian, made by debootstrap from where this machine's apt gets
its own packages, and programs that run in one."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from support.system import in_mount_namespace

# How a machine reaches its package sources. Not all of them need be there.
OF_MACHINE = ("/etc/resolv.conf", "/etc/pip.conf", "/etc/ssl/certs/ca-certificates.crt")
VARIABLES = ("http_proxy", "https_proxy", "no_proxy", "PIP_")
# It names a folder, which is not there.
NOT_VARIABLES = ("PIP_FIND_LINKS",)


class FailedError(Exception):
    """A step before the tests failed."""


def run(command: list[str]) -> None:
    if subprocess.run(command, check=False).returncode != 0:
        raise FailedError(f"this failed: {' '.join(command)}")


def told(*command: str) -> list[str]:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def mirror() -> str:
    """Where apt gets Debian's own packages from."""
    ask = ["apt-get", "indextargets", "--format", "$(REPO_URI)"]
    ask += ["Created-By: Packages", "Origin: Debian", "Label: Debian"]
    # Apt knows the origin from the lists of packages, which may be missing.
    found = told(*ask)
    if not found:
        run(["apt-get", "-q", "update"])
        found = told(*ask)
    if not found:
        raise FailedError("apt has no source of Debian's packages: add one to its sources")
    return found[0]


@dataclass(frozen=True)
class Root:
    folder: Path
    release: str
    #: Without these nothing can be begun in there.
    packages: tuple[str, ...]

    def make(self) -> None:
        """Once: the folder has its name when it is complete."""
        if self.folder.exists():
            return
        unfinished = self.folder.with_name(f"unfinished-{self.folder.name}")
        # Not what a run that was killed left mounted there.
        subprocess.run(["rm", "-rf", "--one-file-system", unfinished], check=True)
        unfinished.parent.mkdir(parents=True, exist_ok=True)
        packages = f"--include={','.join(self.packages)}"
        run(
            [
                *["debootstrap", "--variant=minbase", packages, self.release],
                *[str(unfinished), mirror()],
            ]
        )
        unfinished.rename(self.folder)

    def below(self, path: str | Path) -> Path:
        """Where something of the folder is for this machine."""
        return self.folder / Path(path).relative_to("/")

    def copy_settings(self) -> None:
        for name in OF_MACHINE:
            if Path(name).exists():
                self.below(name).write_bytes(Path(name).read_bytes())

    def mounts(self) -> dict[Path, Path]:
        # The folder is mounted too: only what is can have namespaces of its own.
        found = {self.folder: self.folder}
        names = ("/proc", "/dev", "/dev/pts", "/dev/shm")
        return found | {Path(name): self.below(name) for name in names}

    def inside(self, command: list[str], *namespace: str, place: str = "/") -> list[str]:
        """The command that runs this one in the folder, in this place there. The namespace is
        made by a program of the folder."""
        variables = [
            f"{name}={value}"
            for name, value in os.environ.items()
            if name.startswith(VARIABLES) and name not in NOT_VARIABLES
        ]
        variables += ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8"]
        enter = ["chroot", str(self.folder), *namespace, "env", "-i", "-C", place, *variables]
        return [*in_mount_namespace(self.mounts()), *enter, *command]

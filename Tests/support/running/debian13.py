"""Runs tests on Debian 13, for `make test-debian13`: with its C library, OpenSSL, Python
and mail servers, in a root folder of its own.

The folder, build/debian13/root, is made once by debootstrap, from where this machine's
apt gets its own packages. What is tested there is the library that was built here. What
the tests need is installed in the folder, with the network; then the tests run, without:
they see a loopback interface and nothing else.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from support.drive.program import BUILD, ROOT
from support.system import in_mount_namespace, in_network_namespace

RELEASE = "trixie"
FOLDER = BUILD / "debian13" / "root"
# Where the tree is in there.
TREE = Path("/smtpconn")

# Without these nothing can be begun in there.
PACKAGES = ("ca-certificates", "make", "python3")

# How a machine reaches its package sources. Not all of them need be there.
OF_MACHINE = ("/etc/resolv.conf", "/etc/pip.conf", "/etc/ssl/certs/ca-certificates.crt")
VARIABLES = ("http_proxy", "https_proxy", "no_proxy", "PIP_")
# It names a folder, which is not there.
NOT_VARIABLES = ("PIP_FIND_LINKS",)

# What was installed in the folder earlier, below its build/.
KEPT = ("need", "unpacked", "venv")
# What the tree here has and a fresh one would not.
LEFT_OUT = (".git", "build", ".build*", "__pycache__", "*.egg-info", ".*_cache", ".venv")


class FailedError(Exception):
    """A step before the tests failed."""


def run(command: list[str]) -> None:
    if subprocess.run(command, check=False).returncode != 0:
        raise FailedError(f"this failed: {' '.join(command)}")


def told(*command: str) -> list[str]:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


# --- the folder -------------------------------------------------------------


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


def make_folder() -> None:
    """It has its name when it is complete."""
    if FOLDER.exists():
        return
    unfinished = FOLDER.with_name("unfinished")
    # Not what a run that was killed left mounted there.
    subprocess.run(["rm", "-rf", "--one-file-system", unfinished], check=True)
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    packages = f"--include={','.join(PACKAGES)}"
    run(["debootstrap", "--variant=minbase", packages, RELEASE, str(unfinished), mirror()])
    unfinished.rename(FOLDER)


def below(path: str | Path) -> Path:
    """Where something of the folder is for this machine."""
    return FOLDER / Path(path).relative_to("/")


def copy_tree() -> None:
    """The tree as it is here, with the library as it was built. Modification times stay,
    so what was installed for an older tree is kept as long as it will do."""
    target, built = below(TREE), below(TREE) / "build"
    built.mkdir(parents=True, exist_ok=True)
    for folder, kept in ((target, ("build",)), (built, KEPT)):
        for path in folder.iterdir():
            if path.name in kept:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    ignore = shutil.ignore_patterns(*LEFT_OUT)
    shutil.copytree(ROOT, target, symlinks=True, ignore=ignore, dirs_exist_ok=True)

    results = [path for path in BUILD.iterdir() if not path.is_dir()]
    results += [*(BUILD / "modules").iterdir(), *(BUILD / "stripped").iterdir()]
    # All of the same time and newer than their sources: make has nothing to do, for
    # which it would need a Swift compiler.
    now = time.time_ns()
    for path in results:
        copy = built / path.relative_to(BUILD)
        copy.parent.mkdir(exist_ok=True)
        shutil.copy2(path, copy, follow_symlinks=False)
        os.utime(copy, ns=(now, now), follow_symlinks=False)


def clean_temporary() -> None:
    """What tests that were killed left."""
    shutil.rmtree(below("/tmp"))
    below("/tmp").mkdir()
    below("/tmp").chmod(0o1777)


def copy_settings() -> None:
    for name in OF_MACHINE:
        if Path(name).exists():
            below(name).write_bytes(Path(name).read_bytes())


# --- in the folder ----------------------------------------------------------


def inside(command: list[str], *namespace: str) -> list[str]:
    """The command that runs this one in the folder, in the tree there."""
    # The folder is mounted too: only what is can have namespaces of its own.
    mounts = {FOLDER: FOLDER}
    mounts |= {Path(name): below(name) for name in ("/proc", "/dev", "/dev/pts", "/dev/shm")}
    variables = [
        f"{name}={value}"
        for name, value in os.environ.items()
        if name.startswith(VARIABLES) and name not in NOT_VARIABLES
    ]
    variables += ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8"]
    enter = ["chroot", str(FOLDER), *namespace, "env", "-i", "-C", str(TREE), *variables]
    return [*in_mount_namespace(mounts), *enter, *command]


def main() -> int:
    if os.geteuid() != 0:
        print("test-debian13 must be run by root: it mounts and calls chroot", file=sys.stderr)
        return 1
    try:
        make_folder()
        copy_tree()
        copy_settings()
        clean_temporary()
        groups = ["build", "test", "static", "kerberos", "loops", "porting"]
        run(inside(["sh", "Tests/support/running/require.sh", *groups]))
        run(inside(["make", "build/venv/ready"]))
    except FailedError as error:
        print(f"test-debian13: {error}", file=sys.stderr)
        return 1
    tests = ["python3", "Tests/support/running/run_tests.py", "debian13"]
    return subprocess.run(inside(tests, *in_network_namespace()), check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

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
from support.running.roots import FailedError, Root, run
from support.system import in_network_namespace

FOLDER = BUILD / "debian13" / "root"
ROOT_FOLDER = Root(FOLDER, "trixie", ("ca-certificates", "make", "python3"))
make_folder, below = ROOT_FOLDER.make, ROOT_FOLDER.below
# Where the tree is in there.
TREE = Path("/smtpconn")

# What was installed in the folder earlier, below its build/.
KEPT = ("need", "unpacked", "venv")
# What the tree here has and a fresh one would not.
LEFT_OUT = (".git", "build", ".build*", "__pycache__", "*.egg-info", ".*_cache", ".venv")


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


def inside(command: list[str], *namespace: str) -> list[str]:
    """The command that runs this one in the folder, in the tree there."""
    return ROOT_FOLDER.inside(command, *namespace, place=str(TREE))


def main() -> int:
    if os.geteuid() != 0:
        print("test-debian13 must be run by root: it mounts and calls chroot", file=sys.stderr)
        return 1
    try:
        make_folder()
        copy_tree()
        ROOT_FOLDER.copy_settings()
        clean_temporary()
        groups = ["build", "test", "kerberos", "loops", "porting"]
        run(inside(["sh", "Tests/support/running/require.sh", *groups]))
        run(inside(["make", "build/venv/ready"]))
    except FailedError as error:
        print(f"test-debian13: {error}", file=sys.stderr)
        return 1
    tests = ["python3", "Tests/support/running/run_tests.py", "debian13"]
    return subprocess.run(inside(tests, *in_network_namespace()), check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

"""Makes the wheels and the source archive, for `make wheel`: wheels.py LIBRARY FOLDER.

One wheel uses the OpenSSL of the system.  The other has OpenSSL inside, put there by auditwheel,
which makes sure that it needs nothing newer than its tag says.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from building import PACKAGE, sources

#: The oldest system that the wheel with OpenSSL inside runs on: glibc 2.34.
PLATFORM = f"manylinux_2_34_{platform.machine()}"

#: OpenSSL asks that its licence goes with it.
LICENCE = Path("/usr/share/common-licenses/Apache-2.0")
LICENCE_NAME = "OpenSSL.txt"
NOTICE = """\
This package contains libssl and libcrypto of OpenSSL 3, https://www.openssl.org.
Copyright The OpenSSL Project Authors. All Rights Reserved.
They are under the Apache License, version 2.0:

"""


def run(*command: str, folder: Path | None = None, **environment: str) -> None:
    # What runs in the environment that this runs in.
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
    variables = {**os.environ, "PATH": path, **environment}
    subprocess.run(command, cwd=folder, env=variables, check=True)


def build(what: str, folder: Path, target: Path, **environment: str) -> None:
    """As pip does, by the setuptools of this environment."""
    code = f"import setuptools.build_meta as backend; backend.build_{what}({str(target)!r})"
    run(sys.executable, "-c", code, folder=folder, **environment)


def only(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


def with_licence(wheel: Path, target: Path) -> Path:
    """The wheel with the licence of OpenSSL.  auditwheel writes the list of files anew."""
    if not LICENCE.exists():
        raise SystemExit(f"wheels: {LICENCE} is missing, which goes into the wheel with OpenSSL")
    changed = target / wheel.name
    with ZipFile(wheel) as old, ZipFile(changed, "w", ZIP_DEFLATED) as new:
        for member in old.infolist():
            octets = old.read(member)
            if member.filename.endswith(".dist-info/METADATA"):
                octets = octets.replace(
                    b"\nLicense-Expression: MIT\n", b"\nLicense-Expression: MIT AND Apache-2.0\n"
                ).replace(
                    b"\nLicense-File: LICENSE\n",
                    f"\nLicense-File: LICENSE\nLicense-File: {LICENCE_NAME}\n".encode(),
                )
                folder = member.filename.rpartition("/")[0]
                text = ZipInfo(f"{folder}/licenses/{LICENCE_NAME}", member.date_time)
                text.external_attr = member.external_attr
                new.writestr(text, NOTICE.encode() + LICENCE.read_bytes(), ZIP_DEFLATED)
            new.writestr(member, octets, ZIP_DEFLATED)
    return changed


def main() -> None:
    library, folder = (str(Path(argument).resolve()) for argument in sys.argv[1:])
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    for pattern in ("smtpconn-*.whl", "smtpconn-*.tar.gz"):
        for path in target.glob(pattern):
            path.unlink()

    with tempfile.TemporaryDirectory() as name:
        temporary = Path(name)
        # A copy: a build leaves files behind, and another one may be under way.
        tree = temporary / "tree"
        ignore = shutil.ignore_patterns("build", "dist", "*.egg-info", "__pycache__", ".*")
        sources.copy(tree)
        copied = tree / "bindings" / "python"
        shutil.copytree(PACKAGE, copied, ignore=ignore)
        build("sdist", copied, target)

        # From the archive, as its users do.
        shutil.unpack_archive(only(target, "smtpconn-*.tar.gz"), temporary, filter="data")
        unpacked = only(temporary, "smtpconn-*")
        build("wheel", unpacked, target, SMTPCONN_LIBRARY=library)

        wheel = with_licence(only(target, "smtpconn-*.whl"), temporary)
        repair = [sys.executable, "-m", "auditwheel", "repair", "--plat", PLATFORM, "--only-plat"]
        run(*repair, "--wheel-dir", str(target), str(wheel))
    run(sys.executable, "-m", "twine", "check", "--strict", *map(str, target.iterdir()))


if __name__ == "__main__":
    main()

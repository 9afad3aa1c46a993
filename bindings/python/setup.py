"""Puts the library into the package, when there is one; pyproject.toml says the rest.

SMTPCONN_LIBRARY at build time names the library to take; without it the one that `make` built in
this repository is taken.  With neither, the package uses the library of the system.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

if TYPE_CHECKING:
    from typing import Any

SONAME = "libsmtpconn.so.0"
BUILT = Path(__file__).resolve().parent / ".." / ".." / "build" / "stripped" / SONAME


def library() -> Path | None:
    override = os.environ.get("SMTPCONN_LIBRARY")
    if override:
        # Whoever names one means that one: to go on without it would hide a mistake.
        return Path(override).resolve(strict=True)
    return BUILT if BUILT.exists() else None


class BuildWithLibrary(build_py):
    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        target = Path(self.build_lib) / "smtpconn" / SONAME
        target.unlink(missing_ok=True)  # An earlier build may have left another one.
        source = library()
        if source is not None:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)


class PlatformWheel(bdist_wheel):
    """One wheel for every Python of a platform: ctypes does not care for its version."""

    def finalize_options(self) -> None:
        super().finalize_options()
        self.root_is_pure = library() is None

    def get_tag(self) -> tuple[str, str, str]:
        python, abi, platform = super().get_tag()
        return (python, abi, platform) if self.root_is_pure else ("py3", "none", platform)


commands: dict[str, Any] = {"build_py": BuildWithLibrary, "bdist_wheel": PlatformWheel}
setup(cmdclass=commands)

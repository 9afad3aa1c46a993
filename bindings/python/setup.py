"""Puts the library into the package; pyproject.toml says the rest.

building/library.py says which library.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

# A build does not look here by itself.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from building import PACKAGE, library, sources

if TYPE_CHECKING:
    from typing import Any


class WithLibrary(Distribution):
    """A library in the package makes it one for a platform: its files go where such belong."""

    def has_ext_modules(self) -> bool:
        return library.find() != library.Library()


class BuildWithLibrary(build_py):
    def run(self) -> None:
        source = library.file()
        super().run()
        if self.editable_mode:
            # A link: what is compiled next is what is used next.
            target = PACKAGE / "src" / "smtpconn" / library.SONAME
        else:
            target = Path(self.build_lib) / "smtpconn" / library.SONAME
        target.unlink(missing_ok=True)  # An earlier build may have left another one.
        if source is None:
            return
        if self.editable_mode:
            target.symlink_to(source)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)


class PlatformWheel(bdist_wheel):
    """One wheel for every Python of a platform: ctypes does not care for its version."""

    def get_tag(self) -> tuple[str, str, str]:
        python, abi, platform = super().get_tag()
        return (python, abi, platform) if self.root_is_pure else ("py3", "none", platform)


class ArchiveWithLibrary(sdist):
    def make_release_tree(self, base_dir: str, files: list[str]) -> None:
        super().make_release_tree(base_dir, files)
        sources.copy(Path(base_dir, "library"))


commands: dict[str, Any] = {
    "build_py": BuildWithLibrary,
    "bdist_wheel": PlatformWheel,
    "sdist": ArchiveWithLibrary,
}
setup(cmdclass=commands, distclass=WithLibrary)

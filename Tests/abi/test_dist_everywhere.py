"""The archives of `make dist` where nothing is: the binary one in clean roots of Debian 12 and
13, and the source one built by `make` alone; and what tools from elsewhere say of the recipes.
`make test-dist` runs it, as root; it needs Swift, and the network for packages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.drive import BUILD, ROOT
from support.header import header_version
from support.installed import check_form, deliver
from support.making import make, run, start
from support.running.roots import Root

VERSION = header_version()
FORMS = ["shared", "static", "-static", "-static-pie"]
#: What a programmer installs who has nothing: a compiler, CMake and the OpenSSL to run with.
TOOLS = {
    "bookworm": ["gcc", "libc6-dev", "cmake", "make", "libssl3"],
    "trixie": ["gcc", "libc6-dev", "cmake", "make", "libssl3t64"],
}
#: For static programs and Meson.
MORE = ["libssl-dev", "zlib1g-dev", "libzstd-dev", "pkg-config", "meson", "ninja-build"]
PYTHON_TOOLS = ["conan==2.34.0", "spdx-tools==0.8.5"]
APT = ["apt-get", "-q", "install", "-y", "--no-install-recommends"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    # In the roots the archive is in /dist.
    make("dist", f"DIST={folder}", "DIST_URL=file:///dist")
    return folder


@pytest.fixture(scope="module", params=["bookworm", "trixie"])
def root(request: pytest.FixtureRequest, made: Path) -> Iterator[Root]:
    """A root folder that nothing was installed in, and with the archive unpacked."""
    release: str = request.param
    clean = Root(BUILD / "clean" / f"{release}-minimal", release, ("ca-certificates",))
    clean.make()
    clean.copy_settings()
    used = Root(clean.folder.with_name(f"{release}-dist"), release, clean.packages)
    subprocess.run(["rm", "-rf", "--one-file-system", used.folder], check=True)
    run("cp", "-a", "--reflink=auto", clean.folder, used.folder)
    shutil.copytree(made, used.below("/dist"), symlinks=True)
    yield used
    # Not what is mounted in there, if that was not undone.
    subprocess.run(["rm", "-rf", "--one-file-system", used.folder], check=True)


def does(root: Root, *command: str, place: str = "/") -> str:
    return run(*root.inside(list(command), place=place))


def unpack(root: Root) -> str:
    """Where the archive was unpacked: not in /opt, where CMake finds it by itself."""
    (archive,) = root.below("/dist").glob("*-linux-*.tar.gz")
    does(root, "tar", "-xzf", f"/dist/{archive.name}", "-C", "/root")
    return f"/root/{archive.name.removesuffix('.tar.gz')}"


def cmake(root: Root, form: str) -> list[str]:
    """Builds the example as INSTALL says, and returns the command that runs it."""
    folder = unpack(root)
    build = f"/root/{form}"
    settings = [f"-DCMAKE_PREFIX_PATH={folder}", f"-DFORM={form}"]
    does(root, "cmake", "-S", f"{folder}/share/doc/smtpconn/examples", "-B", build, *settings)
    does(root, "cmake", "--build", build)
    return root.inside([f"{build}/send"])


def test_as_a_user(root: Root) -> None:
    """From nothing to a message that was delivered, by a program of the shared library. No
    development files of OpenSSL are there."""
    does(root, "apt-get", "-q", "update")
    does(root, *APT, *TOOLS[root.release])
    assert not root.below("/usr/include/openssl").exists()
    deliver(*cmake(root, "shared"))


@pytest.mark.parametrize("form", FORMS)
def test_every_form(root: Root, form: str) -> None:
    does(root, "apt-get", "-q", "update")
    does(root, *APT, *TOOLS[root.release], *MORE)
    deliver(*cmake(root, form))
    check_form(root.below(f"/root/{form}/send"), form)


def test_meson_wrap(root: Root) -> None:
    does(root, *APT, *TOOLS[root.release], *MORE)
    folder = unpack(root)
    does(root, "cp", "-R", f"{folder}/share/doc/smtpconn/examples", "/root/meson")
    does(root, "mkdir", "/root/meson/subprojects")
    does(root, "cp", "/dist/recipes/smtpconn.wrap", "/root/meson/subprojects/")
    does(root, "meson", "setup", "build", place="/root/meson")
    does(root, "meson", "compile", "-C", "build", place="/root/meson")
    deliver(*root.inside(["/root/meson/build/send"]))


@pytest.fixture(scope="module")
def tools() -> Path:
    """The programs of an environment with Conan and a reader of SPDX."""
    folder = BUILD / "dist-tools"
    if not (folder / "ready").exists():
        run(sys.executable, "-m", "venv", "--clear", folder)
        run(folder / "bin" / "pip", "install", "--quiet", *PYTHON_TOOLS)
        (folder / "ready").touch()
    return folder / "bin"


@pytest.mark.parametrize("shared", ["True", "False"])
def test_conan(tools: Path, tmp_path: Path, shared: str) -> None:
    """`conan create` without a remote: it packages the archive, and its own test program runs."""
    dist = tmp_path / "dist"
    make("dist", f"DIST={dist}")
    recipe = dist / "recipes" / "conan"
    conan, home = tools / "conan", str(tmp_path / "home")
    run(conan, "profile", "detect", CONAN_HOME=home)
    option = f"smtpconn/*:shared={shared}"
    done = start(conan, "create", recipe, "--no-remote", "-o", option, CONAN_HOME=home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"\nsmtpconn {VERSION}\n" in done.stdout + done.stderr


def test_bill_of_materials(tools: Path, made: Path) -> None:
    """The checker of the SPDX project accepts it."""
    (bill,) = made.glob("*.spdx.json")
    run(tools / "pyspdxtools", "--infile", bill)


def test_source_archive(made: Path, tmp_path: Path) -> None:
    """`make` alone, where git knows nothing; and what it makes is what is in the other archive."""
    run("tar", "-xzf", made / f"smtpconn-{VERSION}.tar.gz", "-C", tmp_path)
    tree = tmp_path / f"smtpconn-{VERSION}"
    variables = {name: "" for name in os.environ if name.startswith("MAKE")}
    run("make", folder=tree, **variables)
    run("make", "install", f"PREFIX={tmp_path}/prefix", folder=tree, **variables)
    library = tmp_path / "prefix" / "lib"
    build = tmp_path / "example"
    settings = [f"-DCMAKE_PREFIX_PATH={tmp_path}/prefix"]
    run("cmake", "-S", ROOT / "examples", "-B", build, *settings)
    run("cmake", "--build", build)
    deliver(build / "send")
    (binary,) = (path for path in made.glob("*-linux-*") if path.is_dir())
    for name in (f"libsmtpconn.so.{VERSION}", "libsmtpconn.a"):
        assert (library / name).read_bytes() == (binary / "lib" / name).read_bytes(), name

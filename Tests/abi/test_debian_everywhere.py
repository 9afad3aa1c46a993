"""The Debian packages in clean roots of Debian 12 and 13: installed by apt, used as a user would
use them, tried by autopkgtest, and removed. `make test-deb` runs it, as root; it needs the
network for what the packages need."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from support.drive import BUILD, ROOT
from support.making import make, run
from support.running.roots import Root
from support.system import in_network_namespace

FOLDER = BUILD / "deb"
#: What a programmer has who installs a library.
PACKAGES = ("ca-certificates", "gcc", "libc6-dev", "man-db", "openssl", "pkg-config", "python3")
INSTALLED = ("libsmtpconn0", "libsmtpconn-dev", "libsmtpconn-doc", "python3-smtpconn")
README = (ROOT / "README.md").read_text()


def first_block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert found is not None, f"README.md has no program in {language}"
    return found[1]


class Machine:
    """A root folder that nothing was installed in, with the packages in /packages."""

    def __init__(self, release: str) -> None:
        clean = Root(BUILD / "clean" / release, release, PACKAGES)
        clean.make()
        clean.copy_settings()
        run(*clean.inside(["apt-get", "-q", "update"]))
        self.root = Root(clean.folder.with_name(f"{release}-used"), release, PACKAGES)
        subprocess.run(["rm", "-rf", "--one-file-system", self.root.folder], check=True)
        run("cp", "-a", "--reflink=auto", clean.folder, self.root.folder)
        packages = self.root.below("/packages")
        packages.mkdir()
        for path in FOLDER.glob("*.deb"):
            shutil.copy(path, packages)
        with self.root.below("/etc/hosts").open("a") as hosts:
            hosts.write("127.0.0.1 localhost mail.example.com\n")

    def does(self, *command: str) -> str:
        return run(*self.root.inside(list(command)))

    def does_without_network(self, *command: str) -> str:
        return run(*in_network_namespace(), *self.root.inside(list(command)))

    def files(self) -> set[str]:
        """Those that the system has, without what apt and others keep about packages."""
        kept = ("/var/lib/dpkg", "/var/lib/apt", "/var/cache", "/var/log", "/proc", "/dev")
        prune = " -o ".join(f"-path {path}" for path in kept)
        return set(self.does("sh", "-c", f"find / \\( {prune} \\) -prune -o -print").splitlines())


def test_lintian() -> None:
    """With the manual pages, for which it takes minutes."""
    make("deb")
    (changes,) = FOLDER.glob("*.changes")
    assert run("lintian", "--pedantic", "--display-info", changes) == ""


def test_site() -> None:
    make("docs")
    make("deb", f"DEB_SITE={BUILD / 'docs'}")
    (package,) = FOLDER.glob("libsmtpconn-doc_*.deb")
    listing = run("dpkg-deb", "--contents", package)
    assert "./usr/share/doc/libsmtpconn-dev/html/index.html\n" in listing
    assert "./usr/share/doc-base/libsmtpconn-doc.smtpconn\n" in listing
    assert run("lintian", "--pedantic", "--display-info", package) == ""


def test_source_package() -> None:
    make("deb-source")
    (description,) = FOLDER.glob("*.dsc")
    assert run("lintian", "--pedantic", "--display-info", description) == ""


@pytest.fixture(scope="module", params=["bookworm", "trixie"])
def machine(request: pytest.FixtureRequest) -> Iterator[Machine]:
    make("deb")
    machine = Machine(request.param)
    yield machine
    # Not what is mounted in there, if that was not undone.
    subprocess.run(["rm", "-rf", "--one-file-system", machine.root.folder], check=True)


def test_as_a_user(machine: Machine) -> None:
    """From the files to a message that was delivered, with what README.md says, unchanged."""
    machine.does(
        *["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-q", "-y"],
        *["--no-install-recommends", *[f"/packages/{name}" for name in names_of(INSTALLED)]],
    )
    shutil.copy(ROOT / "packaging" / "debian" / "tests" / "server.py", machine.root.below("/root"))
    server = ["python3", "/root/server.py", "--port", "587"]

    machine.root.below("/root/hello.c").write_text(first_block("c"))
    line = re.search(r"^    (cc hello\.c .*)$", README, re.MULTILINE)
    assert line is not None, "README.md does not say how to compile it"
    machine.does_without_network("sh", "-c", f"cd /root && {line[1]}")
    printed = machine.does_without_network(*server, "/root/hello")
    assert printed == "250 2.0.0 Ok: queued as 1\nhello: delivered\n"

    machine.root.below("/root/hello.py").write_text(first_block("python"))
    printed = machine.does_without_network(*server, "python3", "/root/hello.py")
    assert printed == "250 2.0.0 Ok: queued as 1 []\npython3: delivered\n"


def names_of(packages: tuple[str, ...]) -> list[str]:
    return sorted(path.name for name in packages for path in FOLDER.glob(f"{name}_*.deb"))


def test_manual(machine: Machine) -> None:
    for name, section in (("smtpconn", "3"), ("smtpconn_send", "3"), ("smtpconn", "1")):
        shown = machine.does("man", section, name)
        assert shown.startswith(f"{name.upper()}({section})")
        assert "NAME" in shown


def test_debugger(machine: Machine) -> None:
    """What gdb reads is at the place where it looks, and fits the library."""
    (name,) = names_of(("libsmtpconn0-dbgsym",))
    machine.does("dpkg", "-i", f"/packages/{name}")
    (symbols,) = machine.root.below("/usr/lib/debug/.build-id").glob("*/*.debug")
    (library,) = machine.root.below("/usr/lib").glob("*/libsmtpconn.so.0.*")
    assert f"Build ID: {symbols.parent.name}{symbols.stem}" in run("readelf", "-n", library)
    machine.does("dpkg", "--purge", "libsmtpconn0-dbgsym")


def test_removed(machine: Machine) -> None:
    """Nothing remains."""
    machine.does("dpkg", "--purge", *INSTALLED)
    left = [path for path in machine.files() if "smtpconn" in path and "/packages/" not in path]
    assert not left


def test_autopkgtest(machine: Machine) -> None:
    """As Debian would run the tests of the packages: on a system with nothing but what they
    say that they need."""
    (tree,) = (path for path in FOLDER.glob("smtpconn-*") if path.is_dir())
    output = BUILD / "autopkgtest" / machine.root.release
    shutil.rmtree(output, ignore_errors=True)
    packages = [str(FOLDER / name) for name in names_of(INSTALLED)]
    mounted = machine.root.inside([])
    # Its runner enters the folder itself: it is called where the mounts are.
    command = [*mounted[: mounted.index("chroot")], "autopkgtest"]
    runner = ["--", "chroot", str(machine.root.folder)]
    run(*command, "--no-built-binaries", f"--output-dir={output}", *packages, f"{tree}/", *runner)
    summary = (output / "summary").read_text().split()
    assert summary[0::2] == ["c", "python", "command"]
    assert set(summary[1::2]) == {"PASS"}

"""Programs that use an installed smtpconn: by pkg-config, CMake and Meson; shared, with the
archive, and with nothing shared at all. Each is built as a user would build it, from the
installed files only, and delivers a message."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from support.drive import ROOT
from support.header import header_version
from support.installed import check_form, deliver
from support.making import make, run, start
from support.system import in_mount_namespace

FORMS = ["shared", "static", "-static", "-static-pie"]
EXAMPLE = ["send.c", "CMakeLists.txt", "meson.build"]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all, which no test changes."""
    prefix = tmp_path_factory.mktemp("installed") / "prefix"
    make("install", f"PREFIX={prefix}")
    return prefix


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The example in a folder of its own: nothing of the sources can be found from there."""
    folder = tmp_path / "example"
    folder.mkdir()
    for name in EXAMPLE:
        shutil.copy(ROOT / "examples" / name, folder)
    return folder


@pytest.mark.parametrize("form", ["-static", "-static-pie"])
def test_pkg_config(tree: Path, tmp_path: Path, form: str) -> None:
    """test_install.py has the shared library and the archive."""
    path = str(tree / "lib" / "pkgconfig")
    asked = ["pkg-config", "--static", "--cflags", "--libs", "smtpconn"]
    flags = run(*asked, PKG_CONFIG_PATH=path).split()
    program = tmp_path / "send"
    pie = ["-fPIE"] if form == "-static-pie" else []
    run("cc", form, *pie, "examples/send.c", "-o", program, *flags)
    check_form(program, form)
    deliver(program)


def test_fully_static_program_needs_no_file(tree: Path, tmp_path: Path) -> None:
    """In a root folder with nothing but /etc/hosts it resolves a name and delivers."""
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc" / "hosts").write_text("127.0.0.1 mail.example\n")
    flags = run("pkg-config", "--static", "--libs", "libssl").split()
    archive = tree / "lib" / "libsmtpconn.a"
    program = root / "send"
    command = ["cc", "-static", f"-I{tree}/include", "examples/send.c", "-o", str(program)]
    run(*command, str(archive), *flags, "-lm")
    deliver(*in_mount_namespace({}), "chroot", root, "/send", host="mail.example")


def cmake(source: Path, *arguments: str) -> Path:
    """Configures, builds, and returns the program."""
    build = source / "build"
    run("cmake", "-S", source, "-B", build, *arguments)
    run("cmake", "--build", build)
    return build / "send"


@pytest.mark.parametrize("form", FORMS)
def test_cmake(tree: Path, source: Path, form: str) -> None:
    program = cmake(source, f"-DCMAKE_PREFIX_PATH={tree}", f"-DFORM={form}")
    check_form(program, form)
    deliver(program)


def test_cmake_of_a_folder_that_was_moved(tree: Path, source: Path, tmp_path: Path) -> None:
    """The paths start at the files, whatever is between, also through a link to a folder."""
    moved = tmp_path / "moved to"
    shutil.copytree(tree, moved, symlinks=True)
    link = tmp_path / "link"
    link.symlink_to(moved / "lib")
    program = cmake(source, f"-Dsmtpconn_DIR={link}/cmake/smtpconn")
    deliver(program)
    assert str(moved / "lib") in run("readelf", "-dW", program)


def configured(source: Path, tree: Path, text: str, *arguments: str) -> tuple[bool, str]:
    """Whether a project with this text can be configured, and what CMake prints."""
    (source / "CMakeLists.txt").write_text(
        f"cmake_minimum_required(VERSION 3.19)\nproject(asking LANGUAGES C)\n{text}\n"
    )
    shutil.rmtree(source / "build", ignore_errors=True)
    prefix = f"-DCMAKE_PREFIX_PATH={tree}"
    done = start("cmake", "-S", source, "-B", source / "build", prefix, *arguments)
    return done.returncode == 0, done.stdout + done.stderr


def test_cmake_versions(tree: Path, source: Path) -> None:
    """One run of CMake for all: each asks in a scope of its own."""
    major, minor, patch = (int(part) for part in header_version().split("."))
    own = f"{major}.{minor}.{patch}"
    good = [own, f"{major}.{minor}", f"{own} EXACT", f"{major}.{minor}...{major}.{minor + 1}", ""]
    bad = [
        *[f"{major}.{minor}.{patch + 1}", f"{major}.{minor + 1}", f"{major + 1}"],
        *[f"{major}.{minor} EXACT", f"0...<{own}", f"{major + 1}...{major + 2}"],
    ]
    text = "".join(
        f"function(ask{index})\nfind_package(smtpconn {version} QUIET)\n"
        f'message("{version}: ${{smtpconn_FOUND}}")\nunset(smtpconn_DIR CACHE)\nendfunction()\n'
        f"ask{index}()\n"
        for index, version in enumerate([*good, *bad])
    )
    succeeded, printed = configured(source, tree, text)
    assert succeeded, printed
    for version in good:
        assert f"{version}: 1\n" in printed, printed
    for version in bad:
        assert f"{version}: 0\n" in printed, printed


@pytest.mark.parametrize(
    ("asked", "taken"),
    [("2.3.4", True), ("2.0", True), ("2.3.5", False), ("1.9", False), ("3", False)],
)
def test_cmake_version_of_another_major(tmp_path: Path, asked: str, taken: bool) -> None:
    """As find_package reads the file, for the version 2.3.4: not a program of version 1."""
    text = (ROOT / "packaging" / "cmake" / "smtpconn-config-version.cmake.in").read_text()
    script = tmp_path / "version.cmake"
    script.write_text(text.replace("@VERSION@", "2.3.4"))
    major = asked.split(".", maxsplit=1)[0]
    ask = tmp_path / "ask.cmake"
    ask.write_text(
        f"set(PACKAGE_FIND_VERSION {asked})\nset(PACKAGE_FIND_VERSION_MAJOR {major})\n"
        f'include("{script}")\nmessage(STATUS "taken: ${{PACKAGE_VERSION_COMPATIBLE}}")\n'
    )
    assert f"taken: {str(taken).upper()}\n" in run("cmake", "-P", ask)


def test_cmake_says_what_is_missing(tree: Path, source: Path, tmp_path: Path) -> None:
    """Without OpenSSL's headers there is the shared library, and a request for the archive
    says what to install. What is optional is no error."""
    hidden = "set(CMAKE_DISABLE_FIND_PACKAGE_OpenSSL ON)\n"
    shared = "add_executable(send send.c)\ntarget_link_libraries(send smtpconn::smtpconn)\n"
    # Twice, as in a project with parts: the second time changes nothing.
    twice = "find_package(smtpconn REQUIRED)\n" * 2
    assert configured(source, tree, f"{hidden}{twice}{shared}")[0]
    optional = "find_package(smtpconn REQUIRED COMPONENTS shared OPTIONAL_COMPONENTS static)\n"
    assert configured(source, tree, f"{hidden}{optional}{shared}")[0]
    succeeded, printed = configured(
        source, tree, f"{hidden}find_package(smtpconn REQUIRED COMPONENTS static)"
    )
    assert not succeeded
    assert "libssl-dev" in " ".join(printed.split())
    succeeded, printed = configured(source, tree, "find_package(smtpconn REQUIRED COMPONENTS tls)")
    assert not succeeded
    assert 'no component "tls"' in " ".join(printed.split())

    # A package of the archive alone.
    partial = tmp_path / "partial"
    shutil.copytree(tree, partial, symlinks=True, ignore=shutil.ignore_patterns("*.so*"))
    static = "add_executable(send send.c)\ntarget_link_libraries(send smtpconn::smtpconn_static)\n"
    assert configured(source, partial, f"find_package(smtpconn REQUIRED)\n{static}")[0]
    (partial / "include" / "smtpconn.h").unlink()
    succeeded, printed = configured(source, partial, "find_package(smtpconn REQUIRED)")
    assert not succeeded
    assert "smtpconn.h is missing" in " ".join(printed.split())


@pytest.mark.parametrize("form", ["shared", "static"])
def test_meson_by_pkg_config(tree: Path, source: Path, form: str) -> None:
    path = str(tree / "lib" / "pkgconfig")
    if form == "static":
        description = source / "meson.build"
        text = description.read_text()
        assert text.count("'>=0.1')") == 1
        description.write_text(text.replace("'>=0.1')", "'>=0.1', static: true)"))
    build = source / "build"
    run("meson", "setup", build, source, PKG_CONFIG_PATH=path)
    run("meson", "compile", "-C", build)
    dynamic = run("readelf", "-dW", build / "send")
    assert ("[libsmtpconn.so.0]" in dynamic) == (form == "shared")
    deliver(build / "send", library=tree / "lib")

"""The archives of `make dist`, and the recipes that use them, where they were unpacked."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import shutil
import tarfile
from pathlib import Path

import pytest

from support.drive import ROOT
from support.header import header_version
from support.installed import check_form, deliver, files_in
from support.making import make, run

VERSION = header_version()
SOURCE = f"smtpconn-{VERSION}"
SECONDS = 1_700_000_000


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make dist` makes, in a folder of the tests."""
    return dist(tmp_path_factory.mktemp("dist"))


def dist(folder: Path, *arguments: str) -> Path:
    make("dist", f"DIST={folder}", f"SOURCE_DATE_EPOCH={SECONDS}", *arguments)
    return folder


@pytest.fixture(scope="module")
def binary(made: Path) -> str:
    (path,) = made.glob(f"{SOURCE}-linux-*.tar.gz")
    return path.name.removesuffix(".tar.gz")


@pytest.fixture
def unpacked(made: Path, binary: str, tmp_path: Path) -> Path:
    run("tar", "-xzf", made / f"{binary}.tar.gz", "-C", tmp_path)
    return tmp_path / binary


def sums(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.tar.gz")
    }


def test_archives_are_reproducible(made: Path, tmp_path: Path) -> None:
    """Made again, with another mask, language and time zone, they are equal bit by bit."""
    again = tmp_path / "again"
    command = f"umask 077; make dist DIST={again} SOURCE_DATE_EPOCH={SECONDS}"
    run("sh", "-c", command, LC_ALL="C.UTF-8", TZ="Asia/Tokyo", MAKEFLAGS="")
    assert sums(again) == sums(made)
    listed = (made / "SHA256SUMS").read_text().split()
    assert dict(zip(listed[1::2], listed[::2], strict=True)) == sums(made)


def test_members_are_of_nobody_in_particular(made: Path) -> None:
    for path in made.glob("*.tar.gz"):
        with tarfile.open(path) as archive:
            members = archive.getmembers()
        assert members
        names = [member.name for member in members]
        assert names == sorted(names) or path.name != f"{SOURCE}.tar.gz"
        for member in members:
            assert (member.uid, member.gid, member.uname, member.gname) == (0, 0, "", "")
            assert member.mtime == SECONDS
            assert member.mode & 0o022 == 0 or member.issym()
            assert member.mode & 0o444 == 0o444


def test_source_archive_has_what_git_knows(made: Path, tmp_path: Path) -> None:
    known = set(run("git", "ls-files", "-z").rstrip("\0").split("\0"))
    run("tar", "-xzf", made / f"{SOURCE}.tar.gz", "-C", tmp_path)
    tree = tmp_path / SOURCE
    assert (
        files_in(tree) | {str(p.relative_to(tree)) for p in tree.rglob("*") if p.is_symlink()}
        == known
    )
    for name in ("Makefile", "packaging/dist.mk", "Tests/support/running/require.sh"):
        assert (tree / name).read_bytes() == (ROOT / name).read_bytes()
    # All that has to be compiled is there: make knows how to build all of it. It would run
    # neither git nor anything that is not in the archive.
    plan = run("make", "-n", "all", folder=tree, MAKEFLAGS="", SWIFTC="swiftc")
    assert "-soname,libsmtpconn.so.0" in plan
    # In there `make dist` makes the binary archive, of the time of the source archive.
    plan = run("make", "-n", "dist", folder=tree, MAKEFLAGS="", SOURCE_DATE_EPOCH="")
    assert f"SOURCE_DATE_EPOCH={SECONDS} " in plan
    assert "git ls-files" not in plan


def test_binary_archive_is_complete(unpacked: Path) -> None:
    assert {
        *["INSTALL", "LICENSE", "meson.build", "include/smtpconn.h", "include/smtpconn.hpp"],
        *[
            "lib/libsmtpconn.a",
            "lib/libsmtpconn.so",
            "lib/libsmtpconn.so.0",
            f"lib/libsmtpconn.so.{VERSION}",
        ],
        *["lib/pkgconfig/smtpconn.pc", "lib/cmake/smtpconn/smtpconn-config.cmake"],
        *["share/man/man3/smtpconn.3", "share/man/man3/smtpconn_send.3"],
        *["share/doc/smtpconn/smtpconn.spdx.json"],
        *["share/doc/smtpconn/examples/send.c", "share/doc/smtpconn/CHANGELOG.md"],
    } <= files_in(unpacked)
    # What it was made in is in no text.
    for path in unpacked.rglob("*"):
        if path.is_file() and path.suffix in {".pc", ".cmake", ".build", ".json", ""}:
            assert str(ROOT) not in path.read_text(), path
            assert "@VERSION@" not in path.read_text(), path
    # Of a newer C library only with a newer C library: what its compiler would put in.
    undefined = run("nm", "-u", unpacked / "lib" / "libsmtpconn.a")
    assert "__isoc23_" not in undefined
    assert "arc4random" not in undefined


def test_pkg_config_needs_no_headers_of_openssl(unpacked: Path, tmp_path: Path) -> None:
    """Where only this description can be found."""
    library = unpacked / "lib"
    alone = str(library / "pkgconfig")
    asked = run("pkg-config", "--cflags", "--libs", "smtpconn", PKG_CONFIG_LIBDIR=alone)
    flags = [
        os.path.normpath(flag[2:]) if flag[:2] in {"-I", "-L"} else flag for flag in asked.split()
    ]
    assert flags == [str(unpacked / "include"), str(library), "-lsmtpconn"]
    static = run("pkg-config", "--static", "--libs", "smtpconn", PKG_CONFIG_LIBDIR=alone).split()
    assert [flag for flag in static if flag[:2] == "-l"] == [
        *["-lsmtpconn", "-lssl", "-lcrypto", "-lm", "-lpthread"]
    ]
    program = tmp_path / "send"
    run("cc", "-o", program, unpacked / "share/doc/smtpconn/examples/send.c", *asked.split())
    deliver(program, library=library)


@pytest.mark.parametrize("form", ["static", "-static"])
def test_static_programs_as_install_says(unpacked: Path, tmp_path: Path, form: str) -> None:
    """The two lines of INSTALL, which the shell reads."""
    lines = (unpacked / "INSTALL").read_text().splitlines()
    (line,) = (
        line.strip()
        for line in lines
        if ("libsmtpconn.a -l" in line if form == "static" else line.startswith("  cc -static "))
    )
    line = line.replace("/this/folder", str(unpacked))
    path = str(unpacked / "lib" / "pkgconfig")
    shutil.copy(ROOT / "examples" / "send.c", tmp_path)
    run("sh", "-c", f"{line} -o send", folder=tmp_path, PKG_CONFIG_PATH=path)
    check_form(tmp_path / "send", form)
    deliver(tmp_path / "send")


def test_example_of_the_archive(unpacked: Path, tmp_path: Path) -> None:
    """As INSTALL says: CMake, from the folder where it was unpacked."""
    example, build = unpacked / "share/doc/smtpconn/examples", tmp_path / "build"
    assert "cd share/doc/smtpconn/examples" in (unpacked / "INSTALL").read_text()
    run("cmake", "-S", example, "-B", build, f"-DCMAKE_PREFIX_PATH={unpacked}")
    run("cmake", "--build", build)
    deliver(build / "send")


@pytest.mark.parametrize("name", ["smtpconn", "smtpconn-static"])
def test_meson_wrap(made: Path, binary: str, unpacked: Path, tmp_path: Path, name: str) -> None:
    """With the wrap and nothing installed. The archive comes from where the wrap says."""
    project = tmp_path / "project"
    shutil.copytree(unpacked / "share/doc/smtpconn/examples", project)
    (project / "subprojects").mkdir()
    shutil.copy(made / "recipes" / "smtpconn.wrap", project / "subprojects")
    description = project / "meson.build"
    text = description.read_text()
    assert text.count("dependency('smtpconn', version") == 1
    description.write_text(text.replace("'smtpconn', version", f"'{name}', version"))
    run("meson", "setup", "build", folder=project, PKG_CONFIG_PATH="")
    run("meson", "compile", "-C", "build", folder=project)
    program = project / "build" / "send"
    shared = "[libsmtpconn.so.0]" in run("readelf", "-dW", program)
    assert shared == (name == "smtpconn")
    deliver(program)
    assert (project / "subprojects" / binary).is_dir()


# --- the bill of materials -----------------------------------------------------


def test_bill_of_materials(made: Path, binary: str, unpacked: Path) -> None:
    """What SPDX 2.3 requires of such a document, and that it is true."""
    text = (made / f"{binary}.spdx.json").read_text()
    assert (unpacked / "share/doc/smtpconn/smtpconn.spdx.json").read_text() == text
    bill = json.loads(text)
    assert (bill["spdxVersion"], bill["dataLicense"]) == ("SPDX-2.3", "CC0-1.0")
    assert bill["SPDXID"] == "SPDXRef-DOCUMENT"
    assert bill["creationInfo"]["created"] == "2023-11-14T22:13:20Z"
    assert bill["creationInfo"]["creators"]
    assert re.fullmatch(r"https://[^#]+", bill["documentNamespace"])

    packages = {package["name"]: package for package in bill["packages"]}
    assert set(packages) == {"smtpconn", "swift-standard-library", "openssl", "glibc"}
    assert packages["smtpconn"]["versionInfo"] == VERSION
    assert packages["smtpconn"]["licenseDeclared"] == "MIT"
    # What the library loads is what is named.
    needed = set(
        re.findall(
            r"\(NEEDED\).*\[(.*?)\.so", run("readelf", "-dW", unpacked / "lib/libsmtpconn.so")
        )
    )
    assert needed == {"libssl", "libcrypto", "libc"}

    identifiers = [entry["SPDXID"] for entry in [*bill["packages"], *bill["files"], bill]]
    assert len(set(identifiers)) == len(identifiers)
    assert all(re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", one) for one in identifiers)
    for relation in bill["relationships"]:
        assert {relation["spdxElementId"], relation["relatedSpdxElement"]} <= set(identifiers)

    files = {}
    for entry in bill["files"]:
        digests = {one["algorithm"]: one["checksumValue"] for one in entry["checksums"]}
        octets = (unpacked / entry["fileName"]).read_bytes()
        assert digests["SHA1"] == hashlib.sha1(octets).hexdigest()
        assert digests["SHA256"] == hashlib.sha256(octets).hexdigest()
        files[entry["fileName"].removeprefix("./")] = digests["SHA1"]
    there = {
        str(path.relative_to(unpacked))
        for path in unpacked.rglob("*")
        if path.is_file() and not path.is_symlink()
    }
    assert set(files) == there - {"share/doc/smtpconn/smtpconn.spdx.json"}
    verification = hashlib.sha1("".join(sorted(files.values())).encode()).hexdigest()
    code = packages["smtpconn"]["packageVerificationCode"]
    assert code == {"packageVerificationCodeValue": verification}


# --- recipes -------------------------------------------------------------------


def test_recipes_are_filled_in(made: Path, binary: str) -> None:
    recipes = made / "recipes"
    assert files_in(recipes) == {
        *["smtpconn.wrap", "homebrew/smtpconn.rb", "vcpkg/portfile.cmake", "vcpkg/vcpkg.json"],
        *["conan/conandata.yml", "conan/conanfile.py", "conan/test_package/CMakeLists.txt"],
        *["conan/test_package/conanfile.py", "conan/test_package/version.c"],
    }
    for name in files_in(recipes):
        assert not re.search(r"@[A-Z0-9]+@", (recipes / name).read_text()), name
    archive = (made / f"{binary}.tar.gz").read_bytes()
    assert hashlib.sha256(archive).hexdigest() in (recipes / "smtpconn.wrap").read_text()
    assert hashlib.sha256(archive).hexdigest() in (recipes / "conan" / "conandata.yml").read_text()
    assert hashlib.sha512(archive).hexdigest() in (recipes / "vcpkg" / "portfile.cmake").read_text()
    source = (made / f"{SOURCE}.tar.gz").read_bytes()
    assert hashlib.sha256(source).hexdigest() in (recipes / "homebrew" / "smtpconn.rb").read_text()
    ast.parse((recipes / "conan" / "conanfile.py").read_text())
    port = json.loads((recipes / "vcpkg" / "vcpkg.json").read_text())
    assert (port["name"], port["version"]) == ("smtpconn", VERSION)


VCPKG = """
set(VCPKG_LIBRARY_LINKAGE "@LINKAGE@")
set(CURRENT_PACKAGES_DIR "@TARGET@")
function(vcpkg_download_distfile result)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "URLS;FILENAME;SHA512" "")
  file(DOWNLOAD "${arg_URLS}" "@WORK@/${arg_FILENAME}" EXPECTED_HASH SHA512=${arg_SHA512})
  set(${result} "@WORK@/${arg_FILENAME}" PARENT_SCOPE)
endfunction()
function(vcpkg_extract_source_archive result)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "ARCHIVE" "")
  file(ARCHIVE_EXTRACT INPUT "${arg_ARCHIVE}" DESTINATION "@WORK@/source")
  file(GLOB only "@WORK@/source/*")
  set(${result} "${only}" PARENT_SCOPE)
endfunction()
function(vcpkg_replace_string file old new)
  file(READ "${file}" text)
  string(REPLACE "${old}" "${new}" replaced "${text}")
  if(replaced STREQUAL text)
    message(FATAL_ERROR "nothing to replace in ${file}: ${old}")
  endif()
  file(WRITE "${file}" "${replaced}")
endfunction()
function(vcpkg_fixup_pkgconfig)
endfunction()
function(vcpkg_install_copyright)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "" "FILE_LIST")
  set(share "${CURRENT_PACKAGES_DIR}/share/smtpconn")
  file(INSTALL ${arg_FILE_LIST} DESTINATION "${share}" RENAME copyright)
endfunction()
include("@PORT@")
"""


@pytest.mark.parametrize("linkage", ["static", "dynamic"])
def test_vcpkg_port(made: Path, tmp_path: Path, linkage: str) -> None:
    """Its program, with functions of the names that vcpkg's have; and what it installs can
    be used."""
    target = tmp_path / "installed"
    text = VCPKG
    for name, value in {
        "LINKAGE": linkage,
        "TARGET": target,
        "WORK": tmp_path,
        "PORT": made / "recipes" / "vcpkg" / "portfile.cmake",
    }.items():
        text = text.replace(f"@{name}@", str(value))
    script = tmp_path / "vcpkg.cmake"
    script.write_text(text)
    run("cmake", "-P", script)
    library = {"static": "lib/libsmtpconn.a", "dynamic": "lib/libsmtpconn.so"}[linkage]
    headers = {"include/smtpconn.h", "include/smtpconn.hpp"}
    assert {library, *headers, "share/smtpconn/copyright"} <= files_in(target)
    form = {"static": "static", "dynamic": "shared"}[linkage]
    build = tmp_path / "build"
    settings = [f"-Dsmtpconn_DIR={target}/share/smtpconn", f"-DFORM={form}"]
    run("cmake", "-S", ROOT / "examples", "-B", build, *settings)
    run("cmake", "--build", build)
    deliver(build / "send")

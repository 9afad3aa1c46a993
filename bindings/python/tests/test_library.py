"""How the library is found, and what is said when it is not."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

import smtpconn
from smtpconn._library import SONAME

PACKAGE = Path(smtpconn.__file__).parent
LIBRARY = os.environ["SMTPCONN_LIBRARY"]


def import_with(source: Path, library: str | None, code: str = "") -> tuple[int, str]:
    environment = {**os.environ, "PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("SMTPCONN_LIBRARY")
    if library is not None:
        environment["SMTPCONN_LIBRARY"] = library
    done = subprocess.run(
        [sys.executable, "-c", f"import smtpconn{code}"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def copy_package(folder: Path) -> Path:
    ignored = shutil.ignore_patterns("__pycache__", "*.so*")
    shutil.copytree(PACKAGE, folder / "smtpconn", ignore=ignored)
    return folder


def test_the_variable_goes_first(tmp_path: Path) -> None:
    source = copy_package(tmp_path)
    (source / "smtpconn" / SONAME).write_bytes(b"no library at all")
    assert import_with(source, LIBRARY) == (0, "")


def test_the_variable_goes_alone(tmp_path: Path) -> None:
    source = copy_package(tmp_path)
    shutil.copyfile(LIBRARY, source / "smtpconn" / SONAME)
    status, output = import_with(source, "/nonexistent/lib.so")
    assert status != 0
    assert "ImportError" in output
    assert "/nonexistent/lib.so" in output
    assert "SMTPCONN_LIBRARY" in output


def test_beside_the_package(tmp_path: Path) -> None:
    source = copy_package(tmp_path)
    shutil.copyfile(LIBRARY, source / "smtpconn" / SONAME)
    code = "; print(smtpconn.library_version(), smtpconn.library_path())"
    path = source / "smtpconn" / SONAME
    assert import_with(source, None, code) == (0, f"{smtpconn.__version__} {path}\n")


def test_the_error_names_everything_that_was_tried(tmp_path: Path) -> None:
    source = copy_package(tmp_path)
    beside = source / "smtpconn" / SONAME
    beside.write_bytes(b"no library at all")
    status, output = import_with(source, None)
    if status == 0:
        return  # The system has one.
    assert str(beside) in output
    assert f"\n  {SONAME}: " in output


def test_path_leads_to_the_functions_of_openssl() -> None:
    assert smtpconn.library_path() == LIBRARY
    assert ctypes.CDLL(smtpconn.library_path()).SSL_CTX_set_options


def test_another_library() -> None:
    status, output = import_with(PACKAGE.parent, "libc.so.6")
    assert status != 0
    assert "ImportError: libc.so.6 is no libsmtpconn" in output


def test_another_version(tmp_path: Path) -> None:
    source = copy_package(tmp_path)
    (source / "smtpconn" / "_version.py").write_text('__version__ = "7.3.0"\n')
    status, output = import_with(source, LIBRARY)
    assert status != 0
    assert "smtpconn 7.3.0 needs version 7.3 of its library" in output


def test_subinterpreter() -> None:
    """Before Python 3.12 the import fails: the first callback would wait for ever."""
    code = """if True:
        try:
            import _interpreters as interpreters
        except ImportError:
            import _xxsubinterpreters as interpreters
        number = interpreters.create()
        try:
            print(interpreters.run_string(number, "import smtpconn"))
        except interpreters.RunFailedError as error:
            print(error)
        interpreters.destroy(number)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    if sys.version_info < (3, 12):
        assert "smtpconn needs Python 3.12 in a subinterpreter" in done.stdout
    elif sys.version_info < (3, 13):
        assert "module _ctypes does not support loading in subinterpreters" in done.stdout
    else:
        assert done.stdout == "None\n"

"""Every block of C and of a shell in the pages does what its page says.

docs/python-command.md is tried by the tests of the Python package, and so are the blocks of
Python.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.documents import (
    PAGES,
    Block,
    blocks,
    blocks_of,
    commands,
    compiled,
    for_servers,
    matches,
    shell,
    warnings,
)
from support.drive import ROOT
from support.servers.certificates import Certificates
from support.servers.mailroom import Mailroom

C = blocks("c")
CXX = blocks("cpp")
PROGRAMS = [block for block in C if block.is_program] + CXX
FRAGMENTS = [block for block in C if not block.is_program]
#: By the beginning of a command: what is not run here, and why.
NOT_RUN = {
    "$ smtpconn ": "run by bindings/python/tests/test_cli_docs.py",
    "$ python3 -m venv venv\n": "needs the network; Tests/abi/test_wheel.py installs the wheels",
    "$ sudo ": "changes the machine; Tests/abi/test_install.py installs elsewhere",
    "$ tar ": "needs the archive; Tests/abi/test_consumers.py does this with it",
    "$ make": "builds the library; every test of this folder does",
}
CONSOLES = [block for block in blocks("console") if not block.code.startswith(tuple(NOT_RUN))]

Rooms = dict[str, Mailroom]


@pytest.fixture(scope="module")
def porting() -> None:
    """The libraries that the page on porting compares with."""
    script = ROOT / "Tests" / "support" / "running" / "require.sh"
    subprocess.run(["sh", script, "porting"], check=True)


@pytest.fixture
def rooms(certificates: Certificates, tmp_path: Path) -> Iterator[Rooms]:
    for name in ("ca.pem", ".authenticate/ca.pem"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(certificates.ca_file.read_bytes())
    (tmp_path / "message.eml").write_text("Subject: Hello\n\nHello Bob.\n")
    made = {
        "starttls": Mailroom(certificates.good),
        "secure": Mailroom(certificates.good, secure=True),
        "lmtp": Mailroom(certificates.good, lmtp=True),
    }
    yield made
    for room in made.values():
        room.close()


def received(rooms: Rooms) -> list[object]:
    return [letter for room in rooms.values() for letter in room.received]


@pytest.mark.parametrize("block", PROGRAMS, ids=str)
def test_a_program(block: Block, rooms: Rooms, tmp_path: Path, porting: None) -> None:
    arguments = block.given.strip().removeprefix("arguments:")
    done = shell(compiled(block, rooms, tmp_path) + arguments, tmp_path)
    assert done.returncode == 0, f"{block}: {done.stderr}{done.stdout}"
    came = received(rooms)
    names = {"output": done.stdout, "errors": done.stderr, "received": came}
    checks = block.then or "assert received\n"
    try:
        exec(compile(checks, f"{block} (then)", "exec"), names)
    except AssertionError as error:
        error.add_note(f"{checks}the program printed {done.stdout!r}, and this came: {came}")
        raise


@pytest.mark.parametrize("block", FRAGMENTS, ids=str)
def test_a_fragment_compiles(block: Block, tmp_path: Path, porting: None) -> None:
    (tmp_path / "ca.pem").touch()
    assert warnings(block, tmp_path) == ""


@pytest.mark.parametrize("block", CONSOLES, ids=str)
def test_a_console(block: Block, rooms: Rooms, tmp_path: Path) -> None:
    """In the folder where the programs of its page are, and the examples."""
    for each in blocks_of(block.page):
        if each.is_program and each.language in ("c", "cpp"):
            (tmp_path / each.file).write_text(for_servers(each.code, rooms))
    for path in (ROOT / "examples").glob("*.c"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    for line, shown in commands(block):
        done = shell(for_servers(line, rooms), tmp_path)
        assert done.returncode == 0, f"{line}: {done.stderr}"
        assert matches(shown, done.stdout), f"{line} printed {done.stdout!r}, not {shown!r}"


def test_the_chart_is_current() -> None:
    """That of README.md is drawn from the figures that are kept."""
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "site" / "readme_chart.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_all_are_here() -> None:
    """No block is written in a way that these tests do not see."""
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert text.count("```c\n") == len(C)
    assert text.count("```cpp\n") == len(CXX)
    assert all(block.is_program for block in CXX)
    assert text.count("```console\n") == len(blocks("console"))
    assert len(PROGRAMS) > 2
    for start in NOT_RUN:
        assert any(block.code.startswith(start) for block in blocks("console")), start


def test_what_is_wrong_is_found(rooms: Rooms, tmp_path: Path) -> None:
    (good, *_) = PROGRAMS
    unused = Block(good.page, 1, "c", "int unused = 1;\n", "", "")
    assert "unused" in warnings(unused, tmp_path)
    nothing = Block(good.page, 1, "c", "int main(void) {\n  return 0;\n}\n", "", "")
    with pytest.raises(AssertionError):
        test_a_program(nothing, rooms, tmp_path, None)
    assert not matches("one\n", "two\n")
    assert matches("one ... three", "one two three\n")

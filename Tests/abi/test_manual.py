"""The pages of the manual: one for each function, of the right form, and with everything in it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.drive import ROOT
from support.header import HEADER, header_functions, header_version

GENERATOR = ROOT / "docs" / "man" / "generate"
#: Every page of functions, in this order.
SECTIONS = [
    *["NAME", "LIBRARY", "SYNOPSIS", "DESCRIPTION", "RETURN VALUES", "OWNERSHIP", "THREADS"],
    *["ERRORS", "SEE ALSO", "HISTORY"],
]


def generate(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(GENERATOR), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


@pytest.fixture(scope="module")
def manual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("man") / "man3"
    done = generate(folder)
    assert (done.returncode, done.stderr) == (0, "")
    return folder


def pages(manual: Path) -> dict[str, str]:
    """Those that are not links."""
    texts = {path.stem: path.read_text() for path in sorted(manual.glob("*.3"))}
    return {name: text for name, text in texts.items() if not text.startswith(".so ")}


def page_of(manual: Path, name: str) -> str:
    text = (manual / f"{name}.3").read_text()
    link = re.fullmatch(r"\.so man3/(\w+)\.3\n", text)
    return (manual / f"{link[1]}.3").read_text() if link else text


def parts(page: str) -> dict[str, str]:
    pieces = re.split(r"^\.Sh (.+)\n", page, flags=re.MULTILINE)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def test_every_function_has_a_page(manual: Path) -> None:
    """It names the function, has its prototype, and says everything that a page says."""
    for name in sorted(header_functions()):
        page = parts(page_of(manual, name))
        assert [each for each in page if each in SECTIONS] == SECTIONS, name
        assert all(page[each].strip() for each in SECTIONS), name
        assert re.search(rf"^\.Nm {name}(?: ,)?$", page["NAME"], re.MULTILINE), name
        written = re.search(rf"^\.Fo {name}\n((?:\.Fa .*\n)+)\.Fc$", page["SYNOPSIS"], re.MULTILINE)
        assert written, name
        for parameter in re.findall(r'(\w+)"$', written[1], re.MULTILINE):
            assert f".It Fa {parameter}\n" in page["PARAMETERS"], name
        assert "Fn smtpconn" in page["HISTORY"] or "These functions" in page["HISTORY"]
        assert re.search(r"added in smtpconn \d+\.\d+\.\d+\.", page["HISTORY"])


def test_who_owns_an_object(manual: Path) -> None:
    """What is made for the caller is freed by the caller, and what is lent is not."""
    for name in sorted(header_functions()):
        found = re.fullmatch(r"(smtpconn(?:_[a-z]+)?)_(?:new|copy)", name)
        if found and f"{found[1]}_free" in header_functions():
            ownership = parts(page_of(manual, name))["OWNERSHIP"]
            assert "to the caller, who frees" in ownership, name
            assert f"{found[1]}_free" in ownership, name
            assert "is not freed" not in ownership, name
    for name in ("smtpconn_last_error", "smtpconn_result_error"):
        assert "belongs to the library: it is not freed." in page_of(manual, name)


def test_the_overview_names_every_function(manual: Path) -> None:
    """And no other, and the right version."""
    page = (manual / "smtpconn.3").read_text()
    named = set(re.findall(r'smtpconn_[a-z0-9_]+(?=[", ]*\(\))', page))
    assert header_functions() - named == set()
    assert named - header_functions() == set()
    assert f'"smtpconn {header_version()}"' in page
    assert "@" not in page


def test_every_type_has_a_page(manual: Path) -> None:
    header = HEADER.read_text()
    types = set(re.findall(r"^typedef struct (\w+) \1;", header, re.MULTILINE))
    types |= set(re.findall(r"^typedef .*\(\*(\w+)\)", header, re.MULTILINE))
    types |= set(re.findall(r"^enum (\w+) \{", header, re.MULTILINE))
    assert len(types) > 30
    assert [name for name in sorted(types) if not (manual / f"{name}.3").exists()] == []


def test_every_constant_is_on_a_page(manual: Path) -> None:
    constants = set(re.findall(r"^  (SMTPCONN_\w+) =", HEADER.read_text(), re.MULTILINE))
    everything = "".join(pages(manual).values())
    assert len(constants) > 140
    assert constants - set(re.findall(r"^\.It Dv (\w+)", everything, re.MULTILINE)) == set()


def test_summaries_fit_a_line(manual: Path) -> None:
    for name, text in pages(manual).items():
        if name == "smtpconn":
            continue
        (summary,) = re.findall(r"^\.Nd (.+)$", text, re.MULTILINE)
        assert 4 <= len(summary) <= 84, name
        assert not summary.endswith((".", ",", ":", ";")), name


def test_the_form(manual: Path) -> None:
    """As mandoc wants it: no error, no warning, and nothing about style."""
    names = [f"{name}.3" for name in pages(manual)]
    done = subprocess.run(
        ["mandoc", "-T", "lint", *names],
        cwd=manual,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    # mandoc looks for the other pages where the system has its own.
    elsewhere = re.compile(r"referenced manual not found: Xr (\w+) 3")
    found = [(line, elsewhere.search(line)) for line in done.stdout.splitlines()]
    assert [
        line for line, other in found if not (other and (manual / f"{other[1]}.3").exists())
    ] == []


EXAMPLES = sorted((ROOT / "docs/man/examples").glob("*.c"))


def test_the_examples_compile() -> None:
    flags = ["-std=c99", "-D_POSIX_C_SOURCE=200809L", "-Wall", "-Wextra", "-pedantic", "-Werror"]
    done = subprocess.run(
        ["cc", *flags, "-fsyntax-only", "-I", str(ROOT / "include"), *map(str, EXAMPLES)],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert (done.stderr, done.returncode) == ("", 0)
    assert len(EXAMPLES) > 40


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: str(path.stem))
def test_an_example(path: Path, manual: Path) -> None:
    """It calls the function whose page it is on, and does not wrap there."""
    lines = path.read_text().splitlines()
    assert any(f"{path.stem}(" in line for line in lines)
    text = "\n".join(line for line in lines if not line.startswith("#include")).strip()
    shown = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    assert shown in parts(page_of(manual, path.stem))["EXAMPLES"]
    assert max(map(len, lines)) <= 74

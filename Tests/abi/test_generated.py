"""What follows from the table of options and from the header is as it would be written now."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.drive import ROOT
from support.options import rows

GENERATOR = ROOT / "Sources" / "Options" / "generate"
TABLE = "Sources/Options/options.json"


def generate(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(GENERATOR), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


FILES = generate("--list").stdout.split()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of all that the generator reads and writes."""
    for name in (*FILES, TABLE, "include/smtpconn.h"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def change(project: Path, name: str, old: str, new: str) -> None:
    path = project / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def rewritten(project: Path) -> set[str]:
    """The files that the generator changes."""
    done = generate(project)
    assert done.returncode == 0, done.stderr
    return {line.removeprefix("wrote ") for line in done.stdout.splitlines()}


def test_nothing_is_out_of_date() -> None:
    done = generate("--check")
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


@pytest.mark.parametrize("name", FILES)
def test_a_change_by_hand_is_found(name: str, project: Path) -> None:
    text = (project / name).read_text()
    # In a file that is written in part this stands in a row.
    place = text.rindex("operation_timeout") if "operation_timeout" in text else text.rindex("_")
    if name.endswith(("_envelope.py", "_client.py")):
        place = text.index("all_or_none: ")
    (project / name).write_text(text[:place] + "by_hand_" + text[place:])
    done = generate("--check", project)
    assert done.returncode == 1
    assert f"--- {name}" in done.stdout
    assert rewritten(project) == {name}
    assert (project / name).read_text() == text


def test_what_is_around_a_part_is_kept(project: Path) -> None:
    change(project, "docs/options.md", "# Options\n", "# Options of mine\n")
    assert generate("--check", project).returncode == 0


def test_a_part_without_its_end(project: Path) -> None:
    change(project, "docs/man/smtpconn.3", '.\\" generated: options\n', "")
    done = generate("--check", project)
    assert done.returncode == 1
    assert done.stderr.startswith("docs/man/smtpconn.3: there is no line")


def test_a_file_that_no_section_writes_any_more(project: Path) -> None:
    left = "Sources/SMTPConnABI/Generated/OldOptions.swift"
    (project / left).write_text("")
    done = generate("--check", project)
    assert done.returncode == 1
    assert left in done.stdout


def test_a_default_that_changes(project: Path) -> None:
    """It is stated once, and everything that shows or tests it follows."""
    change(project, TABLE, '"default": 300000', '"default": 240000')
    assert generate("--check", project).returncode == 1
    assert rewritten(project) == {
        "Sources/SMTPConnection/Generated/OptionValues.swift",
        "Tests/c/option_rows.h",
        "bindings/python/README.md",
        "bindings/python/src/smtpconn/_connection.py",
        "docs/man/smtpconn.3",
        "docs/options.md",
    }
    assert generate("--check", project).returncode == 0


def test_a_function_that_is_declared(project: Path) -> None:
    declared = "int smtpconn_options_secured(const smtpconn_options *options);\n"
    added = "int smtpconn_options_set_quiet(smtpconn_options *options, int quiet);\n"
    change(project, "include/smtpconn.h", declared, declared + added)
    assert rewritten(project) == {"bindings/python/src/smtpconn/_ffi.py"}
    functions = (project / "bindings/python/src/smtpconn/_ffi.py").read_text()
    assert 'Function("smtpconn_options_set_quiet", [Options, c_int], c_int),\n' in functions


def comment_above(header: str, declaration: str) -> str:
    """The comment nearest above a declaration, in one line."""
    comment = header[: header.index(declaration)].rpartition("/*")[2].partition("*/")[0]
    return " ".join(word for word in comment.split() if word != "*")


def test_the_header_names_what_forgets_tls_sessions() -> None:
    header = (ROOT / "include/smtpconn.h").read_text()
    comment = comment_above(header, "smtpconn_options_set_tls_resumption(")
    stated = re.search(r": ([a-z_, ]+), and all that begin with tls_\.", comment)
    assert stated is not None
    named = set(re.findall(r"[a-z_]+", stated[1]))
    forgets = {row["name"] for row in rows() if row["forgets_tls"]}
    assert {name for name in forgets if not name.startswith("tls_")} == named


def test_the_header_states_the_same_defaults() -> None:
    """Its prose is written by hand."""
    header = (ROOT / "include/smtpconn.h").read_text()
    compared = 0
    for row in rows():
        comment = comment_above(header, f"smtpconn_options_set_{row['name']}(")
        if row["type"] == "duration":
            limit = row["name"].removesuffix("_timeout")
            milliseconds = f"{row['default']:,}".replace(",", " ").replace("3 600 000", "3600 000")
            assert re.search(rf"(^| ){limit} [^0-9]*{milliseconds} ", f"{comment} "), row
        elif row["type"] in ("flag", "choice"):
            number = int(row["default"])
            words = (
                r"OFF, the default"
                if row["name"] == "chunking"
                else rf"([Dd]efault (to )?{number}\b|(^|[ :]){number}, the default)"
            )
            assert re.search(words, comment), row
        else:
            continue
        compared += 1
    assert compared > 20


def with_row(project: Path, row: dict[str, Any], section: int = -1) -> None:
    path = project / TABLE
    table = json.loads(path.read_text())
    place = table["options"][section]["rows"] if section != 0 else table["envelope"]
    place.append(row)
    path.write_text(json.dumps(table))


FLAG = {
    "name": "quiet_log",
    "type": "flag",
    "forgets_tls": False,
    "default": False,
    "original": None,
    "meaning": "Log errors only.",
}


def test_a_new_option_is_one_row(project: Path) -> None:
    with_row(project, FLAG)
    expected = {
        "Sources/SMTPConnABI/Generated/LogOptions.swift": "options.quietLog = value != 0",
        "bindings/python/src/smtpconn/_table.py": '"quiet_log": "flag"',
        "bindings/python/src/smtpconn/_connection.py": "quiet_log: Optional[bool] = None",
        "bindings/python/tests/option_rows.py": '"quiet_log": (True, 1)',
        "bindings/python/README.md": "| `quiet_log` | bool | off | Log errors only. |",
        "Tests/c/option_rows.h": "X(quiet_log, 0)",
        "Tests/abi/option_symbols.txt": "smtpconn_options_set_quiet_log\n",
        "docs/options.md": "| `quiet_log` | flag | off |  | Log errors only. |",
        "docs/man/smtpconn.3": ".BR smtpconn_options_set_quiet_log",
    }
    assert rewritten(project) == set(expected)
    for name, text in expected.items():
        assert text in (project / name).read_text()


def test_a_new_field_of_an_envelope_is_one_row(project: Path) -> None:
    row = {"name": "quiet", "type": "flag", "original": None, "meaning": "Do not notify."}
    with_row(project, row, 0)
    expected = {
        "Sources/SMTPConnABI/Generated/EnvelopeFields.swift": "handle.request.quiet = value != 0",
        "bindings/python/src/smtpconn/_table.py": '"quiet": "flag"',
        "bindings/python/src/smtpconn/_client.py": "quiet: Optional[bool] = None",
        "bindings/python/src/smtpconn/_envelope.py": "quiet: bool = False",
        "Tests/c/option_rows.h": "X(quiet)",
        "Tests/abi/option_symbols.txt": "smtpconn_envelope_quiet\n",
        "docs/options.md": "| `quiet` | flag | off |  | Do not notify. |",
        "docs/man/smtpconn.3": ".BR smtpconn_envelope_set_quiet",
    }
    assert rewritten(project) == set(expected)
    for name, text in expected.items():
        assert text in (project / name).read_text()


@pytest.mark.parametrize(
    ("mistake", "complaint"),
    [
        ({"name": "debug"}, "debug: there are two rows of this name"),
        ({"name": "Quiet"}, "small letters"),
        ({"type": "switch"}, "the type is one of flag, number,"),
        ({"meening": ""}, 'there is no key "meening"'),
        ({"meaning": "Log errors only"}, "full stop"),
        ({"forgets_tls": None}, "forgets_tls is missing"),
        # A session that was agreed on under other settings would be resumed.
        ({"name": "tls_quiet"}, "an option of TLS must forget TLS sessions"),
        ({"type": "number", "good": 1}, 'needs a "range"'),
        ({"type": "text"}, '"good" value'),
        ({"type": "list", "good": "a,b"}, '"separator"'),
    ],
)
def test_a_mistake_in_a_row(mistake: dict[str, Any], complaint: str, project: Path) -> None:
    with_row(project, {**FLAG, **mistake})
    done = generate(project)
    assert done.returncode == 1
    assert done.stderr.startswith("options.json: ")
    assert complaint in done.stderr
    assert done.stdout == ""


def test_a_table_that_is_no_json(project: Path) -> None:
    (project / TABLE).write_text('{"options": [')
    done = generate(project)
    assert done.returncode == 1
    assert done.stderr.startswith("options.json: the table is no JSON: Expecting value: line 1")

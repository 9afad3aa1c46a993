"""What follows from the table of options and from the header is as it would be written now."""

from __future__ import annotations

import ast
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
        timeout=600,
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


@pytest.mark.parametrize(
    ("name", "lost"),
    [
        ("bindings/python/src/smtpconn/_connection.py", "    # generated: end\n"),
        ("bindings/python/src/smtpconn/_connection.py", '        """\n        # First'),
        ("bindings/python/src/smtpconn/_client.py", "        # generated: end\n"),
        ("bindings/python/src/smtpconn/_envelope.py", '    """\n\n    # generated: fields'),
        ("docs/options.md", "<!-- generated: end -->\n"),
        ("docs/man/smtpconn.3", '.\\" generated: end\n'),
    ],
)
def test_an_end_that_is_lost(name: str, lost: str, project: Path) -> None:
    """What is between it and the next end is not replaced."""
    change(project, name, lost, lost.partition("\n")[2])
    text = (project / name).read_text()
    done = generate(project)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{name}: there is no line")
    assert (project / name).read_text() == text


@pytest.mark.parametrize("which", [0, 1, 2])
def test_one_of_several_parts_that_is_lost(which: int, project: Path) -> None:
    path = project / "bindings/python/src/smtpconn/_client.py"
    text = path.read_text()
    parts = list(re.finditer(r" *# generated: fields\n.*?# generated: end\n", text, re.DOTALL))
    assert len(parts) == 3
    part = parts[which]
    path.write_text(text[: part.start()] + text[part.end() :])
    done = generate("--check", project)
    assert done.returncode == 1
    assert done.stderr.endswith('"# generated: fields" must be there 3 times, not 2\n')


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
    assert declaration in header, f"smtpconn.h does not declare {declaration[:-1]}"
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
            assert re.search(rf"(^| ){limit} [^0-9]*{milliseconds} ", f"{comment} "), (
                f"smtpconn.h: the list of time limits must say that {limit} is {milliseconds}"
            )
        elif row["type"] in ("flag", "choice"):
            number = int(row["default"])
            words = (
                r"OFF, the default"
                if row["name"] == "chunking"
                else rf"([Dd]efault (to )?{number}\b|(^|[ :]){number}, the default)"
            )
            assert re.search(words, comment), (
                f"smtpconn.h: the comment above smtpconn_options_set_{row['name']} must say "
                f'"Default {number}" or "{number}, the default"'
            )
        else:
            continue
        compared += 1
    assert compared > 20


def table_row(text: str, name: str) -> list[str]:
    """The cells of the row of a name in a table of a document."""
    (line,) = (line for line in text.splitlines() if line.startswith(f"| `{name}` |"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def manual_entry(text: str, setter: str) -> str:
    """The entry of a setter in the man page, in one line and without its fonts."""
    entry = text.partition(f".BR {setter} ")[2].partition(".TP")[0].partition("\n")[2]
    return re.sub(r"\\f[BP]", "", entry).replace("\\-", "-").replace("\n", " ")


def test_the_documents_name_setters_that_exist() -> None:
    """docs/options.md gives a pattern for them, and what it is not true for."""
    header = (ROOT / "include/smtpconn.h").read_text()
    text = (ROOT / "docs/options.md").read_text()
    fields = [row["name"] for row in json.loads((ROOT / TABLE).read_text())["envelope"]]
    for noun, names in (("options", [row["name"] for row in rows()]), ("envelope", fields)):
        shown = [name for name in names if f"\n| `{name}` |" in text]
        missing = [name for name in shown if f"smtpconn_{noun}_set_{name}(" not in header]
        assert missing == (["to"] if noun == "envelope" else [])
    assert "`smtpconn_envelope_add_to`" in text
    indexed = set(re.findall(r"smtpconn_envelope_set_(\w+)\([^;]*size_t index", header))
    assert indexed
    assert all(name.startswith("to_") for name in indexed)
    assert "functions of the fields `to_...` take the index of a recipient" in text


def test_the_man_page_names_the_values_of_a_choice() -> None:
    header = (ROOT / "include/smtpconn.h").read_text()
    text = (ROOT / "docs/man/smtpconn.3").read_text()
    chunking = manual_entry(text, "smtpconn_options_set_chunking")
    constants = re.findall(r"(SMTPCONN_CHUNKING_\w+) =", header)
    assert f"Values: {', '.join(constants)}. Default: SMTPCONN_CHUNKING_OFF." in chunking
    response = manual_entry(text, "smtpconn_options_set_initial_response")
    assert "-1 (when the line is short enough), 0 (never), 1 (always). Default: -1" in response


def test_the_man_page_is_about_c() -> None:
    text = (ROOT / "docs/man/smtpconn.3").read_text()
    assert "Python" not in text
    log = manual_entry(text, "smtpconn_options_set_transaction_log")
    assert log.endswith("Default: off. ")


def test_the_readme_of_python_shows_public_types() -> None:
    text = (ROOT / "bindings/python/README.md").read_text()
    package = (ROOT / "bindings/python/src/smtpconn/__init__.py").read_text()
    public = set(re.findall(r'^    "(\w+)",$', package, re.MULTILINE)) | {"True", "False"}
    for row in rows():
        kind = table_row(text, row.get("python", row["name"]))[1]
        assert set(re.findall(r"\b[A-Z]\w+", kind)) <= public, row["name"]
    assert table_row(text, "initial_response")[1] == "bool: True always, False never"


def with_row(project: Path, row: dict[str, Any], section: int = -1) -> None:
    path = project / TABLE
    table = json.loads(path.read_text())
    place = table["options"][section]["rows"] if section != 0 else table["envelope"]
    place.append(row)
    path.write_text(json.dumps(table))


FLAG: dict[str, Any] = {
    "name": "quiet_log",
    "type": "flag",
    "forgets_tls": False,
    "default": False,
    "original": None,
    "meaning": "Log errors only.",
}
NUMBER = FLAG | {"type": "number", "name": "quiet", "range": [0, 9], "default": 3, "good": 4}
CHOICE = NUMBER | {
    "type": "choice",
    "range": [0, 1],
    "default": 0,
    "good": 1,
    "values": ["`OFF`", "`ON`"],
    "python_type": "Chunking",
}
TIMEOUT = FLAG | {"type": "duration", "name": "quiet_timeout", "default": 1500}
TEXT = FLAG | {"type": "text", "default": None, "good": "x", "bad": ""}


def test_a_new_option_is_one_row(project: Path) -> None:
    with_row(project, FLAG)
    expected = {
        "Sources/SMTPConnABI/Generated/LogOptions.swift": "options.quietLog = value != 0",
        "bindings/python/src/smtpconn/_table.py": '"quiet_log": "flag"',
        "bindings/python/src/smtpconn/_connection.py": "quiet_log: Optional[bool] = None",
        "bindings/python/src/smtpconn/_aio_connection.py": "quiet_log: Optional[bool] = None",
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
        "bindings/python/src/smtpconn/_aio_connection.py": "quiet: Optional[bool] = None",
        "bindings/python/src/smtpconn/_envelope.py": "quiet: bool = False",
        "Tests/c/option_rows.h": "X(quiet)",
        "Tests/abi/option_symbols.txt": "smtpconn_envelope_quiet\n",
        "docs/options.md": "| `quiet` | flag | off |  | Do not notify. |",
        "docs/man/smtpconn.3": ".BR smtpconn_envelope_set_quiet",
    }
    assert rewritten(project) == set(expected)
    for name, text in expected.items():
        assert text in (project / name).read_text()


PRIORITY: dict[str, Any] = {
    "type": "number",
    "range": [-9, 9],
    "good": -3,
    "swift": "parameters[.quiet]",
    "swift_type": "ESMTPParameter.quiet",
}


def test_a_new_number_of_an_envelope_is_one_row(project: Path) -> None:
    row = {"name": "quiet", "original": None, "meaning": "How quiet."}
    with_row(project, row | PRIORITY, 0)
    rewritten(project)
    expected = {
        "Sources/SMTPConnABI/Generated/EnvelopeFields.swift": 'numbered("quiet", value, -9...9)',
        "bindings/python/src/smtpconn/_table.py": '"quiet": "number"',
        "bindings/python/src/smtpconn/_envelope.py": "quiet: Optional[int] = None",
        "Tests/c/option_rows.h": "X(quiet, -9, 9, -3)",
        "docs/options.md": "| `quiet` | number, -9 to 9 | none |  | How quiet. |",
    }
    for name, text in expected.items():
        assert text in (project / name).read_text()


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        (FLAG, "off"),
        (FLAG | {"default": True}, "on"),
        (NUMBER, "3"),
        (CHOICE, "0"),
        (TIMEOUT, "1.5 s"),
        (TIMEOUT | {"default": 1234567}, "1234.567 s"),
        (TIMEOUT | {"default": 30000}, "30 s"),
        (TIMEOUT | {"default": 5}, "0.005 s"),
        (TEXT, "none"),
        (TEXT | {"default": "a"}, "`a`"),
        (FLAG | {"python_default": "on"}, "off; in Python on"),
    ],
)
def test_a_default_is_shown(row: dict[str, Any], shown: str, project: Path) -> None:
    with_row(project, row)
    rewritten(project)
    assert table_row((project / "docs/options.md").read_text(), row["name"])[2] == shown
    readme = (project / "bindings/python/README.md").read_text()
    assert table_row(readme, row["name"])[2] == row.get("python_default", shown)


def test_a_row_is_valid_as_it_is_here(project: Path) -> None:
    """So that each mistake below is the only one of its row; a value of a test is no default."""
    for row in (NUMBER, CHOICE, TIMEOUT, TEXT):
        with_row(project, row | {"name": f"{row['type']}_{row['name']}"})
    rewritten(project)
    values = (project / "bindings/python/tests/option_rows.py").read_text()
    assert '"duration_quiet_timeout": (2.5, 2500)' in values


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
        ({"type": "text", "default": None}, '"good" value'),
        ({"type": "list", "good": "a,b", "default": None}, '"separator"'),
        ({"default": None}, 'a flag needs its "default", true or false'),
        ({"type": "duration", "default": 1000}, 'the "name" of a duration ends with "_timeout"'),
        (TIMEOUT | {"default": None}, 'a duration needs its "default", 1 to 86400000 milliseconds'),
        (TIMEOUT | {"default": 1.5}, 'a duration needs its "default"'),
        (TIMEOUT | {"default": 86400001}, 'a duration needs its "default"'),
        (NUMBER | {"default": None}, 'a number needs its "default", 0 to 9'),
        (NUMBER | {"default": 10}, 'a number needs its "default", 0 to 9'),
        (NUMBER | {"default": True}, 'a number needs its "default", 0 to 9'),
        (NUMBER | {"good": 10}, 'a "good" value, 0 to 9, that is not the default'),
        (NUMBER | {"range": [0]}, 'needs a "range", the lowest and the highest'),
        (NUMBER | {"range": 9}, '"range" must be a list of numbers'),
        (NUMBER | {"good": 3}, 'a "good" value, 0 to 9, that is not the default'),
        (NUMBER | {"good": "4"}, 'a "good" value, 0 to 9, that is not the default'),
        (NUMBER | {"secret": True}, '"secret" and "unchecked" are for a text, not a number'),
        (NUMBER | {"python_kind": "integer"}, '"python_kind" is one of flag, number'),
        (CHOICE | {"default": None}, 'a choice needs its "default", 0 to 1'),
        (CHOICE | {"values": None}, 'a choice needs "values", how C writes each of 0 to 1'),
        (CHOICE | {"values": ["A"]}, 'a choice needs "values"'),
        (CHOICE | {"python_type": None}, 'a choice needs "python_type"'),
        (CHOICE | {"python_kind": "flag", "range": [-1, 0], "good": -1}, '"good" value is 0 or 1'),
        ({"type": "callback"}, 'a callback needs "python_type"'),
        ({"type": "callback", "python_type": "Password"}, 'and "python_shown"'),
        (TEXT | {"bad": None}, 'a "bad" value that is refused; a text that only connect checks'),
        (TEXT | {"default": 5}, 'the "default" of a text is a text or null'),
        ({"needs": "quietness"}, '"needs" names no row: quietness'),
        ({"of_recipient": True}, '"of_recipient" is for fields of an envelope'),
        ({"python": "debug"}, 'Python has another "debug" there: give another name'),
        ({"python": "class"}, '"class" is no name in Python: give another'),
        ({"name": "lambda"}, '"lambda" is no name in Python: give another, with "python"'),
        ({"meaning": "On | off."}, '"meaning" stands in a table: no "|" and no line end in it'),
        ({"default_shown": "a | b"}, '"default_shown" stands in a table'),
        ({"meaning": None}, '"meaning" must be a text'),
        ({"forgets_tls": "no"}, '"forgets_tls" must be true or false'),
    ],
)
def test_a_mistake_in_a_row(mistake: dict[str, Any], complaint: str, project: Path) -> None:
    with_row(project, {**FLAG, **mistake})
    done = generate(project)
    assert done.returncode == 1
    name = mistake.get("name", FLAG["name"])
    assert done.stderr.startswith(f"options.json: {name}: ")
    assert complaint in done.stderr
    assert done.stdout == ""


def own_arguments(module: str, function: str, names: set[str]) -> list[str]:
    """The arguments that are written by hand: those that no row has."""
    source = (ROOT / "bindings/python/src/smtpconn" / module).read_text()
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name == function:
            found |= {each.arg for each in (*node.args.args, *node.args.kwonlyargs)}
    return sorted(found - names)


@pytest.mark.parametrize(
    "name",
    own_arguments("_connection.py", "__init__", {row.get("python", row["name"]) for row in rows()}),
)
def test_a_keyword_that_the_connection_has_by_hand(name: str, project: Path) -> None:
    with_row(project, FLAG | {"python": name})
    done = generate(project)
    assert done.returncode == 1
    complaint = f'Python has another "{name}" there: give another name, with "python"'
    assert done.stderr == f"options.json: quiet_log: {complaint}\n"


@pytest.mark.parametrize(
    ("mistake", "complaint"),
    [
        ({"type": "python"}, 'a field of Python needs "python_type", its annotation'),
        ({"type": "duration"}, "the type is one of flag, flag or unset, octets, number"),
        ({"type": "number", "good": 1}, 'a number needs a "range", the lowest and the highest'),
        (PRIORITY | {"swift_type": None}, 'a number needs "swift_type", and a "good" value, -9'),
        (PRIORITY | {"good": 10}, 'a number needs "swift_type", and a "good" value, -9 to 9'),
        (PRIORITY | {"default": 0}, 'the "default" of a number is that it is not set'),
        # The lowest int is SMTPCONN_UNSET.
        (PRIORITY | {"range": [-(2**31), 9]}, 'the "range" of a number must fit an int'),
        (PRIORITY | {"range": [0, 2**31]}, 'the "range" of a number must fit an int'),
        ({"type": "mailbox"}, 'a mailbox needs "by_hand": true'),
        ({"of_recipient": True}, '"of_recipient" is for a text, not a flag'),
        ({"type": "text", "good": "a"}, 'a text needs "swift_type", "good" and "bad"'),
        ({"python": "message"}, 'Python has another "message" there'),
        ({"python": "self"}, 'Python has another "self" there'),
        ({"python": "recipients"}, 'Python has another "recipients" there'),
    ],
)
def test_a_mistake_in_a_field(mistake: dict[str, Any], complaint: str, project: Path) -> None:
    row = {"name": "quiet", "type": "flag", "original": None, "meaning": "Do not notify."}
    with_row(project, row | mistake, 0)
    done = generate(project)
    assert done.returncode == 1
    assert done.stderr.startswith(f"options.json: quiet: {complaint}")


@pytest.mark.parametrize("key", ["name", "type", "meaning", "original"])
def test_a_row_without_a_key(key: str, project: Path) -> None:
    with_row(project, {name: value for name, value in FLAG.items() if name != key})
    name = "a row without a name" if key == "name" else "quiet_log"
    assert generate(project).stderr == f'options.json: {name}: the key "{key}" is missing\n'


def test_a_row_that_is_no_object(project: Path) -> None:
    change(project, TABLE, '"rows": [', '"rows": [["host", "text"],')
    complaint = "a row is an object, in braces, not ['host', 'text']"
    assert generate(project).stderr == f"options.json: {complaint}\n"


def test_two_sections_of_one_file(project: Path) -> None:
    change(project, TABLE, '"file": "LogOptions"', '"file": "TLSOptions"')
    assert generate(project).stderr == (
        'options.json: two sections have the "file" TLSOptions: give each its own\n'
    )


def test_a_section_without_a_title(project: Path) -> None:
    change(project, TABLE, '"title": "Log"', '"name": "Log"')
    assert generate(project).stderr == (
        'options.json: a section, or the table, needs the key "title"\n'
    )


def test_a_table_that_is_no_json(project: Path) -> None:
    (project / TABLE).write_text('{"options": [')
    done = generate(project)
    assert done.returncode == 1
    assert done.stderr.startswith("options.json: the table is no JSON: Expecting value: line 1")

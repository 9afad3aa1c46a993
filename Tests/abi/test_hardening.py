"""What the toolchain offers against attacks, and debugging information apart from the library."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

import pytest

from support.drive import BUILD
from support.header import header_version
from support.making import run

SHARED = BUILD / f"libsmtpconn.so.{header_version()}"
STRIPPED = BUILD / "stripped" / SHARED.name
DEBUG = SHARED.with_name(f"{SHARED.name}.debug")


def sections(path: Path) -> dict[str, tuple[str, str]]:
    """Name, type and flags."""
    found = re.findall(
        r"^  \[ *\d+\] (\S+) +(\w+) +(?:\w+ ){4}([A-Zop]*)",
        run("readelf", "-SW", path),
        re.MULTILINE,
    )
    return {name: (kind, flags) for name, kind, flags in found}


def test_no_page_is_writable_and_executable() -> None:
    headers = run("readelf", "-lW", STRIPPED)
    loaded = re.findall(r"^  (?:LOAD|GNU_STACK) .* ([R ][W ][E ]) 0x", headers, re.MULTILINE)
    assert len(loaded) >= 4
    assert not [flags for flags in loaded if "W" in flags and "E" in flags]


def test_addresses_of_functions_are_read_only() -> None:
    """Full RELRO: everything is bound when it is loaded, and what was bound is not written
    afterwards. Calls do not go through a table that would be filled one by one."""
    dynamic = run("readelf", "-dW", STRIPPED)
    assert "BIND_NOW" in dynamic
    assert "TEXTREL" not in dynamic
    headers = run("readelf", "-lW", STRIPPED)
    kinds = re.findall(r"^  ([A-Z_]+) +0x", headers, re.MULTILINE)
    segments = dict(re.findall(r"^   (\d+) +(.*)$", headers, re.MULTILINE))
    protected = segments[f"{kinds.index('GNU_RELRO'):02}"].split()
    assert {".got", ".got.plt", ".data.rel.ro", ".dynamic"} <= set(protected)


def test_calls_go_through_the_table() -> None:
    """At once (-fno-plt). Those are left that the compiler puts in by itself."""
    relocations = run("readelf", "-rW", STRIPPED).partition("'.rela.plt'")[2]
    assert set(re.findall(r"JUMP_SLOT +\w+ (\w+)", relocations)) <= {"__stack_chk_fail", "memcpy"}


def test_shadow_stack() -> None:
    """The note says what is true: returns are compatible with a shadow stack; indirect calls
    have no landing pads (docs/abi.md)."""
    notes = run("readelf", "-nW", STRIPPED)
    found = re.search(r"x86 feature: (.*)", notes)
    assert found
    assert found[1] == "SHSTK"


def test_stacks_have_canaries() -> None:
    """In the small functions of C, where the compiler puts them."""
    assert "__stack_chk_fail" in run("nm", "-D", "--undefined-only", STRIPPED)


def test_nothing_runs_by_loading() -> None:
    found = sections(STRIPPED)
    assert not {".init", ".fini", ".init_array", ".fini_array", ".ctors"} & found.keys()


# --- debugging information ------------------------------------------------------


def build_id(path: Path) -> str:
    found = re.search(r"Build ID: ([0-9a-f]{40})", run("readelf", "-nW", path))
    assert found
    return found[1]


def test_debug_file_belongs_to_the_library() -> None:
    assert build_id(SHARED) == build_id(STRIPPED) == build_id(DEBUG)
    found = sections(DEBUG)
    assert {".debug_info", ".debug_line", ".symtab"} <= found.keys()
    # No second copy of the code.
    assert found[".text"][0] == "NOBITS"


def test_library_names_its_debug_file(tmp_path: Path) -> None:
    """A debugger takes the file of this name only when its checksum is right."""
    note = tmp_path / "note"
    run("objcopy", "-O", "binary", "--only-section=.gnu_debuglink", "--set-section-flags",
        ".gnu_debuglink=alloc", STRIPPED, note)  # fmt: skip
    octets = note.read_bytes()
    name = octets[: octets.index(0)].decode()
    assert name == DEBUG.name
    assert int.from_bytes(octets[-4:], "little") == zlib.crc32(DEBUG.read_bytes())


@pytest.mark.parametrize("path", [SHARED, DEBUG], ids=lambda path: str(path.name))
def test_types_of_c_are_described(path: Path) -> None:
    """For debuggers: the function as the header declares it, at its place in the library."""
    units = run("readelf", "--debug-dump=info", "--dwarf-depth=1", path)
    assert re.search(r"DW_AT_language +: \d+\s+\(C11\)\s+<\w+> +DW_AT_name .*types\.c", units)

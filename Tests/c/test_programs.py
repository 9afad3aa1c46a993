"""The C and C++ programs of this folder, plain, under valgrind and with ASan: each is
one file, or all the files of one folder."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from support.drive import BUILD, ROOT, valgrind
from support.header import header_functions
from support.servers.certificates import Certificates
from support.servers.endpoint import TokenEndpoint, granted, repeats_the_request
from support.servers.manners import friendly, rude, rude_under_tls, silent
from support.servers.resuming import Remembering
from support.servers.scripted import ScriptedServer
from support.servers.tunnelproxy import TunnelProxy

HERE = Path(__file__).parent

# The arguments of each program; {friendly} and so on are ports of servers,
# {endpoint} and {repeating} URLs.
PROGRAMS: dict[str, list[str]] = {
    "surface": [],
    "host": ["{library}", "{friendly}", "{rude}", "{tls}"],
    "lifetime": ["{friendly}", "{silent}"],
    "matrix": [],
    "changing": ["{friendly}"],
    "memory": ["{friendly}"],
    # The first seed and how many; `make soak` runs longer.
    "soak": ["1", "60"],
    "turns": [],
    "without_socket": [],
    "records": ["{friendly}"],
    "packed": [],
    "progress": [],
    "timers": [],
    "copies": [],
    "urls": [],
    # As soak.
    "random_octets": ["1", "300"],
    "inside_tls": ["{friendly}"],
    "forked": ["{friendly}", "{friendly_tls}"],
    "pools": ["{friendly}", "{silent}"],
    "fairness": ["{certificate}", "{key}", "{ca}"],
    "secrets": [
        "{friendly}",
        "{endpoint}",
        "{repeating}",
        "{certificate}",
        "{key}",
        "{socks}",
        "{http}",
    ],
    "threads": ["{resuming}", "{ca}"],
    "idle": ["{resuming}", "{ca}"],
}


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)


def run_with_servers(name: str, prefix: list[str], folder: str, certificates: Certificates) -> None:
    remembering = Remembering.like(certificates.good)
    with (
        ScriptedServer(friendly, repeat=True) as friend,
        ScriptedServer(friendly, repeat=True, identity=certificates.good) as secure_friend,
        ScriptedServer(friendly, repeat=True, identity=remembering) as resuming,
        ScriptedServer(silent, repeat=True) as mute,
        ScriptedServer(rude, repeat=True) as boor,
        ScriptedServer(rude_under_tls, repeat=True, identity=certificates.good) as tls,
        TokenEndpoint(granted("access-token-0123456789"), repeat=True) as endpoint,
        TokenEndpoint(repeats_the_request, repeat=True) as repeating,
        TunnelProxy("socks5h", login=True) as socks,
        TunnelProxy("http") as http,
    ):
        arguments = [
            word.format(
                library=BUILD / "libsmtpconn.so.0",
                friendly=friend.port,
                socks=socks.port,
                http=http.port,
                friendly_tls=secure_friend.port,
                resuming=resuming.port,
                ca=certificates.ca_file,
                certificate=certificates.good.certificate,
                key=certificates.good.key,
                silent=mute.port,
                rude=boor.port,
                tls=tls.port,
                endpoint=endpoint.url,
                repeating=repeating.url,
            )
            for word in PROGRAMS[name]
        ]
        done = run([*prefix, str(BUILD / folder / name), *arguments])
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    # Not only that nothing failed: something was checked.
    found = re.search(r"^(\d+) checks, 0 failed$", done.stdout, re.MULTILINE)
    assert found is not None, done.stdout
    assert int(found[1]) > 0


def test_every_program_is_here() -> None:
    """A program that is not run proves nothing."""
    others = {"drive", "asan_is_on", "secrecy", "pooled", "farm"}
    files = {path.stem for path in HERE.glob("*.c")}
    folders = {path.parent.name for path in HERE.glob("*/*.c")}
    assert files | folders == PROGRAMS.keys() | others
    assert {path.name for path in HERE.glob("*.cc")} == {"cplusplus.cc", "wrapper.cc"}


def test_surface_calls_every_function() -> None:
    """After the preprocessor, since macros there make the names of options."""
    called: set[str] = set()
    for path in (HERE / "surface").glob("*.c"):
        command = ["cc", "-E", f"-I{ROOT / 'include'}", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        # A line marker names the file that the lines after it come from.
        for file, lines in re.findall(
            r'^# \d+ "(.*?)".*\n((?:(?!# ).*\n)*)', done.stdout, re.MULTILINE
        ):
            if not file.endswith("smtpconn.h"):
                called |= set(re.findall(r"\bsmtpconn_[a-z0-9_]+\b", lines))
    assert header_functions() - called == set()


@pytest.mark.parametrize("name", PROGRAMS)
def test_plain(name: str, certificates: Certificates) -> None:
    run_with_servers(name, [], "tests", certificates)


@pytest.mark.valgrind
@pytest.mark.every_case
@pytest.mark.parametrize("name", PROGRAMS)
def test_valgrind(name: str, certificates: Certificates) -> None:
    run_with_servers(name, valgrind(), "tests", certificates)


@pytest.mark.parametrize("name", PROGRAMS)
def test_asan(name: str, certificates: Certificates) -> None:
    run_with_servers(name, [], "asan", certificates)


@pytest.mark.valgrind
def test_no_data_race(certificates: Certificates) -> None:
    """What threads share is looked at under a lock. Helgrind knows nothing of the atomic counters
    of Swift and OpenSSL, so only what is said of the functions under the lock counts."""
    with ScriptedServer(
        friendly, repeat=True, identity=Remembering.like(certificates.good)
    ) as server:
        program = [str(BUILD / "tests" / "threads"), str(server.port), str(certificates.ca_file)]
        done = run(["valgrind", "--tool=helgrind", *program])
    assert done.returncode == 0, done.stderr
    assert "ERROR SUMMARY" in done.stderr
    reports = re.split(r"==\d+== -{60,}\n", done.stderr)
    # By name: the symbol table has Swift's functions under no other.
    races = [report for report in reports if re.search(r"(?:at|by) \w+: locked ", report)]
    assert not races, races[0]


def test_cplusplus() -> None:
    done = run([str(BUILD / "tests" / "cplusplus")])
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("folder", "seed", "messages"), [("tests", 11, 100_000), ("asan", 5, 3_000)]
)
def test_farm(folder: str, seed: int, messages: int) -> None:
    """Each message of a pool is delivered once, or in doubt, or refused, as it was reported."""
    done = run([str(BUILD / folder / "farm"), str(seed), str(messages)])
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert f"seed {seed}: {messages} messages" in done.stdout


def swift_clang() -> str:
    """The C++ compiler that comes with Swift."""
    swiftc = os.environ.get("SWIFTC", "swiftc")
    done = run([swiftc, "-print-target-info"])
    resources = Path(json.loads(done.stdout)["paths"]["runtimeResourcePath"])
    return str(resources.parents[1] / "bin" / "clang++")


@pytest.mark.parametrize("form", ["g++", "asan", "without exceptions", "clang++"])
def test_wrapper(tmp_path: Path, form: str) -> None:
    """smtpconn.hpp, by two compilers; without a warning, or it does not compile."""
    program = BUILD / "tests" / "wrapper"
    if form != "g++":
        program = tmp_path / "wrapper"
        more = {
            "asan": ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
            "without exceptions": ["-fno-exceptions"],
            "clang++": ["-std=c++20"],
        }[form]
        done = run(
            [
                *[swift_clang() if form == "clang++" else "c++", "-std=c++17", *more],
                *["-Wall", "-Wextra", "-pedantic", "-Wshadow", "-Werror"],
                *[f"-I{ROOT / 'include'}", str(HERE / "wrapper.cc"), "-o", str(program)],
                *[f"-L{BUILD}", "-lsmtpconn", f"-Wl,-rpath,{BUILD}"],
            ]
        )
        assert done.returncode == 0, done.stderr
    with ScriptedServer(friendly, repeat=True) as server:
        done = run([str(program), str(server.port)])
    assert done.returncode == 0, done.stderr
    assert re.search(r"^\d+ checks, 0 failed$", done.stdout, re.MULTILINE), done.stdout


def test_asan_is_on() -> None:
    """A program with a mistake: built with ASan it is stopped, else it is not."""
    assert run([str(BUILD / "tests" / "asan_is_on")]).returncode == 0
    stopped = run([str(BUILD / "asan" / "asan_is_on")])
    assert stopped.returncode != 0
    assert "heap-use-after-free" in stopped.stderr


def test_valgrind_is_on() -> None:
    stopped = run([*valgrind(), str(BUILD / "tests" / "asan_is_on")])
    assert stopped.returncode == 9, stopped.stderr
    assert "Invalid read" in stopped.stderr


def test_header_alone() -> None:
    """The header needs nothing before it, in any standard of C and C++ that we
    promise, and declares every function with C linkage."""
    for compiler, standard, language in (
        ("cc", "c99", "c"),
        ("cc", "c11", "c"),
        ("c++", "c++98", "c++"),
        ("c++", "c++17", "c++"),
    ):
        done = subprocess.run(
            [
                *[compiler, f"-std={standard}", "-x", language, "-Wall", "-Wextra", "-pedantic"],
                *["-Werror", "-fsyntax-only", f"-I{ROOT / 'include'}", "-"],
            ],
            input="#include <smtpconn.h>\n#include <smtpconn.h>\n",
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{standard}: {done.stderr}"

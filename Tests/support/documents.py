"""The blocks of C and of a shell in the pages, and how they are tried.

A fenced block is tried as a reader would: a program with `main` is compiled, linked and run, a
fragment is compiled as the statements of a function (or as a file, when it has smtpconn.h), and
what follows "$ " in a console is given to the shell.  Comments of HTML directly after a block,
which no reader sees, belong to its test:

    <!-- given        C that is compiled before a fragment; "arguments: ..." of a program
    <!-- then         Python that is run after a program: what must be true

Servers on this machine take the place of those that a program names.
"""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from support.drive import BUILD, ROOT
from support.servers.mailroom import Mailroom

PAGES = [
    *sorted((ROOT / "docs").rglob("*.md")),
    ROOT / "README.md",
    ROOT / "bindings" / "python" / "README.md",
]
STRICT = ["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror"]
STRICT_CXX = ["-std=c++17", *STRICT[1:]]
PATIENCE = 600.0

_FENCE = re.compile(
    r"^```(\w*)[^\n]*\n(.*?)^```$((?:\s*<!-- (?:given|then)\n.*?-->)*)", re.M | re.S
)
_COMMENT = re.compile(r"<!-- (given|then)\n(.*?)-->", re.S)
#: What a program includes, and how it is linked then.
LIBRARIES = {
    "curl/curl.h": "-lcurl",
    "libesmtp.h": "-lesmtp -lssl -lcrypto",
    "pthread.h": "-pthread",
}

#: What most fragments assume.
FRAGMENT = """
#include <smtpconn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
extern smtpconn *connection;
extern smtpconn_loop *loop;
extern smtpconn_options *options;
extern smtpconn_auth *auth;
extern smtpconn_envelope *envelope;
extern smtpconn_message *message;
extern smtpconn_send_callback sent;
extern smtpconn_done_callback done;
{given}
void fragment(void);
void fragment(void) {{
{code}
}}
"""


@dataclass
class Block:
    page: Path
    line: int
    language: str
    code: str
    given: str
    then: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def is_program(self) -> bool:
        return re.search(r"^int main\(", self.code, re.MULTILINE) is not None

    @property
    def name(self) -> str:
        """The name of its file, when the first line of a program gives one."""
        found = re.match(r"/[/*] (\w+)\.cc?\b", self.code)
        return found[1] if found else "program"

    @property
    def file(self) -> str:
        return self.name + (".c" if self.language == "c" else ".cc")


def blocks(*languages: str) -> list[Block]:
    return [block for page in PAGES for block in blocks_of(page) if block.language in languages]


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    found = []
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        hidden = {"given": "", "then": "", **dict(_COMMENT.findall(match[3]))}
        found.append(Block(page, line, match[1], match[2], hidden["given"], hidden["then"]))
    return found


def for_servers(code: str, rooms: dict[str, Mailroom]) -> str:
    """The program, with servers of this machine in place of those of the reader."""
    started, secure, lmtp = (str(rooms[name].port) for name in ("starttls", "secure", "lmtp"))
    url = r"(smtps?|lmtp)://((?:[\w%]+@)?)mail\.example\.(?:org|com)(?::\d+)?"
    ports = {"smtp": started, "smtps": secure, "lmtp": lmtp}
    code = re.sub(url, lambda found: f"{found[1]}://{found[2]}localhost:{ports[found[1]]}", code)
    code = re.sub(r"mail\.example\.org([: ])587\b", rf"localhost\g<1>{started}", code)
    code = re.sub(r"mail\.example\.(?:org|com)", "localhost", code)

    def port(found: re.Match[str]) -> str:
        if found[2] == "465":
            return f"{found[1]}{secure}); smtpconn_options_set_secure(options, 1)"
        return f"{found[1]}{lmtp if found[2] == '24' else started})"

    # In C++ the setter is an argument.
    code = code.replace("smtpconn_options_set_port, 587", f"smtpconn_options_set_port, {started}")
    code, count = re.subn(r"(smtpconn_options_set_port\(options, )(\d+)\)", port, code)
    if count == 0:
        call = f"smtpconn_options_set_port(options, {started});"
        code = re.sub(r"(smtpconn_options_set_host\(options, [^;]*;)", rf"\1 {call}", code)
    return code


def environment(folder: Path) -> dict[str, str]:
    """Of a reader who has installed the library, and has a password and a token."""
    text = (BUILD / "smtpconn.pc").read_text()
    text = re.sub(r"^libdir=.*$", f"libdir={BUILD}", text, flags=re.MULTILINE)
    text = re.sub(r"^includedir=.*$", f"includedir={ROOT / 'include'}", text, flags=re.MULTILINE)
    (folder / "smtpconn.pc").write_text(text)
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PKG_CONFIG_PATH": str(folder),
        "LD_LIBRARY_PATH": str(BUILD),
        "SSL_CERT_FILE": str(folder / "ca.pem"),
        "SMTP_PASSWORD": "secret",
        "ACCESS_TOKEN": "fresh",
    }


def shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", line],
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def compiled(block: Block, rooms: dict[str, Mailroom], folder: Path) -> str:
    """Compiles a program as its reader would, and returns the command that runs it."""
    (folder / block.file).write_text(for_servers(block.code, rooms))
    libraries = [option for name, option in LIBRARIES.items() if f"<{name}>" in block.code]
    compiler, strict = ("cc", STRICT) if block.language == "c" else ("c++", STRICT_CXX)
    flags = " ".join([*strict, block.file, "$(pkg-config --cflags --libs smtpconn)"])
    done = shell(f"{compiler} {flags} {' '.join(libraries)} -o {block.name}", folder)
    assert done.returncode == 0, f"{block}: {done.stderr}"
    return f"./{block.name}"


def warnings(block: Block, folder: Path) -> str:
    """What the compiler says about a fragment, or about a program that is not run."""
    source = folder / "block.c"
    whole = block.given + block.code
    is_file = "#include <smtpconn.h>" in whole
    source.write_text(whole if is_file else FRAGMENT.format(given=block.given, code=block.code))
    return shell(f"cc {' '.join(STRICT)} -fsyntax-only -I{ROOT / 'include'} block.c", folder).stderr


def commands(block: Block) -> list[tuple[str, str]]:
    """Each command of a console, and what it prints."""
    found = []
    for part in re.split(r"^\$ ", block.code, flags=re.MULTILINE)[1:]:
        line, _, output = re.sub(r" \\\n> +", " ", part).partition("\n")
        found.append((line, output))
    return found


def matches(shown: str, printed: str) -> bool:
    """Whether this was printed, where "..." is anything."""
    pattern = ".*".join(re.escape(part) for part in shown.strip().split("..."))
    return re.fullmatch(pattern, printed.strip(), re.DOTALL) is not None

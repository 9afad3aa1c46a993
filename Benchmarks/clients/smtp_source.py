"""Postfix's smtp-source in the place of a client: PORT FILE COUNT program=PATH.

It has no clock, so the server's counts: "seconds" is null. "cpu" holds its start, too.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from tempfile import NamedTemporaryFile

from arguments import SENDER, Arguments, print_report


def main() -> None:
    arguments = Arguments()
    program = arguments.options["program"]
    # It makes CRLF of line ends itself.
    with NamedTemporaryFile() as file:
        file.write(arguments.message.replace(b"\r\n", b"\n"))
        file.flush()
        subprocess.run(
            [
                program,
                *("-d", "-m", str(arguments.count + arguments.is_warm)),
                *("-f", SENDER, "-t", "recipient@example.net"),
                *("-r", str(len(arguments.recipients))),
                *("-F", file.name, f"127.0.0.1:{arguments.port}"),
            ],
            # Where it was unpacked are its own libraries, too.
            env={**os.environ, "LD_LIBRARY_PATH": str(Path(program).parents[1] / "lib/postfix")},
            check=True,
        )
    spent = os.times()
    print_report(None, spent.children_user + spent.children_system)


if __name__ == "__main__":
    main()

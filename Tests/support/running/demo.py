"""What `make demo` shows: one message from C and one from Python to a server on
this machine, over STARTTLS with a login, and that exactly what was sent arrived.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from support.servers.certificates import Certificates

ROOT = Path(__file__).resolve().parents[3]

USER, PASSWORD = "alice", "open sesame"
SENDER, RECIPIENT = "alice@test.local", "bob@test.local"

# With what has to survive the journey: lines that begin with dots, a line end
# that is no CRLF, and letters beyond ASCII.
MESSAGE = """\
From: Alice <{sender}>
To: Bob <{recipient}>
Subject: Hello from {language}
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Dear Bob,

. this line begins with a dot,
.. this one with two, and the next one is only a dot:
.
Grüße, Alice
"""


@contextlib.contextmanager
def mail_server(folder: Path, certificates: Certificates) -> Iterator[int]:
    """Runs support.running.mailserver; gives its port."""
    identity = certificates.good
    server = subprocess.Popen(
        [
            *[sys.executable, "-m", "support.running.mailserver", str(folder)],
            *[str(identity.certificate), str(identity.key), USER, PASSWORD],
        ],
        cwd=ROOT / "Tests",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        ready = server.stdout.readline().split()
        if ready[:1] != ["ready"]:
            raise SystemExit("demo: the mail server did not start")
        yield int(ready[1])
    finally:
        server.stdin.close()  # its sign to end
        server.wait()
        server.stdout.close()


def heading(text: str) -> None:
    print(f"\n=== {text}", flush=True)


def show(octets: bytes) -> None:
    for line in octets.decode().splitlines():
        print(f"  | {line}")


def run(command: list[str], message: bytes, **environment: str) -> None:
    """Runs a program that sends; its transcript goes straight to the terminal."""
    done = subprocess.run(
        command, input=message, env={**os.environ, **environment}, cwd=ROOT, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"demo: {Path(command[0]).name} failed with {done.returncode}")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="smtpconn-demo-") as name:
        work = Path(name)
        certificates = Certificates(work / "certificates")
        folder = work / "mail"
        folder.mkdir()
        ca_file = str(certificates.ca_file)
        with mail_server(folder, certificates) as port:
            print(f"A mail server listens on 127.0.0.1:{port}: STARTTLS, login {USER}.")
            sent = {}
            for language in ("C", "Python"):
                text = MESSAGE.format(sender=SENDER, recipient=RECIPIENT, language=language)
                sent[language] = text.encode()

            heading("examples/send.c")
            run(
                [
                    *[str(ROOT / "build" / "examples" / "send"), "--verbose", "--starttls"],
                    *["--cafile", ca_file, "--user", USER, "--pass-env", "SMTP_PASSWORD"],
                    *["--from", SENDER, "--to", RECIPIENT, "localhost", str(port)],
                ],
                sent["C"],
                SMTP_PASSWORD=PASSWORD,
            )
            heading("examples/send.py")
            run(
                [
                    *[sys.executable, "examples/send.py", "localhost", str(port)],
                    *[ca_file, USER, SENDER, RECIPIENT],
                ],
                sent["Python"],
                SMTP_PASSWORD=PASSWORD,
            )

        different = False
        for number, (language, message) in enumerate(sent.items(), 1):
            heading(f"what the server stored of the message from {language}")
            stored = (folder / f"{number}.eml").read_bytes()
            show(stored)
            # Lines end in CRLF on the way, whatever they ended in before.
            expected = re.sub(rb"\r\n|\r|\n", b"\r\n", message)
            if stored == expected:
                print(f"The same {len(stored)} octets as were sent.")
            else:
                different = True
                print(f"DIFFERENT from what was sent: {expected!r}")
        if different:
            raise SystemExit("demo: a message did not arrive as it was sent")
        print("\nBoth messages arrived exactly as they were sent.")


if __name__ == "__main__":
    main()

"""Runs a program that sends one message to alice's mail server, and checks what arrived.

    server.py [--port PORT] PROGRAM ARGUMENT...

The server wants STARTTLS and alice's login. It is localhost and mail.example.com, on the port
that the program finds in PORT; SSL_CERT_FILE makes its certificate trusted. The exit status is
that of the program, or 1 when no message came or it is not that of README.md.
"""

from __future__ import annotations

import argparse
import base64
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

LOGIN = base64.b64encode(b"\0alice\0secret")
#: The dialogue: what a command begins with, and the reply to it.
REPLIES = {
    b"STARTTLS": b"220 go ahead",
    b"AUTH PLAIN " + LOGIN: b"235 welcome",
    b"MAIL FROM:<alice@example.com>": b"250 ok",
    b"RCPT TO:<bob@example.com>": b"250 ok",
    b"DATA": b"354 go on",
    b"QUIT": b"221 bye",
}
MESSAGE = [b"From: alice@example.com", b"Subject: Hello", b"", b"Hello Bob."]


def certificate(folder: str) -> tuple[str, str]:
    """A file with the certificate, and one with its key."""
    made, key = f"{folder}/certificate.pem", f"{folder}/key.pem"
    subprocess.run(
        [
            *["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"],
            *["-subj", "/CN=localhost", "-keyout", key, "-out", made],
            *["-addext", "subjectAltName=DNS:localhost,DNS:mail.example.com"],
        ],
        check=True,
        capture_output=True,
    )
    return made, key


class Server(threading.Thread):
    """Converses once."""

    def __init__(self, listener: socket.socket, context: ssl.SSLContext) -> None:
        super().__init__(daemon=True)
        self._listener = listener
        self._context = context
        self.message: list[bytes] = []
        self.commands: list[bytes] = []

    def run(self) -> None:
        connection, _ = self._listener.accept()
        offers = b"STARTTLS"
        with connection:
            stream = connection.makefile("rwb", buffering=0)
            stream.write(b"220 mail.example.com ESMTP\r\n")
            while line := stream.readline():
                command = line.rstrip(b"\r\n")
                self.commands.append(command)
                if command.startswith(b"EHLO "):
                    reply = b"250-mail.example.com\r\n250 " + offers
                else:
                    found = (text for word, text in REPLIES.items() if command.startswith(word))
                    reply = next(found, b"503 not now")
                stream.write(reply + b"\r\n")
                if reply.startswith(b"220"):
                    connection = self._context.wrap_socket(connection, server_side=True)
                    stream = connection.makefile("rwb", buffering=0)
                    offers = b"AUTH PLAIN"
                elif reply.startswith(b"354"):
                    while (line := stream.readline()) not in (b".\r\n", b""):
                        self.message.append(line.rstrip(b"\r\n"))
                    stream.write(b"250 2.0.0 Ok: queued as 1\r\n")
                elif reply.startswith(b"221"):
                    return


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("program", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        made, key = certificate(folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(made, key)
        with socket.create_server(("127.0.0.1", arguments.port)) as listener:
            server = Server(listener, context)
            server.start()
            variables = {"PORT": str(listener.getsockname()[1]), "SSL_CERT_FILE": made}
            done = subprocess.run(
                arguments.program, env={**os.environ, **variables}, check=False, timeout=300
            )
            if done.returncode != 0:
                print(f"the program failed with {done.returncode}", file=sys.stderr)
                return done.returncode
            server.join(60)
    if server.message != MESSAGE:
        print(f"not delivered: {server.message}, after {server.commands}", file=sys.stderr)
        return 1
    print(f"{Path(arguments.program[0]).name}: delivered")
    return 0


if __name__ == "__main__":
    sys.exit(main())

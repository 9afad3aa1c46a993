"""A mail server for the demo and the examples: aiosmtpd on loopback, with
STARTTLS and a login that it insists on.

    python -m support.running.mailserver FOLDER CERTIFICATE KEY USER PASSWORD

Prints "ready PORT" when it takes connections, puts each message into FOLDER as
1.eml, 2.eml, ..., octet for octet as it came, and ends when its standard input
does.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class Mailbox:
    """Accepts everything and writes it down."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self._count += 1
        content = envelope.original_content or b""
        # Complete before it has its name: whoever looks finds all of it.
        partial = self._folder / f"{self._count}.part"
        partial.write_bytes(content)
        partial.rename(self._folder / f"{self._count}.eml")
        return f"250 2.0.0 Ok: queued as {self._count}"


def main() -> None:
    # It warns of its own deprecated parts.
    logging.getLogger("mail.log").setLevel(logging.ERROR)
    folder, certificate, key, user, password = sys.argv[1:6]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    mailbox = Mailbox(Path(folder))

    def authenticate(
        server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        expected = LoginPassword(user.encode(), password.encode())
        return AuthResult(success=data == expected, handled=False)

    def converse() -> SMTP:
        return SMTP(
            mailbox,
            tls_context=context,
            require_starttls=True,
            auth_required=True,
            authenticator=authenticate,
        )

    async def serve() -> None:
        # Not aiosmtpd's Controller, which cannot let the kernel choose the port.
        loop = asyncio.get_running_loop()
        server = await loop.create_server(converse, "127.0.0.1", 0)
        async with server:
            print(f"ready {server.sockets[0].getsockname()[1]}", flush=True)
            await loop.run_in_executor(None, sys.stdin.read)

    asyncio.run(serve())


if __name__ == "__main__":
    main()

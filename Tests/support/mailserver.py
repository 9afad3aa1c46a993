"""A mail server for the demo and the examples: aiosmtpd on loopback, with
STARTTLS and a login that it insists on.

    python -m support.mailserver FOLDER CERTIFICATE KEY USER PASSWORD

Prints "ready PORT" when it takes connections, puts each message into FOLDER as
1.eml, 2.eml, ..., octet for octet as it came, and ends when its standard input
does.
"""

from __future__ import annotations

import ssl
import sys
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class Mailbox:
    """Accepts everything and writes it down."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    async def handle_DATA(  # noqa: N802 (aiosmtpd names its hooks so)
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        self._count += 1
        content = envelope.original_content or b""
        # Complete before it has its name: whoever looks finds all of it.
        partial = self._folder / f"{self._count}.part"
        partial.write_bytes(content)
        partial.rename(self._folder / f"{self._count}.eml")
        return f"250 2.0.0 Ok: queued as {self._count}"


def main() -> None:
    folder, certificate, key, user, password = sys.argv[1:6]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def authenticate(
        server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        expected = LoginPassword(user.encode(), password.encode())
        return AuthResult(success=data == expected, handled=False)

    controller = Controller(
        Mailbox(Path(folder)),
        hostname="127.0.0.1",
        port=0,
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=authenticate,
    )
    controller.start()
    try:
        assert controller.server is not None
        port = controller.server.sockets[0].getsockname()[1]
        print(f"ready {port}", flush=True)
        sys.stdin.read()
    finally:
        controller.stop()


if __name__ == "__main__":
    main()

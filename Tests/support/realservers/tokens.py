"""An OAuth 2.0 provider for the interop tests: access tokens that a mail server can
check by itself, and an endpoint on loopback that gives new ones.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl

LIFETIME = 3600


def encode(octets: bytes) -> bytes:
    """RFC 7515 section 2: base64url without padding."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=")


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Signer:
    """Makes JSON Web Tokens (RFC 7519) with HS256; whoever has the key can check
    them."""

    def __init__(self) -> None:
        self.key = secrets.token_bytes(32)

    def token(self, user: str, lifetime: int = LIFETIME) -> str:
        """A token for this user; with a negative lifetime, one that has expired."""
        now = int(time.time())
        header = {"alg": "HS256", "typ": "JWT"}
        claims = {"sub": user, "iat": now - LIFETIME, "exp": now + lifetime}
        signed = b".".join(encode(json.dumps(part).encode()) for part in (header, claims))
        signature = hmac.digest(self.key, signed, hashlib.sha256)
        return (signed + b"." + encode(signature)).decode()


class _Server(HTTPServer):
    def __init__(self, answers: list[str | None]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = answers
        self.requests: list[dict[str, str]] = []


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append(dict(parse_qsl(body.decode(), strict_parsing=True)))
        token = self.server.answers.pop(0) if self.server.answers else None
        if token is None:
            # RFC 6749 section 5.2.
            self._answer(400, {"error": "invalid_grant", "error_description": "no more tokens"})
        else:
            # Section 5.1.
            fields = {"access_token": token, "token_type": "Bearer", "expires_in": LIFETIME}
            self._answer(200, fields)

    def _answer(self, status: int, fields: Mapping[str, object]) -> None:
        body = json.dumps(fields).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Nobody reads it."""


class Endpoint:
    """A token endpoint that gives these tokens, one after the other; in place of
    None, and behind the last, it refuses. `requests` are the forms that it got."""

    def __init__(self, *answers: str | None) -> None:
        self._server = _Server(list(answers))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self.url = f"http://127.0.0.1:{self._server.server_port}/token"

    @property
    def requests(self) -> list[dict[str, str]]:
        return self._server.requests

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

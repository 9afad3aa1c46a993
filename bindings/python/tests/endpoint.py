"""A place that gives access tokens."""

from __future__ import annotations

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs


class Endpoint(HTTPServer):
    """Gives what it is told to."""

    def __init__(self, identity: Path | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        if identity is not None:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(identity)
            # The handshake belongs to the thread that serves, not to accept().
            self.socket = tls.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )
        self.requests: list[dict[str, list[str]]] = []
        self.status = 200
        self.answer: dict[str, Any] = {"access_token": "fresh", "expires_in": 3600}
        place = "http://127.0.0.1" if identity is None else "https://localhost"
        self.url = f"{place}:{self.server_address[1]}/token"

    def __enter__(self) -> Endpoint:
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    def handle_error(self, _request: object, _address: object) -> None:
        """A client that does not trust the certificate goes away."""


class Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append(parse_qs(body.decode()))
        answer = json.dumps(self.server.answer).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_arguments: object) -> None:
        pass

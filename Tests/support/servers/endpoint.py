"""A token endpoint (RFC 6749 section 3.2) that says exactly what a test tells it to.

Each request comes over a connection of its own, so an endpoint is a scripted server
whose dialogues begin with a request.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode

from support.servers.certificates import Identity
from support.servers.scripted import Dialogue, Peer, ScriptedServer


@dataclass(frozen=True)
class Request:
    """What was asked."""

    target: str
    headers: dict[str, str]
    form: dict[str, str]


def read_request(peer: Peer) -> Request:
    """The next request, which must be a POST of a form (RFC 9112 section 2.1)."""
    method, target, version = peer.line().decode("ascii").split(" ")
    assert (method, version) == ("POST", "HTTP/1.1")
    headers: dict[str, str] = {}
    while line := peer.line():
        name, _, value = line.decode("ascii").partition(": ")
        assert name.lower() not in headers, f"{name} twice"
        headers[name.lower()] = value
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    body = peer.octets(int(headers["content-length"])).decode("ascii")
    pairs = parse_qsl(body, strict_parsing=True, keep_blank_values=True)
    assert len(dict(pairs)) == len(pairs), f"a field twice: {body}"
    return Request(target, headers, dict(pairs))


def answer(peer: Peer, body: bytes, status: bytes = b"200 OK", *headers: bytes) -> None:
    """Answers with this body and its length."""
    lines = [b"HTTP/1.1 " + status, *headers, b"Content-Length: " + str(len(body)).encode()]
    peer.send(b"\r\n".join([*lines, b"", body]))


def granted(token: str, expires_in: int | None = 3600) -> bytes:
    """The body of a success (RFC 6749 section 5.1)."""
    fields: dict[str, str | int] = {"access_token": token, "token_type": "Bearer"}
    if expires_in is not None:
        fields["expires_in"] = expires_in
    return json.dumps(fields).encode()


def refused(error: str, description: str | None = None) -> bytes:
    """The body of an error (RFC 6749 section 5.2)."""
    fields = {"error": error}
    if description is not None:
        fields["error_description"] = description
    return json.dumps(fields).encode()


Answer = Callable[[Peer, Request], None]


def repeats_the_request(peer: Peer, request: Request) -> None:
    """Refuses, and shows what was wrong: everything, as it came."""
    shown = urlencode(request.form, quote_via=quote)
    answer(peer, refused("invalid_request", f"cannot read {shown}"), b"400 Bad Request")


class TokenEndpoint(ScriptedServer):
    """Each request gets the next answer; an answer is the body of a success, or a
    function that says what it likes. With `repeat` one is for all requests."""

    def __init__(
        self,
        *answers: bytes | Answer,
        identity: Identity | None = None,
        repeat: bool = False,
        host: str = "127.0.0.1",
        address: str = "127.0.0.1",
    ) -> None:
        self.requests: list[Request] = []
        self._name = host
        self._is_secure = identity is not None
        self._noting = threading.Lock()
        dialogues = [self._dialogue(each) for each in answers]
        super().__init__(*dialogues, identity=identity, repeat=repeat, address=address)

    def __enter__(self) -> TokenEndpoint:
        return self

    @property
    def url(self) -> str:
        scheme = "https" if self._is_secure else "http"
        return f"{scheme}://{self._name}:{self.port}/token"

    def _dialogue(self, given: bytes | Answer) -> Dialogue:
        def dialogue(peer: Peer) -> None:
            request = read_request(peer)
            with self._noting:
                self.requests.append(request)
            if isinstance(given, bytes):
                answer(peer, given)
            else:
                given(peer, request)

        return dialogue

"""What a connection keeps of its secrets: nothing, in no memory, log or error (secrecy.c).

One row for each mechanism, each way to a token, and each other place for a secret. A mechanism
without a row is a failure: see test_every_mechanism_has_a_row.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import ssl
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from support.drive import BUILD, ROOT, valgrind
from support.drive.outcomes import CODES
from support.logins.scram import HASHES, ScramServer
from support.servers.certificates import Certificates
from support.servers.endpoint import Answer, TokenEndpoint, granted, repeats_the_request
from support.servers.scripted import Dialogue, Peer, ScriptedServer

PASSWORD = "open-sesame-0123456789"
TOKEN = "access-token-0123456789"
REFRESH = "refresh-token-0123456789"
CLIENT_SECRET = "client-secret-0123456789"


def forms(secret: str | bytes) -> list[bytes]:
    """The secret, and its base64 as a part of more: the digits that depend on nothing else."""
    octets = secret.encode() if isinstance(secret, str) else secret
    found = [octets]
    for shift in range(3):
        digits = base64.b64encode(b"\0" * shift + octets).rstrip(b"=")
        start = (shift * 8 + 5) // 6
        end = (shift + len(octets)) * 8 // 6
        found.append(digits[start:end])
    return found


def hidden(octets: bytes) -> str:
    return "~" + bytes((octet - 1) % 256 for octet in octets).hex()


@dataclass(frozen=True)
class Row:
    """One way to use secrets."""

    #: What the server offers after AUTH.
    mechanism: str
    #: The exchange after AUTH and its line; None for one that says 235 at once.
    exchange: Callable[[Peer, bytes], None] | None = None
    #: Credentials by name. A name with a colon is an argument of the program of its own.
    given: dict[str, str] = field(default_factory=dict)
    #: What must be nowhere.
    secrets: tuple[str | bytes, ...] = ()
    #: How the endpoint for tokens answers, if one is needed.
    endpoint: bytes | Answer | None = None
    code: str | None = None
    #: The server says the secret too, and what it says is no secret of this program.
    is_repeated: bool = False
    #: The exchange from AUTH on, with a server that has these certificates.
    login: Callable[[Certificates], Dialogue] | None = None
    options: dict[str, str] = field(default_factory=dict)


def accepts(peer: Peer, _: bytes) -> None:
    peer.reply(b"235 2.7.0 welcome")


def asks(*challenges: bytes, verdict: bytes = b"235 2.7.0 welcome") -> Callable[..., None]:
    def exchange(peer: Peer, _: bytes) -> None:
        for challenge in challenges:
            peer.reply(b"334 " + base64.b64encode(challenge))
            peer.line()
        peer.reply(verdict)

    return exchange


def repeats(peer: Peer, line: bytes) -> None:
    """Refuses, and repeats what was said, as it is and decoded."""
    said = line.rsplit(b" ", 1)[1]
    decoded = base64.b64decode(said).replace(b"\0", b" ").replace(b"\1", b" ")
    peer.reply(b"535-5.7.8 " + said, b"535-5.7.8 " + decoded, b"535 5.7.8 no")


def challenges_with_it(peer: Peer, line: bytes) -> None:
    """Refuses in a challenge that holds what was said, as XOAUTH2 does with JSON."""
    said = base64.b64decode(line.rsplit(b" ", 1)[1])
    peer.reply(b"334 " + base64.b64encode(b'{"said":"' + said + b'"}'))
    peer.line()
    peer.reply(b"535 5.7.8 no")


WITH_PASSWORD = {"password": PASSWORD}
WITH_TOKEN = {"access_token": TOKEN}
FROM_ENDPOINT = {"refresh_token": REFRESH, "client_secret": CLIENT_SECRET}

ROWS = {
    "PLAIN": Row("PLAIN", accepts, WITH_PASSWORD, (PASSWORD,)),
    "PLAIN refused": Row(
        "PLAIN", repeats, WITH_PASSWORD, (PASSWORD,), code="EAUTH", is_repeated=True
    ),
    "LOGIN": Row("LOGIN", asks(b"Username:", b"Password:"), WITH_PASSWORD, (PASSWORD,)),
    "CRAM-MD5": Row("CRAM-MD5", asks(b"<1@x>"), WITH_PASSWORD, (PASSWORD,)),
    "OAUTHBEARER": Row("OAUTHBEARER", accepts, WITH_TOKEN, (TOKEN,)),
    "XOAUTH2": Row("XOAUTH2", accepts, WITH_TOKEN, (TOKEN,)),
    "XOAUTH2 refused": Row(
        "XOAUTH2", challenges_with_it, WITH_TOKEN, (TOKEN,), code="EAUTH", is_repeated=True
    ),
    "XOAUTH2 asked for": Row("XOAUTH2", accepts, {"ask:": TOKEN}, (TOKEN,)),
    "XOAUTH2 endpoint": Row(
        "XOAUTH2", accepts, FROM_ENDPOINT, (REFRESH, CLIENT_SECRET, TOKEN), granted(TOKEN)
    ),
    "XOAUTH2 endpoint refuses": Row(
        "XOAUTH2",
        accepts,
        FROM_ENDPOINT,
        (REFRESH, CLIENT_SECRET),
        repeats_the_request,
        code="EOAUTH2",
    ),
    "X-TEST": Row("X-TEST", asks(b"what?"), {"custom:": PASSWORD}, (PASSWORD,)),
}


BINDING = "tls-server-end-point"


def scram(mechanism: str) -> Row:
    """With the keys that both sides compute (RFC 5802 section 3)."""
    is_bound = mechanism.endswith("-PLUS")
    digest = HASHES[mechanism.removesuffix("-PLUS")]
    server = ScramServer(mechanism)
    salted = hashlib.pbkdf2_hmac(digest, PASSWORD.encode(), server.salt, server.iterations)

    def login(certificates: Certificates) -> Dialogue:
        pem = certificates.good.certificate.read_text()
        data = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).digest()
        if not is_bound:
            # "y": the client could bind, and this server does not offer it.
            return ScramServer(mechanism, "alice", PASSWORD, header=b"y,,")
        header = f"p={BINDING},,".encode()
        return ScramServer(mechanism, "alice", PASSWORD, header=header, binding=lambda _: data)

    return Row(
        mechanism,
        given=WITH_PASSWORD,
        secrets=(PASSWORD, salted, hmac.digest(salted, b"Client Key", digest)),
        login=login,
        options={"channel_binding": BINDING} if is_bound else {},
    )


for scram_name in HASHES:
    ROWS |= {name: scram(name) for name in (scram_name, f"{scram_name}-PLUS")}


def dialogue(row: Row, certificates: Certificates) -> Dialogue:
    def converse(peer: Peer) -> None:
        peer.greet(b"AUTH " + row.mechanism.encode())
        if row.login is not None:
            row.login(certificates)(peer)
        line = peer.line()
        if line.startswith(b"AUTH "):
            assert row.exchange is not None
            row.exchange(peer, line)
            line = peer.line()
        assert line == b"QUIT", line
        peer.reply(b"221 bye")

    return converse


def run(row: Row, certificates: Certificates, folder: str, before: list[str], debug: int) -> None:
    words = [f"o:auth_method={row.mechanism}", "a:user=alice", f"o:debug={debug}"]
    words += ["o:host=localhost", "o:name=client.test", f"o:tls_ca_file={certificates.ca_file}"]
    for name, value in row.given.items():
        words.append(f"{name.rstrip(':') if ':' in name else 'a:' + name}={hidden(value.encode())}")
    words += [f"o:{name}={value}" for name, value in row.options.items()]
    for secret in row.secrets:
        words += [f"forbidden={hidden(form)}" for form in forms(secret)]
    words.append(f"repeated={int(row.is_repeated)}")
    words.append(f"code={CODES[row.code] if row.code else 0}")
    with (
        ScriptedServer(dialogue(row, certificates), identity=certificates.good) as server,
        TokenEndpoint(row.endpoint or granted(TOKEN), repeat=True) as endpoint,
    ):
        words += [f"o:port={server.port}", "o:secure=1"]
        if row.endpoint is not None:
            words.append(f"a:access_url={endpoint.url}")
        done = subprocess.run(
            [*before, str(BUILD / folder / "secrecy"), *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    found = re.search(r"^(\d+) checks, 0 failed$", done.stdout, re.MULTILINE)
    assert found is not None and int(found[1]) > 0, done.stdout


@pytest.mark.parametrize("debug", [0, 1])
@pytest.mark.parametrize("row", ROWS)
def test_plain(row: str, certificates: Certificates, debug: int) -> None:
    run(ROWS[row], certificates, "tests", [], debug)


@pytest.mark.parametrize("row", ROWS)
def test_asan(row: str, certificates: Certificates) -> None:
    run(ROWS[row], certificates, "asan", [], 1)


@pytest.mark.valgrind
@pytest.mark.slow_under_valgrind
@pytest.mark.parametrize("row", ROWS)
def test_valgrind(row: str, certificates: Certificates) -> None:
    run(ROWS[row], certificates, "tests", valgrind(), 1)


def test_every_mechanism_has_a_row() -> None:
    table = ROOT / "Sources" / "SMTPProtocol" / "Auth" / "BuiltInMechanism.swift"
    known = set(re.findall(r'BuiltInMechanism\("([A-Z0-9-]+)"', table.read_text()))
    known |= {name for scram in HASHES for name in (scram, f"{scram}-PLUS")}
    variants = (table.parent / "ScramVariant.swift").read_text()
    assert set(re.findall(r'ScramVariant\("([A-Z0-9-]+)"', variants)) == set(HASHES)
    assert len(known) >= 10
    # These two send no secret; the key of a certificate is a case of secrets.c.
    known -= {"EXTERNAL", "ANONYMOUS"}
    assert known <= {row.mechanism for row in ROWS.values()}


def test_the_search_finds_base64() -> None:
    for before in ("", "a", "ab", "abc"):
        text = base64.b64encode(f"{before}{PASSWORD}and more".encode())
        assert any(form in text for form in forms(PASSWORD)[1:])
    assert all(len(form) >= 8 for form in forms(PASSWORD))

"""The server's side of SCRAM (RFC 5802, RFC 7677), with Python's functions alone: honest, or with
one message changed."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field

from support.logins.logins import PASSWORD, USER, WELCOME
from support.logins.sasl import b64
from support.servers.scripted import Peer

HASHES = {"SCRAM-SHA-1": "sha1", "SCRAM-SHA-256": "sha256", "SCRAM-SHA-512": "sha512"}
MECHANISMS = [*HASHES]
ALL = " ".join(["AUTH", *MECHANISMS, *(f"{name}-PLUS" for name in MECHANISMS)]).encode()
FEWEST, MOST = 4096, 10_000_000

Change = Callable[[bytes], bytes]


def unchanged(message: bytes) -> bytes:
    return message


@dataclass
class ScramServer:
    """One login. A change gets the message that is right and returns the one that is sent."""

    mechanism: str
    user: str = USER
    password: str = PASSWORD
    iterations: int = FEWEST
    salt: bytes = b"NaCl, and more of it"
    #: gs2-header, and the data of the binding that it names.
    header: bytes = b"n,,"
    binding: Callable[[Peer], bytes] = field(default=lambda _: b"")
    first: Change = unchanged
    final: Change = unchanged
    #: The initial response answers an empty challenge.
    asks: bool = False

    def _digest(self, key: bytes, message: bytes) -> bytes:
        return hmac.digest(key, message, self._hash)

    @property
    def _hash(self) -> str:
        return HASHES[self.mechanism.removesuffix("-PLUS")]

    def asked(self, peer: Peer) -> bytes:
        """To the challenge: what it was, with the client's part before it."""
        command = b"AUTH " + self.mechanism.encode()
        if self.asks:
            peer.answer(command, b"334 ")
            text = peer.line()
        else:
            text = peer.expect(command + b" ").split(b" ")[2]
        message = base64.b64decode(text, validate=True)
        assert message.startswith(self.header), message
        bare = message.removeprefix(self.header)
        name, _, nonce = bare.rpartition(b",r=")
        escaped = self.user.encode().replace(b"=", b"=3D").replace(b",", b"=2C")
        assert name == b"n=" + escaped, message
        assert len(nonce) == 24
        challenge = self.first(
            b"r=%bserver,s=%b,i=%d" % (nonce, base64.b64encode(self.salt), self.iterations)
        )
        peer.reply(b"334 " + b64(challenge))
        return bare + b"," + challenge

    def proven(self, peer: Peer) -> bytes:
        """To the client's proof, which must be right: the final message."""
        begun = self.asked(peer)
        message = base64.b64decode(peer.line(), validate=True)
        start, _, proof = message.rpartition(b",p=")
        channel = base64.b64encode(self.header + self.binding(peer))
        nonce = begun.split(b",r=")[-1].split(b",")[0]
        assert start == b"c=" + channel + b",r=" + nonce, message
        said = begun + b"," + start
        salted = hashlib.pbkdf2_hmac(self._hash, self.password.encode(), self.salt, self.iterations)
        client = self._digest(salted, b"Client Key")
        signature = self._digest(hashlib.new(self._hash, client).digest(), said)
        expected = bytes(one ^ two for one, two in zip(client, signature, strict=True))
        assert base64.b64decode(proof, validate=True) == expected, "the proof is wrong"
        return b"v=" + b64(self._digest(self._digest(salted, b"Server Key"), said))

    def __call__(self, peer: Peer) -> None:
        """The whole of it: the final message is a challenge (RFC 4954 section 4)."""
        peer.reply(b"334 " + b64(self.final(self.proven(peer))))
        peer.expect(b"")
        peer.reply(WELCOME)

    def instead(
        self, *lines: bytes, then: Callable[[Peer], object] | None = Peer.until_closed
    ) -> Callable[[Peer], None]:
        """This reply to a right proof."""

        def dialogue(peer: Peer) -> None:
            self.proven(peer)
            peer.reply(*lines)
            if then:
                then(peer)

        return dialogue

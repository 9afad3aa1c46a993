"""Servers with TLS from the first octet, as most tests of it have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.drive import Option
from support.drive.outcomes import Failure, Json
from support.servers.certificates import Identity
from support.servers.script import script
from support.servers.scripted import Peer

if TYPE_CHECKING:
    from conftest import Opener

quits = script(Peer.greet, Peer.quit)


def agreed(connect: Opener, identity: Identity, **options: Option) -> Json:
    """What is known of a connection to a server that is trusted."""
    connection = connect.opened(quits, identity, secure=1, **options)
    info = connection.info()
    connection.start_quit().succeeds()
    return info


def refused(connect: Opener, identity: Identity, **options: Option) -> Failure:
    """What is said of a server that must not be spoken with."""
    connection = connect(lambda peer: peer.refused_tls(identity), secure=1, **options)
    failure = connection.start_connect().fails("ETLS")
    assert failure.tls_reason
    connection.wait_end()
    return failure


def unusable(connect: Opener, **options: Option) -> Failure:
    """What is said of options that are of no use. A mistake of the caller: no server is
    bothered with it."""
    connection = connect(connect.server(), **options)
    failure = connection.start_connect().fails("ETLS")
    assert failure.phase == "tls"
    connection.wait_end()
    return failure

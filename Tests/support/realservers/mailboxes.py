"""What every real server of the interop tests knows: who may log in, who has a
mailbox and who has none, and how much it takes where it takes little."""

from __future__ import annotations

DOMAIN = "test.local"
USER, PASSWORD = "alice", 'open "sesame" \\o/'

ALICE, BOB = f"alice@{DOMAIN}", f"bob@{DOMAIN}"
# A local part that needs SMTPUTF8.
ZOE = f"zoë@{DOMAIN}"
# For messages to many.
BOXES = tuple(f"box{number}@{DOMAIN}" for number in range(12))
MAILBOXES = (ALICE, BOB, ZOE, *BOXES)

# Local parts that begin with these are refused: for good, and for now.
NOBODY, BUSY = f"nosuch@{DOMAIN}", f"busy@{DOMAIN}"
# Accepted, and then it cannot be delivered to.
BROKEN = f"broken@{DOMAIN}"

# How large a message the service `small` takes.
SMALL_LIMIT = 20_000
# How many recipients the service `few` takes in one transaction.
FEW = 5


def local_part(address: str) -> str:
    return address.partition("@")[0]

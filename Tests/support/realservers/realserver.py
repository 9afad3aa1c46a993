"""What the real servers of the interop tests have in common as mail servers: what
they accept becomes one file for each recipient, so that a test can compare messages
octet for octet. None of them can send mail to another machine.
"""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path

from support.drive.outcomes import Result
from support.realservers.daemon import Daemon
from support.realservers.delivery import Delivery
from support.servers.certificates import Identity


class RealServer(Daemon):
    """A server with mailboxes."""

    def __init__(self, identity: Identity) -> None:
        self._seen: dict[Path, Delivery] = {}
        super().__init__(identity)

    # --- what each does in its own way --------------------------------------

    @abstractmethod
    def _mailbox(self, address: str) -> Path:
        """The folder with its messages; a file has its name when it is complete."""

    @abstractmethod
    def _is_done(self, queue_id: str) -> bool:
        """Whether nothing is left to do for a message."""

    def queue_id(self, result: Result, address: str) -> str:
        """What it told the client of the name that a message has for this recipient."""
        assert result.queue_id is not None, "the queue id is not known"
        return result.queue_id

    # --- what it did ------------------------------------------------------

    def wait_done(self, queue_id: str) -> None:
        """Waits until nothing is left to do for a message."""
        self.wait(lambda: self._is_done(queue_id), f"the end of {queue_id}")

    def deliveries(self, address: str) -> list[Delivery]:
        """What is in a mailbox."""
        folder = self._mailbox(address)
        for path in folder.glob("*"):
            self._seen[path] = Delivery.read(path.read_bytes())
            # It is known now, and a large one need not get to the disk.
            path.unlink()
        return [found for path, found in self._seen.items() if path.parent == folder]

    def delivery(self, address: str, queue_id: str) -> Delivery:
        """Waits until the message with this identifier is done with, and returns
        what is in the mailbox: it must be there exactly once."""
        self.wait_done(queue_id)
        found = [one for one in self.deliveries(address) if one.queue_id == queue_id]
        assert len(found) == 1, f"{queue_id} was delivered {len(found)} times to {address}"
        return found[0]

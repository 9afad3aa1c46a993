"""What the log of a real server has: sessions, copies and notifications."""

from __future__ import annotations

import re
from abc import abstractmethod

from support.realservers.delivery import Delivery
from support.realservers.mailboxes import ALICE
from support.realservers.realserver import RealServer


class TellingServer(RealServer):
    """A server whose log tells of them."""

    @abstractmethod
    def _came_with(self, message_id: str) -> str:
        """What it says of a message with this Message-ID: a pattern, with its own
        identifier as its group."""

    @abstractmethod
    def _notified(self, queue_id: str) -> str:
        """What it says when it tells the sender what became of the message: a
        pattern, with the identifier of the notification as its group."""

    @abstractmethod
    def mails(self, queue_id: str | None) -> int:
        """How often a client said MAIL in the session in which it brought this
        message, which must be over or about to be."""

    def identifiers(self, message_id: str) -> list[str]:
        """Of every copy of a message that came, so far."""
        return re.findall(self._came_with(re.escape(message_id)), self.log())

    def notifications(self, queue_id: str | None) -> list[str]:
        """The identifiers of the notifications about a message, so far."""
        assert queue_id is not None, "the queue id is not known"
        return re.findall(self._notified(re.escape(queue_id)), self.log())

    def notification(self, queue_id: str | None) -> Delivery:
        """Waits for a delivery status notification about a message from Alice."""
        self.wait(lambda: bool(self.notifications(queue_id)), f"a notification of {queue_id}")
        return self.delivery(ALICE, self.notifications(queue_id)[0])

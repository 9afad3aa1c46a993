"""Errors and results, in one module because each may refer to the other."""

# Without annotations from the future: those of SMTPConnError are evaluated as if they stood in
# `smtpconn`, where the class is found, and only their text would need Optional to be there.

from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from typing import Any, Callable, ClassVar, Optional

from ._constants import ErrorCode, FailureKind, RecipientStatus, Retry

#: Characters of a reply by which a quotation of it is found in a message.
_EXCERPT = 32


class SMTPConnError(Exception):
    """The base class of all errors of the library; the fields have the details.

    Absent fields are None.  All fields survive pickling.
    """

    #: The library's code for this class; instances have their own.
    CODE: ClassVar[int] = 0

    #: One of ErrorCode, or a number that this version does not know.
    code: int
    #: The name of the code, "EAUTH".
    name: str
    #: Why, one of FailureKind, or a number that this version does not know; NONE when no more is
    #: known than the code.
    kind: int
    #: What happened and what to do about it.
    message: str
    #: The reply that caused it, its lines joined by LF, and the reply's code.
    response: Optional[str]
    response_code: Optional[int]
    #: The enhanced status code of that reply, "5.1.1".
    enhanced: Optional[str]
    #: The command that failed, "RCPT TO"; "API" for a misuse of the interface.
    command: str
    #: What the connection was doing, "starttls".
    phase: str
    #: The recipient that was refused.
    recipient: Optional[str]
    #: The errno of the system call that failed.
    errno: Optional[int]
    #: The reason that OpenSSL or the verification of the certificate gave.
    tls_reason: Optional[str]
    #: The names in a certificate that is for another host, "mail.example.org, 192.0.2.1".
    certificate_names: Optional[str]
    #: The address that was tried or in use, "192.0.2.1:25".
    address: Optional[str]
    #: Whether a retry is safe.
    retry: Retry
    #: The result for each recipient, when a send failed.
    result: Optional["Result"]

    def __init__(
        self,
        message: str = "",
        *,
        code: Optional[int] = None,
        name: Optional[str] = None,
        kind: int = FailureKind.NONE,
        response: Optional[str] = None,
        response_code: Optional[int] = None,
        enhanced: Optional[str] = None,
        command: str = "API",
        phase: str = "idle",
        recipient: Optional[str] = None,
        errno: Optional[int] = None,
        tls_reason: Optional[str] = None,
        certificate_names: Optional[str] = None,
        address: Optional[str] = None,
        retry: Retry = Retry.NO,
        result: Optional["Result"] = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = self.CODE if code is None else code
        self.name = name or _name(self.code)
        self.kind = _kind(kind)
        self.response = response
        self.response_code = response_code
        self.enhanced = enhanced
        self.command = command
        self.phase = phase
        self.recipient = recipient
        self.errno = errno
        self.tls_reason = tls_reason
        self.certificate_names = certificate_names
        self.address = address
        self.retry = retry
        self.result = result

    def __str__(self) -> str:
        return self.message if self.response is None else _with_reply(self.message, self.response)

    def __reduce__(self) -> tuple[Any, ...]:
        # OSError keeps errno outside of __dict__ and pickles its arguments only.
        return _rebuild, (type(self), self.message), {**self.__dict__, "errno": self.errno}


def _with_reply(message: str, response: str) -> str:
    """One line, which has the whole reply once.  The library puts it into the message, up to a
    limit, where the message is about a reply."""
    lines = [line.strip() for line in response.splitlines()]
    quoted = " ".join(" ".join(lines).split())
    words = " ".join(message.split())
    if quoted in words:
        return words
    begin, end = words.find(quoted[:_EXCERPT]), words.rfind("...")
    if 0 <= begin < end and quoted.startswith(words[begin:end]):
        return words[:begin] + quoted + words[end + 3 :]
    return f"{words} [{' / '.join(lines)}]"


def _rebuild(cls: type[SMTPConnError], message: str) -> SMTPConnError:
    return cls(message)


def _name(code: int) -> str:
    try:
        return ErrorCode(code).name
    except ValueError:
        return "EUNKNOWN"


def _kind(number: int) -> int:
    try:
        return FailureKind(number)
    except ValueError:
        return number


@dataclass(frozen=True)
class Reply:
    """A reply of the server to a command."""

    #: The code of its last line.
    code: int
    #: The text of each line, without the code.
    lines: tuple[str, ...]
    #: The enhanced status code, "2.1.5".
    enhanced: Optional[str] = None
    #: The whole reply, its lines joined by LF, codes included.
    response: str = ""


@dataclass(frozen=True)
class RecipientResult:
    """The result for one recipient, and the reply that decided it; None without a reply."""

    address: str
    status: RecipientStatus
    #: The command that the reply answered: "RCPT TO", "DATA".
    command: Optional[str] = None
    code: Optional[int] = None
    #: The enhanced status code, "5.1.1".
    enhanced: Optional[str] = None
    response: Optional[str] = None
    #: Why the recipient did not get the message: the refusal, or the reason why it was not tried
    #: or is in doubt. None for an accepted recipient.
    error: Optional[SMTPConnError] = None

    @property
    def accepted(self) -> bool:
        return self.status is RecipientStatus.ACCEPTED


@dataclass(frozen=True)
class Result:
    """The result of a send, and `SMTPConnError.result` of a failed send.

    The result of an error has accepted recipients only when the error's `retry` is UNKNOWN: with
    LMTP, or when the recipients needed several transactions.
    Then send again only to recipients in `unknown` and to those that were not tried.
    """

    #: Every recipient, in the order of the envelope.
    recipients: list[RecipientResult]
    #: The last reply of the server: "250 2.0.0 Ok: queued as 4F2A".
    response: Optional[str] = None
    #: The server's identifier for the message, when its wording is known: "4F2A".
    queue_id: Optional[str] = None
    #: Seconds from MAIL to the reply to DATA, and from there to the final reply.
    envelope_time: float = 0.0
    message_time: float = 0.0
    #: The parts of message_time: until all of the content had left, and the wait for the reply.
    content_time: float = 0.0
    verdict_time: float = 0.0
    #: Octets sent, with repaired line endings, without the escaping of dots.
    message_size: int = 0
    #: How often the message was tried: 0 when it never began, 1 for a connection.
    tries: int = 0
    #: Why it was tried again the last time, by a pool; None when it was not.
    retry_error: Optional[SMTPConnError] = None

    @classmethod
    def _later(
        cls, read: Callable[[bytes], dict[str, Any]], record: bytes, is_plain: bool
    ) -> "Result":
        """One whose fields are read when one of them is asked for, which may be never."""
        result = cls.__new__(cls)
        result.__dict__["_unread"] = (read, record, is_plain)
        return result

    @property
    def _is_plain(self) -> bool:
        """Whether every recipient was accepted, as far as that is known without a look."""
        unread = self.__dict__.get("_unread")
        return unread is not None and unread[2]

    def __getattr__(self, name: str) -> Any:
        fields = self.__dict__
        unread = fields.get("_unread")
        if unread is None or name.startswith("__"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        read, record, _ = unread
        fields.update(read(record))
        fields.pop("_unread", None)
        return getattr(self, name)

    def __getstate__(self) -> dict[str, Any]:
        return {each.name: getattr(self, each.name) for each in dataclass_fields(self)}

    def __hash__(self) -> int:
        return hash((tuple(self.recipients), self.response, self.queue_id, self.message_size))

    @property
    def accepted(self) -> list[str]:
        """The recipients that were accepted, with the message."""
        return [recipient.address for recipient in self.recipients if recipient.accepted]

    @property
    def rejected(self) -> list[str]:
        """The recipients that were refused, for now or for good."""
        return [recipient.address for recipient in self._refused()]

    @property
    def rejected_errors(self) -> list[SMTPConnError]:
        """The refusals, in the same order."""
        return [recipient.error for recipient in self._refused() if recipient.error is not None]

    @property
    def unknown(self) -> list[str]:
        """The recipients in doubt: the connection was lost before their final reply."""
        status = RecipientStatus.UNKNOWN
        return [each.address for each in self.recipients if each.status is status]

    def _refused(self) -> list[RecipientResult]:
        refused = (RecipientStatus.DEFERRED, RecipientStatus.REJECTED)
        return [recipient for recipient in self.recipients if recipient.status in refused]


# The defaults are in __init__; as attributes of the class they would hide fields not read yet.
for _field in dataclass_fields(Result):
    if _field.name in Result.__dict__:
        delattr(Result, _field.name)

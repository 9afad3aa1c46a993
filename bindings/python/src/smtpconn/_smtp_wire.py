"""Commands and replies of SMTP one by one, for `smtplib`."""

from __future__ import annotations

import re
import smtplib as _standard
from smtplib import SMTPResponseException, SMTPServerDisconnected
from typing import Final, Union

from ._smtp_errors import DisconnectedError, NotConnectedError

#: Octets of a line of a reply, and of all lines of one.
_MAXLINE: Final = 8192
_MAXREPLY: Final = 1 << 20

_LINE_END: Final = re.compile(rb"\r\n|\r|\n")
_CONTROL: Final = re.compile(r"[\0-\x08\x0a-\x1f\x7f]")

SMTPMessage = Union[bytes, bytearray, memoryview, str]


class Wire(_standard.SMTP):
    """The methods of smtplib.SMTP that write a command and read a reply."""

    #: Octets that were received and belong to no reply yet.
    _unread = b""
    #: Whether what is sent is a secret.
    _hides = False

    def _print_debug(self, *args: object) -> None:
        shown = ("send:", "(hidden)") if self._hides and args[:1] == ("send:",) else args
        _standard.SMTP._print_debug(self, *shown)  # type: ignore[attr-defined]

    def send(self, s: SMTPMessage) -> None:  # type: ignore[override]
        """Sends octets, or a str in `command_encoding`."""
        if self.sock is None:
            raise NotConnectedError("please run connect() first")
        try:
            _standard.SMTP.send(self, s)
        except SMTPServerDisconnected as error:
            reason = error.__context__
            raise DisconnectedError(f"Connection unexpectedly closed: {reason}") from reason
        except Exception:
            raise  # It has no form in command_encoding: nothing was sent.
        except BaseException:
            # A part of it may have been sent, and the next command would be the rest.
            self.close()
            raise

    def putcmd(self, cmd: str, args: str = "") -> None:
        """Sends a command.  ValueError when it holds a control character."""
        check_line(f"{cmd} {args}")
        _standard.SMTP.putcmd(self, cmd, args)

    def getreply(self) -> tuple[int, bytes]:
        """Reads a reply: its code, -1 when it has none, and its text, lines joined by LF."""
        lines: list[bytes] = []
        octets = 0
        while True:
            line = self._read_line()
            if self.debuglevel > 0:
                self._print_debug("reply:", repr(line))
            octets += len(line)
            if len(line) > _MAXLINE or octets > _MAXREPLY:
                self.close()
                raise SMTPResponseException(500, "Line too long.")
            lines.append(line[4:].strip(b" \t\r\n"))
            code = int(line[:3]) if line[:3].isdigit() else -1
            if code == -1 or line[3:4] != b"-":
                break
        text = b"\n".join(lines)
        if self.debuglevel > 0:
            self._print_debug(f"reply: retcode ({code}); Msg: {text!a}")
        return code, text

    def _read_line(self) -> bytes:
        """A line with its end; all that came when that is too long for a line."""
        while b"\n" not in self._unread and len(self._unread) <= _MAXLINE:
            if self.sock is None:
                raise NotConnectedError("please run connect() first")
            try:
                octets = self.sock.recv(_MAXLINE)
            except OSError as error:
                self.close()
                raise DisconnectedError(f"Connection unexpectedly closed: {error}") from error
            except BaseException:
                # Whatever comes next would be taken for the reply to the next command.
                self.close()
                raise
            if not octets:
                self.close()
                raise DisconnectedError("Connection unexpectedly closed")
            self._unread += octets
        line, end, rest = self._unread.partition(b"\n")
        self._unread = rest
        return line + end

    def data(self, msg: SMTPMessage) -> tuple[int, bytes]:  # type: ignore[override]
        """DATA, and the message: line ends become CRLF, in bytes too."""
        return _standard.SMTP.data(self, octets_of(msg))


def octets_of(message: SMTPMessage) -> bytes:
    """The message with CRLF at the end of each line (RFC 5321 section 2.3.8)."""
    octets = message.encode("ascii") if isinstance(message, str) else bytes(message)
    if octets.count(b"\n") == octets.count(b"\r\n") == octets.count(b"\r"):
        return octets
    return _LINE_END.sub(b"\r\n", octets)


def check_line(text: str) -> None:
    """ValueError when it would be more than a line, or is none (RFC 5321 section 4.1.2)."""
    found = _CONTROL.search(text)
    if found is None:
        return
    what = "newline" if found[0] in "\r\n" else "control"
    shown = text.replace("\n", "\\n").replace("\r", "\\r")
    raise ValueError(f"command and arguments contain prohibited {what} characters: {shown}")

"""A real OpenSMTPD for the interop tests: without PIPELINING, and without mercy.

Several commands at once are answered with 500 and the end of the connection. Debian
12's cannot do TLS with OpenSSL 3, and without TLS it offers no login; so there is
neither.
"""

from __future__ import annotations

import pwd
import re
import shutil
from pathlib import Path

from support.realservers.daemon import HOST
from support.realservers.mailboxes import DOMAIN, MAILBOXES, ZOE, local_part
from support.realservers.realserver import RealServer
from support.realservers.unpacked import files, lists_of_users
from support.servers.certificates import Identity
from support.system import in_mount_namespace

# After so many messages MAIL is answered with 452, over and over.
MOST_MESSAGES = 100

SETTINGS = """
table mailboxes { TABLE }
action "mailbox" maildir "FOLDER/mail/%{rcpt.user}" virtual <mailboxes> user nobody
# The only way there is.
match from any for domain "DOMAIN" action "mailbox"
listen on HOST port PORT hostname "mail.DOMAIN"
smtp max-message-size "32M"
"""


class OpenSMTPD(RealServer):
    """A running OpenSMTPD. Its one port, smtp, has SIZE, 8BITMIME, DSN and
    ENHANCEDSTATUSCODES."""

    name = "opensmtpd"
    services = ("smtp",)

    def _prepare(self, identity: Identity) -> None:
        nobody = pwd.getpwnam("nobody")
        self._make("mail", nobody.pw_uid, nobody.pw_gid, 0o755)
        programs = files("opensmtpd") / "usr"
        shutil.copy(programs / "sbin" / "smtpd", self._folder / "smtpd")
        # Where it looks for its own stands in the program. What else the machine has
        # in these folders it does not need.
        places = {"spool": "/var/spool", "lib": "/var/lib", "run": "/run"}
        self._mounts = {programs / "libexec": Path("/usr/libexec")}
        self._mounts |= {self._make(name, 0, 0, 0o711): Path(at) for name, at in places.items()}
        self._mounts |= lists_of_users(self._folder, {"opensmtpd": "nobody", "opensmtpq": "daemon"})
        self._make("spool/smtpd", 0, 0, 0o711)
        self._make("lib/opensmtpd", 0, 0, 0o755)
        self._make("lib/opensmtpd/empty", 0, 0, 0o755)

    def _configure(self) -> None:
        # Without SMTPUTF8 nobody can write to her.
        known = [address for address in MAILBOXES if address != ZOE]
        values = {
            "FOLDER": str(self._folder),
            "DOMAIN": DOMAIN,
            "HOST": HOST,
            "PORT": str(self.ports["smtp"]),
            "TABLE": ", ".join(f'"{address}" = nobody' for address in known),
        }
        text = SETTINGS
        for name, value in values.items():
            text = text.replace(name, value)
        (self._folder / "smtpd.conf").write_text(text)

    def _command(self) -> list[str]:
        # In the foreground, and the log goes to standard error.
        return [
            *in_mount_namespace(self._mounts),
            *[str(self._folder / "smtpd"), "-d", "-f", str(self._folder / "smtpd.conf")],
        ]

    def _log_file(self) -> Path:
        return self._output

    def _mailbox(self, address: str) -> Path:
        return self._folder / "mail" / local_part(address) / "new"

    def _is_done(self, queue_id: str) -> bool:
        log = self.log()
        came = re.search(rf" smtp message msgid={queue_id} size=\d+ nrcpt=(\d+) ", log)
        delivered = re.findall(rf" mda delivery evpid={queue_id}\w+ .* stat=Delivered\n", log)
        return came is not None and len(delivered) == int(came[1])

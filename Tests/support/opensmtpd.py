"""A real OpenSMTPD for the interop tests: without PIPELINING, and without mercy.

Several commands at once are answered with 500 and the end of the connection. Like
Exim it is unpacked and not installed, because its package conflicts with
Postfix's, and it must be started as root. Debian 12's cannot do TLS with OpenSSL 3,
and without TLS it offers no login; so there is neither.
"""

from __future__ import annotations

import pwd
import re
import shutil
from pathlib import Path

from support.certificates import Identity
from support.drive import BUILD
from support.realserver import DOMAIN, HOST, LONGEST_LIFE, MAILBOXES, ZOE, RealServer
from support.system import in_mount_namespace

FILES = BUILD / "unpacked" / "opensmtpd"

# After so many messages MAIL is answered with 452, over and over.
MOST_MESSAGES = 100
# The longest line of a message that it takes.
LONGEST_LINE = 65_535

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

    def prepare(self, identity: Identity) -> None:
        nobody = pwd.getpwnam("nobody")
        self.make("mail", nobody.pw_uid, nobody.pw_gid, 0o755)
        # Whoever it runs as may not reach the folder that it was unpacked to.
        shutil.copy(FILES / "usr" / "sbin" / "smtpd", self.folder / "smtpd")
        # Where it looks for its own stands in the program. What else the machine has
        # in these folders it does not need.
        places = {"spool": "/var/spool", "lib": "/var/lib", "run": "/run"}
        self._mounts = {FILES / "usr" / "libexec": Path("/usr/libexec")}
        self._mounts |= {self.make(name, 0, 0, 0o711): Path(at) for name, at in places.items()}
        self._mounts |= self.add_users({"opensmtpd": "nobody", "opensmtpq": "daemon"})
        self.make("spool/smtpd", 0, 0, 0o711)
        self.make("lib/opensmtpd", 0, 0, 0o755)
        self.make("lib/opensmtpd/empty", 0, 0, 0o755)

    def configure(self) -> None:
        # Without SMTPUTF8 nobody can write to her.
        known = [address for address in MAILBOXES if address != ZOE]
        values = {
            "FOLDER": str(self.folder),
            "DOMAIN": DOMAIN,
            "HOST": HOST,
            "PORT": str(self.ports["smtp"]),
            "TABLE": ", ".join(f'"{address}" = nobody' for address in known),
        }
        text = SETTINGS
        for name, value in values.items():
            text = text.replace(name, value)
        (self.folder / "smtpd.conf").write_text(text)

    def command(self) -> list[str]:
        # In the foreground, and the log goes to standard error.
        return [
            *["timeout", str(LONGEST_LIFE), *in_mount_namespace(self._mounts)],
            *[str(self.folder / "smtpd"), "-d", "-f", str(self.folder / "smtpd.conf")],
        ]

    def log_file(self) -> Path:
        return self.output_file

    def mailbox(self, local_part: str) -> Path:
        return self.folder / "mail" / local_part / "new"

    def is_done(self, queue_id: str) -> bool:
        log = self.log()
        came = re.search(rf" smtp message msgid={queue_id} size=\d+ nrcpt=(\d+) ", log)
        delivered = re.findall(rf" mda delivery evpid={queue_id}\w+ .* stat=Delivered\n", log)
        return came is not None and len(delivered) == int(came[1])

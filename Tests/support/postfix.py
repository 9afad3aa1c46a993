"""A real Postfix for the interop tests: on loopback, with everything it needs in
a temporary folder, and unable to send mail anywhere.

The configuration, queue and mailboxes of the machine's own Postfix, if it has
any, are neither read nor touched. Postfix must be started as root.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
from pathlib import Path

from support.daemon import ALICE, BOB, DOMAIN, HOST, PASSWORD, USER, Daemon, Delivery, program

# A local part that needs SMTPUTF8.
ZOE = f"zoë@{DOMAIN}"
MAILBOXES = (ALICE, BOB, ZOE)
# What the port `small` takes at most.
SMALL_LIMIT = 20_000

# When whoever started it was killed, it ends by itself after so many seconds.
LONGEST_LIFE = 3600

# What Postfix expects to find in its queue directory.
QUEUES = (
    *("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming"),
    *("private", "saved", "trace"),
)

RECIPIENTS = rf"""
/^nosuch.*@{re.escape(DOMAIN)}$/  550 5.1.1 There is nobody of this name
/^busy.*@{re.escape(DOMAIN)}$/    451 4.2.1 This mailbox is busy
"""

# Nothing here can connect to another host: there is no SMTP or LMTP client, no
# local delivery and no pipe.
INTERNAL_SERVICES = """
cleanup   unix        n - n -     0 cleanup
qmgr      unix        n - n 300   1 qmgr
tlsmgr    unix        - - n 1000? 1 tlsmgr
rewrite   unix        - - n -     - trivial-rewrite
bounce    unix        - - n -     0 bounce
defer     unix        - - n -     0 bounce
trace     unix        - - n -     0 bounce
flush     unix        n - n 1000? 0 flush
error     unix        - - n -     - error
retry     unix        - - n -     - error
virtual   unix        - n n -     - virtual
anvil     unix        - - n -     1 anvil
postlog   unix-dgram  n - n -     1 postlogd
"""

# How a server may know nothing at all beyond RFC 821.
NO_EXTENSIONS = (
    "auth,8bitmime,chunking,dsn,enhancedstatuscodes,etrn,pipelining,size,smtputf8,starttls,vrfy"
)


class Postfix(Daemon):
    """A running Postfix. The ports:

    smtp        STARTTLS and AUTH are offered, every extension is on
    submission  the same, and nothing goes without STARTTLS and a login
    smtps       TLS from the first byte, and nothing goes without a login
    small       SIZE with a small limit, no SMTPUTF8, no TLS
    bare        no extensions, no TLS
    """

    name = "Postfix"
    services = ("smtp", "submission", "smtps", "small", "bare")
    silent = frozenset({"smtps"})

    # --- the folder -------------------------------------------------------

    def _prepare(self) -> None:
        if os.geteuid() != 0:
            raise RuntimeError("Postfix gives up rights that only root has: run this as root")
        folder = self._folder
        # Its programs run as other users and must find their files.
        folder.chmod(0o755)
        postfix, nobody = pwd.getpwnam("postfix"), pwd.getpwnam("nobody")
        self._config = self._make("config", 0, 0, 0o755)
        self._mail = self._make("mail", nobody.pw_uid, nobody.pw_gid, 0o755)
        self._make("data", postfix.pw_uid, postfix.pw_gid, 0o700)
        self._make("queue", 0, 0, 0o755)
        self._make("queue/pid", 0, 0, 0o755)
        self._make("queue/public", postfix.pw_uid, postfix.pw_gid, 0o710)
        self._make("queue/maildrop", postfix.pw_uid, postfix.pw_gid, 0o730)
        for name in QUEUES:
            self._make(f"queue/{name}", postfix.pw_uid, postfix.pw_gid, 0o700)
        shutil.copy(self._identity.certificate, self._config / "server.pem")
        shutil.copy(self._identity.key, self._config / "server.key")
        (self._config / "recipients").write_text(RECIPIENTS)
        (self._config / "mailboxes").write_text(
            "".join(f"{address} {address.partition('@')[0]}/\n" for address in MAILBOXES)
        )
        (self._config / "main.cf").write_text(self._main(nobody.pw_uid, nobody.pw_gid))
        self._prepare_login(postfix.pw_uid)

    def _make(self, name: str, user: int, group: int, mode: int) -> Path:
        folder = self._folder / name
        folder.mkdir()
        os.chown(folder, user, group)
        folder.chmod(mode)
        return folder

    def _main(self, user: int, group: int) -> str:
        folder, recipients = self._folder, self._config / "recipients"
        settings: dict[str, str | int | Path] = {
            "compatibility_level": "3.6",
            "queue_directory": folder / "queue",
            "data_directory": folder / "data",
            "maillog_file": folder / "log",
            "maillog_file_prefixes": folder,
            "myhostname": f"mail.{DOMAIN}",
            "mydestination": "",
            "inet_interfaces": HOST,
            "inet_protocols": "ipv4",
            "local_recipient_maps": "",
            "alias_maps": "",
            "alias_database": "",
            "smtpd_peername_lookup": "no",
            # Out of here there is no way.
            "default_transport": "error:no mail leaves this machine",
            "relay_transport": "$default_transport",
            "local_transport": "$default_transport",
            "smtpd_relay_restrictions": "reject_unauth_destination",
            "smtpd_recipient_restrictions": f"check_recipient_access regexp:{recipients}",
            # The mailboxes.
            "virtual_transport": "virtual",
            "virtual_mailbox_domains": DOMAIN,
            "virtual_mailbox_maps": f"texthash:{self._config}/mailboxes",
            "virtual_mailbox_base": self._mail,
            "virtual_uid_maps": f"static:{user}",
            "virtual_gid_maps": f"static:{group}",
            "virtual_mailbox_limit": 0,
            "message_size_limit": 32 << 20,
            # Messages stay as they are, and identifiers are not used again.
            "local_header_rewrite_clients": "",
            "enable_long_queue_ids": "yes",
            # No tricks with time.
            "smtpd_error_sleep_time": 0,
            "in_flow_delay": 0,
            "smtputf8_enable": "yes",
            "smtpd_tls_cert_file": self._config / "server.pem",
            "smtpd_tls_key_file": self._config / "server.key",
            "smtpd_tls_security_level": "may",
            "smtpd_tls_auth_only": "yes",
            "smtpd_sasl_auth_enable": "yes",
            "smtpd_sasl_type": "cyrus",
            "smtpd_sasl_path": "smtpd",
            "smtpd_sasl_local_domain": DOMAIN,
            "cyrus_sasl_config_path": self._config / "sasl",
        }
        return "".join(f"{name} = {value}\n" for name, value in settings.items())

    def _master(self) -> str:
        login = ["smtpd_client_restrictions=permit_sasl_authenticated,reject"]
        plain = ["smtpd_tls_security_level=none", "smtpd_sasl_auth_enable=no"]
        settings = {
            "smtp": [],
            "submission": ["smtpd_tls_security_level=encrypt", *login],
            "smtps": ["smtpd_tls_wrappermode=yes", *login],
            "small": [*plain, "smtputf8_enable=no", f"message_size_limit={SMALL_LIMIT}"],
            "bare": [*plain, f"smtpd_discard_ehlo_keywords={NO_EXTENSIONS}"],
        }
        lines = [
            f"{HOST}:{self.ports[name]} inet n - n - - smtpd"
            f" -o syslog_name=postfix/{name}"
            + "".join(f" -o {{ {setting} }}" for setting in settings[name])
            for name in self.services
        ]
        return "\n".join(lines) + INTERNAL_SERVICES

    def _prepare_login(self, user: int) -> None:
        """Cyrus SASL. Debian's Postfix looks for its settings in a folder sasl
        beside main.cf; others obey cyrus_sasl_config_path."""
        folder = self._config / "sasl"
        folder.mkdir()
        database = folder / "users"
        (folder / "smtpd.conf").write_text(
            f"pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: {database}\n"
            "mech_list: PLAIN LOGIN\n"
        )
        subprocess.run(
            [program("saslpasswd2"), "-p", "-c", "-f", str(database), "-u", DOMAIN, USER],
            input=PASSWORD.encode(),
            check=True,
            capture_output=True,
        )
        os.chown(database, user, -1)
        database.chmod(0o600)

    # --- the process ------------------------------------------------------

    def _configure(self) -> None:
        (self._config / "master.cf").write_text(self._master())

    def _command(self) -> list[str]:
        # Without -w it stays in the foreground.
        daemons = self._setting("daemon_directory")
        return [f"{daemons}/master", "-c", str(self._config), "-e", str(LONGEST_LIFE)]

    def _environment(self) -> dict[str, str]:
        return {**super()._environment(), "MAIL_CONFIG": str(self._config)}

    def _setting(self, name: str) -> str:
        done = subprocess.run(
            [program("postconf"), "-c", str(self._config), "-h", name],
            capture_output=True,
            text=True,
            check=True,
            env=self._environment(),
        )
        return done.stdout.strip()

    # --- what it did ------------------------------------------------------

    def session(self, queue_id: str | None) -> str:
        """Waits for the end of the session in which this message came, and
        returns what Postfix says about it: " mail=1 rcpt=1 " and so on."""
        assert queue_id is not None, "the queue id is not known"
        began = self.wait_log(rf"smtpd\[\d+\]: {queue_id}: client=")
        # A process has one session at a time.
        process = re.escape(began.partition(":")[0])
        return self.wait_log(rf"{process}: disconnect .*", self.log().index(began)) + " "

    def _mailbox(self, address: str) -> Path:
        return self._mail / address.partition("@")[0] / "new"

    def delivery(self, address: str, queue_id: str | None) -> Delivery:
        """Waits until the message with this identifier is done with, and returns
        what is in the mailbox."""
        assert queue_id is not None, "the queue id is not known"
        self.wait_log(f": {re.escape(queue_id)}: removed\n")
        return self.delivered(address, queue_id)

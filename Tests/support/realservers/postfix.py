"""A real Postfix for the interop tests: every extension, and none."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
from pathlib import Path

from support.realservers.daemon import ENVIRONMENT, HOST, program
from support.realservers.mailboxes import (
    DOMAIN,
    FEW,
    MAILBOXES,
    PASSWORD,
    SMALL_LIMIT,
    USER,
    local_part,
)
from support.realservers.telling import TellingServer
from support.realservers.unpacked import files
from support.servers.certificates import Identity

# A user and a group of every Debian. Postfix wants them to be neither root's nor
# nobody's, and the group not to be the user's.
RUNS_AS, GROUP = "daemon", "mail"

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

# What Postfix takes when nobody says otherwise.
PATIENT_LIMIT = 10_240_000

# How a server may know nothing at all beyond RFC 821.
NO_EXTENSIONS = (
    "auth,8bitmime,chunking,dsn,enhancedstatuscodes,etrn,pipelining,size,smtputf8,starttls,vrfy"
)


class Postfix(TellingServer):
    """A running Postfix. The ports:

    smtp        STARTTLS and AUTH are offered, every extension is on
    submission  the same, and nothing goes without STARTTLS and a login
    smtps       TLS from the first byte, and nothing goes without a login
    small       SIZE with a small limit, no SMTPUTF8, no DSN, no TLS
    few         no more than FEW recipients in a transaction, no TLS
    lone        one connection at a time, which ends after two errors; no TLS
    patient     no more than PATIENT_LIMIT octets, and as many errors as there may be; no TLS
    bare        no extensions, no TLS
    passing     XCLIENT and XFORWARD from anybody, and logins in the clear; no TLS
    """

    name = "postfix"
    services = ("smtp", "submission", "smtps", "small", "few", "lone", "patient", "bare", "passing")
    tls_services = ("smtps",)

    # --- the folder -------------------------------------------------------

    def _prepare(self, identity: Identity) -> None:
        owner, nobody = pwd.getpwnam(RUNS_AS), pwd.getpwnam("nobody")
        self._programs = self._folder / "programs"
        shutil.copytree(files("postfix") / "usr" / "lib" / "postfix", self._programs)
        self._config = self._make("config", 0, 0, 0o755)
        self._mail = self._make("mail", nobody.pw_uid, nobody.pw_gid, 0o755)
        self._make("data", owner.pw_uid, owner.pw_gid, 0o700)
        self._make("queue", 0, 0, 0o755)
        self._make("queue/pid", 0, 0, 0o755)
        self._make("queue/public", owner.pw_uid, owner.pw_gid, 0o710)
        self._make("queue/maildrop", owner.pw_uid, owner.pw_gid, 0o730)
        for name in QUEUES:
            self._make(f"queue/{name}", owner.pw_uid, owner.pw_gid, 0o700)
        shutil.copy(identity.certificate, self._config / "server.pem")
        shutil.copy(identity.key, self._config / "server.key")
        (self._config / "recipients").write_text(RECIPIENTS)
        (self._config / "mailboxes").write_text(
            "".join(f"{address} {local_part(address)}/\n" for address in MAILBOXES)
        )
        (self._config / "main.cf").write_text(self._main(nobody.pw_uid, nobody.pw_gid))
        self._prepare_login(owner.pw_uid)

    def _main(self, user: int, group: int) -> str:
        folder, recipients = self._folder, self._config / "recipients"
        environment = " ".join(f"{name}={value}" for name, value in self._own().items())
        settings: dict[str, str | int | Path] = {
            "compatibility_level": "3.6",
            "mail_owner": RUNS_AS,
            "setgid_group": GROUP,
            "daemon_directory": self._programs / "sbin",
            "shlib_directory": self._programs,
            "meta_directory": self._config,
            "import_environment": environment,
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
            # Who is not known above is found out when the message is delivered.
            "smtpd_reject_unlisted_recipient": "no",
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
            # Of whom ETRN takes the name.
            "fast_flush_domains": DOMAIN,
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
            "small": [
                *plain,
                "smtputf8_enable=no",
                "smtpd_discard_ehlo_keywords=dsn",
                f"message_size_limit={SMALL_LIMIT}",
            ],
            "few": [*plain, f"smtpd_recipient_limit={FEW}"],
            "lone": [
                *plain,
                "smtpd_client_connection_count_limit=1",
                "smtpd_client_event_limit_exceptions=",
                "smtpd_hard_error_limit=2",
            ],
            "patient": [
                *plain,
                f"message_size_limit={PATIENT_LIMIT}",
                "smtpd_hard_error_limit=1000",
            ],
            "passing": [
                "smtpd_tls_security_level=none",
                "smtpd_tls_auth_only=no",
                f"smtpd_authorized_xclient_hosts={HOST}",
                f"smtpd_authorized_xforward_hosts={HOST}",
            ],
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
            "mech_list: PLAIN LOGIN SCRAM-SHA-1 SCRAM-SHA-256\n"
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
        return [str(self._programs / "sbin" / "master"), "-c", str(self._config)]

    def _environment(self) -> dict[str, str]:
        return {**ENVIRONMENT, **self._own()}

    def _own(self) -> dict[str, str]:
        """What its programs must find in their environment."""
        return {"MAIL_CONFIG": str(self._config), "LD_LIBRARY_PATH": str(self._programs)}

    # --- what it did ------------------------------------------------------

    def _mailbox(self, address: str) -> Path:
        return self._mail / local_part(address) / "new"

    def _is_done(self, queue_id: str) -> bool:
        return f": {queue_id}: removed\n" in self.log()

    def _came_with(self, message_id: str) -> str:
        return rf": (\w+): message-id=<{message_id}>\n"

    def _notified(self, queue_id: str) -> str:
        return rf": {queue_id}: sender [a-z -]*notification: (\w+)\n"

    def session(self, queue_id: str | None) -> str:
        """Waits for the end of the session in which this message came, and
        returns what Postfix says about it: " mail=1 rcpt=1 " and so on."""
        assert queue_id is not None, "the queue id is not known"
        began = self.wait_log(rf"smtpd\[\d+\]: {queue_id}: client=")
        # A process has one session at a time.
        process = re.escape(began.partition(":")[0])
        return self.wait_log(rf"{process}: disconnect .*", self.log().index(began)) + " "

    def wait_idle(self, service: str) -> None:
        """Waits until nobody is connected any more."""
        process = rf"/{service}/smtpd\[\d+\]: "

        def idle() -> bool:
            log = self.log()
            begun = len(re.findall(rf"{process}connect from ", log))
            return 0 < begun == len(re.findall(rf"{process}disconnect from ", log))

        self.wait(idle, f"the end of every session with {service}")

    def mails(self, queue_id: str | None) -> int:
        found = re.search(r" mail=(?:\d+/)?(\d+) ", self.session(queue_id))
        assert found is not None, "no MAIL at all"
        return int(found[1])

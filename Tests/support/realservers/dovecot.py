"""A real Dovecot for the interop tests: LMTP, and submission with logins. It sends
mail only to the port that it is given, and runs as nobody when it is started by root,
and else as whoever starts it.
"""

from __future__ import annotations

import base64
import grp
import os
import pwd
import re
import shutil
from pathlib import Path
from typing import Any

from support.drive.outcomes import Result
from support.realservers.daemon import HOST, program
from support.realservers.dovecotsettings import V2_3, V2_4, version
from support.realservers.mailboxes import ALICE, BOB, BUSY, DOMAIN, PASSWORD
from support.realservers.realserver import RealServer
from support.servers.certificates import Identity

# Mailboxes without room: what comes is refused, for good or for now.
FULL = f"full@{DOMAIN}"
MAILBOXES = {
    ALICE: "",
    BOB: "",
    FULL: "{no_room}",
    BUSY: "{no_room} userdb_quota_full_tempfail=yes",
}

LMTP = ("lmtp", "lmtps", "lmtp-socket")
SUBMISSION = ("submission", "submissions")


class Dovecot(RealServer):
    """A running Dovecot. The services:

    lmtp         LMTP with STARTTLS
    lmtps        LMTP with TLS from the first byte
    lmtp-socket  the same as lmtp, over a socket of the file system
    submission   STARTTLS is offered and a login is needed; what comes is relayed
    submissions  the same, with TLS from the first byte

    Whoever has a token signed with the key may log in with it, and whoever has a certificate of
    the authority.
    """

    name = "dovecot"
    services = ("lmtp", "lmtps", "submission", "submissions")
    tls_services = ("lmtps", "submissions")
    needs_root = False
    mechanisms = "plain login cram-md5 xoauth2 scram-sha-1 scram-sha-256 oauthbearer external"

    def __init__(
        self, identity: Identity, relay_port: int, token_key: bytes, authority: Path
    ) -> None:
        self._authority = authority
        self._relay_port = relay_port
        self._token_key = token_key
        self._user = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.getuid())
        super().__init__(identity)

    def address(self, service: str) -> dict[str, Any]:
        if service == "lmtp-socket":
            return {"socket_path": str(self._folder / "run" / "lmtp"), "lmtp": True}
        return {**super().address(service), "lmtp": service in LMTP}

    # --- the folder -------------------------------------------------------

    def _prepare(self, identity: Identity) -> None:
        folder = self._folder
        self.version = version()
        self._dialect = V2_4 if self.version >= (2, 4) else V2_3
        for name in ("run", "state", "mail", "temporary", "tokens/default/HS256"):
            (folder / name).mkdir(parents=True)
        shutil.copy(identity.certificate, folder / "server.pem")
        shutil.copy(identity.key, folder / "server.key")
        shutil.copy(self._authority, folder / "ca.pem")
        user = f"{self._user.pw_uid}:{self._user.pw_gid}"
        (folder / "users").write_text(
            "".join(
                f"{address}:{{PLAIN}}{PASSWORD}:{user}::{folder}/mail/{address}::"
                f"{fields.format(no_room=self._dialect.no_room)}\n"
                for address, fields in MAILBOXES.items()
            )
        )
        # The file of a key has the name of its algorithm and of itself.
        key = folder / "tokens" / "default" / "HS256" / "default"
        key.write_bytes(base64.b64encode(self._token_key))
        # In 2.4 this is among the other settings.
        (folder / "tokens.conf").write_text(
            "introspection_mode = local\n"
            f"local_validation_key_dict = fs:posix:prefix={folder}/tokens/\n"
            "username_attribute = sub\n"
        )

    def _configure(self) -> None:
        (self._folder / "dovecot.conf").write_text(self._settings())
        for path in (self._folder, *self._folder.rglob("*")):
            os.chown(path, self._user.pw_uid, self._user.pw_gid)

    def _settings(self) -> str:
        folder, ports = self._folder, self.ports
        user, group = self._user, grp.getgrgid(self._user.pw_gid)
        own = self._dialect.settings.replace("FOLDER", str(folder)).replace("DOMAIN", DOMAIN)
        listen = self._dialect.listen
        return f"""{own}
# Who it is.
protocols = lmtp submission
instance_name = {folder.name}
hostname = mail.{DOMAIN}
base_dir = {folder}/run
state_dir = {folder}/state
mail_temp_dir = {folder}/temporary
log_path = {folder}/log
default_internal_user = {user.pw_name}
default_internal_group = {group.gr_name}
default_login_user = {user.pw_name}
first_valid_uid = {user.pw_uid}
first_valid_gid = {group.gr_gid}

ssl = yes

# In the mailboxes the octets lie as they came.
mail_save_crlf = yes
mail_fsync = never
mail_plugins = quota

# Logins, as often as a test likes.
auth_mechanisms = {self.mechanisms}
auth_ssl_username_from_cert = yes
auth_failure_delay = 0
auth_verbose = yes
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}

# Only root could change the root folder.
service stats {{
  chroot =
}}
service submission-login {{
  chroot =
  inet_listener submission {{
    {listen} = {HOST}
    port = {ports["submission"]}
  }}
  inet_listener submissions {{
    {listen} = {HOST}
    port = {ports["submissions"]}
    ssl = yes
  }}
}}
submission_relay_host = {HOST}
submission_relay_port = {self._relay_port}

service lmtp {{
  inet_listener lmtp {{
    {listen} = {HOST}
    port = {ports["lmtp"]}
  }}
  inet_listener lmtps {{
    {listen} = {HOST}
    port = {ports["lmtps"]}
    ssl = yes
  }}
  unix_listener lmtp {{
    mode = 0666
  }}
}}
"""

    # --- the process ------------------------------------------------------

    def _command(self) -> list[str]:
        command = [program("dovecot"), "-F", "-c", str(self._folder / "dovecot.conf")]
        if os.geteuid() == 0:
            user = [f"--reuid={self._user.pw_uid}", f"--regid={self._user.pw_gid}"]
            command = ["setpriv", *user, "--clear-groups", *command]
        return command

    # --- what it did ------------------------------------------------------

    def wait_login(self, since: int, mechanism: str, protection: str = "TLS") -> None:
        """Waits for a login with this mechanism behind that position of the log. The
        protection may be "secured", on this machine, or "none"."""
        protected = "" if protection == "none" else f", {protection}"
        login = rf"-login: Info: (?:Login|Logged in): user=<{ALICE}>, method={mechanism}"
        self.wait_log(rf"{login}, .*mpid=\d+{protected}, session=", since)

    def _mailbox(self, address: str) -> Path:
        return self._folder / "mail" / address / "Maildir" / "new"

    def _is_done(self, queue_id: str) -> bool:
        return True  # before the reply came

    def queue_id(self, result: Result, address: str) -> str:
        replies = (one.response for one in result.recipients if one.recipient == address)
        return saved_as(address, next(replies))


def saved_as(address: str, reply: str | None) -> str:
    """What the reply of LMTP to a delivery says of its name."""
    # When there are several recipients, each but the first has a number.
    found = re.fullmatch(rf"250 2\.0\.0 <{re.escape(address)}> (\S+?)(?::R\d+)? Saved", reply or "")
    assert found is not None, f"not what Dovecot says of a delivery: {reply!r}"
    return found[1]

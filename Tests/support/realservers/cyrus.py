"""A real Cyrus lmtpd for the interop tests: the one server of Debian 12 with SCRAM and channel
binding. It has an account to log in with, and no mailboxes."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from pathlib import Path

from support.realservers.daemon import ENVIRONMENT, HOST, Daemon, program
from support.realservers.mailboxes import DOMAIN, PASSWORD
from support.realservers.unpacked import files
from support.servers.certificates import Identity

ADMIN = "lmtpadmin"

# A user of every Debian.
RUNS_AS = "mail"

FOLDERS = ("db", "lock", "log", "msg", "proc", "quota", "sieve", "socket", "user")


class Cyrus(Daemon):
    """A running Cyrus. The service:

    lmtp    LMTP with STARTTLS; logins with SCRAM, after TLS also with channel binding, and PLAIN
    """

    name = "cyrus"
    services = ("lmtp",)

    def _prepare(self, identity: Identity) -> None:
        folder = self._folder
        self._programs = files("cyrus-common") / "usr" / "lib"
        for name in FOLDERS:
            (folder / "configuration" / name).mkdir(parents=True)
        (folder / "spool").mkdir()
        shutil.copy(identity.certificate, folder / "server.pem")
        shutil.copy(identity.key, folder / "server.key")
        host = f"mail.{DOMAIN}"
        settings = {
            "configdirectory": folder / "configuration",
            "partition-default": folder / "spool",
            "cyrus_user": RUNS_AS,
            "cyrus_group": RUNS_AS,
            "servername": host,
            "admins": ADMIN,
            "lmtp_admins": ADMIN,
            "lmtpsocket": folder / "configuration" / "socket" / "lmtp",
            "allowplaintext": "no",
            # Cyrus 3.10 asks for it; older ones do not know it.
            "allowstarttls": "on",
            "tls_server_cert": folder / "server.pem",
            "tls_server_key": folder / "server.key",
            "sasl_pwcheck_method": "auxprop",
            "sasl_auxprop_plugin": "sasldb",
            "sasl_sasldb_path": folder / "accounts",
            "sasl_mech_list": "PLAIN SCRAM-SHA-1 SCRAM-SHA-256",
        }
        (folder / "imapd.conf").write_text(
            "".join(f"{name}: {value}\n" for name, value in settings.items())
        )
        subprocess.run(
            [program("saslpasswd2"), "-p", "-c", "-f", str(folder / "accounts"), "-u", host, ADMIN],
            input=PASSWORD.encode(),
            check=True,
            capture_output=True,
        )

    def _program(self, name: str) -> Path:
        return self._programs / "cyrus" / "bin" / name

    def _configure(self) -> None:
        settings = f"-C {self._folder}/imapd.conf"
        listen = f"{HOST}:{self.ports['lmtp']}"
        (self._folder / "cyrus.conf").write_text(
            f'START {{\n  recover cmd="{self._program("ctl_cyrusdb")} -r {settings}"\n}}\n'
            f'SERVICES {{\n  lmtp cmd="{self._program("lmtpd")} {settings}" listen="{listen}"\n}}\n'
        )
        user = pwd.getpwnam(RUNS_AS)
        for path in (self._folder, *self._folder.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid)

    def _command(self) -> list[str]:
        return [
            *[str(self._program("master")), "-D"],
            *["-C", str(self._folder / "imapd.conf"), "-M", str(self._folder / "cyrus.conf")],
            *["-p", str(self._folder / "process")],
        ]

    def _environment(self) -> dict[str, str]:
        libraries = next(iter(self._programs.glob("*/libcyrus.so.0"))).parent
        return {**ENVIRONMENT, "LD_LIBRARY_PATH": str(libraries)}

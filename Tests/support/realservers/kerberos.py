"""A Kerberos realm of one machine: a key distribution centre on loopback, whose database, keys and
tickets are in a temporary folder. The machine's own configuration is neither read nor touched."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path

from support.realservers.daemon import ENVIRONMENT, HOST, Daemon, program
from support.realservers.mailboxes import DOMAIN, USER
from support.servers.certificates import Identity
from support.slowness import PATIENCE

# As the domain of the mailboxes, so that a principal is a mailbox.
REALM = DOMAIN


class Kerberos(Daemon):
    """A running realm with one user, who has a ticket, and one service: smtp on localhost."""

    name = "kerberos"
    services = ("kdc",)
    needs_root = False

    def __init__(self, identity: Identity) -> None:
        super().__init__(identity)
        self._run("kinit", "-k", "-t", str(self._folder / "user.keytab"), USER)

    @property
    def keytab(self) -> Path:
        """The keys of the service."""
        return self._folder / "service.keytab"

    def environment(self, *, ticket: bool = True) -> dict[str, str]:
        """Of a program of the user, with the ticket or without."""
        tickets = self._folder / ("tickets" if ticket else "no-tickets")
        return {
            **ENVIRONMENT,
            "KRB5_CONFIG": str(self._folder / "krb5.conf"),
            "KRB5_KDC_PROFILE": str(self._folder / "kdc.conf"),
            "KRB5CCNAME": f"FILE:{tickets}",
        }

    def _environment(self) -> dict[str, str]:
        return self.environment()

    def _run(self, name: str, *arguments: str) -> None:
        done = subprocess.run(
            [program(name), *arguments],
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{name} failed: {done.stdout}{done.stderr}")

    def _prepare(self, identity: Identity) -> None:
        """The database is made when the port is known, which is in the configuration."""

    def _configure(self) -> None:
        folder, port = self._folder, self.ports["kdc"]
        (folder / "krb5.conf").write_text(
            f"""[libdefaults]
default_realm = {REALM}
dns_lookup_realm = false
dns_lookup_kdc = false
dns_canonicalize_hostname = false
rdns = false
udp_preference_limit = 1
[realms]
{REALM} = {{
  kdc = {HOST}:{port}
}}
[domain_realm]
localhost = {REALM}
[logging]
kdc = FILE:{folder}/log
"""
        )
        (folder / "kdc.conf").write_text(
            f"""[kdcdefaults]
kdc_listen = {HOST}:{port}
kdc_tcp_listen = {HOST}:{port}
[realms]
{REALM} = {{
  database_name = {folder}/principal
  key_stash_file = {folder}/stash
  acl_file = {folder}/acl
  max_life = 1h
}}
"""
        )
        for old in folder.glob("*.keytab"):
            old.unlink()
        if not (folder / "principal").exists():
            self._run("kdb5_util", "create", "-s", "-r", REALM, "-P", "master")
            for principal in (USER, "smtp/localhost"):
                self._run("kadmin.local", "-q", f"addprinc -randkey {principal}")
        for principal, keytab in ((USER, "user"), ("smtp/localhost", "service")):
            self._run("kadmin.local", "-q", f"ktadd -k {folder}/{keytab}.keytab {principal}")

    def _command(self) -> list[str]:
        return [program("krb5kdc"), "-n", "-r", REALM]

    def _answers(self, service: str) -> bool:
        """It says nothing before it is asked."""
        self._check_running()
        try:
            with socket.create_connection((HOST, self.ports[service]), timeout=PATIENCE):
                return True
        except ConnectionError:
            return False


def copy_keytab(kerberos: Kerberos, folder: Path) -> Path:
    """For a service that runs as another user, which must own it."""
    return Path(shutil.copy(kerberos.keytab, folder / "smtp.keytab"))

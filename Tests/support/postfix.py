"""A real Postfix for the interop tests: on loopback, with everything it needs in
a temporary folder, and unable to send mail anywhere.

The configuration, queue and mailboxes of the machine's own Postfix, if it has
any, are neither read nor touched. Postfix must be started as root.
"""

from __future__ import annotations

import contextlib
import functools
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from support.certificates import Identity

HOST = "127.0.0.1"
DOMAIN = "test.local"
USER, PASSWORD = "alice", 'open "sesame" \\o/'
ALICE, BOB = f"alice@{DOMAIN}", f"bob@{DOMAIN}"
# A local part that needs SMTPUTF8.
ZOE = f"zoë@{DOMAIN}"
MAILBOXES = (ALICE, BOB, ZOE)
# What the port `small` takes at most.
SMALL_LIMIT = 20_000

# How long starting, stopping and delivering may take.
PATIENCE = 20.0
# When whoever started it was killed, it ends by itself after so many seconds.
LONGEST_LIFE = 3600

SERVICES = ("smtp", "submission", "smtps", "small", "bare")

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


@dataclass(frozen=True)
class Delivery:
    """A file in a mailbox: the header fields that Postfix puts in front, and the
    message."""

    trace: bytes
    content: bytes

    @property
    def queue_id(self) -> str:
        found = re.search(rb"^Received: .*?\bid ([0-9A-Za-z]+)", self.trace, re.DOTALL | re.M)
        assert found is not None, f"no queue id in {self.trace!r}"
        return found[1].decode()

    @property
    def protocol(self) -> str:
        """As in the Received field: ESMTPSA is with TLS and a login."""
        found = re.search(rb"\bwith (?:UTF8)?(E?SMTPS?A?)\b", self.trace)
        assert found is not None, f"no protocol in {self.trace!r}"
        return found[1].decode()


_TRACE = re.compile(
    rb"(?:(?:Return-Path|X-Original-To|Delivered-To): [^\n]*\n)*"
    rb"Received: [^\n]*\n(?:[ \t][^\n]*\n)*"
)


def _parse(file: bytes) -> Delivery:
    trace = _TRACE.match(file)
    assert trace is not None, f"not what Postfix delivers: {file[:200]!r}"
    return Delivery(trace[0], file[trace.end() :])


def _program(name: str) -> str:
    path = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    if path is None:
        raise RuntimeError(f"there is no program {name}")
    return path


def _install() -> None:
    """Postfix and saslpasswd2, from Debian's packages."""
    script = Path(__file__).with_name("require.sh")
    done = subprocess.run(["sh", str(script), "test"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"Postfix cannot be had.\n{done.stderr}{done.stdout}")
    if os.geteuid() != 0:
        raise RuntimeError("Postfix gives up rights that only root has: run these tests as root")


def _free_ports(count: int) -> list[int]:
    """Ports of the kernel's choice. All are held until all are known, so they
    are different ones."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((HOST, 0))
        return [one.getsockname()[1] for one in sockets]


class PostfixError(Exception):
    """Postfix did not do something in time."""


class EndedError(PostfixError):
    """Postfix ended by itself."""


class Postfix:
    """A running Postfix. The ports:

    smtp        STARTTLS and AUTH are offered, every extension is on
    submission  the same, and nothing goes without STARTTLS and a login
    smtps       TLS from the first byte, and nothing goes without a login
    small       SIZE with a small limit, no SMTPUTF8, no TLS
    bare        no extensions, no TLS
    """

    host = HOST

    def __init__(self, identity: Identity) -> None:
        _install()
        self._folder = Path(tempfile.mkdtemp(prefix="smtpconn-postfix-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._seen: dict[Path, Delivery] = {}
        try:
            self._prepare(identity)
            self._start()
        except BaseException:
            self.stop()
            raise

    # --- the folder -------------------------------------------------------

    def _prepare(self, identity: Identity) -> None:
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
        shutil.copy(identity.certificate, self._config / "server.pem")
        shutil.copy(identity.key, self._config / "server.key")
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
            for name in SERVICES
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
            [_program("saslpasswd2"), "-p", "-c", "-f", str(database), "-u", DOMAIN, USER],
            input=PASSWORD.encode(),
            check=True,
            capture_output=True,
        )
        os.chown(database, user, -1)
        database.chmod(0o600)

    # --- the process ------------------------------------------------------

    def _start(self) -> None:
        # The ports were free, and one might be taken by now. Postfix then ends
        # before it has a log, so every early end has another try.
        for attempt in (1, 2, 3):
            self.ports = dict(zip(SERVICES, _free_ports(len(SERVICES)), strict=True))
            (self._config / "master.cf").write_text(self._master())
            try:
                self._try_start()
                return
            except EndedError:
                if attempt == 3:
                    raise
                self._end_process()

    def _try_start(self) -> None:
        # Without -w it stays in the foreground, in a session of its own.
        daemons = self._setting("daemon_directory")
        self._process = subprocess.Popen(
            [f"{daemons}/master", "-c", str(self._config), "-e", str(LONGEST_LIFE)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self._folder,
            env=self._environment(),
            start_new_session=True,
        )
        for name in SERVICES:
            self._wait(functools.partial(self._answers, name), f"the port {name}")

    def _environment(self) -> dict[str, str]:
        """Nothing of the environment should change what Postfix does."""
        return {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "LC_ALL": "C",
            "MAIL_CONFIG": str(self._config),
        }

    def _setting(self, name: str) -> str:
        done = subprocess.run(
            [_program("postconf"), "-c", str(self._config), "-h", name],
            capture_output=True,
            text=True,
            check=True,
            env=self._environment(),
        )
        return done.stdout.strip()

    def _answers(self, name: str) -> bool:
        """Whether the service greets; for smtps, whether it takes connections."""
        process = self._process
        if process is None or process.poll() is not None:
            status = process.returncode if process is not None else None
            raise EndedError(f"Postfix ended with {status}:\n{self.log()}")
        try:
            with socket.create_connection((HOST, self.ports[name]), timeout=PATIENCE) as client:
                return name == "smtps" or client.recv(4) == b"220 "
        except ConnectionError:
            return False
        except TimeoutError:
            raise PostfixError(f"no greeting on the port {name}:\n{self.log()}") from None

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                raise PostfixError(f"{what} did not come:\n{self.log()}")
            time.sleep(0.01)

    def _end_process(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        # The master takes its children with it.
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            # Its process group is its own, so nobody else is hit.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(PATIENCE)

    def stop(self) -> None:
        """Ends Postfix and removes everything it left."""
        self._end_process()
        # The last of its children may still write while they end.
        deadline = time.monotonic() + PATIENCE
        while self._folder.exists() and time.monotonic() < deadline:
            shutil.rmtree(self._folder, ignore_errors=True)

    # --- what it did ------------------------------------------------------

    def log(self) -> str:
        """What it has logged so far."""
        try:
            return (self._folder / "log").read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def wait_log(self, pattern: str, since: int = 0) -> str:
        """Waits for a line of the log behind that position, and returns what
        matched the pattern."""
        found: list[str] = []

        def logged() -> bool:
            match = re.search(pattern, self.log()[since:])
            if match is not None:
                found.append(match[0])
            return match is not None

        self._wait(logged, f"the line {pattern!r}")
        return found[0]

    def session(self, queue_id: str | None) -> str:
        """Waits for the end of the session in which this message came, and
        returns what Postfix says about it: " mail=1 rcpt=1 " and so on."""
        assert queue_id is not None, "the queue id is not known"
        began = self.wait_log(rf"smtpd\[\d+\]: {queue_id}: client=")
        # A process has one session at a time.
        process = re.escape(began.partition(":")[0])
        return self.wait_log(rf"{process}: disconnect .*", self.log().index(began)) + " "

    def deliveries(self, address: str) -> list[Delivery]:
        """What is in a mailbox."""
        folder = self._mail / address.partition("@")[0] / "new"
        for path in folder.glob("*"):
            if path not in self._seen:
                # A file gets its name in this folder when it is complete.
                self._seen[path] = _parse(path.read_bytes())
        return [found for path, found in self._seen.items() if path.parent == folder]

    def delivery(self, address: str, queue_id: str | None) -> Delivery:
        """Waits until the message with this identifier is done with, and returns
        what is in the mailbox: it must be there exactly once."""
        assert queue_id is not None, "the queue id is not known"
        self.wait_log(f": {re.escape(queue_id)}: removed\n")
        found = [one for one in self.deliveries(address) if one.queue_id == queue_id]
        assert len(found) == 1, f"{queue_id} was delivered {len(found)} times to {address}"
        return found[0]


@contextlib.contextmanager
def running(identity: Identity) -> Iterator[Postfix]:
    """A Postfix that shows this certificate."""
    server = Postfix(identity)
    try:
        yield server
    finally:
        server.stop()

"""A real Exim for the interop tests: a server with and without PIPELINING.

Without it, Exim is strict: what comes before its turn ends the connection (554
synchronization error).
"""

from __future__ import annotations

import functools
import pwd
import re
import shutil
import subprocess
from pathlib import Path

from support.realservers.daemon import HOST
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
from support.realservers.unpacked import files, lists_of_users
from support.servers.certificates import Identity
from support.system import in_mount_namespace

# The name of its user stands in the program. The machine has none of that name,
# and need not get one: Exim sees a list of users of its own.
RUNS_AS = "Debian-exim"

# After so many messages a connection is over: 421 to MAIL.
MOST_MESSAGES = 60

# What is refused and where: the sender at MAIL and at DATA, recipients at RCPT,
# and a message by its subject.
BAD_SENDER, BAD_AT_DATA = f"refused@{DOMAIN}", f"nodata@{DOMAIN}"
BAD_SUBJECT, BAD_FOR_NOW = b"Subject: spam\r\n\r\n", b"Subject: later\r\n\r\n"

SETTINGS = r"""
spool_directory = FOLDER/spool
log_file_path = FOLDER/log/%s
pid_file_path = FOLDER/spool/pid
notifier_socket =
exim_path = FOLDER/exim
keep_environment =
# It stays the user that takes the messages when it delivers them.
deliver_drop_privilege
primary_hostname = mail.DOMAIN
local_interfaces = <; INTERFACES
rfc1413_query_timeout = 0s

tls_certificate = FOLDER/config/server.pem
tls_privatekey = FOLDER/config/server.key
tls_on_connect_ports = PORT_smtps
tls_advertise_hosts = ${if ={$received_port}{PORT_small}{}{*}}
auth_advertise_hosts = ${if or {\
    {={$received_port}{PORT_small}}\
    {and {{={$received_port}{PORT_submission}} {eq{$tls_in_cipher}{}}}}\
  }{}{*}}
pipelining_advertise_hosts = ${if or {\
    {={$received_port}{PORT_smtp}} {={$received_port}{PORT_smtps}}\
    {={$received_port}{PORT_chunking}}\
  }{*}}
dsn_advertise_hosts = ${if ={$received_port}{PORT_small}{}{*}}
smtputf8_advertise_hosts = ${if ={$received_port}{PORT_small}{}{*}}
# More extensions that are Exim's own, or that a client would have to ask for.
pipelining_connect_advertise_hosts =
chunking_advertise_hosts = ${if ={$received_port}{PORT_chunking}{*}}

message_size_limit = ${if ={$received_port}{PORT_small}{SMALL_LIMIT}{32M}}
recipients_max = FEW
# 452 to those beyond, and the message for the others.
recipients_max_reject = false
smtp_accept_max_per_connection = MOST_MESSAGES
# Every message is delivered at once.
smtp_accept_queue_per_connection = 0
log_selector = +pipelining +smtp_connection +smtp_incomplete_transaction +incoming_port

acl_smtp_mail = sender
acl_smtp_rcpt = recipient
acl_smtp_predata = before_data
acl_smtp_data = message
# Who asks is told.
acl_smtp_vrfy = accept
acl_smtp_expn = accept

begin acl

# What the client wrote goes to the log; its parameters leave no other trace.
sender:
  warn  logwrite = COMMAND [$sender_host_address]:$sender_host_port $smtp_command
  deny  condition = ${if and {\
            {or {{={$received_port}{PORT_submission}} {={$received_port}{PORT_smtps}}}}\
            {!def:authenticated_id}}}
        message = 5.7.0 A login is needed
  deny  senders = refused@DOMAIN
        message = 5.7.1 Not from you
  accept

recipient:
  warn  logwrite = COMMAND [$sender_host_address]:$sender_host_port $smtp_command
  deny  local_parts = ^nosuch
        message = 5.1.1 There is nobody of this name
  defer local_parts = ^busy
        message = 4.2.1 This mailbox is busy
  deny  !domains = DOMAIN
        message = 5.7.1 Not here
  accept

before_data:
  deny  senders = nodata@DOMAIN
        message = 5.7.1 No message from you
  accept

message:
  deny  condition = ${if eq{$h_subject:}{spam}}
        message = 5.7.1 Not this one
  defer condition = ${if eq{$h_subject:}{later}}
        message = 4.7.1 Not now
  accept

begin routers

# Only for EXPN: nobody writes to it.
lists:
  driver = redirect
  domains = DOMAIN
  local_parts = staff
  data = alice@DOMAIN, bob@DOMAIN

# The only one that delivers: there is no way out of here.
mailboxes:
  driver = accept
  domains = DOMAIN
  local_parts = LOCAL_PARTS
  transport = mailbox

begin transports

mailbox:
  driver = appendfile
  maildir_format
  directory = FOLDER/mail/$local_part_data
  return_path_add

begin authenticators

plain:
  driver = plaintext
  public_name = PLAIN
  server_condition = ${lookup{$auth2}lsearch{FOLDER/config/users}{${if eq{$value}{$auth3}}}}
  server_set_id = $auth2

login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${lookup{$auth1}lsearch{FOLDER/config/users}{${if eq{$value}{$auth2}}}}
  server_set_id = $auth1

cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = ${lookup{$auth1}lsearch{FOLDER/config/users}{$value}fail}
  server_set_id = $auth1
"""


class Exim(TellingServer):
    """A running Exim. The ports:

    smtp        STARTTLS, AUTH, PIPELINING and everything else is offered
    stepwise    the same but PIPELINING
    submission  no PIPELINING, and nothing goes without STARTTLS and a login
    smtps       PIPELINING, TLS from the first byte, nothing goes without a login
    small       SIZE with a small limit, no PIPELINING, SMTPUTF8, DSN or TLS
    chunking    the same as smtp, and CHUNKING
    """

    name = "exim"
    services = ("smtp", "stepwise", "submission", "smtps", "small", "chunking")
    tls_services = ("smtps",)

    @functools.cached_property
    def version(self) -> tuple[int, int]:
        program = [str(self._folder / "exim"), "-bV"]
        config = ["-C", str(self._folder / "config" / "exim")]
        told = subprocess.run(
            [*in_mount_namespace(self._mounts), *program, *config],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        found = re.match(r"Exim version (\d+)\.(\d+)", told)
        assert found is not None, told
        return int(found[1]), int(found[2])

    def _prepare(self, identity: Identity) -> None:
        nobody = pwd.getpwnam("nobody")
        user, group = nobody.pw_uid, nobody.pw_gid
        config = self._make("config", 0, 0, 0o755)
        for name in ("spool", "log", "mail"):
            self._make(name, user, group, 0o755)
        program = files("exim4-daemon-light") / "usr" / "sbin" / "exim4"
        shutil.copy(program, self._folder / "exim")
        self._mounts = lists_of_users(self._folder, {RUNS_AS: "nobody"})
        shutil.copy(identity.certificate, config / "server.pem")
        shutil.copy(identity.key, config / "server.key")
        (config / "server.key").chmod(0o644)
        (config / "users").write_text(f"{USER}: {PASSWORD}\n")

    def _configure(self) -> None:
        values = {
            "FOLDER": self._folder,
            "DOMAIN": DOMAIN,
            "INTERFACES": " ; ".join(f"{HOST}.{port}" for port in self.ports.values()),
            "LOCAL_PARTS": " : ".join(local_part(address) for address in MAILBOXES),
            "SMALL_LIMIT": SMALL_LIMIT,
            "FEW": FEW,
            "MOST_MESSAGES": MOST_MESSAGES,
            **{f"PORT_{name}": port for name, port in self.ports.items()},
        }
        text = re.sub(rf"\b({'|'.join(values)})\b", lambda found: str(values[found[0]]), SETTINGS)
        (self._folder / "config" / "exim").write_text(text)

    def _command(self) -> list[str]:
        return [
            *in_mount_namespace(self._mounts),
            *[str(self._folder / "exim"), "-C", str(self._folder / "config" / "exim"), "-bdf"],
        ]

    def _log_file(self) -> Path:
        return self._folder / "log" / "main"

    def _mailbox(self, address: str) -> Path:
        return self._folder / "mail" / local_part(address) / "new"

    def _is_done(self, queue_id: str) -> bool:
        return f" {queue_id} Completed\n" in self.log()

    def _came_with(self, message_id: str) -> str:
        return rf" ([\w-]+) <= .* id={message_id}\n"

    def _notified(self, queue_id: str) -> str:
        return rf"([\w-]+) <= <> R={queue_id} "

    def session(self, queue_id: str | None) -> list[str]:
        """Waits for the end of the session in which this message came, and
        returns every MAIL and RCPT of it."""
        assert queue_id is not None, "the queue id is not known"
        came = self.wait_log(rf" {queue_id} <= .*")
        port = re.search(rf"\[{re.escape(HOST)}\]:(\d+) ", came)
        assert port is not None, f"no port in {came}"
        client = rf"\[{re.escape(HOST)}\]:{port[1]}"
        end = rf"SMTP connection from [^\n]*{client} (?:D=\S+ )?(?:closed|lost)"
        self.wait_log(end, self.log().index(came))
        before, _, after = self.log().partition(came)
        # A port may have served before.
        whole = re.split(rf"SMTP connection from {client} \(", before)[-1] + after
        whole = re.split(end, whole)[0]
        return re.findall(rf" COMMAND {client} (.*)\n", whole)

    def mails(self, queue_id: str | None) -> int:
        return sum(line.upper().startswith("MAIL ") for line in self.session(queue_id))

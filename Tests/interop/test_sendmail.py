"""DELIVERBY with sendmail, the one of Debian's mail servers that offers it."""

from __future__ import annotations

import shlex
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from support.drive import Drive
from support.drive.connection import Connection
from support.realservers.unpacked import files
from support.system import in_mount_namespace

#: Only a queue, from which nothing leaves.
CONFIGURATION = r"""V10/Berkeley
Djmx.test.local
Cwtest.local
O QueueDirectory={folder}/queue
O DeliveryMode=queueonly
O AliasFile=
O PidFile={folder}/pid
O StatusFile={folder}/status
O DeliverByMin=1m
O Timeout.ident=0
O RunAsUser=root
O TrustedUser=root
Troot
Scanonify=3
R$*<$+>$*	$2
R$+@$+	$: $1<@$2>
Sparse=0
R$+<@$+>$*	$#local $: $1
Sfinal=4
R$*<@$+>$*	$1@$2$3
Mlocal,	P=/bin/false, F=lsDFMAw5:/|@qSnPn9, A=false $u
Mprog,	P=/bin/false, F=lsDFMoqeu9, A=false $u
"""


class Sendmail:
    """sendmail -bs, which serves one connection."""

    def __init__(self, folder: Path) -> None:
        self._queue = folder / "queue"
        self._queue.mkdir(mode=0o700)
        configuration = folder / "sendmail.cf"
        configuration.write_text(CONFIGURATION.format(folder=folder))
        # Without a full name for the machine it would wait for one.
        (folder / "hosts").write_text("127.0.0.1 mx.test.local localhost\n")
        program = files("sendmail-bin") / "usr/libexec/sendmail/sendmail"
        serve = shlex.join([str(program), "-bs", "-C", str(configuration)])
        self._command = [
            *in_mount_namespace({folder / "hosts": Path("/etc/hosts")}),
            *["unshare", "-u", "sh", "-c", f"hostname mx.test.local && exec {serve}"],
        ]
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.status: int | None = None
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with self._listener, self._listener.accept()[0] as link:
            self.status = subprocess.run(
                self._command, stdin=link.fileno(), stdout=link.fileno(), check=False
            ).returncode

    def queued(self) -> list[str]:
        """What it has written down of each message, after its end."""
        self._thread.join()
        assert self.status == 0
        return [path.read_text("latin-1") for path in sorted(self._queue.glob("qf*"))]


@pytest.fixture
def sendmail(tmp_path: Path) -> Sendmail:
    return Sendmail(tmp_path)


@pytest.fixture
def connection(drive: Drive, sendmail: Sendmail) -> Connection:
    connection = drive.connection(host="127.0.0.1", port=sendmail.port)
    connection.start_connect().succeeds()
    return connection


@pytest.mark.parametrize(
    ("by", "noted"), [("60;R", "!\x02 60"), ("3600;RT", "!\x12 3600"), ("5;N", "!\x01 5")]
)
def test_a_time(sendmail: Sendmail, connection: Connection, by: str, noted: str) -> None:
    """In its queue each message has mode and time; its minimum of 60 s is one for R alone."""
    assert connection.capability("DELIVERBY") == (True, "60")
    envelope = connection.drive.envelope("a@test.local", ["root@test.local"], deliver_by=by)
    connection.start_send(envelope=envelope).succeeds()
    connection.start_send(sender="a@test.local", recipients=["root@test.local"]).succeeds()
    connection.start_quit().succeeds()
    notes = [[line for line in each.splitlines() if line[:1] == "!"] for each in sendmail.queued()]
    assert sorted(map(len, notes)) == [0, 1]
    assert [note for of_one in notes for note in of_one] == [noted]


def test_a_time_that_is_too_short(sendmail: Sendmail, connection: Connection) -> None:
    """Refused here, as it would be there."""
    envelope = connection.drive.envelope("a@test.local", ["root@test.local"], deliver_by="59;R")
    failure = connection.start_send(envelope=envelope).fails("EENVELOPE")
    assert failure.response is None
    assert "no less than 60" in failure.message
    connection.start_quit().succeeds()
    assert sendmail.queued() == []


def test_the_submitter(sendmail: Sendmail, connection: Connection) -> None:
    """AUTH= of MAIL reaches it as it was given."""
    assert connection.capability("AUTH")[0]
    envelope = connection.drive.envelope(
        "a@test.local", ["root@test.local"], auth_sender="a+b=c@test.local"
    )
    connection.start_send(envelope=envelope).succeeds()
    connection.start_quit().succeeds()
    (note,) = sendmail.queued()
    # In xtext, in which its queue keeps it.
    assert "\nAa+2Bb+3Dc@test.local\n" in note or "\nAa+b=c@test.local\n" in note

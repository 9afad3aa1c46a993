"""The real servers that are unpacked and not installed (unpack.sh), because a machine
can have only one of them, and then it is the machine's own."""

from __future__ import annotations

import pwd
from pathlib import Path

from support.drive import BUILD


def files(package: str) -> Path:
    """Where the files of a package are. Whoever a server runs as may not reach this
    folder."""
    return BUILD / "unpacked" / package


def lists_of_users(folder: Path, names: dict[str, str]) -> dict[Path, Path]:
    """Lists of users that have these names too, each with the number of a user that
    there is, and where a program looks for them. The names of some servers' users
    stand in their programs; a machine without them need not get them."""
    lists = {"passwd": "", "group": ""}
    for name, known in names.items():
        user = pwd.getpwnam(known)
        numbers = f"{user.pw_uid}:{user.pw_gid}"
        lists["passwd"] += f"{name}:x:{numbers}::/nonexistent:/usr/sbin/nologin\n"
        lists["group"] += f"{name}:x:{user.pw_gid}:\n"
    mounts = {}
    for kind, ours in lists.items():
        of_machine = Path("/etc", kind)
        ours_first = folder / kind
        # The first of a name counts.
        ours_first.write_text(ours + of_machine.read_text())
        mounts[ours_first] = of_machine
    return mounts

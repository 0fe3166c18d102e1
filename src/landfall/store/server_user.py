"""As whom the embedded server runs. PostgreSQL refuses root, so root lends it another user.

That user must be able to reach the data directory and the server's binaries: directories above
them are opened for passing through, and for nothing more.
"""

import os
import pwd
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

_ROOT = 0
_NAME = "landfall"
_LAST_RESORT = "nobody"


class PopenUser(TypedDict, total=False):
    """The arguments of `subprocess.Popen` that change who runs the program."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class ServerUser:
    """A user and its group, by number. `lent` if it is not the one this program runs as."""

    uid: int
    gid: int
    lent: bool

    def popen_arguments(self) -> PopenUser:
        """What makes `subprocess.Popen` start a program as this user."""
        if not self.lent:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Give one directory to this user, and open the way to it."""
        if self.lent:
            os.chown(path, self.uid, self.gid)
            open_the_way(path)


def server_user(data_dir: Path) -> ServerUser:
    """Ourselves; or, for root, the owner of the data directory, or else a user made for it."""
    if os.geteuid() != _ROOT:
        return ServerUser(os.geteuid(), os.getegid(), lent=False)
    if (data_dir / "PG_VERSION").exists():
        owner = data_dir.stat()
        if owner.st_uid != _ROOT:
            return ServerUser(owner.st_uid, owner.st_gid, lent=True)
    entry = _found_or_made()
    return ServerUser(entry.pw_uid, entry.pw_gid, lent=True)


def _found_or_made() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(_NAME)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", "--shell", "/bin/false", _NAME]
    try:
        subprocess.run(command, check=True, capture_output=True)
        return pwd.getpwnam(_NAME)
    except (OSError, subprocess.CalledProcessError, KeyError):
        # A container may lack the program or a writable /etc; this user is everywhere.
        return pwd.getpwnam(_LAST_RESORT)


def open_the_way(path: Path) -> None:
    """Let others pass through the directories above `path`; they still cannot list them."""
    for directory in path.resolve().parents:
        mode = directory.stat().st_mode
        if not mode & stat.S_IXOTH:
            directory.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)

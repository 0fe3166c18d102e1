"""The data directory has one owner, one user at a time, one version; nothing else is touched."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from landfall.up.home import FORMAT, Home, HomeError, open_home

HOLDS_THE_LOCK = """
import signal, sys
from pathlib import Path
from landfall.up.home import open_home
with open_home(Path(sys.argv[1])):
    print("taken", flush=True)
    signal.pause()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some" / "home"


def test_a_new_home_is_made_with_its_parents_and_marked(path: Path):
    with open_home(path) as home:
        assert home == Home(path)
        assert set(os.listdir(path)) == {"lock", "format"}
        assert (path / "format").read_text() == FORMAT
        assert (path / "lock").read_text() == str(os.getpid())
        assert path.stat().st_mode & 0o022 == 0
        for each in (home.database, home.chain, home.chain_log, home.wallet):
            assert each.parent == path


def test_a_home_is_opened_again_with_all_that_is_in_it(path: Path):
    with open_home(path) as home:
        home.wallet.write_text("key")
        home.chain.mkdir()
    with open_home(path) as home:
        assert home.wallet.read_text() == "key"
        assert home.chain.is_dir()


def test_a_home_in_use_is_refused_and_its_user_is_named(path: Path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS_THE_LOCK, path], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "taken\n"
        for _ in range(2):
            with pytest.raises(HomeError, match=rf"\(process {other.pid}\)"), open_home(path):
                pytest.fail("two have it")
        other.send_signal(signal.SIGKILL)
        other.wait()
    with open_home(path):
        assert (path / "lock").read_text() == str(os.getpid())


def test_a_home_is_free_again_after_an_error(path: Path):
    with pytest.raises(ZeroDivisionError), open_home(path):
        raise ZeroDivisionError
    with open_home(path):
        pass


@pytest.mark.parametrize("error", [TimeoutError("slow"), ConnectionRefusedError(111, "refused")])
def test_an_error_of_what_runs_in_it_is_not_blamed_on_the_home(path: Path, error: OSError):
    with pytest.raises(type(error)) as raised, open_home(path):
        raise error
    assert raised.value is error


@pytest.mark.parametrize("content", ["2", "0", "", "1.1", "x" * 10_000, "\udcff"])
def test_data_of_another_version_is_refused_and_left_alone(path: Path, content: str):
    with open_home(path) as home:
        home.wallet.write_text("key")
    written = content.encode(errors="surrogateescape")
    (path / "format").write_bytes(written)
    with pytest.raises(HomeError, match="this version reads '1'") as raised, open_home(path):
        pytest.fail("it was opened")
    assert len(str(raised.value)) < 1_000
    assert (path / "format").read_bytes() == written
    assert home.wallet.read_text() == "key"


@pytest.mark.parametrize("foreign", ["thesis.txt", "postgres", ".git", "wallet.json"])
def test_a_directory_that_is_not_ours_is_not_taken_over(path: Path, foreign: str):
    (path / foreign).mkdir(parents=True)
    with pytest.raises(HomeError, match="is not a Landfall data directory"), open_home(path):
        pytest.fail("it was opened")
    assert os.listdir(path) == [foreign]


@pytest.mark.parametrize("left", [[], ["lock"]])
def test_an_empty_directory_or_one_whose_making_was_cut_short_is_taken(path: Path, left: list[str]):
    path.mkdir(parents=True)
    for name in left:
        (path / name).touch()
    with open_home(path):
        assert (path / "format").read_text() == FORMAT


def test_a_directory_of_another_user_is_not_taken(path: Path, monkeypatch: pytest.MonkeyPatch):
    path.mkdir(parents=True)
    stranger = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: stranger)
    with pytest.raises(HomeError, match="belongs to another user"), open_home(path):
        pytest.fail("it was opened")
    assert os.listdir(path) == []


def test_a_link_to_a_home_is_that_home(path: Path, tmp_path: Path):
    with open_home(path) as home:
        home.wallet.write_text("key")
    link = tmp_path / "link"
    link.symlink_to(path)
    with open_home(link) as linked:
        assert linked.wallet.read_text() == "key"
        with pytest.raises(HomeError, match="is using"), open_home(path):
            pytest.fail("two have it")


def test_what_cannot_be_a_home_is_told_in_one_sentence(tmp_path: Path):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    hopeless = [
        tmp_path / "file",
        tmp_path / "file" / "home",
        tmp_path / "dangling",
        Path("/proc/landfall"),
        Path("/sys/landfall"),
        tmp_path / ("x" * 300),
    ]
    for path in hopeless:
        with pytest.raises(HomeError, match=re.escape(str(path))) as raised, open_home(path):
            pytest.fail("it was opened")
        assert re.fullmatch(r".+[^.]\.|.+ set LANDFALL_HOME to one\.", str(raised.value))
        assert raised.value.__suppress_context__ or raised.value.__context__ is None
    assert (tmp_path / "file").read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()


def test_starting_over_deletes_orders_and_chain_and_nothing_else(path: Path):
    with open_home(path) as home:
        for data in (home.database, home.chain):
            (data / "deep").mkdir(parents=True)
            (data / "deep" / "file").write_text("data")
        home.wallet.write_text("key")
        (path / "notes.txt").write_text("mine")
        for _ in range(2):
            home.start_over()
            assert set(os.listdir(path)) == {"lock", "format", "wallet.json", "notes.txt"}
        assert home.wallet.read_text() == "key"
    with open_home(path):
        pass


def test_what_cannot_be_deleted_is_told_and_a_link_is_not_followed(path: Path, tmp_path: Path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").write_text("mine")
    with open_home(path) as home:
        home.chain.symlink_to(elsewhere)
        with pytest.raises(HomeError, match="localnet cannot be deleted"):
            home.start_over()
    assert (elsewhere / "file").read_text() == "mine"

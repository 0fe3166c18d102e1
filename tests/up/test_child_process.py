"""A child process: waited for, told about when it fails, started again, never left."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import psutil
import pytest
from solders.keypair import Keypair

from landfall import observe
from landfall.chain.jsonrpc import JsonRpc
from landfall.chain.rpc import RpcChain
from landfall.core.errors import Unavailable
from landfall.settings import read_settings
from landfall.up import child_process
from landfall.up.child_process import ChildError, ChildProcess, Command
from landfall.up.commands import UpOptions, localnet_command
from landfall.up.home import Home
from tests.api.serving import free_port

READY = "echo $$ >> pids; echo the child is ready; "
RUNS = READY + "exec sleep 1000"
SILENT = "echo $$ >> pids; exec sleep 1000"
SLOWLY = READY + "while :; do sleep 0.01; done"
STUBBORN = "trap '' TERM; " + SLOWLY


@dataclass(frozen=True)
class Shell:
    """A line of shell in a part's place. It notes each of its process ids."""

    home: Home
    script: str

    def command(self) -> Command:
        return Command(
            name="child",
            subject="The child",
            ready="the child is ready",
            log=self.home.path / "child.log",
            line=("sh", "-c", f"cd {self.home.path}; {self.script}"),
        )

    def pids(self) -> list[int]:
        noted = self.home.path / "pids"
        return [int(line) for line in noted.read_text().split()] if noted.exists() else []

    def living(self) -> list[int]:
        return [pid for pid in self.pids() if psutil.pid_exists(pid)]


Made = Callable[[str], tuple[ChildProcess, Shell]]


@pytest.fixture
async def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Made]:
    monkeypatch.setattr(child_process, "_LOOK_SECONDS", 0.001)
    monkeypatch.setattr(child_process, "_RESTART_SECONDS", 0.001)
    processes = []

    def make(script: str) -> tuple[ChildProcess, Shell]:
        shell = Shell(Home(tmp_path), script)
        processes.append(ChildProcess(shell.command()))
        return processes[-1], shell

    yield make
    for process in processes:
        await process.stop()


async def until(condition: Callable[[], object]) -> None:
    while not condition():
        await asyncio.sleep(0.001)


async def test_it_is_started_when_it_says_so_and_gone_when_stopped(made: Made):
    process, shell = made(RUNS)
    await process.start()
    assert len(shell.living()) == 1
    assert os.getsid(shell.pids()[0]) == shell.pids()[0]
    await process.stop()
    assert shell.living() == []
    await process.stop()


async def test_one_that_ends_at_once_is_told_with_its_last_words(made: Made):
    process, shell = made("echo starting; echo; echo The port is taken. >&2; exit 3")
    with pytest.raises(ChildError, match=r"does not start: The port is taken\."):
        await process.start()
    await process.stop()
    assert shell.living() == []


async def test_one_that_ends_without_a_word_is_told_so(made: Made):
    process, _ = made("exit 0")
    with pytest.raises(ChildError, match="does not start: it said nothing"):
        await process.start()


async def test_one_that_says_nothing_is_not_waited_for_for_ever(
    made: Made, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(child_process, "_READY_SECONDS_MAX", 0.1)
    process, shell = made(SILENT)
    with pytest.raises(ChildError, match="does not answer: it said nothing"):
        await process.start()
    await until(shell.living)
    await process.stop()
    assert shell.living() == []


async def test_words_that_are_no_text_are_told_as_far_as_they_are(made: Made):
    process, _ = made("printf 'bad \\377 byte\\n'; exit 1")
    with pytest.raises(ChildError, match="bad � byte"):
        await process.start()


async def test_a_command_that_cannot_run_is_told(tmp_path: Path):
    runs = Shell(Home(tmp_path), RUNS).command()
    missing = replace(runs, line=(str(tmp_path / "missing"),))
    nowhere = replace(runs, log=tmp_path / "nowhere" / "child.log")
    for command in (missing, nowhere):
        process = ChildProcess(command)
        with pytest.raises(ChildError, match="does not start: No such file"):
            await process.start()
        await process.stop()


async def test_a_killed_one_is_started_again_each_time(made: Made):
    process, shell = made(RUNS)
    await process.start()
    for times in (1, 2, 3):
        await until(lambda times=times: len(shell.pids()) == times)
        os.kill(shell.pids()[-1], signal.SIGKILL)
    await until(lambda: len(shell.pids()) == 4)
    assert shell.living() == shell.pids()[-1:]
    await process.stop()
    assert shell.living() == []


async def test_one_that_cannot_be_started_again_yet_is_tried_until_it_can(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    deaths: list[str] = []
    monkeypatch.setattr(observe, "child_died", deaths.append)
    process, shell = made(RUNS)
    await process.start()
    aside = tmp_path.with_name("aside")
    os.rename(tmp_path, aside)
    os.kill(int((aside / "pids").read_text()), signal.SIGKILL)
    await until(lambda: len(deaths) > 2)
    os.rename(aside, tmp_path)
    await until(lambda: len(shell.living()) == 1)
    await process.stop()
    assert shell.living() == []


async def test_one_that_does_not_listen_is_killed(made: Made, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(child_process, "_STOP_SECONDS_MAX", 0.05)
    process, shell = made(STUBBORN)
    await process.start()
    await process.stop()
    assert shell.living() == []


async def test_one_that_may_drain_is_waited_for_until_it_has(made: Made):
    process, shell = made("trap 'sleep 0.2; touch done; exit' TERM; " + SLOWLY)
    await process.start()
    await process.stop(60_000, asyncio.Event())
    assert (shell.home.path / "done").exists()
    assert shell.living() == []


async def test_one_that_drains_is_told_again_once_that_must_end(made: Made):
    process, shell = made("trap 'trap \"touch again; exit\" TERM; touch told' TERM; " + SLOWLY)
    await process.start()
    now = asyncio.Event()
    stopping = asyncio.create_task(process.stop(60_000, now))
    await until((shell.home.path / "told").exists)
    assert process.is_running
    now.set()
    await stopping
    assert (shell.home.path / "again").exists()
    assert not process.is_running
    assert shell.living() == []


async def test_one_that_drains_for_longer_than_it_may_is_killed(
    made: Made, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(child_process, "_STOP_SECONDS_MAX", 0.05)
    process, shell = made(STUBBORN)
    await process.start()
    await process.stop(50, asyncio.Event())
    assert shell.living() == []


async def test_stopping_while_it_is_down_starts_nothing(
    made: Made, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(child_process, "_RESTART_SECONDS", 3600)
    process, shell = made(RUNS)
    await process.start()
    os.kill(shell.pids()[0], signal.SIGKILL)
    await until(lambda: not shell.living())
    await process.stop()
    assert len(shell.pids()) == 1


async def test_the_real_chain_comes_back_under_the_same_name_with_what_it_held(tmp_path: Path):
    wallet, port = Keypair().pubkey(), free_port()
    settings = read_settings({"LOCALNET_PORT": str(port), "LOCALNET_SLOT_MS": "50"})
    command = localnet_command(Home(tmp_path), settings, UpOptions(), wallet)
    process = ChildProcess(command)
    async with aiohttp.ClientSession() as session:
        chain = RpcChain(JsonRpc(session, f"http://127.0.0.1:{port}", 10_000))
        try:
            await process.start()
            name = await chain.genesis_hash()
            held = (await chain.accounts([wallet])).accounts[wallet]
            assert held is not None
            (child,) = [
                each
                for each in psutil.Process().children()
                if "landfall.localnet" in each.cmdline()
            ]
            child.kill()
            while (again := await name_of(chain)) is None:
                await asyncio.sleep(0.05)
            assert again == name
            assert (await chain.accounts([wallet])).accounts[wallet] == held
        finally:
            await process.stop()
        with pytest.raises(Unavailable):
            await chain.genesis_hash()
    assert not child.is_running()


async def name_of(chain: RpcChain) -> str | None:
    try:
        return await chain.genesis_hash()
    except Unavailable:
        return None

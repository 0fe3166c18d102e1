"""The process: its ready line, its end, and what it remembers after it was killed."""

import asyncio
import base64
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from solders.hash import Hash
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import Message
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

from landfall.localnet.ledger_rows import FORMAT
from landfall.localnet.options import BadOption, LocalnetOptions
from landfall.localnet.serve import running_localnet
from landfall.localnet.start import LEDGER_FILE, opened_node
from landfall.localnet.wire import base58_encode
from tests.localnet.chain import BORN_AT, MEMO, RENT, Chain

MODULE = [sys.executable, "-m", "landfall.localnet"]


def free_port() -> int:
    """A port that is free, as is the one after it; below those that the kernel gives to others."""
    while True:
        port = random.randrange(20_000, 30_000, 2)
        with closing(socket.socket()) as one, closing(socket.socket()) as next_one:
            try:
                one.bind(("127.0.0.1", port))
                next_one.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


@contextmanager
def process(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A localnet of its own process, and its URL once it says that it is ready."""
    port = free_port()
    command = [*MODULE, "--port", str(port), *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        try:
            assert running.stdout is not None
            ready = running.stdout.readline()
            assert f"http://127.0.0.1:{port}" in ready, running.stderr and running.stderr.read()
            yield running, f"http://127.0.0.1:{port}"
        finally:
            running.kill()


def rpc(url: str, method: str, *params: Any) -> Any:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)})
    request = urllib.request.Request(url, body.encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.load(reply)["result"]


def paid(url: str, wallet: Keypair, to: Pubkey, lamports: int) -> str:
    latest = rpc(url, "getLatestBlockhash", {"commitment": "processed"})["value"]
    wish = TransferParams(from_pubkey=wallet.pubkey(), to_pubkey=to, lamports=lamports)
    blockhash = Hash.from_string(latest["blockhash"])
    message = Message.new_with_blockhash([transfer(wish)], wallet.pubkey(), blockhash)
    wire = bytes(VersionedTransaction(message, [wallet]))
    return rpc(url, "sendTransaction", base58_encode(wire), {"skipPreflight": True})


def until(condition: Any) -> Any:
    for _ in range(2_000):
        found = condition()
        if found:
            return found
        time.sleep(0.005)
    raise AssertionError("it never happened")


def test_it_ends_well_on_sigterm_and_goes_on_where_it_was(tmp_path: Path, wallet: Keypair):
    options = ("--data", str(tmp_path), "--slot-ms", "20", "--fund", str(wallet.pubkey()))
    to = Pubkey.new_unique()
    with process(*options) as (running, url):
        genesis = rpc(url, "getGenesisHash")
        signature = paid(url, wallet, to, RENT)
        slot = rpc(url, "getSlot", {"commitment": "processed"})
        running.send_signal(signal.SIGTERM)
        assert running.wait(10) == 0
        assert running.stderr is not None
        assert running.stderr.read() == ""
    with process(*options) as (_, url):
        assert rpc(url, "getGenesisHash") == genesis
        assert rpc(url, "getSlot", {"commitment": "processed"}) > slot
        assert rpc(url, "getBalance", str(to))["value"] == RENT
        search = {"searchTransactionHistory": True}
        (status,) = rpc(url, "getSignatureStatuses", [signature], search)["value"]
        assert status["confirmationStatus"] == "finalized"


def test_after_kill_9_accounts_history_and_duplicates_agree(tmp_path: Path, wallet: Keypair):
    options = ("--data", str(tmp_path), "--slot-ms", "10", "--fund", str(wallet.pubkey()))
    to = Pubkey.new_unique()
    known: dict[str, str] = {}
    for _ in range(3):
        with process(*options) as (running, url):
            sent = [paid(url, wallet, to, RENT + number) for number in range(60)]
            statuses = rpc(url, "getSignatureStatuses", sent)["value"]
            for signature, status in zip(sent, statuses, strict=True):
                if status is not None and status["confirmationStatus"] != "processed":
                    known[signature] = status["confirmationStatus"]
            running.kill()
            running.wait()
        with closing(sqlite3.connect(tmp_path / LEDGER_FILE)) as ledger:
            landed = dict(
                ledger.execute(
                    "SELECT signature, meta FROM transactions WHERE err IS NULL ORDER BY slot"
                ).fetchall()
            )
            newest = ledger.execute("SELECT max(slot) FROM blocks").fetchone()[0]
            in_ledger = ledger.execute(
                "SELECT lamports FROM accounts WHERE address = ?", (bytes(to),)
            ).fetchone()
        # What anybody was told is confirmed has outlived the process.
        assert set(known) <= set(landed)
        moved = sum(
            json.loads(meta)["postBalances"][1] - json.loads(meta)["preBalances"][1]
            for meta in landed.values()
        )
        assert (in_ledger[0] if in_ledger else 0) == moved
    assert known
    with process(*options) as (_, url):
        assert rpc(url, "getSlot", {"commitment": "finalized"}) >= newest
        assert rpc(url, "getBalance", str(to))["value"] == moved


def test_a_port_in_use_is_told_in_one_sentence():
    with process() as (_, url):
        port = url.rpartition(":")[2]
        second = subprocess.run([*MODULE, "--port", port], capture_output=True, text=True)
    assert second.returncode == 1
    assert second.stderr == (
        f"Port {port} on 127.0.0.1 is in use. Stop what runs there, "
        "or choose another with --port.\n"
    )
    assert second.stdout == ""


def test_a_chain_in_use_is_told_in_one_sentence(tmp_path: Path):
    options = ("--data", str(tmp_path))
    with process(*options):
        command = [*MODULE, "--port", str(free_port()), *options]
        second = subprocess.run(command, capture_output=True, text=True)
    assert second.returncode == 1
    assert second.stderr == f"Another localnet is using the chain in {tmp_path}.\n"


def test_it_does_not_outlive_its_parent_where_that_was_asked(tmp_path: Path):
    port = free_port()
    command = [*MODULE, "--port", str(port), "--exit-with-parent"]
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import os, subprocess, sys, time\n"
            f"child = subprocess.Popen([*{command!r}, str(os.getpid())], stdout=subprocess.PIPE)\n"
            "child.stdout.readline()\n"
            "print(child.pid, flush=True)\n"
            "time.sleep(60)\n",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
    until(lambda: not _runs(child))


def _runs(pid: int) -> bool:
    try:
        # A zombie that nobody has collected has ended, too.
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z" and os.getpgid(pid) > 0


def test_a_chain_of_another_format_is_told_in_one_sentence(tmp_path: Path):
    options = LocalnetOptions(data=tmp_path)
    with opened_node(options, [], BORN_AT):
        pass
    with closing(sqlite3.connect(tmp_path / LEDGER_FILE)) as ledger, ledger:
        ledger.execute("UPDATE chain SET format = 99")
    with (
        pytest.raises(BadOption, match=f"format 99, and this version reads format {FORMAT}"),
        opened_node(options, [], BORN_AT),
    ):
        pass


def test_a_file_that_is_no_ledger_is_told_in_one_sentence(tmp_path: Path):
    (tmp_path / LEDGER_FILE).write_bytes(b"something else entirely" * 100)
    with (
        pytest.raises(BadOption, match="cannot be opened"),
        opened_node(LocalnetOptions(data=tmp_path), [], BORN_AT),
    ):
        pass


async def test_slots_pass_by_themselves_and_websockets_have_a_port_of_their_own():
    port = free_port()
    async with running_localnet(LocalnetOptions(port=port, slot_ms=5)) as running:
        assert running.second_ws_url == f"ws://127.0.0.1:{port + 1}"
        first = running.node.cluster.block(0).slot
        for _ in range(1_000):
            await asyncio.sleep(0.005)
            if running.node.cluster.block(0).slot > first + 3:
                break
        assert running.node.cluster.block(0).slot > first + 3


def test_given_accounts_are_there_from_the_start(tmp_path: Path):
    first, second = Pubkey.new_unique(), Pubkey.new_unique()

    def written(address: Pubkey) -> dict[str, Any]:
        return {
            "pubkey": str(address),
            "account": {
                "lamports": RENT,
                "data": ["AQID", "base64"],
                "owner": str(Pubkey.default()),
                "executable": False,
                "rentEpoch": 18446744073709551615,
                "space": 3,
            },
        }

    one, two = tmp_path / "one.json", tmp_path / "two.json"
    one.write_text(json.dumps(written(first)))
    two.write_text(json.dumps([written(second)]))
    with opened_node(LocalnetOptions(account_files=(one, two)), [], BORN_AT) as node:
        for address in (first, second):
            account = node.cluster.svm.account(address)
            assert account is not None
            assert account.data == b"\x01\x02\x03"
    two.write_text('{"pubkey": "nobody"}')
    with (
        pytest.raises(BadOption, match="is not the JSON of"),
        opened_node(LocalnetOptions(account_files=(two,)), [], BORN_AT),
    ):
        pass


def test_a_dumped_program_and_its_code_are_executable(tmp_path: Path, chain: Chain):
    code = chain.node.cluster.svm.account(MEMO)
    assert code is not None
    loader = "BPFLoaderUpgradeab1e11111111111111111111111"
    program, program_data = Pubkey.new_unique(), Pubkey.new_unique()
    accounts = {
        program: ((2).to_bytes(4, "little") + bytes(program_data), True),
        program_data: ((3).to_bytes(4, "little") + bytes(41) + code.data, False),
    }
    dump = [
        {
            "pubkey": str(address),
            "account": {
                "lamports": 10**10,
                "data": [base64.b64encode(data).decode(), "base64"],
                "owner": loader,
                "executable": executable,
            },
        }
        for address, (data, executable) in accounts.items()
    ]
    (tmp_path / "dump.json").write_text(json.dumps(dump))
    options = LocalnetOptions(
        account_files=(tmp_path / "dump.json",),
        fund=(chain.wallet.pubkey(),),
        data=tmp_path / "data",
    )
    for _ in range(2):
        with opened_node(options, [], BORN_AT) as node:
            dumped = Chain(node, chain.wallet)
            outcome, _ = dumped.run(Instruction(program, b"a memo", []))
            assert outcome.error is None, outcome


def test_a_wallet_named_later_is_funded_like_the_first(tmp_path: Path):
    first, second = Keypair().pubkey(), Keypair().pubkey()
    with opened_node(LocalnetOptions(data=tmp_path, fund=(first,)), [], BORN_AT) as node:
        granted = node.cluster.svm.account(first)
    for _ in range(2):
        with opened_node(LocalnetOptions(data=tmp_path, fund=(second,)), [], BORN_AT) as node:
            assert node.cluster.svm.account(second) == granted
            assert node.cluster.svm.account(first) == granted

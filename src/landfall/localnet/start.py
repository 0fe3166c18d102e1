"""A node from its options: a new chain, or the one in the data directory."""

import fcntl
import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from solders.hash import Hash

from landfall.core.values import Account, BlockHeight, Commitment, Pubkey, Slot
from landfall.localnet.accounts import AccountVersions
from landfall.localnet.blocks import STATUS_BLOCKS
from landfall.localnet.cluster import Cluster
from landfall.localnet.genesis import faucet, genesis_accounts, tip_accounts, wallet_grant
from landfall.localnet.ledger import Ledger, WrongFormat
from landfall.localnet.node import Node
from landfall.localnet.options import BadOption, LocalnetOptions, read_accounts, read_programs
from landfall.localnet.programs.stand_in import StandIn
from landfall.localnet.records import Block
from landfall.localnet.svm import Svm

LEDGER_FILE = "ledger.sqlite"
LOCK_FILE = "lock"


@contextmanager
def opened_node(
    options: LocalnetOptions, stand_ins: Sequence[StandIn], unix_timestamp: int
) -> Iterator[Node]:
    """The node, for as long as the block lasts; then everything processed is confirmed and kept.

    Args:
        unix_timestamp: seconds; when the chain begins, if it does, and when its first slot opens.

    Raises:
        BadOption: the options or the data directory cannot be used.
    """
    programs = read_programs(options)
    files = read_accounts(options)
    with _locked(options.data) as path:
        ledger = _opened_ledger(path)
        try:
            genesis_hash = ledger.genesis_hash()
            if genesis_hash is None:
                accounts = {**genesis_accounts(options.fund), **files}
                genesis_hash = _begin(ledger, options.seed, accounts, unix_timestamp)
            recent = ledger.newest_blocks(STATUS_BLOCKS)
            cluster = Cluster(
                Svm(AccountVersions(ledger.accounts()), stand_ins, programs),
                ledger,
                recent,
                dict(ledger.standings_since(recent[0].slot)),
                genesis_hash=genesis_hash,
                pace=options.pace,
                starts=ledger.count_start(),
                unix_timestamp=unix_timestamp,
            )
            _open_tip_accounts(cluster)
            _fund_newcomers(cluster, options.fund)
            yield Node(cluster, ledger, faucet())
            cluster.settle()
        except WrongFormat as error:
            raise BadOption(str(error)) from error
        finally:
            ledger.close()


@contextmanager
def _locked(directory: Path | None) -> Iterator[Path | None]:
    """The path of the ledger in a directory that is ours alone; the kernel unlocks it if we die."""
    if directory is None:
        yield None
        return
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = (directory / LOCK_FILE).open("w")
    except OSError as error:
        raise BadOption(f"The data directory {directory} cannot be used: {error.strerror}.") from (
            error
        )
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BadOption(f"Another localnet is using the chain in {directory}.") from error
        yield directory / LEDGER_FILE


def _opened_ledger(path: Path | None) -> Ledger:
    try:
        return Ledger(path)
    except sqlite3.Error as error:
        raise BadOption(f"The chain in {path} cannot be opened: {error}.") from error


def _begin(ledger: Ledger, seed: int, accounts: dict[Pubkey, Account], unix_timestamp: int) -> Hash:
    # The moment of birth is part of the name: a chain begun anew is not the one before it.
    named = f"landfall localnet, seed {seed}, at {unix_timestamp}"
    genesis_hash = Hash(hashlib.sha256(named.encode()).digest())
    genesis = Block(
        slot=Slot(0),
        height=BlockHeight(0),
        parent_slot=Slot(0),
        parent_blockhash=genesis_hash,
        unix_timestamp=unix_timestamp,
        blockhash=genesis_hash,
    )
    ledger.create(genesis, accounts)
    return genesis_hash


def _open_tip_accounts(cluster: Cluster) -> None:
    """A chain from before there was a block engine gets its accounts now."""
    slot = cluster.block(Commitment.PROCESSED).slot
    missing = {
        address: account
        for address, account in tip_accounts().items()
        if cluster.svm.accounts.get(address) is None
    }
    cluster.svm.apply(slot, missing)


def _fund_newcomers(cluster: Cluster, funded: Sequence[Pubkey]) -> None:
    """Wallets named only now get in the next block what genesis would have given them."""
    slot = cluster.block(Commitment.PROCESSED).slot
    for wallet in funded:
        if cluster.svm.accounts.get(wallet) is None:
            cluster.svm.apply(slot, wallet_grant(wallet, cluster.svm.accounts.get))

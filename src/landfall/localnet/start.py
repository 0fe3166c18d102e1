"""A node from its options: a new chain, or the one in the data directory."""

import hashlib
from collections.abc import Sequence

from solders.hash import Hash

from landfall.core.values import Account, BlockHeight, Pubkey, Slot
from landfall.localnet.accounts import AccountVersions
from landfall.localnet.cluster import STATUS_BLOCKS, Cluster
from landfall.localnet.genesis import faucet, genesis_accounts
from landfall.localnet.ledger import Ledger, WrongFormat
from landfall.localnet.node import Node
from landfall.localnet.options import BadOption, LocalnetOptions, read_accounts, read_programs
from landfall.localnet.programs.stand_in import StandIn
from landfall.localnet.records import Block
from landfall.localnet.svm import Svm

LEDGER_FILE = "ledger.sqlite"


def start_node(options: LocalnetOptions, stand_ins: Sequence[StandIn], unix_timestamp: int) -> Node:
    """Open or begin the chain. `unix_timestamp` (seconds) is when it begins, if it does.

    Raises:
        BadOption: the options or the data directory cannot be used.
    """
    programs = read_programs(options)
    if options.data is not None:
        options.data.mkdir(parents=True, exist_ok=True)
    ledger = Ledger(None if options.data is None else options.data / LEDGER_FILE)
    try:
        genesis_hash = ledger.genesis_hash()
    except WrongFormat as error:
        ledger.close()
        raise BadOption(str(error)) from error
    if genesis_hash is None:
        accounts = {**genesis_accounts(options.fund), **read_accounts(options)}
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
    )
    return Node(cluster, ledger, faucet())


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

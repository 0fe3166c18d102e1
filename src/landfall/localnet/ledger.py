"""The chain on disk: one SQLite file that holds what was confirmed, and nothing that was not.

A block and every account it changed are written in one SQLite transaction before the cluster calls
the block confirmed. A process that is killed therefore forgets whole blocks that nobody was told
were confirmed, as a fork would; accounts, history and de-duplication always agree. Committed blocks
survive kill -9; a power failure may take back the newest of them, never a part of one. The tables
are described in `ledger_rows.py`.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from solders.hash import Hash

from landfall.core.values import Account, Pubkey, Signature, Slot
from landfall.localnet.ledger_rows import (
    FORMAT,
    SCHEMA,
    SELECT_BY_ADDRESS,
    SELECT_LANDED,
    closed_block,
    decoded,
    landed_in_row,
    row_of,
)
from landfall.localnet.records import Block, ClosedBlock, Landed, Standing


class WrongFormat(Exception):
    """The file was written by another version of the ledger. The text is a sentence for people."""


class Ledger:
    """The file. `path` None keeps the chain in a temporary file that is gone with the process."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._database = sqlite3.connect("" if path is None else path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")

    def close(self) -> None:
        """Flush and let go of the file."""
        self._database.close()

    def genesis_hash(self) -> Hash | None:
        """The chain's identity, or None where the file is new.

        Raises:
            WrongFormat: the file is not this version's.
        """
        tables = {row[0] for row in self._database.execute("SELECT name FROM sqlite_master")}
        if not tables:
            return None
        found = None
        if "chain" in tables:
            found = self._database.execute("SELECT format, genesis_hash FROM chain").fetchone()
        if found is None or found[0] != FORMAT:
            version = "unknown" if found is None else found[0]
            raise WrongFormat(
                f"The chain in {self._path} has format {version}, and this version reads "
                f"format {FORMAT}. Move the directory away to start a new chain."
            )
        return Hash.from_string(found[1])

    def create(self, genesis: Block, accounts: Mapping[Pubkey, Account]) -> None:
        """Begin a chain: its first block and the accounts it is born with."""
        with self._transaction():
            for statement in SCHEMA.split(";"):
                self._database.execute(statement)
            self._database.execute(
                "INSERT INTO chain VALUES (?, ?, 0)", (FORMAT, str(genesis.blockhash))
            )
            self._write(genesis, accounts)

    def count_start(self) -> int:
        """How many times the chain was started before now; counts this one too."""
        with self._transaction():
            (starts,) = self._database.execute("SELECT starts FROM chain").fetchone()
            self._database.execute("UPDATE chain SET starts = starts + 1")
        return int(starts)

    def write(self, blocks: Sequence[tuple[Block, Mapping[Pubkey, Account | None]]]) -> None:
        """Append closed blocks, each with the accounts it changed as they were at its end.

        All or nothing.
        """
        with self._transaction():
            for block, changes in blocks:
                self._write(block, changes)

    def accounts(self) -> dict[Pubkey, Account]:
        """Every account after the newest block."""
        rows = self._database.execute(
            "SELECT address, owner, lamports, data, executable FROM accounts"
        )
        return {
            Pubkey.from_bytes(address): Account(
                Pubkey.from_bytes(owner), lamports, data, bool(executable)
            )
            for address, owner, lamports, data, executable in rows
        }

    def newest_blocks(self, count: int) -> list[ClosedBlock]:
        """The last `count` blocks, oldest first."""
        rows = self._database.execute(
            "SELECT slot, height, parent_slot, blockhash, unix_timestamp, transactions FROM blocks "
            "ORDER BY slot DESC LIMIT ?",
            (count,),
        ).fetchall()
        return [closed_block(row) for row in reversed(rows)]

    def block(self, slot: Slot) -> ClosedBlock | None:
        """One block, or None where its slot was skipped or is not confirmed."""
        row = self._database.execute(
            "SELECT slot, height, parent_slot, blockhash, unix_timestamp, transactions FROM blocks "
            "WHERE slot = ?",
            (slot,),
        ).fetchone()
        return None if row is None else closed_block(row)

    def slots_between(self, first: Slot, last: Slot, limit: int) -> list[Slot]:
        """Slots that have a block, from `first` to `last`, at most `limit`."""
        rows = self._database.execute(
            "SELECT slot FROM blocks WHERE slot BETWEEN ? AND ? ORDER BY slot LIMIT ?",
            (first, last, limit),
        )
        return [Slot(row[0]) for row in rows]

    def standing(self, signature: Signature) -> Standing | None:
        """Where a signature landed, however long ago, or None."""
        row = self._database.execute(
            "SELECT slot, err FROM transactions WHERE signature = ?", (str(signature),)
        ).fetchone()
        return None if row is None else Standing(Slot(row[0]), decoded(row[1]))

    def standings_since(self, slot: Slot) -> Iterator[tuple[Signature, Standing]]:
        """Every signature that landed in `slot` or later, oldest first."""
        for signature, landed_in, error in self._database.execute(
            "SELECT signature, slot, err FROM transactions WHERE slot >= ? ORDER BY slot", (slot,)
        ):
            yield Signature.from_string(signature), Standing(landed_in, decoded(error))

    def landed(self, signature: Signature) -> Landed | None:
        """A transaction in full. Its `addresses` are not read back."""
        row = self._database.execute(
            f"{SELECT_LANDED} WHERE signature = ?", (str(signature),)
        ).fetchone()
        return None if row is None else landed_in_row(row)

    def landed_in(self, slot: Slot) -> list[Landed]:
        """The transactions of a block, in order."""
        rows = self._database.execute(f"{SELECT_LANDED} WHERE slot = ? ORDER BY position", (slot,))
        return [landed_in_row(row) for row in rows]

    def place(self, signature: Signature) -> tuple[int, int] | None:
        """Slot and position of a signature."""
        found = self._database.execute(
            "SELECT slot, position FROM transactions WHERE signature = ?", (str(signature),)
        ).fetchone()
        return None if found is None else (found[0], found[1])

    def by_address(
        self, address: Pubkey, before: tuple[int, int], after: tuple[int, int], limit: int
    ) -> list[tuple[str, Slot, Standing, int]]:
        """(signature, slot, standing, unix timestamp) between two places, newest first."""
        rows = self._database.execute(SELECT_BY_ADDRESS, (bytes(address), *before, *after, limit))
        return [
            (signature, Slot(slot), Standing(Slot(slot), decoded(error)), unix_timestamp)
            for signature, slot, _position, error, unix_timestamp in rows
        ]

    def transaction_count(self) -> int:
        """How many transactions ever landed."""
        # Nothing is ever deleted, so the newest row's number is the count.
        (newest,) = self._database.execute("SELECT max(rowid) FROM transactions").fetchone()
        return newest or 0

    def _write(self, block: Block, changes: Mapping[Pubkey, Account | None]) -> None:
        run = self._database.execute
        run(
            "INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?)",
            (
                block.slot,
                block.height,
                block.parent_slot,
                str(block.blockhash),
                block.unix_timestamp,
                len(block.landed),
            ),
        )
        for address, account in changes.items():
            if account is None:
                run("DELETE FROM accounts WHERE address = ?", (bytes(address),))
                continue
            run(
                "INSERT INTO accounts VALUES (?, ?, ?, ?, ?) ON CONFLICT (address) DO UPDATE SET "
                "owner = excluded.owner, lamports = excluded.lamports, data = excluded.data, "
                "executable = excluded.executable",
                (
                    bytes(address),
                    bytes(account.owner),
                    account.lamports,
                    account.data,
                    account.executable,
                ),
            )
        many = self._database.executemany
        many(
            "INSERT INTO transactions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [row_of(landed) for landed in block.landed],
        )
        many(
            "INSERT INTO transaction_addresses VALUES (?, ?, ?)",
            [
                (bytes(address), landed.slot, landed.position)
                for landed in block.landed
                for address in dict.fromkeys(landed.addresses)
            ],
        )

    def _transaction(self) -> "_Transaction":
        return _Transaction(self._database)


class _Transaction:
    """BEGIN, then COMMIT or ROLLBACK."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def __enter__(self) -> None:
        self._database.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._database.execute("COMMIT" if kind is None else "ROLLBACK")

"""The tables of the chain on disk, and their rows as records and back.

`accounts` and `transaction_addresses` hold addresses as 32 raw bytes, the others as base58.

    chain                  one row: format, genesis_hash, and how often the chain was started
    blocks                 slot, height, parent_slot, blockhash, unix_timestamp, and how many
                           transactions it has
    accounts               address, owner, lamports, data, executable: as of the newest block
    transactions           what really landed: signature, slot, position in the block, err (JSON, or
                           NULL where it succeeded), fee in lamports, fee_payer, unix_timestamp,
                           wire (the signed bytes), meta (JSON, as `getTransaction` shows it). What
                           is not here moved nothing.
    transaction_addresses  address, slot, position: which transactions load an address
"""

import msgspec
from solders.hash import Hash

from landfall.core.values import BlockHeight, Pubkey, Signature, Slot
from landfall.localnet.records import ClosedBlock, Landed

FORMAT = 1

SCHEMA = """
CREATE TABLE chain (format INTEGER NOT NULL, genesis_hash TEXT NOT NULL, starts INTEGER NOT NULL);
CREATE TABLE blocks (
    slot INTEGER PRIMARY KEY, height INTEGER NOT NULL UNIQUE, parent_slot INTEGER NOT NULL,
    blockhash TEXT NOT NULL, unix_timestamp INTEGER NOT NULL, transactions INTEGER NOT NULL
);
CREATE TABLE accounts (
    address BLOB PRIMARY KEY, owner BLOB NOT NULL, lamports INTEGER NOT NULL, data BLOB NOT NULL,
    executable INTEGER NOT NULL
);
CREATE TABLE transactions (
    signature TEXT PRIMARY KEY, slot INTEGER NOT NULL, position INTEGER NOT NULL, err TEXT,
    fee INTEGER NOT NULL, fee_payer TEXT NOT NULL, unix_timestamp INTEGER NOT NULL,
    wire BLOB NOT NULL, meta TEXT NOT NULL, UNIQUE (slot, position)
);
CREATE TABLE transaction_addresses (
    address BLOB NOT NULL, slot INTEGER NOT NULL, position INTEGER NOT NULL,
    PRIMARY KEY (address, slot, position)
) WITHOUT ROWID;
"""

SELECT_LANDED = """
SELECT signature, slot, position, err, fee, fee_payer, unix_timestamp, wire, meta FROM transactions
"""
SELECT_BY_ADDRESS = """
SELECT t.signature, t.slot, t.position, t.err, t.unix_timestamp
FROM transaction_addresses AS a JOIN transactions AS t USING (slot, position)
WHERE a.address = ? AND (a.slot, a.position) < (?, ?) AND (a.slot, a.position) > (?, ?)
ORDER BY a.slot DESC, a.position DESC LIMIT ?
"""


def decoded(text: str | None) -> object:
    """An error as kept: JSON, or NULL for none."""
    return None if text is None else msgspec.json.decode(text)


def row_of(landed: Landed) -> tuple[object, ...]:
    """A transaction as a row of `transactions`."""
    return (
        str(landed.signature),
        landed.slot,
        landed.position,
        None if landed.error is None else msgspec.json.encode(landed.error).decode(),
        landed.fee,
        str(landed.payer),
        landed.unix_timestamp,
        landed.wire,
        msgspec.json.encode(landed.meta).decode(),
    )


def landed_in_row(row: tuple[str, int, int, str | None, int, str, int, bytes, str]) -> Landed:
    """The transaction in a row of `SELECT_LANDED`. Its `addresses` are not read back."""
    signature, slot, position, error, fee, payer, unix_timestamp, wire, meta = row
    return Landed(
        signature=Signature.from_string(signature),
        slot=Slot(slot),
        position=position,
        unix_timestamp=unix_timestamp,
        wire=wire,
        error=decoded(error),
        fee=fee,
        payer=Pubkey.from_string(payer),
        addresses=(),
        meta=msgspec.Raw(meta.encode()),
    )


def closed_block(row: tuple[int, int, int, str, int, int]) -> ClosedBlock:
    """The block in a row of `blocks`."""
    slot, height, parent_slot, blockhash, unix_timestamp, transactions = row
    return ClosedBlock(
        slot=Slot(slot),
        height=BlockHeight(height),
        parent_slot=Slot(parent_slot),
        blockhash=Hash.from_string(blockhash),
        unix_timestamp=unix_timestamp,
        transactions=transactions,
    )

"""Address lookup tables: 32-byte addresses that a v0 message may name by one byte each.

A table costs a message its own address and two counts, and saves all but one byte of every account
found in it; signers and the programs that instructions call stay in the message. A table is used
while it is active, and what was added to it is there from the slot after.

Units: sizes are bytes of the serialized message.
Source: solana-program/address-lookup-table, program/src/state.rs (LookupTableMeta, 56 bytes).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from solders.address_lookup_table_account import ID as LOOKUP_TABLE_PROGRAM
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.instruction import Instruction

from landfall.core.account_fields import u8, u32, u64
from landfall.core.errors import MalformedAccount
from landfall.core.values import U64_MAX, Account, Pubkey, Slot

_KIND = u32(0)
_DEACTIVATION_SLOT = u64(4)
_LAST_EXTENDED_SLOT = u64(12)
_LAST_EXTENDED_FROM = u8(20)
_ADDRESSES_AT = 56
_LOOKUP_TABLE = 1
_ADDRESS_BYTES = 32
_COST_BYTES = _ADDRESS_BYTES + 2
_SAVED_BYTES = _ADDRESS_BYTES - 1
TABLE_ADDRESSES_MAX = 256


@dataclass(frozen=True, slots=True)
class LookupTable:
    """A table as far as it can be used, addresses by their index.

    `held` is the set of them, and `compiled` what messages are made with.
    """

    address: Pubkey
    addresses: tuple[Pubkey, ...]
    held: frozenset[Pubkey] = field(init=False, compare=False, repr=False)
    compiled: AddressLookupTableAccount = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "held", frozenset(self.addresses))
        compiled = AddressLookupTableAccount(self.address, list(self.addresses))
        object.__setattr__(self, "compiled", compiled)


def decode_lookup_table(address: Pubkey, account: Account | None, slot: Slot) -> LookupTable | None:
    """The part of a table that a transaction after `slot` may use; None if it is being closed.

    Raises:
        MalformedAccount: no lookup table is at this address.
    """
    if account is None or account.owner != LOOKUP_TABLE_PROGRAM:
        raise MalformedAccount(f"{address} is no lookup table")
    data = account.data
    addresses_bytes = len(data) - _ADDRESSES_AT
    if addresses_bytes < 0 or _KIND.read(data) != _LOOKUP_TABLE or addresses_bytes % _ADDRESS_BYTES:
        raise MalformedAccount(f"{address} is no initialised lookup table")
    if _DEACTIVATION_SLOT.read(data) != U64_MAX:
        return None
    warm = addresses_bytes // _ADDRESS_BYTES
    if slot <= _LAST_EXTENDED_SLOT.read(data):
        warm = min(warm, _LAST_EXTENDED_FROM.read(data))
    starts = range(_ADDRESSES_AT, _ADDRESSES_AT + warm * _ADDRESS_BYTES, _ADDRESS_BYTES)
    found = (Pubkey.from_bytes(data[at : at + _ADDRESS_BYTES]) for at in starts)
    return LookupTable(address, tuple(found))


def worth_using(
    tables: Iterable[LookupTable], steps: Sequence[Instruction], wallet: Pubkey
) -> tuple[LookupTable, ...]:
    """The tables that make a message of these steps smaller, the one that saves most first.

    Same tables, same answer, whatever the order they come in.
    """
    left = {table.address: table for table in tables}
    if not left:
        return ()
    named = {wallet, *(step.program_id for step in steps)}
    wanted = {
        address
        for step in steps
        for meta in step.accounts
        if not meta.is_signer and (address := meta.pubkey) not in named
    }
    chosen: list[LookupTable] = []
    while left:
        hits = {at: len(wanted & table.held) for at, table in left.items()}
        best = min(left, key=lambda at: (-hits[at], bytes(at)))
        if hits[best] * _SAVED_BYTES <= _COST_BYTES:
            break
        table = left.pop(best)
        wanted = wanted - table.held
        chosen.append(table)
    return tuple(chosen)

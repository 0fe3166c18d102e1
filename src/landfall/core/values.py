"""The units everything else is measured in, so that lamports are never added to slots.

Amounts are unsigned 64-bit integers in base units of the mint named beside them, as on chain.
A Slot is the cluster's clock, a BlockHeight the count of blocks: slots may be skipped, so the
two differ, and a transaction expires by height, never by slot or by seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import NewType

from solders.pubkey import Pubkey
from solders.signature import Signature

__all__ = [
    "BPS_DENOMINATOR",
    "I64_MAX",
    "U64_MAX",
    "U128_MAX",
    "Account",
    "Accounts",
    "BaseUnits",
    "BasisPoints",
    "BlockHeight",
    "ChainClock",
    "Commitment",
    "Lamports",
    "MemcmpFilter",
    "ProgramAccountsFilter",
    "Pubkey",
    "Signature",
    "Slot",
    "SwapMode",
    "ceil_div",
]

Lamports = NewType("Lamports", int)
BaseUnits = NewType("BaseUnits", int)
BasisPoints = NewType("BasisPoints", int)
Slot = NewType("Slot", int)
BlockHeight = NewType("BlockHeight", int)

U64_MAX = 2**64 - 1
I64_MAX = 2**63 - 1
U128_MAX = 2**128 - 1
BPS_DENOMINATOR = 10_000


class SwapMode(Enum):
    """Which of a swap's two amounts is fixed; the other one is bounded."""

    EXACT_IN = "ExactIn"
    EXACT_OUT = "ExactOut"


class Commitment(IntEnum):
    """How sure the cluster is. Ordered: what is finalized is also confirmed and processed."""

    PROCESSED = 0
    CONFIRMED = 1
    FINALIZED = 2

    @property
    def wire(self) -> str:
        """The word JSON-RPC uses."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Account:
    """One account's bytes, as some node had them."""

    owner: Pubkey
    lamports: int
    data: bytes
    executable: bool = False


Accounts = Mapping[Pubkey, Account | None]
"""Account bytes by address. None is known to be absent; a missing key was not asked for."""


@dataclass(frozen=True, slots=True)
class ChainClock:
    """The Clock sysvar as far as pool programs read it. Unit of `unix_timestamp`: seconds."""

    slot: Slot
    epoch: int
    unix_timestamp: int


@dataclass(frozen=True, slots=True)
class MemcmpFilter:
    """Keep accounts whose data has `wanted` at `offset` (bytes)."""

    offset: int
    wanted: bytes


@dataclass(frozen=True, slots=True)
class ProgramAccountsFilter:
    """One `getProgramAccounts` question: accounts of `program_id` of that size with those bytes."""

    program_id: Pubkey
    data_size: int
    memcmps: tuple[MemcmpFilter, ...]


def ceil_div(numerator: int, denominator: int) -> int:
    """Integer division rounded up; both arguments non-negative.

    >>> ceil_div(7, 2), ceil_div(6, 2)
    (4, 3)
    """
    return -(-numerator // denominator)

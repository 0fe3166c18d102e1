"""What the chain remembers: blocks, and the transactions that landed in them."""

from dataclasses import dataclass, field

from solders.hash import Hash

from landfall.core.values import BlockHeight, Pubkey, Signature, Slot
from landfall.localnet.wire import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """One transaction on the ledger.

    `error` is None where it succeeded; `meta` is the RPC's object.
    """

    signature: Signature
    slot: Slot
    position: int
    unix_timestamp: int
    wire: bytes
    error: Json | None
    fee: int
    payer: Pubkey
    addresses: tuple[Pubkey, ...]
    meta: Json


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a signature stands: the slot it landed in, and its error if it failed."""

    slot: Slot
    error: Json | None


@dataclass(slots=True, kw_only=True)
class Block:
    """One slot that was not skipped. Its blockhash is known once it is closed."""

    slot: Slot
    height: BlockHeight
    parent_slot: Slot
    parent_blockhash: Hash
    unix_timestamp: int
    blockhash: Hash | None = None
    landed: list[Landed] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedBlock:
    """What is kept of a block for ever."""

    slot: Slot
    height: BlockHeight
    parent_slot: Slot
    blockhash: Hash
    unix_timestamp: int
    transactions: int


@dataclass(frozen=True, slots=True)
class Advanced:
    """The block that one `advance` closed, and the blocks that rose in commitment, oldest first."""

    closed: Block
    confirmed: tuple[Block, ...]
    finalized: tuple[Block, ...]

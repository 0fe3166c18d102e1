"""How blocks follow one another: slots and heights, their hashes, and how long a hash is good.

Slots are skipped on purpose, from the start (the chain opens at FIRST_SLOT with height 1) and then
one in every `skip_every`, so that nobody mistakes a slot for a height. A blockhash is good in
blocks up to and including its `lastValidBlockHeight`: 150 blocks after its own.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from solders.hash import Hash

from landfall.core.values import BlockHeight, ChainClock, Slot
from landfall.localnet.records import Block, ClosedBlock

BLOCKHASH_AGE_MAX = 150
STATUS_BLOCKS = 300
FIRST_SLOT = Slot(1_000)
SLOTS_PER_EPOCH = 432_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Units: slots. `skip_every` 0 skips none."""

    confirmed_lag: int = 2
    finalized_lag: int = 32
    skip_every: int = 16


class Blockhashes:
    """The hashes of the newest blocks, by which transactions say how old they are."""

    def __init__(self, recent: Iterable[ClosedBlock]) -> None:
        self._heights = {block.blockhash: block.height for block in recent}

    def __len__(self) -> int:
        return len(self._heights)

    def add(self, blockhash: Hash, height: BlockHeight) -> None:
        """A block was closed; those that are too old for anybody are forgotten."""
        self._heights[blockhash] = height
        expired = [h for h, known in self._heights.items() if known < height - STATUS_BLOCKS]
        for old in expired:
            del self._heights[old]

    def remove(self, blockhash: Hash) -> None:
        """Its block was taken back."""
        del self._heights[blockhash]

    def is_valid(self, blockhash: Hash, at: BlockHeight) -> bool:
        """Whether a transaction with this hash may land in the block of that height."""
        height = self._heights.get(blockhash)
        return height is not None and height <= at <= height + BLOCKHASH_AGE_MAX


def resumed(closed: ClosedBlock) -> Block:
    """A block of an earlier run, as the one that the chain goes on from."""
    return Block(
        slot=closed.slot,
        height=closed.height,
        parent_slot=closed.parent_slot,
        parent_blockhash=closed.blockhash,
        unix_timestamp=closed.unix_timestamp,
        blockhash=closed.blockhash,
    )


def next_block(
    parent: Block, unix_timestamp: int, skip_every: int, after: Slot | None = None
) -> Block:
    """The block on top of `parent`, in a slot past `after`, or else past the parent's own."""
    slot = max((parent.slot if after is None else after) + 1, FIRST_SLOT)
    if skip_every and slot % skip_every == skip_every - 1:
        slot += 1
    assert parent.blockhash is not None
    return Block(
        slot=Slot(slot),
        height=BlockHeight(parent.height + 1),
        parent_slot=parent.slot,
        parent_blockhash=parent.blockhash,
        unix_timestamp=max(unix_timestamp, parent.unix_timestamp),
    )


def clock_of(block: Block) -> ChainClock:
    """What a program that runs in this block is told of the time."""
    return ChainClock(block.slot, block.slot // SLOTS_PER_EPOCH, block.unix_timestamp)


def blockhash_of(block: Block, starts: int) -> Hash:
    """The hash of a block that is closed now.

    A start counts, so that a block lost in a crash and its successor never share a hash.
    """
    digest = hashlib.sha256(bytes(block.parent_blockhash))
    digest.update(block.slot.to_bytes(8, "little") + starts.to_bytes(8, "little"))
    for landed in block.landed:
        digest.update(bytes(landed.signature))
    return Hash(digest.digest())

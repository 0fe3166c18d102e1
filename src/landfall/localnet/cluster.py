"""The cluster: slots and heights, the blockhash window, what landed, and how sure it is of that.

It has no clock and starts nothing: `advance` closes the open block and opens the next, and whoever
calls it says what time it is. A transaction executes on arrival, in the open block (processed); a
closed block becomes confirmed and then finalized by the distance of slots. A block is written to
the ledger before it is called confirmed, so what was confirmed outlives the process.

Slots are skipped on purpose, from the start (the chain opens at FIRST_SLOT with height 1) and then
one in every `skip_every`, so that nobody mistakes a slot for a height. A blockhash is good in
blocks up to and including its `lastValidBlockHeight`: 150 blocks after its own. Everything younger
than the finalized block is kept in a shape that can be taken back: account versions by slot, and
blocks with their transactions.
"""

import copy
import hashlib
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from solders.hash import Hash

from landfall.core.values import (
    Account,
    BlockHeight,
    ChainClock,
    Commitment,
    Pubkey,
    Signature,
    Slot,
)
from landfall.localnet.execution import Outcome, not_landed
from landfall.localnet.meta import transaction_meta
from landfall.localnet.records import Block, ClosedBlock, Landed, Standing
from landfall.localnet.running import execute
from landfall.localnet.svm import CLOCK_SYSVAR, Svm
from landfall.localnet.transactions import SignedMessage

BLOCKHASH_AGE_MAX = 150
STATUS_BLOCKS = 300
FIRST_SLOT = Slot(1_000)
SLOTS_PER_EPOCH = 432_000
SLOT_HASHES_MAX = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Units: slots. `skip_every` 0 skips none."""

    confirmed_lag: int = 2
    finalized_lag: int = 32
    skip_every: int = 16


class History(Protocol):
    """What the cluster needs of the ledger."""

    def standing(self, signature: Signature) -> Standing | None: ...

    def write(self, blocks: list[tuple[Block, Mapping[Pubkey, Account | None]]]) -> None: ...


@dataclass(frozen=True, slots=True)
class Advanced:
    """The block that one `advance` closed, and the blocks that rose in commitment, oldest first."""

    closed: Block
    confirmed: tuple[Block, ...]
    finalized: tuple[Block, ...]


class Cluster:
    """One chain. `recent` are its newest finalized blocks, oldest first: at least one."""

    def __init__(
        self,
        svm: Svm,
        history: History,
        recent: list[ClosedBlock],
        standings: Mapping[Signature, Standing],
        *,
        genesis_hash: Hash,
        pace: Pace,
        starts: int,
        unix_timestamp: int,
    ) -> None:
        self.svm = svm
        self.genesis_hash = genesis_hash
        self._history = history
        self._pace = pace
        self._starts = starts
        self._heights = {block.blockhash: block.height for block in recent}
        self._recent = deque(((block.slot, block.blockhash) for block in recent), STATUS_BLOCKS)
        self._standings = dict(standings)
        root = recent[-1]
        self._finalized = Block(
            slot=root.slot,
            height=root.height,
            parent_slot=root.parent_slot,
            parent_blockhash=root.blockhash,
            unix_timestamp=root.unix_timestamp,
            blockhash=root.blockhash,
        )
        self._confirmed = self._finalized
        self._closed: deque[Block] = deque()
        self._past: deque[Block] = deque([self._finalized])
        self._remembered_slots = 0
        self._open = self._next_block(self._finalized, unix_timestamp)
        self._begin()

    def block(self, commitment: Commitment) -> Block:
        """The newest block of that commitment; the open one for processed."""
        match commitment:
            case Commitment.PROCESSED:
                return self._open
            case Commitment.CONFIRMED:
                return self._confirmed
            case Commitment.FINALIZED:
                return self._finalized

    def commitment_of(self, slot: Slot) -> Commitment:
        """How sure the cluster is of what happened in `slot`."""
        if slot <= self._finalized.slot:
            return Commitment.FINALIZED
        return Commitment.CONFIRMED if slot <= self._confirmed.slot else Commitment.PROCESSED

    def account(self, address: Pubkey, commitment: Commitment) -> Account | None:
        """The account as of the newest block of that commitment."""
        return self.svm.account(address, self.block(commitment).slot)

    def latest_blockhash(self, commitment: Commitment) -> tuple[Hash, BlockHeight]:
        """The newest blockhash and the last height it is good for."""
        block = self.block(commitment)
        if block.blockhash is None:
            return block.parent_blockhash, BlockHeight(block.height - 1 + BLOCKHASH_AGE_MAX)
        return block.blockhash, BlockHeight(block.height + BLOCKHASH_AGE_MAX)

    def blockhash_is_valid(self, blockhash: Hash, commitment: Commitment) -> bool:
        """Whether a transaction with this blockhash may land, as seen at that commitment."""
        height = self._heights.get(blockhash)
        current = self.block(commitment).height
        return height is not None and height <= current <= height + BLOCKHASH_AGE_MAX

    def standing(self, signature: Signature, search_history: bool) -> Standing | None:
        """Where a signature stands.

        Without `search_history` only the newest 300 blocks are known.
        """
        found = self._standings.get(signature)
        if found is None and search_history:
            found = self._history.standing(signature)
        # A node that lags has not heard of it yet.
        return found if found is None or found.slot <= self._open.slot else None

    def submit(self, transaction: SignedMessage) -> tuple[Outcome, Landed | None]:
        """Execute in the open block.

        Its signatures are the caller's to check. None: it left no trace.
        """
        refusal = self._refusal(transaction, Commitment.PROCESSED)
        if refusal is not None:
            return not_landed(refusal), None
        outcome = execute(self.svm, transaction, self._clock(self._open), self._clock(self._open))
        return outcome, self._land(transaction, outcome) if outcome.lands else None

    def rehearse(self, transactions: Sequence[SignedMessage]) -> list[Outcome]:
        """What they would do one after the other in the open block, up to the first that fails.

        Nothing is kept. Their signatures are the caller's to check.
        """
        slot, clock = self._open.slot, self._clock(self._open)
        outcomes: list[Outcome] = []
        before: list[dict[Pubkey, Account | None]] = []
        for place, transaction in enumerate(transactions):
            refusal = self._refusal(transaction, Commitment.PROCESSED)
            again = any(transaction.signature == each.signature for each in transactions[:place])
            if refusal is not None or again:
                outcomes.append(not_landed(refusal or "AlreadyProcessed"))
                break
            outcome = execute(self.svm, transaction, clock, clock)
            outcomes.append(outcome)
            if outcome.error is not None or place == len(transactions) - 1:
                break
            before.append({key: self.svm.accounts.get(key) for key in outcome.changes})
            self.svm.apply(slot, outcome.changes)
        for accounts in reversed(before):
            self.svm.apply(slot, accounts)
        return outcomes

    def preview(
        self, transaction: SignedMessage, commitment: Commitment, *, check_age: bool = True
    ) -> Outcome:
        """What the transaction would do on the newest block of that commitment. Nothing is kept."""
        if check_age:
            refusal = self._refusal(transaction, commitment)
            if refusal is not None:
                return not_landed(refusal)
        block = self.block(commitment)
        return execute(self.svm, transaction, self._clock(block), self.svm.clock)

    def remember(self, slots: int) -> None:
        """Keep that many final slots as they were, from now on, for `behind` to look at."""
        self._remembered_slots = slots

    def behind(self, slots: int) -> "Cluster":
        """The same chain as a node sees it that lags by so many slots. Only for reading.

        It lags by less where not that much is remembered, and only until the next slot passes.
        """
        view = copy.copy(self)
        known = [*self._past, *self._closed]
        for level, newest in (
            ("_open", self._open),
            ("_confirmed", self._confirmed),
            ("_finalized", self._finalized),
        ):
            old = [block for block in known if block.slot <= newest.slot - slots]
            setattr(view, level, old[-1] if old else known[0])
        return view

    def take_back(self, slots: int) -> tuple[Block, ...]:
        """Abandon the newest slots, as a fork does, and answer with their blocks, oldest first.

        What is confirmed stays. The open block is one of them; the next begins in a later slot, for
        a slot is never used twice, on what is then the newest block.
        """
        oldest = max(self._open.slot - slots + 1, self._confirmed.slot + 1)
        lost = [self._open]
        while self._closed and self._closed[-1].slot >= oldest:
            block = self._closed.pop()
            assert block.blockhash is not None
            del self._heights[block.blockhash]
            self._recent.pop()
            lost.append(block)
        for block in lost:
            for landed in block.landed:
                del self._standings[landed.signature]
        self.svm.take_back(lost[-1].slot)
        parent = self._closed[-1] if self._closed else self._finalized
        self._open = self._next_block(parent, self._open.unix_timestamp, self._open.slot)
        self._begin()
        return tuple(reversed(lost))

    def advance(self, unix_timestamp: int, skipped: int = 0) -> Advanced:
        """Close the open block and open the next, so many slots further than it would be.

        `unix_timestamp`: seconds; time never runs backwards.
        """
        # Only now: until here, listeners may ask what the blocks just finalized had changed.
        self._forget()
        closed = self._close()
        self._open = self._next_block(closed, unix_timestamp, Slot(closed.slot + skipped))
        confirmed = self._rise(self._confirmed.slot, self._pace.confirmed_lag)
        finalized = self._rise(self._finalized.slot, self._pace.finalized_lag)
        self._confirm(confirmed)
        for block in finalized:
            self._finalized = block
            self._past.append(self._closed.popleft())
        self._begin()
        return Advanced(closed, confirmed, finalized)

    def settle(self) -> None:
        """Close the open block and confirm everything, so that stopping now loses nothing."""
        closed = self._close()
        self._confirm(tuple(block for block in self._closed if block.slot > self._confirmed.slot))
        self._open = self._next_block(closed, closed.unix_timestamp)
        self._begin()

    def _close(self) -> Block:
        block = self._open
        block.blockhash = self._blockhash(block)
        self._heights[block.blockhash] = block.height
        self._recent.append((block.slot, block.blockhash))
        self._closed.append(block)
        expired = [
            h for h, height in self._heights.items() if height < block.height - STATUS_BLOCKS
        ]
        for blockhash in expired:
            del self._heights[blockhash]
        return block

    def _forget(self) -> None:
        oldest = Slot(self._finalized.slot - self._remembered_slots)
        while len(self._past) > 1 and self._past[1].slot <= oldest:
            self._past.popleft()
        self.svm.accounts.forget_versions_until(self._past[0].slot)

    def _confirm(self, blocks: tuple[Block, ...]) -> None:
        if not blocks:
            return
        self._history.write([(block, self._kept(block)) for block in blocks])
        self._confirmed = blocks[-1]

    def _kept(self, block: Block) -> Mapping[Pubkey, Account | None]:
        """What the block changed, but for the clock: a restart has another."""
        touched = self.svm.accounts.touched_in(block.slot)
        touched.pop(CLOCK_SYSVAR, None)
        return touched

    def _rise(self, reached: Slot, lag: int) -> tuple[Block, ...]:
        old_enough = self._open.slot - lag
        return tuple(block for block in self._closed if reached < block.slot <= old_enough)

    def _next_block(self, parent: Block, unix_timestamp: int, after: Slot | None = None) -> Block:
        slot = max((parent.slot if after is None else after) + 1, FIRST_SLOT)
        skip_every = self._pace.skip_every
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

    def _begin(self) -> None:
        # Statuses older than the window are the ledger's to remember.
        oldest = self._recent[0][0]
        stale = []
        for signature, standing in self._standings.items():
            if standing.slot >= oldest:
                break
            stale.append(signature)
        for signature in stale:
            del self._standings[signature]
        recent = [(slot, bytes(blockhash)) for slot, blockhash in reversed(self._recent)]
        self.svm.begin_slot(self._clock(self._open), recent[:SLOT_HASHES_MAX])

    def _blockhash(self, block: Block) -> Hash:
        # A start counts, so that a block lost in a crash and its successor never share a hash.
        digest = hashlib.sha256(bytes(block.parent_blockhash))
        digest.update(block.slot.to_bytes(8, "little") + self._starts.to_bytes(8, "little"))
        for landed in block.landed:
            digest.update(bytes(landed.signature))
        return Hash(digest.digest())

    def _refusal(self, transaction: SignedMessage, commitment: Commitment) -> str | None:
        if not self.blockhash_is_valid(transaction.blockhash, commitment):
            return "BlockhashNotFound"
        standing = self.standing(transaction.signature, search_history=True)
        if standing is not None and standing.slot <= self.block(commitment).slot:
            return "AlreadyProcessed"
        return None

    def _land(self, transaction: SignedMessage, outcome: Outcome) -> Landed:
        block = self._open
        assert outcome.accounts is not None
        landed = Landed(
            signature=transaction.signature,
            slot=block.slot,
            position=len(block.landed),
            unix_timestamp=block.unix_timestamp,
            wire=transaction.wire,
            error=outcome.error,
            fee=outcome.fee,
            payer=transaction.payer,
            addresses=outcome.accounts.keys,
            meta=transaction_meta(outcome, self.svm.account),
        )
        self.svm.apply(block.slot, outcome.changes)
        block.landed.append(landed)
        self._standings[landed.signature] = Standing(block.slot, outcome.error)
        return landed

    def _clock(self, block: Block) -> ChainClock:
        return ChainClock(block.slot, block.slot // SLOTS_PER_EPOCH, block.unix_timestamp)

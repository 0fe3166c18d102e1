"""The cluster: slots and heights, the blockhash window, what landed, and how sure it is of that.

It has no clock and starts nothing: `advance` closes the open block and opens the next, and whoever
calls it says what time it is. A transaction executes on arrival, in the open block (processed); a
closed block becomes confirmed and then finalized by the distance of slots. A block is written to
the ledger before it is called confirmed, so what was confirmed outlives the process. Everything
younger than the finalized block is kept in a shape that can be taken back: account versions by
slot, and blocks with their transactions.
"""

import copy
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Protocol

from solders.hash import Hash

from landfall.core.values import (
    Account,
    BlockHeight,
    Commitment,
    Pubkey,
    Signature,
    Slot,
)
from landfall.localnet.blocks import (
    BLOCKHASH_AGE_MAX,
    STATUS_BLOCKS,
    Blockhashes,
    Pace,
    blockhash_of,
    clock_of,
    next_block,
    resumed,
)
from landfall.localnet.execution import Outcome, not_landed
from landfall.localnet.meta import transaction_meta
from landfall.localnet.records import Advanced, Block, ClosedBlock, Landed, Standing
from landfall.localnet.running import execute
from landfall.localnet.standings import SignatureHistory, Standings
from landfall.localnet.svm import CLOCK_SYSVAR, Svm
from landfall.localnet.transactions import SignedMessage

SLOT_HASHES_MAX = 512


class History(SignatureHistory, Protocol):
    """What the cluster needs of the ledger."""

    def write(self, blocks: list[tuple[Block, Mapping[Pubkey, Account | None]]]) -> None: ...


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
        self._blockhashes = Blockhashes(recent)
        self._recent = deque(((block.slot, block.blockhash) for block in recent), STATUS_BLOCKS)
        self._standings = Standings(history, standings)
        self._finalized = resumed(recent[-1])
        self._confirmed = self._finalized
        self._closed: deque[Block] = deque()
        self._past: deque[Block] = deque([self._finalized])
        self._remembered_slots = 0
        self._open = next_block(self._finalized, unix_timestamp, pace.skip_every)
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
        return self._blockhashes.is_valid(blockhash, self.block(commitment).height)

    def standing(self, signature: Signature, search_history: bool) -> Standing | None:
        """Where a signature stands.

        Without `search_history` only the newest 300 blocks are known.
        """
        found = self._standings.find(signature, search_history)
        # A node that lags has not heard of it yet.
        return found if found is None or found.slot <= self._open.slot else None

    def submit(self, transaction: SignedMessage) -> tuple[Outcome, Landed | None]:
        """Execute in the open block.

        Its signatures are the caller's to check. None: it left no trace.
        """
        refusal = self._refusal(transaction, Commitment.PROCESSED)
        if refusal is not None:
            return not_landed(refusal), None
        outcome = execute(self.svm, transaction, clock_of(self._open), clock_of(self._open))
        return outcome, self._land(transaction, outcome) if outcome.lands else None

    def rehearse(self, transactions: Sequence[SignedMessage]) -> list[Outcome]:
        """What they would do one after the other in the open block, up to the first that fails.

        Nothing is kept. Their signatures are the caller's to check.
        """
        slot, clock = self._open.slot, clock_of(self._open)
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
        return execute(self.svm, transaction, clock_of(block), self.svm.clock)

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
            self._blockhashes.remove(block.blockhash)
            self._recent.pop()
            lost.append(block)
        for block in lost:
            self._standings.remove(block.landed)
        self.svm.take_back(lost[-1].slot)
        parent = self._closed[-1] if self._closed else self._finalized
        self._open = self._next(parent, self._open.unix_timestamp, self._open.slot)
        self._begin()
        return tuple(reversed(lost))

    def advance(self, unix_timestamp: int, skipped: int = 0) -> Advanced:
        """Close the open block and open the next, so many slots further than it would be.

        `unix_timestamp`: seconds; time never runs backwards.
        """
        # Only now: until here, listeners may ask what the blocks just finalized had changed.
        self._forget()
        closed = self._close()
        self._open = self._next(closed, unix_timestamp, Slot(closed.slot + skipped))
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
        self._open = self._next(closed, closed.unix_timestamp)
        self._begin()

    def _close(self) -> Block:
        block = self._open
        block.blockhash = blockhash_of(block, self._starts)
        self._blockhashes.add(block.blockhash, block.height)
        self._recent.append((block.slot, block.blockhash))
        self._closed.append(block)
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
        return tuple(b for b in self._closed if reached < b.slot <= self._open.slot - lag)

    def _next(self, parent: Block, unix_timestamp: int, after: Slot | None = None) -> Block:
        return next_block(parent, unix_timestamp, self._pace.skip_every, after)

    def _begin(self) -> None:
        self._standings.forget_before(self._recent[0][0])
        recent = [(slot, bytes(blockhash)) for slot, blockhash in reversed(self._recent)]
        self.svm.begin_slot(clock_of(self._open), recent[:SLOT_HASHES_MAX])

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
        self._standings.add(landed)
        return landed

"""The judge: the invariants, checked on the ledger, the tables and the clients' journal.

What the engine believes is compared with what the ledger holds, never the other way round. An order
is known on the ledger by its amount, which no other order has. The numbers are those of
`docs/simulation.md`. Not judged here, because nothing of it is simulated: I9 (spending limits), I10
(key material) and I13 (memory, descriptors, sockets).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from solders.transaction import VersionedTransaction

from landfall.core.errors import FailureReason
from landfall.core.events import (
    OrderAccepted,
    Recorded,
    RouteSelected,
    RoutingStarted,
    TransactionConfirmed,
    TransactionExpired,
    TransactionFinalized,
    TransactionReverted,
    TransactionSigned,
)
from landfall.core.execution import Attempt, Execution, SignedTransaction, Status
from landfall.core.lifecycle.evolve import evolve, fold
from landfall.core.order import Order
from landfall.core.quote import max_in_amount, min_out_amount
from landfall.core.values import SwapMode
from landfall.store.log_rows import facts
from landfall.store.projection import columns
from tests.simulation.bank import WALLET, genesis, holdings
from tests.simulation.clients import Wish
from tests.simulation.engine import ATTEMPTS_MAX, QUOTE_AGE_SLOTS_MAX
from tests.simulation.history import History
from tests.simulation.ledger import FINALIZED_AFTER, VALID_FOR_BLOCKS, Landed
from tests.simulation.tables import SHOWN
from tests.simulation.weather import DATABASE, PROCESSES

_ENDS = frozenset({Status.CONFIRMED, Status.FAILED, Status.CANCELLED, Status.EXPIRED})


@dataclass(frozen=True, slots=True)
class Story:
    """One order as the tables tell it, and what the ledger holds of it."""

    order: Order
    log: tuple[Recorded, ...]
    execution: Execution
    filled: tuple[Landed, ...]
    failed: tuple[Landed, ...]

    @property
    def name(self) -> str:
        return f"order of {self.order.amount}"


def judge(history: History) -> list[str]:
    """Every violation, each a line that begins with its invariant's number."""
    found = [*history.failures, *history.watch.violations]
    stories = []
    for order_id in history.database.tables.orders:
        try:
            stories.append(_story(history, order_id))
        except Exception as error:  # noqa: BLE001 - a log that cannot be read is a verdict
            found.append(f"I4: the log of {order_id} does not fold: {error!r}")
    for story in stories:
        found += [f"{line} ({story.name})" for line in _of_one(history, story)]
    found += _of_all(history, stories)
    return found


def stories_of(history: History) -> list[Story]:
    """What became of every order, for those who describe a history."""
    return [_story(history, order_id) for order_id in history.database.tables.orders]


def _story(history: History, order_id: UUID) -> Story:
    log = tuple(facts(history.database.tables.events[order_id]))  # type: ignore[arg-type]
    first = log[0].event
    assert isinstance(first, OrderAccepted)
    order = first.order
    landed = [each for each in _landed(history) if _is_of(order, each)]
    return Story(
        order=order,
        log=log,
        execution=fold(log),
        filled=tuple(each for each in landed if each.error is None),
        failed=tuple(each for each in landed if each.error is not None),
    )


def _landed(history: History) -> Iterator[Landed]:
    return iter(history.ledger.by_signature.values())


def _is_of(order: Order, landed: Landed) -> bool:
    found = landed.asked
    return found is not None and (found.mode, found.amount) == (order.swap_mode, order.amount)


def _of_one(history: History, story: Story) -> Iterator[str]:
    yield from _moved_once(story)
    yield from _ended(history, story)
    yield from _as_the_ledger_says(history, story)
    yield from _log_is_whole(history, story)
    yield from _within_bounds(story)
    yield from _one_signer(history, story)


def _moved_once(story: Story) -> Iterator[str]:
    if len(story.filled) > 1:
        yield f"I1: {len(story.filled)} fills on the ledger"


def _ended(history: History, story: Story) -> Iterator[str]:
    if story.execution.status not in _ENDS:
        yield f"I2: still {story.execution.status.value}"
    if story.order.order_id in history.database.tables.jobs:
        yield "I2: still something to do"
    if story.execution.status is Status.CONFIRMED and story.execution.finalized_slot is None:
        yield "I2: its finality was never noted"


def _as_the_ledger_says(history: History, story: Story) -> Iterator[str]:
    confirmed = story.execution.status is Status.CONFIRMED
    if confirmed != bool(story.filled):
        yield f"I3: {story.execution.status.value}, with {len(story.filled)} fills on the ledger"
    elif confirmed:
        yield from _fill_is_true(history, story)
    reverted = {
        attempt.transaction.signature
        for attempt in story.execution.attempts
        if attempt.transaction and attempt.failure and attempt.cost.fee_lamports
    }
    if reverted != {each.transaction.signature for each in story.failed}:
        yield "I3: the failures on the ledger are not those on record"
    by_signature = history.ledger.by_signature
    signed: dict[int, TransactionSigned] = {}
    for recorded in story.log:
        match recorded.event:
            case TransactionSigned() as event:
                signed[event.attempt] = event
            case TransactionExpired(attempt=number):
                if str(signed[number].transaction.signature) in by_signature:
                    yield f"I3: attempt {number} is said to have expired, and landed"


def _fill_is_true(history: History, story: Story) -> Iterator[str]:
    fill, landed = story.execution.fill, story.filled[0]
    assert fill is not None
    before, after = (holdings(bank, WALLET.pubkey()) for bank in (landed.before, landed.after))
    mints = story.order.token_in.mint, story.order.token_out.mint
    moved = before[mints[0]] - after[mints[0]], after[mints[1]] - before[mints[1]]
    if (fill.in_amount, fill.out_amount) != moved:
        yield f"I3: the fill says {fill.in_amount}, {fill.out_amount}, the ledger {moved}"
    if (fill.slot, fill.fee_lamports) != (landed.slot, landed.fee):
        yield "I3: the fill's slot or fee is not the ledger's"


def _log_is_whole(history: History, story: Story) -> Iterator[str]:
    versions = [recorded.version for recorded in story.log]
    if versions != list(range(len(versions))) or not story.log[-1].ends_commit:
        yield f"I4: versions {versions}"
    times = [recorded.recorded_at_ms for recorded in story.log]
    if times != sorted(times):
        yield "I4: time runs backwards in the log"
    row = history.database.tables.executions[story.order.order_id]
    if tuple(row[name] for name in SHOWN) != columns(story.execution):
        yield "I4: the row is not what the log folds to"
    execution: Execution | None = None
    for recorded in story.log:
        ended = execution is not None and execution.status in _ENDS
        if ended and not isinstance(recorded.event, TransactionFinalized):
            yield f"I5: {type(recorded.event).__name__} after the end"
        execution = evolve(execution, recorded)


def _within_bounds(story: Story) -> Iterator[str]:
    counted = 0
    for recorded in story.log:
        match recorded.event:
            case TransactionSigned(attempt=number, transaction=transaction):
                counted += 1
                route = story.execution.attempts[number - 1].route
                assert route is not None
                if transaction.min_context_slot - route.context_slot > QUOTE_AGE_SLOTS_MAX:
                    yield f"I11: attempt {number} was signed on an old quote"
    counted += sum(_counts_unsigned(attempt) for attempt in story.execution.attempts)
    if counted > ATTEMPTS_MAX:
        yield f"I11: {counted} attempts, {ATTEMPTS_MAX} are allowed"
    for landed in (*story.filled, *story.failed):
        yield from _bound_is_the_orders(story, landed)


def _counts_unsigned(attempt: Attempt) -> bool:
    """Whether an attempt that came to nothing before it was signed counts as one."""
    failure = attempt.failure
    return (
        attempt.transaction is None
        and failure is not None
        and failure.reason is not FailureReason.STALE_QUOTE
    )


def _bound_is_the_orders(story: Story, landed: Landed) -> Iterator[str]:
    """The bound in the landed bytes, against the quote on record and the order's own slippage."""
    route = next(
        (
            attempt.route
            for attempt in story.execution.attempts
            if attempt.transaction and attempt.transaction.signature == landed.transaction.signature
        ),
        None,
    )
    if route is None or landed.asked is None:
        return
    slippage = story.order.slippage_bps
    # Several legs round each for itself, always in the trader's favour.
    legs = len(route.legs)
    if story.order.swap_mode is SwapMode.EXACT_IN:
        if landed.asked.bound < min_out_amount(route.out_amount, slippage):
            yield "I11: the bytes accept less than the order allows"
    elif landed.asked.bound > max_in_amount(route.in_amount, slippage) + legs - 1:
        yield "I11: the bytes pay more than the order allows"


def _one_signer(history: History, story: Story) -> Iterator[str]:
    order_id = story.order.order_id
    tables = history.database.tables
    fences = [commit.fence for commit in tables.commits if commit.order_id == order_id]
    if fences != sorted(fences):
        yield f"I12: facts under fences {fences}"
    taken = [claim for claim in tables.claims if claim.order_id == order_id]
    for commit in tables.commits:
        if commit.order_id != order_id:
            continue
        newest = max((c.fence for c in taken if c.at_ms < commit.at_ms), default=0)
        if newest > commit.fence:
            yield f"I12: a fact under fence {commit.fence} when {newest} had the order"
    if not (history.weather.has(DATABASE) or history.weather.has(PROCESSES)):
        for claim in taken:
            if claim.lapsed_from is not None:
                yield f"I12: {claim.lapsed_from} lost its lease though nothing was wrong with it"
    yield from _looks_alive(history, story)
    live: int | None = None
    for recorded in story.log:
        match recorded.event:
            case RoutingStarted() | RouteSelected() if live is not None:
                yield f"I12: attempt {live} was in flight when another began"
            case TransactionSigned(attempt=number):
                live = number
            case TransactionConfirmed() | TransactionReverted() | TransactionExpired():
                live = None


def _looks_alive(history: History, story: Story) -> Iterator[str]:
    """Whether an honest provider could have called bytes dead that would still have been taken."""
    ledger = history.ledger
    for attempt in story.execution.attempts:
        sent = None if attempt.transaction is None else attempt.transaction
        born = None if sent is None else ledger.height_of_hash(_blockhash(sent))
        if sent is None or born is None:
            continue
        looks_dead = (
            block.slot
            for block in ledger.blocks
            if block.height > sent.last_valid_block_height
            and block.slot > sent.min_context_slot + VALID_FOR_BLOCKS
        )
        final = next(looks_dead, None)
        if final is None or ledger.slot < final + FINALIZED_AFTER:
            continue
        if ledger.block_at(final + FINALIZED_AFTER).height < born + VALID_FOR_BLOCKS:
            yield f"I12: attempt {attempt.number} was signed to look dead before it is"


def _blockhash(transaction: SignedTransaction) -> bytes:
    return bytes(VersionedTransaction.from_bytes(transaction.raw).message.recent_blockhash)


def _of_all(history: History, stories: Iterable[Story]) -> Iterator[str]:
    stories = list(stories)
    for wish in history.wishes:
        yield from _kept_the_promise(history, wish, stories)
    wanted = {wish.amount for wish in history.wishes}
    for landed in _landed(history):
        if landed.asked is None or landed.asked.amount not in wanted:
            yield f"I8: {landed.transaction.signature} is nobody's order"
        if str(landed.transaction.signature) not in history.database.tables.signatures:
            yield f"I6: {landed.transaction.signature} landed and is not on record"
    yield from _nothing_else_moved(history, stories)


def _kept_the_promise(history: History, wish: Wish, stories: Iterable[Story]) -> Iterator[str]:
    orders = history.database.tables.orders
    if any(order_id not in orders for order_id in wish.told):
        yield f"I7: wish {wish.number} was told of an order that does not exist"
    if not wish.done:
        yield f"I2: wish {wish.number} never got an answer"
    if wish.rejected is not None:
        yield f"I7: wish {wish.number} was rejected: {wish.rejected}"
    made = [story for story in stories if story.order.amount == wish.amount]
    if len(made) > 1:
        yield f"I1: wish {wish.number} became {len(made)} orders"
    if sum(len(story.filled) for story in made) > 1:
        yield f"I1: wish {wish.number} was filled twice"


def _nothing_else_moved(history: History, stories: Iterable[Story]) -> Iterator[str]:
    """What the wallet has in the end is what it had, less what the record says it spent."""
    expected = dict(holdings(genesis(), WALLET.pubkey()))
    lamports = genesis()[WALLET.pubkey()].lamports
    for story in stories:
        for attempt in story.execution.attempts:
            lamports -= attempt.cost.fee_lamports
        fill = story.execution.fill
        if fill is not None:
            expected[story.order.token_in.mint] -= fill.in_amount
            expected[story.order.token_out.mint] += fill.out_amount
    bank = history.ledger.blocks[-1].bank
    if holdings(bank, WALLET.pubkey()) != expected:
        yield "I8: the wallet's tokens are not what the record adds up to"
    if bank[WALLET.pubkey()].lamports != lamports:
        yield "I8: the wallet's lamports are not what the record adds up to"

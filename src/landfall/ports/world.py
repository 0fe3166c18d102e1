"""Everything an order's story may touch, and within which limits."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from landfall.core.lifecycle.retry import RetryLimits
from landfall.core.values import Commitment, Lamports
from landfall.ports.chain import ChainClient, Fees, Forms, Sender, Tokens, Witness
from landfall.ports.clock import Clock
from landfall.ports.event_log import EventLog
from landfall.ports.pools import Pools, Prices
from landfall.ports.wallet import Signer


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long, how often, how much. Units are in the names; slots are slots, never seconds.

    What is known of an order is on record after `told_after_ms` at the latest, though nothing of it
    has been sent. Above `agreement_above_lamports` two providers must agree on what became of an
    order. A landed failure counts, so that another transaction may be signed, at
    `failure_counts_at`.
    """

    retry: RetryLimits
    quote_age_slots_max: int
    status_poll_ms: int
    rebroadcast_ms: int
    finality_poll_ms: int
    told_after_ms: int
    agreement_above_lamports: Lamports
    failure_counts_at: Commitment


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything an order's story may touch.

    `new_order_id` gives UUIDs in the order of their making.
    """

    chain: ChainClient
    witnesses: tuple[Witness, ...]
    pools: Pools
    sender: Sender
    signer: Signer
    tokens: Tokens
    fees: Fees
    forms: Forms
    prices: Prices
    log: EventLog
    clock: Clock
    new_order_id: Callable[[], UUID]
    limits: Limits

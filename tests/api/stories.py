"""Logs of orders as they could have been, for tests that need a story rather than an engine."""

from dataclasses import replace
from uuid import UUID

from solders.pubkey import Pubkey
from solders.signature import Signature

from landfall.core.errors import FailureReason
from landfall.core.events import (
    AttemptFailed,
    Event,
    OrderAccepted,
    OrderFailed,
    Recorded,
    RetryScheduled,
    RouteSelected,
    RoutingStarted,
    TransactionConfirmed,
    TransactionExpired,
    TransactionFinalized,
    TransactionReverted,
    TransactionSigned,
)
from landfall.core.execution import Fill, SignedTransaction
from landfall.core.order import Order, OrderType, SwapMode
from landfall.core.quote import Leg, Quote, Refused, Route, SwapRequest
from landfall.core.token import Token
from landfall.core.values import BaseUnits, BasisPoints, BlockHeight, Lamports, Slot

SOL = Token(
    mint=Pubkey.from_string("So11111111111111111111111111111111111111112"), decimals=9, symbol="SOL"
)
USDC = Token(
    mint=Pubkey.from_string("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"),
    decimals=6,
    symbol="USDC",
)
SIGNATURE = Signature(bytes(range(64)))
STARTED_MS = 1_700_000_000_000


def order(order_id: UUID, amount: int = 1_500_000_000) -> Order:
    return Order(
        order_id=order_id,
        account="local",
        order_type=OrderType.MARKET,
        token_in=SOL,
        token_out=USDC,
        swap_mode=SwapMode.EXACT_IN,
        amount=BaseUnits(amount),
        slippage_bps=BasisPoints(100),
        created_at_ms=STARTED_MS,
        user_id="null",
    )


def quote(pool: int, out_amount: int) -> Quote:
    return Quote(
        venue="raydium_cpmm",
        dex="raydium",
        pool=Pubkey(bytes([pool] * 32)),
        request=SwapRequest(
            in_mint=SOL.mint,
            out_mint=USDC.mint,
            mode=SwapMode.EXACT_IN,
            amount=BaseUnits(1_500_000_000),
        ),
        in_amount=BaseUnits(1_500_000_000),
        out_amount=BaseUnits(out_amount),
        fee_amount=BaseUnits(3_750_000),
        fee_mint=SOL.mint,
        price_impact_bps=BasisPoints(12),
        context_slot=Slot(77),
    )


BEST = quote(1, 225_000_001)
WORSE = quote(2, 224_000_000)
CLOSED = Refused(
    venue="meteora_dlmm",
    dex="meteora",
    pool=Pubkey(bytes([3] * 32)),
    error="PairDisabled",
    sentence="The pair is disabled.",
)
ROUTE = Route(
    legs=(Leg(quote=BEST, threshold=BaseUnits(222_750_001)),),
    in_amount=BEST.in_amount,
    out_amount=BEST.out_amount,
    context_slot=Slot(77),
)
SIGNED = SignedTransaction(
    signature=SIGNATURE,
    raw=b"\x00\xff signed",
    blockhash="11111111111111111111111111111111",
    last_valid_block_height=BlockHeight(227),
    min_context_slot=Slot(77),
)
FILL = Fill(
    slot=Slot(80),
    in_amount=BaseUnits(1_500_000_000),
    out_amount=BaseUnits(225_000_001),
    fee_lamports=Lamports(5_000),
)


def attempt_to_submitted(number: int) -> list[list[Event]]:
    return [
        [
            RoutingStarted(
                attempt=number, quotes=(BEST, WORSE), refused=(CLOSED,), context_slot=Slot(77)
            )
        ],
        [RouteSelected(attempt=number, route=ROUTE, reason="most out")],
        [TransactionSigned(attempt=number, transaction=SIGNED)],
    ]


def confirmed(order_id: UUID) -> list[list[Event]]:
    """Accepted, routed, built, submitted, confirmed, and later final."""
    return [
        [OrderAccepted(order=order(order_id))],
        *attempt_to_submitted(1),
        [TransactionConfirmed(attempt=1, fill=FILL)],
        [TransactionFinalized(slot=Slot(112))],
    ]


def reverted_then_failed(order_id: UUID) -> list[list[Event]]:
    """Reverted once, expired once, and given up while routing: every way an attempt can end."""
    reverted = TransactionReverted(
        attempt=1,
        slot=Slot(80),
        fee_lamports=Lamports(5_000),
        reason=FailureReason.SLIPPAGE_EXCEEDED,
        detail="the price moved",
        error="ExceededSlippage",
        logs=("Program log: too little",),
    )
    expired = TransactionExpired(
        attempt=2,
        finalized_slot=Slot(300),
        finalized_height=BlockHeight(228),
        context_slot=Slot(301),
    )
    second = attempt_to_submitted(2)
    signed_again = TransactionSigned(
        attempt=2, transaction=replace(SIGNED, signature=Signature(bytes(range(1, 65))))
    )
    return [
        [OrderAccepted(order=order(order_id))],
        *attempt_to_submitted(1),
        [reverted, RetryScheduled(next_attempt=2, delay_ms=1000)],
        *second[:2],
        [signed_again],
        [expired, RetryScheduled(next_attempt=3, delay_ms=2000)],
        attempt_to_submitted(3)[0],
        [
            AttemptFailed(attempt=3, reason=FailureReason.NO_ROUTE, detail="no pool trades it"),
            OrderFailed(reason=FailureReason.NO_ROUTE, detail="no pool trades it"),
        ],
    ]


def recorded(order_id: UUID, story: list[list[Event]], first: int = 0) -> tuple[Recorded, ...]:
    """A story as its log: the inner lists are commits, and events are 10 ms apart."""
    log: list[Recorded] = []
    for commit in story:
        for event in commit:
            version = first + len(log)
            log.append(
                Recorded(
                    order_id=order_id,
                    version=version,
                    recorded_at_ms=STARTED_MS + 10 * version,
                    event=event,
                    ends_commit=event is commit[-1],
                )
            )
    return tuple(log)

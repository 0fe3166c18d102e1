"""Orders and the facts of their lives, for tests of what keeps them."""

import time
from collections.abc import Sequence
from uuid import UUID, uuid4

from landfall.core.errors import FailureReason
from landfall.core.events import (
    AttemptFailed,
    Event,
    OrderFailed,
    RouteSelected,
    RoutingStarted,
    TransactionConfirmed,
    TransactionFinalized,
    TransactionSigned,
)
from landfall.core.execution import Fill, SignedTransaction
from landfall.core.order import Order, OrderType, SwapMode
from landfall.core.quote import Leg, Quote, Refused, Route, SwapRequest
from landfall.core.token import Token
from landfall.core.values import (
    U64_MAX,
    BaseUnits,
    BasisPoints,
    BlockHeight,
    Lamports,
    Pubkey,
    Signature,
    Slot,
)

SOL = Token(
    mint=Pubkey.from_string("So11111111111111111111111111111111111111112"),
    decimals=9,
    symbol="SOL",
)
USDC = Token(
    mint=Pubkey.from_string("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"),
    decimals=6,
    symbol="USDC",
)
POOL = Pubkey.from_string("HJPjoWUrhoowzkNikHvSTB5X5oCNnKWsgqGNKqFNGg8c")


def new_order(**changes: object) -> Order:
    """An order to sell SOL, with the given fields instead of the usual ones."""
    fields: dict[str, object] = {
        "order_id": uuid4(),
        "account": "local",
        "order_type": OrderType.MARKET,
        "token_in": SOL,
        "token_out": USDC,
        "swap_mode": SwapMode.EXACT_IN,
        "amount": BaseUnits(1_500_000_000),
        "slippage_bps": BasisPoints(50),
        "created_at_ms": time.time_ns() // 1_000_000,
    }
    return Order(**{**fields, **changes})  # type: ignore[arg-type]


def quote() -> Quote:
    return Quote(
        venue="raydium_cpmm",
        dex="raydium",
        pool=POOL,
        request=SwapRequest(
            in_mint=SOL.mint,
            out_mint=USDC.mint,
            mode=SwapMode.EXACT_IN,
            amount=BaseUnits(1_500_000_000),
        ),
        in_amount=BaseUnits(1_500_000_000),
        out_amount=BaseUnits(U64_MAX),
        fee_amount=BaseUnits(3_750_000),
        fee_mint=SOL.mint,
        price_impact_bps=BasisPoints(2),
        context_slot=Slot(1_000),
    )


def route() -> Route:
    return Route(
        legs=(Leg(quote=quote(), threshold=BaseUnits(1_000)),),
        in_amount=BaseUnits(1_500_000_000),
        out_amount=BaseUnits(2_000),
        context_slot=Slot(1_000),
    )


def signed(attempt: int = 1, signature: Signature | None = None) -> TransactionSigned:
    return TransactionSigned(
        attempt=attempt,
        transaction=SignedTransaction(
            signature=signature or Signature(uuid4().bytes * 4),
            raw=bytes(range(256)) * 3,
            blockhash="EkSnNWid2cvwEVnVx9aBqawnmiCNiDgp3gUdkDPTKN1N",
            last_valid_block_height=BlockHeight(1_150),
            min_context_slot=Slot(1_000),
        ),
    )


def routing_started(attempt: int = 1) -> RoutingStarted:
    refused = Refused(
        venue="meteora_dlmm",
        dex="meteora",
        pool=POOL,
        error="PoolDisabled",
        sentence="The pool is closed \u0000 for now.",
    )
    return RoutingStarted(
        attempt=attempt, quotes=(quote(),), refused=(refused,), context_slot=Slot(1_000)
    )


def confirmed(attempt: int = 1) -> TransactionConfirmed:
    fill = Fill(
        slot=Slot(U64_MAX),
        in_amount=BaseUnits(1_500_000_000),
        out_amount=BaseUnits(U64_MAX - 1),
        fee_lamports=Lamports(5_000),
    )
    return TransactionConfirmed(attempt=attempt, fill=fill)


def to_confirmed() -> Sequence[Sequence[Event]]:
    """The commits of an order that is filled at the first attempt, after it was accepted."""
    return (
        (routing_started(),),
        (RouteSelected(attempt=1, route=route(), reason="the only pool"),),
        (signed(),),
        (confirmed(),),
        (TransactionFinalized(slot=Slot(1_040)),),
    )


def given_up(attempt: int = 1) -> Sequence[Event]:
    """The one commit of an attempt that fails and takes the order with it."""
    reason = FailureReason.NO_ROUTE
    return (
        AttemptFailed(attempt=attempt, reason=reason, detail="no pool", logs=("a", "b")),
        OrderFailed(reason=reason, detail="no pool"),
    )


def unknown_order() -> UUID:
    return uuid4()

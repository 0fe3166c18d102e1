"""An order, its quotes and its log, ordinary in every way; a test changes what it is about."""

from dataclasses import replace
from uuid import UUID

from solders.hash import Hash

from landfall.core.events import (
    Event,
    OrderAccepted,
    Recorded,
    RouteSelected,
    RoutingStarted,
    TransactionConfirmed,
    TransactionSigned,
)
from landfall.core.execution import Execution, Fill, SignedTransaction
from landfall.core.lifecycle.evolve import fold
from landfall.core.order import Order, OrderType
from landfall.core.quote import Leg, Quote, Route, SwapRequest
from landfall.core.token_list import KNOWN_TOKENS
from landfall.core.values import (
    BaseUnits,
    BasisPoints,
    BlockHeight,
    Lamports,
    Pubkey,
    Signature,
    Slot,
    SwapMode,
)

SOL, USDC, ETH = KNOWN_TOKENS["SOL"], KNOWN_TOKENS["USDC"], KNOWN_TOKENS["ETH"]
ORDER_ID = UUID("01890000-0000-7000-8000-000000000001")
WALLET = Pubkey(bytes([7] * 32))
STEP_MS = 10


def pubkey(number: int) -> Pubkey:
    """Some address; a higher number is a higher address."""
    return Pubkey(number.to_bytes(32, "big"))


def an_order(**changes: object) -> Order:
    """1.5 SOL for USDC at 1 %."""
    order = Order(
        order_id=ORDER_ID,
        account="local",
        order_type=OrderType.MARKET,
        token_in=SOL,
        token_out=USDC,
        swap_mode=SwapMode.EXACT_IN,
        amount=BaseUnits(1_500_000_000),
        slippage_bps=BasisPoints(100),
        created_at_ms=1_000_000,
    )
    return replace(order, **changes)


def a_quote(pool: int = 1, mode: SwapMode = SwapMode.EXACT_IN, **changes: object) -> Quote:
    """What pool number `pool` answers to `an_order()`."""
    order = an_order()
    quote = Quote(
        venue="raydium_cpmm",
        dex="raydium",
        pool=pubkey(pool),
        request=SwapRequest(
            in_mint=order.token_in.mint,
            out_mint=order.token_out.mint,
            mode=mode,
            amount=BaseUnits(1_500_000_000),
        ),
        in_amount=BaseUnits(1_500_000_000),
        out_amount=BaseUnits(225_000_000),
        fee_amount=BaseUnits(3_750_000),
        fee_mint=order.token_in.mint,
        price_impact_bps=BasisPoints(3),
        context_slot=Slot(500),
    )
    return replace(quote, **changes)


def a_route(*quotes: Quote, threshold: int = 222_750_000) -> Route:
    """One leg per quote, end to end."""
    legs = quotes or (a_quote(),)
    return Route(
        legs=tuple(Leg(quote=quote, threshold=BaseUnits(threshold)) for quote in legs),
        in_amount=legs[0].in_amount,
        out_amount=legs[-1].out_amount,
        context_slot=min(quote.context_slot for quote in legs),
    )


def a_signed_transaction(last_valid_block_height: int = 1_150) -> SignedTransaction:
    """Bytes that mean nothing, valid up to a block height."""
    return SignedTransaction(
        signature=Signature(bytes([9] * 64)),
        raw=b"signed",
        blockhash=str(Hash.default()),
        last_valid_block_height=BlockHeight(last_valid_block_height),
        min_context_slot=Slot(500),
    )


def a_fill() -> Fill:
    """`an_order()` filled a little better than its bound."""
    return Fill(
        slot=Slot(510),
        in_amount=BaseUnits(1_500_000_000),
        out_amount=BaseUnits(224_000_000),
        fee_lamports=Lamports(5_000),
    )


def attempt_to_route(attempt: int = 1) -> tuple[Event, ...]:
    """The events of an attempt up to BUILDING."""
    return (
        RoutingStarted(attempt=attempt, quotes=(a_quote(),), refused=(), context_slot=Slot(500)),
        RouteSelected(attempt=attempt, route=a_route(), reason="the only pool"),
    )


def attempt_to_signed(attempt: int = 1) -> tuple[Event, ...]:
    """The events of an attempt up to SUBMITTED."""
    return (
        *attempt_to_route(attempt),
        TransactionSigned(attempt=attempt, transaction=a_signed_transaction()),
    )


def confirmed(attempt: int = 1) -> TransactionConfirmed:
    """The end that everybody wants."""
    return TransactionConfirmed(attempt=attempt, fill=a_fill())


def a_log(*events: Event) -> list[Recorded]:
    """An accepted order's log with these events, one commit and `STEP_MS` apart each."""
    return [
        Recorded(
            order_id=ORDER_ID,
            version=version,
            recorded_at_ms=1_000_000 + version * STEP_MS,
            event=event,
            ends_commit=True,
        )
        for version, event in enumerate((OrderAccepted(order=an_order()), *events))
    ]


def an_execution(*events: Event) -> Execution:
    """What an accepted order amounts to after these events."""
    return fold(a_log(*events))

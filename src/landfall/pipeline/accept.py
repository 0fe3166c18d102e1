"""Take an order in: the client's words become an immutable Order, durable before anyone is told."""

from dataclasses import dataclass
from decimal import Decimal

from landfall.core.amount import to_base_units
from landfall.core.errors import OrderRejected, RejectionReason
from landfall.core.order import Order, OrderType
from landfall.core.token import Token
from landfall.core.values import BasisPoints, Lamports, SwapMode
from landfall.ports import Acceptance, World


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """What a client sent, with types but not yet with meaning: tokens are words.

    `amount` is a decimal of the token that `swap_mode` fixes, in that token's own unit.
    """

    token_in: str
    token_out: str
    amount: Decimal
    slippage_bps: BasisPoints
    order_type: OrderType = OrderType.MARKET
    swap_mode: SwapMode = SwapMode.EXACT_IN
    priority: int = 0
    client_order_id: str | None = None
    user_id: str | None = None
    slippage_is_automatic: bool = False
    max_price_impact_bps: BasisPoints | None = None
    max_fee_lamports: Lamports | None = None


async def accept(world: World, account: str, request: OrderRequest) -> Acceptance:
    """Make the order durable, once per account and client order id.

    Raises:
        OrderRejected: nothing was stored; the reason and the field say why.
        OutcomeUnknown: it may have been stored; asking again with the same client order id is safe.
    """
    return await world.log.accept(await to_order(world, account, request))


async def to_order(world: World, account: str, request: OrderRequest) -> Order:
    """The Order that a request means on this cluster.

    Raises:
        OrderRejected: an unknown token, or values out of bounds.
    """
    token_in = await _token(world, "tokenIn", request.token_in)
    token_out = await _token(world, "tokenOut", request.token_out)
    fixed = token_in if request.swap_mode is SwapMode.EXACT_IN else token_out
    return Order(
        order_id=world.new_order_id(),
        account=account,
        order_type=request.order_type,
        token_in=token_in,
        token_out=token_out,
        swap_mode=request.swap_mode,
        amount=to_base_units(request.amount, fixed),
        slippage_bps=request.slippage_bps,
        created_at_ms=world.clock.now_ms(),
        priority=request.priority,
        client_order_id=request.client_order_id,
        user_id=request.user_id,
        slippage_is_automatic=request.slippage_is_automatic,
        max_price_impact_bps=request.max_price_impact_bps,
        max_fee_lamports=request.max_fee_lamports,
    )


async def _token(world: World, field: str, text: str) -> Token:
    token = await world.tokens.resolve(text)
    if token is None:
        raise OrderRejected(
            RejectionReason.UNKNOWN_TOKEN,
            field,
            f"{field} {text!r} is neither a known symbol nor the address of a mint here.",
        )
    return token

"""Meteora DAMM v1: what a swap moves, integer for integer.

The trade fee is taken from the input and stays in the pool but for the protocol's share of it. The
rest is deposited into the input token's vault; the curve is given what the pool's reserve really
grew by, which the vault's roundings may make less. What the curve gives is withdrawn from the other
vault, once more rounded by its shares.

Units: amounts in base units of their own mints.
Source: MeteoraAg/damm-v1-sdk, dynamic-amm-quote/src/{lib,math/*}.rs, and the compiled program where
they differ.
"""

from typing import NamedTuple

from landfall.core.anchor import INSUFFICIENT_FUNDS, SwapRefused
from landfall.core.quote import Quote, Refused, SwapRequest
from landfall.core.quoter import Quoter
from landfall.core.values import ChainClock, Pubkey, SwapMode, ceil_div
from landfall.core.venue import gives_first
from landfall.core.venues.meteora_damm_v1 import faults, layout, shares, stable
from landfall.core.venues.meteora_damm_v1.faults import checked_u64
from landfall.core.venues.meteora_damm_v1.layout import Pool
from landfall.core.venues.meteora_damm_v1.stable import StableCurve

QUOTER = Quoter(venue="meteora_damm_v1", dex="meteora", sentences=faults.SENTENCES)

EARLY_ACCESS = (9_000, 3_600)
"""How long before activation the whitelisted vault may trade: slots, or seconds."""


class Swapped(NamedTuple):
    """Everything one swap changes.

    `in_amount` leaves the trader: `protocol_fee`, a part of `fee`, to the protocol, `deposited` to
    the vault, which mints `minted` shares. The other vault burns `burned` shares and pays
    `out_amount`. `net_in` and `gross_out` are what the curve exchanged; `reserves` are those
    before, the input's first, and `leveled` is D of a stable pool's curve through them. `price` is
    a depeg pool's stake price and when it was read; None for other pools.
    """

    a_to_b: bool
    in_amount: int
    out_amount: int
    fee: int
    protocol_fee: int
    deposited: int
    minted: int
    burned: int
    net_in: int
    gross_out: int
    reserves: tuple[int, int]
    leveled: int
    price: tuple[int, int] | None

    @property
    def fee_on_input(self) -> bool:
        """The fee is of the input mint, always."""
        return True


def quote(pool: Pool, request: SwapRequest, clock: ChainClock) -> Quote | Refused:
    """What the program would do with this swap now, for a trader that is not whitelisted.

    A vault may have lent out what it would have to pay; the token program then refuses.
    """
    try:
        if request.mode is SwapMode.EXACT_OUT:
            raise SwapRefused(faults.NO_EXACT_OUT)
        swapped = execute(pool, request, clock)
        if swapped.out_amount > pool.sides[swapped.a_to_b].balance:
            raise SwapRefused(INSUFFICIENT_FUNDS)
        ratio = price_ratio(pool, swapped, swapped.reserves)
    except SwapRefused as refused:
        return QUOTER.refused(pool, refused.fault)
    return QUOTER.quote(pool, request, swapped, ratio)


def execute(
    pool: Pool, request: SwapRequest, clock: ChainClock, payer: Pubkey | None = None
) -> Swapped:
    """The program's swap but for the trader's bound, with its checks in its own order.

    Args:
        payer: who signs; only a whitelisted vault is treated differently.

    Raises:
        SwapRefused: the pool or a vault would refuse, by the name it gives.
    """
    a_to_b = gives_first(pool, request)
    check_open(pool, clock, payer)
    now = checked_u64(clock.unix_timestamp)
    price = None
    if pool.curve is not None and pool.curve.depeg != stable.DEPEG_NONE:
        price = pool.curve.price_at(now)
    stake_in, stake_out = pool.stakes if a_to_b else pool.stakes[::-1]
    unlocked_in, unlocked_out = stake_in.unlocked(now), stake_out.unlocked(now)
    reserves = (stake_in.reserve(unlocked_in), stake_out.reserve(unlocked_out))
    amount = request.amount
    if amount == 0:
        return Swapped(a_to_b, 0, 0, 0, 0, 0, 0, 0, 0, 0, reserves, 0, price)
    trade_fee = _fee(amount, pool.trade_fee)
    protocol_fee = _fee(trade_fee, pool.protocol_fee)
    deposited = checked_u64(amount - protocol_fee)
    deposit = shares.deposit(stake_in, unlocked_in, deposited)
    net_in = checked_u64(deposit.reserve - reserves[0] - (trade_fee - protocol_fee))
    if pool.curve is None:
        gross_out, leveled = _constant_product(reserves, net_in), 0
    else:
        scales = _scales(pool.curve, a_to_b, price)
        amplification = pool.curve.amplification
        gross_out, leveled = stable.exchange(amplification, reserves, scales, net_in)
    burned = shares.shares_for(gross_out, unlocked_out, stake_out.supply)
    out_amount = shares.worth(burned, unlocked_out, stake_out.supply)
    return Swapped(
        a_to_b,
        amount,
        out_amount,
        trade_fee,
        protocol_fee,
        deposited,
        deposit.minted,
        burned,
        net_in,
        gross_out,
        reserves,
        leveled,
        price,
    )


def price_ratio(pool: Pool, swapped: Swapped, reserves: tuple[int, int]) -> tuple[int, int]:
    """Two numbers in the ratio of the price, fees aside, where the reserves stand so; as of the
    same second as `swapped` and with the input's first."""
    if pool.curve is None:
        return reserves
    scales = _scales(pool.curve, swapped.a_to_b, swapped.price)
    return stable.price_ratio(pool.curve.amplification, reserves, scales, swapped.leveled)


def check_open(pool: Pool, clock: ChainClock, payer: Pubkey | None) -> None:
    """Refuse a pool that is switched off or not active yet.

    A pool may have a whitelisted vault, which trades before activation and never after.

    Raises:
        SwapRefused: the pool does not trade for this payer now.
    """
    if not pool.is_enabled:
        raise SwapRefused(faults.POOL_DISABLED)
    by_slot = pool.activation_type == layout.ACTIVATION_BY_SLOT
    point = clock.slot if by_slot else clock.unix_timestamp
    opens, closes = pool.activation_point, None
    if payer is not None and payer == pool.whitelisted_vault:
        opens, closes = max(0, opens - EARLY_ACCESS[pool.activation_type]), opens
    if point < opens or (closes is not None and point >= closes):
        raise SwapRefused(faults.POOL_DISABLED)


def _constant_product(reserves: tuple[int, int], net_in: int) -> int:
    x, y = reserves
    total = x + net_in
    # What stays of the output would round up from less than one unit: refused, not rounded.
    if total == 0 or x * y < total:
        raise SwapRefused(faults.ZERO_TRADING_TOKENS)
    out = y - ceil_div(x * y, total)
    if out == 0:
        raise SwapRefused(faults.ZERO_TRADING_TOKENS)
    return out


def _scales(curve: StableCurve, a_to_b: bool, price: tuple[int, int] | None) -> tuple[int, int]:
    """What amounts are multiplied by on the curve, the input's first."""
    scales = curve.scales(curve.price if price is None else price[0])
    return scales if a_to_b else scales[::-1]


def _fee(amount: int, fee: tuple[int, int]) -> int:
    """A share of `amount`, rounded down but never to nothing."""
    numerator, denominator = fee
    if numerator == 0 or amount == 0:
        return 0
    return max(1, amount * numerator // denominator)

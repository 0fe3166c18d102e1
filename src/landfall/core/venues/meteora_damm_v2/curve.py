"""Meteora DAMM v2: one liquidity over one price range, or constant product where fees compound.

A fee is a base fee, set by one of three schedules, plus a volatility part, together capped. It is
taken from the output, or from the input where a pool collects only token B and B is what comes in.
The volatility part is fixed by the state the last swap left; this swap's own move counts for the
next one. Every rounding is against the trader.

Units: amounts in base units; square-root prices in Q64.64; fee numerators in parts per 1e9.
Source: MeteoraAg/damm-v2 a3d3827 (0.2.1), programs/cp-amm/src/state/{pool,fee}.rs, base_fee/*.rs,
liquidity_handler/*.rs, instructions/swap/*.rs. Not modelled: the rule that a transaction may hold
one rate-limited swap of a pool, which no single swap can see.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isqrt
from types import MappingProxyType
from typing import NamedTuple

from landfall.core.anchor import PANIC, ProgramFault, SwapRefused
from landfall.core.quote import Quote, Refused, SwapRequest, price_impact_bps
from landfall.core.token import TransferFeeConfig
from landfall.core.values import (
    BPS_DENOMINATOR,
    U64_MAX,
    U128_MAX,
    BaseUnits,
    ChainClock,
    Pubkey,
    SwapMode,
    ceil_div,
)
from landfall.core.venues.meteora_damm_v2 import layout
from landfall.core.venues.meteora_damm_v2.layout import (
    DynamicFee,
    MarketCapSchedule,
    Pool,
    RateLimiter,
    TimeSchedule,
)

NAME = "meteora_damm_v2"
DEX = "meteora"

FEE_DENOMINATOR = 10**9
FEE_NUMERATOR_MAX = (500_000_000, 990_000_000)
"""The cap on the whole fee, by the pool's fee version."""
NUMERATOR_PER_BPS = FEE_DENOMINATOR // BPS_DENOMINATOR
VOLATILITY_SCALE = 10**11
ONE_Q64 = 1 << 64
EARLY_ACCESS = (9_000, 3_600)
"""How long before activation the whitelisted vault may trade: slots, or seconds."""

MATH_OVERFLOW = ProgramFault(6000, "MathOverflow", "Math operation overflow")
EXCEEDED_SLIPPAGE = ProgramFault(6002, "ExceededSlippage", "Exceeded slippage tolerance")
POOL_DISABLED = ProgramFault(6003, "PoolDisabled", "Pool disabled")
AMOUNT_IS_ZERO = ProgramFault(6006, "AmountIsZero", "Amount is zero")
TYPE_CAST_FAILED = ProgramFault(6007, "TypeCastFailed", "Type cast error")
INVALID_ACTIVATION_TYPE = ProgramFault(6010, "InvalidActivationType", "Invalid activation type")
PRICE_RANGE_VIOLATION = ProgramFault(6015, "PriceRangeViolation", "Trade is over price range")
INVALID_INPUT = ProgramFault(6018, "InvalidInput", "Invalid input")
FEE_INVERSE_INCORRECT = ProgramFault(6038, "FeeInverseIsIncorrect", "Fee inverse is incorrect")
INVALID_BASE_FEE_MODE = ProgramFault(6047, "InvalidBaseFeeMode", "Invalid base fee mode")
SINGLE_SWAP_UNPROVEN = ProgramFault(
    6049,
    "FailToValidateSingleSwapInstruction",
    "Fail to validate single swap instruction in rate limiter",
)
UNDETERMINED_ERROR = ProgramFault(6051, "UndeterminedError", "Undetermined error")
INVALID_POOL_VERSION = ProgramFault(6052, "InvalidPoolVersion", "Invalid pool version")

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        MATH_OVERFLOW.name: "The pool cannot price this amount: it is more than the pool holds.",
        POOL_DISABLED.name: "The pool has swaps switched off, or has not opened yet.",
        AMOUNT_IS_ZERO.name: "The amount is zero, or its transfer fee leaves nothing of it.",
        TYPE_CAST_FAILED.name: "The pool cannot price this amount: a number exceeds its width.",
        INVALID_ACTIVATION_TYPE.name: "The pool opens by a clock this program does not know.",
        PRICE_RANGE_VIOLATION.name: "The swap would leave the price range of the pool.",
        FEE_INVERSE_INCORRECT.name: "The token's transfer fee permits no exact delivery of this.",
        INVALID_BASE_FEE_MODE.name: "The pool's base fee is of a kind this program does not know.",
        UNDETERMINED_ERROR.name: "The pool's rate limiter cannot price this amount.",
        INVALID_POOL_VERSION.name: "The pool's fee version is one this program does not know.",
        PANIC.name: "The pool has no liquidity, or a limiter without a reference.",
    }
)


@dataclass(frozen=True, slots=True)
class Volatility:
    """The state of a dynamic fee after a swap."""

    sqrt_reference: int
    accumulator: int
    reference: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class Swapped:
    """Everything one swap changes.

    `in_amount` leaves the trader and `out_amount` reaches it; `vault_out` is what leaves the vault
    for the trader, before a transfer fee. `net_in` and `gross_out` are what the curve exchanged.
    The four fees add up to the whole; `claiming_fee` and `compounding_fee` are the liquidity
    providers'. `amounts`, `sqrt_price` and the volatility are the pool's afterwards.
    """

    a_to_b: bool
    in_amount: int
    out_amount: int
    vault_out: int
    net_in: int
    gross_out: int
    claiming_fee: int
    compounding_fee: int
    protocol_fee: int
    referral_fee: int
    fee_on_input: bool
    fee_on_a: bool
    amounts: tuple[int, int]
    sqrt_price: int
    volatility: Volatility | None

    @property
    def fee(self) -> int:
        """All that the pool keeps, in the fee's mint."""
        return self.claiming_fee + self.compounding_fee + self.protocol_fee + self.referral_fee


def quote(pool: Pool, request: SwapRequest, clock: ChainClock) -> Quote | Refused:
    """What the program would do with this swap now, for a trader that is not whitelisted."""
    try:
        swapped = execute(pool, request, clock)
    except SwapRefused as refused:
        error = refused.fault.name
        return Refused(
            venue=NAME, dex=DEX, pool=pool.address, error=error, sentence=SENTENCES[error]
        )
    a, b = _price_ratio(pool)
    x, y = (a, b) if swapped.a_to_b else (b, a)
    return Quote(
        venue=NAME,
        dex=DEX,
        pool=pool.address,
        request=request,
        in_amount=BaseUnits(swapped.in_amount),
        out_amount=BaseUnits(swapped.out_amount),
        fee_amount=BaseUnits(swapped.fee),
        fee_mint=request.in_mint if swapped.fee_on_input else request.out_mint,
        price_impact_bps=price_impact_bps(swapped.net_in, swapped.gross_out, x, y),
        context_slot=pool.context_slot,
    )


def execute(
    pool: Pool,
    request: SwapRequest,
    clock: ChainClock,
    *,
    payer: Pubkey | None = None,
    has_referral: bool = False,
    is_partial_fill: bool = False,
) -> Swapped:
    """The program's swap but for the trader's bound, with its checks in its own order.

    Args:
        payer: who signs; only a whitelisted vault is treated differently.
        has_referral: a referral account takes its share of the protocol's fee.
        is_partial_fill: with an exact input, stop at the edge of the price range instead of
            refusing, and take no more than was used.

    Raises:
        SwapRefused: the program would refuse, by the name it gives.
    """
    a_to_b = request.in_mint == pool.mints[0]
    assert request.out_mint == pool.mints[a_to_b], "the pool does not trade this pair"
    assert request.in_mint == pool.mints[not a_to_b], "the pool does not trade this pair"
    check_open(pool, clock, payer)
    amounts = _amounts_before(pool)
    if request.amount == 0:
        raise SwapRefused(AMOUNT_IS_ZERO)
    on_input = pool.collect_fee_mode != layout.COLLECT_ON_OUTPUT and not a_to_b
    trade = _exact_in if request.mode is SwapMode.EXACT_IN else _exact_out
    exchanged = trade(pool, a_to_b, request.amount, clock, on_input, is_partial_fill)
    in_amount, out_amount, vault_out, net_in, gross_out, fee, sqrt_price = exchanged
    claiming, compounding, protocol, referral = _split(pool, fee, has_referral)
    if pool.liquidity == 0:
        raise SwapRefused(MATH_OVERFLOW)
    a, b = amounts
    a, b = (a + net_in, b - gross_out) if a_to_b else (a - gross_out, b + net_in)
    b += compounding
    if min(a, b) < 0 or max(a, b) > U64_MAX:
        raise SwapRefused(MATH_OVERFLOW)
    if pool.collect_fee_mode == layout.COLLECT_COMPOUNDING:
        if a == 0:
            raise SwapRefused(MATH_OVERFLOW)
        sqrt_price = isqrt((b << 128) // a)
    return Swapped(
        a_to_b,
        in_amount,
        out_amount,
        vault_out,
        net_in,
        gross_out,
        claiming,
        compounding,
        protocol,
        referral,
        on_input,
        pool.collect_fee_mode == layout.COLLECT_ON_OUTPUT and not a_to_b,
        (a, b),
        sqrt_price,
        _volatility_after(pool.dynamic_fee, pool.sqrt_price, sqrt_price, clock.unix_timestamp),
    )


def check_open(pool: Pool, clock: ChainClock, payer: Pubkey | None) -> None:
    """Refuse a pool that is switched off or not active yet; the whitelisted vault may come early.

    Raises:
        SwapRefused: the pool does not trade for this payer now.
    """
    start = pool.activation_point
    point = _point(pool, clock)
    if payer is not None and payer == pool.whitelisted_vault:
        start = max(0, start - EARLY_ACCESS[pool.activation_type])
    if pool.status != 0 or point < start:
        raise SwapRefused(POOL_DISABLED)


def is_rate_limited(pool: Pool, a_to_b: bool, clock: ChainClock) -> bool:
    """Whether the rate limiter applies, and the instructions sysvar must be passed."""
    fee = pool.base_fee
    if not isinstance(fee, RateLimiter) or fee.is_off or a_to_b:
        return False
    return 0 <= _point(pool, clock) - pool.activation_point <= fee.duration


# --- the two modes --------------------------------------------------------------------------------


class _Exchanged(NamedTuple):
    """What either mode comes to; the amounts are those of `Swapped`, `fee` is the whole of it."""

    in_amount: int
    out_amount: int
    vault_out: int
    net_in: int
    gross_out: int
    fee: int
    sqrt_price: int


def _exact_in(
    pool: Pool, a_to_b: bool, amount: int, clock: ChainClock, on_input: bool, partial: bool
) -> _Exchanged:
    side_in, side_out = pool.sides if a_to_b else pool.sides[::-1]
    taxed = amount - side_in.transfer_fee(amount, clock.epoch)
    if taxed <= 0:
        raise SwapRefused(AMOUNT_IS_ZERO)
    numerator = _fee_numerator(pool, a_to_b, taxed, clock, is_net=False)
    fee = ceil_div(taxed * numerator, FEE_DENOMINATOR) if on_input else 0
    offered = taxed - fee
    net_in, gross_out, sqrt_price = _curve_in(pool, a_to_b, offered, partial)
    if net_in < offered:
        taxed = net_in
        if on_input:
            numerator = _fee_numerator(pool, a_to_b, net_in, clock, is_net=True)
            taxed = _before_fee(net_in, numerator)
            fee = taxed - net_in
    vault_out = gross_out
    if not on_input:
        fee = ceil_div(gross_out * numerator, FEE_DENOMINATOR)
        vault_out -= fee
    if partial:
        if taxed == 0:
            raise SwapRefused(AMOUNT_IS_ZERO)
        amount = _with_transfer_fee(side_in.transfer_fees, taxed, clock.epoch)
    received = vault_out - side_out.transfer_fee(vault_out, clock.epoch)
    return _Exchanged(amount, received, vault_out, net_in, gross_out, fee, sqrt_price)


def _exact_out(
    pool: Pool, a_to_b: bool, amount: int, clock: ChainClock, on_input: bool, _partial: bool
) -> _Exchanged:
    side_in, side_out = pool.sides if a_to_b else pool.sides[::-1]
    vault_out = _with_transfer_fee(side_out.transfer_fees, amount, clock.epoch)
    gross_out, fee = vault_out, 0
    if not on_input:
        numerator = _fee_numerator(pool, a_to_b, vault_out, clock, is_net=True)
        gross_out = _before_fee(vault_out, numerator)
        fee = gross_out - vault_out
    net_in, sqrt_price = _curve_out(pool, a_to_b, gross_out)
    taxed = net_in
    if on_input:
        numerator = _fee_numerator(pool, a_to_b, net_in, clock, is_net=True)
        taxed = _before_fee(net_in, numerator)
        fee = taxed - net_in
    in_amount = _with_transfer_fee(side_in.transfer_fees, taxed, clock.epoch)
    return _Exchanged(in_amount, amount, vault_out, net_in, gross_out, fee, sqrt_price)


# --- the curve ------------------------------------------------------------------------------------


def _curve_in(pool: Pool, a_to_b: bool, offered: int, partial: bool) -> tuple[int, int, int]:
    """Input used, output before fees (rounded down), next square-root price (0 if compounding)."""
    if pool.collect_fee_mode == layout.COLLECT_COMPOUNDING:
        x, y = pool.amounts if a_to_b else pool.amounts[::-1]
        if not 0 < x + offered <= U64_MAX:
            raise SwapRefused(MATH_OVERFLOW)
        return offered, y * offered // (x + offered), 0
    s, liquidity = _price_and_liquidity(pool)
    edge = pool.sqrt_min if a_to_b else pool.sqrt_max
    if partial:
        reachable = _delta_a(edge, s, liquidity) if a_to_b else _delta_b(s, edge, liquidity)
        if offered >= reachable:
            return reachable, _u64_or_overflow(_range_out(a_to_b, s, edge, liquidity)), edge
    if a_to_b:
        after = ceil_div(liquidity * s, liquidity + offered * s)
        outside = after < edge
    else:
        after = _u128(s + (offered << 128) // liquidity)
        outside = after > edge
    if outside and not partial:
        raise SwapRefused(PRICE_RANGE_VIOLATION)
    return offered, _u64_or_overflow(_range_out(a_to_b, s, after, liquidity)), after


def _curve_out(pool: Pool, a_to_b: bool, gross_out: int) -> tuple[int, int]:
    """Input before fees (rounded up) and next square-root price (0 if compounding)."""
    if pool.collect_fee_mode == layout.COLLECT_COMPOUNDING:
        x, y = pool.amounts if a_to_b else pool.amounts[::-1]
        if gross_out >= y:
            raise SwapRefused(MATH_OVERFLOW)
        return _u64(ceil_div(x * gross_out, y - gross_out)), 0
    s, liquidity = _price_and_liquidity(pool)
    if a_to_b:
        after = s - ceil_div(gross_out << 128, liquidity)
        if after < 0:
            raise SwapRefused(MATH_OVERFLOW)
        if after < pool.sqrt_min:
            raise SwapRefused(PRICE_RANGE_VIOLATION)
        return _u64_or_overflow(_delta_a(after, s, liquidity)), after
    divisor = liquidity - gross_out * s
    if divisor <= 0:
        raise SwapRefused(MATH_OVERFLOW)
    after = _u128(ceil_div(liquidity * s, divisor))
    if after > pool.sqrt_max:
        raise SwapRefused(PRICE_RANGE_VIOLATION)
    return _u64_or_overflow(_delta_b(s, after, liquidity)), after


def _price_and_liquidity(pool: Pool) -> tuple[int, int]:
    if pool.sqrt_price == 0 or pool.liquidity == 0:
        raise SwapRefused(PANIC)
    return pool.sqrt_price, pool.liquidity


def _range_out(a_to_b: bool, s: int, after: int, liquidity: int) -> int:
    """What the curve pays between two prices, rounded down."""
    if a_to_b:
        return liquidity * (s - after) >> 128
    return liquidity * (after - s) // (s * after)


def _delta_a(lower: int, upper: int, liquidity: int) -> int:
    """Token A between two square-root prices, rounded up."""
    if lower == 0:
        raise SwapRefused(PANIC)
    return ceil_div(liquidity * (upper - lower), lower * upper)


def _delta_b(lower: int, upper: int, liquidity: int) -> int:
    """Token B between two square-root prices, rounded up."""
    return ceil_div(liquidity * (upper - lower), 1 << 128)


def _price_ratio(pool: Pool) -> tuple[int, int]:
    """Two numbers in the ratio of token A to token B at the current price."""
    if pool.collect_fee_mode == layout.COLLECT_COMPOUNDING:
        return pool.amounts
    return 1 << 128, pool.sqrt_price * pool.sqrt_price


def _amounts_before(pool: Pool) -> tuple[int, int]:
    """The reserves as counted; a pool of layout version 0 has them counted from its curve first."""
    if pool.layout_version > layout.LAYOUT_VERSION_MAX:
        raise SwapRefused(TYPE_CAST_FAILED)
    if pool.collect_fee_mode > layout.COLLECT_COMPOUNDING:
        raise SwapRefused(TYPE_CAST_FAILED)
    if pool.layout_version != 0 or pool.collect_fee_mode == layout.COLLECT_COMPOUNDING:
        return pool.amounts
    a = _delta_a(pool.sqrt_price, pool.sqrt_max, pool.liquidity)
    b = _delta_b(pool.sqrt_min, pool.sqrt_price, pool.liquidity)
    return _u64_or_overflow(a), _u64_or_overflow(b)


# --- fees -----------------------------------------------------------------------------------------


def _fee_numerator(
    pool: Pool, a_to_b: bool, amount: int, clock: ChainClock, *, is_net: bool
) -> int:
    """Base fee plus volatility fee, capped; `is_net` says that `amount` has no fee in it yet."""
    if pool.fee_version >= len(FEE_NUMERATOR_MAX):
        raise SwapRefused(INVALID_POOL_VERSION)
    fee = pool.base_fee
    match fee:
        case TimeSchedule():
            base = fee.cliff
            if fee.frequency:
                base = _time_fee(fee, _point(pool, clock) - pool.activation_point)
        case RateLimiter():
            base = fee.cliff
            if is_rate_limited(pool, a_to_b, clock):
                base = _limiter_fee_of_net(fee, amount) if is_net else _limiter_fee(fee, amount)
        case MarketCapSchedule():
            base = _market_cap_fee(pool, fee, _point(pool, clock) - pool.activation_point)
        case None:
            raise SwapRefused(INVALID_BASE_FEE_MODE)
    total = base + _variable_fee(pool.dynamic_fee)
    return min(_u64(total), FEE_NUMERATOR_MAX[pool.fee_version])


def _time_fee(fee: TimeSchedule, elapsed: int) -> int:
    period = fee.periods if elapsed < 0 else min(elapsed // fee.frequency, fee.periods)
    return _reduced(fee, period)


def _market_cap_fee(pool: Pool, fee: MarketCapSchedule, elapsed: int) -> int:
    if elapsed < 0 or elapsed > fee.duration:
        period = fee.periods
    elif pool.sqrt_price <= pool.init_sqrt_price:
        period = 0
    elif pool.init_sqrt_price == 0 or fee.step_bps == 0:
        raise SwapRefused(MATH_OVERFLOW)
    else:
        risen = (pool.sqrt_price - pool.init_sqrt_price) * BPS_DENOMINATOR // pool.init_sqrt_price
        period = min(risen // fee.step_bps, fee.periods)
    return _reduced(fee, period)


def _reduced(fee: TimeSchedule | MarketCapSchedule, period: int) -> int:
    """The cliff after so many reductions; the exponential power is floored at every squaring."""
    if not fee.is_exponential:
        if fee.reduction * period > fee.cliff:
            raise SwapRefused(MATH_OVERFLOW)
        return fee.cliff - fee.reduction * period
    if fee.reduction == 0:
        return fee.cliff
    square = ONE_Q64 - (fee.reduction << 64) // BPS_DENOMINATOR
    if square < 0:
        raise SwapRefused(MATH_OVERFLOW)
    power = ONE_Q64
    while period:
        if period & 1:
            power = power * square >> 64
        square = square * square >> 64
        period >>= 1
    if power == 0:
        raise SwapRefused(MATH_OVERFLOW)
    return power * fee.cliff >> 64


def _limiter_slope(fee: RateLimiter) -> tuple[int, int, int]:
    """Numerator added per step, the highest numerator, and how many steps lead there."""
    step, cap = fee.increment_bps * NUMERATOR_PER_BPS, fee.max_bps * NUMERATOR_PER_BPS
    if cap < fee.cliff or step == 0:
        raise SwapRefused(MATH_OVERFLOW)
    return step, cap, (cap - fee.cliff) // step


def _limiter_fee(fee: RateLimiter, amount: int) -> int:
    """The numerator for an input with its fee in it: each `reference` of it pays a step more."""
    c, x0 = fee.cliff, fee.reference
    if amount <= x0:
        return c
    if x0 == 0:
        raise SwapRefused(PANIC)
    full, rest = divmod(amount - x0, x0)
    step, cap, steps_max = _limiter_slope(fee)
    if full < steps_max:
        charged = x0 * (c + c * full + step * full * (full + 1) // 2)
        charged += rest * (c + step * (full + 1))
    else:
        charged = x0 * (c + c * steps_max + step * steps_max * (steps_max + 1) // 2)
        charged += ((full - steps_max) * x0 + rest) * cap
    return _u64(ceil_div(_u64(ceil_div(charged, FEE_DENOMINATOR)) * FEE_DENOMINATOR, amount))


def _limiter_net(fee: RateLimiter, amount: int) -> int:
    net = amount - ceil_div(amount * _limiter_fee(fee, amount), FEE_DENOMINATOR)
    if net < 0:
        raise SwapRefused(MATH_OVERFLOW)
    return net


def _limiter_fee_of_net(fee: RateLimiter, net: int) -> int:
    """The numerator for an input without its fee: `_limiter_fee` inverted, as the program does."""
    c, x0 = fee.cliff, fee.reference
    if net <= _limiter_net(fee, x0):
        return c
    step, cap, steps_max = _limiter_slope(fee)
    knee = min((steps_max + 1) * x0, U64_MAX)
    net_at_knee = _limiter_net(fee, knee)
    if net == net_at_knee:
        return _limiter_fee(fee, knee)
    if net > net_at_knee:
        if (steps_max + 1) * x0 > U64_MAX:
            raise SwapRefused(MATH_OVERFLOW)
        gross = knee + _before_fee(net - net_at_knee, cap)
    else:
        y = x0 * (2 * FEE_DENOMINATOR + step - 2 * c)
        radicand = y * y - 8 * step * net * FEE_DENOMINATOR * x0
        if radicand < 0:
            raise SwapRefused(TYPE_CAST_FAILED)
        gross = _u64((y - isqrt(radicand)) // (2 * step))
        short = net - _limiter_net(fee, gross)
        if short < 0:
            raise SwapRefused(MATH_OVERFLOW)
        gross += _before_fee(short, c + step * (gross // x0))
    if gross > U64_MAX or gross < net:
        raise SwapRefused(MATH_OVERFLOW)
    numerator = _u64(ceil_div((gross - net) * FEE_DENOMINATOR, gross))
    if numerator < c:
        raise SwapRefused(UNDETERMINED_ERROR)
    return numerator


def _variable_fee(fee: DynamicFee | None) -> int:
    if fee is None:
        return 0
    square = (fee.volatility * fee.bin_step) ** 2
    if square > U128_MAX:
        raise SwapRefused(TYPE_CAST_FAILED)
    if square * fee.variable_fee_control + VOLATILITY_SCALE > U128_MAX:
        raise SwapRefused(MATH_OVERFLOW)
    return ceil_div(square * fee.variable_fee_control, VOLATILITY_SCALE)


def _volatility_after(
    fee: DynamicFee | None, before: int, after: int, now: int
) -> Volatility | None:
    """References are renewed by the time since the last move, then this move is added to them."""
    if fee is None:
        return None
    sqrt_reference, reference = fee.sqrt_reference, fee.volatility_reference
    elapsed = max(0, now - fee.updated_at)
    if elapsed >= fee.filter_period:
        sqrt_reference, reference = before, 0
        if elapsed < fee.decay_period:
            reference = fee.volatility * fee.reduction_factor // BPS_DENOMINATOR
    moved = _bins_between(fee, after, sqrt_reference) * BPS_DENOMINATOR
    updated_at = now if _bins_between(fee, before, after) > 0 else fee.updated_at
    accumulator = min(reference + moved, fee.max_volatility)
    return Volatility(sqrt_reference, accumulator, reference, updated_at)


def _bins_between(fee: DynamicFee, one: int, other: int) -> int:
    upper, lower = (one, other) if one > other else (other, one)
    if lower == 0 or fee.bin_step_q64 == 0:
        raise SwapRefused(MATH_OVERFLOW)
    ratio = (upper << 64) // lower
    if ratio > U128_MAX:
        raise SwapRefused(MATH_OVERFLOW)
    return (ratio - ONE_Q64) // fee.bin_step_q64 * 2


def _split(pool: Pool, fee: int, has_referral: bool) -> tuple[int, int, int, int]:
    """Claiming, compounding, protocol and referral part; the claiming one takes the remainders."""
    protocol = fee * pool.protocol_percent // 100
    trading = fee - protocol
    compounding = trading * pool.compounding_bps // BPS_DENOMINATOR
    referral = protocol * pool.referral_percent // 100 if has_referral else 0
    if min(trading, trading - compounding, protocol - referral) < 0:
        raise SwapRefused(MATH_OVERFLOW)
    return trading - compounding, compounding, protocol - referral, referral


def _before_fee(net: int, numerator: int) -> int:
    """The amount of which `net` is left after the fee, rounded up."""
    if numerator >= FEE_DENOMINATOR:
        raise SwapRefused(MATH_OVERFLOW)
    return _u64(ceil_div(net * FEE_DENOMINATOR, FEE_DENOMINATOR - numerator))


# --- transfer fees and widths ---------------------------------------------------------------------


def _with_transfer_fee(config: TransferFeeConfig | None, received: int, epoch: int) -> int:
    """What to send so that `received` arrives; the program checks its own inverse."""
    if config is None or received == 0:
        return received
    fee = config.at(epoch)
    try:
        sent = received + fee.inverse(received)
    except OverflowError:
        raise SwapRefused(MATH_OVERFLOW) from None
    if sent > U64_MAX:
        raise SwapRefused(MATH_OVERFLOW)
    if sent - fee.of(sent) != received:
        raise SwapRefused(FEE_INVERSE_INCORRECT)
    return sent


def _point(pool: Pool, clock: ChainClock) -> int:
    if pool.activation_type == layout.ACTIVATION_BY_SLOT:
        return clock.slot
    if pool.activation_type == layout.ACTIVATION_BY_TIME:
        return clock.unix_timestamp
    raise SwapRefused(INVALID_ACTIVATION_TYPE)


def _u64(value: int) -> int:
    if value > U64_MAX:
        raise SwapRefused(TYPE_CAST_FAILED)
    return value


def _u64_or_overflow(value: int) -> int:
    if value > U64_MAX:
        raise SwapRefused(MATH_OVERFLOW)
    return value


def _u128(value: int) -> int:
    if value > U128_MAX:
        raise SwapRefused(TYPE_CAST_FAILED)
    return value

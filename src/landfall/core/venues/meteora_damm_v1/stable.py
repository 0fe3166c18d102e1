"""Meteora DAMM v1: the stable curve, and the stake price by which a depeg pool scales one side.

The curve is Saber's: D is the amount of both tokens if they were level, y what must stay of one
token so that D is kept; both are found by Newton's method. A depeg pool trades a stake token
against what it is redeemed for, and levels them by the stake pool's own price, which it remembers
for ten minutes.

Units: amounts of both tokens scaled by `Scales`; stake prices in parts per million.
Source: MeteoraAg/damm-v1-sdk, dynamic-amm-quote/src/{math/stable_swap,depeg/*}.rs; the rounding of
y, by two floors, is that of the compiled program.
"""

from dataclasses import dataclass

from landfall.core.account_fields import u64
from landfall.core.anchor import PANIC, SwapRefused
from landfall.core.values import U128_MAX, Pubkey
from landfall.core.venues.meteora_damm_v1 import faults

DEPEG_NONE, DEPEG_MARINADE, DEPEG_LIDO, DEPEG_SPL_STAKE = 0, 1, 2, 3
MARINADE_STATE = Pubkey.from_string("8szGkuLTAux9XMgZ2vtY39jVSowEcpBfFfD8hXSEqdGC")
LIDO_STATE = Pubkey.from_string("49Yi1TKkNyYjPAFdR9LBvoHcUjuPX4Df5T5yv39w2XTn")

MARINADE_PRICE = u64(512)
MARINADE_ONE = 2**32
LIDO_SUPPLY, LIDO_LAMPORTS = u64(73), u64(81)
SPL_STAKE_LAMPORTS, SPL_STAKE_SUPPLY = u64(258), u64(266)

PRICE_ONE = 10**6
PRICE_REMEMBERED_SECONDS = 600
ROUNDS_MAX = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class StableCurve:
    """A stable pool's parameters. `fresh_price` is the stake pool's own, None where there is none
    or it cannot be read; the remembered one serves while it is young enough.
    """

    amplification: int
    multipliers: tuple[int, int]
    depeg: int
    stake_pool: Pubkey | None
    price: int
    priced_at: int
    fresh_price: int | None

    def must_be_priced_anew(self, now: int) -> bool:
        """Whether the remembered stake price is too old at `now`."""
        return self.depeg != DEPEG_NONE and now > self.priced_at + PRICE_REMEMBERED_SECONDS

    def price_at(self, now: int) -> tuple[int, int]:
        """The stake price the program uses at `now`, and when it was read.

        Raises:
            SwapRefused: the price must be read anew, and there is none.
        """
        if not self.must_be_priced_anew(now):
            return self.price, self.priced_at
        if self.fresh_price is None:
            raise SwapRefused(faults.MATH_OVERFLOW)
        return faults.checked_u64(self.fresh_price), now

    def scales(self, price: int) -> tuple[int, int]:
        """What each token's amounts are multiplied by on the curve; both positive."""
        scale_a, scale_b = self.multipliers
        if self.depeg != DEPEG_NONE:
            scale_a, scale_b = scale_a * PRICE_ONE, scale_b * price
        if scale_a == 0 or scale_b == 0:
            raise SwapRefused(faults.ZERO_TRADING_TOKENS)
        return scale_a, scale_b


def stake_account(depeg: int, named: Pubkey) -> Pubkey | None:
    """Where a depeg pool's price is read; `named` is what the pool names, for kinds without a
    fixed place."""
    match depeg:
        case 1:
            return MARINADE_STATE
        case 2:
            return LIDO_STATE
        case 3:
            return named
        case _:
            return None


def stake_price(depeg: int, data: bytes) -> int | None:
    """The price in a stake pool's bytes, rounded down; None if they do not hold one."""
    if depeg == DEPEG_MARINADE:
        if len(data) < MARINADE_PRICE.offset + 8:
            return None
        return MARINADE_PRICE.read(data) * PRICE_ONE // MARINADE_ONE
    lamports, supply = (
        (LIDO_LAMPORTS, LIDO_SUPPLY)
        if depeg == DEPEG_LIDO
        else (SPL_STAKE_LAMPORTS, SPL_STAKE_SUPPLY)
    )
    if len(data) < max(lamports.offset, supply.offset) + 8 or supply.read(data) == 0:
        return None
    return lamports.read(data) * PRICE_ONE // supply.read(data)


def exchange(
    amplification: int,
    reserves: tuple[int, int],
    scales: tuple[int, int],
    amount: int,
) -> tuple[int, int]:
    """What comes out for `amount`, rounded down, and D; reserves and scales with the input's first.

    Raises:
        SwapRefused: the program cannot price this, or runs out of units over it.
    """
    x, y = (_u128(reserve * scale) for reserve, scale in zip(reserves, scales, strict=True))
    after = _u128(x + amount * scales[0])
    leveled = level_amount(amplification, x, y)
    left = _remaining(amplification, after, leveled)
    out = y - left - 1
    if out < 0:
        raise SwapRefused(faults.ZERO_TRADING_TOKENS)
    return out // scales[1], leveled


def level_amount(amplification: int, x: int, y: int) -> int:
    """D of the curve through `x` and `y`."""
    total = x + y
    if total == 0:
        return 0
    if x == 0 or y == 0:
        raise SwapRefused(faults.ZERO_TRADING_TOKENS)
    doubled = 2 * amplification
    leveled = total
    for _ in range(ROUNDS_MAX):
        product = leveled * leveled // (2 * x) * leveled // (2 * y)
        before = leveled
        divisor = leveled * (doubled - 1) + 3 * product
        if divisor <= 0:
            raise SwapRefused(faults.ZERO_TRADING_TOKENS)
        leveled = leveled * (2 * product + total * doubled) // divisor
        if abs(leveled - before) <= 1:
            return leveled
    raise SwapRefused(PANIC)


def price_ratio(
    amplification: int, reserves: tuple[int, int], scales: tuple[int, int], leveled: int
) -> tuple[int, int]:
    """Two numbers in the ratio of the price where the reserves stand so on the curve of this D,
    input to output; orders as in `exchange`."""
    x, y = (reserve * scale for reserve, scale in zip(reserves, scales, strict=True))
    level_cubed = leveled**3
    flat = 8 * amplification * x * x * y * y
    return (flat + level_cubed * x) * scales[1], (flat + level_cubed * y) * scales[0]


def _remaining(amplification: int, x: int, leveled: int) -> int:
    """What must stay of the other token when `x` is there."""
    doubled = 2 * amplification
    if x == 0 or doubled == 0:
        raise SwapRefused(faults.ZERO_TRADING_TOKENS)
    c = leveled * leveled // (2 * x) * leveled // (2 * doubled)
    b = leveled // doubled + x
    y = leveled
    for _ in range(ROUNDS_MAX):
        before = y
        divisor = 2 * y + b - leveled
        if divisor <= 0:
            raise SwapRefused(faults.ZERO_TRADING_TOKENS)
        y = (y * y + c) // divisor
        if abs(y - before) <= 1:
            return y
    raise SwapRefused(PANIC)


def _u128(value: int) -> int:
    if value > U128_MAX:
        raise SwapRefused(faults.ZERO_TRADING_TOKENS)
    return value

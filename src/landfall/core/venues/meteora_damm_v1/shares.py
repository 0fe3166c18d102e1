"""Meteora DAMM v1: what a pool owns of the two vaults that keep its tokens.

A pool holds no tokens but shares (LP tokens) of a vault that many pools use and that may lend its
tokens out. Profit of lending unlocks second by second, so a pool's reserves grow with the clock. A
swap deposits into one vault, which mints shares, and withdraws from the other, which burns them;
every conversion rounds down, and by both roundings the trader pays.

Units: amounts in base units, shares in the vault's LP token, time in Unix seconds.
Source: MeteoraAg/damm-v1-sdk, programs/dynamic-vault/src/{lib,state}.rs.
"""

from dataclasses import dataclass

from landfall.core.anchor import SwapRefused
from landfall.core.values import U64_MAX, Pubkey
from landfall.core.venues.meteora_damm_v1 import faults
from landfall.core.venues.meteora_damm_v1.faults import checked_u64

DEGRADATION_DENOMINATOR = 10**12


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultStake:
    """One vault as of one slot, and what the pool holds of it.

    `total` counts what is lent out, too; `pool_shares` of `supply` are the pool's. Of
    `locked_profit`, the part `degradation` parts per 1e12 becomes free each second after
    `reported_at`.
    """

    vault: Pubkey
    lp_mint: Pubkey
    pool_lp: Pubkey
    is_enabled: bool
    total: int
    locked_profit: int
    reported_at: int
    degradation: int
    supply: int
    pool_shares: int

    def unlocked(self, now: int) -> int:
        """What all shares are worth at `now`."""
        seconds = checked_u64(now - self.reported_at)
        freed = seconds * self.degradation
        if freed > DEGRADATION_DENOMINATOR:
            return self.total
        kept = self.locked_profit * (DEGRADATION_DENOMINATOR - freed) // DEGRADATION_DENOMINATOR
        return checked_u64(self.total - kept)

    def reserve(self, unlocked: int) -> int:
        """What the pool's shares are worth when all are worth `unlocked`, rounded down."""
        return worth(self.pool_shares, unlocked, self.supply)


@dataclass(frozen=True, slots=True)
class Deposited:
    """A deposit: the shares minted for it, and the pool's reserve afterwards."""

    minted: int
    reserve: int


def deposit(stake: VaultStake, unlocked: int, amount: int) -> Deposited:
    """The pool puts `amount` into the vault.

    Raises:
        SwapRefused: in the vault's words.
    """
    if not stake.is_enabled:
        raise SwapRefused(faults.VAULT_IS_DISABLED)
    if amount == 0:
        raise SwapRefused(faults.VAULT_AMOUNT_IS_ZERO)
    if stake.total + amount > U64_MAX or unlocked == 0:
        raise SwapRefused(faults.VAULT_OVERFLOW)
    minted = amount * stake.supply // unlocked
    if stake.supply + minted > U64_MAX:
        raise SwapRefused(faults.VAULT_OVERFLOW)
    after = worth(stake.pool_shares + minted, unlocked + amount, stake.supply + minted)
    return Deposited(minted, after)


def worth(shares: int, unlocked: int, supply: int) -> int:
    """What `shares` of `supply` are worth, rounded down."""
    if supply == 0:
        raise SwapRefused(faults.MATH_OVERFLOW)
    return checked_u64(shares * unlocked // supply)


def shares_for(amount: int, unlocked: int, supply: int) -> int:
    """The shares that `amount` is worth, rounded down."""
    if unlocked == 0:
        raise SwapRefused(faults.MATH_OVERFLOW)
    return checked_u64(amount * supply // unlocked)

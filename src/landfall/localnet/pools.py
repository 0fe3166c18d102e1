"""The pools a new chain is born with: the demo's pairs on every venue, not quite at one price.

Depths, fees and prices differ on purpose, so that a router has something to decide: the cheap pool
is shallow, the deep one dear, and one pair is a detour away from another. SOL is near 150 USDC, ETH
near 3,000, JUP near 0.50, RAY near 2.00 and BONK near 0.00002.

Units: amounts are whole tokens; CPMM's rates parts per million, DAMM v2's parts per 1e9; AMM v4
always takes 0.25 %.
"""

from dataclasses import dataclass

from landfall.core.token_list import KNOWN_TOKENS
from landfall.core.values import Account, Pubkey
from landfall.core.venues.raydium_amm.layout import PROGRAM_ID as AMM_V4
from landfall.localnet.openings import (
    meteora_damm_v1,
    meteora_damm_v2,
    meteora_dbc,
    meteora_dlmm,
    raydium_amm,
    raydium_clmm,
    raydium_cpmm,
)
from landfall.localnet.openings.deposits import Deposit, derived


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a pool."""

    symbol: str
    amount: int

    @property
    def deposit(self) -> Deposit:
        token = KNOWN_TOKENS[self.symbol]
        return Deposit(token=token, amount=self.amount * 10**token.decimals)


@dataclass(frozen=True, slots=True)
class CpmmPool:
    """A Raydium CPMM pool under one of the configs below."""

    one: Side
    other: Side
    config_index: int = 0


@dataclass(frozen=True, slots=True)
class DammPool:
    """A Meteora DAMM v2 pool. `index` tells apart the pools of one pair."""

    one: Side
    other: Side
    fee_numerator: int
    index: int | None = None
    volatile: bool = False


@dataclass(frozen=True, slots=True)
class AmmPool:
    """A Raydium AMM v4 pool. Its market is an address made of its mints; there is none to trade."""

    coin: Side
    pc: Side

    @property
    def market(self) -> Pubkey:
        mints = (side.deposit.token.mint for side in (self.coin, self.pc))
        return derived(AMM_V4, *map(bytes, mints))


@dataclass(frozen=True, slots=True)
class DammV1Pool:
    """A Meteora DAMM v1 pool, stable where it has an amplification, with vaults of its own."""

    one: Side
    other: Side
    trade_fee_bps: int = 25
    amplification: int | None = None


@dataclass(frozen=True, slots=True)
class ClmmPool:
    """A Raydium CLMM pool under one of the configs below."""

    one: Side
    other: Side
    config_index: int = 0
    is_volatile: bool = False


@dataclass(frozen=True, slots=True)
class DlmmPool:
    """A Meteora DLMM pair. `bin_step` is in basis points."""

    x: Side
    y: Side
    bin_step: int
    base_factor: int = 10_000


@dataclass(frozen=True, slots=True)
class DbcPool:
    """A Meteora DBC launch: `sold` for `target`, from half the price of that to one and a half.

    `raised` is in whole tokens of `target`'s.
    """

    sold: Side
    target: Side
    raised: int

    @property
    def launch(self) -> meteora_dbc.Launch:
        base, quote = self.sold.deposit, self.target.deposit
        return meteora_dbc.Launch(
            base=base.token,
            quote=quote.token,
            prices=tuple((quote.amount * tenths, base.amount * 10) for tenths in (5, 10, 15)),
            takes=(quote.amount * 2 // 5, quote.amount * 3 // 5),
            raised=self.raised * 10**quote.token.decimals,
            for_migration=base.amount // 5,
        )


CPMM_RATES = (
    raydium_cpmm.FeeRates(trade=2_500),
    raydium_cpmm.FeeRates(trade=500),
    raydium_cpmm.FeeRates(trade=100),
    raydium_cpmm.FeeRates(trade=10_000),
)
"""By config index: 0.25 %, 0.05 %, 0.01 % and 1 %."""

CPMM_POOLS = (
    CpmmPool(Side("SOL", 200_000), Side("USDC", 30_000_000)),
    CpmmPool(Side("SOL", 20_000), Side("USDC", 3_001_000), config_index=1),
    CpmmPool(Side("SOL", 80_000), Side("USDT", 12_008_000)),
    CpmmPool(Side("USDC", 20_000_000), Side("USDT", 20_004_000), config_index=2),
    CpmmPool(Side("USDC", 30_000_000), Side("ETH", 10_000)),
    CpmmPool(Side("SOL", 40_000), Side("ETH", 2_000)),
    CpmmPool(Side("SOL", 30_000), Side("JUP", 9_000_000)),
    CpmmPool(Side("USDC", 3_000_000), Side("JUP", 6_010_000)),
    CpmmPool(Side("SOL", 25_000), Side("RAY", 1_875_000)),
    CpmmPool(Side("USDC", 5_000_000), Side("RAY", 2_496_000)),
    CpmmPool(Side("SOL", 20_000), Side("BONK", 150_000_000_000), config_index=3),
    CpmmPool(Side("USDC", 1_500_000), Side("BONK", 75_100_000_000)),
)
DAMM_POOLS = (
    DammPool(Side("SOL", 120_000), Side("USDC", 17_988_000), fee_numerator=2_000_000),
    DammPool(
        Side("SOL", 15_000), Side("USDC", 2_251_500), fee_numerator=400_000, index=1, volatile=True
    ),
    DammPool(Side("SOL", 60_000), Side("USDT", 8_997_000), fee_numerator=2_500_000),
    DammPool(Side("USDC", 15_000_000), Side("USDT", 14_998_500), fee_numerator=200_000),
    DammPool(Side("ETH", 5_000), Side("USDC", 15_015_000), fee_numerator=3_000_000),
    DammPool(Side("JUP", 12_000_000), Side("SOL", 39_880), fee_numerator=3_000_000, volatile=True),
    DammPool(Side("JUP", 4_000_000), Side("USDC", 2_002_000), fee_numerator=1_000_000),
    DammPool(Side("RAY", 1_500_000), Side("SOL", 20_040), fee_numerator=2_500_000),
    DammPool(Side("RAY", 1_000_000), Side("USDC", 1_999_000), fee_numerator=4_000_000),
    DammPool(Side("BONK", 200_000_000_000), Side("SOL", 26_640), fee_numerator=5_000_000),
    DammPool(Side("BONK", 50_000_000_000), Side("USDC", 1_000_500), fee_numerator=2_500_000),
)

AMM_POOLS = (
    AmmPool(Side("SOL", 150_000), Side("USDC", 22_492_500)),
    AmmPool(Side("SOL", 50_000), Side("USDT", 7_500_000)),
    AmmPool(Side("USDT", 10_000_000), Side("USDC", 9_997_000)),
    AmmPool(Side("ETH", 8_000), Side("USDC", 24_032_000)),
    AmmPool(Side("SOL", 20_000), Side("JUP", 6_006_000)),
    AmmPool(Side("RAY", 900_000), Side("SOL", 12_012)),
    AmmPool(Side("BONK", 100_000_000_000), Side("SOL", 13_328)),
    AmmPool(Side("JUP", 5_000_000), Side("USDC", 2_499_000)),
    AmmPool(Side("RAY", 800_000), Side("USDC", 1_601_600)),
)

DAMM_V1_POOLS = (
    DammV1Pool(Side("SOL", 10_000), Side("USDC", 1_499_300)),
    DammV1Pool(Side("SOL", 8_000), Side("USDT", 1_200_400)),
    DammV1Pool(Side("USDC", 2_000_000), Side("USDT", 2_000_200), 4, amplification=100),
    DammV1Pool(Side("USDC", 1_500_700), Side("ETH", 500)),
    DammV1Pool(Side("SOL", 4_000), Side("JUP", 1_199_000)),
    DammV1Pool(Side("USDC", 500_000), Side("JUP", 1_000_600)),
    DammV1Pool(Side("SOL", 3_000), Side("RAY", 225_150)),
    DammV1Pool(Side("USDC", 400_000), Side("RAY", 200_100)),
    DammV1Pool(Side("SOL", 2_000), Side("BONK", 15_010_000_000)),
)

CLMM_TERMS = (
    raydium_clmm.Terms(tick_spacing=60, trade=2_500),
    raydium_clmm.Terms(tick_spacing=15, trade=500),
)
"""By config index: 0.25 % and 0.05 %."""

CLMM_POOLS = (
    ClmmPool(Side("SOL", 60_000), Side("USDC", 9_003_600), config_index=1),
    ClmmPool(Side("SOL", 30_000), Side("USDT", 4_502_700), is_volatile=True),
    ClmmPool(Side("USDC", 8_000_000), Side("USDT", 8_001_200), config_index=1),
    ClmmPool(Side("USDC", 12_000_000), Side("ETH", 3_998)),
    ClmmPool(Side("SOL", 10_000), Side("JUP", 3_002_000)),
    ClmmPool(Side("USDC", 1_000_000), Side("JUP", 2_001_400)),
    ClmmPool(Side("SOL", 8_000), Side("RAY", 599_400)),
    ClmmPool(Side("USDC", 2_000_000), Side("RAY", 1_000_600)),
    ClmmPool(Side("SOL", 6_000), Side("BONK", 45_036_000_000), is_volatile=True),
)


DLMM_POOLS = (
    DlmmPool(Side("SOL", 40_000), Side("USDC", 6_004_000), bin_step=10),
    DlmmPool(Side("SOL", 25_000), Side("USDT", 3_748_500), bin_step=20),
    DlmmPool(Side("USDC", 8_000_000), Side("USDT", 8_002_500), bin_step=1, base_factor=15_000),
    DlmmPool(Side("ETH", 3_000), Side("USDC", 9_012_000), bin_step=15),
    DlmmPool(Side("JUP", 4_000_000), Side("SOL", 13_320), bin_step=25),
    DlmmPool(Side("RAY", 700_000), Side("SOL", 9_345), bin_step=25),
    DlmmPool(Side("BONK", 60_000_000_000), Side("SOL", 8_010), bin_step=50),
    DlmmPool(Side("JUP", 2_500_000), Side("USDC", 1_252_000), bin_step=20),
)

DBC_POOLS = (
    DbcPool(Side("BONK", 60_000_000_000), Side("SOL", 8_000), raised=3_230),
    DbcPool(Side("JUP", 2_000_000), Side("USDC", 1_000_000), raised=404_000),
)


def pool_accounts() -> dict[Pubkey, Account]:
    """All pools with everything a swap of them touches but the mints."""
    accounts: dict[Pubkey, Account] = {}
    for cpmm in CPMM_POOLS:
        accounts |= raydium_cpmm.open_pool(
            (cpmm.one.deposit, cpmm.other.deposit),
            config_index=cpmm.config_index,
            rates=CPMM_RATES[cpmm.config_index],
        )
    for damm in DAMM_POOLS:
        accounts |= meteora_damm_v2.open_pool(
            damm.one.deposit,
            damm.other.deposit,
            fee_numerator=damm.fee_numerator,
            config_index=damm.index,
            volatility_fee=meteora_damm_v2.VolatilityFee() if damm.volatile else None,
        )
    for amm in AMM_POOLS:
        accounts |= raydium_amm.open_pool(amm.coin.deposit, amm.pc.deposit, market=amm.market)
    for pool in DAMM_V1_POOLS:
        accounts |= meteora_damm_v1.open_pool(
            pool.one.deposit,
            pool.other.deposit,
            trade_fee_bps=pool.trade_fee_bps,
            amplification=pool.amplification,
        )
    for clmm in CLMM_POOLS:
        accounts |= raydium_clmm.open_pool(
            (clmm.one.deposit, clmm.other.deposit),
            config_index=clmm.config_index,
            terms=CLMM_TERMS[clmm.config_index],
            dynamic_fee=raydium_clmm.DynamicFee() if clmm.is_volatile else None,
        )
    for dlmm in DLMM_POOLS:
        accounts |= meteora_dlmm.open_pool(
            dlmm.x.deposit,
            dlmm.y.deposit,
            bin_step=dlmm.bin_step,
            base_factor=dlmm.base_factor,
        )
    for dbc in DBC_POOLS:
        accounts |= meteora_dbc.open_pool(dbc.launch)
    return accounts

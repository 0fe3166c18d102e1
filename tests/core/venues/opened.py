"""Freshly opened pools of every venue, with the mints and the trader a swap needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from landfall.core.quote import Leg, Quote, Refused, SwapRequest
from landfall.core.token import (
    ACCOUNT_AMOUNT,
    MINT_DECIMALS,
    MINT_INITIALIZED,
    TOKEN_2022_PROGRAM,
    Token,
)
from landfall.core.token_list import KNOWN_TOKENS
from landfall.core.values import Account, BaseUnits, ChainClock, Pubkey, Slot, SwapMode
from landfall.core.venue import AnyVenue, NeedAccounts, Pool, Trader
from landfall.core.venues import VENUES
from landfall.localnet.openings import (
    meteora_damm_v1,
    meteora_damm_v2,
    meteora_dbc,
    meteora_dlmm,
    raydium_amm,
    raydium_clmm,
    raydium_cpmm,
)
from landfall.localnet.openings.deposits import Deposit, token_account
from landfall.localnet.programs import STAND_INS, AccountRef
from tests.conformance.token_ledger import applied

SOL, USDC = KNOWN_TOKENS["SOL"], KNOWN_TOKENS["USDC"]
TAXED = Token(
    mint=Pubkey.from_string("9MpFaoqFGRwCgsML2Vbbm7GxLEJuhuGdupt9cH73B84Q"),
    decimals=6,
    program=TOKEN_2022_PROGRAM,
)
WALLET = Pubkey.from_string("E2JNQSMVJiPiBW6wiXNDnBX4sfVeV76YSn9ivKxMXS2G")
CLOCK = ChainClock(Slot(100), 5, 1_800_000_000)
HOLDINGS = {
    SOL.mint: Pubkey.from_string("7RuNG7XnE9yiLqRcAfaLsJdbBPVoARNcry2Liwo2yVeq"),
    USDC.mint: Pubkey.from_string("BGnVNRhPkpDPHCEwLkMjVNqau33NkamckvpmVCWNMrDd"),
    TAXED.mint: Pubkey.from_string("6DncZdPfRJMTDpz3iCoh7VXEXZRumMeCjzvyPJN1Rk6Z"),
}
TRADER_BALANCE = 2**60
MARKET = Pubkey.from_string("8BnEgHoWFysVcuFFX7QztDmzuH8r5ZFvyP3sYwn1XTh6")


@dataclass(frozen=True, slots=True)
class Opened:
    """One pool, everything a swap of it touches, and a trader with plenty of both tokens."""

    venue: AnyVenue
    address: Pubkey
    accounts: Mapping[Pubkey, Account] = field(repr=False)

    def with_account(self, address: Pubkey, account: Account) -> "Opened":
        """The same pool with one account changed."""
        return replace(self, accounts={**self.accounts, address: account})

    def with_bytes(self, address: Pubkey, offset: int, written: bytes) -> "Opened":
        """The same pool with some bytes of one account overwritten."""
        account = self.accounts[address]
        data = bytearray(account.data)
        data[offset : offset + len(written)] = written
        return self.with_account(address, replace(account, data=bytes(data)))

    def holding(self, mint: Pubkey) -> int:
        """The trader's balance."""
        return ACCOUNT_AMOUNT.read(self.accounts[HOLDINGS[mint]].data)

    @property
    def modes(self) -> tuple[SwapMode, ...]:
        """What its program can be asked for."""
        return tuple(SwapMode) if self.venue.has_exact_out else (SwapMode.EXACT_IN,)

    def pool(self) -> Pool:
        """The pool as the venue loads it."""
        answer = self.venue.load(self.address, self.accounts, Slot(99))
        assert not isinstance(answer, NeedAccounts)
        pool: Pool = answer
        return pool

    def ask(
        self, amount: int, mode: SwapMode = SwapMode.EXACT_IN, *, first_in: bool = True
    ) -> Quote | Refused:
        """A quote, or a refusal, at `CLOCK`."""
        pool = self.pool()
        request = requested(pool, amount, mode, first_in=first_in)
        answer: Quote | Refused = self.venue.quote(pool, request, CLOCK)
        return answer

    def quote(
        self, amount: int, mode: SwapMode = SwapMode.EXACT_IN, *, first_in: bool = True
    ) -> Quote:
        """A quote that must not be refused."""
        answer = self.ask(amount, mode, first_in=first_in)
        assert isinstance(answer, Quote), answer
        return answer

    def after(self, quote: Quote) -> "Opened":
        """The pool after this swap, by the venue's instruction and the stand-in."""
        request = quote.request
        threshold = quote.out_amount if request.mode is SwapMode.EXACT_IN else quote.in_amount
        trader = Trader(WALLET, HOLDINGS[request.in_mint], HOLDINGS[request.out_mint])
        built = self.venue.swap(self.pool(), Leg(quote=quote, threshold=threshold), trader)
        refs = [
            AccountRef(meta.pubkey, meta.is_signer, meta.is_writable) for meta in built.accounts
        ]
        (stand_in,) = [one for one in STAND_INS if one.program_id == self.venue.program_id]
        effects = stand_in.process(bytes(built.data), refs, self.accounts, CLOCK)
        moved = dict(applied(effects.transfers, self.accounts, CLOCK.epoch))
        for address, data in effects.writes.items():
            moved[address] = replace(moved[address], data=data)
        return replace(self, accounts=moved)


def requested(
    pool: Pool, amount: int, mode: SwapMode = SwapMode.EXACT_IN, *, first_in: bool = True
) -> SwapRequest:
    """A swap of the pool's two mints."""
    mint_in, mint_out = pool.mints if first_in else pool.mints[::-1]
    return SwapRequest(in_mint=mint_in, out_mint=mint_out, mode=mode, amount=BaseUnits(amount))


def mint_account(token: Token, transfer_fee_bps: int = 0, fee_max: int = 2**63) -> Account:
    """A mint's bytes, with Token-2022's transfer fee where one is given."""
    data = bytearray(82)
    MINT_DECIMALS.write(data, token.decimals)
    MINT_INITIALIZED.write(data, 1)
    if transfer_fee_bps:
        fee = bytes(8) + fee_max.to_bytes(8, "little") + transfer_fee_bps.to_bytes(2, "little")
        data += bytes(83) + bytes([1]) + b"\x01\x00" + b"\x6c\x00" + bytes(72) + fee + fee
    return Account(owner=token.program, lamports=10**9, data=bytes(data))


def opened(
    venue_name: str,
    made: Mapping[Pubkey, Account],
    address: Pubkey,
    *tokens: Token,
    fee_max: int = 2**63,
) -> Opened:
    """A pool's accounts, with its mints and a trader's holdings beside them; `fee_max` is the most
    that a transfer of `TAXED` costs."""
    accounts = dict(made)
    for token in tokens:
        accounts[token.mint] = mint_account(token, 250 if token is TAXED else 0, fee_max)
        holding = Deposit(token=token, amount=TRADER_BALANCE, charges_transfer_fee=token is TAXED)
        accounts[HOLDINGS[token.mint]] = token_account(holding, WALLET)
    return Opened(VENUES[venue_name], address, accounts)


def cpmm(
    amounts: tuple[int, int] = (10**12, 15 * 10**10),
    tokens: tuple[Token, Token] = (SOL, USDC),
    **options: object,
) -> Opened:
    """A CPMM pool; `options` are those of its `open_pool`."""
    deposits = _deposits(amounts, tokens)
    made = raydium_cpmm.open_pool(deposits, **options)  # type: ignore[arg-type]
    return opened("raydium_cpmm", made, raydium_cpmm.pool_address(deposits, 0), *tokens)


def damm_v2(
    amounts: tuple[int, int] = (10**12, 15 * 10**10),
    tokens: tuple[Token, Token] = (SOL, USDC),
    **options: object,
) -> Opened:
    """A DAMM v2 pool; `options` are those of its `open_pool`."""
    deposits = _deposits(amounts, tokens)
    made = meteora_damm_v2.open_pool(*deposits, **options)  # type: ignore[arg-type]
    return opened("meteora_damm_v2", made, meteora_damm_v2.pool_address(*deposits), *tokens)


def damm_v1(
    amounts: tuple[int, int] = (10**12, 15 * 10**10),
    tokens: tuple[Token, Token] = (SOL, USDC),
    **options: object,
) -> Opened:
    """A DAMM v1 pool; `options` are those of its `open_pool`."""
    deposits = _deposits(amounts, tokens)
    made = meteora_damm_v1.open_pool(*deposits, **options)  # type: ignore[arg-type]
    return opened("meteora_damm_v1", made, meteora_damm_v1.pool_address(*deposits), *tokens)


def dbc() -> Opened:
    """A DBC pool of which almost half is sold, with more of its curve above and below."""
    launch = meteora_dbc.Launch(
        base=SOL,
        quote=USDC,
        prices=tuple((15 * 10**12 * tenths, 10**15) for tenths in (5, 10, 15)),
        takes=(6 * 10**12, 9 * 10**12),
        raised=7 * 10**12,
        for_migration=2 * 10**13,
    )
    made = meteora_dbc.open_pool(launch)
    return opened("meteora_dbc", made, meteora_dbc.pool_address(SOL, USDC), SOL, USDC)


def amm(
    amounts: tuple[int, int] = (10**12, 15 * 10**10),
    tokens: tuple[Token, Token] = (SOL, USDC),
    **options: object,
) -> Opened:
    """An AMM v4 pool; `options` are those of its `open_pool`."""
    made = raydium_amm.open_pool(
        *_deposits(amounts, tokens),
        market=MARKET,
        **options,  # type: ignore[arg-type]
    )
    return opened("raydium_amm", made, raydium_amm.pool_address(MARKET), *tokens)


def clmm(
    amounts: tuple[int, int] = (10**12, 15 * 10**10),
    tokens: tuple[Token, Token] = (SOL, USDC),
    **options: object,
) -> Opened:
    """A CLMM pool; `options` are those of its `open_pool`."""
    deposits = _deposits(amounts, tokens)
    made = raydium_clmm.open_pool(deposits, **options)  # type: ignore[arg-type]
    return opened("raydium_clmm", made, raydium_clmm.pool_address(deposits), *tokens)


def dlmm(
    amounts: tuple[int, int] = (3 * 10**12, 45 * 10**10),
    tokens: tuple[Token, Token] = (SOL, USDC),
    **options: object,
) -> Opened:
    """A DLMM pair; `options` are those of its `open_pool`."""
    deposits = _deposits(amounts, tokens)
    made = meteora_dlmm.open_pool(*deposits, **options)  # type: ignore[arg-type]
    return opened("meteora_dlmm", made, meteora_dlmm.pool_address(*deposits), *tokens)


def _deposits(amounts: tuple[int, int], tokens: tuple[Token, Token]) -> tuple[Deposit, Deposit]:
    first, second = (
        Deposit(token=token, amount=amount, charges_transfer_fee=token is TAXED)
        for token, amount in zip(tokens, amounts, strict=True)
    )
    return first, second


POOLS: Mapping[str, Opened] = {
    "cpmm": cpmm(),
    "cpmm, creator fee on the input": cpmm(
        creator_fee_on=0, rates=raydium_cpmm.FeeRates(creator=7_000)
    ),
    "cpmm, creator fee on token 0": cpmm(
        creator_fee_on=1, rates=raydium_cpmm.FeeRates(creator=7_000)
    ),
    "cpmm, transfer fee": cpmm(tokens=(TAXED, USDC)),
    "clmm": clmm(),
    "clmm, fee in token 1": clmm(fee_on=2),
    "clmm, dynamic fee": clmm(dynamic_fee=raydium_clmm.DynamicFee()),
    "clmm, transfer fee": clmm(tokens=(TAXED, USDC)),
    "damm v2, fee on the output": damm_v2(),
    "damm v2, fee in token B": damm_v2(collect_fee_mode=1),
    "damm v2, compounding": damm_v2(collect_fee_mode=2, compounding_bps=5_000),
    "damm v2, volatility": damm_v2(volatility_fee=meteora_damm_v2.VolatilityFee()),
    "damm v2, transfer fee": damm_v2(tokens=(SOL, TAXED)),
    "amm v4": amm(),
    "dlmm": dlmm(),
    "dlmm, fee in token Y": dlmm(collects_only_y=True),
    "dlmm, transfer fee": dlmm(tokens=(SOL, TAXED)),
    "damm v1": damm_v1(),
    "damm v1, stable": damm_v1((10**12, 10**9), amplification=10),
    "dbc": dbc(),
    "amm v4, about to open": amm(tokens=(USDC, SOL), open_time=CLOCK.unix_timestamp),
}
"""One of each kind, for what must hold of every pool."""

"""What a client's word for a token means, and what is asked of the cluster for it."""

from collections.abc import Sequence

import pytest

from landfall.chain import tokens as tokens_module
from landfall.chain.tokens import ChainTokens
from landfall.core.clusters import DEVNET
from landfall.core.errors import Unavailable
from landfall.core.ledger.answers import AccountsAt
from landfall.core.token import TOKEN_2022_PROGRAM, TOKEN_PROGRAM, Token
from landfall.core.token_list import KNOWN_TOKENS, tokens_of
from landfall.core.values import Account, Pubkey, Slot

MINT = Pubkey.from_string("9MpFaoqFGRwCgsML2Vbbm7GxLEJuhuGdupt9cH73B84Q")
WALLET = Pubkey.from_string("E2JNQSMVJiPiBW6wiXNDnBX4sfVeV76YSn9ivKxMXS2G")
SYSTEM = Pubkey.from_string("11111111111111111111111111111111")


def mint_bytes(decimals: int, initialised: int = 1) -> bytes:
    return bytes(44) + bytes([decimals, initialised]) + bytes(36)


def extended(data: bytes, account_type: int = 1) -> bytes:
    """Token-2022's longer form, with a non-transferable extension."""
    return data.ljust(165, b"\0") + bytes([account_type, 9, 0, 0, 0])


class Ledger:
    """One account at every address, and what was asked for."""

    def __init__(self, account: Account | None) -> None:
        self.account = account
        self.asked: list[Pubkey] = []
        self.down = False

    async def accounts(self, addresses: Sequence[Pubkey]) -> AccountsAt:
        self.asked += addresses
        if self.down:
            raise Unavailable("down")
        return AccountsAt(Slot(1), dict.fromkeys(addresses, self.account))


def tokens_on(ledger: Ledger) -> ChainTokens:
    return ChainTokens(ledger)  # type: ignore[arg-type]


async def test_a_symbol_is_the_cluster_s_own():
    on_devnet = ChainTokens(Ledger(None), tokens_of(DEVNET))  # type: ignore[arg-type]
    assert await on_devnet.resolve("usdc") == tokens_of(DEVNET)["USDC"]
    assert await on_devnet.resolve("JUP") is None


@pytest.mark.parametrize("symbol", KNOWN_TOKENS)
async def test_a_symbol_means_its_mint_in_any_case_and_asks_nobody(symbol: str):
    ledger = Ledger(None)
    for text in (symbol, symbol.lower(), symbol.capitalize(), str(KNOWN_TOKENS[symbol].mint)):
        assert await tokens_on(ledger).resolve(text) == KNOWN_TOKENS[symbol]
    assert ledger.asked == []


@pytest.mark.parametrize(
    ("program", "data"),
    [
        (TOKEN_PROGRAM, mint_bytes(5)),
        (TOKEN_2022_PROGRAM, mint_bytes(5)),
        (TOKEN_2022_PROGRAM, extended(mint_bytes(5))),
    ],
)
async def test_a_mint_has_the_decimals_and_the_program_the_cluster_says(
    program: Pubkey, data: bytes
):
    ledger = Ledger(Account(program, 1, data, False))
    tokens = tokens_on(ledger)
    for _ in range(3):
        assert await tokens.resolve(str(MINT)) == Token(mint=MINT, decimals=5, program=program)
    assert ledger.asked == [MINT]


@pytest.mark.parametrize(
    "account",
    [
        None,
        Account(SYSTEM, 1, b"", False),
        Account(SYSTEM, 1, mint_bytes(5), False),
        Account(TOKEN_PROGRAM, 1, b"", False),
        Account(TOKEN_PROGRAM, 1, mint_bytes(5, initialised=0), False),
        Account(TOKEN_PROGRAM, 1, mint_bytes(5) + b"\0", False),
        Account(TOKEN_PROGRAM, 1, bytes(165), False),
        Account(TOKEN_PROGRAM, 1, extended(mint_bytes(5)), False),
        Account(TOKEN_2022_PROGRAM, 1, extended(mint_bytes(5), account_type=2), False),
        Account(TOKEN_2022_PROGRAM, 1, extended(mint_bytes(5))[:-1] + b"\x01", False),
    ],
)
async def test_what_is_no_mint_is_no_token_until_it_is_one(account: Account | None):
    ledger = Ledger(account)
    tokens = tokens_on(ledger)
    assert await tokens.resolve(str(MINT)) is None
    ledger.account = Account(TOKEN_PROGRAM, 1, mint_bytes(5), False)
    assert await tokens.resolve(str(MINT)) is not None


@pytest.mark.parametrize(
    "text", ["", " ", "SOLL", "SO L", "NOPE", str(MINT)[:-4], str(MINT) + "1", "0" * 44, "é" * 44]
)
async def test_what_is_neither_a_symbol_nor_an_address_is_none_and_asks_nobody(text: str):
    ledger = Ledger(Account(TOKEN_PROGRAM, 1, mint_bytes(5), False))
    assert await tokens_on(ledger).resolve(text) is None
    assert ledger.asked == []


async def test_an_outage_is_an_outage_and_not_a_missing_token():
    ledger = Ledger(Account(TOKEN_PROGRAM, 1, mint_bytes(5), False))
    tokens = tokens_on(ledger)
    ledger.down = True
    with pytest.raises(Unavailable):
        await tokens.resolve(str(MINT))
    ledger.down = False
    assert await tokens.resolve(str(MINT)) is not None


async def test_only_so_many_mints_are_remembered_and_the_others_still_resolve(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(tokens_module, "_REMEMBERED_MAX", len(KNOWN_TOKENS) + 2)
    ledger = Ledger(Account(TOKEN_PROGRAM, 1, mint_bytes(5), False))
    tokens = tokens_on(ledger)
    mints = [Pubkey(bytes([number]) * 32) for number in range(1, 5)]
    for _ in range(2):
        for mint in mints:
            token = await tokens.resolve(str(mint))
            assert token is not None
            assert token.mint == mint
    assert ledger.asked == [*mints, *mints[2:]]

"""The tokens known by name."""

from landfall.core.token import NATIVE_MINT
from landfall.core.token_list import KNOWN_TOKENS


def test_symbols_are_the_keys_and_mints_are_distinct():
    assert set(KNOWN_TOKENS) == {"SOL", "USDC", "USDT", "ETH", "JUP", "RAY", "BONK"}
    assert all(token.symbol == symbol for symbol, token in KNOWN_TOKENS.items())
    assert len({token.mint for token in KNOWN_TOKENS.values()}) == len(KNOWN_TOKENS)


def test_sol_is_the_native_mint():
    assert KNOWN_TOKENS["SOL"].mint == NATIVE_MINT
    assert KNOWN_TOKENS["SOL"].decimals == 9

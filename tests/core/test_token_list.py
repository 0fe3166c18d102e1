"""The tokens known by name."""

from landfall.core.clusters import DEVNET, TESTNET
from landfall.core.token import NATIVE_MINT
from landfall.core.token_list import KNOWN_TOKENS, tokens_of


def test_symbols_are_the_keys_and_mints_are_distinct():
    assert set(KNOWN_TOKENS) == {"SOL", "USDC", "USDT", "ETH", "JUP", "RAY", "BONK"}
    assert all(token.symbol == symbol for symbol, token in KNOWN_TOKENS.items())
    assert len({token.mint for token in KNOWN_TOKENS.values()}) == len(KNOWN_TOKENS)


def test_sol_is_the_native_mint():
    assert KNOWN_TOKENS["SOL"].mint == NATIVE_MINT
    assert KNOWN_TOKENS["SOL"].decimals == 9


def test_each_public_cluster_has_tokens_of_its_own_and_any_other_mainnet_s():
    assert tokens_of("some localnet") is KNOWN_TOKENS
    assert set(tokens_of(DEVNET)) == {"SOL", "USDC"}
    assert tokens_of(DEVNET)["USDC"].mint != KNOWN_TOKENS["USDC"].mint
    assert set(tokens_of(TESTNET)) == {"SOL"}

"""The tokens known by name, for each cluster. Localnet's genesis uses mainnet's addresses.

A symbol is a convenience of the client; what is traded is always the mint. A mint that is not on
this list is named by its address, and its decimals are read from the chain.
"""

from collections.abc import Mapping
from types import MappingProxyType

from landfall.core.clusters import DEVNET, TESTNET
from landfall.core.token import NATIVE_MINT, Token
from landfall.core.values import Pubkey


def _token(symbol: str, mint: str, decimals: int) -> tuple[str, Token]:
    return symbol, Token(mint=Pubkey.from_string(mint), decimals=decimals, symbol=symbol)


_SOL = _token("SOL", str(NATIVE_MINT), 9)


KNOWN_TOKENS: Mapping[str, Token] = MappingProxyType(
    dict(
        (
            _SOL,
            _token("USDC", "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v", 6),
            _token("USDT", "Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB", 6),
            _token("ETH", "7vfCXTUXx5WJV5JADk17DUJ4ksgau7utNKj4b963voxs", 8),
            _token("JUP", "JUPyiwrYJFskUPiHa7hkeR8VUtAeFoSYbKedZNsDvCN", 6),
            _token("RAY", "4k3Dyjzvzp8eMZWUXbBCjEvwSkkk59S5iCNLY3QrkX6R", 6),
            _token("BONK", "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263", 5),
        )
    )
)
"""By symbol, as people write it. ETH is the Wormhole-wrapped one."""

_OF_CLUSTER: Mapping[str, Mapping[str, Token]] = MappingProxyType(
    {
        DEVNET: MappingProxyType(
            dict((_SOL, _token("USDC", "4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU", 6)))
        ),
        TESTNET: MappingProxyType(dict((_SOL,))),
    }
)


def tokens_of(genesis_hash: str) -> Mapping[str, Token]:
    """The tokens known by name on the cluster with this genesis, by symbol."""
    return _OF_CLUSTER.get(genesis_hash, KNOWN_TOKENS)

"""The public clusters, told by the hash of their first block: a node's name proves nothing."""

from collections.abc import Mapping
from types import MappingProxyType

MAINNET = "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d"
DEVNET = "EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG"
TESTNET = "4uhcVJyU9pJkvQyS88uRDiswHXSGkY3zQawwpjk2NsNY"

PUBLIC_CLUSTERS: Mapping[str, str] = MappingProxyType(
    {MAINNET: "mainnet-beta", DEVNET: "devnet", TESTNET: "testnet"}
)
"""Their names: where tokens may be worth something."""

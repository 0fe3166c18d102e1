"""What a client's word for a token means: a known symbol, or any mint on the cluster."""

from collections.abc import Mapping

from landfall.core.errors import MalformedAccount
from landfall.core.token import Token, decode_mint
from landfall.core.token_list import KNOWN_TOKENS
from landfall.core.values import Pubkey
from landfall.ports import ChainClient

_REMEMBERED_MAX = 10_000


class ChainTokens:
    """The `Tokens` port. Mints are read once: decimals and owning program never change.

    Args:
        chain: where mints are read.
        by_symbol: the tokens known by name on this cluster.
    """

    def __init__(self, chain: ChainClient, by_symbol: Mapping[str, Token] = KNOWN_TOKENS) -> None:
        self._chain = chain
        self._by_symbol = by_symbol
        self._known = {token.mint: token for token in by_symbol.values()}

    async def resolve(self, text: str) -> Token | None:
        """The token meant, or None if there is none."""
        symbol = self._by_symbol.get(text.upper())
        if symbol is not None:
            return symbol
        try:
            mint = Pubkey.from_string(text)
        except ValueError:
            return None
        return self._known.get(mint) or await self._read(mint)

    async def _read(self, mint: Pubkey) -> Token | None:
        at = await self._chain.accounts([mint])
        account = at.accounts[mint]
        if account is None:
            return None
        try:
            state = decode_mint(mint, account)
        except MalformedAccount:
            return None
        token = Token(mint=mint, decimals=state.decimals, program=account.owner)
        if len(self._known) < _REMEMBERED_MAX:
            self._known[mint] = token
        return token

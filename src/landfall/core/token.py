"""A mint as the two token programs keep it: decimals, owner program, and what a transfer of it costs.

Units: amounts are base units of the mint; `basis_points` are of the transferred amount.
Source: solana-program/token (state.rs, Mint: 82 bytes) and solana-program/token-2022
(extension/mod.rs for the TLV area that starts at byte 166, extension/transfer_fee/mod.rs for the fee).
An extension that can change what a transfer moves, and that this module does not model, is named in
`Token.hazards` so that a caller can refuse it; it is never passed over in silence.
"""

from dataclasses import dataclass

from landfall.core.values import Pubkey

TOKEN_PROGRAM = Pubkey.from_string("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
TOKEN_2022_PROGRAM = Pubkey.from_string("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb")
NATIVE_MINT = Pubkey.from_string("So11111111111111111111111111111111111111112")


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What an order says about one of its two mints. Never changes once the order is accepted."""

    mint: Pubkey
    decimals: int
    program: Pubkey = TOKEN_PROGRAM
    symbol: str | None = None

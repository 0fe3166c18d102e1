"""The ways tokens move in a swap: into a vault from whoever signs, out of it by the pool."""

from landfall.core.token import TOKEN_PROGRAM
from landfall.core.values import Pubkey
from landfall.core.vault import PoolSide
from landfall.localnet.programs.stand_in import TokenTransfer


def pay_in(side: PoolSide, source: Pubkey, payer: Pubkey, amount: int) -> TokenTransfer:
    """`amount` from the trader's account into this side's vault."""
    return _transfer(side, source, side.vault, payer, amount)


def pay_out(side: PoolSide, destination: Pubkey, authority: Pubkey, amount: int) -> TokenTransfer:
    """`amount` out of this side's vault, which is under `authority`."""
    return _transfer(side, side.vault, destination, authority, amount)


def pay_unchecked(
    mint: Pubkey, source: Pubkey, destination: Pubkey, authority: Pubkey, amount: int
) -> TokenTransfer:
    """The classic program's older `Transfer`, which names neither the mint nor its decimals."""
    return TokenTransfer(
        source=source,
        mint=mint,
        destination=destination,
        authority=authority,
        amount=amount,
        decimals=None,
        token_program=TOKEN_PROGRAM,
    )


def _transfer(
    side: PoolSide, source: Pubkey, destination: Pubkey, authority: Pubkey, amount: int
) -> TokenTransfer:
    return TokenTransfer(
        source=source,
        mint=side.mint,
        destination=destination,
        authority=authority,
        amount=amount,
        decimals=side.decimals,
        token_program=side.program,
    )

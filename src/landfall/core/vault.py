"""One side of a pool: a mint, and the vault in which the pool keeps its tokens of that mint.

A pool's bytes name two mints and two vaults; nothing is believed of them until the token accounts
themselves have been read. A vault that belongs to another authority, holds another mint or is
frozen makes the pool untradable, whoever wrote the pool account.
"""

from dataclasses import dataclass

from landfall.core.errors import MalformedAccount
from landfall.core.token import (
    HOOK_HAZARD,
    TransferFee,
    TransferFeeConfig,
    decode_mint,
    decode_token_account,
)
from landfall.core.transfer_hook import TransferHook, load_hook
from landfall.core.values import Accounts, Pubkey


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSide:
    """A mint and its vault as of one slot. `balance` is the vault's, in base units. `hook` is None
    but where the venue names a transfer hook's accounts in its swap.
    """

    mint: Pubkey
    vault: Pubkey
    program: Pubkey
    decimals: int
    balance: int
    transfer_fees: TransferFeeConfig | None
    hook: TransferHook | None = None

    def transfer_fee(self, amount: int, epoch: int) -> int:
        """What the mint keeps of `amount` sent in `epoch`."""
        return 0 if self.transfer_fees is None else self.transfer_fees.at(epoch).of(amount)

    def transfer_fee_at(self, epoch: int) -> TransferFee | None:
        """The fee of a transfer made in `epoch`, if the mint has any."""
        return None if self.transfer_fees is None else self.transfer_fees.at(epoch)


def load_sides(
    mints: tuple[Pubkey, Pubkey],
    vaults: tuple[Pubkey, Pubkey],
    authority: Pubkey,
    accounts: Accounts,
    *,
    with_hooks: bool = False,
) -> tuple[PoolSide, PoolSide]:
    """Read both sides of a pool from the bytes of its mints and its vaults.

    Args:
        with_hooks: read transfer hooks instead of refusing them; `accounts` then has the
            `validation_accounts` of the mints.

    Raises:
        MalformedAccount: one of them is not what the pool says it is, or a mint has an extension
            under which a transfer cannot be predicted; the message names it.
    """
    if mints[0] == mints[1] or vaults[0] == vaults[1]:
        raise MalformedAccount(f"a pool names the same mint or vault twice: {mints}, {vaults}")
    return (
        _load_side(mints[0], vaults[0], authority, accounts, with_hooks),
        _load_side(mints[1], vaults[1], authority, accounts, with_hooks),
    )


def _load_side(
    mint: Pubkey, vault: Pubkey, authority: Pubkey, accounts: Accounts, with_hooks: bool
) -> PoolSide:
    mint_state = decode_mint(mint, accounts[mint])
    hazards = [one for one in mint_state.hazards if not (with_hooks and one == HOOK_HAZARD)]
    if hazards:
        raise MalformedAccount(f"mint {mint}: {', '.join(hazards)}")
    vault_state = decode_token_account(vault, accounts[vault])
    if vault_state.mint != mint:
        raise MalformedAccount(f"vault {vault} holds {vault_state.mint}, not {mint}")
    if vault_state.owner != authority:
        raise MalformedAccount(f"vault {vault} is under {vault_state.owner}, not {authority}")
    if vault_state.program != mint_state.program:
        raise MalformedAccount(f"vault {vault} and its mint are of different token programs")
    if vault_state.is_frozen:
        raise MalformedAccount(f"vault {vault} is frozen")
    return PoolSide(
        mint=mint,
        vault=vault,
        program=mint_state.program,
        decimals=mint_state.decimals,
        balance=vault_state.amount,
        transfer_fees=mint_state.transfer_fees,
        hook=(
            None
            if mint_state.hook_program is None
            else load_hook(mint, mint_state.hook_program, accounts)
        ),
    )

"""What an Anchor program checks of the accounts it is handed, with the refusals Anchor gives.

Anchor first reads every account in the order of the instruction (owner, discriminator, signature),
then tests the constraints in the same order; a stand-in that keeps to this refuses a wrong
instruction with the very number the program would return.
Source: coral-xyz/anchor 0.32, lang/src/accounts/{account,account_loader,interface_account,
interface,signer}.rs.
"""

from landfall.core import anchor
from landfall.core.anchor import AccountType, ProgramFault
from landfall.core.token import TOKEN_PROGRAMS, decode_mint, decode_token_account
from landfall.core.values import Account, Accounts
from landfall.core.vault import PoolSide
from landfall.localnet.programs.refusals import refuse, require
from landfall.localnet.programs.stand_in import AccountRef


def check_signer(ref: AccountRef) -> None:
    """`Signer`: the account signed the transaction."""
    require(ref.is_signer, anchor.ACCOUNT_NOT_SIGNER)


def check_token_program(ref: AccountRef) -> None:
    """`Interface<TokenInterface>`: one of the two token programs."""
    require(ref.address in TOKEN_PROGRAMS, anchor.INVALID_PROGRAM_ID)


def check_token_owned(account: Account | None) -> Account:
    """The owner part of `InterfaceAccount`: it exists, and a token program keeps it."""
    if account is None:
        refuse(anchor.ACCOUNT_NOT_INITIALIZED)
    require(account.owner in TOKEN_PROGRAMS, anchor.ACCOUNT_OWNED_BY_WRONG_PROGRAM)
    return account


def program_data(account: Account | None, wanted: AccountType) -> bytes:
    """An account of the program's own: owner, discriminator, and enough bytes to be read.

    A program reads as many bytes as it knows of, whatever follows; too few abort it.
    """
    if account is None or account.owner != wanted.program_id:
        refuse(anchor.ACCOUNT_OWNED_BY_WRONG_PROGRAM)
    require(len(account.data) >= len(wanted.discriminator), anchor.ACCOUNT_DISCRIMINATOR_NOT_FOUND)
    require(account.data.startswith(wanted.discriminator), anchor.ACCOUNT_DISCRIMINATOR_MISMATCH)
    require(len(account.data) >= wanted.size, anchor.PANIC)
    return account.data


def check_mint_held(
    vault: AccountRef, mint: AccountRef, accounts: Accounts, fault: ProgramFault
) -> None:
    """A token account is of the mint named beside it; `fault` is this constraint's error."""
    held = decode_token_account(vault.address, accounts[vault.address]).mint
    require(mint.address == held, fault)


def side_as_passed(
    mint: AccountRef, vault: AccountRef, program: AccountRef, accounts: Accounts
) -> PoolSide:
    """One side of the pool as the instruction names it, believed as far as the program does.

    Raises:
        MalformedAccount: the mint or the vault does not read as one.
    """
    mint_state = decode_mint(mint.address, check_token_owned(accounts.get(mint.address)))
    vault_state = decode_token_account(vault.address, accounts[vault.address])
    return PoolSide(
        mint=mint.address,
        vault=vault.address,
        program=program.address,
        decimals=mint_state.decimals,
        balance=vault_state.amount,
        transfer_fees=mint_state.transfer_fees,
    )

"""Where a wallet keeps its tokens, and the instructions that prepare such an account for a swap.

Native SOL is traded through a wrapped-SOL account: lamports go in before the swap, and the account
is closed after it, so that the wallet sees nothing but SOL. Source:
solana-program/associated-token-account (instruction 1, CreateIdempotent); solana-program/token
(instructions 9 CloseAccount and 17 SyncNative, the same in Token-2022).
"""

from functools import lru_cache

from solders.instruction import AccountMeta, Instruction
from solders.system_program import ID as SYSTEM_PROGRAM
from solders.system_program import TransferParams, transfer

from landfall.core.token import NATIVE_MINT, TOKEN_PROGRAM, Token
from landfall.core.values import Lamports, Pubkey

ASSOCIATED_TOKEN_PROGRAM = Pubkey.from_string("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL")
_CREATE_IDEMPOTENT = bytes([1])
_CLOSE_ACCOUNT = bytes([9])
_SYNC_NATIVE = bytes([17])


@lru_cache(maxsize=4_096)
def associated_address(wallet: Pubkey, token: Token) -> Pubkey:
    """The wallet's one canonical account for this token."""
    seeds = [bytes(wallet), bytes(token.program), bytes(token.mint)]
    address, _bump = Pubkey.find_program_address(seeds, ASSOCIATED_TOKEN_PROGRAM)
    return address


def open_account(wallet: Pubkey, token: Token) -> Instruction:
    """Create the wallet's account for this token, or do nothing if it exists.

    The wallet pays rent.
    """
    return Instruction(
        ASSOCIATED_TOKEN_PROGRAM,
        _CREATE_IDEMPOTENT,
        [
            AccountMeta(wallet, is_signer=True, is_writable=True),
            AccountMeta(associated_address(wallet, token), is_signer=False, is_writable=True),
            AccountMeta(wallet, is_signer=False, is_writable=False),
            AccountMeta(token.mint, is_signer=False, is_writable=False),
            AccountMeta(SYSTEM_PROGRAM, is_signer=False, is_writable=False),
            AccountMeta(token.program, is_signer=False, is_writable=False),
        ],
    )


def wrap(wallet: Pubkey, token: Token, lamports: Lamports) -> list[Instruction]:
    """Move lamports into the wallet's open wrapped-SOL account, and let the token program see."""
    assert token.mint == NATIVE_MINT
    account = associated_address(wallet, token)
    return [
        transfer(TransferParams(from_pubkey=wallet, to_pubkey=account, lamports=lamports)),
        Instruction(TOKEN_PROGRAM, _SYNC_NATIVE, [AccountMeta(account, False, True)]),
    ]


def unwrap(wallet: Pubkey, token: Token) -> Instruction:
    """Close the wrapped-SOL account; all its lamports, rent included, return to the wallet."""
    assert token.mint == NATIVE_MINT
    return Instruction(
        TOKEN_PROGRAM,
        _CLOSE_ACCOUNT,
        [
            AccountMeta(associated_address(wallet, token), is_signer=False, is_writable=True),
            AccountMeta(wallet, is_signer=False, is_writable=True),
            AccountMeta(wallet, is_signer=True, is_writable=False),
        ],
    )

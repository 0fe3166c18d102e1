"""What a mint's issuer can do to those who hold its tokens, in sentences for people.

None of it changes what a swap moves now, and none of it keeps a pool from being traded: whoever
buys should know. What keeps transfers from being predicted is in `MintState.hazards`.
Source: solana-program/token (state.rs: Mint) and solana-program/token-2022 (extension numbers).
"""

from landfall.core.account_fields import u32
from landfall.core.token import (
    NATIVE_MINT,
    MintState,
    TransferFee,
    decode_mint,
    extension_offset,
)
from landfall.core.values import Account, Pubkey

MINT_AUTHORITY_SET = u32(0)
FREEZE_AUTHORITY_SET = u32(46)
PERMANENT_DELEGATE = 12


def token_risks(mint: Pubkey, account: Account | None) -> tuple[str, ...]:
    """Sentences about this mint, the worst first; empty where nothing is to be said.

    Raises:
        MalformedAccount: there is no mint in the account.
    """
    state = decode_mint(mint, account)
    assert account is not None
    if mint == NATIVE_MINT:
        return ()
    data = account.data
    risks = [f"Its transfers cannot be predicted: {hazard}." for hazard in state.hazards]
    if _has_delegate(mint, data):
        risks.append("Somebody may take these tokens out of any wallet (permanent delegate).")
    if FREEZE_AUTHORITY_SET.read(data):
        risks.append("Its issuer can freeze accounts that hold it.")
    if MINT_AUTHORITY_SET.read(data):
        risks.append("Its issuer can make more of it.")
    return (*risks, *_fees(state))


def _has_delegate(mint: Pubkey, data: bytes) -> bool:
    offset = extension_offset(mint, data, PERMANENT_DELEGATE)
    return offset is not None and any(data[offset : offset + 32])


def _fees(state: MintState) -> tuple[str, ...]:
    """About the larger of the fee in force and the fee announced: either may apply to a sale."""
    if state.transfer_fees is None:
        return ()
    fees: list[TransferFee] = [state.transfer_fees.older, state.transfer_fees.newer]
    most = max(fee.basis_points for fee in fees)
    return (f"Every transfer of it costs up to {most} basis points.",) if most else ()

"""Whether an instruction built by a venue is the recorded one: its bytes, and each account's
address, signature, writability and place.

Recordings probe more than the engine sends. For DAMM v2 they also use the older `swap`, partial
fill, unknown modes, a referral account, or leave out the instructions sysvar; for AMM v4 the older
two instructions, which name an order book besides; for DLMM see `dlmm_recordings`. Each of these
is undone here exactly, and everything else must be equal.
"""

from collections.abc import Sequence

from solders.instruction import AccountMeta, Instruction

from landfall.core.swap2 import (
    INSTRUCTIONS_SYSVAR,
    MODE_EXACT_IN,
    MODE_EXACT_OUT,
    SWAP,
    SWAP2,
)
from landfall.core.values import SwapMode
from landfall.core.venues.meteora_damm_v2.layout import PROGRAM_ID as DAMM_V2
from landfall.core.venues.meteora_dbc.layout import PROGRAM_ID as DBC
from landfall.core.venues.meteora_dlmm.arrays import PROGRAM_ID as DLMM
from landfall.core.venues.raydium_amm.layout import PROGRAM_ID as AMM_V4
from landfall.core.venues.raydium_amm.swap import (
    SWAP_BASE_IN,
    SWAP_BASE_IN_V2,
    SWAP_BASE_OUT,
    SWAP_BASE_OUT_V2,
)
from landfall.core.venues.raydium_clmm.tick_array import PROGRAM_ID as CLMM
from landfall.localnet.programs import AccountRef
from tests.conformance import clmm_recordings, dbc_recordings, dlmm_recordings
from tests.conformance.recordings import Case

POSITION_OF_REFERRAL = 11
NEW_FORM_OF = {SWAP_BASE_IN: SWAP_BASE_IN_V2, SWAP_BASE_OUT: SWAP_BASE_OUT_V2}
VAULTS_FROM_THE_END = 13
"""In AMM v4's older form: two vaults, eight accounts of the market, three of the trader."""


def instruction_differences(case: Case, built: Instruction) -> list[str]:
    """In what the built instruction differs from the recorded one; empty if in nothing."""
    data, refs = case.data, list(case.refs)
    if case.program_id == DAMM_V2:
        data, refs = _as_the_engine_sends(case, built)
    elif case.program_id == AMM_V4:
        data, refs = _without_order_book(data, refs)
    elif case.program_id == CLMM:
        data, refs = clmm_recordings.as_the_engine_sends(case, len(built.accounts))
    elif case.program_id == DBC:
        passes_sysvar = _told(built.accounts)[-1] == dbc_recordings.SYSVAR
        data, refs = dbc_recordings.as_the_engine_sends(case, passes_sysvar)
    elif case.program_id == DLMM:
        arrays = _told(built.accounts)[dlmm_recordings.NAMED_ACCOUNTS :]
        data, refs = dlmm_recordings.as_the_engine_sends(case, arrays)
    found = []
    if built.program_id != case.program_id:
        found.append(f"calls {built.program_id}")
    if bytes(built.data) != data:
        found.append(f"data {bytes(built.data).hex()}, recorded {data.hex()}")
    if _told(built.accounts) != refs:
        found.append(f"accounts {_told(built.accounts)}, recorded {refs}")
    return found


def _as_the_engine_sends(case: Case, built: Instruction) -> tuple[bytes, list[AccountRef]]:
    mode = MODE_EXACT_IN if case.mode is SwapMode.EXACT_IN else MODE_EXACT_OUT
    data = case.data
    if data.startswith(SWAP):
        data = SWAP2 + data[len(SWAP) :] + bytes([mode])
    elif case.mode_byte not in (MODE_EXACT_IN, MODE_EXACT_OUT):
        data = data[:-1] + bytes([mode])
    refs = list(case.refs)
    referral = refs[POSITION_OF_REFERRAL]
    if referral.address != DAMM_V2 and referral.is_writable:
        refs[POSITION_OF_REFERRAL] = AccountRef(DAMM_V2, False, False)
    sysvar = AccountRef(INSTRUCTIONS_SYSVAR, False, False)
    if sysvar in _told(built.accounts) and sysvar not in refs:
        refs.append(sysvar)
    return data, refs


def _without_order_book(data: bytes, refs: list[AccountRef]) -> tuple[bytes, list[AccountRef]]:
    tag = NEW_FORM_OF.get(data[:1])
    if tag is None:
        return data, refs
    vaults = len(refs) - VAULTS_FROM_THE_END
    return tag + data[1:], [*refs[:3], *refs[vaults : vaults + 2], *refs[-3:]]


def _told(metas: Sequence[AccountMeta]) -> list[AccountRef]:
    return [AccountRef(meta.pubkey, meta.is_signer, meta.is_writable) for meta in metas]

"""The dialect of the Meteora DBC sets: as the other Meteora ones, with a configuration first.

A swap in the transaction that opens its pool pays another fee than any other; no single swap sees
that, and such cases are passed over by name.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from landfall.core.swap2 import (
    INSTRUCTIONS_SYSVAR,
    MODE_EXACT_IN,
    MODE_EXACT_OUT,
    SWAP,
    SWAP2,
)
from landfall.core.values import Account, SwapMode
from landfall.core.venues.meteora_dbc.layout import PROGRAM_ID
from landfall.localnet.programs import AccountRef
from tests.conformance import meteora_recordings
from tests.conformance.recordings import Case

OPENS = "init+swap in one tx"
POSITION_OF_CONFIG, POSITION_OF_REFERRAL = 1, 12
SYSVAR = AccountRef(INSTRUCTIONS_SYSVAR, is_signer=False, is_writable=False)


def read(line: Any, states: Mapping[str, Account]) -> Case:
    """One recorded line as a case."""
    keys = line["ix"]["keys"]
    without_config = [*keys[:POSITION_OF_CONFIG], *keys[POSITION_OF_CONFIG + 1 :]]
    told = {
        **line,
        "ix": {**line["ix"], "keys": without_config},
        "a_to_b": line["base_to_quote"],
    }
    case = meteora_recordings.read(told, states)
    refs = meteora_recordings.refs_of(keys)
    return replace(case, refs=refs, opens_its_pool=OPENS in line["tags"])


def as_the_engine_sends(case: Case, passes_sysvar: bool) -> tuple[bytes, list[AccountRef]]:
    """The instruction as `swap2`, in a mode the engine knows, without a referral, and with the
    instructions sysvar only where it is needed."""
    mode = MODE_EXACT_IN if case.mode is SwapMode.EXACT_IN else MODE_EXACT_OUT
    data = case.data
    if data.startswith(SWAP):
        data = SWAP2 + data[len(SWAP) :] + bytes([mode])
    elif case.mode_byte not in (MODE_EXACT_IN, MODE_EXACT_OUT):
        data = data[:-1] + bytes([mode])
    refs = [ref for ref in case.refs if ref != SYSVAR]
    if refs[POSITION_OF_REFERRAL].is_writable:
        refs[POSITION_OF_REFERRAL] = AccountRef(PROGRAM_ID, is_signer=False, is_writable=False)
    return data, [*refs, SYSVAR] if passes_sysvar else refs

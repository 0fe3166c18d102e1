"""The dialect of the DLMM sets, and their instructions as the engine would have sent them.

Recordings probe more than the engine sends: the older forms without a memo program, the
price-impact form of a bound, a host account, bin arrays that hold nothing or lie further off than
the engine looks. Each of these is undone here exactly, and everything else must be equal.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from landfall.core.anchor import SwapRefused
from landfall.core.values import BPS_DENOMINATOR, Account, Pubkey, SwapMode
from landfall.core.venues.meteora_dlmm import bins, layout
from landfall.core.venues.meteora_dlmm.arrays import PROGRAM_ID
from landfall.core.venues.meteora_dlmm.swap import (
    MEMO_PROGRAM,
    SWAP2,
    SWAP_EXACT_OUT2,
)
from landfall.localnet.programs import AccountRef
from landfall.localnet.programs.meteora_dlmm import SWAP_WITH_PRICE_IMPACT2
from tests.conformance.meteora_recordings import refs_of
from tests.conformance.recordings import (
    PANIC,
    Case,
    Failed,
    Landed,
    bytes_after,
    clock_of,
    states_of,
)

POSITION_OF_USER_IN, POSITION_OF_USER_OUT = 4, 5
POSITION_OF_HOST, POSITION_OF_USER, POSITION_OF_MEMO = 9, 10, 13
NAMED_ACCOUNTS = 16
NO_SLICES = bytes(4)


def read(line: Any, states: Mapping[str, Account]) -> Case:
    """One recorded line as a case."""
    instruction, arguments = line["ix"], line["args"]
    refs = refs_of(instruction["keys"])
    pool = Pubkey.from_string(line["pool"])
    accounts = states_of(line["accounts"], states)
    is_exact_out = line["exact_out"]
    return Case(
        case_id=line["id"],
        program_id=Pubkey.from_string(instruction["program_id"]),
        pool=pool,
        clock=clock_of(line),
        accounts=accounts,
        data=bytes.fromhex(instruction["data_hex"]),
        refs=refs,
        wallet=refs[POSITION_OF_USER].address,
        user_in=refs[POSITION_OF_USER_IN].address,
        user_out=refs[POSITION_OF_USER_OUT].address,
        in_is_first=line["swap_for_y"],
        mode=SwapMode.EXACT_OUT if is_exact_out else SwapMode.EXACT_IN,
        mode_byte=None,
        amount=arguments["out_amount" if is_exact_out else "amount_in"],
        bound=_bound(arguments, line["swap_for_y"], accounts[pool].data),
        expected=_expected(line["result"]),
        post=bytes_after(line, states),
    )


def as_the_engine_sends(case: Case, arrays: Sequence[AccountRef]) -> tuple[bytes, list[AccountRef]]:
    """The recorded instruction in the engine's form, without bin arrays it does not name.

    Args:
        arrays: the bin arrays that the engine names; the recorded ones must have them in this
            order.
    """
    is_exact_out = case.mode is SwapMode.EXACT_OUT
    numbers = (case.bound, case.amount) if is_exact_out else (case.amount, case.bound)
    data = SWAP_EXACT_OUT2 if is_exact_out else SWAP2
    data += b"".join(number.to_bytes(8, "little") for number in numbers) + _slices(case.data)
    if case.data.startswith((SWAP2, SWAP_EXACT_OUT2)):
        data = case.data
    refs = list(case.refs)
    memo = AccountRef(MEMO_PROGRAM, False, False)
    if refs[POSITION_OF_MEMO] != memo:
        refs.insert(POSITION_OF_MEMO, memo)
    refs[POSITION_OF_HOST] = AccountRef(PROGRAM_ID, False, False)
    recorded = refs[NAMED_ACCOUNTS:]
    if [ref for ref in recorded if ref in arrays] == list(arrays):
        refs = [*refs[:NAMED_ACCOUNTS], *arrays]
    return data, refs


def _slices(data: bytes) -> bytes:
    """The recorded account slices for transfer hooks; the older forms have none."""
    if not data.startswith(SWAP_WITH_PRICE_IMPACT2):
        return NO_SLICES
    # The amount, an optional bin and basis points come first.
    return data[16 + (5 if data[16] else 1) + 2 :]


def _expected(result: Any) -> Landed | Failed:
    if result["ok"]:
        return Landed(result["amount_in"], result["amount_out"])
    name, code = result.get("error_name"), result.get("error_code")
    if name is None and code is None:
        # No program's number: the runtime's own word for it.
        word = re.search(r"Fieldless\((\w+)\)", str(result.get("error")))
        name = word[1] if word else PANIC
        name = PANIC if name == "ProgramFailedToComplete" else name
    return Failed(name, code)


def _bound(arguments: Any, x_to_y: bool, pair: bytes) -> int:
    """The recorded bound; of the price-impact form, the least output it accepts."""
    if "max_price_impact_bps" not in arguments:
        bound: int = arguments["max_in_amount" if "out_amount" in arguments else "min_amount_out"]
        return bound
    active_id = arguments["active_id"]
    if active_id is None:
        active_id = layout.PAIR_ACTIVE_ID.read(pair)
    try:
        price = bins.price_of(active_id, layout.PAIR_BIN_STEP.read(pair))
        spot = bins.worth(arguments["amount_in"], price, x_to_y)
    except SwapRefused:
        return 0
    return spot * (BPS_DENOMINATOR - arguments["max_price_impact_bps"]) // BPS_DENOMINATOR

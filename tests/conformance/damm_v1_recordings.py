"""The dialect of the DAMM v1 set: that of the other Meteora sets, but for what the swap names.

The program knows one mode and reads no mints, and a refusal may be its vaults' or the token
program's: the recorded name tells whose.
"""

from collections.abc import Mapping
from typing import Any

from landfall.core.values import Account, Pubkey, SwapMode
from tests.conformance.meteora_recordings import expected, refs_of
from tests.conformance.recordings import Case, bytes_after, clock_of, states_of

POSITION_OF_USER = 12


def read(line: Any, states: Mapping[str, Account]) -> Case:
    """One recorded line as a case."""
    instruction, arguments = line["ix"], line["args"]
    refs = refs_of(instruction["keys"])
    return Case(
        case_id=line["id"],
        program_id=Pubkey.from_string(instruction["program_id"]),
        pool=Pubkey.from_string(line["pool"]),
        clock=clock_of(line),
        accounts=states_of(line["accounts"], states),
        data=bytes.fromhex(instruction["data_hex"]),
        refs=refs,
        wallet=refs[POSITION_OF_USER].address,
        user_in=Pubkey.from_string(line["user_in"]),
        user_out=Pubkey.from_string(line["user_out"]),
        in_is_first=line["a_to_b"],
        mode=SwapMode.EXACT_IN,
        mode_byte=None,
        amount=arguments["in_amount"],
        bound=arguments["minimum_out_amount"],
        expected=expected(line["result"]),
        post=bytes_after(line, states),
    )

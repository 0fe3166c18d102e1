"""The dialect of the Meteora sets: `accounts` holds every data account of the instruction."""

from collections.abc import Mapping, Sequence
from typing import Any

from landfall.core.swap2 import MODE_EXACT_IN, MODE_EXACT_OUT, SWAP2
from landfall.core.values import Account, Pubkey, SwapMode
from landfall.localnet.programs import AccountRef
from tests.conformance.recordings import (
    PANIC,
    Case,
    Failed,
    Landed,
    bytes_after,
    clock_of,
    states_of,
)

POSITION_OF_USER_IN, POSITION_OF_USER_OUT, POSITION_OF_PAYER = 2, 3, 8


def read(line: Any, states: Mapping[str, Account]) -> Case:
    """One recorded line as a case."""
    instruction, arguments = line["ix"], line["args"]
    data = bytes.fromhex(instruction["data_hex"])
    is_swap2 = data.startswith(SWAP2)
    mode_byte = arguments["swap_mode"] if is_swap2 else MODE_EXACT_IN
    refs = refs_of(instruction["keys"])
    return Case(
        case_id=line["id"],
        program_id=Pubkey.from_string(instruction["program_id"]),
        pool=Pubkey.from_string(line["pool"]),
        clock=clock_of(line),
        accounts=states_of(line["accounts"], states),
        data=data,
        refs=refs,
        wallet=refs[POSITION_OF_PAYER].address,
        user_in=refs[POSITION_OF_USER_IN].address,
        user_out=refs[POSITION_OF_USER_OUT].address,
        in_is_first=line["a_to_b"],
        mode=SwapMode.EXACT_OUT if mode_byte == MODE_EXACT_OUT else SwapMode.EXACT_IN,
        mode_byte=mode_byte,
        amount=arguments["amount_0" if is_swap2 else "amount_in"],
        bound=arguments["amount_1" if is_swap2 else "minimum_amount_out"],
        expected=expected(line["result"]),
        post=bytes_after(line, states),
    )


def refs_of(keys: Sequence[Any]) -> tuple[AccountRef, ...]:
    """The instruction's accounts: each with whether it signs and whether it is written."""
    return tuple(
        AccountRef(Pubkey.from_string(key), bool(signs), bool(written))
        for key, signs, written in keys
    )


def expected(result: Any) -> Landed | Failed:
    """What a recorded result says came of the swap."""
    if result["ok"]:
        return Landed(result["amount_in"], result["amount_out"])
    name, code = result.get("error_name"), result.get("error_code")
    if name is None and code is None:
        # The runtime stopped the program; the error tells in what words.
        aborted = "ProgramFailedToComplete" in str(result.get("error"))
        return Failed(PANIC if aborted else str(result.get("error")))
    return Failed(name, code)

"""The dialect of the Raydium CLMM sets: as the other Raydium ones, with a price limit.

`clmm_2026_04` was recorded from a build of before 2026-07. It moved the same amounts and refused
the same swaps, but numbered its errors otherwise, and two refusals were others: it aborted where it
missed the bitmap's extension, and named another error where an exact output exceeds all there is.
It also kept sums in a pool's bytes that the program has since left alone.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from landfall.core.token import TOKEN_2022_PROGRAM
from landfall.core.values import U64_MAX, Account, Pubkey, SwapMode
from landfall.core.venues.raydium_clmm import faults, layout
from landfall.core.venues.raydium_clmm.swap import MEMO_PROGRAM, SWAP, SWAP_V2
from landfall.core.venues.raydium_clmm.tick_array import PROGRAM_ID
from landfall.core.venues.raydium_clmm.tick_map import EXTENSION
from landfall.localnet.openings.deposits import owned_account
from landfall.localnet.programs import AccountRef
from landfall.localnet.programs.raydium_clmm_observation import fresh_observation
from tests.conformance.raydium_recordings import holding_of, refs_of, roles_of
from tests.conformance.recordings import (
    PANIC,
    Case,
    Failed,
    Landed,
    bytes_after,
    clock_of,
    states_of,
)

FIRST_ARRAY_IN_SWAP = 9
STATISTICS = (slice(325, 389), slice(1_032, 1_064))
"""In a pool: amounts traded and fees taken since it was opened."""
BALANCE_UNRECORDED = {"in": U64_MAX // 2, "out": 0}
VAULT_UNRECORDED = U64_MAX // 2
"""Balances that no swap exhausts or overflows, where none was recorded."""


def read(line: Any, states: Mapping[str, Account]) -> Case:
    """One recorded line as a case."""
    accounts = states_of(line["pre"], states)
    arguments, instruction = line["args"], line["ix"]
    refs, by_role = refs_of(instruction["accounts"]), roles_of(instruction["accounts"])
    pool = Pubkey.from_string(line["pool"])
    in_is_first = arguments["direction"] == "0to1"
    _complete(accounts, pool, by_role, line.get("user", {}), in_is_first)
    return Case(
        case_id=line["id"],
        program_id=Pubkey.from_string(instruction["program_id"]),
        pool=pool,
        clock=clock_of(line),
        accounts=accounts,
        data=bytes.fromhex(instruction["data"]),
        refs=refs,
        wallet=by_role["payer"],
        user_in=by_role["input_token_account"],
        user_out=by_role["output_token_account"],
        in_is_first=in_is_first,
        mode=SwapMode.EXACT_IN if arguments["exact_in"] else SwapMode.EXACT_OUT,
        mode_byte=None,
        price_limit=int(arguments["sqrt_price_limit_x64"]),
        amount=arguments["amount"],
        bound=arguments["other_amount_threshold"],
        expected=_expected(line),
        post={
            address: _without_statistics(after, accounts[address].data)
            for address, after in bytes_after(line, states).items()
        },
    )


def _without_statistics(after: bytes, before: bytes) -> bytes:
    """A pool's bytes, but for the sums that only older builds kept; these as they were before."""
    data = bytearray(after)
    for statistics in STATISTICS:
        data[statistics] = before[statistics]
    return bytes(data)


def as_the_engine_sends(case: Case, accounts: int) -> tuple[bytes, list[AccountRef]]:
    """The recorded instruction without a price limit, in its newer form, cut to as many accounts as
    the engine names: recordings name every tick array, the engine those a swap gets to.
    """
    refs = list(case.refs)
    if case.data.startswith(SWAP):
        mints = [mint.read(case.accounts[case.pool].data) for mint in layout.POOL_MINTS]
        if not case.in_is_first:
            mints.reverse()
        added = [TOKEN_2022_PROGRAM, MEMO_PROGRAM, *mints]
        first, *further = refs[FIRST_ARRAY_IN_SWAP:]
        # The extension comes before the arrays, but the older form has a place for the first.
        extension = [ref for ref in further if _is_extension(case, ref)]
        others = [ref for ref in further if ref not in extension]
        refs[FIRST_ARRAY_IN_SWAP:] = [
            *(AccountRef(address, False, False) for address in added),
            *extension,
            first,
            *others,
        ]
    return SWAP_V2 + case.data[8:24] + bytes(16) + case.data[40:], refs[:accounts]


def _is_extension(case: Case, ref: AccountRef) -> bool:
    account = case.accounts.get(ref.address)
    return account is not None and len(account.data) == EXTENSION.size


def _complete(
    accounts: dict[Pubkey, Account],
    pool: Pubkey,
    by_role: Mapping[str, Pubkey],
    user: Mapping[str, int],
    in_is_first: bool,
) -> None:
    """Put in what was not recorded: vaults, the trader's accounts, the observation."""
    data = accounts[pool].data
    mints = [mint.read(data) for mint in layout.POOL_MINTS]
    for mint, vault in zip(mints, layout.POOL_VAULTS, strict=True):
        accounts.setdefault(
            vault.read(data), holding_of(mint, accounts[mint], VAULT_UNRECORDED, pool)
        )
    for side, role, place in (("in", "input", 0), ("out", "output", 1)):
        mint = mints[place if in_is_first else 1 - place]
        balance = user.get(f"{side}_before", BALANCE_UNRECORDED[side])
        holding = holding_of(mint, accounts[mint], balance, by_role["payer"])
        accounts.setdefault(by_role[f"{role}_token_account"], holding)
    observation = owned_account(PROGRAM_ID, fresh_observation(pool))
    accounts.setdefault(by_role["observation_state"], observation)


def _expected(line: Any) -> Landed | Failed:
    result = line["result"]
    if result["ok"]:
        fees = {}
        if "trade_fee_0" in result:
            fees["fee"] = result["trade_fee_0"] + result["trade_fee_1"]
        return Landed(result["amount_in"], result["amount_out"], fees)
    error = result["err"]
    failed = Failed(PANIC if error.get("panic") else error.get("name"), error.get("custom"))
    roles = {ref["role"] for ref in line["ix"]["accounts"]}
    if failed.name == PANIC and "tick_array_bitmap_extension" not in roles:
        return Failed(faults.MISSING_EXTENSION.name)
    is_older = failed.code is not None and failed.code != faults.MAX_TOKEN_OVERFLOW.code
    if failed.name == faults.MAX_TOKEN_OVERFLOW.name and is_older and not line["args"]["exact_in"]:
        return Failed(faults.CALCULATE_OVERFLOW.name)
    return replace(failed, code=None) if failed.name is not None else failed

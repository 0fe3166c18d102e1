"""The dialect of the AMM v4 sets: Raydium's, with roles of its own and pools in no mint order.

The build of 2024 also counted volumes and fees in the pool, which today's leaves alone; in a
recorded state afterwards those counters are put back as they were.
"""

from collections.abc import Mapping
from typing import Any

from landfall.core.values import U64_MAX, Account, Pubkey, SwapMode
from landfall.core.venues.raydium_amm.layout import POOL_MINTS
from tests.conformance.raydium_recordings import expected, holding_of, refs_of, roles_of
from tests.conformance.recordings import Case, bytes_after, clock_of, states_of

COUNTERS = slice(256, 336)


def read(line: Any, states: Mapping[str, Account]) -> Case:
    """One recorded line as a case."""
    accounts = states_of(line["pre"], states)
    arguments, instruction = line["args"], line["ix"]
    refs, by_role = refs_of(instruction["accounts"]), roles_of(instruction["accounts"])
    pool = Pubkey.from_string(line["pool"])
    coin_to_pc = arguments["direction"] == "coin2pc"
    coin, pc = (mint.read(accounts[pool].data) for mint in POOL_MINTS)
    user = line.get("user", {})
    for role, mint, balance in (
        ("user_source", coin if coin_to_pc else pc, user.get("in_before", U64_MAX)),
        ("user_destination", pc if coin_to_pc else coin, user.get("out_before", 0)),
    ):
        holding = holding_of(mint, accounts[mint], balance, by_role["user_owner"])
        accounts.setdefault(by_role[role], holding)
    head = line.get("head")
    return Case(
        case_id=line["id"],
        program_id=Pubkey.from_string(instruction["program_id"]),
        pool=pool,
        clock=clock_of(line),
        accounts=accounts,
        data=bytes.fromhex(instruction["data"]),
        refs=refs,
        wallet=by_role["user_owner"],
        user_in=by_role["user_source"],
        user_out=by_role["user_destination"],
        in_is_first=coin_to_pc,
        mode=SwapMode.EXACT_IN if arguments["exact_in"] else SwapMode.EXACT_OUT,
        mode_byte=None,
        amount=arguments["amount"],
        bound=arguments["limit"],
        expected=expected(line["result"] if head is None else head),
        post=_after(line, states, pool) if head is None or head.get("same") else {},
    )


def _after(line: Any, states: Mapping[str, Account], pool: Pubkey) -> Mapping[Pubkey, bytes]:
    after = bytes_after(line, states)
    if pool in after and "head" in line:
        before = states[line["pre"][line["pool"]]].data
        counted = bytearray(after[pool])
        counted[COUNTERS] = before[COUNTERS]
        after[pool] = bytes(counted)
    return after

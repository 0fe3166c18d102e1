"""The dialect of the Raydium sets: `pre` holds what a quote needs, `user` the trader's balances.

Where a case carries `head`, the set was recorded from an older build and `head` tells what the
program does today; the recorded state afterwards counts only where both agree.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from landfall.core.token import MINT_DECIMALS, Token, decode_mint
from landfall.core.values import U64_MAX, Account, Pubkey, SwapMode
from landfall.core.venues.raydium_cpmm.layout import PROGRAM_ID
from landfall.localnet.openings.deposits import Deposit, owned_account, token_account
from landfall.localnet.programs import AccountRef
from landfall.localnet.programs.raydium_cpmm_observation import fresh_observation
from tests.conformance.recordings import (
    PANIC,
    Case,
    Failed,
    Landed,
    bytes_after,
    clock_of,
    states_of,
)

FEES = ("fee", "trade_fee", "creator_fee", "protocol_fee", "fund_fee")
BALANCE_UNRECORDED = {"in": U64_MAX, "out": 0}
"""Balances that no swap exhausts or overflows, for a trader whose own were not recorded."""


def read(line: Any, states: Mapping[str, Account]) -> Case:
    """One recorded line as a case."""
    accounts = states_of(line["pre"], states)
    arguments, instruction = line["args"], line["ix"]
    refs, by_role = refs_of(instruction["accounts"]), roles_of(instruction["accounts"])
    wallet = by_role["payer"]
    user = line.get("user", {})
    for side, role in (("in", "input"), ("out", "output")):
        mint = by_role[f"{role}_token_mint"]
        balance = user.get(f"{side}_before", BALANCE_UNRECORDED[side])
        holder = by_role[f"{role}_token_account"]
        accounts.setdefault(holder, holding_of(mint, accounts[mint], balance, wallet))
    pool = Pubkey.from_string(line["pool"])
    accounts.setdefault(
        by_role["observation_state"], owned_account(PROGRAM_ID, fresh_observation(pool))
    )
    result, head = line["result"], line.get("head")
    return Case(
        case_id=line["id"],
        program_id=Pubkey.from_string(instruction["program_id"]),
        pool=pool,
        clock=clock_of(line),
        accounts=accounts,
        data=bytes.fromhex(instruction["data"]),
        refs=refs,
        wallet=wallet,
        user_in=by_role["input_token_account"],
        user_out=by_role["output_token_account"],
        in_is_first=arguments["direction"] == "0to1",
        mode=SwapMode.EXACT_IN if arguments["exact_in"] else SwapMode.EXACT_OUT,
        mode_byte=None,
        amount=arguments["amount"],
        bound=arguments["limit"],
        expected=expected(result if head is None else head),
        post=bytes_after(line, states) if head is None or head.get("same") else {},
    )


def refs_of(named: Sequence[Any]) -> tuple[AccountRef, ...]:
    """The instruction's accounts."""
    return tuple(
        AccountRef(Pubkey.from_string(ref["pubkey"]), ref["signer"], ref["writable"])
        for ref in named
    )


def roles_of(named: Sequence[Any]) -> Mapping[str, Pubkey]:
    """The instruction's accounts by what they are in it."""
    return {ref["role"]: Pubkey.from_string(ref["pubkey"]) for ref in named}


def expected(result: Any) -> Landed | Failed:
    """What a recorded result says came of the swap."""
    if result["ok"]:
        fees = {name: result[name] for name in FEES if name in result}
        return Landed(result["amount_in"], result["amount_out"], fees)
    error = result["err"]
    if isinstance(error, str):
        error = {"name": error}
    if error.get("panic"):
        return Failed(PANIC)
    if error.get("name") == "token:insufficient_funds":
        return Failed(None, 1)
    return Failed(error.get("name"), error.get("custom"))


def holding_of(mint: Pubkey, account: Account, balance: int, owner: Pubkey) -> Account:
    """A token account of this mint, whose own account is given."""
    token = Token(mint=mint, decimals=MINT_DECIMALS.read(account.data), program=account.owner)
    has_fee = decode_mint(mint, account).transfer_fees is not None
    return token_account(Deposit(token=token, amount=balance, charges_transfer_fee=has_fee), owner)

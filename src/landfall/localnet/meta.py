"""The `meta` of a landed transaction: fee, balances before and after, logs, inner instructions.

Source: anza-xyz/agave, transaction-status-client-types (UiTransactionStatusMeta).
"""

import base64
from collections.abc import Callable, Sequence

from landfall.core.token import (
    ACCOUNT_AMOUNT,
    ACCOUNT_MINT,
    ACCOUNT_OWNER,
    ACCOUNT_STATE,
    ACCOUNT_TYPE,
    MINT_BYTES,
    MINT_DECIMALS,
    TOKEN_ACCOUNT_BYTES,
    TOKEN_PROGRAMS,
    TYPE_ACCOUNT,
)
from landfall.core.values import Account, Pubkey
from landfall.localnet.execution import Outcome
from landfall.localnet.wire import Json, base58_encode, token_amount_json

Reader = Callable[[Pubkey], Account | None]
"""The accounts as of some moment."""


def transaction_meta(outcome: Outcome, before: Reader) -> Json:
    """The whole object. `before` reads the accounts as the transaction found them."""
    meta = {
        "err": outcome.error,
        "status": {"Ok": None} if outcome.error is None else {"Err": outcome.error},
        "fee": outcome.fee,
        **balances_json(outcome, before),
        "innerInstructions": inner_instructions_json(outcome),
        "logMessages": list(outcome.logs),
        "rewards": [],
        "loadedAddresses": loaded_addresses_json(outcome),
        "computeUnitsConsumed": outcome.units,
    }
    if outcome.return_data is not None:
        meta["returnData"] = return_data_json(outcome)
    return meta


def balances_json(outcome: Outcome, before: Reader) -> dict[str, Json]:
    """Lamports and token amounts before and after; nulls where nothing was loaded."""
    if outcome.accounts is None:
        return dict.fromkeys(
            ("preBalances", "postBalances", "preTokenBalances", "postTokenBalances")
        )
    keys = outcome.accounts.keys
    was = [before(key) for key in keys]
    now = [outcome.changes.get(key, account) for key, account in zip(keys, was, strict=True)]
    return {
        "preBalances": [_lamports(account) for account in was],
        "postBalances": [_lamports(account) for account in now],
        "preTokenBalances": _token_balances(was, before),
        "postTokenBalances": _token_balances(now, before),
    }


def inner_instructions_json(outcome: Outcome) -> Json:
    """Cross-program calls, by the instruction that made them."""
    return [
        {
            "index": index,
            "instructions": [
                {
                    "programIdIndex": call.program_index,
                    "accounts": list(call.accounts),
                    "data": base58_encode(call.data),
                    "stackHeight": call.stack_height,
                }
                for call in calls
            ],
        }
        for index, calls in outcome.inner
    ]


def loaded_addresses_json(outcome: Outcome) -> Json:
    """Addresses that came from lookup tables."""
    accounts = outcome.accounts
    return {
        "writable": [] if accounts is None else [str(key) for key in accounts.loaded_writable],
        "readonly": [] if accounts is None else [str(key) for key in accounts.loaded_readonly],
    }


def return_data_json(outcome: Outcome) -> Json:
    """What the last program returned, or null."""
    if outcome.return_data is None:
        return None
    program, data = outcome.return_data
    return {"programId": str(program), "data": [base64.b64encode(data).decode(), "base64"]}


def mint_decimals(mint: Account | None) -> int | None:
    """The decimals of a mint account, or None where it is not one."""
    if mint is None or mint.owner not in TOKEN_PROGRAMS or len(mint.data) < MINT_BYTES:
        return None
    return MINT_DECIMALS.read(mint.data)


def is_token_account(account: Account | None) -> bool:
    """Whether this is an initialized token account of either token program."""
    return (
        account is not None
        and account.owner in TOKEN_PROGRAMS
        and (
            len(account.data) == TOKEN_ACCOUNT_BYTES
            # Longer accounts of Token-2022 name their kind in the byte after the base layout.
            or (
                len(account.data) > TOKEN_ACCOUNT_BYTES
                and ACCOUNT_TYPE.read(account.data) == TYPE_ACCOUNT
            )
        )
        and ACCOUNT_STATE.read(account.data) != 0
    )


def _lamports(account: Account | None) -> int:
    return 0 if account is None else account.lamports


def _token_balances(accounts: Sequence[Account | None], mints: Reader) -> Json:
    balances = []
    for index, account in enumerate(accounts):
        if account is None or not is_token_account(account):
            continue
        mint = ACCOUNT_MINT.read(account.data)
        balances.append(
            {
                "accountIndex": index,
                "mint": str(mint),
                "owner": str(ACCOUNT_OWNER.read(account.data)),
                "programId": str(account.owner),
                "uiTokenAmount": token_amount_json(
                    ACCOUNT_AMOUNT.read(account.data), mint_decimals(mints(mint)) or 0
                ),
            }
        )
    return balances

"""JSON-RPC methods that read mints and token accounts.

Source: anza-xyz/agave, rpc/src/rpc.rs.
"""

from collections.abc import Callable, Iterable, Mapping

from landfall.core.account_fields import Address
from landfall.core.token import (
    ACCOUNT_AMOUNT,
    ACCOUNT_MINT,
    ACCOUNT_OWNER,
    MINT_SUPPLY,
    TOKEN_PROGRAMS,
)
from landfall.core.values import Pubkey
from landfall.localnet.context import bank_slot, with_context
from landfall.localnet.meta import is_token_account, mint_decimals
from landfall.localnet.node import Node
from landfall.localnet.params import Params, invalid_params, parse_pubkey
from landfall.localnet.rpc_accounts import shown
from landfall.localnet.wire import Json, keyed_account_json, token_amount_json

LARGEST_ACCOUNTS = 20
DELEGATE = Address(76)


def get_token_account_balance(node: Node, params: Params) -> Json:
    """What a token account holds."""
    address = params.pubkey(0)
    slot = bank_slot(node, params.config(1))
    account = node.cluster.svm.account(address, slot)
    if account is None:
        raise invalid_params("Invalid param: could not find account")
    if not is_token_account(account):
        raise invalid_params("Invalid param: not a Token account")
    mint = node.cluster.svm.account(ACCOUNT_MINT.read(account.data), slot)
    amount = ACCOUNT_AMOUNT.read(account.data)
    return with_context(slot, token_amount_json(amount, mint_decimals(mint) or 0))


def get_token_supply(node: Node, params: Params) -> Json:
    """How much of a mint there is."""
    address = params.pubkey(0)
    slot = bank_slot(node, params.config(1))
    mint = node.cluster.svm.account(address, slot)
    decimals = mint_decimals(mint)
    if mint is None:
        raise invalid_params("Invalid param: could not find mint")
    if decimals is None:
        raise invalid_params("Invalid param: not a Token mint")
    return with_context(slot, token_amount_json(MINT_SUPPLY.read(mint.data), decimals))


def get_token_accounts_by_owner(node: Node, params: Params) -> Json:
    """Token accounts of a wallet, by mint or token program."""
    return _token_accounts(node, params, ACCOUNT_OWNER)


def get_token_accounts_by_delegate(node: Node, params: Params) -> Json:
    """Token accounts somebody may spend from, by mint or token program."""
    return _token_accounts(node, params, DELEGATE)


def get_token_largest_accounts(node: Node, params: Params) -> Json:
    """The twenty richest accounts of a mint."""
    mint_address = params.pubkey(0)
    slot = bank_slot(node, params.config(1))
    mint = node.cluster.svm.account(mint_address, slot)
    decimals = mint_decimals(mint)
    if mint is None or decimals is None:
        raise invalid_params("Invalid param: not a Token mint")
    holders = [
        (ACCOUNT_AMOUNT.read(account.data), str(address))
        for address, account in node.cluster.svm.accounts.owned_by(mint.owner, slot)
        if is_token_account(account) and ACCOUNT_MINT.read(account.data) == mint_address
    ]
    holders.sort(reverse=True)
    return with_context(
        slot,
        [
            {"address": address, **token_amount_json(amount, decimals)}
            for amount, address in holders[:LARGEST_ACCOUNTS]
        ],
    )


def _token_accounts(node: Node, params: Params, whose: Address) -> Json:
    holder, config = params.pubkey(0), params.config(2)
    asked = params.config(1)
    slot = bank_slot(node, config)
    mint, program = asked.text("mint"), asked.text("programId")
    programs: Iterable[Pubkey]
    wanted_mint: Pubkey | None = None
    if mint is not None:
        address = parse_pubkey(mint)
        account = node.cluster.svm.account(address, slot)
        if mint_decimals(account) is None or account is None:
            raise invalid_params("Invalid param: could not find mint")
        programs, wanted_mint = (account.owner,), address
    elif program is not None:
        programs = (parse_pubkey(program),)
        if not TOKEN_PROGRAMS.issuperset(programs):
            raise invalid_params("Invalid param: unrecognized Token program id")
    else:
        raise invalid_params("Invalid params: expected `mint` or `programId`.")
    found = sorted(
        (
            (address, account)
            for owner in programs
            for address, account in node.cluster.svm.accounts.owned_by(owner, slot)
            if is_token_account(account)
            and whose.read(account.data) == holder
            and (wanted_mint is None or ACCOUNT_MINT.read(account.data) == wanted_mint)
        ),
        key=lambda entry: bytes(entry[0]),
    )
    return with_context(
        slot,
        [
            keyed_account_json(address, shown(node, account, config, "binary"))
            for address, account in found
        ],
    )


METHODS: Mapping[str, Callable[[Node, Params], Json]] = {
    "getTokenAccountBalance": get_token_account_balance,
    "getTokenAccountsByDelegate": get_token_accounts_by_delegate,
    "getTokenAccountsByOwner": get_token_accounts_by_owner,
    "getTokenLargestAccounts": get_token_largest_accounts,
    "getTokenSupply": get_token_supply,
}

"""JSON-RPC methods that read accounts.

Source: anza-xyz/agave, rpc/src/rpc.rs and rpc/src/filter.rs.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any

from landfall.core.token import ACCOUNT_STATE, TOKEN_ACCOUNT_BYTES
from landfall.core.values import Account
from landfall.localnet.context import bank_slot, with_context
from landfall.localnet.node import Node
from landfall.localnet.params import Config, Params, RpcError, invalid_params, parse_pubkey
from landfall.localnet.parsed_accounts import parsed_json
from landfall.localnet.wire import (
    BASE58_ACCOUNT_BYTES_MAX,
    Encoding,
    Json,
    account_json,
    base58_decode,
    keyed_account_json,
)

ACCOUNTS_MAX = 100
FILTERS_MAX = 4
MEMCMP_BYTES_MAX = 128

Filter = Callable[[bytes], bool]
"""Whether account data is wanted."""


def get_account_info(node: Node, params: Params) -> Json:
    """One account, or null."""
    address, config = params.pubkey(0), params.config(1)
    slot = bank_slot(node, config)
    account = node.cluster.svm.account(address, slot)
    return with_context(slot, shown(node, account, config, "binary"))


def get_multiple_accounts(node: Node, params: Params) -> Json:
    """Up to 100 accounts of one slot, null where there is none."""
    addresses = [parse_pubkey(value) for value in params.listing(0, ACCOUNTS_MAX)]
    config = params.config(1)
    slot = bank_slot(node, config)
    return with_context(
        slot,
        [
            shown(node, node.cluster.svm.account(address, slot), config, "base64")
            for address in addresses
        ],
    )


def get_balance(node: Node, params: Params) -> Json:
    """Lamports; 0 where there is no account."""
    address = params.pubkey(0)
    slot = bank_slot(node, params.config(1))
    account = node.cluster.svm.account(address, slot)
    return with_context(slot, 0 if account is None else account.lamports)


def get_program_accounts(node: Node, params: Params) -> Json:
    """The accounts of a program that pass the filters, ordered by address."""
    program, config = params.pubkey(0), params.config(1)
    wanted = account_filters(config)
    slot = bank_slot(node, config)
    listed = [
        keyed_account_json(address, shown(node, account, config, "binary"))
        for address, account in sorted(
            node.cluster.svm.accounts.owned_by(program, slot), key=lambda entry: bytes(entry[0])
        )
        if all(test(account.data) for test in wanted)
    ]
    return with_context(slot, listed) if config.flag("withContext") else listed


def get_minimum_balance_for_rent_exemption(node: Node, params: Params) -> Json:
    """Lamports an account of so many bytes must hold."""
    size = params.number(0)
    if size > 10 * 1024 * 1024:
        raise invalid_params("Invalid params: the account would be larger than 10 MiB")
    return node.cluster.svm.rent_exempt_minimum(size)


def get_supply(node: Node, params: Params) -> Json:
    """All lamports there are; none is locked here."""
    config = params.config(0)
    slot = bank_slot(node, config)
    total = sum(account.lamports for _, account in node.cluster.svm.accounts.newest())
    return with_context(
        slot,
        {
            "total": total,
            "circulating": total,
            "nonCirculating": 0,
            "nonCirculatingAccounts": [],
        },
    )


def account_filters(config: Config) -> list[Filter]:
    """The `filters` option as tests of account data."""
    listed = config.listing("filters")
    if len(listed) > FILTERS_MAX:
        raise invalid_params(f"Too many filters provided; max {FILTERS_MAX}")
    return [_filter(entry) for entry in listed]


def shown(node: Node, account: Account | None, config: Config, default: Encoding) -> Json:
    """An account as the request wants it written, or null.

    Raises:
        RpcError: there is more data than base58 is allowed for.
    """
    if account is None:
        return None
    encoding = config.account_encoding(default)
    data_slice = config.data_slice()
    length = len(account.data)
    if data_slice is not None:
        offset, longest = data_slice
        length = min(longest, max(0, length - offset))
    if encoding in ("binary", "base58") and length > BASE58_ACCOUNT_BYTES_MAX:
        raise RpcError(
            -32600,
            "Encoded binary (base 58) data should be less than 128 bytes, please use Base64 "
            "encoding.",
        )
    return written(node, account, encoding, data_slice)


def written(
    node: Node, account: Account, encoding: Encoding, data_slice: tuple[int, int] | None
) -> Json:
    """An account in an encoding; what base58 may not hold is replaced by agave's remark."""
    if encoding == "jsonParsed":
        parsed = parsed_json(account, node.cluster.svm.account)
        if parsed is not None:
            return {**account_json(account, "base64", (0, 0)), "data": parsed}
    return account_json(account, encoding, data_slice)


def _filter(entry: Any) -> Filter:
    if isinstance(entry, dict):
        size = entry.get("dataSize")
        if isinstance(size, int) and not isinstance(size, bool):
            return lambda data: len(data) == size
        memcmp = entry.get("memcmp")
        if isinstance(memcmp, dict):
            return _memcmp(memcmp)
    if entry == "tokenAccountState" or (isinstance(entry, dict) and "tokenAccountState" in entry):
        return lambda data: len(data) >= TOKEN_ACCOUNT_BYTES and ACCOUNT_STATE.read(data) != 0
    raise invalid_params("Invalid params: unknown filter.")


def _memcmp(asked: Mapping[str, Any]) -> Filter:
    offset, value = asked.get("offset"), asked.get("bytes")
    if isinstance(offset, bool) or not isinstance(offset, int) or offset < 0:
        raise invalid_params("Invalid params: memcmp needs an offset.")
    try:
        if isinstance(value, list):
            wanted = bytes(value)
        elif not isinstance(value, str):
            raise ValueError("memcmp needs bytes")
        elif asked.get("encoding") == "base64":
            wanted = base64.b64decode(value, validate=True)
        else:
            wanted = base58_decode(value[: MEMCMP_BYTES_MAX * 2])
    except (ValueError, TypeError, binascii.Error) as error:
        raise invalid_params(f"Invalid param: {error}") from error
    if len(wanted) > MEMCMP_BYTES_MAX:
        raise invalid_params("Invalid param: encoded binary (base 58) data too large")
    end = offset + len(wanted)
    return lambda data: data[offset:end] == wanted


METHODS: Mapping[str, Callable[[Node, Params], Json]] = {
    "getAccountInfo": get_account_info,
    "getBalance": get_balance,
    "getMinimumBalanceForRentExemption": get_minimum_balance_for_rent_exemption,
    "getMultipleAccounts": get_multiple_accounts,
    "getProgramAccounts": get_program_accounts,
    "getSupply": get_supply,
}

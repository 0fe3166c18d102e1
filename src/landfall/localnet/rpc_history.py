"""JSON-RPC methods that tell what became of transactions.

Source: anza-xyz/agave, rpc/src/rpc.rs.
"""

from collections.abc import Callable, Mapping
from typing import Any

from solders.message import Message

from landfall.core.values import Commitment
from landfall.localnet.context import bank_slot, with_context
from landfall.localnet.node import Node
from landfall.localnet.params import Config, Params, RpcError, invalid_params, parse_signature
from landfall.localnet.records import Landed, Standing
from landfall.localnet.transaction_json import encoded_transaction
from landfall.localnet.transactions import decode_transaction
from landfall.localnet.wire import Json

SIGNATURES_MAX = 256
ADDRESS_PAGE_MAX = 1_000
END_OF_TIME = (2**62, 0)
BEFORE_TIME = (-1, -1)


def get_signature_statuses(node: Node, params: Params) -> Json:
    """Where signatures stand, as of the newest slot."""
    signatures = [parse_signature(value) for value in params.listing(0, SIGNATURES_MAX)]
    search = params.config(1).flag("searchTransactionHistory")
    cluster = node.cluster
    slot = cluster.block(Commitment.PROCESSED).slot
    listed: list[Json] = []
    for signature in signatures:
        standing = cluster.standing(signature, search)
        listed.append(None if standing is None else _status_json(node, standing))
    return with_context(slot, listed)


def get_transaction(node: Node, params: Params) -> Json:
    """A confirmed transaction in full, or null."""
    signature = parse_signature(params.text(0))
    config = _encoding_config(params, 1)
    commitment = config.commitment()
    if commitment is Commitment.PROCESSED:
        raise invalid_params("Method does not support commitment below `confirmed`")
    landed = node.ledger.landed(signature)
    if landed is None or node.cluster.commitment_of(landed.slot) < commitment:
        return None
    return {
        "slot": landed.slot,
        **transaction_json(landed, config),
        "blockTime": landed.unix_timestamp,
    }


def get_signatures_for_address(node: Node, params: Params) -> Json:
    """Confirmed transactions that load an address, newest first."""
    address, config = params.pubkey(0), params.config(1)
    limit = config.number("limit")
    limit = ADDRESS_PAGE_MAX if limit is None else limit
    if not 1 <= limit <= ADDRESS_PAGE_MAX:
        raise invalid_params(f"Invalid limit; max {ADDRESS_PAGE_MAX}")
    commitment = config.commitment()
    if commitment is Commitment.PROCESSED:
        raise invalid_params("Method does not support commitment below `confirmed`")
    newest = bank_slot(node, config)
    before = _place(node, config.text("before"), END_OF_TIME)
    before = min(before, (newest + 1, 0))
    until = _place(node, config.text("until"), BEFORE_TIME)
    return [
        {
            "signature": signature,
            "slot": slot,
            "err": standing.error,
            "memo": None,
            "blockTime": unix_timestamp,
            "confirmationStatus": node.cluster.commitment_of(slot).wire,
        }
        for signature, slot, standing, unix_timestamp in node.ledger.by_address(
            address, before, until, limit
        )
    ]


def transaction_json(landed: Landed, config: Config) -> Json:
    """`transaction`, `meta` and `version` of a landed transaction in the encoding asked for."""
    transaction = decode_transaction(landed.wire)
    version: int | str = "legacy" if isinstance(transaction.message, Message) else 0
    supported = config.number("maxSupportedTransactionVersion")
    if supported is None and version != "legacy":
        raise RpcError(
            -32015,
            f"Transaction version ({version}) is not supported by the requesting client. "
            "Please try the request again with the following configuration parameter: "
            f'"maxSupportedTransactionVersion": {version}',
        )
    shown = {
        "transaction": encoded_transaction(transaction, landed, config.text("encoding") or "json"),
        "meta": landed.meta,
    }
    return shown if supported is None else {**shown, "version": version}


def _status_json(node: Node, standing: Standing) -> Json:
    commitment = node.cluster.commitment_of(standing.slot)
    newest = node.cluster.block(Commitment.PROCESSED).slot
    final = commitment is Commitment.FINALIZED
    return {
        "slot": standing.slot,
        "confirmations": None if final else newest - standing.slot,
        "err": standing.error,
        "status": {"Ok": None} if standing.error is None else {"Err": standing.error},
        "confirmationStatus": commitment.wire,
    }


def _place(node: Node, text: str | None, default: tuple[int, int]) -> tuple[int, int]:
    if text is None:
        return default
    found = node.ledger.place(parse_signature(text))
    return default if found is None else found


def _encoding_config(params: Params, index: int) -> Config:
    """The older form of these methods takes a bare encoding where the options object goes."""
    value: Any = params.values[index] if index < len(params.values) else None
    return Config({"encoding": value}) if isinstance(value, str) else params.config(index)


METHODS: Mapping[str, Callable[[Node, Params], Json]] = {
    "getSignatureStatuses": get_signature_statuses,
    "getSignaturesForAddress": get_signatures_for_address,
    "getTransaction": get_transaction,
}

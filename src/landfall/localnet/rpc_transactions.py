"""JSON-RPC methods that take transactions in, preview them, and tell what became of them.

Source: anza-xyz/agave, rpc/src/rpc.rs.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any

from solders.message import Message, MessageV0
from solders.message import from_bytes_versioned as message_from_bytes

from landfall.core.ledger.packet import PACKET_BYTES_MAX
from landfall.core.values import Commitment, Slot
from landfall.localnet.compute_budget import transaction_fee
from landfall.localnet.context import bank_slot, check_min_context_slot, with_context
from landfall.localnet.execution import Outcome
from landfall.localnet.failures import sentence
from landfall.localnet.meta import (
    balances_json,
    inner_instructions_json,
    loaded_addresses_json,
    return_data_json,
)
from landfall.localnet.node import Node
from landfall.localnet.params import (
    Config,
    Params,
    RpcError,
    invalid_params,
    parse_pubkey,
    parse_signature,
)
from landfall.localnet.records import Landed, Standing
from landfall.localnet.transaction_json import encoded_transaction
from landfall.localnet.transactions import (
    MalformedTransaction,
    SignedMessage,
    decode_transaction,
)
from landfall.localnet.wire import Json, account_json, base58_decode

BASE58_TRANSACTION_LETTERS_MAX = 1_683
BASE64_TRANSACTION_LETTERS_MAX = 1_644
SIGNATURES_MAX = 256
ADDRESS_PAGE_MAX = 1_000
TYPE_NAME = "solana_transaction::versioned::VersionedTransaction"
AIRDROP_LAMPORTS_MAX = 10_000_000 * 10**9
END_OF_TIME = (2**62, 0)
BEFORE_TIME = (-1, -1)


def send_transaction(node: Node, params: Params) -> Json:
    """Take a transaction in; unless told otherwise, only after a preflight succeeds."""
    config = params.config(1)
    transaction = read_transaction(params.text(0), config, "base58")
    if config.flag("skipPreflight"):
        # Nobody looks at the signatures here; the leader drops what is not signed.
        if transaction.signatures_are_good():
            node.take_in(transaction)
        return str(transaction.signature)
    if not transaction.signatures_are_good():
        raise _bad_signature()
    level = Config({"commitment": config.options.get("preflightCommitment")}).commitment()
    check_min_context_slot(node.cluster.block(level).slot, config)
    preview = node.cluster.preview(transaction, level)
    if preview.error is not None:
        raise _preflight_failure(preview)
    node.take_in(transaction)
    return str(transaction.signature)


def simulate_transaction(node: Node, params: Params) -> Json:
    """What a transaction would do now."""
    config = params.config(1)
    transaction = read_transaction(params.text(0), config, "base58")
    commitment = config.commitment()
    slot = bank_slot(node, config)
    fresh = config.flag("replaceRecentBlockhash")
    replaced = None
    if config.flag("sigVerify"):
        if fresh:
            raise invalid_params("sigVerify may not be used with replaceRecentBlockhash")
        if not transaction.signatures_are_good():
            raise _bad_signature()
    if fresh:
        blockhash, last_valid = node.cluster.latest_blockhash(commitment)
        replaced = {"blockhash": str(blockhash), "lastValidBlockHeight": last_valid}
    outcome = node.cluster.preview(transaction, commitment, check_age=not fresh)
    shown = _simulation_json(outcome)
    shown |= balances_json(outcome, lambda address: node.cluster.svm.account(address, slot))
    if config.flag("innerInstructions"):
        shown["innerInstructions"] = inner_instructions_json(outcome)
    shown["accounts"] = _simulated_accounts(node, outcome, config, slot)
    if replaced is not None:
        shown["replacementBlockhash"] = replaced
    return with_context(slot, shown)


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


def get_fee_for_message(node: Node, params: Params) -> Json:
    """Lamports a message would cost, or null where its blockhash is dead."""
    config = params.config(1)
    slot = bank_slot(node, config)
    try:
        message = message_from_bytes(base64.b64decode(params.text(0), validate=True))
    except Exception as error:
        raise invalid_params(f"failed to deserialize message: {error}") from error
    if not isinstance(message, Message | MessageV0):
        raise invalid_params("failed to deserialize message: version 1 is not supported")
    if not node.cluster.blockhash_is_valid(message.recent_blockhash, config.commitment()):
        return with_context(slot, None)
    keys = message.account_keys
    try:
        programs = [(keys[ix.program_id_index], ix.data) for ix in message.instructions]
    except IndexError as error:
        raise invalid_params("invalid message: an index is out of bounds") from error
    fee = transaction_fee(message.header.num_required_signatures, programs)
    return with_context(slot, fee)


def get_recent_prioritization_fees(node: Node, params: Params) -> Json:
    """For the newest 150 blocks, what it took to get in and write the accounts asked for."""
    accounts = [parse_pubkey(value) for value in params.listing(0, 128)] if params.values else []
    newest = node.cluster.block(Commitment.CONFIRMED).slot
    return [
        {"slot": slot, "prioritizationFee": node.fee_market.price(slot, accounts)}
        for slot in node.ledger.slots_between(Slot(max(0, newest - 149)), newest, 150)
    ]


def request_airdrop(node: Node, params: Params) -> Json:
    """Lamports from the faucet."""
    to, lamports = params.pubkey(0), params.number(1)
    if lamports > AIRDROP_LAMPORTS_MAX:
        raise invalid_params("Invalid param: the faucet gives at most 10,000,000 SOL at a time")
    signature, outcome = node.airdrop(to, lamports)
    if outcome.error is not None:
        raise RpcError(-32603, f"airdrop request failed. {sentence(outcome.error)}")
    return str(signature)


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


def read_transaction(text: str, config: Config, default: str) -> SignedMessage:
    """A transaction as a request writes it; `default` is the encoding where none is named.

    Raises:
        RpcError: it is none.
    """
    encoding = config.text("encoding") or default
    limits = {
        "base58": BASE58_TRANSACTION_LETTERS_MAX,
        "base64": BASE64_TRANSACTION_LETTERS_MAX,
    }
    if encoding not in limits:
        raise invalid_params(
            f"unsupported encoding: {encoding}. Supported encodings: base58, base64"
        )
    if len(text) > limits[encoding]:
        raise invalid_params(
            f"{encoding} encoded {TYPE_NAME} too large: {len(text)} bytes "
            f"(max: encoded/raw {limits[encoding]}/{PACKET_BYTES_MAX})"
        )
    try:
        wire = (
            base58_decode(text) if encoding == "base58" else base64.b64decode(text, validate=True)
        )
    except (ValueError, binascii.Error) as error:
        raise invalid_params(f"invalid {encoding} encoding: {error}") from error
    if len(wire) > PACKET_BYTES_MAX:
        raise invalid_params(
            f"decoded {TYPE_NAME} too large: {len(wire)} bytes (max: {PACKET_BYTES_MAX} bytes)"
        )
    try:
        return decode_transaction(wire)
    except MalformedTransaction as error:
        raise invalid_params(str(error)) from error


def _bad_signature() -> RpcError:
    return RpcError(-32003, "Transaction signature verification failure")


def _preflight_failure(preview: Outcome) -> RpcError:
    message = f"Transaction simulation failed: {sentence(preview.error)}"
    return RpcError(-32002, message, _simulation_json(preview))


def _simulation_json(outcome: Outcome) -> dict[str, Json]:
    return {
        "err": outcome.error,
        "logs": list(outcome.logs),
        "accounts": None,
        "unitsConsumed": outcome.units,
        "returnData": return_data_json(outcome),
        "innerInstructions": None,
        "replacementBlockhash": None,
        "fee": outcome.fee,
        "loadedAddresses": loaded_addresses_json(outcome),
    }


def _simulated_accounts(node: Node, outcome: Outcome, config: Config, slot: Slot) -> Json:
    asked = config.mapping("accounts")
    if asked is None:
        return None
    options = Config(asked)
    encoding = options.account_encoding("base64")
    if encoding in ("binary", "base58"):
        raise invalid_params("base58 encoding not supported")
    addresses = [parse_pubkey(value) for value in options.listing("addresses")]
    if outcome.accounts is not None and len(addresses) > len(outcome.accounts.keys):
        raise invalid_params(f"Too many accounts provided; max {len(outcome.accounts.keys)}")
    if outcome.error is not None:
        return [None for _ in addresses]
    listed = []
    for address in addresses:
        if address in outcome.changes:
            account = outcome.changes[address]
        else:
            account = node.cluster.svm.account(address, slot)
        listed.append(None if account is None else account_json(account, encoding))
    return listed


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
    "getFeeForMessage": get_fee_for_message,
    "getRecentPrioritizationFees": get_recent_prioritization_fees,
    "getSignatureStatuses": get_signature_statuses,
    "getSignaturesForAddress": get_signatures_for_address,
    "getTransaction": get_transaction,
    "requestAirdrop": request_airdrop,
    "sendTransaction": send_transaction,
    "simulateTransaction": simulate_transaction,
}

"""JSON-RPC methods that take transactions in, preview them, and tell what they cost.

Source: anza-xyz/agave, rpc/src/rpc.rs.
"""

import base64
import binascii
from collections.abc import Callable, Mapping

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
)
from landfall.localnet.transactions import (
    MalformedTransaction,
    SignedMessage,
    decode_transaction,
)
from landfall.localnet.wire import Json, account_json, base58_decode

BASE58_TRANSACTION_LETTERS_MAX = 1_683
BASE64_TRANSACTION_LETTERS_MAX = 1_644
TYPE_NAME = "solana_transaction::versioned::VersionedTransaction"
AIRDROP_LAMPORTS_MAX = 10_000_000 * 10**9


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


METHODS: Mapping[str, Callable[[Node, Params], Json]] = {
    "getFeeForMessage": get_fee_for_message,
    "getRecentPrioritizationFees": get_recent_prioritization_fees,
    "requestAirdrop": request_airdrop,
    "sendTransaction": send_transaction,
    "simulateTransaction": simulate_transaction,
}

"""A landed transaction in the encodings of JSON-RPC; jsonParsed is only half parsed.

`jsonParsed` names accounts and programs by address and leaves instruction data in base58, which is
how agave shows every program it has no parser for.
Source: anza-xyz/agave, transaction-status (EncodableWithMeta).
"""

import base64

import msgspec
from solders.message import Message

from landfall.localnet.params import invalid_params
from landfall.localnet.records import Landed
from landfall.localnet.transactions import SignedMessage
from landfall.localnet.wire import Json, base58_encode


def encoded_transaction(transaction: SignedMessage, landed: Landed, encoding: str) -> Json:
    """The `transaction` field."""
    match encoding:
        case "base64":
            return [base64.b64encode(landed.wire).decode(), "base64"]
        case "base58":
            return [base58_encode(landed.wire), "base58"]
        case "binary":
            return base58_encode(landed.wire)
        case "json":
            message = _raw_message(transaction)
        case "jsonParsed":
            message = _parsed_message(transaction, landed)
        case _:
            raise invalid_params(f"unsupported encoding: {encoding}")
    return {"signatures": [str(each) for each in transaction.signatures], "message": message}


def _raw_message(transaction: SignedMessage) -> Json:
    message = transaction.message
    header = message.header
    shown: dict[str, Json] = {
        "header": {
            "numRequiredSignatures": header.num_required_signatures,
            "numReadonlySignedAccounts": header.num_readonly_signed_accounts,
            "numReadonlyUnsignedAccounts": header.num_readonly_unsigned_accounts,
        },
        "accountKeys": [str(key) for key in transaction.static_keys],
        "recentBlockhash": str(transaction.blockhash),
        "instructions": [
            {
                "programIdIndex": instruction.program_id_index,
                "accounts": list(bytes(instruction.accounts)),
                "data": base58_encode(instruction.data),
                "stackHeight": 1,
            }
            for instruction in message.instructions
        ],
    }
    if not isinstance(message, Message):
        shown["addressTableLookups"] = _lookups(transaction)
    return shown


def _parsed_message(transaction: SignedMessage, landed: Landed) -> Json:
    message = transaction.message
    loaded = _loaded(landed)
    keys = [
        *(str(key) for key in transaction.static_keys),
        *loaded["writable"],
        *loaded["readonly"],
    ]
    header = message.header
    static = len(transaction.static_keys)
    writable_signers = header.num_required_signatures - header.num_readonly_signed_accounts
    writable_unsigned = range(
        header.num_required_signatures, static - header.num_readonly_unsigned_accounts
    )
    loaded_writable = range(static, static + len(loaded["writable"]))
    shown: dict[str, Json] = {
        "accountKeys": [
            {
                "pubkey": key,
                "signer": index < header.num_required_signatures,
                "source": "transaction" if index < static else "lookupTable",
                "writable": index < writable_signers
                or index in writable_unsigned
                or index in loaded_writable,
            }
            for index, key in enumerate(keys)
        ],
        "recentBlockhash": str(transaction.blockhash),
        "instructions": [
            {
                "programId": keys[instruction.program_id_index],
                "accounts": [keys[index] for index in bytes(instruction.accounts)],
                "data": base58_encode(instruction.data),
                "stackHeight": 1,
            }
            for instruction in message.instructions
        ],
    }
    if not isinstance(message, Message):
        shown["addressTableLookups"] = _lookups(transaction)
    return shown


def _loaded(landed: Landed) -> dict[str, list[str]]:
    meta = landed.meta
    if isinstance(meta, msgspec.Raw):
        meta = msgspec.json.decode(meta)
    addresses: dict[str, list[str]] = meta["loadedAddresses"]
    return addresses


def _lookups(transaction: SignedMessage) -> Json:
    message = transaction.message
    if isinstance(message, Message):
        return []
    return [
        {
            "accountKey": str(lookup.account_key),
            "writableIndexes": list(bytes(lookup.writable_indexes)),
            "readonlyIndexes": list(bytes(lookup.readonly_indexes)),
        }
        for lookup in message.address_table_lookups
    ]

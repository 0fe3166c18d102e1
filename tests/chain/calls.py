"""Every question RpcChain asks, each with a result that a real node gives to it."""

import base64
from collections.abc import Awaitable, Callable
from typing import Any

from solders.hash import Hash
from solders.message import MessageV0
from solders.transaction import VersionedTransaction

from landfall.chain.rpc import RpcChain
from landfall.core.execution import SignedTransaction
from landfall.core.values import (
    BlockHeight,
    MemcmpFilter,
    ProgramAccountsFilter,
    Pubkey,
    Signature,
    Slot,
)

WALLET = Pubkey.from_string("E2JNQSMVJiPiBW6wiXNDnBX4sfVeV76YSn9ivKxMXS2G")
PROGRAM = Pubkey.from_string("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
HASH = "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d"
SIGNATURE = Signature(bytes(range(64)))
RAW = bytes(
    VersionedTransaction.populate(
        MessageV0.try_compile(WALLET, [], [], Hash.from_string(HASH)), [SIGNATURE]
    )
)
TRANSACTION = SignedTransaction(
    signature=SIGNATURE,
    raw=RAW,
    blockhash=HASH,
    last_valid_block_height=BlockHeight(150),
    min_context_slot=Slot(7),
)
FILTER = ProgramAccountsFilter(PROGRAM, 165, (MemcmpFilter(0, bytes(WALLET)),))

Call = Callable[[RpcChain], Awaitable[Any]]

READS: dict[str, Call] = {
    "getGenesisHash": lambda chain: chain.genesis_hash(),
    "getMultipleAccounts": lambda chain: chain.accounts([WALLET, PROGRAM]),
    "getProgramAccounts": lambda chain: chain.program_accounts(FILTER),
    "getLatestBlockhash": lambda chain: chain.latest_blockhash(),
    "simulateTransaction": lambda chain: chain.simulate(RAW),
    "getEpochInfo": lambda chain: chain.finalized(),
    "getSignatureStatuses": lambda chain: chain.status(SIGNATURE),
    "getTransaction": lambda chain: chain.transaction(SIGNATURE),
    "getSlot": lambda chain: chain.slot(),
    "getFirstAvailableBlock": lambda chain: chain.first_slot(),
    "getRecentPrioritizationFees": lambda chain: chain.unit_prices_paid([WALLET]),
}
SEND: Call = lambda chain: chain.send(TRANSACTION)  # noqa: E731 - one more row of the table
CALLS = {**READS, "sendTransaction": SEND}

_CONTEXT = {"slot": 9, "apiVersion": "3.0.0"}
_FAILED = {"InstructionError": [2, {"Custom": 6005}]}
_TOKENS = {
    "accountIndex": 1,
    "mint": str(WALLET),
    "owner": str(WALLET),
    "programId": str(PROGRAM),
    "uiTokenAmount": {"amount": "12", "decimals": 6, "uiAmount": 0.000012},
}
GOOD: dict[str, Any] = {
    "getGenesisHash": HASH,
    "getMultipleAccounts": {
        "context": _CONTEXT,
        "value": [
            {
                "owner": str(PROGRAM),
                "lamports": 5,
                "data": [base64.b64encode(b"data").decode(), "base64"],
                "executable": False,
                "rentEpoch": 2**64 - 1,
                "space": 4,
            },
            None,
        ],
    },
    "getProgramAccounts": [{"pubkey": str(WALLET), "account": {"lamports": 1}}],
    "getLatestBlockhash": {
        "context": _CONTEXT,
        "value": {"blockhash": HASH, "lastValidBlockHeight": 150},
    },
    "simulateTransaction": {
        "context": _CONTEXT,
        "value": {"err": _FAILED, "logs": ["Program log: no"], "unitsConsumed": 77},
    },
    "getEpochInfo": {"absoluteSlot": 12, "blockHeight": 11, "epoch": 0},
    "getSignatureStatuses": {
        "context": _CONTEXT,
        "value": [{"slot": 8, "confirmationStatus": "confirmed", "err": _FAILED}],
    },
    "getTransaction": {
        "slot": 8,
        "transaction": {
            "signatures": [str(SIGNATURE)],
            "message": {"accountKeys": [str(WALLET), str(PROGRAM)]},
        },
        "meta": {
            "err": _FAILED,
            "fee": 5000,
            "preBalances": [10, 1],
            "postBalances": [9, 1],
            "preTokenBalances": [_TOKENS],
            "postTokenBalances": [_TOKENS],
            "logMessages": ["Program log: no"],
            "loadedAddresses": {"writable": [], "readonly": []},
        },
    },
    "getSlot": 9,
    "getFirstAvailableBlock": 3,
    "getRecentPrioritizationFees": [{"slot": 8, "prioritizationFee": 12}],
    "sendTransaction": str(SIGNATURE),
}

"""A node as JSON-RPC shows it: the ledger from some slots behind, honest about which slot.

Only the methods that the engine calls are here; another one ends the run, so that a new call in the
engine cannot go unsimulated. Source: solana.com/docs/rpc.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from solders.hash import Hash
from solders.signature import Signature

from landfall.core.values import Account, Commitment, Pubkey
from landfall.localnet.transactions import (
    MalformedTransaction,
    SignedMessage,
    decode_transaction,
)
from tests.simulation.bank import (
    CLOCK_SYSVAR,
    UNITS_CONSUMED,
    Bank,
    clock_account,
    execute,
    tokens_of,
)
from tests.simulation.ledger import (
    CONFIRMED_AFTER,
    FINALIZED_AFTER,
    VALID_FOR_BLOCKS,
    Block,
    Landed,
    Ledger,
)
from tests.simulation.virtual_time import NotSimulated
from tests.simulation.weather import Weather

GENESIS_HASH = str(Hash.hash(b"simulation"))
# How long a node remembers a status without searching its whole history.
_RECENT_SLOTS = 150
_BEHIND = {"processed": 0, "confirmed": CONFIRMED_AFTER, "finalized": FINALIZED_AFTER}

Json = Any


class RpcFailure(Exception):
    """The error object of a reply."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Node:
    """One node. `lag_slots` is how far behind the cluster it is."""

    def __init__(self, ledger: Ledger, weather: Weather, lag_slots: int) -> None:
        self.lag_slots = lag_slots
        self.down_until_ms = 0
        self.first_slot = 0
        self._usual_lag_slots = lag_slots
        self._behind_until_ms = 0
        self._ledger = ledger
        self._weather = weather
        self._known: dict[bytes, SignedMessage] = {}

    def fall_behind(self, slots: int, until_ms: int) -> None:
        """Be this much further behind until then."""
        self.lag_slots = self._usual_lag_slots + slots
        self._behind_until_ms = until_ms

    @property
    def is_behind(self) -> bool:
        return self.lag_slots > self._usual_lag_slots

    def look_up(self, now_ms: int) -> None:
        """Notice that a bad time is over."""
        if self._weather.is_calm:
            self.first_slot = 0
        if now_ms >= self._behind_until_ms or self._weather.is_calm:
            self.lag_slots = self._usual_lag_slots

    def answer(self, method: str, params: list[Json]) -> Json:
        """The `result` of a reply.

        Raises:
            RpcFailure: the reply is an error.
        """
        known = _METHODS.get(method)
        if known is None:
            raise NotSimulated(f"no such method in the simulation: {method}")
        return known(self, *params)

    def _slot(self) -> int:
        return max(0, self._ledger.slot - self.lag_slots)

    def _block(self, config: Mapping[str, Json]) -> Block:
        """The newest block at the commitment asked for; refused if that is too old to be asked."""
        behind = _BEHIND[config.get("commitment", "finalized")]
        block = self._ledger.block_at(self._slot() - behind)
        if config.get("minContextSlot", 0) > block.slot:
            raise RpcFailure(-32016, "Minimum context slot has not been reached")
        return block

    def _at(self, block: Block, value: Json) -> Json:
        return {"context": {"slot": block.slot}, "value": value}

    def _genesis_hash(self) -> Json:
        return GENESIS_HASH

    def _multiple_accounts(self, addresses: Sequence[str], config: Mapping[str, Json]) -> Json:
        block = self._block(config)
        found: list[Json] = []
        for text in addresses:
            address = Pubkey.from_string(text)
            account = block.bank.get(address)
            if address == CLOCK_SYSVAR:
                account = clock_account(self._ledger.clock(block))
            found.append(None if account is None else _account(account))
        return self._at(block, found)

    def _program_accounts(self, program: str, config: Mapping[str, Json]) -> Json:
        owner = Pubkey.from_string(program)
        return [
            {"pubkey": str(address), "account": _account(account)}
            for address, account in self._block(config).bank.items()
            if account.owner == owner and all(_passes(account, f) for f in config["filters"])
        ]

    def _latest_blockhash(self, config: Mapping[str, Json]) -> Json:
        block = self._block(config)
        return self._at(
            block,
            {
                "blockhash": str(Hash.from_bytes(block.hash_bytes)),
                "lastValidBlockHeight": block.height + VALID_FOR_BLOCKS,
            },
        )

    def _simulate(self, raw: str, config: Mapping[str, Json]) -> Json:
        block = self._block(config)
        transaction = decode_transaction(base64.b64decode(raw))
        executed = execute(block.bank, transaction, self._ledger.clock(block))
        return self._at(
            block,
            {
                "err": executed.error,
                "logs": executed.logs,
                "unitsConsumed": UNITS_CONSUMED,
                **_balances(transaction.static_keys, block.bank, executed.bank, executed.fee),
            },
        )

    def _get_slot(self, config: Mapping[str, Json]) -> Json:
        return self._block(config).slot

    def _epoch_info(self, config: Mapping[str, Json]) -> Json:
        block = self._block(config)
        return {"absoluteSlot": block.slot, "blockHeight": block.height, "epoch": 1}

    def _signature_statuses(self, signatures: Sequence[str], config: Mapping[str, Json]) -> Json:
        tip = self._ledger.block_at(self._slot())
        everything = bool(config.get("searchTransactionHistory"))
        return self._at(tip, [self._status(each, tip.slot, everything) for each in signatures])

    def _status(self, signature: str, seen_slot: int, everything: bool) -> Json:
        landed = self._ledger.by_signature.get(signature)
        if landed is None or not self.first_slot <= landed.slot <= seen_slot:
            return None
        if not everything and landed.slot < seen_slot - _RECENT_SLOTS:
            return None
        commitment = self._ledger.commitment_of(landed, seen_slot)
        return {
            "slot": landed.slot,
            "confirmationStatus": commitment.wire,
            "err": landed.error,
        }

    def _transaction(self, signature: str, config: Mapping[str, Json]) -> Json:
        landed = self._ledger.by_signature.get(signature)
        wanted = config.get("commitment", Commitment.FINALIZED.wire)
        if landed is None:
            return None
        if not self.first_slot <= landed.slot <= self._slot() - _BEHIND[wanted]:
            return None
        return _landed(landed)

    def _first_available_block(self) -> Json:
        return self.first_slot

    def _send(self, raw: str, config: Mapping[str, Json]) -> Json:
        wire = base64.b64decode(raw)
        transaction = self._known.get(wire)
        if transaction is None:
            transaction = self._known[wire] = _checked(wire)
        if config.get("minContextSlot", 0) > self._slot():
            raise RpcFailure(-32016, "Minimum context slot has not been reached")
        if self._weather.strikes("send acknowledged but dropped"):
            return str(transaction.signature)
        self._ledger.receive(transaction)
        if self._weather.strikes("send denied but passed on"):
            raise RpcFailure(-32002, "Transaction simulation failed: Blockhash not found")
        return str(transaction.signature)

    def _fees_paid(self, _: Sequence[str]) -> Json:
        return [{"slot": self._slot(), "prioritizationFee": 1_000}]


_METHODS: Mapping[str, Callable[..., Json]] = {
    "getGenesisHash": Node._genesis_hash,
    "getMultipleAccounts": Node._multiple_accounts,
    "getProgramAccounts": Node._program_accounts,
    "getLatestBlockhash": Node._latest_blockhash,
    "simulateTransaction": Node._simulate,
    "getSlot": Node._get_slot,
    "getFirstAvailableBlock": Node._first_available_block,
    "getEpochInfo": Node._epoch_info,
    "getSignatureStatuses": Node._signature_statuses,
    "getTransaction": Node._transaction,
    "getRecentPrioritizationFees": Node._fees_paid,
    "sendTransaction": Node._send,
}


def _checked(wire: bytes) -> SignedMessage:
    try:
        transaction = decode_transaction(wire)
    except MalformedTransaction as malformed:
        raise RpcFailure(-32602, str(malformed)) from None
    if not transaction.signatures_are_good():
        raise RpcFailure(-32003, "Transaction signature verification failure")
    return transaction


def _account(account: Account) -> Json:
    return {
        "owner": str(account.owner),
        "lamports": account.lamports,
        "data": [base64.b64encode(account.data).decode(), "base64"],
        "executable": account.executable,
    }


def _passes(account: Account, wanted: Mapping[str, Json]) -> bool:
    if "dataSize" in wanted:
        return len(account.data) == wanted["dataSize"]
    memcmp = wanted["memcmp"]
    expected, offset = base64.b64decode(memcmp["bytes"]), memcmp["offset"]
    return account.data[offset : offset + len(expected)] == expected


def _landed(landed: Landed) -> Json:
    keys = landed.transaction.static_keys
    signature: Signature = landed.transaction.signature
    return {
        "slot": landed.slot,
        "transaction": {
            "signatures": [str(signature)],
            "message": {"accountKeys": [str(key) for key in keys]},
        },
        "meta": {
            "err": landed.error,
            "logMessages": landed.logs,
            **_balances(keys, landed.before, landed.after, landed.fee),
        },
    }


def _balances(keys: Sequence[Pubkey], before: Bank, after: Bank, fee: int) -> dict[str, Json]:
    return {
        "fee": fee,
        "preBalances": [_lamports(before.get(key)) for key in keys],
        "postBalances": [_lamports(after.get(key)) for key in keys],
        "preTokenBalances": _token_balances(before, keys),
        "postTokenBalances": _token_balances(after, keys),
    }


def _lamports(account: Account | None) -> int:
    return 0 if account is None else account.lamports


def _token_balances(bank: Mapping[Pubkey, Account], keys: Sequence[Pubkey]) -> list[Json]:
    balances = []
    for index, key in enumerate(keys):
        held = tokens_of(bank.get(key))
        if held is not None:
            mint, owner, amount = held
            balances.append(
                {
                    "accountIndex": index,
                    "mint": str(mint),
                    "owner": str(owner),
                    "uiTokenAmount": {"amount": str(amount)},
                }
            )
    return balances

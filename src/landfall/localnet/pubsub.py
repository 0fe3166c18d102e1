"""PubSub: who wants to hear of what, and what they are told when it happens.

A subscription is told of something once, when it reaches the subscription's commitment. Account and
program notifications are sent per slot, when the slot closes or rises, with the state at its end;
signatures and logs at `processed` are told at once. A listener that does not read is closed, not
waited for.
Source: anza-xyz/agave, rpc/src/rpc_pubsub.rs and rpc_subscriptions.rs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from solders.system_program import ID as SYSTEM_PROGRAM

from landfall.core.values import Account, Commitment, Pubkey, Signature, Slot
from landfall.localnet.context import API_VERSION
from landfall.localnet.node import Node
from landfall.localnet.params import (
    Config,
    Params,
    RpcError,
    invalid_params,
    parse_pubkey,
    parse_signature,
)
from landfall.localnet.records import Advanced, Block, Landed
from landfall.localnet.rpc import encode
from landfall.localnet.rpc_accounts import Filter, account_filters, written
from landfall.localnet.wire import Json, keyed_account_json

SUBSCRIPTIONS_MAX = 10_000
"""Per connection."""

Send = Callable[[bytes], None]
"""Hands one frame to a connection; never waits."""

Tell = Callable[[str, bytes], None]
"""The same for a notification, by its subscription's kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One wish of one connection.

    `key` is the signature, account, program or mention it is about.
    """

    number: int
    kind: str
    commitment: Commitment
    key: Signature | Pubkey | None
    config: Config
    filters: tuple[Filter, ...]
    tell: Tell


@dataclass(slots=True)
class Connection:
    """One WebSocket: how it is answered, how it is told of things, and what it subscribed to."""

    send: Send
    tell: Tell
    numbers: set[int] = field(default_factory=set)


class Hub:
    """All subscriptions of a node. It is one of the node's listeners."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._next = 0
        self._all: dict[int, Subscription] = {}
        self._by_kind: dict[str, dict[int, Subscription]] = {kind: {} for kind in KINDS}
        self._by_signature: dict[Signature, set[int]] = {}

    def subscribe(self, connection: Connection, kind: str, params: Params) -> int:
        """Add a subscription and answer with its number.

        Raises:
            RpcError: the parameters are not that kind's.
        """
        if len(connection.numbers) >= SUBSCRIPTIONS_MAX:
            raise RpcError(-32603, "Internal error: too many subscriptions on this connection")
        key, config = KINDS[kind](params)
        # Refused here rather than at the first notification.
        config.account_encoding("binary")
        config.data_slice()
        self._next += 1
        subscription = Subscription(
            number=self._next,
            kind=kind,
            commitment=config.commitment(),
            key=key,
            config=config,
            filters=tuple(account_filters(config)) if kind == "program" else (),
            tell=connection.tell,
        )
        self._all[subscription.number] = subscription
        self._by_kind[kind][subscription.number] = subscription
        if isinstance(key, Signature):
            self._by_signature.setdefault(key, set()).add(subscription.number)
        connection.numbers.add(subscription.number)
        return subscription.number

    def subscribed(self, number: int) -> None:
        """The client has been told the number: what it waits for may have happened already."""
        subscription = self._all.get(number)
        if subscription is None or not isinstance(subscription.key, Signature):
            return
        standing = self._node.cluster.standing(subscription.key, search_history=True)
        if standing is None:
            return
        if self._node.cluster.commitment_of(standing.slot) >= subscription.commitment:
            self._tell_signature(subscription, standing.error)

    def unsubscribe(self, connection: Connection, number: int) -> bool:
        """Remove one of the connection's own subscriptions."""
        if number not in connection.numbers:
            return False
        connection.numbers.discard(number)
        self._remove(number)
        return True

    def disconnect(self, connection: Connection) -> None:
        """The connection is gone."""
        for number in connection.numbers:
            self._remove(number)
        connection.numbers.clear()

    def on_landed(self, landed: Landed) -> None:
        """A transaction was executed in the open block."""
        self._tell_transaction(landed, Commitment.PROCESSED)

    def on_advanced(self, advanced: Advanced, opened: Block, root: Block) -> None:
        """A slot has passed."""
        self._tell_accounts(advanced.closed, Commitment.PROCESSED)
        for block in advanced.confirmed:
            self._tell_block(block, Commitment.CONFIRMED)
        for block in advanced.finalized:
            self._tell_block(block, Commitment.FINALIZED)
        slots = {"parent": opened.parent_slot, "root": root.slot, "slot": opened.slot}
        for subscription in list(self._by_kind["slot"].values()):
            _notify(subscription, slots)
        if advanced.finalized:
            for subscription in list(self._by_kind["root"].values()):
                _notify(subscription, root.slot)

    def _tell_block(self, block: Block, commitment: Commitment) -> None:
        for landed in block.landed:
            self._tell_transaction(landed, commitment)
        self._tell_accounts(block, commitment)

    def _tell_transaction(self, landed: Landed, commitment: Commitment) -> None:
        for number in list(self._by_signature.get(landed.signature, ())):
            subscription = self._all[number]
            if subscription.commitment is commitment:
                self._tell_signature(subscription, landed.error, landed.slot)
        if not self._by_kind["logs"]:
            return
        value = None
        for subscription in list(self._by_kind["logs"].values()):
            mentioned = subscription.key is None or subscription.key in landed.addresses
            if subscription.commitment is not commitment or not mentioned:
                continue
            value = value or {
                "signature": str(landed.signature),
                "err": landed.error,
                "logs": landed.meta["logMessages"],
            }
            _notify(subscription, _with_slot(landed.slot, value))

    def _tell_signature(
        self, subscription: Subscription, error: Json, slot: Slot | None = None
    ) -> None:
        at = self._node.cluster.block(subscription.commitment).slot if slot is None else slot
        _notify(subscription, _with_slot(at, {"err": error}))
        self._remove(subscription.number)

    def _tell_accounts(self, block: Block, commitment: Commitment) -> None:
        accounts = self._by_kind["account"]
        programs = self._by_kind["program"]
        if not accounts and not programs:
            return
        touched = self._node.cluster.svm.accounts.touched_in(block.slot)
        for subscription in list(accounts.values()):
            key = subscription.key
            if subscription.commitment is commitment and isinstance(key, Pubkey) and key in touched:
                value = self._shown(subscription, touched[key])
                _notify(subscription, _with_slot(block.slot, value))
        for subscription in list(programs.values()):
            if subscription.commitment is commitment:
                self._tell_program(subscription, block.slot, touched)

    def _tell_program(
        self, subscription: Subscription, slot: Slot, touched: Mapping[Pubkey, Account | None]
    ) -> None:
        for address, account in touched.items():
            if account is None or account.owner != subscription.key:
                continue
            if all(test(account.data) for test in subscription.filters):
                value = keyed_account_json(address, self._shown(subscription, account))
                _notify(subscription, _with_slot(slot, value))

    def _shown(self, subscription: Subscription, account: Account | None) -> Json:
        # A removed account is told as an empty one of the system program.
        known = account or Account(SYSTEM_PROGRAM, 0, b"")
        config = subscription.config
        encoding = config.account_encoding("binary")
        return written(self._node, known, encoding, config.data_slice())

    def _remove(self, number: int) -> None:
        subscription = self._all.pop(number, None)
        if subscription is None:
            return
        self._by_kind[subscription.kind].pop(number, None)
        if isinstance(subscription.key, Signature):
            waiting = self._by_signature.get(subscription.key, set())
            waiting.discard(number)
            if not waiting:
                self._by_signature.pop(subscription.key, None)


def _with_slot(slot: Slot, value: Json) -> Json:
    return {"context": {"apiVersion": API_VERSION, "slot": slot}, "value": value}


def _notify(subscription: Subscription, result: Json) -> None:
    frame = encode(
        {
            "jsonrpc": "2.0",
            "method": f"{subscription.kind}Notification",
            "params": {"result": result, "subscription": subscription.number},
        }
    )
    subscription.tell(subscription.kind, frame)


def _signature_wish(params: Params) -> tuple[Signature, Config]:
    return parse_signature(params.text(0)), params.config(1)


def _address_wish(params: Params) -> tuple[Pubkey, Config]:
    return params.pubkey(0), params.config(1)


def _logs_wish(params: Params) -> tuple[Pubkey | None, Config]:
    wanted = params.values[0] if params.values else None
    if wanted in ("all", "allWithVotes"):
        return None, params.config(1)
    if isinstance(wanted, dict) and isinstance(wanted.get("mentions"), list):
        mentions = wanted["mentions"]
        if len(mentions) != 1:
            raise invalid_params("Invalid Request: Only 1 address supported")
        return parse_pubkey(mentions[0]), params.config(1)
    raise invalid_params("Invalid params: expected `all`, `allWithVotes` or `mentions`.")


def _no_wish(params: Params) -> tuple[None, Config]:
    return None, Config({})


KINDS: Mapping[str, Callable[[Params], tuple[Signature | Pubkey | None, Config]]] = {
    "account": _address_wish,
    "logs": _logs_wish,
    "program": _address_wish,
    "root": _no_wish,
    "signature": _signature_wish,
    "slot": _no_wish,
}

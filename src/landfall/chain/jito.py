"""Jito's block engine: one more unreliable sender of the same bytes, that wants a tip among them.

A bundle here is the one transaction. What the engine says of it is a hint for people: whether it
landed, the ledger says. Tips go to the accounts that we know, never to one that only an engine
names.
Source: docs.jito.wtf, low latency transaction send (sendBundle, getBundleStatuses, getTipAccounts,
tip floor).
"""

import asyncio
import base64
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from itertools import count
from typing import Any

import msgspec

from landfall import observe
from landfall.chain.jsonrpc import JsonRpc, RpcRefused
from landfall.chain.rpc import NOT_TAKEN
from landfall.core.errors import OutcomeUnknown, Unavailable
from landfall.core.execution import SignedTransaction
from landfall.core.ledger.tips import TIP_ACCOUNTS, Tip
from landfall.core.values import U64_MAX, Lamports, Pubkey, Signature
from landfall.ports import Clock

BUNDLES_PATH = "/api/v1/bundles"
TIP_FLOOR_PATH = "/api/v1/bundles/tip_floor"
TIPS_FRESH_MS = 10_000
_BUNDLES_REMEMBERED = 1_000
_NOT_TAKEN = NOT_TAKEN | {-32097}
"""The engine has an error of its own for too many requests."""
_LAMPORTS_PER_SOL = 10**9


class TipFloor(msgspec.Struct, frozen=True):
    """Tips of bundles that landed lately, in SOL, by percentile."""

    landed_tips_25th_percentile: Decimal
    landed_tips_50th_percentile: Decimal
    landed_tips_75th_percentile: Decimal
    landed_tips_95th_percentile: Decimal
    landed_tips_99th_percentile: Decimal


class _BundleStatus(msgspec.Struct, frozen=True):
    bundle_id: str
    confirmation_status: str | None = None


class _BundleStatuses(msgspec.Struct, frozen=True):
    value: list[_BundleStatus | None]


class BlockEngine:
    """One block engine, as a path for transactions and as somebody to tip."""

    def __init__(self, node: JsonRpc) -> None:
        self._node = node
        self._bundles: OrderedDict[Signature, str] = OrderedDict()

    @property
    def name(self) -> str:
        """What the engine may be called where people read it."""
        return self._node.name

    async def send(self, transaction: SignedTransaction) -> None:
        """Send the transaction as a bundle; again if it had been, unless it is said to have landed.

        Raises:
            Unavailable: the engine surely did not take it, or it holds no tip.
            OutcomeUnknown: the engine may have taken it.
        """
        if not transaction.tip_lamports:
            raise Unavailable("a bundle without a tip is not taken")
        if await self._is_said_to_have_landed(transaction.signature):
            return
        raw = base64.b64encode(transaction.raw).decode()
        try:
            bundle = await self._node.call("sendBundle", [[raw], {"encoding": "base64"}], str)
        except RpcRefused as refused:
            if refused.error.code in _NOT_TAKEN:
                raise
            raise OutcomeUnknown(str(refused)) from None
        self._bundles[transaction.signature] = bundle
        if len(self._bundles) > _BUNDLES_REMEMBERED:
            self._bundles.popitem(last=False)

    async def tip_accounts(self) -> tuple[Pubkey, ...]:
        """Those of the known tip accounts that the engine names, too.

        Raises:
            Unavailable: it does not answer.
        """
        try:
            named = set(await self._node.call("getTipAccounts", [], list[str]))
        except OutcomeUnknown as error:
            raise Unavailable(str(error)) from None
        return tuple(account for account in TIP_ACCOUNTS if str(account) in named)

    async def _is_said_to_have_landed(self, signature: Signature) -> bool:
        bundle = self._bundles.get(signature)
        if bundle is None:
            return False
        try:
            told = await self._node.call("getBundleStatuses", [[bundle]], _BundleStatuses)
        except (Unavailable, OutcomeUnknown):
            return False
        status = next((each for each in told.value if each and each.bundle_id == bundle), None)
        observe.bundle_hinted("unknown" if status is None else _word(status))
        return status is not None


def _word(status: _BundleStatus) -> str:
    known = ("processed", "confirmed", "finalized")
    word = status.confirmation_status or "landed"
    return word if word in known else "landed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TipRule:
    """Which of the tips that landed lately to pay, within `least` and `most` lamports."""

    percentile: int
    least: Lamports
    most: Lamports
    guards_front: bool

    def lamports(self, floor: TipFloor | None) -> Lamports:
        """The tip by the rule; the least where nothing is known."""
        if floor is None:
            return self.least
        sol: Any = getattr(floor, f"landed_tips_{self.percentile}th_percentile")
        if not sol.is_finite() or not 0 <= sol <= U64_MAX // _LAMPORTS_PER_SOL:
            return self.least
        wanted = int((sol * _LAMPORTS_PER_SOL).to_integral_value(ROUND_UP))
        return Lamports(min(max(wanted, self.least), self.most))


class Tips:
    """What to tip, from what is known: nobody waits for an engine twice.

    Args:
        accounts: asks which accounts may be tipped.
        floor: asks what landed lately.
        rule: what to make of it.
        clock: says when what is known has become old.
        patience_ms: how long the first who asks waits.
    """

    def __init__(
        self,
        accounts: Callable[[], Awaitable[Sequence[Pubkey]]],
        floor: Callable[[], Awaitable[TipFloor]],
        rule: TipRule,
        clock: Clock,
        patience_ms: int,
    ) -> None:
        self._ask_accounts = accounts
        self._ask_floor = floor
        self._rule = rule
        self._clock = clock
        self._patience_ms = patience_ms
        self._accounts: Sequence[Pubkey] = TIP_ACCOUNTS
        self._floor: TipFloor | None = None
        self._asked_at_ms: int | None = None
        self._asking: asyncio.Future[None] | None = None
        self._turns = count()

    async def tip(self) -> Tip | None:
        """The tip of the moment, to each account in turn; None if no account may be tipped."""
        now_ms = self._clock.now_ms()
        first = self._asked_at_ms is None
        if self._asked_at_ms is None or now_ms - self._asked_at_ms >= TIPS_FRESH_MS:
            self._asked_at_ms = now_ms
            self._asking = asyncio.ensure_future(self._learn())
        if first and self._asking is not None:
            bell = asyncio.ensure_future(self._clock.sleep_ms(self._patience_ms))
            await asyncio.wait({self._asking, bell}, return_when=asyncio.FIRST_COMPLETED)
            bell.cancel()
        if not self._accounts:
            return None
        account = self._accounts[next(self._turns) % len(self._accounts)]
        return Tip(account, self._rule.lamports(self._floor), self._rule.guards_front)

    async def _learn(self) -> None:
        try:
            self._accounts = await self._ask_accounts()
            if not self._accounts:
                observe.tips_unknown("the engine names none of the known tip accounts")
            self._floor = await self._ask_floor()
        except Unavailable as error:
            observe.tips_unknown(str(error))

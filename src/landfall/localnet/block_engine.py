"""A block engine beside the node: bundles of transactions that land together, in order, or not at
all.

A bundle has to tip: its transactions must pay one of the tip accounts, and a bundle any of whose
transactions would fail is dropped without a trace and without a fee. What came in is answered with
an id, whatever becomes of it. Bundles are executed as they arrive, in the open block; there is no
auction, for there is nobody to bid against.

Units: tips are lamports; the tip floor is told in SOL.
Source: docs.jito.wtf, low latency transaction send.
"""

import hashlib
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from landfall.core.ledger.fees import percentile
from landfall.core.ledger.tips import TIP_ACCOUNTS, TIP_MIN
from landfall.core.values import Commitment, Pubkey, Signature, Slot
from landfall.localnet.context import with_context
from landfall.localnet.execution import Outcome
from landfall.localnet.node import Node
from landfall.localnet.params import Params, RpcError, invalid_params
from landfall.localnet.rpc import answer, encode
from landfall.localnet.rpc_transactions import read_transaction
from landfall.localnet.transactions import SignedMessage
from landfall.localnet.wire import Json

BUNDLES_PATH = "/api/v1/bundles"
TIP_FLOOR_PATH = "/api/v1/bundles/tip_floor"
TRANSACTIONS_MAX = 5
STATUSES_MAX = 5
BUNDLES_REMEMBERED = 1_000
DO_NOT_FRONT = "jitodontfront"
PERCENTILES = (25, 50, 75, 95, 99)
_LAMPORTS_PER_SOL = 10**9
_TIPPED = frozenset(TIP_ACCOUNTS)


@dataclass(frozen=True, slots=True)
class Bundle:
    """What came in. `slot` is where it landed; None: it was dropped."""

    signatures: tuple[str, ...]
    slot: Slot | None


class BlockEngine:
    """The engine's methods over one node."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._bundles: OrderedDict[str, Bundle] = OrderedDict()
        self._tips: deque[int] = deque(maxlen=BUNDLES_REMEMBERED)
        self._methods: Mapping[str, Callable[[Node, Params], Json]] = {
            "sendBundle": self._send_bundle,
            "getBundleStatuses": self._bundle_statuses,
            "getInflightBundleStatuses": self._inflight_statuses,
            "getTipAccounts": lambda node, params: [str(account) for account in TIP_ACCOUNTS],
        }

    def answer(self, body: bytes) -> bytes:
        """The reply to one HTTP body."""
        return answer(self._node, body, self._methods)

    def tip_floor(self) -> bytes:
        """Tips of bundles that landed, by percentile; the least one while there are none."""
        tips = list(self._tips) or [TIP_MIN]
        now = self._node.cluster.block(Commitment.PROCESSED).unix_timestamp
        shown: dict[str, Json] = {"time": datetime.fromtimestamp(now, UTC).isoformat()}
        for percent in PERCENTILES:
            lamports = percentile(tips, percent)
            shown[f"landed_tips_{percent}th_percentile"] = lamports / _LAMPORTS_PER_SOL
        shown["ema_landed_tips_50th_percentile"] = shown["landed_tips_50th_percentile"]
        return encode([shown])

    def _send_bundle(self, node: Node, params: Params) -> Json:
        texts, config = params.listing(0, TRANSACTIONS_MAX), params.config(1)
        if not texts:
            raise invalid_params("a bundle has at least one transaction")
        if not all(isinstance(text, str) for text in texts):
            raise invalid_params("a transaction is a string")
        bundle = [read_transaction(text, config, "base58") for text in texts]
        _check(bundle)
        signatures = tuple(str(each.signature) for each in bundle)
        identity = hashlib.sha256(",".join(signatures).encode()).hexdigest()
        known = self._bundles.get(identity)
        if known is None or not self._stands(known):
            self._bundles[identity] = Bundle(signatures, self._land(bundle))
            self._bundles.move_to_end(identity)
        if len(self._bundles) > BUNDLES_REMEMBERED:
            self._bundles.popitem(last=False)
        return identity

    def _stands(self, bundle: Bundle) -> bool:
        """Whether it landed, and no fork has taken it back."""
        first = Signature.from_string(bundle.signatures[0])
        return bundle.slot is not None and (
            self._node.cluster.standing(first, search_history=True) is not None
        )

    def _land(self, bundle: Sequence[SignedMessage]) -> Slot | None:
        """Where it landed, or None if it was dropped."""
        outcomes = self._node.cluster.rehearse(bundle)
        if any(outcome.error is not None for outcome in outcomes):
            return None
        tip = self._tip(outcomes)
        if tip < TIP_MIN:
            return None
        for transaction in bundle:
            self._node.take_in(transaction)
        self._tips.append(tip)
        return self._node.cluster.block(Commitment.PROCESSED).slot

    def _tip(self, outcomes: Sequence[Outcome]) -> int:
        """What the outcomes, one after the other, add to the tip accounts."""
        after: dict[Pubkey, int] = {}
        for outcome in outcomes:
            for address in _TIPPED & outcome.changes.keys():
                account = outcome.changes[address]
                after[address] = 0 if account is None else account.lamports
        return sum(lamports - self._held(address) for address, lamports in after.items())

    def _held(self, address: Pubkey) -> int:
        account = self._node.cluster.svm.accounts.get(address)
        return 0 if account is None else account.lamports

    def _bundle_statuses(self, node: Node, params: Params) -> Json:
        slot = node.cluster.block(Commitment.PROCESSED).slot
        return with_context(slot, [self._status(identity) for identity in _identities(params)])

    def _status(self, identity: str) -> Json:
        bundle = self._bundles.get(identity)
        if bundle is None or bundle.slot is None:
            return None
        return {
            "bundle_id": identity,
            "transactions": list(bundle.signatures),
            "slot": bundle.slot,
            "confirmation_status": self._node.cluster.commitment_of(bundle.slot).wire,
            "err": {"Ok": None},
        }

    def _inflight_statuses(self, node: Node, params: Params) -> Json:
        slot = node.cluster.block(Commitment.PROCESSED).slot
        shown: list[Json] = []
        for identity in _identities(params):
            bundle = self._bundles.get(identity)
            landed = None if bundle is None else bundle.slot
            word = "Invalid" if bundle is None else "Failed" if landed is None else "Landed"
            shown.append({"bundle_id": identity, "status": word, "landed_slot": landed})
        return with_context(slot, shown)


def _identities(params: Params) -> list[str]:
    return [str(value) for value in params.listing(0, STATUSES_MAX)]


def _check(bundle: Sequence[SignedMessage]) -> None:
    """Refuse at the door what could never be taken."""
    if not all(each.signatures_are_good() for each in bundle):
        raise RpcError(-32602, "Transaction signature verification failure")
    if not any(_TIPPED & set(each.static_keys) for each in bundle):
        raise RpcError(
            -32602,
            "Bundles must write lock at least one tip account to be eligible for the auction.",
        )
    for each in bundle[1:]:
        if any(str(key).startswith(DO_NOT_FRONT) for key in each.static_keys):
            raise RpcError(
                -32602, f"A transaction with a {DO_NOT_FRONT} account must be first in its bundle."
            )

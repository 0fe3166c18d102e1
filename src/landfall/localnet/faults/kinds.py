"""The faults there are: where each one strikes, what it can be told, and what it does.

A fault strikes in one of five places. At a call, nothing or nobody answers as it should. At a
transaction that was sent, the same fate follows the same bytes however often and by whatever way
they come. In an answer, the node lags or lies. At a notification, the WebSocket misbehaves. And at
a slot, the chain itself does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Place(Enum):
    """Where a fault strikes."""

    CALL = "call"
    TRANSACTION = "transaction"
    ANSWER = "answer"
    NOTIFICATION = "notification"
    SLOT = "slot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One fault. `subjects` are the methods or subscriptions it can strike; empty: all of them.

    `unit` is what its amount counts, and `amount` the least and the most where none is named.
    """

    name: str
    place: Place
    meaning: str
    subjects: tuple[str, ...] = ()
    unit: str | None = None
    amount: tuple[int, int] = (0, 0)


_SENT = ("sendTransaction",)
_STATUSES = ("getSignatureStatuses",)
_LANDED = (*_STATUSES, "getTransaction", "getSignaturesForAddress")

_ALL = (
    Kind(
        name="429",
        place=Place.CALL,
        meaning="refused with HTTP 429 and a Retry-After of so many seconds; nothing is done",
        unit="seconds",
        amount=(1, 1),
    ),
    Kind(
        name="429-in-200",
        place=Place.CALL,
        meaning="refused with JSON-RPC error 429 inside HTTP 200; nothing is done",
    ),
    Kind(name="503", place=Place.CALL, meaning="refused with HTTP 503; nothing is done"),
    Kind(name="garbage", place=Place.CALL, meaning="HTTP 200 and no JSON; nothing is done"),
    Kind(
        name="hang",
        place=Place.CALL,
        meaning="done (a transaction lands), and never answered",
    ),
    Kind(
        name="reset",
        place=Place.CALL,
        meaning="done (a transaction lands), and the connection is reset instead of an answer",
    ),
    Kind(
        name="drop",
        place=Place.TRANSACTION,
        meaning="acknowledged, and never lands, however often it is sent again",
        subjects=_SENT,
    ),
    Kind(
        name="late",
        place=Place.TRANSACTION,
        meaning="acknowledged, and lands so many slots later",
        subjects=_SENT,
        unit="slots",
        amount=(5, 20),
    ),
    Kind(
        name="after-expiry",
        place=Place.TRANSACTION,
        meaning="kept back until its blockhash is dead, and tried then: refused",
        subjects=_SENT,
    ),
    Kind(
        name="duplicate",
        place=Place.TRANSACTION,
        meaning="tried again in each of the next slots, so many times; it lands once",
        subjects=_SENT,
        unit="copies",
        amount=(5, 5),
    ),
    Kind(
        name="stale",
        place=Place.ANSWER,
        meaning="answered as of so many slots ago, at every commitment",
        unit="slots",
        amount=(30, 30),
    ),
    Kind(
        name="lie-unknown",
        place=Place.ANSWER,
        meaning="a transaction that landed is said to be unknown",
        subjects=_LANDED,
    ),
    Kind(
        name="lie-confirmed",
        place=Place.ANSWER,
        meaning="a transaction that has not landed is said to be confirmed",
        subjects=_STATUSES,
    ),
    Kind(
        name="lie-signature",
        place=Place.ANSWER,
        meaning="acknowledged with the signature of another transaction",
        subjects=_SENT,
    ),
    Kind(
        name="lie-genesis",
        place=Place.ANSWER,
        meaning="the genesis hash of another cluster",
        subjects=("getGenesisHash",),
    ),
    Kind(
        name="lie-id",
        place=Place.ANSWER,
        meaning="the answer carries the id of another request",
    ),
    Kind(
        name="ws-close",
        place=Place.NOTIFICATION,
        meaning="the WebSocket is closed with code 1011 in the notification's place",
    ),
    Kind(
        name="ws-abort",
        place=Place.NOTIFICATION,
        meaning="the connection is reset in the notification's place",
    ),
    Kind(
        name="ws-silence",
        place=Place.NOTIFICATION,
        meaning="the connection stays open and tells nothing more, for so many slots or for good",
        unit="slots",
    ),
    Kind(name="ws-drop", place=Place.NOTIFICATION, meaning="the notification is left out"),
    Kind(
        name="ws-reorder",
        place=Place.NOTIFICATION,
        meaning="the notification comes after the next one",
    ),
    Kind(name="ws-duplicate", place=Place.NOTIFICATION, meaning="the notification comes twice"),
    Kind(
        name="rollback",
        place=Place.SLOT,
        meaning="a fork: the newest slots are taken back, as far as they are not confirmed",
        unit="slots",
        amount=(2, 2),
    ),
    Kind(
        name="skip",
        place=Place.SLOT,
        meaning="so many slots pass without a block",
        unit="slots",
        amount=(3, 3),
    ),
)

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ALL}

NOTIFICATIONS = ("account", "logs", "program", "root", "signature", "slot")

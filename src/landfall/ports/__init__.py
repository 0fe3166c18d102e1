"""The outside world: everything the pipeline may ask for, and nothing it may do itself.

Each port is what the story of an order needs, not what a technology offers. `world.py` holds
those of an order's story together; clients read through `Reader`, `Feed` and `Keys`. The adapters
are in `chain/`, `wallet/`, `store/` and `queue/`; `bootstrap/` joins them. Every method may raise
`Unavailable` (nothing happened, ask again later) unless it says otherwise.
"""

from landfall.ports.chain import ChainClient, Fees, Forms, Sender, Tokens, Witness
from landfall.ports.clock import Clock
from landfall.ports.event_log import Acceptance, EventLog
from landfall.ports.feed import COMMITS_AT_ONCE, Feed, Interest, Told
from landfall.ports.keys import Keys, Redeemed
from landfall.ports.market_record import MarketRecord, Spread, VenueRecord
from landfall.ports.pools import FoundPools, LoadedPool, PoolBook, Pools, PoolsAt, Prices
from landfall.ports.queue import Claim, Finished, Held, Next, Queue, RunAfter
from landfall.ports.reader import (
    Load,
    OrderFilter,
    OrderPage,
    QueueStats,
    Reader,
    Reserved,
    WorkerSeen,
)
from landfall.ports.wallet import History, Landings, Signer, Waiting, WalletRecord
from landfall.ports.world import Limits, World

__all__ = [
    "COMMITS_AT_ONCE",
    "Acceptance",
    "ChainClient",
    "Claim",
    "Clock",
    "EventLog",
    "Feed",
    "Fees",
    "Finished",
    "Forms",
    "FoundPools",
    "Held",
    "History",
    "Interest",
    "Keys",
    "Landings",
    "Limits",
    "Load",
    "LoadedPool",
    "MarketRecord",
    "Next",
    "OrderFilter",
    "OrderPage",
    "PoolBook",
    "Pools",
    "PoolsAt",
    "Prices",
    "Queue",
    "QueueStats",
    "Reader",
    "Redeemed",
    "Reserved",
    "RunAfter",
    "Sender",
    "Signer",
    "Spread",
    "Tokens",
    "Told",
    "VenueRecord",
    "Waiting",
    "WalletRecord",
    "Witness",
    "WorkerSeen",
    "World",
]

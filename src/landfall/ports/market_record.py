"""How the venues did in the latest attempts: what they quoted, won, moved and how fast."""

from collections.abc import Mapping
from dataclasses import dataclass

from landfall.core.values import Pubkey


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueRecord:
    """How one venue did in the latest attempts.

    `quotes` and `refusals` count its pools' answers, `asked` the attempts in which it gave any, and
    `won` those whose route went through it; of these, `confirmed` and `failed` have ended.
    Latencies are from the market's answer to the confirmation, in milliseconds; None without one.
    Volumes are what its legs of confirmed routes were quoted to move, by mint, in base units.
    """

    venue: str
    dex: str
    quotes: int
    refusals: int
    asked: int
    won: int
    confirmed: int
    failed: int
    latency_p50_ms: int | None
    latency_p99_ms: int | None
    volume_in: Mapping[Pubkey, int]
    volume_out: Mapping[Pubkey, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How far the best quotes of two exchanges lay apart, in the attempts in which both had one.

    `better` counts those in which `dex` was better than `other`. The averages are parts per million
    of the worse quote, rounded down: what routing won over always taking the wrong one.
    """

    dex: str
    other: str
    attempts: int
    better: int
    average_ppm: int
    max_ppm: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketRecord:
    """How venues did in the latest `attempts` attempts."""

    attempts: int
    venues: tuple[VenueRecord, ...]
    spreads: tuple[Spread, ...]

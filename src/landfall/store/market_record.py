"""What the log says of venues: who was asked, who won, how it ended, how far prices lay apart.

Of the thousands of quotes in it only the few fields that count are decoded.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import msgspec

from landfall.core.events import TransactionConfirmed
from landfall.core.values import Pubkey, SwapMode
from landfall.ports import MarketRecord, Spread, VenueRecord
from landfall.store.codec import decoded

PPM = 1_000_000


class _Request(msgspec.Struct, frozen=True):
    in_mint: str
    out_mint: str
    mode: SwapMode
    amount: int


class _Quote(msgspec.Struct, frozen=True):
    venue: str
    dex: str
    request: _Request
    in_amount: int
    out_amount: int


class _Refused(msgspec.Struct, frozen=True):
    venue: str
    dex: str


class _Market(msgspec.Struct, frozen=True):
    quotes: list[_Quote]
    refused: list[_Refused]


class _Leg(msgspec.Struct, frozen=True):
    quote: _Quote


class _Route(msgspec.Struct, frozen=True):
    legs: list[_Leg]


class _Selected(msgspec.Struct, frozen=True):
    route: _Route


_MARKET = msgspec.json.Decoder(_Market)
_SELECTED = msgspec.json.Decoder(_Selected)


@dataclass(slots=True)
class _Tally:
    """What is counted of one venue while attempts are gone through."""

    dex: str = ""
    counts: Counter[str] = field(default_factory=Counter)
    latencies_ms: list[int] = field(default_factory=list)
    volume_in: Counter[str] = field(default_factory=Counter)
    volume_out: Counter[str] = field(default_factory=Counter)


def market_record(rows: Sequence[Mapping[str, Any]]) -> MarketRecord:
    """The record in rows of `latest_attempts`."""
    tallies: defaultdict[str, _Tally] = defaultdict(_Tally)
    leads: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for row in rows:
        market = decoded(_MARKET, "RoutingStarted", row["market"])
        _count_answers(tallies, market)
        _count_leads(leads, market.quotes)
        if row["route"] is not None:
            selected = decoded(_SELECTED, "RouteSelected", row["route"])
            _count_route(tallies, selected.route, row["ended"], row["elapsed_ms"])
    return MarketRecord(
        attempts=len(rows),
        venues=tuple(_record(venue, tallies[venue]) for venue in sorted(tallies)),
        spreads=tuple(_spread(*pair, leads[pair]) for pair in sorted(leads)),
    )


def _count_answers(tallies: Mapping[str, _Tally], market: _Market) -> None:
    answers: list[_Quote | _Refused] = [*market.quotes, *market.refused]
    for answer in answers:
        tally = tallies[answer.venue]
        tally.dex = answer.dex
        tally.counts["quotes" if isinstance(answer, _Quote) else "refusals"] += 1
    for venue in {answer.venue for answer in answers}:
        tallies[venue].counts["asked"] += 1


def _count_leads(leads: Mapping[tuple[str, str], list[int]], quotes: Sequence[_Quote]) -> None:
    """How much better the first exchange's best quote was than the other's, in ppm, per attempt."""
    best: dict[str, _Quote] = {}
    for quote in quotes:
        # Best first, so the first of each is its best; quotes of other pairs do not compare.
        if quote.request == quotes[0].request:
            best.setdefault(quote.dex, quote)
    for dex, other in combinations(sorted(best, reverse=True), 2):
        leads[dex, other].append(_lead_ppm(best[dex], best[other]))


def _lead_ppm(quote: _Quote, other: _Quote) -> int:
    """Parts per million of the worse of the two; negative if that is `quote`."""
    if quote.request.mode is SwapMode.EXACT_IN:
        lead, worse = quote.out_amount - other.out_amount, min(quote.out_amount, other.out_amount)
    else:
        lead, worse = other.in_amount - quote.in_amount, max(quote.in_amount, other.in_amount)
    ppm = abs(lead) * PPM // max(1, worse)
    return ppm if lead >= 0 else -ppm


def _count_route(
    tallies: Mapping[str, _Tally], route: _Route, ended: str | None, elapsed_ms: int
) -> None:
    is_confirmed = ended == TransactionConfirmed.__name__
    quotes = [leg.quote for leg in route.legs]
    for venue in {quote.venue for quote in quotes}:
        tally = tallies[venue]
        tally.counts["won"] += 1
        if ended is not None:
            tally.counts["confirmed" if is_confirmed else "failed"] += 1
        if is_confirmed:
            tally.latencies_ms.append(elapsed_ms)
    if is_confirmed:
        for quote in quotes:
            tallies[quote.venue].dex = quote.dex
            tallies[quote.venue].volume_in[quote.request.in_mint] += quote.in_amount
            tallies[quote.venue].volume_out[quote.request.out_mint] += quote.out_amount


def _record(venue: str, tally: _Tally) -> VenueRecord:
    counts = tally.counts
    latencies = sorted(tally.latencies_ms)
    return VenueRecord(
        venue=venue,
        dex=tally.dex,
        quotes=counts["quotes"],
        refusals=counts["refusals"],
        asked=counts["asked"],
        won=counts["won"],
        confirmed=counts["confirmed"],
        failed=counts["failed"],
        latency_p50_ms=_percentile(latencies, 50),
        latency_p99_ms=_percentile(latencies, 99),
        volume_in=_by_mint(tally.volume_in),
        volume_out=_by_mint(tally.volume_out),
    )


def _by_mint(volumes: Mapping[str, int]) -> dict[Pubkey, int]:
    return {Pubkey.from_string(mint): units for mint, units in volumes.items()}


def _percentile(ordered: Sequence[int], percent: int) -> int | None:
    return ordered[(len(ordered) - 1) * percent // 100] if ordered else None


def _spread(dex: str, other: str, leads: Sequence[int]) -> Spread:
    apart = [abs(lead) for lead in leads]
    return Spread(
        dex=dex,
        other=other,
        attempts=len(leads),
        better=sum(lead > 0 for lead in leads),
        average_ppm=sum(apart) // len(apart),
        max_ppm=max(apart),
    )

"""The market's record in the shape clients see, read from the log at most once in a while."""

import asyncio
from collections.abc import Callable, Mapping

from landfall.api.scalars import amount, plain, share
from landfall.api.shapes import MarketWire, SpreadWire, VenueWire, VolumeWire
from landfall.core.amount import to_decimal
from landfall.core.token import Token
from landfall.core.token_list import KNOWN_TOKENS
from landfall.core.values import Pubkey
from landfall.ports import MarketRecord, Reader, Spread, VenueRecord

FRESH_S = 2.0
_PPM_DECIMALS = 6

_BY_MINT: Mapping[Pubkey, Token] = {token.mint: token for token in KNOWN_TOKENS.values()}


class LatestMarket:
    """The market's record, made anew when it is older than a moment; one reading serves all."""

    def __init__(self, reader: Reader, now_s: Callable[[], float]) -> None:
        self._reader = reader
        self._now_s = now_s
        self._one_at_a_time = asyncio.Lock()
        self._record: MarketRecord | None = None
        self._until_s = 0.0

    async def read(self) -> MarketRecord:
        """The record.

        Raises:
            Unavailable: the database did not answer.
        """
        async with self._one_at_a_time:
            if self._record is None or self._until_s <= self._now_s():
                self._record = await self._reader.market()
                self._until_s = self._now_s() + FRESH_S
            return self._record


def market(record: MarketRecord) -> MarketWire:
    """The record on the wire."""
    return MarketWire(
        attempts=record.attempts,
        venues=[_venue(each) for each in record.venues],
        spreads=[_spread(each) for each in record.spreads],
    )


def _venue(record: VenueRecord) -> VenueWire:
    return VenueWire(
        venue=record.venue,
        dex=record.dex,
        quotes=record.quotes,
        refusals=record.refusals,
        attempts=record.asked,
        won=record.won,
        win_rate=share(record.won, record.asked),
        confirmed=record.confirmed,
        failed=record.failed,
        success_rate=share(record.confirmed, record.confirmed + record.failed),
        latency_p50_ms=record.latency_p50_ms,
        latency_p99_ms=record.latency_p99_ms,
        volume_in=_volumes(record.volume_in),
        volume_out=_volumes(record.volume_out),
    )


def _volumes(by_mint: Mapping[Pubkey, int]) -> list[VolumeWire]:
    return [_volume(mint, units) for mint, units in sorted(by_mint.items(), key=lambda v: -v[1])]


def _volume(mint: Pubkey, units: int) -> VolumeWire:
    token = _BY_MINT.get(mint)
    return VolumeWire(
        mint=str(mint),
        symbol=token.symbol if token else None,
        amount=amount(units, token) if token else None,
        base_units=str(units),
    )


def _spread(spread: Spread) -> SpreadWire:
    return SpreadWire(
        dex=spread.dex,
        other=spread.other,
        attempts=spread.attempts,
        better=spread.better,
        average_spread=plain(to_decimal(spread.average_ppm, _PPM_DECIMALS)),
        max_spread=plain(to_decimal(spread.max_ppm, _PPM_DECIMALS)),
    )

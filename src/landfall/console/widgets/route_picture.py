"""The route as a picture: lanes from what is paid to what is bought, with shares and hops."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from nicegui import ui

from landfall.client import Leg, Preview, Token
from landfall.console import figures
from landfall.console.markup import box, say, text
from landfall.console.widgets.coin import draw_coin

_Leg = tuple[str, str, str, str]
"""A leg as it is drawn: its DEX, venue and pool, and its share of the hop."""
_Hop = tuple[str, tuple[_Leg, ...]]
"""A hop as it is drawn: the token before it, and its legs."""
_Told = tuple[str, tuple[_Hop, ...]]
"""A lane as it is drawn: its share, and its hops."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One way through the picture: its share of the input, and the legs of each hop, in order."""

    share: Decimal
    hops: tuple[tuple[Leg, ...], ...]


def lanes(legs: Sequence[Leg], mint_in: str, mint_out: str) -> tuple[Lane, ...]:
    """The lanes that legs make: each direct leg is one, and so is each detour over a third mint.

    What goes in by each first hop, of all that goes in, is its share.
    """
    first = [leg for leg in legs if leg.in_mint == mint_in]
    total = sum((leg.amount_in_base_units for leg in first), Decimal(0)) or Decimal(1)
    found: list[Lane] = []
    for leg in (leg for leg in first if leg.out_mint == mint_out):
        found.append(Lane(leg.amount_in_base_units / total, ((leg,),)))
    for third in dict.fromkeys(leg.out_mint for leg in first if leg.out_mint != mint_out):
        near = tuple(leg for leg in first if leg.out_mint == third)
        far = tuple(leg for leg in legs if leg.in_mint == third)
        paid = sum((leg.amount_in_base_units for leg in near), Decimal(0))
        found.append(Lane(paid / total, (near, far)))
    return tuple(sorted(found, key=lambda lane: -lane.share))


class RoutePicture:
    """The picture; while a route goes the same way in the same shares, only amounts are sent."""

    def __init__(self) -> None:
        self._outer = box("stack")
        self._way: object = ()
        self._amounts: list[ui.label] = []

    def show(self, preview: Preview | None, names: Mapping[str, str]) -> None:
        """Bring the picture to this preview's route, if it has one.

        `names` are what tokens are called, by mint, for hops over a third one.
        """
        route = None if preview is None else preview.route
        if preview is None or route is None:
            if self._way is not None:
                self._way = None
                self._draw_none()
            return
        ways = lanes(route.legs, preview.token_in.mint, preview.token_out.mint)
        way = (preview.token_in, preview.token_out, [_told(lane, names) for lane in ways])
        if way != self._way:
            self._way = way
            self._draw(*way)
        for label, value in zip(self._amounts, (route.amount_in, route.amount_out), strict=True):
            label.set_text(figures.amount(value))
            say(label, figures.exact(value))

    def _draw_none(self) -> None:
        self._outer.clear()
        with self._outer, box("empty"):
            ui.icon("alt_route")
            text("The way your order would take is drawn here.", "small")

    def _draw(self, pays: Token, gets: Token, told: Sequence[_Told]) -> None:
        self._outer.clear()
        words = _in_words(len(told))
        with self._outer, box("route").props(f'role=img aria-label="{words}"'):
            paid = _end(pays)
            with box("lanes"):
                for share, hops in told:
                    _lane(share, hops)
            self._amounts = [paid, _end(gets)]


def _in_words(count: int) -> str:
    return "The route: one way" if count == 1 else f"The route: split over {count} ways"


def _end(token: Token) -> ui.label:
    with box("route-end"):
        draw_coin(token)
        text(figures.short(token.name), "strong small")
        return text("", "small muted mono")


def _told(lane: Lane, names: Mapping[str, str]) -> _Told:
    hops = []
    for hop in lane.hops:
        total = sum((leg.amount_in_base_units for leg in hop), Decimal(0)) or Decimal(1)
        mid = names.get(hop[0].in_mint) if hop else None
        legs = tuple(
            (leg.dex, leg.venue, leg.pool, _share(leg.amount_in_base_units / total)) for leg in hop
        )
        hops.append((mid or "third token", legs))
    return _share(lane.share), tuple(hops)


def _share(fraction: Decimal) -> str:
    return figures.percent(fraction.quantize(Decimal("0.001")))


def _lane(share: str, hops: Sequence[_Hop]) -> None:
    with box("lane"):
        text(share, "share")
        for number, (mid, legs) in enumerate(hops):
            if number:
                text(f"→ {mid} →", "hop-mid muted")
            for leg in legs:
                _leg(*leg, is_alone=len(legs) == 1)


def _leg(dex: str, venue: str, pool: str, share: str, *, is_alone: bool) -> None:
    with box(f"hop {dex if dex in ('raydium', 'meteora') else ''}"):
        text(figures.venue(venue), "strong small cut")
        shared = "" if is_alone else f"{share} · "
        say(text(shared + figures.short(pool), "small muted mono cut"), pool)

"""The route as a picture: lanes from what is paid to what is bought, with shares and hops."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from landfall.client import Leg, Preview, Token
from landfall.console import figures
from landfall.console.markup import box, say, text
from landfall.console.widgets.coin import draw_coin


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


def draw_route(preview: Preview, names: dict[str, Token]) -> None:
    """Draw a preview's route; `names` are tokens by mint, for hops over a third one."""
    route = preview.route
    assert route is not None
    ways = lanes(route.legs, preview.token_in.mint, preview.token_out.mint)
    with box("route").props(f'role=img aria-label="{_in_words(len(ways))}"'):
        _end(preview.token_in, figures.amount(route.amount_in))
        with box("lanes"):
            for lane in ways:
                _lane(lane, names)
        _end(preview.token_out, figures.amount(route.amount_out))


def _in_words(count: int) -> str:
    return "The route: one way" if count == 1 else f"The route: split over {count} ways"


def _end(token: Token, amount: str) -> None:
    with box("route-end"):
        draw_coin(token)
        text(figures.short(token.name), "strong small")
        say(text(amount, "small muted mono"), amount)


def _lane(lane: Lane, names: dict[str, Token]) -> None:
    with box("lane"):
        text(figures.percent(lane.share.quantize(Decimal("0.001"))), "share")
        for number, hop in enumerate(lane.hops):
            if number:
                mid = names.get(hop[0].in_mint) if hop else None
                text("→ " + (mid.name if mid else "third token") + " →", "hop-mid muted")
            for leg in hop:
                _hop(leg, hop)


def _hop(leg: Leg, beside: Sequence[Leg]) -> None:
    total = sum((each.amount_in_base_units for each in beside), Decimal(0)) or Decimal(1)
    part = leg.amount_in_base_units / total
    with box(f"hop {leg.dex if leg.dex in ('raydium', 'meteora') else ''}"):
        text(figures.venue(leg.venue), "strong small cut")
        shared = f"{figures.percent(part.quantize(Decimal('0.001')))} · " if len(beside) > 1 else ""
        say(text(shared + figures.short(leg.pool), "small muted mono cut"), leg.pool)

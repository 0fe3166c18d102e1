"""What to know before executing, in words: impact, thin markets, slippage, tokens, balance."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from landfall.client import Preview, TokenRisks
from landfall.console import figures

IMPACT_WARN = Decimal("0.01")
IMPACT_BAD = Decimal("0.05")
SLIPPAGE_WARN = Decimal("0.03")
SOL_KEPT = Decimal("0.02")
NATIVE_MINT = "So11111111111111111111111111111111111111112"


@dataclass(frozen=True, slots=True)
class Caution:
    """One sentence; `kind` is warn, or bad where it surely costs money or cannot work."""

    kind: str
    sentence: str


def of_preview(preview: Preview, slippage: Decimal | None) -> list[Caution]:
    """About the prices, the depth and the bound."""
    found: list[Caution] = []
    if preview.route is None:
        return [Caution("bad", preview.reason)]
    moved = impact(preview)
    if moved >= IMPACT_WARN:
        kind = "bad" if moved >= IMPACT_BAD else "warn"
        found.append(
            Caution(
                kind,
                f"This trade moves the price by {figures.percent(moved)}, and you pay for it: the "
                "pool is thin for this amount. A smaller one, or several over time, costs less.",
            )
        )
    if len(preview.quotes) == 1:
        found.append(
            Caution("warn", "Only one pool would fill this: there is nothing to compare it with.")
        )
    if slippage is not None and slippage >= SLIPPAGE_WARN:
        found.append(
            Caution(
                "warn",
                f"With {figures.percent(slippage)} slippage the fill may be that much worse than "
                "the quote before it is refused, and others can see and take that difference.",
            )
        )
    return found


def impact(preview: Preview) -> Decimal:
    """How much the trade itself worsens its price, a fraction: the route's, or the best pool's."""
    if preview.route is not None and preview.route.price_impact_bps is not None:
        return Decimal(preview.route.price_impact_bps) / 10_000
    return max((quote.price_impact for quote in preview.quotes[:1]), default=Decimal(0))


def of_balance(preview: Preview, held: Decimal | None) -> list[Caution]:
    """About what the wallet holds of what is paid."""
    if held is None or preview.route is None:
        return []
    name = figures.short(preview.token_in.name)
    if preview.route.amount_in > held:
        return [Caution("bad", f"The wallet holds {figures.amount(held)} {name}, less than this.")]
    is_sol = preview.token_in.mint == NATIVE_MINT
    if is_sol and preview.route.amount_in > held - SOL_KEPT:
        return [Caution("warn", f"Keep about {SOL_KEPT} SOL for network fees and rent.")]
    return []


def of_tokens(risks: Sequence[TokenRisks]) -> list[Caution]:
    """About the tokens; what every holder of a well-known one accepts is not repeated here."""
    found: list[Caution] = []
    for each in risks:
        if each.is_known:
            continue
        name = figures.short(each.token.name)
        found.append(
            Caution(
                "warn",
                f"{name} is not on the list of known tokens. Anybody can make a token of any name: "
                "compare its mint address with the one its project publishes.",
            )
        )
        found += [Caution("warn", f"{name}: {risk}") for risk in each.risks]
    return found

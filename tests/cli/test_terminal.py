"""How a route looks in a terminal: hops, legs, shares, the bound, and what was not taken."""

import io
from decimal import Decimal

from rich.console import Console

from landfall.cli import terminal
from landfall.client import Alternative, BestSingle, Hop, Leg, Preview, Route, Token

SOL = Token(symbol="SOL", mint="So11111111111111111111111111111111111111112", decimals=9)
JUP = Token(symbol="JUP", mint="JUPyiwrYJFskUPiHa7hkeR8VUtAeFoSYbKedZNsDvCN", decimals=6)


def leg(venue: str, share: str, paid: str, got: str) -> Leg:
    return Leg(
        dex=venue.partition("_")[0],
        venue=venue,
        pool=f"pool of {venue}",
        in_mint=SOL.mint,
        out_mint=JUP.mint,
        amount_in_base_units=Decimal(1),
        amount_out_base_units=Decimal(1),
        amount_in=Decimal(paid),
        amount_out=Decimal(got),
        share=Decimal(share),
    )


def preview() -> Preview:
    legs = [leg("raydium_clmm", "0.75", "3", "450"), leg("meteora_dlmm", "0.25", "1", "149")]
    hop = Hop(
        in_mint=SOL.mint,
        in_symbol="SOL",
        out_mint=JUP.mint,
        out_symbol="JUP",
        amount_in=Decimal(4),
        amount_out=Decimal(599),
        legs=legs,
    )
    route = Route(
        legs=legs,
        hops=[hop],
        amount_in=Decimal(4),
        amount_out=Decimal(599),
        price=Decimal("149.75"),
        min_out=Decimal("593.01"),
        max_in=None,
        upper_bound_out=Decimal("599.1"),
        gap_bps=Decimal("1.67"),
        best_single=BestSingle(
            venue="raydium_clmm",
            pool="pool of raydium_clmm",
            amount_in=Decimal(4),
            amount_out=Decimal(590),
            gain_bps=Decimal("152.54"),
        ),
        alternatives=[
            Alternative(
                mints=[SOL.mint, "USDC's mint", JUP.mint],
                pools=[["one"], ["two", "three"]],
                amount_in=Decimal(4),
                amount_out=Decimal(580),
                behind_bps=Decimal(317),
                reason="It pays 317 bps less.",
            ),
            Alternative(
                mints=[SOL.mint, JUP.mint],
                pools=[],
                amount_in=Decimal(4),
                amount_out=Decimal(570),
                behind_bps=Decimal(484),
                reason="It pays 484 bps less.",
            ),
            Alternative(
                mints=[SOL.mint, "USDC's mint", JUP.mint],
                pools=[["four"], ["one"], ["two", "three"]],
                amount_in=Decimal(4),
                amount_out=Decimal(560),
                behind_bps=Decimal(651),
                reason="It pays 651 bps less.",
            ),
        ],
        context_slot=7,
    )
    return Preview(
        token_in=SOL,
        token_out=JUP,
        swap_mode="ExactIn",
        amount=Decimal(4),
        slippage_bps=100,
        quotes=[],
        refused=[],
        route=route,
        reason="",
        context_slot=7,
    )


def test_a_route_is_shown_hop_by_hop_with_its_bound_and_what_was_not_taken():
    seen = preview()
    assert seen.route is not None
    out = io.StringIO()
    console = Console(file=out, width=160)
    console.print(terminal.route_table(seen.route))
    for line in terminal.route_lines(seen, seen.route, {SOL.mint: "SOL", JUP.mint: "JUP"}):
        console.print(line)
    shown = out.getvalue()
    for said in ("1: SOL → JUP", "75.00%", "25.00%", "450", "no less than 593.01"):
        assert said in shown
    for said in ("599.1 JUP; gap 1.67 bps", "152.54 bps over one pool", "SOL → USDC's mint → JUP"):
        assert said in shown
    assert "not taken: SOL → JUP. It pays 484 bps less." in shown
    assert "not taken: SOL → JUP, directly and through USDC's mint over 4 pools." in shown


def test_waiting_is_silent_where_there_is_no_screen():
    out = io.StringIO()
    with terminal.Waiting(Console(file=out), is_shown=True) as waiting:
        waiting.after("submitted")
    assert out.getvalue() == ""


def test_waiting_says_what_for_on_a_screen():
    out = io.StringIO()
    console = Console(file=out, force_terminal=True)
    with terminal.Waiting(console, is_shown=True) as waiting:
        waiting.after("submitted")
    assert "waiting for the ledger's word" in out.getvalue()

"""Figures, links, colours, exports and cautions, without a browser."""

import csv
import doctest
import io
from decimal import Decimal

import pytest

from landfall.client import Cluster, Leg, Preview, Quote, Route, Token
from landfall.client.engine_answers import TokenRisks
from landfall.console import cautions, figures
from landfall.console.explorer import transaction_url
from landfall.console.next_steps import NEXT_STEPS, next_step
from landfall.console.order_rows import changes
from landfall.console.serve import may_pass
from landfall.console.theme import DARK, LIGHT, PALETTES
from landfall.console.widgets.route_picture import lanes
from landfall.core.errors import FailureReason

SOL = Token(symbol="SOL", mint="So11111111111111111111111111111111111111112", decimals=9)
USDC = Token(symbol="USDC", mint="USDC-mint", decimals=6)


def test_the_examples_of_the_figures_are_true():
    assert doctest.testmod(figures).failed == 0


def cluster(name: str, rpc_url: str | None) -> Cluster:
    return Cluster(
        name=name, genesis_hash="g", rpc_url=rpc_url, slot=1, slot_age_ms=0, latency_ms=1
    )


@pytest.mark.parametrize(
    ("name", "rpc_url", "tail"),
    [
        ("mainnet-beta", None, "/tx/abc"),
        ("devnet", None, "/tx/abc?cluster=devnet"),
        ("localnet", "http://127.0.0.1:8899",
         "/tx/abc?cluster=custom&customUrl=http%3A%2F%2F127.0.0.1%3A8899"),
        ("private", None, None),
    ],
)  # fmt: skip
def test_a_transaction_is_linked_where_an_explorer_can_show_it(name, rpc_url, tail):
    url = transaction_url("abc", cluster(name, rpc_url))
    assert url == (None if tail is None else f"https://explorer.solana.com{tail}")


def test_a_signature_cannot_leave_its_place_in_a_link():
    url = transaction_url("../x?y#z", cluster("mainnet-beta", None))
    assert url == "https://explorer.solana.com/tx/..%2Fx%3Fy%23z"


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [DARK, LIGHT])
def test_text_can_be_read_on_every_ground(theme):
    palette = PALETTES[theme]
    for ground in ("ground", "surface", "raised"):
        for ink in ("text", "muted", "accent", "good", "warn", "bad", "info"):
            assert contrast(palette[ink], palette[ground]) >= 4.5, (ink, ground)
    for soft in ("good-soft", "warn-soft", "bad-soft", "info-soft", "accent-soft"):
        assert contrast(palette["text"], palette[soft]) >= 4.5, soft
    assert contrast(palette["on-accent"], palette["accent"]) >= 4.5


def leg(pool: str, mint_in: str, mint_out: str, amount: int) -> Leg:
    return Leg(
        dex="raydium", venue="raydium_amm", pool=pool, in_mint=mint_in, out_mint=mint_out,
        amount_in_base_units=Decimal(amount), amount_out_base_units=Decimal(1),
    )  # fmt: skip


def test_lanes_are_shares_of_what_goes_in_and_a_detour_is_one_lane():
    legs = [leg("a", "I", "O", 50), leg("b", "I", "M", 20), leg("c", "I", "M", 30)]
    found = lanes([*legs, leg("d", "M", "O", 777)], "I", "O")
    assert [(lane.share, [[each.pool for each in hop] for hop in lane.hops]) for lane in found] == [
        (Decimal("0.5"), [["a"]]),
        (Decimal("0.5"), [["b", "c"], ["d"]]),
    ]


def preview(impact: str = "0", amount: int = 1, pools: int = 2, filled: bool = True) -> Preview:
    quote = Quote(
        dex="raydium", venue="raydium_amm", pool="p", price=None, amount_in=Decimal(amount),
        amount_out=Decimal(1), fee=None, fee_mint="x", price_impact=Decimal(impact),
        behind_bps=0, context_slot=1,
    )  # fmt: skip
    route = Route(
        legs=[leg("p", "I", "O", 1)], amount_in=Decimal(amount), amount_out=Decimal(1), price=None,
        min_out=None, max_in=None, context_slot=1,
    )  # fmt: skip
    return Preview(
        token_in=SOL, token_out=USDC, swap_mode="ExactIn", amount=Decimal(amount), slippage_bps=50,
        quotes=[quote] * pools, refused=[], route=route if filled else None, reason="No pool.",
        context_slot=1,
    )  # fmt: skip


def kinds(found):
    return [each.kind for each in found]


def test_cautions_grow_with_what_they_are_about():
    small = Decimal("0.005")
    assert cautions.of_preview(preview(), small) == []
    assert kinds(cautions.of_preview(preview("0.02"), small)) == ["warn"]
    assert kinds(cautions.of_preview(preview("0.08"), small)) == ["bad"]
    assert "Only one pool" in cautions.of_preview(preview(pools=1), small)[0].sentence
    assert "5 % slippage" in cautions.of_preview(preview(), Decimal("0.05"))[0].sentence
    assert cautions.of_preview(preview(filled=False), small)[0].sentence == "No pool."


def test_the_wallet_is_looked_into():
    assert cautions.of_balance(preview(amount=5), Decimal(100)) == []
    assert kinds(cautions.of_balance(preview(amount=5), Decimal(4))) == ["bad"]
    assert "Keep about" in cautions.of_balance(preview(amount=5), Decimal(5))[0].sentence
    assert cautions.of_balance(preview(amount=5), None) == []


def test_a_token_that_nobody_knows_is_told_with_its_risks_and_a_known_one_is_not():
    risks = ["Its issuer can make more of it."]
    assert cautions.of_tokens([TokenRisks(token=SOL, is_known=True, risks=risks)]) == []
    found = cautions.of_tokens([TokenRisks(token=USDC, is_known=False, risks=risks)])
    assert len(found) == 2


def test_every_way_to_fail_has_a_next_step():
    assert {each.value for each in FailureReason} == NEXT_STEPS.keys()
    assert next_step("of_tomorrow").endswith(".")


def test_only_what_changed_of_a_page_is_sent():
    kept = {"id": "k", "s": 1}
    before = [kept, {"id": "b", "s": 1}, {"id": "a", "s": 1}]
    change = changes(before, [{"id": "c", "s": 1}, kept, {"id": "b", "s": 2}], False)
    assert change["add"] == [{"id": "c", "s": 1}]
    assert change["update"] == [{"id": "b", "s": 2}]
    assert change["remove"] == [{"id": "a"}]


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ([(b"host", b"localhost:3001")], True),
        ([(b"host", b"[::1]:3001")], True),
        ([(b"host", b"localhost:3001"), (b"origin", b"http://localhost:3001")], True),
        ([(b"host", b"localhost:3001"), (b"origin", b"http://localhost:3000")], False),
        ([(b"host", b"localhost"), (b"host", b"localhost")], False),
        ([(b"host", b"evil.example")], False),
        ([(b"host", b"[")], False),
        ([], False),
    ],
)
def test_who_may_ask(headers, passes):
    assert may_pass(headers, frozenset({"localhost", "::1"})) is passes


def test_cells_of_an_export_are_text():
    from landfall.console.order_rows import _harmless

    for cell in ("=1+1", "+1", "-1", "@x", "\tx"):
        assert _harmless(cell) == f"'{cell}"
    assert _harmless("plain, text") == "plain, text"
    line = io.StringIO()
    csv.writer(line).writerow([_harmless("=1")])
    assert line.getvalue() == "'=1\r\n"

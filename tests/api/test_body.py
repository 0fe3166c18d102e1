"""What a body may say, from the table of aliases, and what no body can do."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from landfall.api.aliases import CANONICAL, DECIMAL, FIELDS, INTEGER
from landfall.api.body import MalformedBody, order_request, read_body
from landfall.core.errors import OrderRejected
from landfall.core.values import BasisPoints, SwapMode
from landfall.pipeline.accept import OrderRequest

NEEDED = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1.5"}
SAMPLES: dict[str, tuple[Any, str, Any]] = {
    "type": ("market", "order_type.value", "market"),
    "tokenIn": ("BONK", "token_in", "BONK"),
    "tokenOut": ("JUP", "token_out", "JUP"),
    "amountIn": ("2.25", "amount", Decimal("2.25")),
    "slippage": ("0.03", "slippage_bps", 300),
    "maxSlippage": ("0.03", "slippage_bps", 300),
    "slippageBps": (70, "slippage_bps", 70),
    "maxPriceImpactBps": (40, "max_price_impact_bps", 40),
    "maxFeeLamports": (20_000, "max_fee_lamports", 20_000),
    "swapMode": ("ExactIn", "swap_mode", SwapMode.EXACT_IN),
    "priority": (7, "priority", 7),
    "clientOrderId": ("a-1", "client_order_id", "a-1"),
    "userId": ("user123", "user_id", "user123"),
}
"""For each canonical field: a value, where it goes, and what it becomes there."""


def parse(body: dict[str, Any] | bytes | str) -> OrderRequest:
    raw = json.dumps(body) if isinstance(body, dict) else body
    return order_request(read_body(raw.encode() if isinstance(raw, str) else raw), BasisPoints(50))


def with_amount(written: str) -> str:
    """A body whose amount is this very text."""
    return '{"tokenIn":"SOL","tokenOut":"USDC","amount":' + written + "}"


def refusal(body: dict[str, Any] | bytes | str) -> tuple[str, str | None]:
    with pytest.raises(OrderRejected) as refused:
        parse(body)
    assert refused.value.sentence.endswith(".")
    return refused.value.reason.value, refused.value.field


def test_every_field_has_a_sample():
    assert set(SAMPLES) == {field.names[0] for field in FIELDS}


@pytest.mark.parametrize("name", CANONICAL)
def test_every_name_of_a_field_means_the_same(name: str):
    canonical = CANONICAL[name]
    value, attribute, expected = SAMPLES[canonical]
    body = {key: kept for key, kept in NEEDED.items() if key != canonical} | {name: value}
    found: Any = parse(body)
    for part in attribute.split("."):
        found = getattr(found, part)
    assert found == expected


@pytest.mark.parametrize("field", [field for field in FIELDS if len(field.names) > 1])
def test_one_field_under_two_names_is_refused(field):
    value = SAMPLES[field.names[0]][0]
    body = NEEDED | dict.fromkeys(field.names, value)
    assert refusal(body) == ("duplicate_field", field.names[1])


@pytest.mark.parametrize("field", [field for field in FIELDS if field.required])
def test_a_required_field_must_be_there(field):
    body = {key: value for key, value in NEEDED.items() if key != field.names[0]}
    assert refusal(body) == ("missing_field", field.names[0])


@pytest.mark.parametrize("name", CANONICAL)
@pytest.mark.parametrize("value", [True, [], {}, [1], {"a": 1}])
def test_a_wrong_type_is_refused_under_the_name_that_was_sent(name: str, value: object):
    body = {key: kept for key, kept in NEEDED.items() if key != CANONICAL[name]}
    assert refusal(body | {name: value}) == ("wrong_type", name)


@pytest.mark.parametrize(
    "field", [field for field in FIELDS if field.kind not in (DECIMAL, INTEGER)]
)
def test_a_number_is_no_text(field):
    assert refusal(NEEDED | {field.names[0]: 5}) == ("wrong_type", field.names[0])


def test_an_unknown_field_is_refused_by_name():
    assert refusal(NEEDED | {"amuont": "1"}) == ("unknown_field", "amuont")
    assert refusal(NEEDED | {"order_id": "1"}) == ("unknown_field", "order_id")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("0.1", "0.1"),
        ("1e-3", "0.001"),
        ("1.5", "1.5"),
        ('"1.5"', "1.5"),
        ("100", "100"),
        ("1E+2", "100"),
        ("0.1000000000000000055511151231257827021", "0.1000000000000000055511151231257827021"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
    ],
)
def test_a_number_means_what_was_written(written: str, meant: str):
    assert parse(with_amount(written)).amount == Decimal(meant)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ('"NaN"', "amount_not_a_number"),
        ('"sNaN"', "amount_not_a_number"),
        ('"Infinity"', "amount_not_a_number"),
        ('"-Infinity"', "amount_not_a_number"),
        ('"1_000"', "amount_not_a_number"),
        ('" 1"', "amount_not_a_number"),
        ('"1,5"', "amount_not_a_number"),
        ('"0x10"', "amount_not_a_number"),
        ('"١"', "amount_not_a_number"),
        ('""', "amount_not_a_number"),
        ('"+1"', "amount_not_a_number"),
        ("1e99999999999999999999", "amount_not_a_number"),
        ("1" * 41, "value_too_long"),
        ("0." + "1" * 39, "value_too_long"),
        ("null", "wrong_type"),
    ],
)
def test_what_is_not_a_plain_decimal_is_refused(written: str, reason: str):
    assert refusal(with_amount(written)) == (reason, "amount")


@pytest.mark.parametrize(
    ("fraction", "bps"),
    [("0.01", 100), ("0.5", 5000), ("0.0001", 1), ("0.00019", 1), ("0.0070000000000000001", 70)],
)
def test_slippage_is_rounded_down_to_whole_basis_points(fraction: str, bps: int):
    assert parse(NEEDED | {"maxSlippage": fraction}).slippage_bps == bps


def test_slippage_is_never_rounded_up_however_many_digits_say_so():
    fraction = "0.00699999999999999999999999999999999999"
    assert parse(NEEDED | {"slippage": fraction}).slippage_bps == 69


@pytest.mark.parametrize("fraction", ["0", "-0.01", "0.50001", "1", "0.00009", "1e-30", "1e30"])
def test_slippage_must_be_above_zero_and_at_most_a_half(fraction: str):
    assert refusal(NEEDED | {"slippage": fraction}) == ("slippage_out_of_range", "slippage")


def test_without_slippage_the_default_holds():
    assert parse(NEEDED).slippage_bps == 50


@pytest.mark.parametrize("other", ["slippage", "maxSlippage"])
def test_slippage_in_two_units_is_refused(other: str):
    body = NEEDED | {other: "0.01", "slippageBps": 100}
    assert refusal(body) == ("duplicate_field", "slippageBps")


def test_slippage_under_two_names_is_refused():
    body = NEEDED | {"slippage": "0.01", "maxSlippage": "0.01"}
    assert refusal(body) == ("duplicate_field", "maxSlippage")


def test_automatic_slippage_is_bounded_by_the_client_or_by_a_default():
    bounded = parse(NEEDED | {"slippage": "auto", "maxSlippage": "0.02"})
    assert (bounded.slippage_is_automatic, bounded.slippage_bps) == (True, 200)
    unbounded = parse(NEEDED | {"slippage": "auto"})
    assert (unbounded.slippage_is_automatic, unbounded.slippage_bps) == (True, 300)
    assert not parse(NEEDED | {"maxSlippage": "0.02"}).slippage_is_automatic


def test_automatic_slippage_takes_no_fixed_one_beside_it():
    body = NEEDED | {"slippage": "auto", "slippageBps": 100}
    assert refusal(body) == ("duplicate_field", "slippageBps")


def test_an_exact_out_amount_is_not_called_amount_in():
    assert refusal(NEEDED | {"swapMode": "ExactOut"}) == ("wrong_type", "amountIn")
    body = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": "3", "swapMode": "ExactOut"}
    assert parse(body).swap_mode is SwapMode.EXACT_OUT


def test_an_unknown_order_type_is_refused():
    assert refusal(NEEDED | {"type": "iceberg"}) == ("unknown_order_type", "type")


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b", "a\nb", "\u202eevil"])
def test_text_that_cannot_be_stored_or_deceives_is_refused(text: str):
    body = json.dumps(NEEDED | {"clientOrderId": text})
    assert refusal(body) == ("wrong_type", "clientOrderId")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"5",
        b"\xff\xfe",
        b'{"tokenIn":"SOL","tokenIn":"BONK"}',
        b'{"amount": NaN}',
        b'{"amount": Infinity}',
        b'{"amount": 01}',
        b'{"amount": .5}',
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b"{} {}",
    ],
)
def test_what_is_not_one_json_object_is_malformed(raw: bytes):
    with pytest.raises(MalformedBody):
        read_body(raw)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=50)
    | st.sampled_from(["1.5", "1e5", "NaN", "-0"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.dictionaries(st.sampled_from([*CANONICAL, "other"]), JSON).map(
        lambda extra: json.dumps(NEEDED | extra).encode("utf-8", "surrogatepass")
    )
    | st.binary(max_size=200)
)
def test_no_body_gets_past_as_anything_but_a_request_or_a_refusal(raw: bytes):
    try:
        request = parse(raw)
    except (MalformedBody, OrderRejected):
        return
    assert request.amount.is_finite()
    assert isinstance(request.slippage_bps, int)
    assert isinstance(request.priority, int)

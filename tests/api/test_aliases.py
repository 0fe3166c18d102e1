"""Every name that a client may use, walked from the tables that hold them."""

import json

import pytest

from landfall.api.aliases import DECIMAL, FIELDS, INTEGER, PATHS, TEXT, Field
from landfall.settings import VARIABLES
from tests.api.serving import Running

SENT: dict[str, object] = {
    "type": "market",
    "tokenIn": "SOL",
    "tokenOut": "USDC",
    "amountIn": "1.5",
    "slippage": "0.01",
    "maxSlippage": "0.02",
    "slippageBps": 77,
    "maxPriceImpactBps": 100,
    "maxFeeLamports": 50_000,
    "swapMode": "ExactIn",
    "priority": 3,
    "clientOrderId": "mine",
    "userId": "user123",
}
"""A value for every field by its canonical name."""
WRONG = {DECIMAL: "abc", INTEGER: "1", TEXT: 7}
NAMES = [(field, name) for field in FIELDS for name in field.names]
SEEDS_VARIABLES = (
    *("PORT", "HOST", "NODE_ENV", "APP_ENV", "LOG_LEVEL", "DATABASE_URL", "SOLANA_RPC_URL"),
    *(f"POSTGRES_{part}" for part in ("HOST", "PORT", "DB", "USER", "PASSWORD")),
    *(f"DB_{part}" for part in ("HOST", "PORT", "NAME", "USER", "PASSWORD")),
    *("MAX_CONCURRENT_ORDERS", "QUEUE_CONCURRENCY", "ORDER_RATE_LIMIT", "QUEUE_RATE_LIMIT"),
    *("RETRY_MAX_ATTEMPTS", "RETRY_BACKOFF_MS", "ORDER_TIMEOUT_MS", "PRIVATE_KEY"),
    *("WALLET_KEYPAIR", "MOCK_MODE", "MOCK_DELAY_MIN_MS", "MOCK_DELAY_MAX_MS"),
)


@pytest.mark.parametrize("names", PATHS, ids=lambda names: names[0])
async def test_every_name_of_a_path_answers_alike(api: Running, names: tuple[str, ...]):
    answers = [await api.http.get(name) for name in names]
    assert [answer.status_code for answer in answers] == [200] * len(names)
    assert len({answer.text for answer in answers}) == 1


def test_every_field_has_a_value_here():
    assert set(SENT) == {field.names[0] for field in FIELDS}


@pytest.mark.parametrize(("field", "name"), NAMES, ids=[name for _, name in NAMES])
async def test_every_name_of_a_field_is_read_as_that_field(api: Running, field: Field, name: str):
    needed = {key: SENT[key] for key in ("tokenIn", "tokenOut", "amountIn")}
    needed.pop(field.names[0], None)
    taken = await api.http.post("/api/orders/execute", json={**needed, name: SENT[field.names[0]]})
    assert taken.status_code == 201, taken.text
    refused = await api.http.post("/api/orders/execute", json={**needed, name: WRONG[field.kind]})
    assert refused.status_code == 422, refused.text
    assert refused.json()["error"]["field"] == name


@pytest.mark.parametrize(
    "field", [field for field in FIELDS if len(field.names) > 1], ids=lambda field: field.names[0]
)
async def test_a_field_under_two_names_is_refused(api: Running, field: Field):
    body = {key: SENT[key] for key in ("tokenIn", "tokenOut", "amountIn")}
    body |= dict.fromkeys(field.names, SENT[field.names[0]])
    answer = await api.http.post(
        "/api/orders/execute",
        content=json.dumps(body).encode(),
        headers={"content-type": "application/json"},
    )
    assert answer.json()["error"]["code"] == "duplicate_field"


def test_every_variable_of_the_older_descriptions_is_read():
    read = {name for variable in VARIABLES.values() for name in variable.names}
    assert set(SEEDS_VARIABLES) <= read

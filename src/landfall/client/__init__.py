"""The Python SDK: submit orders, follow them, read them. It knows the HTTP API and nothing else.

    async with AsyncClient() as client:
        form = OrderForm(token_in="SOL", token_out="USDC", amount=Decimal("1.5"))
        accepted = await client.submit(form)
        async for update in client.follow(accepted.order_id):
            ...

`Client` has the same methods without `await`.
"""

from landfall.client.answers import (
    Accepted,
    Health,
    LogEvent,
    Order,
    OrderDetail,
    OrderPage,
    Preview,
    Quote,
    Token,
    Update,
)
from landfall.client.asynchronous import AsyncClient
from landfall.client.engine_answers import (
    Balance,
    Cluster,
    Market,
    Queue,
    Ticket,
    TokenList,
    TokenRisks,
    Wallet,
    Workers,
)
from landfall.client.errors import ApiError, ClientError, Unreachable
from landfall.client.request import OrderForm
from landfall.client.route_answers import Alternative, BestSingle, Hop, Leg, Route
from landfall.client.synchronous import Client

__all__ = [
    "Accepted",
    "Alternative",
    "ApiError",
    "AsyncClient",
    "Balance",
    "BestSingle",
    "Client",
    "ClientError",
    "Cluster",
    "Health",
    "Hop",
    "Leg",
    "LogEvent",
    "Market",
    "Order",
    "OrderDetail",
    "OrderForm",
    "OrderPage",
    "Preview",
    "Queue",
    "Quote",
    "Route",
    "Ticket",
    "Token",
    "TokenList",
    "TokenRisks",
    "Unreachable",
    "Update",
    "Wallet",
    "Workers",
]

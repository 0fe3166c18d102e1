"""From the answer that an order is accepted to the first byte of its transaction on the wire.

The engine reaches its chain through a relay that notes when it is handed a transaction for the
first time. What lies between is all of the engine: claim, market, route, simulation, signature, and
the commit of them.
"""

import asyncio
import base64
import json
import re
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec
import uvloop
from solders.signature import Signature

from landfall.bench.asking import accept
from landfall.bench.engine import Engine, free_ports, landfall, running
from landfall.bench.figures import Figure, percentiles
from landfall.bench.keep_alive import KeepAlive, NoAnswer
from landfall.bench.paced import paced
from landfall.bench.scale import Scale
from landfall.client.asynchronous import AsyncClient
from landfall.localnet.genesis import faucet

RATE = 100.0
P99_MS_MAX = 25.0
_SENT = re.compile(rb'"sendTransaction".{0,40}?"([A-Za-z0-9+/]{88})', re.DOTALL)
_LONGEST = 4_096
_LOOKS, _LOOK_SECONDS = 200, 0.1


class _Accepted(msgspec.Struct, rename="camel"):
    order_id: str


def wire(scale: Scale) -> Iterator[Figure]:
    """The delay at a hundred orders a second, as far as their transactions were seen."""
    delays = uvloop.run(_measured(scale.seconds))
    yield from percentiles(
        "accepted to the first byte of the transaction on the wire, at 100 orders/s",
        "ms",
        delays,
        {50: P99_MS_MAX, 99: P99_MS_MAX},
    )


async def _measured(seconds: float) -> list[float]:
    wallet, seen = faucet(), dict[str, float]()
    port, relay_port = free_ports()
    with tempfile.TemporaryDirectory(prefix="landfall-bench-") as folder:
        key = Path(folder) / "wallet.json"
        key.touch(mode=0o600)
        key.write_text(json.dumps(list(bytes(wallet))))
        async with (
            landfall("localnet", "--port", str(port), "--fund", str(wallet.pubkey())),
            _relay(relay_port, port, seen),
        ):
            await _answers(port)
            async with running(
                SOLANA_RPC_URL=f"http://127.0.0.1:{relay_port}",
                SOLANA_WS_URL=f"ws://127.0.0.1:{port + 1}",
                WALLET_KEYPAIR=str(key),
            ) as engine:
                return await _delays(engine, seen, seconds)


async def _delays(engine: Engine, seen: dict[str, float], seconds: float) -> list[float]:
    accepted: dict[str, float] = {}
    async with KeepAlive(engine.url) as http, AsyncClient(engine.url) as client:

        async def order() -> None:
            answer = msgspec.json.decode(await accept(http), type=_Accepted)
            accepted[answer.order_id] = time.perf_counter()

        await paced(order, RATE / 10, seconds / 4)
        accepted.clear()
        await paced(order, RATE, seconds)
        return [await _delay(client, order_id, at, seen) for order_id, at in accepted.items()]


async def _delay(client: AsyncClient, order_id: str, at: float, seen: dict[str, float]) -> float:
    """Milliseconds from the acceptance to the order's first transaction on the wire."""
    for _ in range(_LOOKS):
        order = await client.order(order_id)
        for attempt in order.attempts:
            if attempt.transaction is not None and attempt.transaction.tx_hash in seen:
                return (seen[attempt.transaction.tx_hash] - at) * 1e3
        await asyncio.sleep(_LOOK_SECONDS)
    raise NoAnswer(f"order {order_id} sent nothing")


async def _answers(port: int) -> None:
    for _ in range(_LOOKS):
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(_LOOK_SECONDS)
    raise NoAnswer("the local chain does not start")


@asynccontextmanager
async def _relay(port: int, to: int, seen: dict[str, float]) -> AsyncIterator[None]:
    """Pass bytes on both ways, and note when each transaction was first handed over."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", to)
        with suppress(OSError):
            await asyncio.gather(
                _pass_on(reader, far_writer, seen), _pass_on(far_reader, writer, None)
            )

    server = await asyncio.start_server(connected, "127.0.0.1", port)
    async with server:
        yield


async def _pass_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: dict[str, float] | None
) -> None:
    tail = b""
    while chunk := await reader.read(1 << 16):
        now = time.perf_counter()
        writer.write(chunk)
        if seen is not None:
            tail += chunk
            for found in _SENT.finditer(tail):
                seen.setdefault(_signature(found[1]), now)
            tail = tail[-_LONGEST:]
    writer.close()


def _signature(encoded: bytes) -> str:
    """The signature that a transaction begins with, behind the count of them."""
    return str(Signature(base64.b64decode(encoded)[1:65]))

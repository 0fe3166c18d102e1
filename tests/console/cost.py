"""What open pages cost, while orders run: `python -m tests.console.cost`.

A site is started, orders are put on it at a steady rate, and pages are opened: plain WebSocket
clients that load a page, shake hands and read what a browser would be sent, since ten browsers
would measure themselves. Told are the processor time of the console and of everything else of the
site, as shares of one core, and what the engine's clients feel: how long a POST takes, and how late
a change arrives.
"""

import asyncio
import json
import re
import tempfile
import time
from ast import literal_eval
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import httpx
import psutil
from websockets.asyncio.client import ClientConnection, connect

from landfall.client import ApiError, AsyncClient, OrderForm
from tests.acceptance.conftest import free_ports
from tests.console.conftest import Site, free_port

ORDERS_PER_SECOND = 20
SECONDS = 10
SETTLE_SECONDS = 4
LINGER_SECONDS = 12
"""The console keeps a page whose browser is lost for a while; longer than that."""

TEN = ("/",) * 4 + ("/orders",) * 3 + ("/engine",) * 2 + ("/wallet",)
MIXES = ((), TEN, (), TEN, (), TEN, ("/",), ("/orders",), ("/engine",), ("/wallet",))
AMOUNT = "2.5"


async def visit(console: str, path: str, shown: asyncio.Semaphore) -> None:
    """One page, without end, told of when it shows; on the Trade page an amount is typed."""
    async with httpx.AsyncClient() as http:
        html = (await http.get(console + path)).text
    found = re.search(r"query: (\{.*?\}),\n", html)
    assert found is not None, html[:200]
    query = {**literal_eval(found[1]), "implicit_handshake": "true", "tab_id": str(uuid4())}
    query |= {"document_id": str(uuid4()), "EIO": 4, "transport": "websocket"}
    address = f"{console.replace('http', 'ws')}/_nicegui_ws/socket.io/?{urlencode(query)}"
    async with connect(address, proxy=None, max_size=None) as socket:
        has_typed, is_shown = path != "/", False
        async for message in socket:
            match str(message)[:2]:
                case "2":
                    await socket.send("3")
                case "0{":
                    await socket.send("40")
                case "42":
                    told = json.loads(str(message)[2:])
                    if not is_shown:
                        is_shown = True
                        shown.release()
                    if not has_typed and told[0] == "update":
                        has_typed = await typed(socket, query["client_id"], told[1])


async def visit_all(console: str, paths: tuple[str, ...], ready: Event) -> None:
    """These pages, without end."""
    shown = asyncio.Semaphore(0)
    async with asyncio.TaskGroup() as group:
        for path in paths:
            group.create_task(visit(console, path, shown))
        for _ in paths:
            await shown.acquire()
        ready.set()


def visitor(console: str, paths: tuple[str, ...], ready: Event) -> None:
    """These pages from a process of their own, so that reading them delays no order's clock."""
    asyncio.run(visit_all(console, paths, ready))


async def typed(socket: ClientConnection, client: str, elements: dict[str, Any]) -> bool:
    """Type an amount, if the field for it is among the elements that have come."""
    for number, element in elements.items():
        if not isinstance(element, dict):
            continue
        if element.get("props", {}).get("aria-label") == "You pay":
            change = next(each for each in element["events"] if "update:" in each["type"])
            event = {"id": int(number), "client_id": client, "args": [AMOUNT]}
            event["listener_id"] = change["listener_id"]
            await socket.send("42" + json.dumps(["event", event]))
            return True
    return False


class Felt:
    """What clients of the engine felt, in milliseconds."""

    def __init__(self) -> None:
        self.refused = 0
        self.posts: list[float] = []
        self.arrivals: list[float] = []

    async def place(self, client: AsyncClient, group: asyncio.TaskGroup) -> None:
        """Place orders for ever, at the rate, however long each takes."""
        form = OrderForm(token_in="SOL", token_out="USDC", amount="0.01", slippage="0.05")
        while True:
            group.create_task(self._place(client, form))
            await asyncio.sleep(1 / ORDERS_PER_SECOND)

    async def _place(self, client: AsyncClient, form: OrderForm) -> None:
        began = time.perf_counter()
        try:
            await client.submit(form)
        except ApiError:
            self.refused += 1
        else:
            self.posts.append((time.perf_counter() - began) * 1000)

    async def listen(self, client: AsyncClient) -> None:
        """Hear every change; engine and listener share the machine's clock."""
        async for update in client.updates():
            self.arrivals.append((time.time() - update.timestamp.timestamp()) * 1000)

    def told(self) -> str:
        """The medians and the 99th percentiles, and what was too much for the engine."""
        figures = ", ".join(
            f"{name} p50 {sorted(taken)[len(taken) // 2]:.1f} "
            f"p99 {sorted(taken)[len(taken) * 99 // 100]:.1f} ms"
            for name, taken in (("POST", self.posts), ("change", self.arrivals))
        )
        return f"{figures}, {self.refused} refused"


@contextmanager
def a_site() -> Iterator[Site]:
    """A site of its own, ended with everything of it."""
    with tempfile.TemporaryDirectory(prefix="landfall-cost-", ignore_cleanup_errors=True) as home:
        port, chain_port = free_ports()
        variables = {"ORDER_RATE_LIMIT": "0"}
        site = Site(
            Path(home) / "home", port, chain_port, variables=variables, console_port=free_port()
        )
        site.start()
        try:
            yield site
        finally:
            site.stop()


def seconds_of(processes: list[psutil.Process]) -> float:
    """The processor time that they have had."""
    return sum(sum(each.cpu_times()[:2]) for each in processes)


async def measured(site: Site, pages: tuple[str, ...]) -> None:
    """Open these pages, and say what they cost."""
    everything = site.processes()
    console = [each for each in everything if "landfall.console" in each.cmdline()]
    rest = [each for each in everything if each not in console]
    felt = Felt()
    apart = get_context("spawn")
    ready = apart.Event()
    visits = apart.Process(target=visitor, args=(site.console, pages, ready))
    visits.start()
    await asyncio.to_thread(ready.wait)
    async with AsyncClient(site.url) as client, asyncio.TaskGroup() as group:
        running = [*map(group.create_task, (felt.place(client, group), felt.listen(client)))]
        await asyncio.sleep(SETTLE_SECONDS)
        felt.posts.clear()
        felt.arrivals.clear()
        before, began = (seconds_of(console), seconds_of(rest)), time.perf_counter()
        await asyncio.sleep(SECONDS)
        elapsed = time.perf_counter() - began
        shares = [
            100 * (seconds_of(each) - had) / elapsed
            for each, had in zip((console, rest), before, strict=True)
        ]
        memory = sum(each.memory_info().rss for each in console) >> 20
        for task in running:
            task.cancel()
    visits.terminate()
    visits.join()
    named = f"{len(pages)} pages" if len(pages) != 1 else f"page {pages[0]}"
    print(
        f"{named:14} console {shares[0]:5.2f} % of a core, {memory} MB; rest {shares[1]:5.1f} %; "
        f"{felt.told()}; load {psutil.getloadavg()[0]:.1f}",
        flush=True,
    )


async def main() -> None:
    """Every mix, one after another."""
    with a_site() as site:
        for pages in MIXES:
            await measured(site, pages)
            await asyncio.sleep(LINGER_SECONDS)


if __name__ == "__main__":
    asyncio.run(main())

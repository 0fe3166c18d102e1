"""The client, and what it wrote down: every wish before it is asked, every answer when it came.

A wish is an amount that no other wish has, and a key that is sent with each try. Each line reaches
the disk before the client goes on, so the journal may be believed whatever dies.
"""

import asyncio
import json
import os
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
LAMPORTS_PER_SOL = 10**9
AMOUNT_FIRST = 10_000_000
LANE = 100_000_000
APART = 100_000
"""Lamports between the amounts of two wishes: a route through another mint leaves some basis points
of what it could take.
"""


@dataclass(slots=True)
class Wish:
    """One order as the client knows it. `told` are the ids it got for it, `refused` what else."""

    key: str
    lamports: int
    told: set[str] = field(default_factory=set)
    refused: str | None = None


class Journal:
    """The file, while it is written."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")

    def note(self, **line: Any) -> None:
        """One line, on the disk when this returns."""
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def read_journal(path: Path) -> Mapping[str, Wish]:
    """Wishes by key, from the file alone."""
    wishes: dict[str, Wish] = {}
    for text in path.read_text(encoding="utf-8").splitlines():
        line = json.loads(text)
        if line["what"] == "wish":
            wishes[line["key"]] = Wish(line["key"], line["lamports"])
        elif line["what"] == "told":
            wishes[line["key"]].told.add(line["orderId"])
        elif line["what"] == "refused":
            wishes[line["key"]].refused = line["why"]
    return wishes


class Client:
    """Places orders at any API until each is answered for good.

    Args:
        urls: the APIs; a try that fails goes to the next.
        journal: where everything is written down.
        chance: the seeded source of slippages and repeats.
        lane: sets this client's amounts and keys apart from other clients'.
    """

    def __init__(
        self, urls: tuple[str, ...], journal: Journal, chance: random.Random, lane: int
    ) -> None:
        self._urls = urls
        self._journal = journal
        self._chance = chance
        self._number = 0
        self._lane = lane
        self._http = httpx.AsyncClient(timeout=5)
        self.stopping = asyncio.Event()

    async def place_many(self, pause_s: float) -> None:
        """One order after another, until told to stop; the last is answered, too."""
        while not self.stopping.is_set():
            await self._place()
            await asyncio.sleep(self._chance.uniform(0, 2 * pause_s))

    async def close(self) -> None:
        """Hang up."""
        await self._http.aclose()

    async def _place(self) -> None:
        self._number += 1
        lamports = AMOUNT_FIRST + self._lane * LANE + self._number * APART
        key = f"wish-{self._lane}-{self._number}"
        self._journal.note(what="wish", key=key, lamports=lamports)
        body = {
            "tokenIn": "SOL",
            "tokenOut": "USDC",
            "amount": f"{lamports / LAMPORTS_PER_SOL:.9f}",
            # Some are so tight that the pools' programs will refuse them.
            "slippage": self._chance.choice((0.05, 0.05, 0.05, 0.0001)),
            "clientOrderId": key,
        }
        await self._until_answered(key, body)
        if self._chance.random() < 0.2:
            await self._until_answered(key, body)

    async def _until_answered(self, key: str, body: Mapping[str, Any]) -> None:
        while True:
            for url in self._chance.sample(self._urls, len(self._urls)):
                try:
                    answer = await self._http.post(f"{url}/api/orders/execute", json=body)
                except httpx.TransportError:
                    continue
                if answer.status_code in (200, 201):
                    order_id = answer.json()["orderId"]
                    self._journal.note(what="told", key=key, orderId=order_id)
                    return
                if answer.status_code not in AGAIN:
                    why = f"{answer.status_code} {answer.text[:200]}"
                    self._journal.note(what="refused", key=key, why=why)
                    return
            await asyncio.sleep(0.2)

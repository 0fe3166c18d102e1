"""What became of every wish: the ledger's file, the database's rows and the client's journal.

None of the three is the engine's own word. Amounts are unique, so the ledger alone says whose order
a swap was.
"""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from tests.nemesis.journal import APART, Wish

WSOL = "So11111111111111111111111111111111111111112"
ENDED = frozenset({"confirmed", "failed", "cancelled", "expired"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """A transaction of the wallet on the ledger. `paid` are lamports that reached others' accounts
    of wrapped SOL, `got` what the wallet's own accounts gained of another mint.
    """

    signature: str
    succeeded: bool
    paid: int
    got: int
    fee: int
    slot: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An order as the database has it. `signatures` are of all its attempts, oldest first; `cost`
    is what the fill says the network took, `finalized` whether finality is on record.
    """

    order_id: str
    key: str | None
    status: str
    paid: int | None
    got: int | None
    fee: int | None
    slot: int | None
    finalized: bool
    signatures: tuple[str, ...]
    versions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """Sentences, by how bad they are."""

    lost: tuple[str, ...]
    double: tuple[str, ...]
    wrong: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        """Nothing of any kind."""
        return not (self.lost or self.double or self.wrong)


def judge(swaps: Sequence[Swap], rows: Sequence[Row], wishes: Mapping[str, Wish]) -> Judgement:
    """Compare the three."""
    return Judgement(
        tuple(_lost(rows, wishes)),
        tuple(_double(swaps, rows, wishes)),
        (*_unlike_ledger(swaps, rows, wishes), *_unrecorded(swaps, rows)),
    )


def _lost(rows: Sequence[Row], wishes: Mapping[str, Wish]) -> list[str]:
    by_id = {row.order_id: row for row in rows}
    found = []
    for wish in wishes.values():
        if not wish.told and wish.refused is None:
            found.append(f"{wish.key} was never answered")
        if wish.refused is not None:
            found.append(f"{wish.key} is a good order, and was refused: {wish.refused}")
        found += [f"{wish.key}: {each} is not on record" for each in wish.told - by_id.keys()]
    found += [f"{r.key}: still {r.status}" for r in rows if r.status not in ENDED]
    for row in rows:
        if row.versions != tuple(range(len(row.versions))):
            found.append(f"{row.key}: its log has a gap: {row.versions}")
    return found


def _double(swaps: Sequence[Swap], rows: Sequence[Row], wishes: Mapping[str, Wish]) -> list[str]:
    found = []
    fills = Counter(_asked(swap) for swap in swaps if swap.succeeded)
    found += [f"{n} swaps of {lamports} lamports" for lamports, n in fills.items() if n > 1]
    succeeded = {swap.signature for swap in swaps if swap.succeeded}
    for row in rows:
        if len(succeeded.intersection(row.signatures)) > 1:
            found.append(f"{row.key}: more than one of {row.signatures} succeeded")
    orders = Counter(row.key for row in rows)
    found += [f"{key} is {n} orders" for key, n in orders.items() if n > 1]
    found += [f"{w.key} was told {sorted(w.told)}" for w in wishes.values() if len(w.told) > 1]
    return found


def _unlike_ledger(
    swaps: Sequence[Swap], rows: Sequence[Row], wishes: Mapping[str, Wish]
) -> list[str]:
    by_amount = defaultdict(list)
    for swap in swaps:
        if swap.succeeded:
            by_amount[_asked(swap)].append(swap)
    found = []
    for row in rows:
        wish = wishes.get(row.key or "")
        if wish is None:
            found.append(f"{row.order_id}: nobody asked for {row.key}")
            continue
        filled = by_amount.pop(wish.lamports, [])
        if row.status != "confirmed":
            found += [f"{row.key}: {row.status}, but {s.signature} succeeded" for s in filled]
            continue
        if not filled:
            found.append(f"{row.key}: confirmed, but no swap of it is on the ledger")
        for swap in filled:
            recorded = (row.paid, row.got, row.fee, row.slot, row.signatures[-1:])
            landed = (swap.paid, swap.got, swap.fee, swap.slot, (swap.signature,))
            if recorded != landed:
                found.append(f"{row.key}: recorded {recorded}, landed {landed}")
        if not row.finalized:
            found.append(f"{row.key}: confirmed, and finality is not on record")
    found += [f"a swap of {amount} lamports is nobody's" for amount in by_amount]
    return found


def _asked(swap: Swap) -> int:
    """The amount of the wish that this must have been: the next that there can be."""
    return -(-swap.paid // APART) * APART


def _unrecorded(swaps: Sequence[Swap], rows: Sequence[Row]) -> list[str]:
    recorded = {signature for row in rows for signature in row.signatures}
    return [f"{s.signature} landed unrecorded" for s in swaps if s.signature not in recorded]


def read_ledger(chain: Path, wallet: str) -> list[Swap]:
    """Every transaction that the wallet paid for, from the chain's own file."""
    with closing(sqlite3.connect(f"file:{chain}?mode=ro", uri=True)) as ledger:
        rows = ledger.execute(
            "select signature, err, fee, slot, meta from transactions where fee_payer = ?",
            (wallet,),
        ).fetchall()
    return [_swap(wallet, *row) for row in rows]


def _swap(wallet: str, signature: str, err: str | None, fee: int, slot: int, meta: str) -> Swap:
    balances = json.loads(meta)
    paid = got = 0
    for side, sign in (("preTokenBalances", -1), ("postTokenBalances", 1)):
        for balance in balances[side]:
            amount = sign * int(balance["uiTokenAmount"]["amount"])
            if balance["owner"] != wallet and balance["mint"] == WSOL:
                paid += amount
            if balance["owner"] == wallet and balance["mint"] != WSOL:
                got += amount
    return Swap(signature=signature, succeeded=err is None, paid=paid, got=got, fee=fee, slot=slot)


async def read_rows(dsn: str) -> list[Row]:
    """Every order, with SQL."""
    connection = await asyncpg.connect(dsn)
    try:
        orders = await connection.fetch(
            "select o.order_id::text, o.client_order_id, x.status, x.fill_in_amount, "
            "x.fill_out_amount, x.fill_fee_lamports, x.fill_slot, x.finalized_slot "
            "from orders o left join executions x using (order_id)"
        )
        events = await connection.fetch(
            "select order_id::text, version, signature from order_events order by version"
        )
    finally:
        await connection.close()
    versions, signatures = defaultdict(list), defaultdict(list)
    for event in events:
        versions[event["order_id"]].append(event["version"])
        if event["signature"] is not None:
            signatures[event["order_id"]].append(event["signature"])
    return [_row(order, signatures, versions) for order in orders]


def _row(order: Any, signatures: Mapping[str, Any], versions: Mapping[str, Any]) -> Row:
    def whole(column: str) -> int | None:
        return None if order[column] is None else int(order[column])

    order_id = order["order_id"]
    return Row(
        order_id=order_id,
        key=order["client_order_id"],
        status=order["status"] or "missing",
        paid=whole("fill_in_amount"),
        got=whole("fill_out_amount"),
        fee=whole("fill_fee_lamports"),
        slot=whole("fill_slot"),
        finalized=order["finalized_slot"] is not None,
        signatures=tuple(signatures.get(order_id, ())),
        versions=tuple(versions.get(order_id, ())),
    )

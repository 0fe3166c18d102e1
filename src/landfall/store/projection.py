"""What is shown of an order, as the row of `executions` it is kept in, and back.

The row repeats what the log says, and nothing else.
"""

import asyncpg

from landfall.core.execution import Execution, Fill, OrderSummary, Status, summarize
from landfall.core.values import BaseUnits, Lamports, Signature, Slot
from landfall.store.codec import decode_failure, decode_order, encode

Columns = tuple[object, ...]


def columns(execution: Execution) -> Columns:
    """Version, status and the rest of the row, in the order in which `append` takes them."""
    shown = summarize(execution)
    fill = shown.fill
    return (
        shown.version,
        shown.status.value,
        shown.attempts,
        str(shown.signature) if shown.signature else None,
        shown.dex,
        shown.venue,
        fill.slot if fill else None,
        fill.in_amount if fill else None,
        fill.out_amount if fill else None,
        fill.fee_lamports if fill else None,
        encode(shown.failure) if shown.failure else None,
        shown.finalized_slot,
    )


def summary(row: asyncpg.Record) -> OrderSummary:
    """The summary in a row of `executions` joined with its order's `body`."""
    signature, finalized_slot = row["signature"], row["finalized_slot"]
    return OrderSummary(
        order=decode_order(row["body"]),
        status=Status(row["status"]),
        version=row["version"],
        accepted_at_ms=row["accepted_at_ms"],
        updated_at_ms=row["updated_at_ms"],
        attempts=row["attempts"],
        signature=Signature.from_string(signature) if signature else None,
        dex=row["dex"],
        venue=row["venue"],
        fill=_fill(row),
        failure=decode_failure(row["failure"]) if row["failure"] else None,
        finalized_slot=None if finalized_slot is None else Slot(int(finalized_slot)),
    )


def _fill(row: asyncpg.Record) -> Fill | None:
    if row["fill_slot"] is None:
        return None
    return Fill(
        slot=Slot(int(row["fill_slot"])),
        in_amount=BaseUnits(int(row["fill_in_amount"])),
        out_amount=BaseUnits(int(row["fill_out_amount"])),
        fee_lamports=Lamports(int(row["fill_fee_lamports"])),
    )

"""One history as lines of text in the order of time, to see how it came to what it came to."""

from collections.abc import Iterator

from landfall.core.events import AttemptFailed, OrderFailed, TransactionReverted
from landfall.store.log_rows import facts
from tests.simulation.database import EPOCH_MS
from tests.simulation.history import History
from tests.simulation.ledger import slot_time_ms

Line = tuple[float, str]


def tell(history: History) -> list[str]:
    """Every fault, claim, commit, first send and landing, with its time in seconds."""
    lines = [
        *_faults(history),
        *_claims(history),
        *_commits(history),
        *_chain(history),
    ]
    return [f"{when:8.3f}  {text}" for when, text in sorted(lines, key=lambda line: line[0])]


def _faults(history: History) -> Iterator[Line]:
    for when, name in history.weather.struck:
        yield when, f"                     · {name}"


def _claims(history: History) -> Iterator[Line]:
    for claim in history.database.tables.claims:
        lapsed = f", whose lease {claim.lapsed_from} let end" if claim.lapsed_from else ""
        text = f"claimed by {claim.worker} under fence {claim.fence} while {claim.status}{lapsed}"
        yield _seconds(claim.at_ms), f"{_name(history, claim.order_id)} {text}"


def _commits(history: History) -> Iterator[Line]:
    for order_id, log in history.database.tables.events.items():
        for recorded in facts(log):  # type: ignore[arg-type]
            event = recorded.event
            text = f"{recorded.version}: {type(event).__name__}"
            if isinstance(event, AttemptFailed | OrderFailed | TransactionReverted):
                text += f", {event.reason.value}: {event.detail[:100]}"
            yield _seconds(recorded.recorded_at_ms), f"{_name(history, order_id)} {text}"


def _chain(history: History) -> Iterator[Line]:
    for signature, sent in history.watch.sent.items():
        amount = sent.asked.amount if sent.asked else "?"
        yield sent.first_s, f"{amount} {signature[:8]} first sent, then {sent.times - 1} times more"
    for signature, landed in history.ledger.by_signature.items():
        amount = landed.asked.amount if landed.asked else "?"
        end = "succeeded" if landed.error is None else f"failed: {landed.error}"
        when = slot_time_ms(landed.slot) / 1_000
        yield when, f"{amount} {signature[:8]} landed in slot {landed.slot} and {end}"


def _name(history: History, order_id: object) -> str:
    log = history.database.tables.events[order_id]  # type: ignore[index]
    return str(next(iter(facts(log[:1]))).event.order.amount)  # type: ignore[arg-type,union-attr]


def _seconds(at_ms: int) -> float:
    return (at_ms - EPOCH_MS) / 1_000

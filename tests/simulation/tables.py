"""The tables of the log and the queue in memory: what each SQL statement does, in Python.

The real `PostgresEventLog` and `PostgresQueue` run over this; they hand in the statements of their
`.sql` files, which are known here by their text, so a statement that was changed or added and not
followed up here is an error and not a silence. `test_tables` runs the same cases on PostgreSQL.
Each statement is one commit: it happens whole or not at all. Units: milliseconds.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any
from uuid import UUID

import asyncpg

from landfall.statements import load_statements
from tests.simulation.virtual_time import NotSimulated

Row = Mapping[Any, Any]
Rows = list[Row]
_TERMINAL = frozenset({"confirmed", "failed", "cancelled", "expired"})
SHOWN = (
    "version", "status", "attempts", "signature", "dex", "venue", "fill_slot", "fill_in_amount",
    "fill_out_amount", "fill_fee_lamports", "failure", "finalized_slot",
)  # fmt: skip
STATEMENTS: Mapping[str, str] = {
    text: name
    for package, file_name in (
        ("landfall.store.sql", "event_log.sql"),
        ("landfall.queue.sql", "queue.sql"),
    )
    for name, text in load_statements(package, file_name).items()
}
"""The names of the statements, by their text."""


@dataclass
class Job:
    """A row of `jobs`."""

    order_id: UUID
    ticket: int
    priority: int
    run_at: int
    lease_until: int | None = None
    fence: int = 0
    worker: str | None = None

    @property
    def due_at(self) -> int:
        return self.run_at if self.lease_until is None else self.lease_until


@dataclass(frozen=True, slots=True)
class Commit:
    """One append, as an auditor would have seen it; the tables themselves do not keep the fence."""

    at_ms: int
    order_id: UUID
    fence: int
    first_version: int


@dataclass(frozen=True, slots=True)
class Taken:
    """One claim: under which fence, by whom, and from whom if a lease had run out."""

    at_ms: int
    order_id: UUID
    fence: int
    worker: str
    status: str
    lapsed_from: str | None


class Tables:
    """The database's contents.

    Args:
        now_ms: the database's clock.
        notify: NOTIFY, with a channel and a payload.
    """

    def __init__(self, now_ms: Callable[[], int], notify: Callable[[str, str], None]) -> None:
        self._now_ms = now_ms
        self._notify = notify
        self.orders: dict[UUID, Row] = {}
        self.events: dict[UUID, list[Row]] = {}
        self.executions: dict[UUID, dict[str, Any]] = {}
        self.jobs: dict[UUID, Job] = {}
        self.signatures: dict[str, UUID] = {}
        self.commits: list[Commit] = []
        self.claims: list[Taken] = []
        self.conflicts = 0
        self.leases_lost = 0
        self._by_client: dict[tuple[str, str], UUID] = {}

    def perform(self, statement: str, arguments: Sequence[Any]) -> Rows:
        """Run one statement.

        Raises:
            asyncpg.PostgresError: the data is refused, and nothing changed.
        """
        name = STATEMENTS.get(statement)
        perform = getattr(self, f"_{name}", None)
        if perform is None:
            raise NotSimulated(f"no such statement in the simulation: {name or statement}")
        rows: Rows = perform(*arguments)
        return rows

    # ── The log ──────────────────────────────────────────────────────────────────────────────────

    def _make_safe(self) -> Rows:
        return [{}]

    def _accept(self, *columns: Any) -> Rows:
        *rows, hint = columns
        accepted: Rows = []
        now_ms = self._now_ms()
        for order_id, account, client_id, request_hash, _, _, priority, body, fact in zip(
            *rows, strict=True
        ):
            if not self._is_new(order_id, account, client_id):
                continue
            if client_id is not None:
                self._by_client[account, client_id] = order_id
            self.orders[order_id] = {
                "order_id": order_id, "account": account, "client_order_id": client_id,
                "request_hash": request_hash, "body": body,
            }  # fmt: skip
            self.events[order_id] = [_fact(order_id, 0, now_ms, "OrderAccepted", True, fact)]
            self.executions[order_id] = {
                **dict.fromkeys(SHOWN), "status": "pending", "version": 0, "attempts": 0,
                "accepted_at_ms": now_ms, "updated_at_ms": now_ms,
            }  # fmt: skip
            ticket = len(self.orders)
            self.jobs[order_id] = Job(order_id, ticket, priority, run_at=now_ms)
            accepted.append({"order_id": order_id, "accepted_at_ms": now_ms})
        if accepted:
            self._notify("landfall_commits", hint)
            self._notify("landfall_jobs", "")
        return accepted

    def _is_new(self, order_id: UUID, account: str, client_id: str | None) -> bool:
        known = client_id is not None and (account, client_id) in self._by_client
        return order_id not in self.orders and not known

    def _accepted_before(
        self, order_ids: Sequence[UUID], accounts: Sequence[str], client_ids: Sequence[str | None]
    ) -> Rows:
        found: Rows = []
        wanted = zip(order_ids, accounts, client_ids, strict=True)
        for place, (order_id, account, client_id) in enumerate(wanted, start=1):
            matches = {order_id} & self.orders.keys()
            if client_id is not None and (account, client_id) in self._by_client:
                matches.add(self._by_client[account, client_id])
            found += [
                {
                    "place": place,
                    "order_id": each,
                    "request_hash": self.orders[each]["request_hash"],
                }
                for each in sorted(matches)
            ]
        return found

    def _load(self, order_ids: Sequence[UUID]) -> Rows:
        wanted = sorted(set(order_ids) & self.events.keys())
        return [row for order_id in wanted for row in self.events[order_id]]

    def _standing(self, order_id: UUID) -> Rows:
        job = self.jobs.get(order_id)
        return [] if job is None else [{"fence": job.fence}]

    def _append(self, *columns: Any) -> Rows:
        heads, shown, facts, hint = columns[:6], columns[6:18], columns[18:26], columns[26]
        appends = list(zip(*heads, strict=True))
        rows = list(zip(*shown, strict=True))
        by_place: dict[int, list[tuple[Any, ...]]] = {}
        for place, *fact in zip(*facts, strict=True):
            by_place.setdefault(place, []).append(tuple(fact))
        kept = [
            place
            for place, (order_id, fence, last_version, *_) in enumerate(appends, start=1)
            if self._may_append(order_id, fence, last_version)
        ]
        self.conflicts += len(appends) - len(kept)
        for place in kept:
            self._check(appends[place - 1][0], rows[place - 1], by_place.get(place, []))
        if kept:
            self._notify("landfall_commits", hint)
        return [
            self._record(place, appends[place - 1], rows[place - 1], by_place.get(place, []))
            for place in kept
        ]

    def _may_append(self, order_id: UUID, fence: int, last_version: int) -> bool:
        job, shown = self.jobs.get(order_id), self.executions.get(order_id)
        return (
            job is not None
            and job.fence == fence
            and shown is not None
            and shown["version"] == last_version
        )

    def _check(
        self, order_id: UUID, row: tuple[Any, ...], facts: Iterable[tuple[Any, ...]]
    ) -> None:
        """Constraints and triggers."""
        status = self.executions[order_id]["status"]
        if status in _TERMINAL and row[1] != status:
            raise asyncpg.IntegrityConstraintViolationError(f"order {order_id} is {status}")
        present = self.events[order_id]
        for version, kind, attempt, signature, *_ in facts:
            if any(event["version"] == version for event in present):
                raise _not_unique("order_events_pkey")
            if signature is not None and signature in self.signatures:
                raise _not_unique("order_events_signature")
            if kind == "TransactionSigned" and any(
                event["kind"] == kind and event["attempt"] == attempt for event in present
            ):
                raise _not_unique("order_events_one_signature_per_attempt")

    def _record(
        self,
        place: int,
        append: tuple[Any, ...],
        row: tuple[Any, ...],
        facts: Sequence[tuple[Any, ...]],
    ) -> Row:
        order_id, fence, last_version, _, job_next, delay_ms = append
        now_ms, shown, job = self._now_ms(), self.executions[order_id], self.jobs[order_id]
        recorded_at_ms = max(now_ms, shown["updated_at_ms"])
        shown.update(zip(SHOWN, row, strict=True), updated_at_ms=recorded_at_ms)
        for version, kind, attempt, signature, body, ends, at_ms in facts:
            happened_at_ms = min(at_ms, recorded_at_ms)
            fact = _fact(order_id, version, happened_at_ms, kind, ends, body, attempt)
            self.events[order_id].append(fact)
            if signature is not None:
                self.signatures[signature] = order_id
        if job_next == "run_after":
            job.lease_until, job.worker, job.run_at = None, None, now_ms + delay_ms
        elif job_next == "finished":
            del self.jobs[order_id]
        self.commits.append(Commit(now_ms, order_id, fence, last_version + 1))
        return {"place": place, "recorded_at_ms": recorded_at_ms}

    # ── The queue ────────────────────────────────────────────────────────────────────────────────

    def _claim(self, limit: int, lease_ms: int, worker: str, starts_max: int) -> Rows:
        assert starts_max == 0, "the simulation does not limit starts"
        now_ms = self._now_ms()
        due = [job for job in self.jobs.values() if job.fence == 0 or job.due_at <= now_ms]
        chosen = sorted(due, key=lambda job: (-job.priority, job.ticket))[:limit]
        for job in chosen:
            status = self.executions[job.order_id]["status"]
            lapsed_from = job.worker if job.lease_until is not None else None
            job.fence, job.worker, job.lease_until = job.fence + 1, worker, now_ms + lease_ms
            self.claims.append(Taken(now_ms, job.order_id, job.fence, worker, status, lapsed_from))
        return [{"order_id": job.order_id, "fence": job.fence} for job in chosen]

    def _renew(self, order_ids: Sequence[UUID], fences: Sequence[int], lease_ms: int) -> Rows:
        held = [
            job
            for order_id, fence in zip(order_ids, fences, strict=True)
            if (job := self._held(order_id, fence)) is not None
        ]
        self.leases_lost += len(fences) - len(held)
        for job in held:
            job.lease_until = self._now_ms() + lease_ms
        return [{"order_id": job.order_id, "fence": job.fence} for job in held]

    def _release(self, order_id: UUID, fence: int, delay_ms: int) -> Rows:
        job = self._held(order_id, fence)
        if job is not None:
            job.lease_until, job.worker, job.run_at = None, None, self._now_ms() + delay_ms
        return []

    def _held(self, order_id: UUID, fence: int) -> Job | None:
        job = self.jobs.get(order_id)
        return job if job and job.fence == fence and job.lease_until is not None else None

    def _due_in_ms(self, starts_max: int) -> Rows:
        if any(job.fence == 0 for job in self.jobs.values()):
            return [{"ms": 0}]
        first = min(self.jobs.values(), key=attrgetter("due_at"), default=None)
        return [{"ms": None if first is None else first.due_at - self._now_ms()}]

    def _forget_starts(self) -> Rows:
        return []

    def _seen(self, worker: str) -> Rows:
        return []


def _fact(
    order_id: UUID,
    version: int,
    recorded_at_ms: int,
    kind: str,
    ends_commit: bool,
    body: str,
    attempt: int | None = None,
) -> Row:
    return {
        "order_id": order_id, "version": version, "recorded_at_ms": recorded_at_ms, "kind": kind,
        "attempt": attempt, "ends_commit": ends_commit, "body": body,
    }  # fmt: skip


def _not_unique(constraint: str) -> asyncpg.UniqueViolationError:
    violated = asyncpg.UniqueViolationError(constraint)
    violated.constraint_name = constraint
    return violated

"""The Engine page: how much there is to do, how fast it goes, where time goes, what is unwell."""

from nicegui import ui

from landfall.client import Cluster, Health, Queue, Workers
from landfall.client.engine_answers import Worker
from landfall.console import figures
from landfall.console.engine import Engines
from landfall.console.frame import Visit, arrive, draw_frame
from landfall.console.markup import box, heading, text
from landfall.console.theme import dex_colour
from landfall.console.widgets.charts import BarChart, TimeChart
from landfall.console.widgets.fact_lines import Fact, FactLines
from landfall.console.widgets.stage_table import StageTable
from landfall.console.widgets.tile import Tile

LOOK_SECONDS = 1.0
TAPE_SECONDS = 2
SHOWN_SECONDS = 300
SHOWN_SECONDS_MIN = 60
SILENT_MS_MAX = 15_000
RATE_WARN = 0.9
SINCE = "since this console listens"


def add(engines: Engines) -> None:
    """Make the page known."""

    @ui.page("/engine")
    async def engine() -> None:
        frame = draw_frame("Engine")
        visit = await arrive(engines, frame)
        if visit is None:
            return
        with frame.main:
            EnginePage(visit)


class EnginePage:
    """One open Engine page."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._engine = visit.engine
        self._seen: dict[str, int] = {}
        engine = visit.engine
        for watched in (engine.queue, engine.workers, engine.market):
            visit.while_seen(watched.watch)
        visit.while_seen(engine.listen)
        with box("stack wide"):
            with box("tiles"):
                labels = ("Waiting", "In progress", "To be retried", "Started, last minute")
                self._waiting, self._active, self._delayed, self._rate = map(Tile, labels)
                self._confirmed, self._failed = Tile("Confirmed"), Tile("Failed or expired")
            with box("panels"):
                self._draw_panels()
        visit.on_theme(self._recolour)
        visit.look(self._look, LOOK_SECONDS)

    def _draw_panels(self) -> None:
        palette = self._visit.palette
        with box("card eight charted"):
            with box("row-flex between"):
                heading("Throughput")
                text(SINCE, "card-note")
            lines = (("accepted", "info"), ("ended", "accent"))
            self._throughput = TimeChart(palette, lines, "orders/s")
        with box("card four"):
            with box("row-flex between"):
                heading("Where the time goes")
                text(SINCE, "card-note")
            self._stages = StageTable()
        with box("card six charted"):
            with box("row-flex between"):
                heading("Win rate of venues")
                self._attempts = text("", "card-note")
            self._wins = BarChart(palette, "%")
            self._no_wins = text("No order has been routed yet.", "muted small")
        with box("card six charted"):
            with box("row-flex between"):
                heading("Raydium against Meteora")
                self._spread_note = text("", "card-note cut")
            gap = ("best Raydium over best Meteora", "raydium")
            self._spread = TimeChart(palette, (gap,), "bps")
            self._no_spread = text(f"No order was quoted by both {SINCE}.", "muted small")
        with box("card four"):
            heading("Parts")
            self._parts = FactLines()
        with box("card four"):
            heading("Chain")
            self._chain = FactLines()
        with box("card four"):
            heading("Workers")
            self._workers = FactLines()
            self._no_workers = text("No worker was heard of lately: orders wait.", "small bad")
            self._no_workers.set_visibility(False)

    def _recolour(self, _: object) -> None:
        for chart in (self._throughput, self._spread):
            chart.recolour(self._visit.palette)
        self._seen.clear()

    def _look(self) -> None:
        engine = self._engine
        if self._is_new("queue", engine.queue.version) and engine.queue.value is not None:
            self._show_counts(engine.queue.value)
        if self._is_new("market", engine.market.version):
            self._show_market()
        if self._is_new("health", engine.health.version) and engine.health.value is not None:
            self._show_parts(engine.health.value)
        if self._is_new("cluster", engine.cluster.version) and engine.cluster.value is not None:
            self._show_chain(engine.cluster.value)
        if self._is_new("second", engine.seconds // TAPE_SECONDS):
            self._show_tape()
        if self._is_new("workers", engine.workers.version) and engine.workers.value is not None:
            self._show_workers(engine.workers.value)

    def _is_new(self, what: str, version: int) -> bool:
        is_new = self._seen.get(what) != version
        self._seen[what] = version
        return is_new

    def _show_counts(self, queue: Queue) -> None:
        self._waiting.show(f"{queue.waiting:,}", "not started yet", "warn" if queue.waiting else "")
        self._active.show(f"{queue.active:,}", "held by a worker")
        self._delayed.show(f"{queue.delayed:,}", "wait for their next try")
        self._confirmed.show(f"{queue.completed:,}", "since the beginning", "good")
        foot = f"{queue.cancelled:,} cancelled"
        self._failed.show(f"{queue.failed:,}", foot, "bad" if queue.failed else "")

    def _show_workers(self, workers: Workers) -> None:
        limit = workers.rate_limit
        used = workers.rate / limit if limit else 0.0
        foot = f"{used:.0%} of the limit, {limit:,}" if limit else "no limit"
        self._rate.show(f"{workers.rate:,}", foot, "warn" if used >= RATE_WARN else "")
        self._workers.show([_of_worker(each, workers.concurrency) for each in workers.workers])
        self._no_workers.set_visibility(not workers.workers)

    def _show_market(self) -> None:
        market = self._engine.market.value
        tried = [] if market is None else [each for each in market.venues if each.attempts]
        self._no_wins.set_visibility(not tried)
        self._wins.set_visible(bool(tried))
        if market is None:
            return
        palette = self._visit.palette
        self._attempts.set_text(f"of the last {market.attempts:,} attempts")
        bars = [
            (
                figures.venue(each.venue),
                round(float(each.win_rate or 0) * 100, 1),
                dex_colour(palette, each.dex),
            )
            for each in tried
        ]
        self._wins.show(sorted(bars, key=lambda bar: -bar[1]), palette)
        for spread in market.spreads:
            better = f"{spread.dex.capitalize()} better in {spread.better} of {spread.attempts}"
            apart = f"{figures.percent(spread.average_spread)} apart on average"
            self._spread_note.set_text(f"{better}, {apart}")

    def _show_parts(self, health: Health) -> None:
        self._parts.show(
            [
                ("good", name, figures.duration(part.latency_ms))
                if part.ok
                else ("bad", name, str(part.error))
                for name, part in health.checks.items()
            ]
        )

    def _show_chain(self, cluster: Cluster) -> None:
        is_late = cluster.slot_age_ms > SILENT_MS_MAX
        self._chain.show(
            [
                ("good", cluster.name, f"slot {cluster.slot:,}"),
                (
                    "warn" if is_late else "good",
                    "its clock is behind by",
                    figures.duration(cluster.slot_age_ms),
                ),
                ("good", "the RPC answers in", figures.duration(cluster.latency_ms)),
                ("", "genesis", figures.short(cluster.genesis_hash)),
            ]
        )

    def _show_tape(self) -> None:
        tape = self._engine.tape
        now = self._engine.seconds
        # The second that is under way would look like a fall, and the first one began without us.
        window = range(max(now - SHOWN_SECONDS, tape.since_s + 1), now - 1)
        heard = [(second * 1000.0, tape.seconds.get(second)) for second in window]
        begin = max(now - SHOWN_SECONDS, min(tape.since_s, now - SHOWN_SECONDS_MIN))
        span_ms = (begin * 1000, now * 1000)
        self._throughput.show(
            [
                [(at, each.accepted if each else 0) for at, each in heard],
                [(at, each.ended + each.failed if each else 0) for at, each in heard],
            ],
            span_ms,
        )
        spreads = [
            (second * 1000.0, each.spreads)
            for second, each in sorted(tape.seconds.items())
            if each.spreads and second >= begin
        ]
        self._no_spread.set_visibility(not spreads)
        self._spread.set_visible(bool(spreads))
        means = [(at, round(sum(all_) / len(all_), 2)) for at, all_ in spreads]
        self._spread.show([means], span_ms)
        self._stages.show(tape)


def _of_worker(worker: Worker, concurrency: int) -> Fact:
    is_silent = worker.silent_ms > SILENT_MS_MAX
    silent = f", silent for {figures.duration(worker.silent_ms)}" if is_silent else ""
    words = f"{worker.orders} of {concurrency} orders{silent}"
    return "bad" if is_silent else "good", worker.name, words

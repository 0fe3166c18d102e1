"""One seed, one history: the real engine through bad weather into calm, and what was seen of it."""

import asyncio
import gc
import hashlib
import time
import traceback
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from random import Random
from unittest.mock import patch

from landfall import observe
from landfall.pipeline.run import carry
from landfall.ports import Limits
from landfall.queue.worker import Worker
from tests.simulation.clients import Api, Wish, ask_for, draw_wishes
from tests.simulation.database import Database
from tests.simulation.engine import (
    CONCURRENCY,
    DRAIN_MS,
    LEASE_MS,
    Engine,
    draw_limits,
    small_world,
)
from tests.simulation.ledger import FINALIZED_AFTER, SLOT_MS, Ledger
from tests.simulation.network import Network
from tests.simulation.virtual_time import Process, Stuck, VirtualLoop
from tests.simulation.watch import Watch
from tests.simulation.weather import Weather

WORKERS = 2
# Long enough for bytes that never land to expire, and for the attempt after them.
STORM_S = 75.0
# 151 blocks, finality, a lease and the longest retry delay, all with room.
CALM_S = 120.0
_CHAOS_EVERY_S = 1.0
_LAST_WORDS_S = 3.0


@dataclass
class _Running:
    process: Process
    worker: Worker | None = None
    draining: asyncio.Task[None] | None = None

    @property
    def has_ended(self) -> bool:
        return not self.process.alive or (self.draining is not None and self.draining.done())


@dataclass(kw_only=True)
class History:
    """Everything the judge may look at."""

    seed: int
    weather: Weather
    ledger: Ledger
    database: Database
    watch: Watch
    wishes: list[Wish]
    limits: Limits
    ended_s: float = 0.0
    failures: list[str] = field(default_factory=list)
    ways: Counter[str] = field(default_factory=Counter)

    def digest(self) -> str:
        """The ledger, the log and the journal in one number: equal for equal histories."""
        told = hashlib.sha256()
        for block in self.ledger.blocks:
            landed = [(str(each.transaction.signature), each.error) for each in block.landed]
            told.update(repr((block.slot, block.hash_bytes, landed)).encode())
        for order_id, log in sorted(self.database.tables.events.items()):
            told.update(repr((order_id, log)).encode())
        for wish in self.wishes:
            told.update(repr(wish).encode())
        told.update(repr(self.weather.struck).encode())
        return told.hexdigest()


class Simulation:
    """The parts of one history, joined."""

    def __init__(self, seed: int) -> None:
        self._chance = Random(seed)
        self._loop = VirtualLoop()
        weather = Weather(Random(self._chance.getrandbits(64)), self._loop.time)
        ledger = Ledger(Random(self._chance.getrandbits(64)), weather)
        database = Database(self._loop, Random(self._chance.getrandbits(64)), weather)
        watch = Watch(self._loop, ledger, database.tables)
        network = Network(
            self._loop, Random(self._chance.getrandbits(64)), weather, ledger, watch.request
        )
        self._api: Api | None = None
        self._workers: list[_Running | None] = [None] * WORKERS
        self.history = History(
            seed=seed,
            weather=weather,
            ledger=ledger,
            database=database,
            watch=watch,
            wishes=draw_wishes(self._chance, self._chance.randint(2, 6)),
            limits=draw_limits(self._chance),
        )
        self._engine = Engine(network, database, self.history.limits, self._chance)

    def run(self) -> History:
        """The whole history."""
        # What a history allocates is kept to its end anyway.
        gc.disable()
        try:
            with ExitStack() as stack:
                small_world(stack)
                stack.enter_context(patch.object(observe, "worker_error", self._set_aside))
                stack.enter_context(patch.object(observe, "verdict_withheld", self._withheld))
                stack.enter_context(patch.object(observe, "rpc_lifetime_made_up", self._mortal))
                stack.enter_context(patch.object(observe, "rpc_blockhash_too_old", self._too_old))
                # Housekeeping and latencies go by these; nothing else that the engine does.
                stack.enter_context(patch.object(time, "monotonic", self._loop.time))
                stack.enter_context(patch.object(time, "perf_counter", self._loop.time))
                self._loop.run(self._live())
        except Stuck as stuck:
            self.history.failures.append(f"I2: {stuck}")
        finally:
            gc.enable()
        self.history.failures += [f"I2: the loop reports {error}" for error in self._loop.errors]
        self.history.ended_s = self._loop.time()
        return self.history

    def _set_aside(self, order_id: object, step: str, error: BaseException) -> None:
        """What the worker would leave to a human; in a simulation nobody comes."""
        where = traceback.extract_tb(error.__traceback__)[-1]
        told = f"{error!r} at {where.filename}:{where.lineno}"
        self.history.failures.append(f"I2: {order_id} was set aside in {step}: {told}")

    def _withheld(self, _: object, why: str, says: object) -> None:
        self.history.ways[f"verdict withheld: {why}"] += 1

    def _mortal(self, *_: object) -> None:
        self.history.ways["a blockhash that would live for ever refused"] += 1

    def _too_old(self, *_: object) -> None:
        self.history.ways["a blockhash from before what is final refused"] += 1

    async def _live(self) -> None:
        for index in range(WORKERS):
            self._start_worker(index)
        self._start_api()
        clients = [
            asyncio.create_task(
                ask_for(wish, self._loop, self._chance, self.history.weather, self._api_if_alive)
            )
            for wish in self.history.wishes
        ]
        while not self._all_done() and self._loop.time() < STORM_S:
            await asyncio.sleep(_CHAOS_EVERY_S)
            self._do_harm()
        self.history.weather.is_calm = True
        self._mend()
        while not self._all_done() and self._loop.time() < STORM_S + CALM_S:
            await asyncio.sleep(_CHAOS_EVERY_S)
            self._mend()
        for client in clients:
            client.cancel()
        # Whatever is still under way arrives; then only the ledger has anything left to do.
        await asyncio.sleep(_LAST_WORDS_S)
        for process in self._loop.processes:
            process.kill()
        await asyncio.sleep((FINALIZED_AFTER + 10) * SLOT_MS / 1_000)
        self.history.ledger.catch_up(int(self._loop.time() * 1_000))

    def _all_done(self) -> bool:
        tables = self.history.database.tables
        return not tables.jobs and all(wish.done for wish in self.history.wishes)

    # ── Processes ────────────────────────────────────────────────────────────────────────────────

    def _start_worker(self, index: int) -> None:
        process = Process(self._loop, f"worker {index}")
        wrong = self.history.weather.strikes("clock wrong")
        wrong_by_ms = self._chance.choice((-3_600_000, 3_600_000)) if wrong else 0
        running = self._workers[index] = _Running(process)
        process.start(self._work(running, wrong_by_ms))

    async def _work(self, running: _Running, wrong_by_ms: int) -> None:
        world = await self._engine.world(wrong_by_ms)
        queue = self._engine.queue(running.process.name)

        def stopping() -> bool:
            self.history.ways["told to stop in the middle of an order"] += worker.is_draining
            return worker.is_draining

        worker = running.worker = Worker(
            queue,
            partial(carry, world, queue, stopping=stopping),
            concurrency=CONCURRENCY,
            lease_ms=LEASE_MS,
        )
        await worker.run()

    def _start_api(self) -> None:
        process = Process(self._loop, "api")
        self._api = Api(process, self._engine.door())

    def _api_if_alive(self) -> Api | None:
        return self._api if self._api is not None and self._api.process.alive else None

    # ── Harm and repair ──────────────────────────────────────────────────────────────────────────

    def _do_harm(self) -> None:
        weather = self.history.weather
        for index, running in enumerate(self._workers):
            if running is None or running.process.frozen:
                continue
            if running.has_ended or weather.strikes("worker killed"):
                self._restart_worker(index, running.process)
            elif running.worker is not None and weather.strikes("worker drained"):
                running.draining = running.process.start(running.worker.drain(DRAIN_MS))
            elif weather.strikes("worker frozen"):
                running.process.freeze_for(self._chance.uniform(0.1, 3.0))
            elif weather.strikes("worker frozen past its lease"):
                running.process.freeze_for(self._chance.uniform(6.0, 25.0))
        if self._api is None:
            return
        if not self._api.process.alive or weather.strikes("API killed"):
            self._api.process.kill()
            self._api = None
            self._loop.call_later(self._chance.uniform(0.0, 3.0), self._start_api)

    def _restart_worker(self, index: int, process: Process) -> None:
        process.kill()
        self._workers[index] = None
        self._loop.call_later(self._chance.uniform(0.0, 12.0), self._start_worker, index)

    def _mend(self) -> None:
        """Whatever still lies about from the storm is put right."""
        for index, running in enumerate(self._workers):
            if running is not None and running.has_ended:
                self._restart_worker(index, running.process)
        if self._api is not None and not self._api.process.alive:
            self._start_api()


def simulate(seed: int) -> History:
    """The history of this seed."""
    return Simulation(seed).run()

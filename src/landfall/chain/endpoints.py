"""The providers of one cluster: which to ask first, and which to ask at all.

A provider on another cluster than the first is never asked, sent to or heard. One that could not be
reached yet is on no known cluster, so it is not used before it has said which one it is on.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from itertools import count

from landfall import observe
from landfall.chain.health import Health
from landfall.chain.rpc import RpcChain
from landfall.core.errors import LandfallError, Unavailable
from landfall.core.ledger.answers import Finalized
from landfall.core.values import Slot
from landfall.ports import Clock

_LATENCY_SLACK_MS = 50
_GENESIS_EVERY_PROBES = 60
_FINALITY_PATIENCE_S = 0.5


class WrongCluster(LandfallError):
    """Two providers are on different clusters."""


class Endpoint:
    """One provider: how to ask it, how it does, and whether it is on our cluster."""

    def __init__(self, chain: RpcChain, health: Health) -> None:
        self.chain = chain
        self.health = health
        self.is_ours: bool | None = None
        self.cluster: str | None = None

    @property
    def name(self) -> str:
        """What it may be called where people read it."""
        return self.health.name

    def check_ours(self) -> None:
        """Go on only with a provider that is known to be on our cluster.

        Raises:
            Unavailable: it is not, or has not said yet.
        """
        if not self.is_ours:
            raise Unavailable(f"{self.name} is not known to be on our cluster")

    async def check_still_ours(self) -> None:
        """Ask it once more which cluster it is on: what is behind a URL may have changed.

        Raises:
            Unavailable: it is on another one now, or does not answer.
        """
        self.check_ours()
        told = await self.chain.genesis_hash()
        if told != self.cluster:
            raise Unavailable(f"{self.name} is now on the cluster of genesis {told}")


class Endpoints:
    """All of them.

    Args:
        endpoints: in the order in which they are liked if all do well.
        clock: paces the probes.
        lag_slots: how far behind the best a provider may be before it is asked last.
    """

    def __init__(self, endpoints: Sequence[Endpoint], clock: Clock, lag_slots: int) -> None:
        self.all = tuple(endpoints)
        self._clock = clock
        self._lag_slots = lag_slots
        self._genesis_hash: str | None = None

    async def verify(self) -> str:
        """The cluster's genesis hash, as all say who answer.

        Raises:
            WrongCluster: they do not say the same.
            Unavailable: nobody answers.
        """
        told = await asyncio.gather(*(self._genesis(endpoint) for endpoint in self.all))
        known = [each for each in told if each is not None]
        if not known:
            names = ", ".join(endpoint.name for endpoint in self.all)
            raise Unavailable(f"No RPC answers ({names}).")
        if len(set(known)) > 1:
            names = ", ".join(f"{e.name}: {t}" for e, t in zip(self.all, told, strict=True) if t)
            raise WrongCluster(f"The RPCs are on different clusters ({names}).")
        self._genesis_hash = known[0]
        for endpoint, genesis_hash in zip(self.all, told, strict=True):
            endpoint.cluster = self._genesis_hash
            endpoint.is_ours = None if genesis_hash is None else True
        return self._genesis_hash

    def known_final(self, beside: RpcChain) -> tuple[Finalized, ...]:
        """How far the ledger is final, as others than `beside` have said, or as it alone has."""
        ours = [each.chain for each in self.all if each.is_ours]
        others = [chain.known_final for chain in ours if chain is not beside]
        told = tuple(each for each in others if each is not None)
        return told or ((beside.known_final,) if beside.known_final else ())

    async def final_past(
        self, slot: Slot, chain: RpcChain
    ) -> tuple[tuple[Finalized, ...], tuple[Finalized, ...]]:
        """How far the ledger is final, as those say now, or said last, who are well past `slot`:
        `chain` itself, and the others.
        """
        past = [
            each.chain
            for each in self.all
            if each.is_ours and each.health.slot - slot > self._lag_slots
        ]
        await asyncio.gather(*(_learn_finality(each) for each in past))
        told = [(each, each.known_final) for each in past]
        own = tuple(final for each, final in told if final and each is chain)
        return own, tuple(final for each, final in told if final and each is not chain)

    def by_preference(self) -> list[Endpoint]:
        """Those that may be asked now, the best first; the ailing ones last."""
        usable = [each for each in self.all if each.is_ours and not each.health.pause_left_ms]
        best_slot = max((each.health.slot for each in usable), default=0)
        fastest_ms = min((each.health.latency_ms for each in usable), default=0)

        def ailing(endpoint: Endpoint) -> tuple[bool, bool, bool]:
            health = endpoint.health
            lags = best_slot - health.slot > self._lag_slots
            slow = health.latency_ms > 2 * fastest_ms + _LATENCY_SLACK_MS
            return (health.is_resting, lags, slow)

        return sorted(usable, key=ailing)

    async def watch(self, every_ms: int) -> None:
        """Look at each provider from time to time, for ever, so that the best is known before it
        is needed and one that has recovered is used again.
        """
        for probe in count(1):
            await self._clock.sleep_ms(every_ms)
            again = probe % _GENESIS_EVERY_PROBES == 0
            await asyncio.gather(*(self._probe(each, again) for each in self.all))
            best_slot = max(each.health.slot for each in self.all)
            for endpoint in self.all:
                observe.rpc_lag(endpoint.name, best_slot - endpoint.health.slot)

    async def _probe(self, endpoint: Endpoint, again: bool) -> None:
        if endpoint.health.is_resting:
            return
        try:
            if endpoint.is_ours is None or again:
                told = await self._genesis(endpoint)
                if told is None:
                    return
                endpoint.is_ours = told == self._genesis_hash
                if not endpoint.is_ours:
                    observe.rpc_wrong_cluster(endpoint.name, told)
            if endpoint.is_ours:
                await endpoint.chain.slot()
        except Unavailable:
            return

    @staticmethod
    async def _genesis(endpoint: Endpoint) -> str | None:
        """Which cluster it is on; how far that is final is learned on the way."""
        try:
            told = await endpoint.chain.genesis_hash()
        except Unavailable:
            return None
        await _learn_finality(endpoint.chain)
        return told


async def _learn_finality(chain: RpcChain) -> None:
    with suppress(Unavailable, TimeoutError):
        async with asyncio.timeout(_FINALITY_PATIENCE_S):
            await chain.finalized()

"""Reading from several providers as from one: the best is asked, and the next when it fails.

After an error the next one is asked at once, after silence in a moment, and the first good answer
counts: one provider's trouble costs a read a second at most. A read changes nothing, so asking two
is safe.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from landfall import observe
from landfall.chain.endpoints import Endpoint, Endpoints
from landfall.chain.floor import Behind
from landfall.chain.rpc import RpcChain
from landfall.chain.searching import SearchRefused
from landfall.core.errors import Unavailable
from landfall.core.ledger.answers import AccountsAt, LatestBlockhash, Simulation
from landfall.core.ledger.expiry import dies_too_soon, lives_too_long
from landfall.core.values import ProgramAccountsFilter, Pubkey
from landfall.ports import Clock

ROUNDS_MAX = 3
CATCH_UP_MS = 200
T = TypeVar("T")


class Failover:
    """The `ChainClient` port over all providers.

    Args:
        endpoints: whom to ask.
        clock: measures silence.
        patience_ms: how long one may be silent before the next is asked as well.
        blockhash_ms: for how long a blockhash serves everybody who asks for one.
    """

    def __init__(
        self, endpoints: Endpoints, clock: Clock, patience_ms: int, blockhash_ms: int
    ) -> None:
        self._endpoints = endpoints
        self._clock = clock
        self._patience_ms = patience_ms
        self._blockhash_ms = blockhash_ms
        self._latest: tuple[int, LatestBlockhash] | None = None

    async def genesis_hash(self) -> str:
        """The hash that names the cluster, once all that answer say the same."""
        return await self._endpoints.verify()

    async def accounts(self, addresses: Sequence[Pubkey]) -> AccountsAt:
        """Accounts of one slot."""
        return await self._ask(lambda chain: chain.accounts(addresses))

    async def program_accounts(self, wanted: ProgramAccountsFilter) -> tuple[Pubkey, ...]:
        """Addresses of a program's accounts that match."""
        return await self._ask(lambda chain: chain.program_accounts(wanted))

    async def latest_blockhash(self) -> LatestBlockhash:
        """A blockhash to sign with, from one that does not say that it lives for longer or shorter
        than any does.
        """
        asked_ms = self._clock.now_ms()
        if self._latest is None or asked_ms - self._latest[0] >= self._blockhash_ms:
            self._latest = asked_ms, await self._ask(self._mortal_blockhash)
        return self._latest[1]

    async def _mortal_blockhash(self, chain: RpcChain) -> LatestBlockhash:
        latest = await chain.latest_blockhash()
        # Nobody's word would bound nothing, so it is asked for its own at least.
        known = self._endpoints.known_final(beside=chain) or (await chain.finalized(),)
        if lives_too_long(latest, known):
            observe.rpc_lifetime_made_up(chain.name, latest.last_valid_block_height)
            raise Unavailable(f"{chain.name} says that a blockhash lives longer than any does")
        own, others = await self._endpoints.final_past(latest.context_slot, chain)
        if dies_too_soon(latest, own) or dies_too_soon(latest, others):
            observe.rpc_blockhash_too_old(chain.name, latest.context_slot)
            raise Behind(f"{chain.name} gives a blockhash from before what is final")
        return latest

    async def simulate(self, raw: bytes) -> Simulation:
        """Run without recording."""
        return await self._ask(lambda chain: chain.simulate(raw))

    async def unit_prices_paid(self, writable: Sequence[Pubkey]) -> tuple[int, ...]:
        """For each recent block, the least that got a write to these accounts in."""
        return await self._ask(lambda chain: chain.unit_prices_paid(writable))

    async def _ask(self, question: Callable[[RpcChain], Awaitable[T]]) -> T:
        """The first good answer. Where nodes are only behind, they get a moment to catch up."""
        for _ in range(ROUNDS_MAX - 1):
            try:
                return await self._round(question)
            except Behind:
                await self._clock.sleep_ms(CATCH_UP_MS)
        return await self._round(question)

    async def _round(self, question: Callable[[RpcChain], Awaitable[T]]) -> T:
        waiting = self._endpoints.by_preference()
        if len(waiting) == 1:
            return await question(waiting[0].chain)
        asked: dict[asyncio.Future[Any], Endpoint] = {}
        refusals: list[Unavailable] = []
        try:
            while waiting or asked:
                if waiting:
                    endpoint = waiting.pop(0)
                    asked[asyncio.ensure_future(question(endpoint.chain))] = endpoint
                for done in await self._first(asked, hurried=bool(waiting)):
                    endpoint = asked.pop(done)
                    try:
                        answer: T = done.result()
                        return answer
                    except Unavailable as error:
                        observe.rpc_failed_over(endpoint.name)
                        refusals.append(error)
        finally:
            for question_left in asked:
                question_left.cancel()
        raise _weightiest(refusals)

    async def _first(
        self, asked: dict[asyncio.Future[Any], Endpoint], hurried: bool
    ) -> set[asyncio.Future[Any]]:
        """Those that are done; nobody, if `hurried` and all are silent for too long."""
        if not hurried:
            done, _ = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
            return done
        bell = asyncio.ensure_future(self._clock.sleep_ms(self._patience_ms))
        try:
            done, _ = await asyncio.wait({*asked, bell}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            bell.cancel()
        if done == {bell}:
            for endpoint in asked.values():
                endpoint.health.failed()
        return done - {bell}


def _weightiest(refusals: Sequence[Unavailable]) -> Unavailable:
    """What to tell of several refusals: that asking again soon may help, if one of them says so.

    That a node does not search is told only where all of them say it.
    """
    if not refusals:
        return Unavailable("no RPC may be asked at the moment")
    passing = [each for each in refusals if not isinstance(each, SearchRefused)]
    return next((each for each in passing if isinstance(each, Behind)), [*passing, *refusals][0])

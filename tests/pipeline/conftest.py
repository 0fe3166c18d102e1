"""The real thing in small:

a PostgreSQL, a chain driven by hand, and time that passes only when slept.
"""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import count

import aiohttp
import asyncpg
import pytest
from solders.keypair import Keypair

from landfall.chain.fees import MarketFees
from landfall.chain.forms import ChainForms
from landfall.chain.jsonrpc import JsonRpc
from landfall.chain.prices import SeenPrices
from landfall.chain.rpc import RpcChain
from landfall.chain.tokens import ChainTokens
from landfall.clock import new_order_id
from landfall.core.execution import Execution, Status
from landfall.core.ledger.fees import PriceRule
from landfall.core.lifecycle.evolve import fold
from landfall.core.lifecycle.retry import RetryLimits
from landfall.core.order import Order
from landfall.core.values import BasisPoints, Commitment, Lamports, Signature
from landfall.localnet.options import LocalnetOptions
from landfall.localnet.serve import RunningLocalnet, running_localnet
from landfall.pipeline.accept import OrderRequest, accept
from landfall.pipeline.run import carry
from landfall.ports import Claim, Limits, World
from landfall.queue.postgres import PostgresQueue
from landfall.store.event_log import PostgresEventLog
from landfall.wallet.keypair import KeypairSigner
from tests.fresh_pools import fresh_pools
from tests.store.deaf import Deaf

SLOT_MS = 200
STEPS_MAX = 60
AMOUNTS_APART = 1_000
"""Base units between the amounts of two orders, so that the ledger alone tells them apart."""


class SlotClock:
    """Time in which nothing happens but slots: sleeping is what makes the chain go on."""

    def __init__(self, localnet: RunningLocalnet) -> None:
        self._node = localnet.node
        # Where the database is, whose time the log carries.
        self._now_ms = time.time_ns() // 1_000_000

    def now_ms(self) -> int:
        return self._now_ms

    async def sleep_ms(self, delay_ms: int) -> None:
        for _ in range(max(1, delay_ms // SLOT_MS)):
            self._now_ms += SLOT_MS
            self._node.advance(self._now_ms // 1000)


@dataclass
class Bench:
    """One engine's parts, and the ledger to judge them by."""

    world: World
    queue: PostgresQueue
    pool: asyncpg.Pool
    localnet: RunningLocalnet
    rpc: JsonRpc
    amounts: "count[int]"
    whale: World
    spent: dict[str, int | None] = field(default_factory=dict)

    async def submit(self, **changes: object) -> Order:
        """An order with an amount that no other order has."""
        request = {
            "token_in": "SOL",
            "token_out": "USDC",
            "amount": Decimal(1) + Decimal(next(self.amounts) * AMOUNTS_APART) / 10**9,
            "slippage_bps": BasisPoints(100),
            **changes,
        }
        acceptance = await accept(self.world, "local", OrderRequest(**request))  # type: ignore[arg-type]
        return acceptance.execution.order

    async def claim(self, order: Order) -> Claim:
        """Take the order over, as a worker does when the lease of another has ended."""
        await self.pool.execute(
            "update jobs set lease_until = now() - interval '1 s', run_at = now() - interval '1 s' "
            "where order_id = $1",
            order.order_id,
        )
        claims = await self.queue.claim(100)
        return next(claim for claim in claims if claim.order_id == order.order_id)

    async def execution(self, order: Order) -> Execution:
        return fold(await self.world.log.load(order.order_id))

    async def finish(self, order: Order) -> Execution:
        """Carry the order, claim after claim, until its fill or its end."""
        for _ in range(STEPS_MAX):
            execution = await self.execution(order)
            if execution.status in (Status.CONFIRMED, Status.FAILED):
                return execution
            await carry(self.world, self.queue, await self.claim(order))
        raise AssertionError(f"the order does not end: {execution}")

    async def swaps_on_ledger(self, order: Order) -> list[Signature]:
        """Successful transactions that took this order's own amount from the wallet."""
        for _ in range(3):
            self.localnet.node.advance(0)
        wallet = str(self.world.signer.address)
        found = await self.rpc.call(
            "getSignaturesForAddress", [wallet, {"limit": 1000, "commitment": "confirmed"}], list
        )
        for entry in found:
            if entry["signature"] not in self.spent:
                self.spent[entry["signature"]] = await self._spent(entry["signature"])
        # A route through another mint may leave a few units of what it could take.
        return [
            Signature.from_string(signature)
            for signature, spent in self.spent.items()
            if spent is not None and 0 <= order.amount - spent < AMOUNTS_APART
        ]

    async def _spent(self, signature: str) -> int | None:
        """Lamports a successful transaction took from the wallet, fee and rent aside."""
        config = {"commitment": "confirmed", "maxSupportedTransactionVersion": 0}
        landed = await self.rpc.call("getTransaction", [signature, config], dict)
        meta = landed["meta"]
        if meta["err"] is not None:
            return None
        balances = list(zip(meta["preBalances"], meta["postBalances"], strict=True))
        before, after = balances[0]
        return before - after - meta["fee"] - sum(new for old, new in balances if old == 0)

    def block_height(self) -> int:
        return self.localnet.node.cluster.block(Commitment.PROCESSED).height


@pytest.fixture
def limits() -> Limits:
    return Limits(
        retry=RetryLimits(attempts_max=3, delay_first_ms=1_000, order_timeout_ms=30_000),
        quote_age_slots_max=10,
        status_poll_ms=SLOT_MS,
        rebroadcast_ms=2 * SLOT_MS,
        finality_poll_ms=40 * SLOT_MS,
        told_after_ms=60_000,
        agreement_above_lamports=Lamports(0),
        failure_counts_at=Commitment.CONFIRMED,
    )


@pytest.fixture
async def bench(pool: asyncpg.Pool, limits: Limits) -> AsyncIterator[Bench]:
    keypair, whale = Keypair(), Keypair()
    options = LocalnetOptions(port=0, slot_ms=0, fund=(keypair.pubkey(), whale.pubkey()))
    async with running_localnet(options) as localnet, aiohttp.ClientSession() as session:
        rpc = JsonRpc(session, localnet.rpc_url, timeout_ms=10_000)
        chain = RpcChain(rpc)
        clock = SlotClock(localnet)
        for _ in range(4):
            localnet.node.advance(clock.now_ms() // 1000)
        world = World(
            chain=chain,
            witnesses=(chain,),
            pools=fresh_pools(chain, clock),
            sender=chain,
            signer=KeypairSigner(keypair),
            tokens=ChainTokens(chain),
            fees=MarketFees(
                chain.unit_prices_paid, PriceRule(percentile=50, floor=0, cap=10_000), clock
            ),
            forms=ChainForms(chain, clock, (), allows_v1=True, remembered_ms=0),
            prices=SeenPrices(),
            log=PostgresEventLog(pool),
            clock=clock,
            new_order_id=new_order_id,
            limits=limits,
        )
        queue = PostgresQueue(pool, Deaf(), worker="test", lease_ms=60_000, starts_per_minute_max=0)
        yield Bench(
            world=world,
            queue=queue,
            pool=pool,
            localnet=localnet,
            rpc=rpc,
            amounts=count(1),
            whale=replace(world, signer=KeypairSigner(whale)),
        )

"""Pools as they are followed on a real localnet, through a stream that a test may spoil."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial

import aiohttp
import asyncpg
import pytest

from landfall import observe
from landfall.chain import pools as pools_module
from landfall.chain import pubsub
from landfall.chain.accounts import CLOCK_SYSVAR
from landfall.chain.discovery import Discovery
from landfall.chain.following import Following, Freshness
from landfall.chain.jsonrpc import JsonRpc
from landfall.chain.loading import PoolLoader
from landfall.chain.pools import LivePools
from landfall.chain.pubsub import PubSub
from landfall.chain.rpc import RpcChain
from landfall.chain.searching import SearchRefused
from landfall.core.errors import Unavailable
from landfall.core.ledger.answers import AccountsAt
from landfall.core.token import ACCOUNT_AMOUNT, Token
from landfall.core.token_list import KNOWN_TOKENS
from landfall.core.values import Account, Commitment, ProgramAccountsFilter, Pubkey, Slot
from landfall.localnet.node import Node
from landfall.localnet.openings.deposits import Deposit
from landfall.localnet.openings.raydium_cpmm import open_pool
from landfall.localnet.options import LocalnetOptions
from landfall.localnet.serve import running_localnet
from landfall.ports import LoadedPool, PoolBook, PoolsAt
from landfall.store.pool_book import PostgresPoolBook
from tests.chain.clocks import SleptClock
from tests.chain.relay import Change, Relay, forgetting, running_relay, untouched
from tests.fresh_pools import THIRDS, NoBook, fresh_pools

SOL, USDC = KNOWN_TOKENS["SOL"].mint, KNOWN_TOKENS["USDC"].mint
NEVER_MS = 3_600_000
QUICK = Freshness(silence_ms=400, compare_ms=50)
PATIENCE_S = 20


@dataclass
class Reads:
    """The chain with its reads counted, and broken where a test wants it."""

    chain: RpcChain
    count: int = 0
    down: bool = False
    searches: int = 0
    refuses: bool = False
    shift: int = 0
    answers: list[AccountsAt] = field(default_factory=list)

    async def accounts(self, addresses: Sequence[Pubkey]) -> AccountsAt:
        self.count += 1
        if self.down:
            raise Unavailable("the node is down")
        at = await self.chain.accounts(addresses)
        return AccountsAt(Slot(at.slot - self.shift), at.accounts)

    async def program_accounts(self, wanted: ProgramAccountsFilter) -> tuple[Pubkey, ...]:
        self.searches += 1
        if self.refuses:
            raise SearchRefused("getProgramAccounts: the node answers -32010: excluded")
        if self.down:
            raise Unavailable("the node is down")
        return await self.chain.program_accounts(wanted)


@dataclass
class Bench:
    """A chain driven by hand, the relay, and pools that are followed through it."""

    node: Node
    relay: Relay
    reads: Reads
    pools: LivePools
    following: Following
    clock: SleptClock
    unfollowed: LivePools
    moved: int = 0

    async def warm(self) -> PoolsAt:
        """Ask until the stream vouches for every pool of the pair."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                at = await self.pools.trading(SOL, USDC)
                before = self.reads.count
                at = await self.pools.trading(SOL, USDC)
                if self.reads.count == before and self.following.flowing:
                    return at
                self.pass_slot()
                await asyncio.sleep(0.01)

    async def reconnected(self) -> None:
        """Cut the stream, and wait until there is another."""
        before = self.relay.connections
        await self.relay.cut()
        async with asyncio.timeout(PATIENCE_S):
            while self.relay.connections == before or not self.relay.open:
                await asyncio.sleep(0.005)

    def pass_slot(self) -> None:
        self.moved += 1
        self.node.advance(1_800_000_000 + self.moved)

    def move(self, at: PoolsAt, venue: str = "raydium_cpmm") -> LoadedPool:
        """Change both vaults of one pool in the open slot."""
        loaded = next(each for each in at.pools if each.venue.name == venue)
        self.moved += 1
        changes = {}
        for side in loaded.pool.sides:  # type: ignore[attr-defined]
            account = self.account(side.vault)
            data = bytearray(account.data)
            ACCOUNT_AMOUNT.write(data, ACCOUNT_AMOUNT.read(data) + 1_000 + self.moved)
            changes[side.vault] = replace(account, data=bytes(data))
        self.node.cluster.svm.apply(self.slot(Commitment.PROCESSED), changes)
        return loaded

    def account(self, address: Pubkey) -> Account:
        account = self.node.cluster.account(address, Commitment.PROCESSED)
        assert account is not None
        return account

    def slot(self, commitment: Commitment = Commitment.CONFIRMED) -> Slot:
        return self.node.cluster.block(commitment).slot

    async def truth(self) -> PoolsAt:
        """What a read of its own shows."""
        return await self.unfollowed.trading(SOL, USDC)

    async def until_true(self) -> PoolsAt:
        """Ask until the pools are as the node has them now."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                at = await self.pools.trading(SOL, USDC)
                if states(at) == states(await self.truth()):
                    return at
                await asyncio.sleep(0.005)


def states(at: PoolsAt) -> dict[Pubkey, object]:
    """The pools without the slot they are known as of."""
    return {
        each.pool.address: replace(each.pool, context_slot=Slot(0))  # type: ignore[type-var]
        for each in at.pools
    }


def counted(name: str) -> float:
    """A metric's value, over all its labels."""
    lines = observe.metrics().decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(name))


@asynccontextmanager
async def following(
    freshness: Freshness = QUICK, book: PoolBook | None = None, **options: object
) -> AsyncIterator[Bench]:
    async with (
        running_localnet(LocalnetOptions(port=0, slot_ms=0)) as localnet,
        running_relay(localnet.ws_url) as relay,
        aiohttp.ClientSession() as session,
    ):
        reads = Reads(RpcChain(JsonRpc(session, localnet.rpc_url, timeout_ms=10_000)))
        clock = SleptClock()
        follower = Following(reads, freshness, partial(PubSub, session, (relay.url,)))  # type: ignore[arg-type]
        pools = LivePools(
            reads,  # type: ignore[arg-type]
            follower,
            Discovery(reads, NoBook(), clock, 60_000),  # type: ignore[arg-type]
            clock,
            book=book or NoBook(),
            remembered_ms=60_000,
            thirds=THIRDS,
            **options,  # type: ignore[arg-type]
        )
        running = asyncio.create_task(pools.run())
        unfollowed = fresh_pools(reads.chain, clock)
        bench = Bench(localnet.node, relay, reads, pools, follower, clock, unfollowed)
        for _ in range(4):
            bench.pass_slot()
        try:
            yield bench
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def test_prices_that_move_every_slot_are_followed_without_reading():
    async with following(Freshness(silence_ms=5_000, compare_ms=NEVER_MS)) as bench:
        at = first = await bench.warm()
        assert len(at.pools) >= 3
        reads = bench.reads.count
        for _ in range(20):
            bench.move(at)
            bench.pass_slot()
            at = await bench.until_true()
        assert bench.reads.count == reads
        assert states(at) != states(first)
        assert at.slot == at.clock.slot == bench.slot()
        assert {each.pool.context_slot for each in at.pools} == {bench.slot()}


async def test_a_pool_is_decoded_once_per_change(monkeypatch: pytest.MonkeyPatch):
    async with following(Freshness(silence_ms=5_000, compare_ms=NEVER_MS)) as bench:
        at = await bench.warm()
        decoded: list[Pubkey] = []
        decode = PoolLoader._decode

        def counting(self: PoolLoader, pool: Pubkey, known: object) -> None:
            if self is bench.pools._loader:
                decoded.append(pool)
            decode(self, pool, known)  # type: ignore[arg-type]

        monkeypatch.setattr(PoolLoader, "_decode", counting)
        moved = bench.move(at).pool.address
        for _ in range(3):
            bench.pass_slot()
        at = await bench.until_true()
        assert await bench.pools.trading(SOL, USDC) is at
        assert decoded == [moved]


async def test_a_stream_that_falls_silent_is_noticed_and_pools_are_read_instead():
    async with following(Freshness(silence_ms=200, compare_ms=NEVER_MS)) as bench:
        at = await bench.warm()
        bench.relay.mute()
        for _ in range(5):
            bench.move(at)
            bench.pass_slot()
        assert states(await bench.until_true()) != states(at)
        reads = bench.reads.count
        for _ in range(5):
            bench.move(at)
            bench.pass_slot()
            # Not followed any more, so every question is answered by the node, as of now.
            found = await bench.pools.trading(SOL, USDC)
            assert found.slot == bench.slot()
            assert states(found) == states(await bench.truth())
        assert bench.reads.count == reads + 5


async def test_a_silent_stream_is_given_up_and_another_one_takes_over(
    monkeypatch: pytest.MonkeyPatch,
):
    # The next one, too, may have lost an answer before it was let speak.
    monkeypatch.setattr(pubsub, "ANSWER_SECONDS", 0.5)
    async with following(Freshness(silence_ms=200, compare_ms=20)) as bench:
        at = await bench.warm()
        ended = counted('landfall_stream_ends_total{reason="silent"}')
        bench.relay.mute()
        async with asyncio.timeout(PATIENCE_S):
            while bench.relay.connections < 2:
                bench.pass_slot()
                await asyncio.sleep(0.02)
        assert counted('landfall_stream_ends_total{reason="silent"}') > ended
        bench.relay.to_client = untouched
        bench.move(at)
        await bench.warm()
        assert states(await bench.until_true()) != states(at)


@pytest.mark.parametrize("compares", [True, False])
async def test_one_account_that_the_stream_forgets_is_found_by_comparing(compares: bool):
    freshness = Freshness(silence_ms=5_000, compare_ms=50 if compares else NEVER_MS)
    async with following(freshness) as bench:
        at = await bench.warm()
        missed = counted("landfall_stream_missed_total")
        pool = next(each.pool for each in at.pools if each.venue.name == "raydium_cpmm")
        for side in pool.sides:  # type: ignore[attr-defined]
            bench.relay.to_client = both(
                bench.relay.to_client, forgetting(bench.relay, str(side.vault))
            )
        # The relay learns the numbers of the forgotten when they are subscribed to again.
        await bench.reconnected()
        await bench.warm()
        bench.move(at)
        for _ in range(3):
            bench.pass_slot()
        if not compares:
            # The control: without comparing, the stream's word is taken for ever.
            for _ in range(20):
                bench.pass_slot()
                await asyncio.sleep(0.01)
            found = await bench.pools.trading(SOL, USDC)
            assert states(found) != states(await bench.truth())
            return
        async with asyncio.timeout(PATIENCE_S):
            while counted("landfall_stream_missed_total") == missed:
                bench.pass_slot()
                await asyncio.sleep(0.01)
        assert states(await bench.pools.trading(SOL, USDC)) == states(await bench.truth())


async def test_however_the_stream_is_spoiled_no_pool_ever_goes_back():
    chance = random.Random(7)
    held_back: list[str] = []

    def spoil(frame: str) -> list[str]:
        if '"method"' not in frame:
            return [frame]
        held_back.append(frame)
        if len(held_back) < 12:
            return []
        chance.shuffle(held_back)
        sent = [*held_back, chance.choice(held_back)]
        held_back.clear()
        return sent

    async with following(Freshness(silence_ms=200, compare_ms=50)) as bench:
        at = await bench.warm()
        bench.relay.to_client = spoil
        newest: dict[Pubkey, int] = {}
        for turn in range(60):
            bench.move(at)
            bench.pass_slot()
            if turn % 20 == 10:
                await bench.relay.cut()
            # A node that lags behind the stream, as they do behind a load balancer.
            bench.reads.shift = chance.choice((0, 0, 3))
            found = await bench.pools.trading(SOL, USDC)
            for each in found.pools:
                assert each.pool.context_slot >= newest.get(each.pool.address, 0)
                newest[each.pool.address] = each.pool.context_slot
            await asyncio.sleep(0.005)
        bench.reads.shift = 0
        bench.relay.to_client = untouched
        await bench.warm()
        assert states(await bench.until_true()) != states(at)


async def test_after_a_cut_the_engine_reads_until_another_connection_covers_everything():
    async with following() as bench:
        at = await bench.warm()
        bench.relay.refusing = True
        await bench.relay.cut()
        async with asyncio.timeout(PATIENCE_S):
            while bench.following.flowing:
                await asyncio.sleep(0.005)
        bench.move(at)
        for _ in range(3):
            bench.pass_slot()
        assert states(await bench.pools.trading(SOL, USDC)) == states(await bench.truth())
        bench.relay.refusing = False
        await bench.warm()
        assert bench.relay.connections >= 2


async def test_when_stream_and_node_are_both_gone_nothing_is_quoted():
    async with following(Freshness(silence_ms=100, compare_ms=50)) as bench:
        await bench.warm()
        bench.relay.mute()
        bench.reads.down = True
        async with asyncio.timeout(PATIENCE_S):
            while bench.following.flowing:
                await asyncio.sleep(0.01)
        with pytest.raises(Unavailable, match="the node is down"):
            await bench.pools.trading(SOL, USDC)
        bench.reads.down = False
        assert (await bench.pools.trading(SOL, USDC)).pools


async def test_while_the_stream_flows_a_node_that_is_down_is_not_missed():
    async with following(Freshness(silence_ms=60_000, compare_ms=50)) as bench:
        at = await bench.warm()
        bench.reads.down = True
        bench.move(at)
        for _ in range(3):
            bench.pass_slot()
        assert states(await bench.until_true()) != states(at)


async def test_a_node_far_behind_what_was_seen_is_not_traded_on():
    async with following(Freshness(silence_ms=100, compare_ms=NEVER_MS)) as bench:
        await bench.warm()
        bench.relay.mute()
        await asyncio.sleep(0.15)
        for _ in range(20):
            bench.pass_slot()
        newest = (await bench.pools.trading(SOL, USDC)).slot
        assert newest == bench.slot()
        bench.reads.shift = 9
        for _ in range(6):
            bench.pass_slot()
        # It tells of slots before those that were traded on, yet not by much.
        assert (await bench.pools.trading(SOL, USDC)).slot == newest
        bench.following.mirror.newest = Slot(bench.following.mirror.newest + 20)
        with pytest.raises(Unavailable, match="in the past"):
            await bench.pools.trading(SOL, USDC)


@pytest.mark.parametrize(
    "frame",
    [
        "not json",
        "[" * 5_000,
        '{"jsonrpc":"2.0","method":"accountNotification","params":{"subscription":NUMBER,"result":{}}}',
        '{"jsonrpc":"2.0","method":"accountNotification","params":{"subscription":NUMBER,"result":'
        '{"context":{"slot":999999999999},"value":{"owner":"11111111111111111111111111111111",'
        '"lamports":1,"data":["","base64"],"executable":false}}}}',
        '{"jsonrpc":"2.0","method":"accountNotification","params":{"subscription":NUMBER,"result":'
        '{"context":{"slot":9},"value":{"owner":"x","lamports":1,"data":["","base64"],'
        '"executable":false}}}}',
        '{"jsonrpc":"2.0","id":REQUEST,"result":"x"}',
    ],
    ids=["text", "deep", "hollow", "a slot from the future", "no owner", "a text for a number"],
)
async def test_a_stream_that_talks_nonsense_is_given_up(frame: str):
    async with following() as bench:
        at = await bench.warm()
        number = next(iter(bench.following._stream._connection._numbers))  # type: ignore[union-attr]
        await bench.relay.say(frame.replace("NUMBER", str(number)).replace("REQUEST", "1"))
        async with asyncio.timeout(PATIENCE_S):
            while bench.relay.connections < 2:
                await asyncio.sleep(0.005)
        bench.move(at)
        bench.pass_slot()
        await bench.warm()
        assert states(await bench.until_true()) != states(at)


async def test_a_flood_of_frames_holds_nobody_up():
    async with following() as bench:
        await bench.warm()
        frame = json.dumps(
            {
                "jsonrpc": "2.0",
                "method": "accountNotification",
                "params": {"subscription": 10**9, "result": {}},
            }
        )
        flooding = [asyncio.create_task(flood(bench.relay, frame)) for _ in range(2)]
        answered = 0
        while not all(task.done() for task in flooding):
            await bench.pools.trading(SOL, USDC)
            answered += 1
            await asyncio.sleep(0)
        assert answered > 20
        # So much that nobody asked for is nonsense, too.
        async with asyncio.timeout(PATIENCE_S):
            while bench.relay.connections < 2:
                await asyncio.sleep(0.005)


async def test_a_subscription_that_is_never_answered_ends_the_stream(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(pubsub, "ANSWER_SECONDS", 0.3)
    async with following() as bench:
        ended = counted('landfall_stream_ends_total{reason="unanswered"}')
        bench.relay.to_client = lambda frame: [] if json.loads(frame).get("id") == 3 else [frame]
        await bench.pools.trading(SOL, USDC)
        async with asyncio.timeout(PATIENCE_S):
            while counted('landfall_stream_ends_total{reason="unanswered"}') == ended:
                bench.pass_slot()
                await asyncio.sleep(0.02)
        bench.relay.to_client = untouched
        assert (await bench.warm()).pools


async def test_accounts_beyond_a_node_s_limit_are_read_when_they_are_asked_for():
    def limited(frame: str) -> list[str]:
        told = json.loads(frame)
        if "result" in told and isinstance(told["result"], int) and told["id"] > 5:
            error = {"code": -32603, "message": "too many subscriptions"}
            return [json.dumps({"jsonrpc": "2.0", "id": told["id"], "error": error})]
        return [frame]

    async with following() as bench:
        bench.relay.to_client = limited
        at = await bench.pools.trading(SOL, USDC)
        for _ in range(5):
            bench.move(at)
            bench.pass_slot()
            assert states(await bench.pools.trading(SOL, USDC)) == states(await bench.truth())
        assert counted("landfall_subscriptions_refused_total") > 0


async def test_what_nobody_asks_for_is_forgotten_here_and_at_the_node():
    async with following() as bench:
        await bench.warm()
        clock = bench.clock
        assert len(bench.following.mirror.held) > 10
        clock.ms += pools_module.FORGOTTEN_MS + 1
        async with asyncio.timeout(PATIENCE_S):
            while len(bench.following.mirror.held) > 1:
                await asyncio.sleep(0.01)
        assert [*bench.following.mirror.held] == [CLOCK_SYSVAR]
        async with asyncio.timeout(PATIENCE_S):
            while len(bench.following._stream._connection._numbers) > 1:  # type: ignore[union-attr]
                await asyncio.sleep(0.01)
        # And asked for again, it is there again.
        assert (await bench.warm()).pools


async def test_pinned_pools_are_traded_where_the_node_does_not_search():
    async with following() as bench:
        pinned = [each.pool.address for each in (await bench.truth()).pools][:2]
    async with following(pinned=pinned) as bench:
        bench.reads.refuses = True
        at = await bench.warm()
        assert {each.pool.address for each in at.pools} == set(pinned)
        jup = KNOWN_TOKENS["JUP"].mint
        with pytest.raises(
            Unavailable, match=r"-32010: excluded.*Name the pools to trade in POOLS"
        ):
            await bench.pools.trading(SOL, jup)
        around = await bench.pools.around(SOL, USDC)
        assert {each.pool.address for each in around.pools} == set(pinned)


async def test_a_worker_far_behind_another_does_not_trade_on_what_it_knows(pool: asyncpg.Pool):
    book = PostgresPoolBook(pool)
    async with following(book=book) as bench:
        at = await bench.warm()
        await book.newest_slot(Slot(at.slot + 20))
        async with asyncio.timeout(PATIENCE_S):
            while bench.following.flowing:
                await asyncio.sleep(0.01)
        with pytest.raises(Unavailable, match="in the past"):
            await bench.pools.trading(SOL, USDC)
        for _ in range(20):
            bench.pass_slot()
        assert (await bench.warm()).slot > at.slot


async def test_two_hops_lead_through_well_known_mints_and_through_those_of_a_rare_one():
    async with following() as bench:
        jup, ray = KNOWN_TOKENS["JUP"].mint, KNOWN_TOKENS["RAY"].mint
        around = await bench.pools.around(SOL, jup)
        pairs = {frozenset(each.pool.mints) for each in around.pools}
        assert {frozenset((SOL, jup)), frozenset((SOL, USDC)), frozenset((USDC, jup))} <= pairs
        # Every pool is a step of a way of at most two.
        assert all(pair & {SOL, jup} for pair in pairs)
        rare, hidden = new_mint("AAA"), new_mint("BBB")
        accounts = opened(rare, hidden, 2_001) | opened(hidden, KNOWN_TOKENS["RAY"], 2_002)
        a_mint = bench.account(USDC)
        accounts |= {token.mint: a_mint for token in (rare, hidden)}
        bench.node.cluster.svm.apply(bench.slot(Commitment.PROCESSED), accounts)
        for _ in range(3):
            bench.pass_slot()
        found = await bench.pools.around(rare.mint, ray)
        assert {frozenset(each.pool.mints) for each in found.pools} == {
            frozenset((rare.mint, hidden.mint)),
            frozenset((hidden.mint, ray)),
        }


async def test_a_refusal_is_not_asked_for_again_at_every_order():
    async with following() as bench:
        bench.reads.refuses = True
        for _ in range(5):
            with pytest.raises(Unavailable, match="does not search"):
                await bench.pools.trading(SOL, USDC)
        asked = bench.reads.searches
        for _ in range(5):
            with pytest.raises(Unavailable, match="does not search"):
                await bench.pools.trading(SOL, USDC)
        assert bench.reads.searches == asked


def new_mint(symbol: str) -> Token:
    return Token(mint=Pubkey.new_unique(), decimals=6, symbol=symbol)


def opened(one: Token, other: Token, index: int) -> dict[Pubkey, Account]:
    """A pool of two tokens, and the accounts it is made of."""
    first, second = sorted((one, other), key=lambda token: bytes(token.mint))
    deposits = (Deposit(token=first, amount=10**12), Deposit(token=second, amount=10**12))
    return dict(open_pool(deposits, config_index=index))


def both(first: Change, second: Change) -> Change:
    return lambda frame: [last for passed in first(frame) for last in second(passed)]


async def flood(relay: Relay, frame: str) -> None:
    for number in range(10_000):
        try:
            await relay.say(frame)
        except ConnectionError:
            return
        if number % 100 == 0:
            await asyncio.sleep(0)

"""What this process shares of one engine under one key: a client, a feed, and the last answers."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from weakref import WeakValueDictionary

from landfall.client import (
    ApiError,
    AsyncClient,
    ClientError,
    OrderForm,
    OrderPage,
    Preview,
    Unreachable,
)
from landfall.client.answers import TERMINAL
from landfall.console.order_query import OrderQuery
from landfall.console.tape import Tape
from landfall.console.watching import Watched, needs_key

HEALTH_SECONDS = 2.0
NEWEST_PAGE_SECONDS = 1.0
NEWEST_SECONDS = 3.0
WALLET_SECONDS = 5.0
MARKET_SECONDS = 10.0
TOKENS_SECONDS = 60.0
QUOTE_SECONDS = 4.0
TAPE_MS = 1_000
OLD_PAGE_SECONDS = 5.0
LAST_HEARD = 16
AGAIN_SECONDS = 1.0
MISSED_SECONDS_MAX = 60
"""What was missed for longer than this is not made up for: the tape begins anew."""


class Engine:
    """One engine as one key sees it. Nothing is asked of it while no page is open."""

    def __init__(self, url: str, api_key: str | None) -> None:
        self.url = url
        self.client = AsyncClient(url, api_key=api_key)
        self.health = Watched(self.client.health, HEALTH_SECONDS)
        self.queue = Watched(self.client.queue, HEALTH_SECONDS)
        self.cluster = Watched(self.client.cluster, HEALTH_SECONDS)
        self.wallet = Watched(self.client.wallet, WALLET_SECONDS)
        self.tokens = Watched(self.client.tokens, TOKENS_SECONDS)
        self.market = Watched(self.client.market, MARKET_SECONDS)
        self.workers = Watched(self.client.workers, HEALTH_SECONDS)
        self.newest = Watched(partial(self.client.orders, limit=6), NEWEST_SECONDS)
        self.tape = Tape(self.seconds)
        self._prices: WeakValueDictionary[OrderForm, Watched[Preview]] = WeakValueDictionary()
        self._pages: WeakValueDictionary[OrderQuery, Watched[OrderPage]] = WeakValueDictionary()
        self._listeners = 0
        self._listening: asyncio.Task[None] | None = None
        self._deaf_since_s = 0

    @property
    def seconds(self) -> int:
        """Now, in whole seconds since the epoch, for charts that move on when nothing happens."""
        return int(time.time())

    @property
    def is_gone(self) -> bool:
        """Whether the engine did not answer when it was last asked how it is."""
        return isinstance(self.health.error, Unreachable)

    @property
    def is_locked(self) -> bool:
        """Whether it wants a key that it was not given."""
        return any(each.is_locked for each in (self.queue, self.wallet, self.newest))

    @property
    def names(self) -> dict[str, str]:
        """What the tokens that the engine knows are called, by mint."""
        known = self.tokens.value
        return {token.mint: token.name for token in (known.tokens if known else ())}

    def price(self, form: OrderForm) -> Watched[Preview]:
        """What this form would get now; pages with the same form share the answer."""
        watched = self._prices.get(form)
        if watched is None:
            watched = Watched(partial(self.client.quote, form), QUOTE_SECONDS)
            self._prices[form] = watched
        return watched

    def page(self, query: OrderQuery) -> Watched[OrderPage]:
        """One page of orders; browsers that show the same one share the answer."""
        watched = self._pages.get(query)
        if watched is None:
            every_s = OLD_PAGE_SECONDS if query.cursor else NEWEST_PAGE_SECONDS
            watched = Watched(partial(query.page, self.client), every_s)
            self._pages[query] = watched
        return watched

    def listen(self) -> Callable[[], None]:
        """Begin to hear every order's changes on `tape`; call what is returned once, to end.

        Only pages that show the tape listen: it costs as much as a page.
        """
        self._listeners += 1
        if self._listening is None:
            self._listening = asyncio.create_task(self._keep_listening())
        return self._stop_listening

    def _stop_listening(self) -> None:
        self._listeners -= 1
        if self._listeners == 0 and self._listening is not None:
            self._listening.cancel()
            self._listening = None
            self._deaf_since_s = self.seconds

    async def _keep_listening(self) -> None:
        if self.seconds - self._deaf_since_s > MISSED_SECONDS_MAX:
            self.tape = Tape(self.seconds)
            with suppress(ClientError):
                await self._hear_the_last()
        while True:
            try:
                async for update in self.client.updates(self.tape.cursor, every_ms=TAPE_MS):
                    self.tape.heard(update)
            except ApiError:
                # The engine knows this place no more; its log may have begun anew.
                self.tape.cursor = None
            except ClientError:
                pass
            await asyncio.sleep(AGAIN_SECONDS)

    async def _hear_the_last(self) -> None:
        """The stories of the last few orders, so that figures do not begin with nothing."""
        page = await self.client.orders(limit=LAST_HEARD)
        for order in reversed(page.orders):
            if order.status in TERMINAL:
                async for update in self.client.follow(order.order_id):
                    self.tape.heard(update)


class Engines:
    """The engines of this process, one for each key in use at one address. Where a `key_needed`,
    nobody without one is shown any.

    A key lives here and in its tab's storage on this side, never in a URL, a cookie or a log.
    """

    def __init__(self, url: str, key_needed: bool = False) -> None:
        self.url = url
        self.key_needed = key_needed
        self._by_key: dict[str | None, Engine] = {}

    def under(self, api_key: str | None) -> Engine:
        """The engine as this key sees it."""
        if api_key not in self._by_key:
            self._by_key[api_key] = Engine(self.url, api_key)
        return self._by_key[api_key]

    async def accepts(self, api_key: str) -> bool:
        """Whether the engine takes this key.

        Raises:
            Unreachable: it does not answer.
        """
        async with AsyncClient(self.url, api_key=api_key) as client:
            try:
                await client.orders(limit=1)
            except ClientError as error:
                if needs_key(error):
                    return False
                raise
        return True

    async def close(self) -> None:
        """Let go of every connection."""
        for engine in self._by_key.values():
            await engine.client.close()

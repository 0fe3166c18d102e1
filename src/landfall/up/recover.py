"""`landfall recover`: what the wallet traded that this database does not know, and what becomes of
the orders that may have been filled.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from landfall.bootstrap.join import joined
from landfall.bootstrap.parts import Parts
from landfall.bootstrap.wallet import open_wallet
from landfall.core.ledger.answers import Landing
from landfall.pipeline.recovery import accept_loss, look
from landfall.settings import Settings
from landfall.store.embedded import EmbeddedPostgres
from landfall.store.migrations.migrate import migrate
from landfall.up.home import Home, HomeError
from landfall.wallet.keypair import from_file


@dataclass(frozen=True, slots=True)
class State:
    """Trades that are not on record, newest first, and orders that have not ended."""

    strangers: tuple[Landing, ...]
    open_orders: tuple[UUID, ...]


async def state(settings: Settings) -> State:
    """How record and chain compare; nothing is changed."""
    async with _parts(settings) as parts:
        findings = await look(parts.history, parts.record)
        return State(findings.strangers, await parts.record.open_orders())


async def accept(settings: Settings) -> tuple[UUID, ...]:
    """End every open order without another attempt, and let the workers go on; which orders."""
    async with _parts(settings) as parts:
        return tuple(await accept_loss(parts.world, parts.history, parts.record))


@asynccontextmanager
async def _parts(settings: Settings) -> AsyncIterator[Parts]:
    """The engine's parts, over your database and chain or over those of a running `landfall up`.

    Raises:
        HomeError: neither is there.
    """
    home = Home(settings.home)
    postgres = EmbeddedPostgres(home.database)
    if settings.database_url is not None:
        dsn = settings.database_url.reveal()
    elif postgres.is_running():
        dsn = postgres.dsn
    else:
        raise HomeError("No database runs; start `landfall up` first, or set DATABASE_URL.")
    signer = open_wallet(settings) or from_file(home.wallet)
    urls = settings.paths.urls or (f"http://127.0.0.1:{settings.localnet_port}",)
    await migrate(dsn)
    async with joined(settings, dsn, urls, signer) as parts:
        yield parts

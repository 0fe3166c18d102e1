"""`landfall doctor`: look at everything the engine needs, and say what to do about what is amiss.

It reads and changes nothing, starts nothing, and shows no URL beyond its host. What cannot be
looked at because something before it is broken is left out: one cause, one line.
"""

import time
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from landfall import observe
from landfall.bootstrap.api_access import has_room, no_key_yet, why_a_key_is_needed
from landfall.bootstrap.listening import is_free
from landfall.bootstrap.paths import look_at
from landfall.bootstrap.wallet import open_wallet
from landfall.core.account_fields import i64
from landfall.core.amount import to_decimal
from landfall.core.clusters import PUBLIC_CLUSTERS
from landfall.core.errors import LandfallError, Unavailable
from landfall.core.values import Account, Pubkey
from landfall.core.venues import PROGRAMS, venues_of
from landfall.settings import Settings, SettingsError, read_settings
from landfall.store.connection import connect
from landfall.store.embedded import EmbeddedPostgres
from landfall.store.keys import PostgresKeys
from landfall.store.reader import PostgresReader
from landfall.store.session import Refused
from landfall.up.findings import Finding, broken, doubtful, fine
from landfall.up.home import Home

CLOCK_SYSVAR = Pubkey.from_string("SysvarC1ock11111111111111111111111111111111")
_CHAIN_TIME = i64(32)
SKEW_MS_MAX = 2_000
CHAIN_AGE_S_MAX = 60
LAMPORTS_MIN = 10_000_000
"""What a few orders cost in fees and rent: a hundredth of a SOL."""

_SOL_DECIMALS = 9
_PUBLIC_NODES = frozenset(
    {"api.devnet.solana.com", "api.testnet.solana.com", "api.mainnet-beta.solana.com"}
)
_LOOPBACK = "127.0.0.1"


async def examine(environ: Mapping[str, str]) -> Sequence[Finding]:
    """Everything worth knowing before, or after, the engine was started with this environment."""
    try:
        settings = read_settings(environ)
    except SettingsError as error:
        return [broken("settings", str(error), "See docs/reference/configuration.md.")]
    urls = settings.paths.urls or _local_chain(settings)
    chain, genesis_hash = await _chain(settings, urls)
    return [
        fine("settings", "can be read"),
        *_disk(settings),
        *await _database(settings, genesis_hash, urls),
        *chain,
        *_ports(settings),
    ]


def _local_chain(settings: Settings) -> tuple[str, ...]:
    """The local chain's address, if it runs."""
    if is_free(_LOOPBACK, settings.localnet_port):
        return ()
    return (f"http://{_LOOPBACK}:{settings.localnet_port}",)


def _disk(settings: Settings) -> list[Finding]:
    least = settings.doors.disk_free_min_mb
    if has_room(settings.home, least):
        return [fine("disk", f"more than {least} MB free")]
    return [
        broken("disk", f"less than {least} MB free under {settings.home}", "Make room on the disk.")
    ]


async def _database(
    settings: Settings, genesis_hash: str | None, urls: Sequence[str]
) -> list[Finding]:
    if settings.database_url is not None:
        dsn, which = settings.database_url.reveal(), "yours"
    else:
        embedded = EmbeddedPostgres(Home(settings.home).database)
        if not embedded.is_running():
            return [fine("database", "embedded; `landfall up` starts it")]
        dsn, which = embedded.dsn, "embedded, running"
    try:
        pool = await connect(dsn, size=1)
    except Exception as error:  # noqa: BLE001 — whatever a database says no with is what was seen.
        return [_no_database(error)]
    try:
        reader = PostgresReader(pool)
        began = time.perf_counter()
        database_ms = await reader.now_ms()
        elapsed_ms = (time.perf_counter() - began) * 1000
        return [
            fine("database", f"{which}; answers in {elapsed_ms:.1f} ms"),
            _clock("clock", database_ms - time.time_ns() // 1_000_000),
            *await _keys(PostgresKeys(pool), settings, genesis_hash, urls),
        ]
    except Unavailable as error:
        return [_no_database(error)]
    finally:
        pool.terminate()


def _no_database(error: Exception) -> Finding:
    # Its own words may quote the address, which holds a password.
    return broken(
        "database",
        f"does not let us in ({type(error).__name__})",
        "Check that it runs and DATABASE_URL; unset it for the embedded one.",
    )


def _clock(what: str, ahead_ms: int) -> Finding:
    seen = f"the database's is {abs(ahead_ms)} ms {'ahead' if ahead_ms >= 0 else 'behind'}"
    if abs(ahead_ms) <= SKEW_MS_MAX:
        return fine(what, seen)
    return doubtful(
        what, seen, "Orders go by the database's clock; let both machines use a time server."
    )


async def _keys(
    keys: PostgresKeys, settings: Settings, genesis_hash: str | None, urls: Sequence[str]
) -> list[Finding]:
    reason = why_a_key_is_needed(settings, genesis_hash or "", urls)
    try:
        is_there = await keys.any_good()
    except Refused:
        return [fine("keys", "the database is new; the first start prepares it")]
    if is_there:
        return [fine("keys", "there is a good one")]
    if reason is None:
        return [fine("keys", "none, and none is needed from this machine")]
    return [broken("keys", f"none, and {reason}", str(no_key_yet(reason)).split("\n\n")[1].strip())]


async def _chain(settings: Settings, urls: Sequence[str]) -> tuple[list[Finding], str | None]:
    """What was found about the cluster and the wallet on it, and the genesis hash."""
    if not urls:
        return [fine("rpc", "the local chain; `landfall up` starts it"), _wallet(settings)[0]], None
    findings, genesis = [], {}
    for url in urls:
        found, genesis_hash = await _node(settings, url)
        findings += found
        if genesis_hash is not None:
            genesis[genesis_hash] = url
    if len(genesis) > 1:
        told = ", ".join(f"{observe.endpoint(url)}: {_name(each)}" for each, url in genesis.items())
        findings.append(
            broken("cluster", f"the RPCs are on different ones ({told})", "Name RPCs of one.")
        )
    if len(genesis) != 1:
        return [*findings, _wallet(settings)[0]], None
    ((genesis_hash, url),) = genesis.items()
    findings.append(fine("cluster", _name(genesis_hash)))
    return findings + await _on_chain(settings, url, genesis_hash), genesis_hash


async def _node(settings: Settings, url: str) -> tuple[list[Finding], str | None]:
    where = observe.endpoint(url)
    streams = [each.reveal() for each in settings.pools.stream_urls]
    async with look_at(url, settings.paths.rpc_timeout_ms) as node:
        began = time.perf_counter()
        try:
            genesis_hash = await node.chain.genesis_hash()
        except (LandfallError, ValueError):
            do = "Check SOLANA_RPC_URL, the network, and the provider's status page."
            return [broken("rpc", f"{where} does not answer", do)], None
        elapsed_ms = (time.perf_counter() - began) * 1000
        seen = f"{where} answers in {elapsed_ms:.0f} ms"
        found = [_plan(url, seen)]
        if await node.streams(streams):
            found.append(fine("pubsub", f"{where} streams accounts"))
        else:
            do = "Set SOLANA_WS_URL; without it every price is read, which costs calls."
            found.append(doubtful("pubsub", f"no WebSocket of {where} opens", do))
    return found, genesis_hash


def _plan(url: str, seen: str) -> Finding:
    if urlsplit(url).hostname in _PUBLIC_NODES:
        return doubtful(
            "rpc",
            f"{seen}; a public node",
            "It limits calls and may refuse searches: name POOLS, set STATUS_POLL_MS=500 "
            "REBROADCAST_MS=1000, or take a provider's free plan.",
        )
    return fine("rpc", seen)


async def _on_chain(settings: Settings, url: str, genesis_hash: str) -> list[Finding]:
    wallet, address = _wallet(settings)
    wanted = [CLOCK_SYSVAR, *PROGRAMS, *([] if address is None else [address])]
    async with look_at(url, settings.paths.rpc_timeout_ms) as node:
        try:
            accounts = (await node.chain.accounts(wanted)).accounts
        except LandfallError:
            do = "Try again."
            return [broken("programs", "the node does not answer for accounts", do), wallet]
    found = [_age(accounts[CLOCK_SYSVAR]), _programs(accounts, genesis_hash), wallet]
    if address is not None:
        found.append(_balance(accounts[address], address, genesis_hash))
    return found


def _age(clock: Account | None) -> Finding:
    if clock is None:
        return broken("chain clock", "there is none", "This is no Solana cluster.")
    age_s = int(time.time()) - _CHAIN_TIME.read(clock.data)
    seen = f"{age_s} s behind this machine's"
    if abs(age_s) <= CHAIN_AGE_S_MAX:
        return fine("chain clock", seen)
    return doubtful(
        "chain clock", seen, "The node lags, the cluster stands still, or this clock is wrong."
    )


def _programs(accounts: Mapping[Pubkey, Account | None], genesis_hash: str) -> Finding:
    venues = venues_of(genesis_hash)
    missing = sorted(
        f"{name} ({venue.program_id})"
        for name, venue in venues.items()
        if (account := accounts[venue.program_id]) is None or not account.executable
    )
    if not missing:
        return fine("programs", f"all {len(venues)} are on this cluster")
    seen = f"not on this cluster: {', '.join(missing)}"
    if len(missing) == len(venues):
        return broken("programs", seen, "Nothing can be traded here; take another cluster.")
    return doubtful("programs", seen, "Only pools of the others are traded.")


def _wallet(settings: Settings) -> tuple[Finding, Pubkey | None]:
    """What was found about the wallet, and its address where one is named that can be used."""
    try:
        signer = open_wallet(settings)
    except LandfallError as error:
        do = "Set WALLET_KEYPAIR to a file of solana-keygen."
        return broken("wallet", str(error), do), None
    if signer is not None:
        return fine("wallet", str(signer.address)), signer.address
    if settings.paths.urls:
        do = "Set WALLET_KEYPAIR to a file of solana-keygen; `landfall worker` needs it."
        return doubtful("wallet", "none named; `landfall up` makes one of its own", do), None
    return fine("wallet", "`landfall up` makes one, and fills it with play money"), None


def _balance(account: Account | None, address: Pubkey, genesis_hash: str) -> Finding:
    lamports = 0 if account is None else account.lamports
    seen = f"{to_decimal(lamports, _SOL_DECIMALS).normalize():f} SOL"
    if lamports >= LAMPORTS_MIN:
        return fine("balance", seen)
    name = _name(genesis_hash)
    do = (
        f"solana airdrop 1 {address} --url {name}"
        if name in ("devnet", "testnet")
        else f"Send some SOL to {address}: fees and rent are paid in it."
    )
    return (broken if lamports == 0 else doubtful)("balance", seen, do)


def _ports(settings: Settings) -> list[Finding]:
    wanted = [("port", settings.host, settings.port, "PORT")]
    if settings.console_port:
        wanted.append(("console port", settings.host, settings.console_port, "CONSOLE_PORT"))
    return [
        fine(what, f"{port} is free")
        if is_free(host, port)
        else doubtful(what, f"{port} is taken", f"Fine if Landfall runs; else set {variable}.")
        for what, host, port, variable in wanted
    ]


def _name(genesis_hash: str) -> str:
    return PUBLIC_CLUSTERS.get(genesis_hash, "a private or local one")

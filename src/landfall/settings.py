"""The environment as frozen Settings. Nothing else reads `os.environ`.

`VARIABLES` is the whole list: names (the first is ours, the others are accepted too), what each
means, and its default. Secrets are wrapped so that no text form shows them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from landfall.core.errors import LandfallError
from landfall.core.ledger.tips import TIP_MIN
from landfall.core.values import Pubkey

_DIGITS_MAX = 20
_HTTP = ("http", "https")
_MOCK_DELAY_MS_MAX = 10_000


class SettingsError(LandfallError):
    """A variable cannot be used; the sentence says which and what it should be."""


class Secret:
    """A text that no text form shows.

    Read it with `reveal()` where it is used, and keep it nowhere.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One setting: its names in the environment, what it means, its default as text (None: no
    default).
    """

    names: tuple[str, ...]
    meaning: str
    default: str | None = None


VARIABLES: Mapping[str, Variable] = {
    "host": Variable(names=("HOST",), meaning="address the API listens on", default="127.0.0.1"),
    "port": Variable(names=("PORT",), meaning="port the API listens on", default="3000"),
    "console_port": Variable(
        names=("CONSOLE_PORT",),
        meaning="port of the console that `landfall up` starts; 0 for none",
        default="3001",
    ),
    "home": Variable(
        names=("LANDFALL_HOME",),
        meaning="data directory: embedded database, local chain, wallet",
        default=".landfall",
    ),
    "database_url": Variable(
        names=("DATABASE_URL",), meaning="your PostgreSQL; without it an embedded one is used"
    ),
    "database_host": Variable(
        names=("POSTGRES_HOST", "DB_HOST"), meaning="your PostgreSQL's host, instead of a URL"
    ),
    "database_port": Variable(
        names=("POSTGRES_PORT", "DB_PORT"), meaning="its port", default="5432"
    ),
    "database_name": Variable(
        names=("POSTGRES_DB", "DB_NAME"), meaning="its database", default="order_execution"
    ),
    "database_user": Variable(
        names=("POSTGRES_USER", "DB_USER"), meaning="its user", default="postgres"
    ),
    "database_password": Variable(
        names=("POSTGRES_PASSWORD", "DB_PASSWORD"), meaning="its password", default=""
    ),
    "rpc_url": Variable(
        names=("SOLANA_RPC_URL",), meaning="your Solana RPC; without it localnet is used"
    ),
    "rpc_urls": Variable(
        names=("SOLANA_RPC_URLS",),
        meaning="more Solana RPCs of the same cluster, separated by commas",
        default="",
    ),
    "rpc_failover_ms": Variable(
        names=("RPC_FAILOVER_MS",),
        meaning="milliseconds of silence after which another RPC is asked as well",
        default="1000",
    ),
    "rpc_probe_ms": Variable(
        names=("RPC_PROBE_MS",),
        meaning="milliseconds between looks at how each of several RPCs does",
        default="1000",
    ),
    "rpc_lag_slots": Variable(
        names=("RPC_LAG_SLOTS",),
        meaning="slots behind the best RPC from which on one is asked last",
        default="10",
    ),
    "agreement_above": Variable(
        names=("AGREEMENT_ABOVE_LAMPORTS",),
        meaning="value of an order above which two RPCs must agree on what became of it",
        default="0",
    ),
    "revert_commitment": Variable(
        names=("REVERT_COMMITMENT",),
        meaning="confirmed or finalized: when a failed transaction counts, so that another may be "
        "signed",
        default="confirmed",
    ),
    "jito_url": Variable(
        names=("JITO_URL",), meaning="a block engine that gets every transaction as a bundle, too"
    ),
    "jito_tip_floor_url": Variable(
        names=("JITO_TIP_FLOOR_URL",),
        meaning="where tips lately paid are read; without it the block engine is asked",
    ),
    "jito_tip_percentile": Variable(
        names=("JITO_TIP_PERCENTILE",),
        meaning="which of the tips lately paid to pay: 25, 50, 75, 95 or 99",
        default="50",
    ),
    "jito_tip_min": Variable(
        names=("JITO_TIP_MIN_LAMPORTS",), meaning="the least to tip, in lamports", default="1000"
    ),
    "jito_tip_max": Variable(
        names=("JITO_TIP_MAX_LAMPORTS",), meaning="the most to tip, in lamports", default="1000000"
    ),
    "jito_dont_front": Variable(
        names=("JITO_DONT_FRONT",),
        meaning="yes or no: ask block engines that nothing runs ahead of us in our bundle",
        default="no",
    ),
    "localnet_port": Variable(
        names=("LOCALNET_PORT",), meaning="port of the local chain's RPC", default="8899"
    ),
    "localnet_slot_ms": Variable(
        names=("LOCALNET_SLOT_MS",),
        meaning="milliseconds per slot of the local chain",
        default="200",
    ),
    "localnet_faults": Variable(
        names=("LOCALNET_FAULTS",),
        meaning="what is to go wrong on the local chain: rules as `--fault` takes, by semicolons",
        default="",
    ),
    "localnet_seed": Variable(
        names=("LOCALNET_SEED",),
        meaning="seed of those faults: the same seed and requests, the same faults",
        default="0",
    ),
    "private_key": Variable(
        names=("PRIVATE_KEY",), meaning="the wallet's key: base58, or the array of solana-keygen"
    ),
    "wallet_file": Variable(
        names=("WALLET_KEYPAIR",), meaning="the wallet's key file, as solana-keygen writes it"
    ),
    "concurrency": Variable(
        names=("MAX_CONCURRENT_ORDERS", "QUEUE_CONCURRENCY"),
        meaning="orders executed at once, per worker",
        default="10",
    ),
    "rate_limit": Variable(
        names=("ORDER_RATE_LIMIT", "QUEUE_RATE_LIMIT"),
        meaning="orders started per minute over all workers; 0 is no limit",
        default="100",
    ),
    "attempts_max": Variable(
        names=("RETRY_MAX_ATTEMPTS",), meaning="attempts per order", default="3"
    ),
    "retry_delay_ms": Variable(
        names=("RETRY_BACKOFF_MS",),
        meaning="milliseconds before the first retry; doubled for each further one",
        default="1000",
    ),
    "order_timeout_ms": Variable(
        names=("ORDER_TIMEOUT_MS",),
        meaning="milliseconds after the first attempt's start in which another may start",
        default="30000",
    ),
    "quote_age_slots": Variable(
        names=("QUOTE_AGE_SLOTS",), meaning="slots after which a quote is not signed", default="10"
    ),
    "status_poll_ms": Variable(
        names=("STATUS_POLL_MS",),
        meaning="milliseconds between looks at a transaction in flight",
        default="100",
    ),
    "rebroadcast_ms": Variable(
        names=("REBROADCAST_MS",),
        meaning="milliseconds between sends of the same transaction",
        default="400",
    ),
    "finality_poll_ms": Variable(
        names=("FINALITY_POLL_MS",),
        meaning="milliseconds between looks at whether a confirmed transaction is final",
        default="5000",
    ),
    "unit_price_percentile": Variable(
        names=("COMPUTE_UNIT_PRICE_PERCENTILE",),
        meaning="which of the prices lately paid to write the route's accounts to pay, in percent",
        default="75",
    ),
    "unit_price_floor": Variable(
        names=("COMPUTE_UNIT_PRICE_FLOOR", "COMPUTE_UNIT_PRICE_MICRO_LAMPORTS"),
        meaning="the least to pay, in micro-lamports per compute unit",
        default="0",
    ),
    "unit_price_cap": Variable(
        names=("COMPUTE_UNIT_PRICE_CAP",),
        meaning="the most to pay, in micro-lamports per compute unit",
        default="1000000",
    ),
    "lookup_tables": Variable(
        names=("LOOKUP_TABLES",),
        meaning="addresses of lookup tables that make transactions smaller, separated by commas",
        default="",
    ),
    "v1_transactions": Variable(
        names=("V1_TRANSACTIONS",),
        meaning="whether routes that no v0 transaction holds become v1 ones, where the cluster "
        "takes them: yes or no",
        default="yes",
    ),
    "rpc_timeout_ms": Variable(
        names=("RPC_TIMEOUT_MS",), meaning="milliseconds an RPC call may take", default="10000"
    ),
    "pools_pinned": Variable(
        names=("POOLS",),
        meaning="addresses of pools to trade in beside those that searching finds, by commas",
        default="",
    ),
    "pools_remembered_ms": Variable(
        names=("POOLS_REMEMBERED_MS",),
        meaning="milliseconds for which a list of pools is taken as complete, also after a restart",
        default="60000",
    ),
    "stream_urls": Variable(
        names=("SOLANA_WS_URL",),
        meaning="WebSockets of your Solana RPC, by commas; without it they follow from its address",
        default="",
    ),
    "stream_silence_ms": Variable(
        names=("STREAM_SILENCE_MS",),
        meaning="milliseconds without news after which pools are read instead of believed",
        default="1000",
    ),
    "pools_compare_ms": Variable(
        names=("POOLS_COMPARE_MS",),
        meaning="milliseconds between comparisons of the followed pools with the RPC",
        default="2000",
    ),
    "pools_slots_behind": Variable(
        names=("POOLS_SLOTS_BEHIND",),
        meaning="slots behind the newest one seen from which a pool is stale and not traded in",
        default="8",
    ),
    "lease_ms": Variable(
        names=("LEASE_MS",),
        meaning="milliseconds after which a silent worker's orders are taken over",
        default="5000",
    ),
    "drain_ms": Variable(
        names=("DRAIN_MS",),
        meaning="milliseconds that orders in flight have to end when the worker stops",
        default="20000",
    ),
    "api_access": Variable(
        names=("API_ACCESS",),
        meaning="auto: on localnet a loopback address needs no API key; keys: everyone needs one",
        default="auto",
    ),
    "allowed_hosts": Variable(
        names=("API_ALLOWED_HOSTS",),
        meaning="names the API answers to beside loopback and HOST, separated by commas",
        default="",
    ),
    "allowed_origins": Variable(
        names=("API_ALLOWED_ORIGINS",),
        meaning="origins of pages that may use the API from elsewhere, as https://name[:port]",
        default="",
    ),
    "requests_per_key": Variable(
        names=("API_RATE_LIMIT_PER_KEY",),
        meaning="requests a minute of one API key, per API process; 0 is no limit",
        default="6000",
    ),
    "requests_per_address": Variable(
        names=("API_RATE_LIMIT_PER_ADDRESS",),
        meaning="requests a minute from one address, per API process; 0 is no limit",
        default="0",
    ),
    "sockets_per_key": Variable(
        names=("API_SOCKETS_PER_KEY",),
        meaning="open WebSockets of one API key, per API process; 0 is no limit",
        default="20000",
    ),
    "sockets_per_address": Variable(
        names=("API_SOCKETS_PER_ADDRESS",),
        meaning="open WebSockets from one address, per API process; 0 is no limit",
        default="20000",
    ),
    "waiting_orders_max": Variable(
        names=("QUEUE_DEPTH_MAX",),
        meaning="orders that may wait to be started; beyond it new ones are refused; 0 is no limit",
        default="100000",
    ),
    "open_orders_max": Variable(
        names=("API_OPEN_ORDERS_PER_KEY",),
        meaning="open orders of one API key's account; 0 is no limit",
        default="10000",
    ),
    "paced_from": Variable(
        names=("QUEUE_PACED_FROM",),
        meaning="waiting orders from which on accepting keeps pace with completing; 0 is never",
        default="200",
    ),
    "disk_free_min_mb": Variable(
        names=("DISK_FREE_MIN_MB",),
        meaning="megabytes free under LANDFALL_HOME below which new orders are refused",
        default="200",
    ),
    "mock_mode": Variable(
        names=("MOCK_MODE",),
        meaning="true is the local chain, also the default; false is SOLANA_RPC_URL, and needs it",
        default="",
    ),
    "mock_delay_min_ms": Variable(
        names=("MOCK_DELAY_MIN_MS",),
        meaning="the least milliseconds the local chain takes to confirm; 0: as it comes",
        default="0",
    ),
    "mock_delay_max_ms": Variable(
        names=("MOCK_DELAY_MAX_MS",),
        meaning="the most; the local chain takes their middle, in whole slots",
        default="0",
    ),
    "app_env": Variable(
        names=("APP_ENV", "NODE_ENV"),
        meaning="development, test or production; in production logs are JSON unless LOG_FORMAT "
        "says otherwise",
        default="development",
    ),
    "log_level": Variable(
        names=("LOG_LEVEL",), meaning="debug, info, warning or error", default="info"
    ),
    "log_format": Variable(names=("LOG_FORMAT",), meaning="json or console", default="console"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PathSettings:
    """How transactions get to the cluster and news comes back. Meanings: see `VARIABLES`."""

    rpc_url: Secret | None
    rpc_urls: tuple[Secret, ...]
    lookup_tables: tuple[Pubkey, ...]
    v1_transactions: bool
    rpc_timeout_ms: int
    rpc_failover_ms: int
    rpc_probe_ms: int
    rpc_lag_slots: int
    agreement_above: int
    revert_commitment: str
    jito_url: Secret | None
    jito_tip_floor_url: Secret | None
    jito_tip_percentile: int
    jito_tip_min: int
    jito_tip_max: int
    jito_dont_front: bool
    unit_price_percentile: int
    unit_price_floor: int
    unit_price_cap: int

    @property
    def urls(self) -> tuple[str, ...]:
        """Every RPC, each once, in the order given."""
        first = () if self.rpc_url is None else (self.rpc_url,)
        return tuple(dict.fromkeys(url.reveal() for url in (*first, *self.rpc_urls)))


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorSettings:
    """Who may use the API, and how much of it. Meanings: see `VARIABLES`; 0 is no limit."""

    api_access: str
    allowed_hosts: tuple[str, ...]
    allowed_origins: tuple[str, ...]
    requests_per_key: int
    requests_per_address: int
    sockets_per_key: int
    sockets_per_address: int
    waiting_orders_max: int
    open_orders_max: int
    paced_from: int
    disk_free_min_mb: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSettings:
    """Which pools there are and how fresh they must be. Meanings: see `VARIABLES`."""

    pools_pinned: tuple[Pubkey, ...]
    pools_remembered_ms: int
    stream_urls: tuple[Secret, ...]
    stream_silence_ms: int
    pools_compare_ms: int
    pools_slots_behind: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the environment asks for. Meanings and units: see `VARIABLES`."""

    host: str
    port: int
    console_port: int
    home: Path
    database_url: Secret | None
    paths: PathSettings
    doors: DoorSettings
    localnet_port: int
    localnet_slot_ms: int
    localnet_faults: tuple[str, ...]
    localnet_seed: int
    mock_mode: str
    mock_delay_min_ms: int
    mock_delay_max_ms: int
    private_key: Secret | None
    wallet_file: Path | None
    concurrency: int
    rate_limit: int
    attempts_max: int
    retry_delay_ms: int
    order_timeout_ms: int
    quote_age_slots: int
    status_poll_ms: int
    rebroadcast_ms: int
    finality_poll_ms: int
    pools: PoolSettings
    lease_ms: int
    drain_ms: int
    app_env: str
    log_level: str
    log_format: str

    @property
    def mock_delay_ms(self) -> int:
        """What the local chain's confirmation is to take, in milliseconds; 0 is no matter."""
        return (self.mock_delay_min_ms + self.mock_delay_max_ms) // 2


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Settings from the variables of an environment.

    Raises:
        SettingsError: a value is not what its variable needs.
    """

    def text(key: str) -> str:
        return _value(environ, key) or ""

    def number(key: str, least: int, most: int = 2**53) -> int:
        return _number(environ, key, least, most)

    def secret(key: str) -> Secret | None:
        return Secret(value) if (value := _value(environ, key)) else None

    return Settings(
        host=text("host"),
        port=number("port", 1, 65_535),
        console_port=number("console_port", 0, 65_535),
        home=Path(text("home")).expanduser().absolute(),
        database_url=secret("database_url") or _database_from_parts(environ),
        paths=_paths(environ),
        doors=_doors(environ),
        localnet_port=number("localnet_port", 1, 65_534),
        localnet_slot_ms=number("localnet_slot_ms", 1, 60_000),
        localnet_faults=_list(environ, "localnet_faults", ";"),
        localnet_seed=number("localnet_seed", 0),
        mock_mode=_mock_mode(environ),
        mock_delay_min_ms=number("mock_delay_min_ms", 0, _MOCK_DELAY_MS_MAX),
        mock_delay_max_ms=number("mock_delay_max_ms", 0, _MOCK_DELAY_MS_MAX),
        private_key=secret("private_key"),
        wallet_file=Path(file).expanduser() if (file := text("wallet_file")) else None,
        concurrency=number("concurrency", 1, 10_000),
        rate_limit=number("rate_limit", 0),
        attempts_max=number("attempts_max", 1, 100),
        retry_delay_ms=number("retry_delay_ms", 0, 3_600_000),
        order_timeout_ms=number("order_timeout_ms", 1),
        quote_age_slots=number("quote_age_slots", 1),
        status_poll_ms=number("status_poll_ms", 1),
        rebroadcast_ms=number("rebroadcast_ms", 1),
        finality_poll_ms=number("finality_poll_ms", 1),
        pools=_pools(environ),
        lease_ms=number("lease_ms", 100),
        drain_ms=number("drain_ms", 0),
        app_env=_word(environ, "app_env", ("development", "test", "production")),
        log_level=_word(environ, "log_level", ("debug", "info", "warning", "error")),
        log_format=_log_format(environ),
    )


def _value(environ: Mapping[str, str], key: str) -> str | None:
    variable = VARIABLES[key]
    given = {name: environ[name] for name in variable.names if environ.get(name)}
    if len(set(given.values())) > 1:
        raise SettingsError(f"{' and '.join(given)} mean the same and differ; set one of them.")
    return next(iter(given.values()), variable.default)


def _number(environ: Mapping[str, str], key: str, least: int, most: int) -> int:
    value = _value(environ, key) or ""
    is_number = value.isascii() and value.isdigit() and len(value) <= _DIGITS_MAX
    if not is_number or not least <= int(value) <= most:
        name = VARIABLES[key].names[0]
        raise SettingsError(
            f"{name} must be a whole number from {least} to {most}, not {value[:_DIGITS_MAX]!r}."
        )
    return int(value)


def _word(environ: Mapping[str, str], key: str, words: tuple[str, ...]) -> str:
    value = (_value(environ, key) or "").lower()
    if value not in words:
        raise SettingsError(f"{VARIABLES[key].names[0]} must be one of {', '.join(words)}.")
    return value


def _paths(environ: Mapping[str, str]) -> PathSettings:
    def number(key: str, least: int, most: int = 2**53) -> int:
        return _number(environ, key, least, most)

    percentiles = ("25", "50", "75", "95", "99")
    return PathSettings(
        rpc_url=_url(environ, "rpc_url"),
        rpc_urls=_urls(environ, "rpc_urls"),
        lookup_tables=_addresses(environ, "lookup_tables"),
        v1_transactions=_word(environ, "v1_transactions", ("yes", "no")) == "yes",
        rpc_timeout_ms=number("rpc_timeout_ms", 1),
        rpc_failover_ms=number("rpc_failover_ms", 1),
        rpc_probe_ms=number("rpc_probe_ms", 1),
        rpc_lag_slots=number("rpc_lag_slots", 1),
        agreement_above=number("agreement_above", 0),
        revert_commitment=_word(environ, "revert_commitment", ("confirmed", "finalized")),
        jito_url=_url(environ, "jito_url"),
        jito_tip_floor_url=_url(environ, "jito_tip_floor_url"),
        jito_tip_percentile=int(_word(environ, "jito_tip_percentile", percentiles)),
        jito_tip_min=number("jito_tip_min", TIP_MIN),
        jito_tip_max=number("jito_tip_max", TIP_MIN),
        jito_dont_front=_word(environ, "jito_dont_front", ("yes", "no")) == "yes",
        unit_price_percentile=number("unit_price_percentile", 0, 100),
        unit_price_floor=number("unit_price_floor", 0),
        unit_price_cap=number("unit_price_cap", 0),
    )


def _doors(environ: Mapping[str, str]) -> DoorSettings:
    def number(key: str) -> int:
        return _number(environ, key, 0, 2**53)

    return DoorSettings(
        api_access=_word(environ, "api_access", ("auto", "keys")),
        allowed_hosts=tuple(name.lower() for name in _list(environ, "allowed_hosts")),
        allowed_origins=_origins(environ),
        requests_per_key=number("requests_per_key"),
        requests_per_address=number("requests_per_address"),
        sockets_per_key=number("sockets_per_key"),
        sockets_per_address=number("sockets_per_address"),
        waiting_orders_max=number("waiting_orders_max"),
        open_orders_max=number("open_orders_max"),
        paced_from=number("paced_from"),
        disk_free_min_mb=number("disk_free_min_mb"),
    )


def _list(environ: Mapping[str, str], key: str, separator: str = ",") -> tuple[str, ...]:
    texts = (_value(environ, key) or "").split(separator)
    return tuple(text.strip() for text in texts if text.strip())


def _origins(environ: Mapping[str, str]) -> tuple[str, ...]:
    origins = _list(environ, "allowed_origins")
    for origin in origins:
        scheme, separator, rest = origin.partition("://")
        if not separator or scheme not in ("http", "https") or not rest or set(rest) & set("/*?@ "):
            raise SettingsError("API_ALLOWED_ORIGINS must be origins such as https://app.example.")
    return tuple(origin.lower() for origin in origins)


def _mock_mode(environ: Mapping[str, str]) -> str:
    mode = (_value(environ, "mock_mode") or "").lower()
    if mode not in ("", "true", "false"):
        raise SettingsError("MOCK_MODE must be one of true, false.")
    if mode == "true" and _value(environ, "rpc_url"):
        raise SettingsError(
            "MOCK_MODE=true means the local chain, and SOLANA_RPC_URL another; set one of them."
        )
    if mode == "false" and not _value(environ, "rpc_url"):
        raise SettingsError("MOCK_MODE=false needs SOLANA_RPC_URL, the cluster to trade on.")
    return mode


def _log_format(environ: Mapping[str, str]) -> str:
    is_production = (_value(environ, "app_env") or "").lower() == "production"
    if is_production and not any(environ.get(name) for name in VARIABLES["log_format"].names):
        return "json"
    return _word(environ, "log_format", ("json", "console"))


def _pools(environ: Mapping[str, str]) -> PoolSettings:
    return PoolSettings(
        pools_pinned=_addresses(environ, "pools_pinned"),
        pools_remembered_ms=_number(environ, "pools_remembered_ms", 0, 2**53),
        stream_urls=_urls(environ, "stream_urls", ("ws", "wss")),
        stream_silence_ms=_number(environ, "stream_silence_ms", 1, 60_000),
        pools_compare_ms=_number(environ, "pools_compare_ms", 1, 3_600_000),
        pools_slots_behind=_number(environ, "pools_slots_behind", 1, 150),
    )


def _url(environ: Mapping[str, str], key: str) -> Secret | None:
    text = _value(environ, key)
    return _checked(key, text) if text else None


def _urls(
    environ: Mapping[str, str], key: str, schemes: tuple[str, str] = _HTTP
) -> tuple[Secret, ...]:
    texts = (_value(environ, key) or "").split(",")
    return tuple(_checked(key, text.strip(), schemes) for text in texts if text.strip())


def _addresses(environ: Mapping[str, str], key: str) -> tuple[Pubkey, ...]:
    texts = [text.strip() for text in (_value(environ, key) or "").split(",")]
    try:
        return tuple(Pubkey.from_string(text) for text in texts if text)
    except ValueError:
        name = VARIABLES[key].names[0]
        raise SettingsError(f"{name} must be addresses, separated by commas.") from None


def _checked(key: str, text: str, schemes: tuple[str, str] = _HTTP) -> Secret:
    try:
        parts = urlsplit(text)
        is_usable = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    # Raised out here: the cause quotes parts of the URL.
    if not is_usable:
        name = VARIABLES[key].names[0]
        raise SettingsError(f"{name} must be an {schemes[0]}:// or {schemes[1]}:// address.")
    return Secret(text)


def _database_from_parts(environ: Mapping[str, str]) -> Secret | None:
    host = _value(environ, "database_host")
    if not host:
        return None
    user = quote(_value(environ, "database_user") or "", safe="")
    password = quote(_value(environ, "database_password") or "", safe="")
    port = _number(environ, "database_port", 1, 65_535)
    name = quote(_value(environ, "database_name") or "", safe="")
    # An IPv6 address has colons of its own, a local socket's directory has slashes.
    where = quote(host, safe="")
    return Secret(f"postgresql://{user}:{password}@{where}:{port}/{name}")

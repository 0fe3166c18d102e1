"""Every variable of the environment: its names, what it means, and its default.

The first name is ours, the others are accepted too. The page of the reference follows from this
table.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Variable:
    """One setting: its names in the environment, what it means, its default as text (None: no
    default).
    """

    names: tuple[str, ...]
    meaning: str
    default: str | None = None


# One row each, as long as it fits.
VARIABLES: Mapping[str, Variable] = {
    "host": Variable(("HOST",), "address the API listens on", "127.0.0.1"),
    "port": Variable(("PORT",), "port the API listens on", "3000"),
    "console_port": Variable(
        ("CONSOLE_PORT",), "port of the console that `landfall up` starts; 0 for none", "3001"
    ),
    "home": Variable(
        ("LANDFALL_HOME",), "data directory: embedded database, local chain, wallet", ".landfall"
    ),
    "database_url": Variable(
        ("DATABASE_URL",), "your PostgreSQL; without it an embedded one is used"
    ),
    "database_host": Variable(
        ("POSTGRES_HOST", "DB_HOST"), "your PostgreSQL's host, instead of a URL"
    ),
    "database_port": Variable(("POSTGRES_PORT", "DB_PORT"), "its port", "5432"),
    "database_name": Variable(("POSTGRES_DB", "DB_NAME"), "its database", "order_execution"),
    "database_user": Variable(("POSTGRES_USER", "DB_USER"), "its user", "postgres"),
    "database_password": Variable(("POSTGRES_PASSWORD", "DB_PASSWORD"), "its password", ""),
    "rpc_url": Variable(("SOLANA_RPC_URL",), "your Solana RPC; without it localnet is used"),
    "rpc_urls": Variable(
        ("SOLANA_RPC_URLS",), "more Solana RPCs of the same cluster, separated by commas", ""
    ),
    "rpc_failover_ms": Variable(
        ("RPC_FAILOVER_MS",),
        "milliseconds of silence after which another RPC is asked as well",
        "1000",
    ),
    "rpc_probe_ms": Variable(
        ("RPC_PROBE_MS",), "milliseconds between looks at how each of several RPCs does", "1000"
    ),
    "rpc_lag_slots": Variable(
        ("RPC_LAG_SLOTS",), "slots behind the best RPC from which on one is asked last", "10"
    ),
    "agreement_above": Variable(
        ("AGREEMENT_ABOVE_LAMPORTS",),
        "value of an order above which two RPCs must agree on what became of it",
        "0",
    ),
    "revert_commitment": Variable(
        ("REVERT_COMMITMENT",),
        "confirmed or finalized: when a failed transaction counts, so that another may be signed",
        "confirmed",
    ),
    "jito_url": Variable(
        ("JITO_URL",), "a block engine that gets every transaction as a bundle, too"
    ),
    "jito_tip_floor_url": Variable(
        ("JITO_TIP_FLOOR_URL",),
        "where tips lately paid are read; without it the block engine is asked",
    ),
    "jito_tip_percentile": Variable(
        ("JITO_TIP_PERCENTILE",), "which of the tips lately paid to pay: 25, 50, 75, 95 or 99", "50"
    ),
    "jito_tip_min": Variable(("JITO_TIP_MIN_LAMPORTS",), "the least to tip, in lamports", "1000"),
    "jito_tip_max": Variable(("JITO_TIP_MAX_LAMPORTS",), "the most to tip, in lamports", "1000000"),
    "jito_dont_front": Variable(
        ("JITO_DONT_FRONT",),
        "yes or no: ask block engines that nothing runs ahead of us in our bundle",
        "no",
    ),
    "localnet_port": Variable(("LOCALNET_PORT",), "port of the local chain's RPC", "8899"),
    "localnet_slot_ms": Variable(
        ("LOCALNET_SLOT_MS",), "milliseconds per slot of the local chain", "200"
    ),
    "localnet_faults": Variable(
        ("LOCALNET_FAULTS",),
        "what is to go wrong on the local chain: rules as `--fault` takes, by semicolons",
        "",
    ),
    "localnet_seed": Variable(
        ("LOCALNET_SEED",), "seed of those faults: the same seed and requests, the same faults", "0"
    ),
    "private_key": Variable(
        ("PRIVATE_KEY",), "the wallet's key: base58, or the array of solana-keygen"
    ),
    "wallet_file": Variable(
        ("WALLET_KEYPAIR",), "the wallet's key file, as solana-keygen writes it"
    ),
    "concurrency": Variable(
        ("MAX_CONCURRENT_ORDERS", "QUEUE_CONCURRENCY"), "orders executed at once, per worker", "10"
    ),
    "rate_limit": Variable(
        ("ORDER_RATE_LIMIT", "QUEUE_RATE_LIMIT"),
        "orders started per minute over all workers; 0 is no limit",
        "100",
    ),
    "attempts_max": Variable(("RETRY_MAX_ATTEMPTS",), "attempts per order", "3"),
    "retry_delay_ms": Variable(
        ("RETRY_BACKOFF_MS",),
        "milliseconds before the first retry; doubled for each further one",
        "1000",
    ),
    "order_timeout_ms": Variable(
        ("ORDER_TIMEOUT_MS",),
        "milliseconds after the first attempt's start in which another may start",
        "30000",
    ),
    "quote_age_slots": Variable(
        ("QUOTE_AGE_SLOTS",), "slots after which a quote is not signed", "10"
    ),
    "status_poll_ms": Variable(
        ("STATUS_POLL_MS",), "milliseconds between looks at a transaction in flight", "100"
    ),
    "rebroadcast_ms": Variable(
        ("REBROADCAST_MS",), "milliseconds between sends of the same transaction", "400"
    ),
    "finality_poll_ms": Variable(
        ("FINALITY_POLL_MS",),
        "milliseconds between looks at whether a confirmed transaction is final, which takes some "
        "32 slots",
        "13000",
    ),
    "unit_price_percentile": Variable(
        ("COMPUTE_UNIT_PRICE_PERCENTILE",),
        "which of the prices lately paid to write the route's accounts to pay, in percent",
        "75",
    ),
    "unit_price_floor": Variable(
        ("COMPUTE_UNIT_PRICE_FLOOR", "COMPUTE_UNIT_PRICE_MICRO_LAMPORTS"),
        "the least to pay, in micro-lamports per compute unit",
        "0",
    ),
    "unit_price_cap": Variable(
        ("COMPUTE_UNIT_PRICE_CAP",),
        "the most to pay, in micro-lamports per compute unit",
        "1000000",
    ),
    "lookup_tables": Variable(
        ("LOOKUP_TABLES",),
        "addresses of lookup tables that make transactions smaller, separated by commas",
        "",
    ),
    "v1_transactions": Variable(
        ("V1_TRANSACTIONS",),
        "whether routes that no v0 transaction holds become v1 ones, where the cluster takes "
        "them: yes or no",
        "yes",
    ),
    "rpc_timeout_ms": Variable(("RPC_TIMEOUT_MS",), "milliseconds an RPC call may take", "10000"),
    "pools_pinned": Variable(
        ("POOLS",),
        "addresses of pools to trade in beside those that searching finds, by commas",
        "",
    ),
    "pools_remembered_ms": Variable(
        ("POOLS_REMEMBERED_MS",),
        "milliseconds for which a list of pools is taken as complete, also after a restart",
        "60000",
    ),
    "stream_urls": Variable(
        ("SOLANA_WS_URL",),
        "WebSockets of your Solana RPC, by commas; without it they follow from its address",
        "",
    ),
    "stream_silence_ms": Variable(
        ("STREAM_SILENCE_MS",),
        "milliseconds without news after which pools are read instead of believed",
        "1000",
    ),
    "pools_compare_ms": Variable(
        ("POOLS_COMPARE_MS",),
        "milliseconds between comparisons of the followed pools with the RPC",
        "2000",
    ),
    "pools_slots_behind": Variable(
        ("POOLS_SLOTS_BEHIND",),
        "slots behind the newest one seen from which a pool is stale and not traded in",
        "8",
    ),
    "worker_metrics_port": Variable(
        ("WORKER_METRICS_PORT",),
        "port, at HOST, on which `landfall worker` tells its metrics; 0 for none",
        "0",
    ),
    "lease_ms": Variable(
        ("LEASE_MS",), "milliseconds after which a silent worker's orders are taken over", "5000"
    ),
    "drain_ms": Variable(
        ("DRAIN_MS",),
        "milliseconds that orders in flight have to end when the worker stops",
        "20000",
    ),
    "api_access": Variable(
        ("API_ACCESS",),
        "auto: on localnet a loopback address needs no API key; keys: everyone needs one",
        "auto",
    ),
    "allowed_hosts": Variable(
        ("API_ALLOWED_HOSTS",),
        "names the API answers to beside loopback and HOST, separated by commas",
        "",
    ),
    "allowed_origins": Variable(
        ("API_ALLOWED_ORIGINS",),
        "origins of pages that may use the API from elsewhere, as https://name[:port]",
        "",
    ),
    "requests_per_key": Variable(
        ("API_RATE_LIMIT_PER_KEY",),
        "requests a minute of one API key, per API process; 0 is no limit",
        "6000",
    ),
    "requests_per_address": Variable(
        ("API_RATE_LIMIT_PER_ADDRESS",),
        "requests a minute from one address, per API process; 0 is no limit",
        "0",
    ),
    "sockets_per_key": Variable(
        ("API_SOCKETS_PER_KEY",),
        "open WebSockets of one API key, per API process; 0 is no limit",
        "20000",
    ),
    "sockets_per_address": Variable(
        ("API_SOCKETS_PER_ADDRESS",),
        "open WebSockets from one address, per API process; 0 is no limit",
        "20000",
    ),
    "waiting_orders_max": Variable(
        ("QUEUE_DEPTH_MAX",),
        "orders that may wait to be started; beyond it new ones are refused; 0 is no limit",
        "100000",
    ),
    "open_orders_max": Variable(
        ("API_OPEN_ORDERS_PER_KEY",), "open orders of one API key's account; 0 is no limit", "10000"
    ),
    "paced_from": Variable(
        ("QUEUE_PACED_FROM",),
        "waiting orders from which on accepting keeps pace with completing; 0 is never",
        "200",
    ),
    "disk_free_min_mb": Variable(
        ("DISK_FREE_MIN_MB",),
        "megabytes free under LANDFALL_HOME below which new orders are refused",
        "200",
    ),
    "mock_mode": Variable(
        ("MOCK_MODE",),
        "true is the local chain, also the default; false is SOLANA_RPC_URL, and needs it",
        "",
    ),
    "mock_delay_min_ms": Variable(
        ("MOCK_DELAY_MIN_MS",),
        "the least milliseconds the local chain takes to confirm; 0: as it comes",
        "0",
    ),
    "mock_delay_max_ms": Variable(
        ("MOCK_DELAY_MAX_MS",), "the most; the local chain takes their middle, in whole slots", "0"
    ),
    "traces_endpoint": Variable(
        ("OTEL_EXPORTER_OTLP_ENDPOINT",),
        "collector that gets every order as a trace, OTLP over HTTP; needs landfall[otel]",
    ),
    "app_env": Variable(
        ("APP_ENV", "NODE_ENV"),
        "development, test or production; in production logs are JSON unless LOG_FORMAT says "
        "otherwise",
        "development",
    ),
    "log_level": Variable(("LOG_LEVEL",), "debug, info, warning or error", "info"),
    "log_format": Variable(("LOG_FORMAT",), "json or console", "console"),
}

"""The environment as frozen Settings. Nothing else reads `os.environ`."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from landfall.core.ledger.tips import TIP_MIN
from landfall.settings.sections import DoorSettings, PathSettings, PoolSettings, Secret, Settings
from landfall.settings.values import (
    SettingsError,
    addresses_of,
    database_of,
    list_of,
    number_of,
    url_of,
    urls_of,
    value_of,
    word_of,
)
from landfall.settings.variables import VARIABLES

_MOCK_DELAY_MS_MAX = 10_000


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Settings from the variables of an environment.

    Raises:
        SettingsError: a value is not what its variable needs.
    """

    def text(key: str) -> str:
        return value_of(environ, key) or ""

    def number(key: str, least: int, most: int = 2**53) -> int:
        return number_of(environ, key, least, most)

    def secret(key: str) -> Secret | None:
        return Secret(value) if (value := value_of(environ, key)) else None

    return Settings(
        host=text("host"),
        port=number("port", 1, 65_535),
        console_port=number("console_port", 0, 65_535),
        home=Path(text("home")).expanduser().absolute(),
        database_url=database_of(environ, "database_url") or _database_from_parts(environ),
        paths=_paths(environ),
        doors=_doors(environ),
        localnet_port=number("localnet_port", 1, 65_534),
        localnet_slot_ms=number("localnet_slot_ms", 1, 60_000),
        localnet_faults=list_of(environ, "localnet_faults", ";"),
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
        worker_metrics_port=number("worker_metrics_port", 0, 65_535),
        lease_ms=number("lease_ms", 100),
        drain_ms=number("drain_ms", 0),
        traces_endpoint=url_of(environ, "traces_endpoint"),
        app_env=word_of(environ, "app_env", ("development", "test", "production")),
        log_level=word_of(environ, "log_level", ("debug", "info", "warning", "error")),
        log_format=_log_format(environ),
    )


def _paths(environ: Mapping[str, str]) -> PathSettings:
    def number(key: str, least: int, most: int = 2**53) -> int:
        return number_of(environ, key, least, most)

    percentiles = ("25", "50", "75", "95", "99")
    return PathSettings(
        rpc_url=url_of(environ, "rpc_url"),
        rpc_urls=urls_of(environ, "rpc_urls"),
        lookup_tables=addresses_of(environ, "lookup_tables"),
        v1_transactions=word_of(environ, "v1_transactions", ("yes", "no")) == "yes",
        rpc_timeout_ms=number("rpc_timeout_ms", 1),
        rpc_failover_ms=number("rpc_failover_ms", 1),
        rpc_probe_ms=number("rpc_probe_ms", 1),
        rpc_lag_slots=number("rpc_lag_slots", 1),
        agreement_above=number("agreement_above", 0),
        revert_commitment=word_of(environ, "revert_commitment", ("confirmed", "finalized")),
        jito_url=url_of(environ, "jito_url"),
        jito_tip_floor_url=url_of(environ, "jito_tip_floor_url"),
        jito_tip_percentile=int(word_of(environ, "jito_tip_percentile", percentiles)),
        jito_tip_min=number("jito_tip_min", TIP_MIN),
        jito_tip_max=number("jito_tip_max", TIP_MIN),
        jito_dont_front=word_of(environ, "jito_dont_front", ("yes", "no")) == "yes",
        unit_price_percentile=number("unit_price_percentile", 0, 100),
        unit_price_floor=number("unit_price_floor", 0),
        unit_price_cap=number("unit_price_cap", 0),
    )


def _doors(environ: Mapping[str, str]) -> DoorSettings:
    def number(key: str) -> int:
        return number_of(environ, key, 0, 2**53)

    return DoorSettings(
        api_access=word_of(environ, "api_access", ("auto", "keys")),
        allowed_hosts=tuple(name.lower() for name in list_of(environ, "allowed_hosts")),
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


def _origins(environ: Mapping[str, str]) -> tuple[str, ...]:
    origins = list_of(environ, "allowed_origins")
    for origin in origins:
        scheme, separator, rest = origin.partition("://")
        if not separator or scheme not in ("http", "https") or not rest or set(rest) & set("/*?@ "):
            raise SettingsError("API_ALLOWED_ORIGINS must be origins such as https://app.example.")
    return tuple(origin.lower() for origin in origins)


def _mock_mode(environ: Mapping[str, str]) -> str:
    mode = (value_of(environ, "mock_mode") or "").lower()
    if mode not in ("", "true", "false"):
        raise SettingsError("MOCK_MODE must be one of true, false.")
    if mode == "true" and value_of(environ, "rpc_url"):
        raise SettingsError(
            "MOCK_MODE=true means the local chain, and SOLANA_RPC_URL another; set one of them."
        )
    if mode == "false" and not value_of(environ, "rpc_url"):
        raise SettingsError("MOCK_MODE=false needs SOLANA_RPC_URL, the cluster to trade on.")
    return mode


def _log_format(environ: Mapping[str, str]) -> str:
    is_production = (value_of(environ, "app_env") or "").lower() == "production"
    if is_production and not any(environ.get(name) for name in VARIABLES["log_format"].names):
        return "json"
    return word_of(environ, "log_format", ("json", "console"))


def _pools(environ: Mapping[str, str]) -> PoolSettings:
    return PoolSettings(
        pools_pinned=addresses_of(environ, "pools_pinned"),
        pools_remembered_ms=number_of(environ, "pools_remembered_ms", 0, 2**53),
        stream_urls=urls_of(environ, "stream_urls", ("ws", "wss")),
        stream_silence_ms=number_of(environ, "stream_silence_ms", 1, 60_000),
        pools_compare_ms=number_of(environ, "pools_compare_ms", 1, 3_600_000),
        pools_slots_behind=number_of(environ, "pools_slots_behind", 1, 150),
    )


def _database_from_parts(environ: Mapping[str, str]) -> Secret | None:
    host = value_of(environ, "database_host")
    if not host:
        return None
    user = quote(value_of(environ, "database_user") or "", safe="")
    password = quote(value_of(environ, "database_password") or "", safe="")
    port = number_of(environ, "database_port", 1, 65_535)
    name = quote(value_of(environ, "database_name") or "", safe="")
    # An IPv6 address has colons of its own, a local socket's directory has slashes.
    where = quote(host, safe="")
    return Secret(f"postgresql://{user}:{password}@{where}:{port}/{name}")

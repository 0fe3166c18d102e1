"""What the environment asks for, frozen: every process is told once, at its start."""

from dataclasses import dataclass
from pathlib import Path

from landfall.core.values import Pubkey


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
    worker_metrics_port: int
    lease_ms: int
    drain_ms: int
    traces_endpoint: Secret | None
    app_env: str
    log_level: str
    log_format: str

    @property
    def mock_delay_ms(self) -> int:
        """What the local chain's confirmation is to take, in milliseconds; 0 is no matter."""
        return (self.mock_delay_min_ms + self.mock_delay_max_ms) // 2

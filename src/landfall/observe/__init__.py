"""One function per event worth knowing: it logs and it counts. The only logger, the only metrics.

Callers say what happened, and no more: `observe.order_accepted(...)`. What is written of it, and
what is counted, is decided here, by subject; `log` and `registry` are what they write with.
"""

from landfall.observe.clients import (
    http_response,
    request_failed,
    socket_closed,
    socket_opened,
)
from landfall.observe.cluster import (
    bundle_hinted,
    path_sent,
    rpc_blockhash_too_old,
    rpc_breaker,
    rpc_call,
    rpc_failed_over,
    rpc_floor_gave_way,
    rpc_lag,
    rpc_latency,
    rpc_lifetime_made_up,
    rpc_limited,
    rpc_wrong_cluster,
    tips_unknown,
)
from landfall.observe.log import (
    configure,
    endpoint,
)
from landfall.observe.orders import (
    attempt_failed,
    committed,
    jobs_claimed,
    lookup_table_left_out,
    order_accepted,
    order_ended,
    order_moved,
    order_rejected,
    stage_ended,
    transaction_sent,
    verdict_withheld,
    when_order_ends,
    worker_error,
)
from landfall.observe.pools import (
    mirror,
    pool_left_out,
    search_refused,
    stream_ended,
    stream_missed,
    subscription_refused,
)
from landfall.observe.process import (
    child_died,
    lineage_changed,
    record_behind,
    started,
    stranger_seen,
    waiting_to_start,
)
from landfall.observe.registry import METRICS_CONTENT_TYPE, metrics, serve_metrics
from landfall.observe.together import together

__all__ = [
    "METRICS_CONTENT_TYPE",
    "attempt_failed",
    "bundle_hinted",
    "child_died",
    "committed",
    "configure",
    "endpoint",
    "http_response",
    "jobs_claimed",
    "lineage_changed",
    "lookup_table_left_out",
    "metrics",
    "mirror",
    "order_accepted",
    "order_ended",
    "order_moved",
    "order_rejected",
    "path_sent",
    "pool_left_out",
    "record_behind",
    "request_failed",
    "rpc_blockhash_too_old",
    "rpc_breaker",
    "rpc_call",
    "rpc_failed_over",
    "rpc_floor_gave_way",
    "rpc_lag",
    "rpc_latency",
    "rpc_lifetime_made_up",
    "rpc_limited",
    "rpc_wrong_cluster",
    "search_refused",
    "serve_metrics",
    "socket_closed",
    "socket_opened",
    "stage_ended",
    "started",
    "stranger_seen",
    "stream_ended",
    "stream_missed",
    "subscription_refused",
    "tips_unknown",
    "together",
    "transaction_sent",
    "verdict_withheld",
    "waiting_to_start",
    "when_order_ends",
    "worker_error",
]

"""Every metric of the process, in one registry, as Prometheus reads them.

Units: seconds and counts, as Prometheus wants them.
"""

from prometheus_client import (
    CollectorRegistry,
    disable_created_metrics,
    generate_latest,
    start_http_server,
)

METRICS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# They double the number of series and say nothing that anybody asks.
disable_created_metrics()  # type: ignore[no-untyped-call]
REGISTRY = CollectorRegistry()

FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
SIZES = (1, 2, 5, 10, 20, 50, 100)
SLOW = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0)


def metrics() -> bytes:
    """All metrics in Prometheus's text format."""
    return generate_latest(REGISTRY)


def serve_metrics(host: str, port: int) -> None:
    """Tell the metrics to whoever asks at this address, for as long as the process runs.

    Raises:
        OSError: the address cannot be listened on.
    """
    start_http_server(port, host, REGISTRY)

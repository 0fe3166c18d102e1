"""What clients of the API get: responses, and WebSockets."""

from prometheus_client import Counter, Gauge

from landfall.observe.log import log
from landfall.observe.registry import REGISTRY

_requests = Counter(
    "landfall_http_responses", "HTTP responses", ["method", "status"], registry=REGISTRY
)
_sockets = Gauge("landfall_websockets", "Open WebSockets", registry=REGISTRY)
_sockets_slow = Counter(
    "landfall_websockets_too_slow", "WebSockets closed on slow readers", registry=REGISTRY
)


def http_response(method: str, status: int) -> None:
    """One HTTP response went out."""
    _requests.labels(method, str(status)).inc()


def request_failed(method: str, path: str, error: BaseException) -> None:
    """A request met an error that is ours."""
    log.error("request_failed", method=method, path=path, error=error)


def socket_opened() -> None:
    """A WebSocket was accepted."""
    _sockets.inc()


def socket_closed(too_slow: bool = False) -> None:
    """A WebSocket is gone; `too_slow` if we closed it on a reader that fell behind."""
    _sockets.dec()
    if too_slow:
        _sockets_slow.inc()

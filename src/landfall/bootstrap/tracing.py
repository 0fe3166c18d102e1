"""Traces, where they are wanted and their library is there."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from uuid import UUID

from landfall.bootstrap.errors import CannotStart
from landfall.ports import Reader
from landfall.settings import Settings

Placed = Callable[[UUID, Mapping[str, str], int], None]
"""Tells of a request that placed an order: its id, the request's headers, when it began (ns)."""


@asynccontextmanager
async def tracing(settings: Settings, reader: Reader) -> AsyncIterator[Placed | None]:
    """Orders that end in this process are told, until the context ends; None if that is off.

    Raises:
        CannotStart: the library is not installed.
    """
    if settings.traces_endpoint is None:
        yield None
        return
    try:
        from landfall.traces import Traces, exporter_to
    except ModuleNotFoundError:
        raise CannotStart(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, and what it needs is not installed; "
            "pip install 'landfall[otel]'."
        ) from None
    traces = Traces(exporter_to(settings.traces_endpoint.reveal()), reader.log)
    await traces.start()
    try:
        yield traces.placed
    finally:
        await traces.stop()

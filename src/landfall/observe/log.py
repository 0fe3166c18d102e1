"""The log: one line per event, to standard error, never waiting for whoever reads there.

Nothing secret passes through here: callers give ids, names and numbers, and a URL is cut down to
its scheme and host before it is written.
"""

import logging
import sys
from typing import TextIO, cast
from urllib.parse import urlsplit

import structlog
from structlog.types import EventDict, WrappedLogger

from landfall.observe.log_stream import LogStream

log = structlog.get_logger("landfall")


def configure(level: str = "info", json: bool = True) -> None:
    """Set up logging for the process, to standard error; it never waits for whoever reads there.

    Libraries' own loggers are kept at warnings: some of them write URLs with their queries.
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(level=max(number, logging.WARNING), stream=sys.stderr)
    renderer = (
        structlog.processors.JSONRenderer()
        if json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _plain_error,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, LogStream(sys.stderr))),
        cache_logger_on_first_use=False,
    )


def endpoint(url: str) -> str:
    """A URL's scheme, host and port: paths and queries of RPC URLs carry API keys.

    >>> endpoint("https://user:pw@rpc.example.org:8443/v2/KEY?api-key=KEY")
    'https://rpc.example.org:8443'
    """
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}"


def _plain_error(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """An exception as its type and the places it passed, without its message or any locals.

    Messages of foreign exceptions quote requests, and requests carry keys.
    """
    error = event.pop("error", None)
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["at"] = _places(error)
    return event


def _places(error: BaseException) -> list[str]:
    places: list[str] = []
    step = error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        places.append(f"{code.co_filename}:{step.tb_lineno} {code.co_name}")
        step = step.tb_next
    return places

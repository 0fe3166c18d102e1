"""The metrics of the worker beside this API, asked for over loopback."""

import asyncio
import socket
from contextlib import suppress

ANSWER_SECONDS_MAX = 1.0
_REQUEST = b"GET /metrics HTTP/1.0\r\n\r\n"


async def worker_metrics(port: int) -> bytes | None:
    """What a worker tells on its port; None if it does not, for it may be starting again."""
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(ANSWER_SECONDS_MAX):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(_REQUEST)
                head, _, body = (await reader.read(-1)).partition(b"\r\n\r\n")
            finally:
                writer.close()
            return body if b" 200 " in head.split(b"\r\n")[0] else None
    return None


def spare_port() -> int:
    """A port on loopback that nobody has just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

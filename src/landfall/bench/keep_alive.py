"""HTTP/1.1 over connections that stay open, with as little work per request as can be.

A client that costs as much as what it measures would measure itself, on a machine that both share.
"""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import msgspec

from landfall.core.errors import LandfallError

_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class NoAnswer(LandfallError):
    """The engine that is measured cannot be reached, or does not speak HTTP."""


class KeepAlive:
    """As many connections as there are requests at once; each is used again.

    Args:
        url: of the engine, plain HTTP.
    """

    def __init__(self, url: str, api_key: str | None = None) -> None:
        at = urlsplit(url)
        if at.scheme != "http" or at.hostname is None:
            raise NoAnswer(f"{url} is no http:// address; put the bench on the engine's side of it")
        self._host, self._port = at.hostname, at.port or 80
        self._key = "" if api_key is None else f"Authorization: Bearer {api_key}\r\n"
        self._idle: list[_Streams] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        for _, writer in self._idle:
            writer.close()

    async def post(self, path: str, body: object) -> tuple[int, bytes]:
        """Status and body of the answer.

        Raises:
            NoAnswer: there was none.
        """
        return await self._ask("POST", path, msgspec.json.encode(body))

    async def get(self, path: str) -> tuple[int, bytes]:
        """The same for a GET."""
        return await self._ask("GET", path, b"")

    async def _ask(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n{self._key}"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        try:
            # A server hangs up on those that nobody used for a while, perhaps at this moment.
            while self._idle:
                used = self._idle.pop()
                with suppress(OSError, asyncio.IncompleteReadError):
                    return await self._exchange(used, head.encode() + body)
                used[1].close()
            fresh = await asyncio.open_connection(self._host, self._port)
            return await self._exchange(fresh, head.encode() + body)
        except (OSError, asyncio.IncompleteReadError) as error:
            raise NoAnswer(f"no answer from http://{self._host}:{self._port}: {error}") from None

    async def _exchange(self, streams: _Streams, request: bytes) -> tuple[int, bytes]:
        reader, writer = streams
        writer.write(request)
        answer = await reader.readuntil(b"\r\n\r\n")
        content = await reader.readexactly(_length(answer))
        self._idle.append(streams)
        return int(answer[9:12]), content


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return 0

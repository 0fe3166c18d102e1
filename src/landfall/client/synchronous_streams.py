"""Updates over a WebSocket that is made again when it breaks.

Generated from the asynchronous module by `make docs`; change that instead.
"""

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from landfall.client.answers import Start, Update
from landfall.client.decoding import error_of, updates_of
from landfall.client.errors import ApiError, Unreachable
from landfall.client.patience import RECONNECTS_MAX, TRIES_MAX, pause_s

_NORMAL_CLOSE = 1000


class Streams:
    """The streams of one engine.

    Args:
        base_url: where the engine's API is.
        headers: sent when a connection is made.
        is_direct: whether no proxy is to be asked.
    """

    def __init__(self, base_url: str, headers: Mapping[str, str], is_direct: bool) -> None:
        self._base_url = base_url
        parts = urlsplit(base_url)
        scheme = "wss" if parts.scheme == "https" else "ws"
        self._url = urlunsplit(parts._replace(scheme=scheme))
        self._options: dict[str, Any] = {
            "proxy": None if is_direct else True,
            "additional_headers": headers,
        }

    def updates(
        self,
        path: str,
        after: str | None,
        place_of: Callable[[Update], str | None],
        wish: str | None = None,
        every_ms: int | None = None,
    ) -> Generator[Update, None, None]:
        """Updates over as many connections as it takes, until the engine says that this was all.

        Args:
            path: of the stream.
            after: the place to begin behind, if any.
            place_of: an update's place, to resume behind.
            wish: said first on each connection.
            every_ms: how far apart messages are to be, if not one for each update.

        Raises:
            ApiError: the engine refused, and said why.
            Unreachable: no connection could be made, or none again.
        """
        tries, tries_max = 0, TRIES_MAX
        while True:
            asked = {"after": after, "everyMs": every_ms}
            query = urlencode({name: value for name, value in asked.items() if value is not None})
            connection = self._listen(f"{self._url}{path}?{query}", wish)
            try:
                with closing(connection):
                    for told in connection:
                        tries, tries_max = 0, RECONNECTS_MAX
                        if isinstance(told, Start):
                            after = told.cursor
                            continue
                        for update in told:
                            after = place_of(update)
                            yield update
                return
            except (ApiError, Unreachable) as error:
                tries += 1
                wait_s = pause_s(error, tries, tries_max)
                if wait_s is None:
                    raise
            time.sleep(wait_s)

    def _listen(self, url: str, wish: str | None) -> Generator[Sequence[Update] | Start, None]:
        """One connection's messages; returns if the engine closed because this was all.

        Raises:
            ApiError: the engine refused, and said why.
            Unreachable: the connection could not be made, or broke.
        """
        # Imported here: whoever only submits should not pay for loading it.
        from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
        from websockets.sync.client import connect

        other: str | bytes | None = None
        try:
            with connect(url, **self._options) as socket:
                if wish is not None:
                    socket.send(wish)
                for message in socket:
                    told = updates_of(message)
                    if told is None:
                        other = message
                    else:
                        yield told
            code = socket.close_code
        except ConnectionClosed as closed:
            code = None if closed.rcvd is None else closed.rcvd.code
        except InvalidStatus as refused:
            answer = refused.response
            raise error_of(answer.status_code, answer.body, answer.headers) from None
        except (OSError, WebSocketException):
            code = None
        if code == _NORMAL_CLOSE:
            return
        # 4000 and the status that HTTP would have answered with.
        if code is not None and 4400 <= code < 4600 and other is not None:
            raise error_of(code - 4000, other)
        raise Unreachable(self._base_url)

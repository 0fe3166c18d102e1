"""The stream of all orders as text: a commit becomes a message once, however many hear of it."""

from collections import OrderedDict

import msgspec

from landfall.api.frames import frame_with_cursor
from landfall.pipeline.stories import LogOf, Stories
from landfall.ports import Told

_KEPT_MAX = 500


class SharedFrames:
    """Messages of late, by their cursors.

    Args:
        log_of: an order's whole log.
    """

    def __init__(self, log_of: LogOf) -> None:
        self._stories = Stories(log_of)
        self._texts: OrderedDict[str, str | None] = OrderedDict()

    async def text(self, told: Told) -> str | None:
        """The message for one commit; None if it is no news.

        Raises:
            Unavailable: an order's log was needed and could not be read.
        """
        if told.cursor in self._texts:
            return self._texts[told.cursor]
        commit = await self._stories.commit(told.commit)
        text = None if commit is None else _encoded(frame_with_cursor(commit, told.cursor))
        self._texts[told.cursor] = text
        if len(self._texts) > _KEPT_MAX:
            self._texts.popitem(last=False)
        return text


def _encoded(message: msgspec.Struct) -> str:
    return msgspec.json.encode(message).decode()

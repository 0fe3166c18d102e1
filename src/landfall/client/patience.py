"""How often, and how long apart, something that is safe to repeat is asked again.

An engine that says when to come back is taken at its word; otherwise waits double. Units: seconds.
"""

from landfall.client.errors import ApiError, Unreachable

TRIES_MAX = 4
"""Of one request, and of the first connection of a stream."""
RECONNECTS_MAX = 12
"""In a row, of a stream that has told something: an engine that starts again takes seconds."""
WAIT_FIRST_S = 0.25
WAIT_MAX_S = 5.0
TOLD_WAIT_MAX_S = 60.0
"""An engine that wants more patience than this is not waited for: the caller has to know."""

_PASSES = frozenset({429, 503})
"""Too many requests, and a part that does not answer: what time heals."""


def pause_s(error: ApiError | Unreachable, tries: int, tries_max: int) -> float | None:
    """How long to wait after so many tries in vain; None if trying again is of no use."""
    if tries >= tries_max:
        return None
    doubled: float = min(WAIT_MAX_S, WAIT_FIRST_S * 2 ** (tries - 1))
    if isinstance(error, Unreachable):
        return doubled
    if error.status not in _PASSES:
        return None
    told = error.retry_after_s or 0.0
    return max(doubled, told) if told <= TOLD_WAIT_MAX_S else None

"""Keep the garbage collector from stopping the process for long.

A full collection looks at everything that lives, and nothing else runs meanwhile: with what is
imported at the start alone, a tenth of a second; with ten thousand WebSockets, a second. Hardly
anything here is garbage that counting references does not free, so what the start made is never
looked at again, and full collections are rare.
"""

import gc

_YOUNG_OBJECTS = 5_000
_YOUNG_COLLECTIONS = 10
_MIDDLE_COLLECTIONS = 200


def settle() -> None:
    """Call when everything is there that will stay."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, _YOUNG_COLLECTIONS, _MIDDLE_COLLECTIONS)
